/* SPDX-License-Identifier: MIT */
/*
 * The fake translator's other half, for providers with `asks` or `probes`: what
 * a provider is asked beside mail, as a line in the request's path, and its
 * answer as words.
 */
#ifndef TESTS_DISPATCH_ORACLE_H
#define TESTS_DISPATCH_ORACLE_H

#include "core/clock.h"
#include "provider.h"
#include <math.h>
#include <string.h>

static inline void
oracle_print_inquiry(GString *line, const struct inquiry *inquiry)
{
	char *end = strchr(inquiry->message_id, '@');

	g_string_append_printf(line, " %.*s",
	    (int)(end - inquiry->message_id - 1), inquiry->message_id + 1);
	for (unsigned i = 0; i < inquiry->count; i++)
		g_string_append_printf(line, "%c%c", i > 0 ? ',' : ' ',
		    inquiry->recipients[i].address[strlen("rcpt")]);
}

/* "ask one x 0,1; y 0": the provider (its account, if that has a name), then
 * mails and recipients. */
static inline bool
oracle_ask(const struct provider *provider, const GPtrArray *inquiries,
    struct exchange *exchange)
{
	GString *line = g_string_new("ask ");

	g_assert(inquiries->len <= provider->translator->limits.ask_batch);
	g_string_append(line, provider->endpoint.username != NULL
				  ? provider->endpoint.username
				  : provider->name);
	for (unsigned i = 0; i < inquiries->len; i++) {
		if (i > 0)
			g_string_append_c(line, ';');
		oracle_print_inquiry(line, inquiries->pdata[i]);
	}
	g_free(exchange->http.path);
	exchange->http.path = g_string_free(line, FALSE);
	return true;
}

static inline void
oracle_fail(
    struct inquiry_reply *reply, enum verdict_class class, const char *text)
{
	reply->answered = false;
	reply->class = class;
	reply->text = g_strdup(text);
}

/* That word of a recipient. */
static inline void
oracle_tell(struct inquiry *inquiry, const char *address, const char *word)
{
	const struct verdict verdict = {
		.class = VERDICT_RECIPIENT,
		.suppressed = g_str_equal(word, "suppressed"),
		.text = (char *)word,
	};

	if (g_str_has_prefix(word, "found as "))
		inquiry_find(inquiry, address, word + strlen("found as "));
	else if (g_str_equal(word, "found"))
		inquiry_find(inquiry, address, "<id>");
	else if (verdict.suppressed || g_str_equal(word, "bounced"))
		inquiry_refuse(inquiry, address, &verdict);
}

/* A word for each recipient of each inquiry, the last for the rest: "found",
 * "found as ID", "bounced", "suppressed", or any other; or one for all:
 * "forbidden", "throttled", "down"; "more": there is another page. */
static inline bool
oracle_asked(const struct provider *provider, const GPtrArray *inquiries,
    struct exchange *exchange, struct inquiry_reply *reply)
{
	const char *says = exchange->end == EXCHANGE_ANSWERED
			       ? exchange->http_response.body->str
			       : "down";
	g_auto(GStrv) words = g_strsplit(says, ",", -1);
	unsigned at = 0;

	reply->answered = true;
	if (g_str_equal(words[0], "down"))
		oracle_fail(reply, VERDICT_OUTAGE, "no answer");
	else if (g_str_equal(words[0], "forbidden"))
		oracle_fail(reply, VERDICT_ACCOUNT, "may not ask");
	else if (g_str_equal(words[0], "throttled"))
		oracle_fail(reply, VERDICT_THROTTLE, "too many");
	if (g_str_equal(words[0], "more")) {
		exchange_renew(exchange);
		return oracle_ask(provider, inquiries, exchange);
	}
	for (unsigned i = 0; i < inquiries->len; i++) {
		struct inquiry *inquiry = inquiries->pdata[i];
		for (unsigned n = 0; n < inquiry->count; n++) {
			oracle_tell(
			    inquiry, inquiry->recipients[n].address, words[at]);
			at += words[at + 1] != NULL;
		}
	}
	return false;
}

static inline bool
oracle_probe(const struct provider *provider, struct exchange *exchange)
{
	g_free(exchange->http.path);
	exchange->http.path = g_strconcat("probe ", provider->name, NULL);
	return true;
}

/* The state as a word; "more": there is another question. */
static inline bool
oracle_probed(const struct provider *provider, struct exchange *exchange,
    struct health *health)
{
	const char *word = exchange->http_response.body->str;

