/* SPDX-License-Identifier: MIT */
/*
 * How much room we have (memory, disk, connections in all) is nothing that a
 * client could keep to, and none of its business: of that only the log tells.
 */
#include "bound.h"

#include <inttypes.h>

typedef uint64_t (*bound_fn)(const struct rules *rules);

struct bound {
	bound_fn number;  /* NULL: the client is told none */
	const char *unit; /* of it */
	const char *advice;
};

static uint64_t
find_mail_bytes(const struct rules *rules)
{
	return rules->limits.mail_bytes;
}

static uint64_t
find_recipients(const struct rules *rules)
{
	return rules->limits.recipients;
}

static uint64_t
find_peer_connections(const struct rules *rules)
{
	return rules->limits.peer_connections;
}

static uint64_t
find_peer_connection_rate(const struct rules *rules)
{
	return rules->limits.peer_connection_rate;
}

static uint64_t
find_peer_mail_rate(const struct rules *rules)
{
	return rules->limits.peer_mail_rate;
}

static uint64_t
find_session_mails(const struct rules *rules)
{
	return rules->limits.session_mails;
}

static uint64_t
find_header_bytes(const struct rules *rules)
{
	return rules->limiter.header_bytes;
}

static uint64_t
find_header_fields(const struct rules *rules)
{
	return rules->limiter.header_fields;
}

static uint64_t
find_field_bytes(const struct rules *rules)
{
	return rules->limiter.field_bytes;
}

#define ADVICE_MEMORY \
	"raise memory_budget in [server], or lower `connections` there"
#define ADVICE_DISK                                                    \
	"make room where state_dir is; min_free, min_free_inodes, "    \
	"max_messages and max_bytes in [server] say what is to stay, " \
	"and how much may wait"

static const struct bound bounds[REPLY_NAMES] = {
	[REPLY_SIZE] = { find_mail_bytes, "bytes",
	    "raise max_size, here or in [server]; where a provider of its "
	    "routes takes less, that counts" },
	[REPLY_RECIPIENTS] = { find_recipients, "in one mail",
	    "raise `recipients`, here or in [server]" },
	[REPLY_CROWDED] = { NULL, NULL,
	    "raise `connections` in [server], or lower connections_reserved "
	    "there, which keeps some for `allow`" },
	[REPLY_PEER_CROWDED] = { find_peer_connections, "at the same time",
	    "raise peer_connections, or name it in `allow` when it is one of "
	    "yours" },
	[REPLY_PEER_OFTEN] = { find_peer_connection_rate, "in a minute",
	    "raise peer_connection_rate, or name it in `allow` when it is one "
	    "of yours" },
	[REPLY_PEER_MAILS] = { find_peer_mail_rate, "in a minute",
	    "raise peer_mail_rate, or name it in `allow` when it is one of "
	    "yours" },
	[REPLY_SESSION_MAILS] = { find_session_mails, "mails in one session",
	    "raise session_mails, or name it in `allow` when it is one of "
	    "yours" },
	[REPLY_SESSION_TIME] = { NULL, NULL,
	    "raise session_time, or name it in `allow` when it is one of "
	    "yours" },
	[REPLY_ERRORS] = { NULL, NULL,
	    "see what else was refused; errors_hard says how many are taken, "
	    "one under stress" },
	[REPLY_AUTH_OFTEN] = { NULL, NULL,
	    "`login failed` before this says of whom; auth_tries here, "
	    "auth_failures and auth_window in [server] say how many are "
	    "taken" },
	[REPLY_LINE_ENDLESS] = { NULL, NULL,
	    "command_size says how long a line may be; four times that "
	    "closes" },
	[REPLY_NO_MEMORY] = { NULL, NULL, ADVICE_MEMORY },
	[REPLY_OVERLOAD] = { NULL, NULL, ADVICE_MEMORY },
	[REPLY_SPOOL_MEMORY] = { NULL, NULL, ADVICE_MEMORY },
	[REPLY_TLS_LATER] = { NULL, NULL, ADVICE_MEMORY },
	[REPLY_DISK_FULL] = { NULL, NULL, ADVICE_DISK },
	[REPLY_SPOOL_FULL] = { NULL, NULL, ADVICE_DISK },
	[REPLY_HEADER_SIZE] = { find_header_bytes, "bytes",
	    "raise header_size" },
	[REPLY_HEADER_FIELDS] = { find_header_fields, "fields",
	    "raise header_fields" },
	[REPLY_FIELD_SIZE] = { find_field_bytes, "bytes", "raise field_size" },
	[REPLY_HOPS] = { NULL, NULL,
	    "when it is no loop, raise `hops`, or own_hops for those through "
	    "us" },
};

char *
bound_tell(const struct rules *rules, enum reply_name name, const char *said)
{
	const struct bound *bound = &bounds[name];

	if (bound->number == NULL)
		return g_strdup(said);
	return g_strdup_printf("%s%sat most %" PRIu64 " %s",
	    said != NULL ? said : "", said != NULL ? ", " : "",
	    bound->number(rules), bound->unit);
}

const char *
bound_advise(enum reply_name name)
{
	return bounds[name].advice;
}
