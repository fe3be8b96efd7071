/* SPDX-License-Identifier: MIT */
#include "pickup.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/loop.h"
#include "smtp/drop.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory is looked at so often; after a mail that could not be taken
 * now, and when all is as it was. */
#define LOOK_MS  1000
#define PAUSE_MS 5000

/* Of one look: names in memory. */
#define NAMES_MAX 10000

/* What a killed `sendmail` left half written. */
#define PART_SECONDS (24 * 3600)

#define REFUSED "refused-"

/* The kind of the complaint while any is there. */
#define COMPLAINT "drop_refused"

struct pickup {
	struct loop *loop;
	struct loop_timer *timer;
	const char *directory, *address; /* of the config */
	struct config *config;
	char *last;        /* of the look before, cut short there; NULL */
	GHashTable *stuck; /* names that can be neither taken nor renamed */
	bool waits;        /* told of one in this look */
	atomic_bool stopping;
	atomic_uint refused; /* files that somebody has to see to */

	/* the main loop's */
	struct loop *main;
	struct complaints *complaints; /* NULL: nobody wants to know */
	struct loop_timer *report;
	unsigned reported;
};

enum turn {
	TURN_DONE, /* it is there no more */
	TURN_LATER,
	TURN_CUT, /* nobody is there to take any */
};

bool
pickup_is_for(const struct config *config, const char *listener)
{
	g_autofree char *section = g_strconcat("listener ", listener, NULL);

	return g_strcmp0(config_string(config, section, "address"),
		   config_string(config, "server", "sendmail")) == 0;
}

static bool
has_listener(const struct config *config)
{
	const char *const *name = config_names(config, "listener");

	while (*name != NULL && !pickup_is_for(config, *name))
		name++;
	return *name != NULL;
}

/* ---- one mail ---- */

/* Until the next start it is not looked at.  Whoever makes such names again and
 * again costs no more memory. */
static void
leave_alone(struct pickup *pickup, const char *name)
{
	if (g_hash_table_size(pickup->stuck) >= NAMES_MAX)
		g_hash_table_remove_all(pickup->stuck);
	g_hash_table_add(pickup->stuck, g_strdup(name));
}

static void
remove_file(struct pickup *pickup, int directory, const char *name)
{
	if (unlinkat(directory, name, 0) == 0 && fsync(directory) == 0)
		return;
	log_warn("a mail was taken from the drop directory and cannot "
		 "be removed",
	    log_str("drop", name), log_str("why", g_strerror(errno)));
	leave_alone(pickup, name);
}

/* It is kept, and not looked at again. */
static void
set_aside(struct pickup *pickup, int directory, const char *name,
    const char *why, int64_t uid)
{
	g_autofree char *kept = g_strconcat(REFUSED, name, NULL);

	log_error("mail of the drop directory refused", log_str("drop", name),
	    log_num("uid", uid), log_str("why", why), log_str("kept", kept),
	    log_str(
		"advice", "see what it is; renamed back it is tried again"));
	if (renameat(directory, name, directory, kept) == 0)
		return;
	log_error("a file of the drop directory cannot be renamed",
	    log_str("drop", name), log_str("why", g_strerror(errno)),
	    log_str("advice", "remove it; until the next start it is not "
			      "looked at again"));
	leave_alone(pickup, name);
}

/* What is no mail; a link or a pipe holds none that could be kept. */
static void
refuse(struct pickup *pickup, int directory, const char *name, const char *why)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
		set_aside(pickup, directory, name, why, status.st_uid);
		return;
	}
	log_error("what is no file was removed from the drop directory",
	    log_str("drop", name), log_num("uid", status.st_uid),
	    log_str("why", why));
	unlinkat(directory, name, 0);
}

/* One of a look is enough to know why: there may be thousands. */
static enum turn
put_off(struct pickup *pickup, const char *name, const char *why)
{
	if (!pickup->waits && !atomic_load(&pickup->stopping))
		log_warn("mail of the drop directory has to wait",
		    log_str("drop", name), log_str("why", why));
	pickup->waits = true;
	return TURN_LATER;
}

