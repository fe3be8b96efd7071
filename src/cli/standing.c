/* SPDX-License-Identifier: MIT */
#include "standing.h"

#include "fact.h"
#include "measure.h"
#include <stdio.h>

char *
standing_tell(struct json_object *provider)
{
	uint64_t until_ms = fact_number(provider, "until_ms");
	g_autofree char *span = measure_span((int64_t)until_ms);

	if (fact_is(provider, "state", "closed"))
		return g_strdup("is asked");
	if (fact_is(provider, "state", "open") && until_ms == 0)
		return g_strdup("failed; the next mail tries it");
	if (fact_is(provider, "state", "open"))
		return g_strdup_printf(
		    "failed: is not asked for another %s", span);
	if (fact_is(provider, "state", "probing"))
		return g_strdup("failed: is tried with one mail");
	return fact_text_or(provider, "state", "?");
}

static void
print_paused(struct json_object *status)
{
	size_t count = fact_count(status, "providers");

	for (size_t i = 0; i < count; i++) {
		struct json_object *provider =
		    fact_element(status, "providers", i);
		g_autofree char *name = fact_text_or(provider, "name", "?");
		g_autofree char *state = standing_tell(provider);

		if (!fact_is(provider, "state", "closed"))
			printf("  The provider %s %s.\n", name, state);
	}
}

void
standing_print_paused(struct ask *ask)
{
	struct ask_answer answer = ask_request(ask, "GET", "/status");
	struct json_object *status =
	    answer.code == 200 ? fact_parse(answer.body) : NULL;

	if (status != NULL)
		print_paused(status);
	json_object_put(status);
	g_string_free(answer.body, TRUE);
}
