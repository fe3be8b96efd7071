/* SPDX-License-Identifier: MIT */
#include "lane_state.h"

const char *
lane_state_word(enum lane_mode mode)
{
	static const char *const words[] = {
		[LANE_OPEN] = "open",
		[LANE_PAUSED] = "paused",
		[LANE_PROBING] = "probing",
		[LANE_THROTTLED] = "throttled",
		[LANE_EXHAUSTED] = "exhausted",
		[LANE_UNUSABLE] = "unusable",
		[LANE_DISTRUST] = "distrusted",
		[LANE_CUT_OFF] = "cut off",
	};

	return words[mode];
}

void
lane_state_standing(
    const struct lane *lane, int64_t now_ms, struct provider_standing *standing)
{
	int64_t until = lane_until(lane, now_ms);

	standing->name = g_strdup(lane->provider->name);
	standing->type = g_strdup(lane->provider->translator->type);
	standing->state = lane_state_word(lane_mode(lane, now_ms));
	standing->until_ms = until > 0 ? until - now_ms : 0;
	standing->requests = lane->requests;
	standing->connections = lane->provider->endpoint.connections;
	standing->waiting = lane_waiting(lane);
	standing->reserve = lane->reserve;
}

char *
lane_state_tell(const struct lane *lane, int64_t now_ms)
{
	(void)lane;
	(void)now_ms;
	return g_strdup("v=1");
}

bool
lane_state_recall(struct lane *lane, const char *line, int64_t now_ms)
{
	(void)lane;
	(void)line;
	(void)now_ms;
	return false;
}
