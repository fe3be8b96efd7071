/* SPDX-License-Identifier: MIT */
#include "story.h"

#include "core/clock.h"
#include "fact.h"
#include "measure.h"
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Addresses named in one line; of more the number is said. */
#define NAMED_MAX 3

/* The first column. */
#define LABEL "%-12s"

/* What a text of an HTTP provider may begin with, before the status. */
#define HTTP "HTTP "

/* ---- one recipient ---- */

static char *
find_provider(struct json_object *object)
{
	return fact_text_or(object, "provider", "a provider");
}

/* True when the text begins with the status: "550 5.1.1 no", "HTTP 503: no". */
static bool
is_in_text(uint64_t status, const char *text)
{
	g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, status);
	const char *from =
	    g_str_has_prefix(text, HTTP) ? text + strlen(HTTP) : text;

	return g_str_has_prefix(from, digits) &&
	       !g_ascii_isdigit(from[strlen(digits)]);
}

/* "mailgun said 503: Service Unavailable"; "mailgun: Connection refused" when
 * it was never heard; "" when nothing is known. */
static char *
quote_provider(struct json_object *object)
{
	g_autofree char *provider = fact_text(object, "provider");
	g_autofree char *text = fact_text_or(object, "text", "");
	uint64_t status = fact_number(object, "status");

	if (provider == NULL || (status == 0 && *text == '\0'))
		return g_strdup("");
	if (status == 0)
		return g_strconcat(provider, ": ", text, NULL);
	if (is_in_text(status, text))
		return g_strconcat(provider, " said ", text, NULL);
	return g_strdup_printf("%s said %u%s%s", provider, (unsigned)status,
	    *text != '\0' ? ": " : "", text);
}

static char *
tell_accepted(struct json_object *recipient)
{
	g_autofree char *provider = find_provider(recipient);
	g_autofree char *id = fact_text(recipient, "provider_id");

	return id != NULL
		   ? g_strdup_printf("%s accepted it as %s", provider, id)
		   : g_strdup_printf("%s accepted it", provider);
}

static bool
is_finished(const struct story *story)
{
	return fact_is(story->mail, "state", "finished");
}

static char *
tell_doubt(const struct story *story, struct json_object *recipient)
{
	g_autofree char *provider = find_provider(recipient);
	int64_t until = fact_time(recipient, "until");
	g_autofree char *moment = measure_moment(story->now_ms, until);

	if (is_finished(story))
		return g_strdup_printf("in doubt: %s may have it", provider);
	if (until <= story->now_ms)
		return g_strdup_printf("in doubt: %s may have it; that has "
				       "been waited out",
		    provider);
	return g_strdup_printf("in doubt until %s: %s may have it; it is sent "
			       "nowhere before",
	    moment, provider);
}

static char *
tell_refused(struct json_object *recipient)
{
	g_autofree char *quote = quote_provider(recipient);
	bool suppressed = fact_flag(recipient, "suppressed");

	return g_strdup_printf("refused%s%s%s", *quote != '\0' ? "; " : "",
	    quote,
	    suppressed ? " (it is on that provider's suppression list)" : "");
}

/* A person did it, or a warning came too late. */
static char *
tell_dropped(const struct story *story, struct json_object *recipient)
{
	g_autofree char *why =
	    fact_text_or(recipient, "text", "nobody said why");

	if (fact_count(story->mail, "acts") > 0)
		return g_strdup("dropped by a person: not sent, nobody told");
	return g_strdup_printf("dropped: not sent, nobody told; %s", why);
}

char *
story_tell_recipient(const struct story *story, struct json_object *recipient)
{
	g_autofree char *quote = quote_provider(recipient);

	if (fact_is(recipient, "state", "accepted"))
		return tell_accepted(recipient);
	if (fact_is(recipient, "state", "doubt"))
		return tell_doubt(story, recipient);
	if (fact_is(recipient, "state", "refused"))
		return tell_refused(recipient);
	if (fact_is(recipient, "state", "dropped"))
		return tell_dropped(story, recipient);
	if (fact_is(recipient, "state", "open")) {
		g_autofree char *provider = find_provider(recipient);

		return g_strdup_printf("being sent to %s", provider);
	}
	if (fact_is(recipient, "state", "held")) {
		g_autofree char *why = fact_text_or(recipient, "text", "");

		return g_strdup_printf(
		    "held%s%s", *why != '\0' ? ": " : "", why);
	}
	/* of a finished mail that is its client's again */
	return g_strdup_printf("%s%s%s",
	    is_finished(story) ? "not taken" : "waiting",
	    *quote != '\0' ? "; " : "", quote);
}