static enum turn
hand_over(struct pickup *pickup, int directory, struct drop *drop)
{
	g_autofree char *helo =
	    g_strdup_printf("userid-%u", (unsigned)drop->owner);
	struct handover_reply reply;
	enum handover_end end;
	enum turn turn = TURN_DONE;

	drop->mail.helo = helo;
	end = handover_run(pickup->address, &drop->mail, &reply);
	if (end == HANDOVER_TAKEN) {
		log_info("mail taken from the drop directory",
		    log_str("drop", drop->mail.ident),
		    log_num("uid", drop->owner),
		    log_str("from", drop->mail.sender),
		    log_str("said", reply.text));
		remove_file(pickup, directory, drop->mail.ident);
	} else if (end == HANDOVER_REFUSED) {
		set_aside(pickup, directory, drop->mail.ident, reply.text,
		    drop->owner);
	} else {
		turn = put_off(pickup, drop->mail.ident, reply.text);
	}
	if (end == HANDOVER_LATER && (reply.code == 0 || reply.code == 421))
		turn = TURN_CUT;
	g_free(reply.text);
	return turn;
}

/* It says nothing of the mail: another time the same can be opened. */
static bool
is_passing(const GError *error)
{
	static const GFileError passing[] = { G_FILE_ERROR_MFILE,
		G_FILE_ERROR_NFILE, G_FILE_ERROR_NOMEM, G_FILE_ERROR_IO,
		G_FILE_ERROR_AGAIN, G_FILE_ERROR_INTR };

	for (unsigned i = 0; i < G_N_ELEMENTS(passing); i++)
		if (g_error_matches(error, G_FILE_ERROR, (gint)passing[i]))
			return true;
	return false;
}

static enum turn
take(struct pickup *pickup, int directory, const char *name)
{
	g_autoptr(GError) error = NULL;
	struct drop *drop = drop_open(directory, name, &error);
	enum turn turn = TURN_DONE;

	if (drop != NULL)
		turn = hand_over(pickup, directory, drop);
	else if (is_passing(error))
		turn = put_off(pickup, name, error->message);
	else if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		refuse(pickup, directory, name, error->message);
	drop_free(drop);
	return turn;
}

/* ---- all of them ---- */

static void
remove_old_part(int directory, const char *name)
{
	struct stat status;

	if (drop_is_name(name + 1) &&
	    fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    status.st_mtim.tv_sec < clock_wall_ms() / 1000 - PART_SECONDS)
		unlinkat(directory, name, 0);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Those that came first first, as names are. */
static GPtrArray *
list_names(struct pickup *pickup, DIR *stream)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const struct dirent *entry;
	unsigned refused = 0;

	while (names->len < NAMES_MAX && (entry = readdir(stream)) != NULL) {
		const char *name = entry->d_name;

		if (g_str_has_prefix(name, REFUSED) ||
		    g_hash_table_contains(pickup->stuck, name))
			refused++;
		else if (drop_is_name(name))
			g_ptr_array_add(names, g_strdup(name));
		else if (name[0] == '.')
			remove_old_part(dirfd(stream), name);
	}
	atomic_store(&pickup->refused, refused);
	g_ptr_array_sort(names, compare_names);
	return names;
}

/* The first behind the one that cut the look before short, so that a mail that
 * nobody answers holds up no other twice. */
static unsigned
find_first(const struct pickup *pickup, const GPtrArray *names)
{
	unsigned i = 0;

	while (pickup->last != NULL && i < names->len &&
	       strcmp(names->pdata[i], pickup->last) <= 0)
		i++;
	return i;
}

/* False: some have to wait. */
static bool
take_all(struct pickup *pickup, DIR *stream)
{
	g_autoptr(GPtrArray) names = list_names(pickup, stream);
	unsigned first = find_first(pickup, names);
	enum turn turn = TURN_DONE;

	pickup->waits = false;
	g_clear_pointer(&pickup->last, g_free);
	for (unsigned i = 0; turn != TURN_CUT && i < names->len &&
			     !atomic_load(&pickup->stopping);
	     i++) {
		const char *name = names->pdata[(first + i) % names->len];

		turn = take(pickup, dirfd(stream), name);
		if (turn == TURN_CUT)
			pickup->last = g_strdup(name);
	}
	return !pickup->waits;
}

