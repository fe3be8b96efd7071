/* SPDX-License-Identifier: MIT */
#include "core/budget.h"
#include "core/config.h"
#include "dispatch/explain.h"
#include "fact.h"
#include "smtp/server.h"
#include "standing.h"
#include "story.h"
#include <string.h>

/* Room for one header, which the listener bounds, and for what reads it. */
#define MEMORY_BYTES (UINT64_C(1) << 24)

/* ---- the mail, as its route looks at it ---- */

static struct address *
read_address(const char *text)
{
	enum address_fault fault = ADDRESS_OK;

	return address_parse(text, strlen(text), NULL, &fault);
}

/* Those that are settled wait for nobody. */
static void
add_recipients(struct envelope *envelope, struct json_object *mail)
{
	for (size_t i = 0; i < fact_count(mail, "recipients"); i++) {
		struct json_object *one = fact_element(mail, "recipients", i);
		g_autofree char *text = fact_text_or(one, "address", "");
		struct address *address = fact_is(one, "state", "waiting")
					      ? read_address(text)
					      : NULL;

		if (address != NULL)
			envelope_add_recipient(envelope, address);
	}
}

static struct envelope *
make_envelope(struct json_object *mail)
{
	struct envelope *envelope = envelope_new();
	g_autofree char *sender = fact_text_or(mail, "sender", "");

	envelope->sender = *sender != '\0' ? read_address(sender) : NULL;
	add_recipients(envelope, mail);
	return envelope;
}

/* The header is all that a route looks at; a body may be large. */
static bool
fill_spool(struct submission *submission, const GString *raw)
{
	static const char end[] = "\r\n\r\n";
	const char *body = memmem(raw->str, raw->len, end, strlen(end));
	size_t length =
	    body == NULL ? raw->len : (size_t)(body - raw->str) + strlen(end);
	struct limiter *limiter = limiter_new(&limiter_defaults);
	bool fine = spool_append(submission->spool, raw->str, length) &&
		    spool_seal(submission->spool);

	limiter_feed(limiter, raw->str, length);
	limiter_end(limiter, &submission->seen);
	limiter_free(limiter);
	return fine;
}

static struct submission *
make_submission(struct json_object *mail, struct config *config,
    const struct spool_place *place)
{
	struct submission *submission = g_new0(struct submission, 1);
	g_autofree char *listener = fact_text_or(mail, "listener", "");
	g_autofree char *peer = fact_text_or(mail, "peer", "");

	id_make(submission->id);
	submission->envelope = make_envelope(mail);
	submission->spool = spool_new(place);
	submission->listener = g_intern_string(listener);
	g_strlcpy(submission->peer, peer, sizeof submission->peer);
	submission->helo = fact_text_or(mail, "helo", "");
	submission->protocol = "ESMTP";
	submission->user = fact_text(mail, "user");
	submission->received_ms = fact_time(mail, "received");
	submission->report = fact_flag(mail, "report");
	submission->config = config_ref(config);
	return submission;
}

/* ---- its providers ---- */

static char **
list_providers(const struct explain *explain)
{
	const GPtrArray *groups = explain_groups(explain);
	GPtrArray *names = g_ptr_array_new();

	for (unsigned i = 0; i < groups->len; i++) {
		const struct explain_group *group = groups->pdata[i];

		for (unsigned k = 0; k < group->ways->len; k++) {
			const struct explain_way *way = group->ways->pdata[k];
			g_ptr_array_add(names, g_strdup(way->provider->name));
		}
	}
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

static char **
find_providers(
    const struct story *story, struct config *config, const GString *raw)
{
	struct spool_place place = { .budget = budget_new(MEMORY_BYTES) };
	struct submission *submission =
	    make_submission(story->mail, config, &place);
	struct explain *explain = NULL;
	char **names = NULL;

	if (submission->envelope->recipients->len > 0 &&
	    fill_spool(submission, raw))
		explain = explain_new(
		    config, submission, server_hostname(config), NULL);
	if (explain == NULL)
		submission_free(submission);
	else
		names = list_providers(explain);
	explain_free(explain);
	budget_free(place.budget);
	return names;
}

/* The names of the providers that the mail may go by; NULL: not known. */
static char **
ask_providers(const struct story *story)
{
	g_autofree char *id = fact_text_or(story->mail, "id", "");
	struct ask_answer answer = { .body = NULL };
	struct config *config = ask_settings(story->ask);
	char **names = NULL;

	if (config == NULL)
		return NULL;
	answer = ask_mail(story->ask, id, "/raw");
	if (answer.code == 200)
		names = find_providers(story, config, answer.body);
	g_string_free(answer.body, TRUE);
	config_unref(config);
	return names;
}

void
story_route_print(const struct story *story)
{
	struct ask_answer answer = ask_request(story->ask, "GET", "/status");
	struct json_object *status =
	    answer.code == 200 ? fact_parse(answer.body) : NULL;
	g_auto(GStrv) names = NULL;

	g_string_free(answer.body, TRUE);
	if (status == NULL)
		return;
	if (standing_is_any_closed(status))
		names = ask_providers(story);
	standing_print_paused(status, (const char *const *)names);
	json_object_put(status);
}
