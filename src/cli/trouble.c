/* SPDX-License-Identifier: MIT */
#include "trouble.h"

#include "fact.h"
#include "measure.h"
#include "standing.h"
#include <stdio.h>

struct trouble {
	struct json_object *status; /* borrowed */
	int64_t now_ms;
	unsigned count; /* printed */
};

/* One of them, and below it what to do; NULL: nothing. */
static void
print_one(struct trouble *trouble, const char *what, const char *advice)
{
	if (trouble->count++ == 0)
		puts("What is wrong, and what to do");
	printf("  %s\n", what);
	if (advice != NULL)
		printf("      %s\n", advice);
}

static void
print_daemon(struct trouble *trouble)
{
	struct json_object *status = trouble->status;
	g_autofree char *why = fact_text_or(status, "why", "it is not said");
	g_autofree char *text =
	    g_strdup_printf("No mail is accepted: %s.", why);

	if (!fact_flag(status, "running"))
		print_one(trouble,
		    "postferry is not running: nothing is accepted, nothing "
		    "is sent.",
		    "Start it, and read its log if it does not stay.");
	else if (!fact_flag(status, "ready"))
		print_one(trouble, text, NULL);
}

static size_t
count_open(struct json_object *status)
{
	size_t open = 0;

	for (size_t i = 0; i < fact_count(status, "providers"); i++) {
		struct json_object *provider =
		    fact_element(status, "providers", i);

		/* one mail at a time is one */
		open += standing_is_open(provider) ||
			fact_is(provider, "state", "probing");
	}
	return open;
}

static bool
are_all_down(struct json_object *status)
{
	return fact_count(status, "providers") > 0 && count_open(status) == 0;
}

/* No provider is at fault, as it seems: one cause, told once. */
static bool
are_all_cut_off(struct json_object *status)
{
	size_t count = fact_count(status, "providers");

	for (size_t i = 0; i < count; i++)
		if (!fact_is(fact_element(status, "providers", i), "state",
			"cut off"))
			return false;
	return count > 0;
}

static void
print_cut_off(struct trouble *trouble)
{
	struct json_object *first =
	    fact_element(trouble->status, "providers", 0);
	g_autofree char *name = fact_text_or(first, "name", "?");
	g_autofree char *why = fact_text_or(first, "why", "nothing");
	g_autofree char *moment =
	    measure_moment(trouble->now_ms, fact_time(first, "since"));
	g_autofree char *what = g_strdup_printf(
	    "No provider can be reached from here: all mail waits; so since "
	    "%s.  Of %s: %s",
	    moment, name, why);

	print_one(trouble, what, standing_advice(first));
}

static void
print_all_down(struct trouble *trouble)
{
	if (are_all_cut_off(trouble->status))
		print_cut_off(trouble);
	else if (are_all_down(trouble->status))
		print_one(trouble,
		    "No provider takes mail now: all that comes waits, and "
		    "goes on by itself.",
		    NULL);
}

/* "mailgun cannot be used ..., since 2026-...: HTTP 401: Forbidden" */
static char *
tell_state(const struct trouble *trouble, struct json_object *provider)
{
	g_autofree char *name = fact_text_or(provider, "name", "?");
	g_autofree char *state = standing_tell(provider);
	g_autofree char *why = fact_text(provider, "why");
	int64_t since = fact_time(provider, "since");
	g_autofree char *moment = measure_moment(trouble->now_ms, since);

	return g_strdup_printf("%s %s%s%s.%s%s", name, state,
	    since != 0 ? "; so since " : "", since != 0 ? moment : "",
	    why != NULL ? "  It said: " : "", why != NULL ? why : "");
}

static bool
is_ill(struct json_object *health)
{
	return fact_is(health, "state", "bad") ||
	       fact_is(health, "state", "doubtful") ||
	       fact_is(health, "state", "unreachable");
}

/* Of one that is not asked the probe is told with that. */
static void
print_health(struct trouble *trouble, struct json_object *provider)
{
	struct json_object *health = fact_object(provider, "health");
	g_autofree char *name = fact_text_or(provider, "name", "?");
	g_autofree char *state = fact_text_or(health, "state", "?");
	g_autofree char *text = fact_text_or(health, "text", "nothing said");
	g_autofree char *advice = fact_text(health, "advice");
	g_autofree char *away =
	    measure_away(trouble->now_ms, fact_time(health, "probed"));
	g_autofree char *what =
	    g_strdup_printf("%s was probed %s, and its health is %s: %s.", name,
		away, state, text);

	if (standing_is_open(provider) && is_ill(health))
		print_one(trouble, what, advice);
}

/* It failed, and not often enough to be left alone. */
static void
print_failing(struct trouble *trouble, struct json_object *provider)
{
	unsigned failing = (unsigned)fact_number(provider, "failing");
	g_autofree char *name = fact_text_or(provider, "name", "?");
	g_autofree char *why = fact_text_or(provider, "why", "nothing");
	g_autofree char *what = g_strdup_printf(
	    "%s is asked, and failed %u times in a row; it is left alone for "
	    "a pause when that goes on.  Last: %s",
	    name, failing, why);

	if (failing > 1)
		print_one(trouble, what, NULL);
}

