/* SPDX-License-Identifier: MIT */
#include "roster.h"

#include "core/log.h"
#include "rules.h"
#include <string.h>
#include <sys/stat.h>

/* By what a file that was changed is known; whoever changes one twice within a
 * tick of the clock does it by another inode, as `postferry user` does. */
struct mark {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct roster {
	struct config *config; /* counted */
	const char *path;      /* NULL: there are no users */
	struct mark mark;
	char *unread;             /* why not, last; NULL: it was read */
	struct users *users;      /* until it is started */
	struct token_set *tokens; /* NULL: nobody asks */
	struct authority *authority;
};

static const char *
find_path(const struct config *config)
{
	return config_string(config, "server", "users");
}

static struct mark
look_at(const char *path)
{
	struct mark mark = { 0 };
	struct stat now;

	if (stat(path, &now) < 0)
		return mark;
	mark.device = now.st_dev;
	mark.inode = now.st_ino;
	mark.size = now.st_size;
	mark.changed = now.st_ctim;
	return mark;
}

static bool
is_same(const struct mark *a, const struct mark *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Listeners that do not make sense are told of elsewhere. */
static bool
is_needed(struct config *config)
{
	const char *const *name = config_names(config, "listener");
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	bool needed = false;

	for (; *name != NULL && !needed; name++) {
		struct rules *rules = rules_new(config, *name, errors);

		needed = rules == NULL || rules->auth.mode == RULES_AUTH_USERS;
		rules_free(rules);
	}
	return needed;
}

/* A line for each fault: of a line of the file, or of the whole. */
static void
add_faults(const struct config *config, GPtrArray *errors, const char *text)
{
	const char *path = find_path(config);
	g_auto(GStrv) faults = g_strsplit(text, "\n", -1);

	for (char **fault = faults; *fault != NULL; fault++)
		g_ptr_array_add(errors,
		    g_str_has_prefix(*fault, path)
			? g_strdup(*fault)
			: g_strdup_printf("%s: [server] users: %s%s",
			      config_origin(config, "server", "users"), *fault,
			      g_file_test(path, G_FILE_TEST_EXISTS)
				  ? ""
				  : "; `postferry user add NAME` makes it"));
}

void
roster_check(struct config *config, GPtrArray *errors)
{
	const char *path = find_path(config);
	g_autoptr(GError) error = NULL;
	struct users *users;

	if (path == NULL)
		return;
	users = users_read(path, &error);
	if (users == NULL)
		add_faults(config, errors, error->message);
	if (users != NULL && users_token_count(users) == 0 &&
	    !is_needed(config))
		g_ptr_array_add(errors,
		    g_strdup_printf(
			"%s: [server] users = %s, and no listener lets users "
			"log in, nor is there a token: set tls_certificate in "
			"a [listener NAME], or on a loopback address "
			"auth_plaintext = yes; or leave `users` out",
			config_origin(config, "server", "users"), path));
	users_free(users);
}

static void
tell_tokens(const struct roster *roster, const struct users *users)
{
	if (roster->tokens != NULL)
		token_set_renew(roster->tokens, users_tokens(users));
}

struct roster *
roster_open(struct config *config, struct token_set *tokens, GError **error)
{
	struct roster *roster = g_new0(struct roster, 1);

	roster->config = config_ref(config);
	roster->path = find_path(config);
	roster->tokens = tokens;
	if (roster->path == NULL)
		return roster;
	roster->mark = look_at(roster->path);
	roster->users = users_read(roster->path, error);
	if (roster->users == NULL)
		g_clear_pointer(&roster, roster_free);
	else
		tell_tokens(roster, roster->users);
	return roster;
}

void
roster_start(struct roster *roster)
{
	if (roster->users != NULL)
		roster->authority = authority_new(
		    roster->config, g_steal_pointer(&roster->users));
}

struct authority *
roster_authority(const struct roster *roster)
{
	return roster->authority;
}

static void
log_faults(const struct roster *roster, const char *text)
{
	g_auto(GStrv) faults = g_strsplit(text, "\n", -1);

	for (char **fault = faults; *fault != NULL; fault++)
		log_error("users not read: those read before may log in until "
			  "the file is right",
		    log_str("file", roster->path), log_str("why", *fault));
}

void
roster_reread(struct roster *roster)
{
	g_autoptr(GError) error = NULL;
	struct users *users;

	if (roster->authority == NULL)
		return;
	roster->mark = look_at(roster->path);
	g_clear_pointer(&roster->unread, g_free);
	users = users_read(roster->path, &error);
	if (users == NULL) {
		roster->unread = g_strdup(error->message);
		log_faults(roster, error->message);
		return;
	}
	tell_tokens(roster, users);
	log_info("users read", log_str("file", roster->path),
	    log_num("users", users_count(users)));
	authority_users_post(roster->authority, users);
}

void
roster_look(struct roster *roster)
{
	struct mark now;

	if (roster->authority == NULL)
		return;
	now = look_at(roster->path);
	if (!is_same(&now, &roster->mark))
		roster_reread(roster);
}

void
roster_report(const struct roster *roster, struct complaints *complaints)
{
	g_autofree char *text = NULL;

	if (roster->authority == NULL)
		return;
	if (roster->unread == NULL) {
		complaints_clear(complaints, "users_unread", roster->path);
		return;
	}
	/* one line for each fault of the file: the first will do */
	text = g_strdup_printf("the users could not be read again, and those "
			       "read before may log in: %.*s",
	    (int)strcspn(roster->unread, "\n"), roster->unread);
	complaints_set(complaints,
	    &(struct complaint){
		.kind = "users_unread",
		.subject = roster->path,
		.urgent = true,
		.text = text,
		.advice = "`postferry check` tells all that is wrong with the "
			  "file; it is read again when it changes, or on "
			  "SIGHUP; until then do not restart postferry, which "
			  "would not start",
	    });
}

void
roster_free(struct roster *roster)
{
	if (roster == NULL)
		return;
	users_free(roster->users);
	authority_free(roster->authority);
	config_unref(roster->config);
	g_free(roster->unread);
	g_free(roster);
}
