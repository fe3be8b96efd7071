/* SPDX-License-Identifier: MIT */
#include "events_page.h"

#include "core/clock.h"
#include "mail/spool.h"

/* A provider tries again then. */
#define AGAIN_S 60

/* 406 is Mailgun's word for "never again"; others take any 4xx for that, or try
 * again for some hours. */
static const unsigned codes[] = {
	[WEBHOOK_GOOD] = 200,
	[WEBHOOK_FORGED] = 403,
	[WEBHOOK_LATE] = 406,
	[WEBHOOK_REPLAYED] = 406,
	[WEBHOOK_UNREADABLE] = 406,
	[WEBHOOK_UNKNOWN] = 404,
	[WEBHOOK_LOST] = 503,
};

static const char *
find_provider(const struct page *page)
{
	return page->target->segments[2];
}

static void
answer_end(enum webhook_end end, struct status_answer *answer)
{
	struct json_object *object;

	if (codes[end] != 200) {
		page_refuse(answer, codes[end], "%s", webhook_end_text(end));
		answer->retry_after = end == WEBHOOK_LOST ? AGAIN_S : 0;
		return;
	}
	object = json_object_new_object();
	page_add_text(object, "detail", webhook_end_text(end));
	page_answer(answer, object);
}

void
events_page_look(const struct page *page, struct status_answer *answer)
{
	const struct status_options *options = page->options;
	struct json_object *object;

	if (options->listens == NULL ||
	    !options->listens(options->object, find_provider(page))) {
		answer_end(WEBHOOK_UNKNOWN, answer);
		return;
	}
	object = json_object_new_object();
	page_add_text(object, "provider", find_provider(page));
	page_add_text(object, "detail", "its events are expected, by POST");
	page_answer(answer, object);
}

/* The body, at most a megabyte, with a NUL behind it; NULL: it cannot be
 * read. */
static char *
read_body(const struct page *page, size_t *length)
{
	struct spool *spool = page->request->body;
	size_t size = spool != NULL ? (size_t)spool_size(spool) : 0;
	g_autofree char *bytes = g_malloc(size + 1);
	ssize_t got = 1;

	for (*length = 0; *length < size && got > 0; *length += (size_t)got) {
		got =
		    spool_read(spool, *length, bytes + *length, size - *length);
		if (got <= 0)
			return NULL;
	}
	bytes[size] = '\0';
	return g_steal_pointer(&bytes);
}

void
events_page_take(const struct page *page, struct status_answer *answer)
{
	const struct status_options *options = page->options;
	enum webhook_end end = WEBHOOK_UNKNOWN;
	g_autofree char *body = NULL;
	struct webhook webhook;

	webhook_init(&webhook);
	body = read_body(page, &webhook.length);
	webhook.type = page_field(page, "Content-Type");
	webhook.signature = page_field(page, "X-Mandrill-Signature");
	webhook.body = body;
	webhook.now_ms = clock_wall_ms();
	if (body == NULL)
		end = WEBHOOK_LOST;
	else if (options->hear != NULL)
		end = options->hear(
		    options->object, find_provider(page), &webhook);
	webhook_clear(&webhook);
	answer_end(end, answer);
}