unsigned
story_count(const struct story *story, const char *state)
{
	struct json_object *mail = story->mail;
	unsigned found = 0;

	for (size_t i = 0; i < fact_count(mail, "recipients"); i++)
		if (fact_is(
			fact_element(mail, "recipients", i), "state", state))
			found++;
	return found;
}

bool
story_is_doubt_only(const struct story *story)
{
	return fact_is(story->mail, "state", "waiting") &&
	       story_count(story, "doubt") > 0 &&
	       story_count(story, "waiting") == 0 &&
	       story_count(story, "open") == 0;
}

/* When the first doubt ends. */
static int64_t
find_doubt_end(const struct story *story)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < fact_count(story->mail, "recipients"); i++) {
		struct json_object *recipient =
		    fact_element(story->mail, "recipients", i);

		if (fact_is(recipient, "state", "doubt"))
			first = MIN(first, fact_time(recipient, "until"));
	}
	return first;
}

int64_t
story_due(const struct story *story)
{
	int64_t due = fact_time(story->mail, "due");

	if (story_is_doubt_only(story))
		return MAX(due, find_doubt_end(story));
	return due;
}

/* ---- what it is ---- */

static void
print_received(const struct story *story)
{
	struct json_object *mail = story->mail;
	int64_t received = fact_time(mail, "received");
	g_autofree char *moment = measure_moment(story->now_ms, received);
	g_autofree char *peer = fact_text_or(mail, "peer", "");
	g_autofree char *helo = fact_text_or(mail, "helo", "");
	g_autofree char *listener = fact_text_or(mail, "listener", "");

	printf(LABEL "%s", "received", moment);
	if (fact_flag(mail, "report")) {
		printf(", made by postferry itself: a bounce or a warning\n");
		return;
	}
	if (*peer != '\0')
		printf(" from %s", peer);
	if (*helo != '\0')
		printf(", which calls itself %s", helo);
	if (*listener != '\0')
		printf(", by the listener %s", listener);
	putchar('\n');
}

static void
print_recipients(const struct story *story)
{
	size_t count = fact_count(story->mail, "recipients");

	for (size_t i = 0; i < count; i++) {
		struct json_object *recipient =
		    fact_element(story->mail, "recipients", i);
		g_autofree char *address =
		    fact_text_or(recipient, "address", "?");
		g_autofree char *state = story_tell_recipient(story, recipient);

		printf(LABEL "<%s>: %s\n", i == 0 ? "recipients" : "", address,
		    state);
	}
}

/* "waiting, due 2026-... (in 4 min)" */
static void
print_state(const struct story *story)
{
	struct json_object *mail = story->mail;
	g_autofree char *state = fact_text_or(mail, "state", "unknown");
	g_autofree char *hold = fact_text(mail, "hold");
	int64_t due = story_due(story);
	int64_t finished = fact_time(mail, "finished");
	g_autofree char *moment =
	    measure_moment(story->now_ms, due != 0 ? due : finished);

	printf(LABEL "%s", "state", state);
	if (hold != NULL && *hold != '\0')
		printf(": %s", hold);
	if (due != 0)
		printf(", due %s", moment);
	else if (finished != 0)
		printf(" since %s", moment);
	putchar('\n');
}

void
story_print_facts(const struct story *story)
{
	struct json_object *mail = story->mail;
	g_autofree char *id = fact_text_or(mail, "id", "?");
	g_autofree char *sender = fact_text_or(mail, "sender", "");
	g_autofree char *size = measure_size(fact_number(mail, "size_bytes"));

	printf(LABEL "%s\n", "mail", id);
	print_received(story);
	printf(LABEL "<%s>\n", "sender", sender);
	printf(LABEL "%s\n", "size", size);
	print_recipients(story);
	print_state(story);
}

/* ---- what happened ---- */

static const struct {
	const char *class;
	const char *words;
} results[] = {
	{ "accepted", "it was accepted" },
	{ "payload", "this mail was refused" },
	{ "recipient", "the recipient was refused" },
	{ "account", "our account there cannot be used" },
	{ "sender", "our account there may not send for this From domain" },
	{ "throttle", "not taken: it wants to be asked more slowly" },
	{ "outage", "not taken: it could not be reached, or is out of order" },
	{ "doubt", "in doubt: it may or may not have been taken" },
	{ "none", "nothing was said" },
};

