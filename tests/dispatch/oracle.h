/* SPDX-License-Identifier: MIT */
/*
 * The fake translator's other half, for providers with `asks` or `probes`: what
 * a provider is asked beside mail, as a line in the request's path, and its
 * answer as words.
 */
#ifndef TESTS_DISPATCH_ORACLE_H
#define TESTS_DISPATCH_ORACLE_H

#include "provider.h"
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
}

#endif
