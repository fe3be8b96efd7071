/* SPDX-License-Identifier: MIT */
#include "heed.h"

#include "mail/header.h"
#include "mail/hints.h"

/* Whether the listener takes orders; `said`: because it is set so, and not by
 * default. */
static bool
takes_orders(const struct rules *rules, bool *said)
{
	g_autofree char *section =
	    g_strconcat("listener ", rules->listener, NULL);

	*said = config_is_set(rules->config, section, "control_headers");
	return config_bool(rules->config, section, "control_headers");
}

static void
check_route(const struct session *session, bool said, struct hints *hints)
{
	const struct rules *rules = session->rules;
	g_autofree char *why = NULL;

	if (hints->route == NULL || hints->fault != NULL)
		return;
	if (!said && !session->peer.allowed)
		why = hints_tell_stranger(rules->listener);
	else if (session->world->routes != NULL)
		why = hints_tell_unknown(
		    hints->route, session->world->routes(rules->config));
	if (why != NULL)
		hints_refuse_route(hints, why);
}

/* It repeats what stood in the mail. */
static char *
clean(char *text)
{
	for (char *c = text; c != NULL && *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
	return text;
}

enum reply_name
heed_check(const struct session *session, const struct limiter_seen *seen,
    char **detail)
{
	struct header *header;
	struct hints hints;
	bool said;

	*detail = NULL;
	if (!seen->orders || !takes_orders(session->rules, &said))
		return REPLY_NONE;
	header = header_read(session->mail.spool, seen);
	if (header == NULL)
		return REPLY_SPOOL_ERROR;
	hints_read(&hints, header);
	check_route(session, said, &hints);
	*detail = clean(g_steal_pointer(&hints.fault));
	hints_clear(&hints);
	header_free(header);
	return *detail != NULL ? REPLY_ORDERS : REPLY_NONE;
}
