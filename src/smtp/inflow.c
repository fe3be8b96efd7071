/* SPDX-License-Identifier: MIT */
#include "inflow.h"

#include "core/log.h"
#include <glib.h>
#include <stdatomic.h>

struct inflow {
	struct inflow_limits limits;
	atomic_bool on;
	uint64_t mails; /* at the beginning of the window */
	int64_t began_ms, looked_ms;
};

struct inflow *
inflow_new(const struct inflow_limits *limits)
{
	struct inflow *inflow = g_new0(struct inflow, 1);

	inflow->limits = *limits;
	inflow->began_ms = inflow->looked_ms = INT64_MIN / 2;
	return inflow;
}

void
inflow_free(struct inflow *inflow)
{
	g_free(inflow);
}

static bool
is_on(const struct inflow *inflow)
{
	return atomic_load_explicit(&inflow->on, memory_order_relaxed);
}

int64_t
inflow_delay(const struct inflow *inflow)
{
	return inflow != NULL && is_on(inflow) ? inflow->limits.delay_ms : 0;
}

static void
set_on(struct inflow *inflow, bool on, uint64_t mails)
{
	if (is_on(inflow) == on)
		return;
	atomic_store_explicit(&inflow->on, on, memory_order_relaxed);
	if (on)
		log_warn("mail comes faster than it leaves: clients outside "
			 "`allow` are slowed down",
		    log_num("queued", (int64_t)mails),
		    log_num("grown", (int64_t)(mails - inflow->mails)),
		    log_num("in_ms", inflow->limits.window_ms),
		    log_str("advice",
			"see `postferry status` for a provider that is slow or "
			"down; intake_delay says how much they are slowed"));
	else
		log_info("mail leaves as fast as it comes",
		    log_num("queued", (int64_t)mails));
}

void
inflow_look(struct inflow *inflow, uint64_t mails, int64_t now_ms)
{
	const struct inflow_limits *limits = &inflow->limits;
	bool over = now_ms - inflow->began_ms >= limits->window_ms;
	bool unseen = now_ms - inflow->looked_ms >= limits->window_ms;

	inflow->looked_ms = now_ms;
	if (!over && mails >= inflow->mails)
		return;
	set_on(inflow,
	    !unseen && mails > inflow->mails &&
		mails - inflow->mails >= limits->growth,
	    mails);
	inflow->mails = mails;
	inflow->began_ms = now_ms;
}