/* Where a probe found what to do, that is the better advice. */
static void
print_state(struct trouble *trouble, struct json_object *provider)
{
	struct json_object *health = fact_object(provider, "health");
	const char *advice = standing_advice(provider);
	g_autofree char *state = tell_state(trouble, provider);
	g_autofree char *found = NULL, *what = NULL;
	bool bad = fact_is(health, "state", "bad");
	bool plain = are_all_down(trouble->status) &&
		     !fact_is(provider, "state", "unusable") &&
		     !fact_is(provider, "state", "distrusted") &&
		     !fact_is(provider, "state", "exhausted");

	if (advice == NULL)
		return;
	found = bad ? fact_text(health, "text") : NULL;
	what = found != NULL ? g_strconcat(state, "  Its probe: ", found, NULL)
			     : g_strdup(state);
	g_autofree char *better = bad ? fact_text(health, "advice") : NULL;
	if (better != NULL)
		advice = better;
	print_one(trouble, what, plain ? NULL : advice);
}

static char *
join_senders(struct json_object *provider)
{
	GString *names = g_string_new(NULL);

	for (size_t i = 0; i < fact_count(provider, "refused_senders"); i++) {
		g_autofree char *name =
		    fact_text_at(provider, "refused_senders", i);

		g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", name);
	}
	return g_string_free(names, FALSE);
}

static void
print_senders(struct trouble *trouble, struct json_object *provider)
{
	g_autofree char *name = fact_text_or(provider, "name", "?");
	g_autofree char *senders = join_senders(provider);
	g_autofree char *what =
	    g_strdup_printf("%s refuses mail that is from %s.", name, senders);

	if (*senders != '\0')
		print_one(trouble, what,
		    "Verify that domain at the provider, or name in `domains` "
		    "those it may send for; other mail is not concerned.");
}

static void
print_reserve(struct trouble *trouble, struct json_object *provider)
{
	g_autofree char *name = fact_text_or(provider, "name", "?");
	g_autofree char *what = g_strdup_printf(
	    "Mail goes by %s, the reserve: one before it in its route is not "
	    "back yet; mail returns to that by itself.",
	    name);

	if (fact_flag(provider, "reserve"))
		print_one(trouble, what, NULL);
}

static void
print_providers(struct trouble *trouble)
{
	size_t count = fact_count(trouble->status, "providers");

	for (size_t i = 0; i < count; i++) {
		struct json_object *provider =
		    fact_element(trouble->status, "providers", i);

		if (!are_all_cut_off(trouble->status))
			print_state(trouble, provider);
		print_failing(trouble, provider);
		print_health(trouble, provider);
		print_senders(trouble, provider);
		print_reserve(trouble, provider);
	}
}

static void
print_queue(struct trouble *trouble)
{
	struct json_object *queue = fact_object(trouble->status, "queue");
	struct json_object *totals = fact_object(trouble->status, "totals");
	unsigned held = (unsigned)fact_number(queue, "held");
	unsigned doubts = (unsigned)fact_number(queue, "doubts");
	int64_t lost = fact_signed(totals, "unaccounted");
	g_autofree char *doubtful = g_strdup_printf(
	    "%u recipient%s in doubt: a provider may have the mail, and did "
	    "not say so.",
	    doubts, doubts == 1 ? " is" : "s are");
	g_autofree char *mails =
	    g_strdup_printf("%u mail%s held, and not sent until you say so.",
		held, held == 1 ? " is" : "s are");
	g_autofree char *recipients = g_strdup_printf(
	    "%" G_GINT64_FORMAT " recipients are unaccounted for: this must "
	    "be 0.",
	    lost);

	if (doubts > 0)
		print_one(trouble, doubtful,
		    "Nothing at once: the provider is asked, and the route's "
		    "`doubt` decides; `postferry why ID` tells of each.");
	if (held > 0)
		print_one(trouble, mails,
		    "See them with `postferry queue list --state held`, then "
		    "release or drop each.");
	if (lost != 0)
		print_one(trouble, recipients, "Please report it.");
}

/* Files that were read once, and are out of date now. */
static void
print_complaints(struct trouble *trouble)
{
	size_t count = fact_count(trouble->status, "complaints");

	for (size_t i = 0; i < count; i++) {
		struct json_object *complaint =
		    fact_element(trouble->status, "complaints", i);
		g_autofree char *text = fact_text_or(complaint, "text", "?");
		g_autofree char *advice = fact_text(complaint, "advice");
		g_autofree char *moment = measure_moment(
		    trouble->now_ms, fact_time(complaint, "since"));
		g_autofree char *what =
		    g_strdup_printf("Since %s: %s.", moment, text);

		print_one(trouble, what, advice);
	}
}

void
trouble_print(struct json_object *status, int64_t now_ms)
{
	struct trouble trouble = { .status = status, .now_ms = now_ms };

	print_daemon(&trouble);
	print_all_down(&trouble);
	print_providers(&trouble);
	print_queue(&trouble);
	print_complaints(&trouble);
	if (trouble.count == 0)
		puts("Nothing is wrong.");
	putchar('\n');
}
