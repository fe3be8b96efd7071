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

struct pickup {
	struct loop *loop;
	struct loop_timer *timer;
	const char *directory, *address; /* of the config */
	struct config *config;
	atomic_bool stopping;
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

static void
remove_file(int directory, const char *name)
{
	if (unlinkat(directory, name, 0) != 0 || fsync(directory) != 0)
		log_warn("a mail was taken from the drop directory and cannot "
			 "be removed",
		    log_str("drop", name), log_str("why", g_strerror(errno)));
}

/* It is kept, and not looked at again. */
static void
set_aside(int directory, const char *name, const char *why, int64_t uid)
{
	g_autofree char *kept = g_strconcat("refused-", name, NULL);

	log_error("mail of the drop directory refused", log_str("drop", name),
	    log_num("uid", uid), log_str("why", why), log_str("kept", kept),
	    log_str(
		"advice", "see what it is; renamed back it is tried again"));
	if (renameat(directory, name, directory, kept) != 0)
		log_error("a file of the drop directory cannot be renamed",
		    log_str("drop", name), log_str("why", g_strerror(errno)));
}

/* What is no mail; a link or a pipe holds none that could be kept. */
static void
refuse(int directory, const char *name, const char *why)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
		set_aside(directory, name, why, status.st_uid);
		return;
	}
	log_error("what is no file was removed from the drop directory",
	    log_str("drop", name), log_num("uid", status.st_uid),
	    log_str("why", why));
	unlinkat(directory, name, 0);
}

/* False: not now. */
static bool
hand_over(struct pickup *pickup, int directory, struct drop *drop)
{
	g_autofree char *helo =
	    g_strdup_printf("userid-%u", (unsigned)drop->owner);
	struct handover_reply reply;
	enum handover_end end;

	drop->mail.helo = helo;
	end = handover_run(pickup->address, &drop->mail, &reply);
	if (end == HANDOVER_TAKEN) {
		log_info("mail taken from the drop directory",
		    log_str("drop", drop->mail.ident),
		    log_num("uid", drop->owner),
		    log_str("from", drop->mail.sender),
		    log_str("said", reply.text));
		remove_file(directory, drop->mail.ident);
	} else if (end == HANDOVER_REFUSED) {
		set_aside(directory, drop->mail.ident, reply.text, drop->owner);
	} else if (!atomic_load(&pickup->stopping)) {
		log_warn("mail of the drop directory has to wait",
		    log_str("drop", drop->mail.ident),
		    log_str("why", reply.text));
	}
	g_free(reply.text);
	return end == HANDOVER_TAKEN || end == HANDOVER_REFUSED;
}

static bool
take(struct pickup *pickup, int directory, const char *name)
{
	g_autoptr(GError) error = NULL;
	struct drop *drop = drop_open(directory, name, &error);
	bool done = true;

	if (drop == NULL &&
	    !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		refuse(directory, name, error->message);
	if (drop != NULL)
		done = hand_over(pickup, directory, drop);
	drop_free(drop);
	return done;
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
list_names(DIR *stream)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const struct dirent *entry;

	while (names->len < NAMES_MAX && (entry = readdir(stream)) != NULL) {
		if (drop_is_name(entry->d_name))
			g_ptr_array_add(names, g_strdup(entry->d_name));
		else if (entry->d_name[0] == '.')
			remove_old_part(dirfd(stream), entry->d_name);
	}
	g_ptr_array_sort(names, compare_names);
	return names;
}

/* False: not now. */
static bool
take_all(struct pickup *pickup, DIR *stream)
{
	g_autoptr(GPtrArray) names = list_names(stream);
	bool go = true;

	for (unsigned i = 0; go && i < names->len; i++)
		go = !atomic_load(&pickup->stopping) &&
		     take(pickup, dirfd(stream), names->pdata[i]);
	return go;
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
pickup_new(struct config *config)
{
	struct pickup *pickup;

	if (!has_listener(config))
		return NULL;
	pickup = g_new0(struct pickup, 1);
	pickup->config = config_ref(config);
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
	config_unref(pickup->config);
	g_free(pickup);
}
