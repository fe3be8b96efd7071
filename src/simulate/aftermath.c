/* SPDX-License-Identifier: MIT */
#include "aftermath.h"
#include <glib.h>
#include <string.h>

#define ACCEPTED                             \
	{                                    \
		"accepted", .mandrill = NULL \
	}
#define DELIVERED                                                          \
	{                                                                  \
		"delivered", .code = 250, .text = "OK", .mandrill = "send" \
	}

static const struct aftermath usual[] = { ACCEPTED, DELIVERED, { 0 } };

static const struct aftermath bounce[] = { ACCEPTED,
	{ "failed", "permanent", "bounce", 550, "5.1.1",
	    "550 5.1.1 no such mailbox here", "hard_bounce", "bounced" },
	{ 0 } };

static const struct aftermath soft_bounce[] = { ACCEPTED,
	{ "failed", "temporary", "generic", 452, "4.2.2",
	    "452 4.2.2 the mailbox is full", "deferral", NULL },
	{ "failed", "permanent", "old", 602, NULL, "Too old", "soft_bounce",
	    "soft-bounced" },
	{ 0 } };

static const struct aftermath complain[] = { ACCEPTED, DELIVERED,
	{ "complained", .mandrill = "spam", .state = "spam" }, { 0 } };

static const struct aftermath unsubscribe[] = { ACCEPTED, DELIVERED,
	{ "unsubscribed", .mandrill = "unsub", .state = "unsub" }, { 0 } };

static const struct aftermath suppressed[] = { ACCEPTED,
	{ "failed", "permanent", "suppress-bounce", 605, NULL,
	    "Not delivering to previously bounced address", "reject",
	    "rejected" },
	{ 0 } };

static const struct {
	const char *local;
	const struct aftermath *list;
} rows[] = {
	{ "bounce", bounce },
	{ "soft-bounce", soft_bounce },
	{ "complain", complain },
	{ "unsubscribe", unsubscribe },
	{ "suppressed", suppressed },
};

const struct aftermath *
aftermath_of(const char *address)
{
	size_t length = strcspn(address, "@+");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strlen(rows[i].local) == length &&
		    g_ascii_strncasecmp(rows[i].local, address, length) == 0)
			return rows[i].list;
	}
	return usual;
}
