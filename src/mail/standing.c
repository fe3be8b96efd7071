/* SPDX-License-Identifier: MIT */
#include "mail/standing.h"

#include <glib.h>

/* In the order in which dispatch has them (lane.h). */
const char *const standing_states[] = { "open", "paused", "probing",
	"throttled", "exhausted", "unusable", "distrusted", "cut off", NULL };

void
standing_free(void *object)
{
	struct provider_standing *standing = object;

	g_free(standing->name);
	g_free(standing->type);
	g_free(standing->why);
	g_strfreev(standing->senders);
	health_clear(&standing->health);
	g_free(standing);
}
