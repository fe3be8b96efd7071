/* SPDX-License-Identifier: MIT */
/*
 * Settings are what the user writes (setting.h); the config is the checked
 * result, read from the forms.  It is immutable and counted; any thread may
 * hold it.
 *
 * Sources, later ones win: the form's default, the file, the environment.
 * POSTFERRY_SERVER_HOSTNAME sets hostname of [server],
 * POSTFERRY_PROVIDER_MAILGUN_API_KEY api_key of [provider mailgun]; the longest
 * known key at the end is the key, what is left names the section, - is
 * written _.  A section that no file has needs its _TYPE (provider) or
 * _ADDRESS (listener) or _PROVIDERS (route): its required keys.  An empty
 * variable counts as not set, one that names no setting is an error.  A secret
 * may come from a file: api_key_file = PATH, or ..._API_KEY_FILE.  ${NAME} in a
 * value of the file is replaced from the environment ($$ is a $), after the
 * line was read.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/setting.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Where the settings come from. */
struct config_source {
	const char *path;           /* the file; NULL: none */
	char *const *environment;   /* as environ(7); NULL: none */
	const char *only;           /* the one kind of section whose values are
				     * read and checked, files of secrets too;
				     * the others have none; NULL: all */
	const struct config *again; /* its text of the file is read, and not
				     * what stands there now: for secrets in
				     * files of their own; NULL: what stands
				     * there */
};

struct config;

/* Reads and checks everything.  tables is a NULL-terminated list of tables,
 * each ending with a row whose section is NULL; they must outlive the config.
 * Every error found is added to `errors` (char *, each naming file and line or
 * variable, section, key, value, and what is allowed, with a suggestion for a
 * misspelt key); NULL when there is one.  The config has one count. */
struct config *config_read(const struct config_source *source,
    const struct setting *const *tables, GPtrArray *errors);

/* The same, but what is at fault leaves a config in which something else stands
 * for it, to check the rest by: config_is_faulty(), and good for nothing else.
 * NULL when it is not even known which sections there are, unless `only` one is
 * wanted: that is then what could be read of it. */
struct config *config_read_on(const struct config_source *source,
    const struct setting *const *tables, GPtrArray *errors);
bool config_is_faulty(const struct config *config);

/* Removes the errors that only follow from what config_read_on() told.  The
 * array frees them. */
void config_drop_told(const struct config *config, GPtrArray *errors);

/* Sorts errors as a person reads the file: by line, then those of variables
 * and of the whole, in the order they have. */
void config_sort_errors(GPtrArray *errors);

struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* The names of the sections of one kind in the order of the file:
 * config_names(config, "provider") -> "mailgun", "mandrill". NULL-terminated,
 * owned by the config; never NULL. */
const char *const *config_names(const struct config *config, const char *kind);

/* The value of a key of a section ("server", "provider mailgun"), or its
 * default.  Asking for a key that no table has, or as another type, is a
 * mistake of the program.  NULL, 0 and false when not set and no default. */
const char *config_string(
    const struct config *config, const char *section, const char *key);
int64_t config_number(
    const struct config *config, const char *section, const char *key);
bool config_bool(
    const struct config *config, const char *section, const char *key);
const char *const *config_list(
    const struct config *config, const char *section, const char *key);
/* GArray of int64_t, milliseconds, owned by the config; never empty. */
const GArray *config_durations(
    const struct config *config, const char *section, const char *key);
/* GArray of struct network, owned by the config. */
const GArray *config_networks(
    const struct config *config, const char *section, const char *key);

/* True when the user set it, by whatever source. */
bool config_is_set(
    const struct config *config, const char *section, const char *key);

/* The files that secrets were read from, or were to be: NULL-terminated, owned
 * by the config; never NULL. */
const char *const *config_secret_files(const struct config *config);

/* True when the key of the section has the same value in both, by whatever
 * source; a section that one of them lacks has no values. */
bool config_is_same(const struct config *config, const struct config *other,
    const char *section, const char *key);

/* The rows of the config's tables, ending with NULL; owned by the config. */
const struct setting *const *config_rows(const struct config *config);

/* Where it was set ("/etc/postferry/postferry.conf:12", "POSTFERRY_...", or
 * "default"), for messages about a value that is wrong beside another. Owned
 * by the config. */
const char *config_origin(
    const struct config *config, const char *section, const char *key);

#endif
