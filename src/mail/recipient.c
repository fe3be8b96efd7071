/* SPDX-License-Identifier: MIT */
#include "mail/recipient.h"

static const char *const state_texts[] = {
	[RECIPIENT_WAITING] = "waiting",
	[RECIPIENT_OPEN] = "open",
	[RECIPIENT_ACCEPTED] = "accepted",
	[RECIPIENT_REFUSED] = "refused",
	[RECIPIENT_DOUBT] = "doubt",
	[RECIPIENT_HELD] = "held",
	[RECIPIENT_DROPPED] = "dropped",
};

void
recipient_copy(struct recipient *out, const struct recipient *from)
{
	*out = *from;
	out->provider = g_strdup(from->provider);
	out->id = g_strdup(from->id);
	out->text = g_strdup(from->text);
	out->refused_by = g_strdupv(from->refused_by);
	out->sent.message_id = g_strdup(from->sent.message_id);
	out->sent.from_domain = g_strdup(from->sent.from_domain);
	out->sent.redirect = g_strdup(from->sent.redirect);
}

void
recipient_clear(struct recipient *recipient)
{
	g_free(recipient->provider);
	g_free(recipient->id);
	g_free(recipient->text);
	g_strfreev(recipient->refused_by);
	g_free(recipient->sent.message_id);
	g_free(recipient->sent.from_domain);
	g_free(recipient->sent.redirect);
	*recipient = (struct recipient){ .state = RECIPIENT_WAITING };
}

bool
recipient_is_final(enum recipient_state state)
{
	return state == RECIPIENT_ACCEPTED || state == RECIPIENT_REFUSED ||
	       state == RECIPIENT_DROPPED;
}

const char *
recipient_state_text(enum recipient_state state)
{
	if ((unsigned)state >= G_N_ELEMENTS(state_texts))
		return "unknown";
	return state_texts[state];
}
