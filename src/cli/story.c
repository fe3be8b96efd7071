/* SPDX-License-Identifier: MIT */
#include "story.h"

#include "core/clock.h"
#include "fact.h"
#include "measure.h"
#include "story_event.h"
#include "story_wish.h"
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

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

bool
story_is_said(uint64_t status, const char *text)
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

	if (provider == NULL)
		return g_strdup(text);
	if (status == 0 && *text == '\0')
		return g_strdup("");
	if (status == 0)
		return g_strconcat(provider, ": ", text, NULL);
	if (story_is_said(status, text))
		return g_strconcat(provider, " said ", text, NULL);
	return g_strdup_printf("%s said %u%s%s", provider, (unsigned)status,
	    *text != '\0' ? ": " : "", text);
}

static bool
is_for(struct json_object *attempt, const char *address)
{
	for (size_t i = 0; i < fact_count(attempt, "recipients"); i++) {
		g_autofree char *one = fact_text_at(attempt, "recipients", i);

		if (strcmp(one, address) == 0)
			return true;
	}
	return false;
}

/* Where the last attempt for it went instead; "": to itself, or its attempts
 * are not known.  New string. */
static char *
tell_redirect(const struct story *story, struct json_object *recipient)
{
	g_autofree char *address = fact_text_or(recipient, "address", "");

	for (size_t i = fact_count(story->mail, "attempts"); i > 0; i--) {
		struct json_object *attempt =
		    fact_element(story->mail, "attempts", i - 1);
		g_autofree char *redirect = fact_text(attempt, "redirected");

		if (is_for(attempt, address))
			return redirect == NULL
				   ? g_strdup("")
				   : g_strdup_printf(
					 ", redirected to <%s>", redirect);
	}
	return g_strdup("");
}

static char *
tell_accepted(const struct story *story, struct json_object *recipient)
{
	g_autofree char *provider = find_provider(recipient);
	g_autofree char *id = fact_text(recipient, "provider_id");
	g_autofree char *redirect = tell_redirect(story, recipient);
	g_autofree char *fate = story_event_tell_last(story->mail, recipient);

	return g_strdup_printf("%s accepted it%s%s%s%s", provider, redirect,
	    id != NULL ? " as " : "", id != NULL ? id : "", fate);
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
	g_autofree char *provider = fact_text(recipient, "provider");

	return g_strdup_printf("refused%s%s%s", *quote != '\0' ? "; " : "",
	    quote,
	    suppressed && provider != NULL
		? " (it is on that provider's suppression list)"
		: "");
}

/* True when a person dropped the mail: who postferry notes something as writes
 * other words. */
static bool
is_dropped(const struct story *story)
{
	for (size_t i = 0; i < fact_count(story->mail, "acts"); i++)
		if (fact_is(
			fact_element(story->mail, "acts", i), "what", "drop"))
			return true;
	return false;
}

/* A person did it, or a warning came too late. */
static char *
tell_dropped(const struct story *story, struct json_object *recipient)
{
	g_autofree char *why =
	    fact_text_or(recipient, "text", "nobody said why");

	if (is_dropped(story))
		return g_strdup("dropped by a person: not sent, nobody told");
	return g_strdup_printf("dropped: not sent, nobody told; %s", why);
}

bool
story_is_weighed(const struct story *story, struct json_object *recipient)
{
	return fact_is(story->mail, "state", "active") &&
	       fact_is(recipient, "state", "waiting") &&
	       !fact_flag(recipient, "suppressed") &&
	       (fact_is(recipient, "class", "recipient") ||
		   fact_is(recipient, "class", "payload"));
}

/* Of one that waits; or of a finished mail that is its client's again. */
static const char *
tell_waiting(const struct story *story, struct json_object *recipient)
{
	if (story_is_weighed(story, recipient))
		return "refused, which is not final yet";
	return is_finished(story) ? "not taken" : "waiting";
}

char *
story_tell_recipient(const struct story *story, struct json_object *recipient)
{
	g_autofree char *quote = quote_provider(recipient);

	if (fact_is(recipient, "state", "accepted"))
		return tell_accepted(story, recipient);
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
	return g_strdup_printf("%s%s%s", tell_waiting(story, recipient),
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
	g_autofree char *user = fact_text(mail, "user");
	g_autofree char *protocol = fact_text(mail, "protocol");

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
	if (user != NULL)
		printf(", as the user %s", user);
	if (protocol != NULL)
		printf(" (%s)", protocol);
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
		story_wish_print_recipient(recipient);
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

/* What its writer says it is; nothing of a mail that has not been read. */
static void
print_headline(struct json_object *mail)
{
	g_autofree char *from = fact_text_or(mail, "from", "");
	g_autofree char *subject = fact_text(mail, "subject");

	if (*from != '\0')
		printf(LABEL "%s\n", "from", from);
	if (subject != NULL)
		printf(LABEL "%s\n", "subject", subject);
	for (size_t i = 0; i < fact_count(mail, "tags"); i++) {
		g_autofree char *tag = fact_text_at(mail, "tags", i);

		printf(LABEL "%s\n", i == 0 ? "tags" : "", tag);
	}
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
	print_headline(mail);
	printf(LABEL "%s\n", "size", size);
	story_wish_print(story);
	print_recipients(story);
	print_state(story);
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
