/* SPDX-License-Identifier: MIT */
#include "mail/health.h"

#include "mail/outcome.h"
#include <string.h>

#define TEXT_MAX 512

static char *
clean(const char *text)
{
	return text != NULL ? verdict_clean(text, strlen(text), TEXT_MAX)
			    : NULL;
}

void
health_clear(struct health *health)
{
	g_free(health->text);
	g_free(health->advice);
	*health = (struct health){ 0 };
}

void
health_set(struct health *health, enum health_state state, const char *text,
    const char *advice)
{
	struct health set = {
		.state = state,
		.text = clean(text),
		.advice = clean(advice),
		.probed_ms = health->probed_ms,
	};

	health_clear(health);
	*health = set;
}

void
health_copy(struct health *out, const struct health *from)
{
	*out = *from;
	out->text = g_strdup(from->text);
	out->advice = g_strdup(from->advice);
}

const char *
health_state_text(enum health_state state)
{
	static const char *const texts[] = {
		[HEALTH_UNKNOWN] = "unknown",
		[HEALTH_GOOD] = "good",
		[HEALTH_DOUBTFUL] = "doubtful",
		[HEALTH_BAD] = "bad",
		[HEALTH_UNREACHABLE] = "unreachable",
	};
	return texts[state];
}