static void
on_look(void *object)
{
	struct pickup *pickup = object;
	DIR *stream = opendir(pickup->directory);
	bool all = stream != NULL && take_all(pickup, stream);

	if (stream != NULL)
		closedir(stream);
	if (!atomic_load(&pickup->stopping))
		loop_timer_set(pickup->timer, all ? LOOK_MS : PAUSE_MS);
}

/* ---- what somebody has to see to ---- */

static void
tell_refused(const struct pickup *pickup, unsigned count)
{
	g_autofree char *text = g_strdup_printf(
	    "%u mail%s of the drop directory %s refused and kept in %s: nobody "
	    "got %s",
	    count, count == 1 ? "" : "s", count == 1 ? "was" : "were",
	    pickup->directory, count == 1 ? "it" : "them");

	complaints_set(pickup->complaints,
	    &(struct complaint){
		.kind = COMPLAINT,
		.subject = pickup->directory,
		.urgent = true,
		.text = text,
		.advice = "the log says why of each (\"mail of the drop "
			  "directory refused\"); rename refused-NAME back to "
			  "NAME when that is mended, or remove it",
	    });
}

static void
on_report(void *object)
{
	struct pickup *pickup = object;
	unsigned count = atomic_load(&pickup->refused);

	if (count > 0 && count != pickup->reported)
		tell_refused(pickup, count);
	else if (count == 0 && pickup->reported > 0)
		complaints_clear(
		    pickup->complaints, COMPLAINT, pickup->directory);
	pickup->reported = count;
	loop_timer_set(pickup->report, LOOK_MS);
}

/* ---- its life ---- */

/* Now that we are who we will be. */
static bool
is_usable(const struct config *config, const char *directory)
{
	g_autoptr(GError) error = NULL;

	if (drop_check(directory, geteuid(), &error))
		return true;
	log_warn("no mail is taken from the drop directory",
	    log_str("drop", directory), log_str("why", error->message),
	    log_str("setting", config_origin(config, "server", "drop")),
	    log_str("advice", DROP_ADVICE));
	return false;
}

struct pickup *
pickup_new(
    struct config *config, struct loop *main, struct complaints *complaints)
{
	struct pickup *pickup;

	if (!has_listener(config))
		return NULL;
	pickup = g_new0(struct pickup, 1);
	pickup->config = config_ref(config);
	pickup->main = main;
	pickup->complaints = complaints;
	pickup->stuck =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	pickup->directory = config_string(config, "server", "drop");
	pickup->address = config_string(config, "server", "sendmail");
	return pickup;
}

void
pickup_start(struct pickup *pickup)
{
	if (pickup == NULL || !is_usable(pickup->config, pickup->directory))
		return;
	pickup->loop = loop_new("pickup", NULL);
	pickup->timer = loop_timer_new(pickup->loop, on_look, pickup);
	loop_timer_set(pickup->timer, 0);
	loop_start(pickup->loop);
	if (pickup->complaints == NULL)
		return;
	pickup->report = loop_timer_new(pickup->main, on_report, pickup);
	loop_timer_set(pickup->report, LOOK_MS);
}

void
pickup_stop(struct pickup *pickup)
{
	if (pickup != NULL)
		atomic_store(&pickup->stopping, true);
}

void
pickup_free(struct pickup *pickup)
{
	if (pickup == NULL)
		return;
	pickup_stop(pickup);
	if (pickup->loop != NULL) {
		loop_stop(pickup->loop);
		loop_timer_free(pickup->timer);
		loop_free(pickup->loop);
	}
	loop_timer_free(pickup->report);
	g_hash_table_unref(pickup->stuck);
	config_unref(pickup->config);
	g_free(pickup->last);
	g_free(pickup);
}
