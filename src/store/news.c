/* SPDX-License-Identifier: MIT */
#include "news.h"

#include "core/config.h"
#include "space.h"

void
store_check(const struct config *config, GPtrArray *errors)
{
	const char *wrong;
	unsigned kinds;

	if (!suppression_read_kinds(
		config_list(config, "server", "suppress"), &kinds, &wrong))
		g_ptr_array_add(errors,
		    g_strdup_printf("%s: [server] suppress: \"%s\" is none of "
				    "hard_bounces, complaints, unsubscribes; "
				    "or none alone",
			config_origin(config, "server", "suppress"), wrong));
}

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

struct roll_call {
	struct store *store;
	store_suppressed_fn each;
	void *object;
};

static void
on_roll_call(void *object)
{
	struct roll_call *call = object;
	struct store *store = call->store;

	if (store->space.state != DISK_BAD &&
	    store->engine->suppressed(store->rows, call->each, call->object) ==
		ENGINE_BAD)
		space_bad(store, store->engine->error(store->rows));
}

void
store_suppressions(struct store *store, store_suppressed_fn each, void *object)
{
	struct roll_call call = { store, each, object };

	loop_call(store->loop, on_roll_call, &call);
}
