/* SPDX-License-Identifier: MIT */
#include "reload.h"

#include "core/log.h"
#include "ferry_parts.h"
#include <string.h>
#include <sys/stat.h>

#define UNREAD "settings_unread"

struct reload {
	struct ferry *ferry;
	struct loop_timer *timer; /* the next look at the files */
	GString *look;            /* of them before they were read */
};

/* What changes when a file does; whoever replaces one does it by another
 * inode. */
static void
look_at(GString *look, const char *path)
{
	struct stat at = { 0 };

	stat(path, &at);
	g_string_append_printf(look, "%s %lx:%lx:%lx:%lx.%lx:%lx.%lx\n", path,
	    (long)at.st_dev, (long)at.st_ino, (long)at.st_size,
	    (long)at.st_mtim.tv_sec, at.st_mtim.tv_nsec,
	    (long)at.st_ctim.tv_sec, at.st_ctim.tv_nsec);
}

static GString *
look_at_files(const struct config *config)
{
	const char *const *path = config_secret_files(config);
	GString *look = g_string_new(NULL);

	for (; *path != NULL; path++)
		look_at(look, *path);
	return look;
}

/* The rows of [server] that are read once, but for those of the tables of the
 * dispatcher and of the listeners, which are read anew... */
static const char *const live[] = { "data_grace", "stop_timeout", "reread",
	NULL };

/* ...less these. */
static const char *const lasting[] = { "connections", "connections_reserved",
	"stress_share", "stress_calm", "peers_remembered", "accept_pause",
	"users", "auth_failures", "auth_window", "auth_delay", "auth_cache",
	"auth_waiting", "sendmail", "drop", NULL };

static bool
is_row_of(const struct setting *table, const struct setting *row)
{
	for (; table->section != NULL; table++)
		if (table == row)
			return true;
	return false;
}

static bool
is_live(const struct setting *row)
{
	bool known = is_row_of(dispatcher_settings, row) ||
		     is_row_of(handin_settings, row);

	if (strcmp(row->section, "server") != 0)
		return strcmp(row->section, "listener") == 0 ||
		       strcmp(row->section, "provider") == 0 ||
		       strcmp(row->section, "route") == 0;
	for (unsigned i = 0; server_tables[i] != NULL; i++)
		known |= is_row_of(server_tables[i], row);
	return (known && !g_strv_contains(lasting, row->key)) ||
	       g_strv_contains(live, row->key);
}

struct change {
	const struct config *before, *now;
	unsigned count;
	GString *lasting; /* keys that wait for the next start */
};

/* A key of one section; of two rows with the same key, for two types, one is
 * enough. */
static void
compare_key(
    struct change *change, const struct setting *row, const char *section)
{
	/* what neither has set is no change, be the section new */
	if ((!config_is_set(change->before, section, row->key) &&
		!config_is_set(change->now, section, row->key)) ||
	    config_is_same(change->before, change->now, section, row->key))
		return;
	change->count++;
	if (!is_live(row))
		g_string_append_printf(change->lasting, "%s[%s] %s",
		    change->lasting->len > 0 ? ", " : "", section, row->key);
}

static void
compare_named(struct change *change, const struct setting *row)
{
	const char *const *name = config_names(change->now, row->section);

	for (; *name != NULL; name++) {
		g_autofree char *section =
		    g_strdup_printf("%s %s", row->section, *name);

		compare_key(change, row, section);
	}
}

static bool
is_named(const char *kind)
{
	static const char *const named[] = { "listener", "provider", "route",
		NULL };

	return g_strv_contains(named, kind);
}

static void
compare(struct change *change)
{
	const struct setting *const *row = config_rows(change->now);
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (; *row != NULL; row++) {
		char *key =
		    g_strconcat((*row)->section, " ", (*row)->key, NULL);

		if (!g_hash_table_add(seen, key))
			continue;
		if (is_named((*row)->section))
			compare_named(change, *row);
		else
			compare_key(change, *row, (*row)->section);
	}
}

/* Those of the one that the other has not: "a, b"; NULL: none. */
static char *
list_more(const struct config *one, const struct config *other)
{
	const char *const *name = config_names(one, "provider");
	const char *const *others = config_names(other, "provider");
	g_autoptr(GPtrArray) more = g_ptr_array_new();

	for (; *name != NULL; name++)
		if (!g_strv_contains(others, *name))
			g_ptr_array_add(more, (void *)*name);
	if (more->len == 0)
		return NULL;
	g_ptr_array_add(more, NULL);
	return g_strjoinv(", ", (char **)more->pdata);
}

