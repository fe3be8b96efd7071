/* SPDX-License-Identifier: MIT */
#include "story.h"
#include "fact.h"
#include "measure.h"
#include "store.h"
#include "story_event.h"
#include <stdio.h>

/* Addresses named in one line; of more the number is said. */
#define NAMED_MAX 3

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
	/* its class is that of the worst */
	if (fact_is(attempt, "class", "recipient") &&
	    fact_count(attempt, "recipients") > 1)
		return "one of the recipients, or more, was refused";
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
	if (status != 0 && !story_is_said(status, text))
		printf(", %u", (unsigned)status);
	printf("), after %s and %s sent", took, sent);
	printf("%s%s%s\n", *text != '\0' ? ": \"" : "", text,
	    *text != '\0' ? "\"" : "");
}

static void
print_attempt(const struct story *story, struct json_object *attempt)
{
	g_autofree char *date = measure_date(fact_time(attempt, "begun"));
	g_autofree char *provider =
	    fact_text_or(attempt, "provider", "a provider");
	g_autofree char *names = name_addresses(attempt);
	g_autofree char *redirect = fact_text(attempt, "redirected");

	printf("  %s  attempt %u: %s was asked for %s, as %s\n", date,
	    (unsigned)fact_number(attempt, "number"), provider, names,
	    fact_is(attempt, "form", "raw") ? "raw MIME" : "fields");
	if (redirect != NULL)
		printf("            redirected to <%s>\n", redirect);
	print_result(story, attempt);
}

/* Of many attempts only some are kept; last: the number of the one before. */
static void
print_gap(unsigned last, struct json_object *attempt)
{
	unsigned number = (unsigned)fact_number(attempt, "number");

	if (number == last + 2)
		printf("  (attempt %u is left out)\n", last + 1);
	else if (number > last + 2)
		printf("  (attempts %u to %u are left out: of many the first "
		       "and the last are kept)\n",
		    last + 1, number - 1);
}

/* What a person did, or what dispatch noted. */
static void
print_act(struct json_object *act)
{
	g_autofree char *date = measure_date(fact_time(act, "at"));
	g_autofree char *what = fact_text_or(act, "what", "something");
	g_autofree char *who = fact_text_or(act, "who", "somebody");

	if (fact_is(act, "who", STORE_NOTED))
		printf("  %s  %s\n", date, what);
	else
		printf("  %s  %s by %s\n", date, what, who);
}

static void
print_event(struct json_object *event)
{
	g_autofree char *date = measure_date(fact_time(event, "at"));
	g_autofree char *text = story_event_tell(event);

	printf("  %s  %s\n", date, text);
}

/* The list whose head is earliest is next; of those at one time the first: what
 * was learnt stands before what it led to. */
enum list {
	ACTS,
	ATTEMPTS,
	EVENTS,
	LISTS
};

static const struct {
	const char *key, *date;
} lists[LISTS] = {
	[ACTS] = { "acts", "at" },
	[ATTEMPTS] = { "attempts", "begun" },
	[EVENTS] = { "events", "at" },
};

/* LISTS: none is left. */
static enum list
choose_list(struct json_object *mail, const size_t heads[static LISTS])
{
	enum list best = LISTS;
	int64_t first = INT64_MAX;

	for (enum list i = 0; i < LISTS; i++) {
		struct json_object *head =
		    fact_element(mail, lists[i].key, heads[i]);

		if (head == NULL ||
		    (best != LISTS && fact_time(head, lists[i].date) >= first))
			continue;
		best = i;
		first = fact_time(head, lists[i].date);
	}
	return best;
}

void
story_history_print(const struct story *story)
{
	size_t heads[LISTS] = { 0 };
	unsigned last = 0;
	enum list next;

	puts("\nWhat happened");
	if (fact_count(story->mail, "attempts") == 0)
		puts("  No provider was asked.");
	while ((next = choose_list(story->mail, heads)) != LISTS) {
		struct json_object *head =
		    fact_element(story->mail, lists[next].key, heads[next]++);

		if (next == ATTEMPTS) {
			print_gap(last, head);
			print_attempt(story, head);
			last = (unsigned)fact_number(head, "number");
		} else if (next == EVENTS) {
			print_event(head);
		} else {
			print_act(head);
		}
	}
}
