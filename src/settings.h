/* SPDX-License-Identifier: MIT */
/*
 * The settings of postferry as a whole: all tables of forms in the order of
 * the manual, and how the commands load them.  The main thread.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "core/config.h"

/* The file that is read when none is named. */
#define SETTINGS_PATH "/etc/postferry/postferry.conf"

struct settings {
	const struct setting *tables[32]; /* ends with NULL */
};

/* Fills the list of tables. It must outlive every config read with it. */
void settings_collect(struct settings *settings);

/* The file that is read when this one is named (NULL: none); NULL: none at
 * all. */
const char *settings_find(const char *path);

/* The usual variables that are set and count for nothing, because there is the
 * file and it does not name them by ${NAME} either: "MAILGUN_API_KEY, ...";
 * NULL: none.  path as settings_find() has it; free with g_free(). */
char *settings_ignored(const char *path, char *const *environment);

/* Reads the file (NULL: SETTINGS_PATH when it is there) and the environment,
 * and checks the whole by ferry_check().
 * With no file at all the usual variables of a sidecar are taken too:
 * MAILGUN_API_KEY, MAILGUN_DOMAIN, MAILGUN_REGION, MANDRILL_API_KEY, SMTP_HOST,
 * SMTP_PORT, SMTP_USERNAME, SMTP_PASSWORD, each also with _FILE where it is a
 * secret; the listener is then 127.0.0.1:2525.  Errors as config_read(). */
struct config *settings_load(const struct settings *settings, const char *path,
    char *const *environment, GPtrArray *errors);

/* The same as often as it is wanted: with `again` (NULL: none) the text of the
 * file is as that config had it, and only files of secrets are read. */
struct config *settings_load_again(const struct settings *settings,
    const char *path, const struct config *again, GPtrArray *errors);

/* The same for whoever asks the daemon: of the values [server] alone, no file
 * with a secret is opened, and nothing is checked that only the daemon needs.
 */
struct config *settings_load_server(const struct settings *settings,
    const char *path, char *const *environment, GPtrArray *errors);

/* The same for whoever has to know no more than state_dir: whatever else is at
 * fault is told, and only without a state_dir that can be read it is NULL. */
struct config *settings_load_asking(const struct settings *settings,
    const char *path, char *const *environment, GPtrArray *errors);

#endif