	if (exchange->end != EXCHANGE_ANSWERED)
		word = "unreachable";
	if (g_str_equal(word, "more")) {
		exchange_renew(exchange);
		return oracle_probe(provider, exchange);
	}
	for (int i = HEALTH_UNKNOWN; i <= HEALTH_UNREACHABLE; i++)
		if (g_str_equal(word, health_state_text((enum health_state)i)))
			health_set(health, (enum health_state)i, "it says so",
			    "look there");
	return false;
}

/* "delivered x 0": that of mail x to its recipient 0, a moment ago; its id is
 * the same words. */
static inline struct event *
oracle_event(const char *provider, const char *words)
{
	g_auto(GStrv) word = g_strsplit(words, " ", 3);
	g_autofree char *to = g_strdup_printf("RCPT%s@example.org", word[2]);
	enum event_kind kind = EVENT_ACCEPTED;
	struct event *event;

	g_assert(event_kind_read(word[0], &kind));
	event = event_told_new(kind, provider, to);
	event->event_id = g_strdup(words);
	event->message_id = g_strdup_printf("<%s@example.com>", word[1]);
	event->provider_id = g_strdup_printf("<id of %s>", word[1]);
	event->at_ms = clock_wall_ms();
	return event;
}

/* "harvest one -5": the provider, the minutes from now on which it begins; of
 * one that ends, "harvest one -60..-30"; of few, "harvest one -5 by 20". */
static inline bool
oracle_harvest(const struct provider *provider, const struct event_span *span,
    struct exchange *exchange)
{
	int64_t now = clock_wall_ms();
	GString *line = g_string_new("harvest ");

	g_string_append_printf(line, "%s %ld", provider->name,
	    lround((double)(span->begin_ms - now) / 60000));
	if (span->end_ms != 0)
		g_string_append_printf(line, "..%ld",
		    lround((double)(span->end_ms - now) / 60000));
	if (span->most != 0)
		g_string_append_printf(line, " by %u", span->most);
	g_free(exchange->http.path);
	exchange->http.path = g_string_free(line, FALSE);
	return true;
}

/* Events with commas between them, behind "more," when there is another page;
 * or one for all: "nothing", "forbidden", "throttled", "down". */
static inline bool
oracle_harvested(const struct provider *provider, const struct event_span *span,
    struct exchange *exchange, GPtrArray *events, struct inquiry_reply *reply)
{
	const char *says = exchange->end == EXCHANGE_ANSWERED
			       ? exchange->http_response.body->str
			       : "down";
	g_auto(GStrv) words = g_strsplit(says, ",", -1);
	bool more = g_str_equal(words[0], "more");

	reply->answered = true;
	if (g_str_equal(says, "down"))
		oracle_fail(reply, VERDICT_OUTAGE, "no answer");
	else if (g_str_equal(says, "forbidden"))
		oracle_fail(reply, VERDICT_ACCOUNT, "may not ask");
	else if (g_str_equal(says, "throttled"))
		oracle_fail(reply, VERDICT_THROTTLE, "too many");
	else
		for (char **word = words + more; *word != NULL; word++)
			if (!g_str_equal(*word, "nothing"))
				g_ptr_array_add(events,
				    oracle_event(provider->name, *word));
	if (!more)
		return false;
	exchange_renew(exchange);
	return oracle_harvest(provider, span, exchange);
}

/* "good TOKEN EVENT", or the word of another end. */
static inline enum webhook_end
oracle_hear(const struct provider *provider, struct webhook *webhook)
{
	g_auto(GStrv) words = g_strsplit(webhook->body, " ", 3);

	if (g_str_equal(words[0], "forged"))
		return WEBHOOK_FORGED;
	if (g_str_equal(words[0], "late"))
		return WEBHOOK_LATE;
	webhook->token = g_strdup(words[1]);
	if (words[2] != NULL)
		g_ptr_array_add(
		    webhook->events, oracle_event(provider->name, words[2]));
	return WEBHOOK_GOOD;
}

/* asks: mails of one inquiry, at most, 0: it cannot be asked. */
static inline void
oracle_dress(struct translator *translator, unsigned asks, bool probes)
{
	translator->limits.ask_batch = asks;
	translator->limits.ask_minute = 6000;
	if (asks > 0) {
		translator->ask = oracle_ask;
		translator->asked = oracle_asked;
	}
	if (probes) {
		translator->probe = oracle_probe;
		translator->probed = oracle_probed;
	}
	translator->hear = oracle_hear;
	translator->harvest = oracle_harvest;
	translator->harvested = oracle_harvested;
}

#endif
