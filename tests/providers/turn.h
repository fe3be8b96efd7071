/* SPDX-License-Identifier: MIT */
/*
 * Turns for tests: what a translator asks, and what it is answered, one after
 * the other until it asks no more.
 */
#ifndef TESTS_PROVIDERS_TURN_H
#define TESTS_PROVIDERS_TURN_H

#include "providers/sample.h"

struct turn {
	const char *request; /* "GET http://host/path", then what is in the
			      * body; NULL: no more turns */
	unsigned status;     /* 0: no answer, and `body` is the error */
	const char *body;
};

static inline GHashTable *
turn_settings(const char *text)
{
	GHashTable *settings = sample_settings_new();
	g_auto(GStrv) words = g_strsplit(text, " ", 0);

	for (unsigned i = 0; words[i] != NULL && *words[i] != '\0'; i++) {
		g_auto(GStrv) pair = g_strsplit(words[i], "=", 2);

		g_hash_table_insert(
		    settings, g_strdup(pair[0]), g_strdup(pair[1]));
	}
	return settings;
}

/* A provider of the type with settings like "key=value key=value". */
static inline struct provider *
turn_provider(const char *type, const char *text)
{
	GHashTable *settings = turn_settings(text);
	g_autoptr(GError) error = NULL;
	struct provider *provider = sample_provider(type, settings, &error);

	if (provider == NULL)
		fail_msg("%s: %s", text, error->message);
	g_hash_table_unref(settings);
	return provider;
}

/* The request in one line: method, URL, password, body. */
static inline char *
turn_print(const struct exchange *exchange)
{
	GString *line = g_string_new(NULL);
	char piece[4096];
	ssize_t taken = 0;

	g_string_append_printf(line, "%s %s%s", exchange->http.method,
	    exchange->endpoint->base_url, exchange->http.path);
	if (exchange->endpoint->password != NULL)
		g_string_append_printf(
		    line, " as %s", exchange->endpoint->password);
	if (exchange->body != NULL) {
		struct segment_reader *reader =
		    segment_reader_new(exchange->body);

		g_string_append_c(line, ' ');
		while ((taken = segment_reader_read(
			    reader, piece, sizeof piece)) > 0)
			g_string_append_len(line, piece, taken);
		segment_reader_free(reader);
	}
	assert_int_equal(taken, 0);
	return g_string_free(line, FALSE);
}

/* Compares what is asked with the turn, and answers it. */
static inline void
turn_answer(const struct turn *turn, struct exchange *exchange)
{
	g_autofree char *line = turn_print(exchange);

	if (turn->request == NULL)
		fail_msg("one more request: %s", line);
	assert_string_equal(line, turn->request);
	exchange->end = turn->status != 0 ? EXCHANGE_ANSWERED : EXCHANGE_UNSENT;
	exchange->http_response.status = turn->status;
	if (turn->status == 0)
		exchange->error = g_strdup(turn->body);
	else
		g_string_assign(exchange->http_response.body, turn->body);
}

#endif
