/* SPDX-License-Identifier: MIT */
#include "rules.h"
#include "smtp/server.h"

#include <string.h>

#define SECONDS 1000
#define MINUTES (60 * SECONDS)

const struct setting server_auth_settings[] = {
	{ "server", "users", SETTING_PATH,
	    .help = "File of the users that may send with AUTH, kept by "
		    "`postferry user`." },
	{ "server", "auth_failures", SETTING_NUMBER, "10", .min = 1,
	    .max = 10000,
	    .help = "Failed logins in auth_window, of one user name or from "
		    "one address (an IPv6 /64; loopback is not counted), "
		    "after which there are no more: 421.  Where a user logged "
		    "in within 36 hours failures elsewhere do not count." },
	{ "server", "auth_window", SETTING_DURATION, "10m", 1, 1440 * MINUTES,
	    .help = "Time in which these failures are forgotten." },
	{ "server", "auth_delay", SETTING_DURATION, "1s", 0, 10 * SECONDS,
	    .help = "Wait before a failed login is told; with each failure of "
		    "late it grows by as much, to five times that." },
	{ "server", "auth_cache", SETTING_DURATION, "5m", 0, 1440 * MINUTES,
	    .help = "How long since it was last used a password that was "
		    "right costs no hash; 0: each login costs one." },
	{ "server", "auth_waiting", SETTING_NUMBER, "64", .min = 1,
	    .max = 10000,
	    .help = "Logins that may wait to be looked at; further ones get "
		    "454." },
	{ "listener", "auth", SETTING_CHOICE, .choices = "off|users|any",
	    .help = "Who may log in by AUTH: users = those of the users file; "
		    "any = whoever, with any password, for programs that "
		    "cannot do without (only where `allow` is loopback or "
		    "private, and only from there); default: users where "
		    "there is a users file and TLS or auth_plaintext, else "
		    "off." },
	{ "listener", "auth_plaintext", SETTING_BOOL, "no",
	    .help = "Take passwords of users without TLS, too; only on a "
		    "loopback address or a Unix socket, and only of clients on "
		    "this host, those a proxy speaks for included." },
	{ "listener", "auth_tries", SETTING_NUMBER, "3", .min = 1, .max = 100,
	    .help = "Failed logins after which a session is closed." },
	{ .section = NULL },
};

/* "FILE:3: [listener x] key = value what: why" */
G_GNUC_PRINTF(4, 5)
static void
refuse(const struct rules_row *row, const char *key, GPtrArray *errors,
    const char *format, ...)
{
	g_autofree char *why = NULL;
	va_list arguments;

	va_start(arguments, format);
	why = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(
	    errors, g_strdup_printf("%s: [%s] %s",
			config_origin(row->config, row->section, key),
			row->section, why));
}

/* It listens where only this host can reach it. */
static bool
is_local(const struct rules_row *row)
{
	const char *address =
	    config_string(row->config, row->section, "address");
	struct sockaddr_storage storage;
	socklen_t length;

	return network_parse_listener(address, &storage, &length, NULL) &&
	       network_is_loopback((struct sockaddr *)&storage);
}

static bool
is_private(const GArray *networks)
{
	for (unsigned i = 0; i < networks->len; i++)
		if (!network_is_private(
			&g_array_index(networks, struct network, i)))
			return false;
	return true;
}

/* Off where nothing is set that speaks for it. */
static enum rules_auth_mode
read_mode(const struct rules *rules, const struct rules_row *row)
{
	const char *mode = config_string(row->config, row->section, "auth");
	bool users = config_string(row->config, "server", "users") != NULL;
	bool safe =
	    rules->auth.plaintext || (rules->tls.mode != RULES_TLS_OFF &&
					 strcmp(rules->tls.least, "1.0") != 0);

	if (mode == NULL)
		return users && safe ? RULES_AUTH_USERS : RULES_AUTH_OFF;
	if (strcmp(mode, "any") == 0)
		return RULES_AUTH_ANY;
	return strcmp(mode, "users") == 0 ? RULES_AUTH_USERS : RULES_AUTH_OFF;
}

static void
check_plaintext(
    const struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	if (!rules->auth.plaintext)
		return;
	if (!is_local(row))
		refuse(row, "auth_plaintext", errors,
		    "auth_plaintext = yes, and address = %s can be reached "
		    "from other hosts, so that passwords would be read on the "
		    "way; expected a loopback address or a Unix socket; leave "
		    "it out and set tls_certificate",
		    config_string(row->config, row->section, "address"));
	if (rules->auth.mode != RULES_AUTH_USERS)
		refuse(row, "auth_plaintext", errors,
		    "auth_plaintext = yes counts for nothing without users: "
		    "set `users` in [server] and auth = users, or leave it "
		    "out");
}

static void
check_users(
    const struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	if (rules->auth.mode != RULES_AUTH_USERS)
		return;
	if (config_string(row->config, "server", "users") == NULL)
		refuse(row, "auth", errors,
		    "auth = users, and there is no file of users; set `users` "
		    "in [server], or auth = off");
	if (rules->tls.mode == RULES_TLS_OFF && !rules->auth.plaintext)
		refuse(row, "auth", errors,
		    "auth = users, and nobody could log in without TLS; set "
		    "tls_certificate, or on a loopback address auth_plaintext "
		    "= yes");
}

static void
check_any(
    const struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	if (rules->auth.mode != RULES_AUTH_ANY || is_private(rules->allow))
		return;
	refuse(row, "auth", errors,
	    "auth = any, and `allow` holds networks that are not private, "
	    "where a login that is not looked at means nothing; expected "
	    "loopback and private networks alone in `allow`, or auth = users");
}

/* With an empty `allow` there must be another way in. */
static void
check_way_in(
    const struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	if (rules->allow->len > 0 || rules->auth.mode == RULES_AUTH_USERS ||
	    rules->tls.client_ca != NULL ||
	    rules->tls.client_fingerprints != NULL ||
	    g_str_has_prefix(
		config_string(row->config, row->section, "address"),
		NETWORK_UNIX))
		return;
	refuse(row, "allow", errors,
	    "allow = none, and there is no other way to be allowed, so that "
	    "all mail would be refused; name networks, or set auth = users, "
	    "tls_client_ca or tls_client_fingerprints");
}

void
rules_read_auth(
    struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	struct rules_auth *auth = &rules->auth;

	auth->plaintext =
	    config_bool(row->config, row->section, "auth_plaintext");
	auth->tries =
	    (unsigned)config_number(row->config, row->section, "auth_tries");
	auth->mode = read_mode(rules, row);
	check_plaintext(rules, row, errors);
	check_users(rules, row, errors);
	check_any(rules, row, errors);
	check_way_in(rules, row, errors);
}
