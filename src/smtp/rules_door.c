/* SPDX-License-Identifier: MIT */
#include "rules.h"
#include "smtp/server.h"

#include <string.h>

const struct setting server_door_settings[] = {
	{ "listener", "protocol", SETTING_CHOICE, "smtp",
	    .choices = "smtp|lmtp",
	    .help = "lmtp: LMTP (RFC 2033), which answers for each recipient "
		    "on its own." },
	{ "listener", "proxy", SETTING_NETWORKS,
	    .help = "Proxies that say with the PROXY protocol (version 1 or "
		    "2) whom they speak for; they must." },
	{ "listener", "proxy_timeout", SETTING_DURATION, "5s", 1, 60000,
	    .help = "Wait for the header of the PROXY protocol." },
	{ "listener", "xforward", SETTING_NETWORKS,
	    .help = "Mail servers that may say with XFORWARD whose mail they "
		    "send on, like Postfix with smtp_send_xforward_command." },
	{ "listener", "resends", SETTING_CHOICE, "ident",
	    .choices = "take|ident|received",
	    .help = "A mail that a client sends again because our answer got "
		    "lost: ident = known by XFORWARD IDENT; received = or by "
		    "the id in its topmost Received field; take = a mail of "
		    "its own." },
	{ .section = NULL },
};

bool
rules_read_door(
    struct rules *rules, const struct rules_row *row, GError **error)
{
	(void)error;
	rules->door.proxy_ms =
	    config_number(row->config, row->section, "proxy_timeout");
	return true;
}