static void
tell_change(const struct ferry *ferry, const struct config *before)
{
	g_autoptr(GString) waits = g_string_new(NULL);
	struct change change = { before, ferry->config, 0, waits };
	g_autofree char *added = list_more(ferry->config, before);
	g_autofree char *removed = list_more(before, ferry->config);

	compare(&change);
	log_info("settings read again", log_num("changed", change.count),
	    log_str_if("providers_added", added),
	    log_str_if("providers_removed", removed));
	if (waits->len > 0)
		log_warn("settings take effect at the next start",
		    log_str("settings", waits->str));
}

/* The config is taken over. */
static bool
apply(struct ferry *ferry, struct config *config, GPtrArray *errors)
{
	g_autoptr(GError) error = NULL;
	struct config *before = ferry->config;

	if (!helm_renew(ferry->helm, config, server_hostname(config), &error)) {
		g_ptr_array_add(errors, g_strdup(error->message));
		config_unref(config);
		return false;
	}
	ferry->config = config;
	server_renew(ferry->server, config);
	handin_renew(ferry->handin, config, server_hostname(config));
	tell_change(ferry, before);
	config_unref(before);
	return true;
}

static void
tell_errors(const struct ferry *ferry, const GPtrArray *errors)
{
	const char *first = errors->pdata[0];
	g_autofree char *text = g_strdup_printf(
	    "the settings could not be read again, and those before stay: %s",
	    first);

	for (unsigned i = 0; i < errors->len; i++)
		log_error("settings not read again: those before stay",
		    log_str("why", errors->pdata[i]), log_num("error", i + 1),
		    log_num("of", errors->len));
	complaints_set(ferry->complaints,
	    &(struct complaint){
		.kind = UNREAD,
		.subject = "settings",
		.urgent = true,
		.text = text,
		.advice = "`postferry check` tells all that is wrong; mend it, "
			  "then `systemctl reload postferry` or SIGHUP; until "
			  "then do not restart postferry, which would not "
			  "start",
	    });
}

/* False when all stays as it was. */
static bool
load(struct reload *reload, const struct config *again)
{
	struct ferry *ferry = reload->ferry;
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	GString *look = look_at_files(ferry->config);
	struct config *config = NULL;
	bool done;

	if (ferry->options.load != NULL)
		config =
		    ferry->options.load(ferry->options.loader, again, errors);
	else
		g_ptr_array_add(
		    errors, g_strdup("these settings come from nowhere"));
	done = config != NULL && apply(ferry, config, errors);
	g_string_free(reload->look, TRUE);
	/* what was named anew is as it was read, or will be looked at again */
	reload->look = done && again == NULL ? look_at_files(ferry->config)
					     : g_string_new(look->str);
	g_string_free(look, TRUE);
	if (done) {
		complaints_clear(ferry->complaints, UNREAD, "settings");
		return true;
	}
	tell_errors(ferry, errors);
	return false;
}

void
reload_settings(struct reload *reload)
{
	struct ferry *ferry = reload->ferry;

	service_reloading(ferry->service);
	/* a certificate is no worse for what is wrong elsewhere */
	if (!load(reload, NULL))
		server_reread(ferry->server);
	service_reloaded(ferry->service);
}

static void
wait_look(struct reload *reload)
{
	int64_t reread =
	    config_number(reload->ferry->config, "server", "reread");

	if (reread > 0)
		loop_timer_set(reload->timer, reread);
}

static void
on_look(void *object)
{
	struct reload *reload = object;
	const struct config *config = reload->ferry->config;
	GString *look = look_at_files(config);
	bool changed = !g_string_equal(look, reload->look);

	g_string_free(look, TRUE);
	if (changed && !reload->ferry->stopping) {
		log_info("a secret has changed",
		    log_num("files",
			g_strv_length((char **)config_secret_files(config))));
		load(reload, config);
	}
	wait_look(reload);
}

struct reload *
reload_new(struct ferry *ferry)
{
	struct reload *reload = g_new0(struct reload, 1);

	reload->ferry = ferry;
	reload->look = look_at_files(ferry->config);
	reload->timer = loop_timer_new(ferry->main, on_look, reload);
	wait_look(reload);
	return reload;
}

void
reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	loop_timer_free(reload->timer);
	g_string_free(reload->look, TRUE);
	g_free(reload);
}
