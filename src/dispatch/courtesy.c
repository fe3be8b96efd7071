/* SPDX-License-Identifier: MIT */
#include "courtesy.h"

#include "core/log.h"

struct courtesy {
	struct courtesy_limits limits;
	struct loop_timer *timer; /* at the end of a window that dropped some */
	int64_t end_ms;           /* monotonic: of the window */
	unsigned made, dropped;   /* in it */
};

/* Once for each window. */
static void
tell(struct courtesy *courtesy)
{
	if (courtesy->dropped == 0)
		return;
	log_warn("reports of success dropped",
	    log_num("reports", courtesy->dropped),
	    log_num("most", courtesy->limits.most),
	    log_num("seconds", courtesy->limits.window_ms / 1000),
	    log_str("why",
		"more mails that asked for one (NOTIFY=SUCCESS) went out "
		"than may be reported in that time; their senders are not "
		"told, and nothing else changes"));
	courtesy->dropped = 0;
}

static void
on_end(void *object)
{
	tell(object);
}

struct courtesy *
courtesy_new(struct loop *loop, const struct courtesy_limits *limits)
{
	struct courtesy *courtesy = g_new0(struct courtesy, 1);

	g_assert(limits->most > 0 && limits->window_ms > 0);
	courtesy->limits = *limits;
	courtesy->timer = loop_timer_new(loop, on_end, courtesy);
	courtesy->end_ms = INT64_MIN;
	return courtesy;
}

void
courtesy_free(struct courtesy *courtesy)
{
	if (courtesy == NULL)
		return;
	tell(courtesy);
	loop_timer_free(courtesy->timer);
	g_free(courtesy);
}

bool
courtesy_take(struct courtesy *courtesy, int64_t now_ms)
{
	if (now_ms >= courtesy->end_ms) {
		tell(courtesy);
		loop_timer_clear(courtesy->timer);
		courtesy->end_ms = now_ms + courtesy->limits.window_ms;
		courtesy->made = 0;
	}
	if (courtesy->made < courtesy->limits.most) {
		courtesy->made++;
		return true;
	}
	if (courtesy->dropped++ == 0)
		loop_timer_set(courtesy->timer, courtesy->end_ms - now_ms);
	return false;
}
