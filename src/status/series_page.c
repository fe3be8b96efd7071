/* SPDX-License-Identifier: MIT */
#include "series_page.h"

#include "sampler.h"

void
series_page(const struct page *page, struct status_answer *answer)
{
	uint64_t number;

	if (page->sampler == NULL) {
		page_refuse(answer, 503,
		    "nobody watches the providers: no daemon runs");
		return;
	}
	number = sampler_number(page->sampler);
	answer->cache_control = "private, no-cache";
	answer->etag =
	    g_strdup_printf("\"%" G_GINT64_MODIFIER "x-%" G_GUINT64_FORMAT "\"",
		page->options->started_ms, number);
	if (!page_is_known(page, answer))
		page_answer(answer, sampler_json(page->sampler));
}
