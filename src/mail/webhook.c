/* SPDX-License-Identifier: MIT */
#include "mail/webhook.h"

void
webhook_init(struct webhook *webhook)
{
	*webhook = (struct webhook){
		.events = g_ptr_array_new_with_free_func(event_told_free),
	};
}

void
webhook_clear(struct webhook *webhook)
{
	g_clear_pointer(&webhook->events, g_ptr_array_unref);
	g_clear_pointer(&webhook->token, g_free);
}

const char *
webhook_end_text(enum webhook_end end)
{
	static const char *const texts[] = {
		[WEBHOOK_GOOD] = "what it tells is recorded",
		[WEBHOOK_FORGED] =
		    "it is not signed with the webhook_key of this provider",
		[WEBHOOK_LATE] = "it was signed too long ago, or the clocks "
				 "differ (webhook_age)",
		[WEBHOOK_REPLAYED] = "it was here before",
		[WEBHOOK_UNREADABLE] = "its signature is good, its events "
				       "cannot be read",
		[WEBHOOK_UNKNOWN] = "no provider of that name takes events "
				    "by webhook",
		[WEBHOOK_LOST] = "it cannot be recorded now: send it again",
	};
	return texts[end];
}