static const char *
find_result(struct json_object *attempt)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(results); i++)
		if (fact_is(attempt, "class", results[i].class))
			return results[i].words;
	return "its result is unknown to this command";
}

/* "<a>, <b>, <c> and 997 more" */
static char *
name_addresses(struct json_object *attempt)
{
	GString *names = g_string_new(NULL);
	size_t count = fact_count(attempt, "recipients");

	for (size_t i = 0; i < MIN(count, NAMED_MAX); i++) {
		g_autofree char *address =
		    fact_text_at(attempt, "recipients", i);

		g_string_append_printf(
		    names, "%s<%s>", i > 0 ? ", " : "", address);
	}
	if (count > NAMED_MAX)
		g_string_append_printf(
		    names, " and %zu more", count - NAMED_MAX);
	return g_string_free(names, FALSE);
}

static void
print_result(const struct story *story, struct json_object *attempt)
{
	g_autofree char *text = fact_text_or(attempt, "text", "");
	g_autofree char *class = fact_text_or(attempt, "class", "none");
	g_autofree char *took =
	    measure_span((int64_t)fact_number(attempt, "duration_ms"));
	g_autofree char *sent =
	    measure_size(fact_number(attempt, "sent_bytes"));
	uint64_t status = fact_number(attempt, "status");

	if (fact_time(attempt, "ended") == 0) {
		puts(story->offline ? "            no result was written down: "
				      "it is a doubt at the next start"
				    : "            under way");
		return;
	}
	printf("            %s (%s", find_result(attempt), class);
	if (status != 0 && !is_in_text(status, text))
		printf(", %u", (unsigned)status);
	printf("), after %s and %s sent", took, sent);
	printf("%s%s%s\n", *text != '\0' ? ": \"" : "", text,
	    *text != '\0' ? "\"" : "");
}

static void
print_attempt(const struct story *story, struct json_object *attempt)
{
	g_autofree char *date = measure_date(fact_time(attempt, "begun"));
	g_autofree char *provider = find_provider(attempt);
	g_autofree char *names = name_addresses(attempt);

	printf("  %s  attempt %u: %s was asked for %s, as %s\n", date,
	    (unsigned)fact_number(attempt, "number"), provider, names,
	    fact_is(attempt, "form", "raw") ? "raw MIME" : "fields");
	print_result(story, attempt);
}

static void
print_act(struct json_object *act)
{
	g_autofree char *date = measure_date(fact_time(act, "at"));
	g_autofree char *what = fact_text_or(act, "what", "something");
	g_autofree char *who = fact_text_or(act, "who", "somebody");

	printf("  %s  %s by %s\n", date, what, who);
}

/* Both are in order: the earlier of the two heads is next. */
void
story_print_history(const struct story *story)
{
	struct json_object *mail = story->mail;
	size_t attempts = fact_count(mail, "attempts");
	size_t acts = fact_count(mail, "acts");

	puts("\nWhat happened");
	if (attempts + acts == 0)
		puts("  No provider was asked.");
	for (size_t i = 0, k = 0; i < attempts || k < acts;) {
		struct json_object *attempt = fact_element(mail, "attempts", i);
		struct json_object *act = fact_element(mail, "acts", k);

		if (act == NULL ||
		    (attempt != NULL &&
			fact_time(attempt, "begun") <= fact_time(act, "at"))) {
			print_attempt(story, attempt);
			i++;
		} else {
			print_act(act);
			k++;
		}
	}
}

/* ---- asking ---- */

static int
print_body(struct ask *ask, const GString *body, story_fn print)
{
	struct story story = { .ask = ask,
		.mail = fact_parse(body),
		.now_ms = clock_wall_ms(),
		.offline = ask_is_offline(ask) };

	if (story.mail == NULL)
		return EX_PROTOCOL;
	print(&story);
	json_object_put(story.mail);
	return EX_OK;
}

int
story_print_each(struct ask *ask, const struct order *order, story_fn print)
{
	int exit_code = EX_OK;

	for (const char *const *id = order->things; *id != NULL; id++) {
		struct ask_answer answer = ask_mail(ask, *id, "");
		int result = ask_judge(&answer);

		if (id != order->things && !order->json)
			putchar('\n');
		if (result == EX_OK && order->json)
			fputs(answer.body->str, stdout);
		else if (result == EX_OK)
			result = print_body(ask, answer.body, print);
		g_string_free(answer.body, TRUE);
		exit_code = exit_code != EX_OK ? exit_code : result;
	}
	return exit_code;
}
