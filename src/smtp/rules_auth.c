/* SPDX-License-Identifier: MIT */
#include "rules.h"
#include "smtp/server.h"

#include <string.h>

const struct setting server_auth_settings[] = {
	{ "server", "users", SETTING_PATH,
	    .help = "File of the users that may send with AUTH, kept by "
		    "`postferry user`." },
	{ "listener", "auth", SETTING_CHOICE, .choices = "off|users|any",
	    .help = "Who may log in by AUTH: users = those of the users file; "
		    "any = whoever, with any password, for programs that "
		    "cannot do without (only where `allow` is loopback or "
		    "private); default: users where there is a users file, "
		    "else off." },
	{ "listener", "auth_plaintext", SETTING_BOOL, "no",
	    .help = "Take passwords without TLS, too; only on a loopback "
		    "address or a Unix socket." },
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
