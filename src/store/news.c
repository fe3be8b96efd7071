/* SPDX-License-Identifier: MIT */
#include "news.h"

void
news_add(struct store *store, char *address, enum suppression_why why)
{
	struct suppression_news *news = suppression_news_new();

	news->why = why;
	g_ptr_array_add(news->addresses, address);
	if (store->options.news != NULL)
		store->options.news(store->options.news_object, news);
	else
		suppression_news_free(news);
}

/* One letter for those in a row who have one reason. */
static unsigned
tell_some(struct store *store, const struct store_ask *ask, unsigned from)
{
	struct suppression_news *news = suppression_news_new();
	const struct suppression *one = ask->entries->pdata[from];

	news->why = one->why;
	news->gone = ask->question == STORE_UNSUPPRESS;
	while (from < ask->entries->len) {
		one = ask->entries->pdata[from];
		if (one->why != news->why)
			break;
		g_ptr_array_add(news->addresses, g_strdup(one->address));
		from++;
	}
	store->options.news(store->options.news_object, news);
	return from;
}

void
news_tell(struct store *store, const struct store_ask *ask)
{
	if (store->options.news == NULL)
		return;
	for (unsigned i = 0; i < ask->entries->len;)
		i = tell_some(store, ask, i);
}
