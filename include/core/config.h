/* SPDX-License-Identifier: MIT */
/*
 * Settings are what the user writes; the config is the checked result.  A
 * table of forms (struct setting) says for every key what it may hold: the
 * reader, `postferry settings`, the manual page and the full example are all
 * made from it.  The config is immutable and counted; any thread may hold it.
 *
 * Sources, later ones win: the form's default, the file, the environment.
 * POSTFERRY_SERVER_HOSTNAME sets hostname of [server],
 * POSTFERRY_PROVIDER_MAILGUN_API_KEY api_key of [provider mailgun]; the longest
 * known key at the end is the key, what is left names the section, - is
 * written _.  A section that no file has needs its _TYPE (provider) or
 * _ADDRESS (listener) or _PROVIDERS (route).  A secret may come from a file:
 * api_key_file = PATH, or ..._API_KEY_FILE.  ${NAME} in a value is replaced
 * from the environment ($$ is a $), after the line was read.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/network.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum setting_type {
	SETTING_STRING,   /* any text */
	SETTING_NUMBER,   /* a whole number */
	SETTING_SIZE,     /* bytes: 25000000, 64k, 25m (powers of 1024) */
	SETTING_DURATION, /* 500ms, 30s, 5m, 1h, 2d; read as milliseconds */
	SETTING_BOOL,     /* yes or no (true, false, on, off, 1, 0 too) */
	SETTING_CHOICE,   /* one of `choices` */
	SETTING_LIST,     /* names separated by commas, at least one */
	SETTING_NETWORKS, /* networks separated by commas (network.h) */
	SETTING_ENDPOINT, /* an address to listen on (network.h) */
	SETTING_URL,      /* scheme://host[:port]; https, http to loopback */
	SETTING_HOST,     /* a host name or an address literal */
	SETTING_DOMAIN,   /* a mail domain, as the user wrote it */
	SETTING_PATH,     /* an absolute path */
	SETTING_SECRET,   /* text never shown; KEY_file reads it from a file */
};

/* One form: a row of the table. */
struct setting {
	const char *section; /* server, listener, provider, route, ... */
	const char *key;
	enum setting_type type;
	const char *fallback; /* as a user would write it; NULL: no default */
	int64_t min, max;     /* of numbers, sizes, durations; 0, 0: no range */
	const char *choices;  /* of a choice: "queued|delivered" */
	const char *only;     /* provider type it belongs to; NULL: any */
	bool required;
	const char *help; /* one sentence for the manual */
};

/* Where the settings come from. */
struct config_source {
	const char *path;         /* the file; NULL: none */
	char *const *environment; /* as environ(7); NULL: none */
};

struct config;

/* Reads and checks everything.  tables is a NULL-terminated list of tables,
 * each ending with a row whose section is NULL; they must outlive the config.
 * Every error found is added to `errors` (char *, each naming file and line or
 * variable, section, key, value, and what is allowed, with a suggestion for a
 * misspelt key); NULL when there is one.  The config has one count. */
struct config *config_read(const struct config_source *source,
    const struct setting *const *tables, GPtrArray *errors);

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
/* GArray of struct network, owned by the config. */
const GArray *config_networks(
    const struct config *config, const char *section, const char *key);

/* True when the user set it, by whatever source. */
bool config_is_set(
    const struct config *config, const char *section, const char *key);

/* Where it was set ("/etc/postferry/postferry.conf:12", "POSTFERRY_...", or
 * "default"), for messages about a value that is wrong beside another. Owned
 * by the config. */
const char *config_origin(
    const struct config *config, const char *section, const char *key);

#endif
