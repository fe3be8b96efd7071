/* SPDX-License-Identifier: MIT */
#include "strain.h"

#include "core/log.h"
#include <glib.h>
#include <stdatomic.h>

struct strain {
	struct strain_limits limits;
	unsigned connections; /* from which on */
	atomic_bool on;
	int64_t began_ms;
	int64_t caused_ms; /* the last time that there was a cause */
};

struct strain *
strain_new(const struct strain_limits *limits)
{
	struct strain *strain = g_new0(struct strain, 1);
	uint64_t share = (uint64_t)limits->most * limits->percent;

	strain->limits = *limits;
	strain->connections = (unsigned)MAX((share + 99) / 100, UINT64_C(1));
	return strain;
}

void
strain_free(struct strain *strain)
{
	g_free(strain);
}

bool
strain_is_on(const struct strain *strain)
{
	return strain != NULL &&
	       atomic_load_explicit(&strain->on, memory_order_relaxed);
}

static void
set_on(struct strain *strain, bool on)
{
	atomic_store_explicit(&strain->on, on, memory_order_relaxed);
}

static void
log_begin(const struct strain *strain, unsigned total, bool memory)
{
	const struct strain_limits *limits = &strain->limits;

	log_warn("stress: clients that may not send mail get little patience",
	    log_str("why",
		memory ? "memory for mail is short" : "many connections"),
	    log_num("connections", total), log_num("of", limits->most),
	    log_num("memory", (int64_t)budget_taken(limits->budget)),
	    log_num("memory_of", (int64_t)budget_limit(limits->budget)),
	    log_str(
		"advice", memory ? "raise memory_budget when it comes often"
				 : "raise `connections` when they are your own "
				   "clients"));
}

static void
log_end(const struct strain *strain, unsigned total, int64_t now_ms)
{
	const struct strain_limits *limits = &strain->limits;

	log_info("stress over", log_num("connections", total),
	    log_num("of", limits->most),
	    log_num("memory", (int64_t)budget_taken(limits->budget)),
	    log_num("memory_of", (int64_t)budget_limit(limits->budget)),
	    log_num("lasted_ms", now_ms - strain->began_ms));
}

bool
strain_look(struct strain *strain, unsigned total, int64_t now_ms)
{
	bool memory = budget_level(strain->limits.budget) != BUDGET_FREE;
	bool on = strain_is_on(strain);

	if (memory || total >= strain->connections) {
		strain->caused_ms = now_ms;
		if (on)
			return false;
		strain->began_ms = now_ms;
		set_on(strain, true);
		log_begin(strain, total, memory);
		return true;
	}
	if (on && now_ms - strain->caused_ms >= strain->limits.calm_ms) {
		set_on(strain, false);
		log_end(strain, total, now_ms);
	}
	return false;
}
