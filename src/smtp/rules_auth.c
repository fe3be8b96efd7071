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
		    "after which there are no more: 421." },
	{ "server", "auth_window", SETTING_DURATION, "10m", 1, 1440 * MINUTES,
	    .help = "Time in which these failures are forgotten." },
	{ "server", "auth_delay", SETTING_DURATION, "1s", 0, 10 * SECONDS,
	    .help = "Wait before a failed login is told; with each failure of "
		    "late it grows by as much, to five times that." },
	{ "server", "auth_cache", SETTING_DURATION, "5m", 0, 1440 * MINUTES,
	    .help = "How long a password that was right costs no hash; 0: "
		    "each login costs one." },
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
		    "loopback address or a Unix socket." },
	{ "listener", "auth_tries", SETTING_NUMBER, "3", .min = 1, .max = 100,
	    .help = "Failed logins after which a session is closed." },
	{ .section = NULL },
};

bool
rules_read_auth(
    struct rules *rules, const struct rules_row *row, GError **error)
{
	(void)error;
	rules->auth.plaintext =
	    config_bool(row->config, row->section, "auth_plaintext");
	return true;
}
