/* SPDX-License-Identifier: MIT */
#include "sandbox_faults.h"

#include <string.h>

const struct status_fault sandbox_faults[] = {
	{ "none", "it takes mail" },
	{ "down", "it refuses all connections" },
	{ "slow", "each of its answers takes three seconds" },
	{ "throttle", "it asks for patience: too many requests" },
	{ "broken", "it answers that it is out of order" },
	{ "lost", "it takes the mail, and its answer is lost on the way" },
	{ "locked", "it does not know our key" },
	{ NULL, NULL },
};

/* The lines of each, as the simulators know them; NULL: none. */
static const struct {
	const char *http, *smtp;
} lines[G_N_ELEMENTS(sandbox_faults) - 1] = {
	{ NULL, NULL },
	{ "refuse", "refuse" },
	{ "slow=3000", "slow=3000" },
	{ "throttle=10", "mail=421" },
	{ "status=503", "greeting=554" },
	{ "reset-accepted", "close-after-dot-accepted" },
	{ "unauthorized\nprobe-unauthorized", "mail=530" },
};

static const char *
find_lines(unsigned fault, bool smtp)
{
	return smtp ? lines[fault].smtp : lines[fault].http;
}

const char *
sandbox_faults_read(struct simulator *simulator, bool smtp)
{
	g_autofree char *holds = simulator_faults(simulator);

	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
		if (g_strcmp0(find_lines(i, smtp), holds) == 0)
			return sandbox_faults[i].word;
	return NULL;
}

void
sandbox_faults_set(struct simulator *simulator, bool smtp, unsigned fault)
{
	bool known;

	g_assert(fault < G_N_ELEMENTS(lines));
	known = simulator_fault(simulator, find_lines(fault, smtp), NULL);
	g_assert(known);
}
