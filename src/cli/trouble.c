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

static void
print_all_down(struct trouble *trouble)
{
	if (fact_count(trouble->status, "providers") > 0 &&
	    count_open(trouble->status) == 0)
		print_one(trouble,
		    "No provider takes mail now: all that comes waits.", NULL);
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

static void
print_health(struct trouble *trouble, struct json_object *provider)
{
	struct json_object *health = fact_object(provider, "health");
	g_autofree char *name = fact_text_or(provider, "name", "?");
	g_autofree char *state = fact_text_or(health, "state", "?");
	g_autofree char *text = fact_text_or(health, "text", "nothing said");
	g_autofree char *advice = fact_text(health, "advice");
	g_autofree char *what = g_strdup_printf(
	    "%s was probed, and its health is %s: %s.", name, state, text);

	if (is_ill(health))
		print_one(trouble, what, advice);
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
	    "Mail goes by %s, the reserve: those before it in its route "
	    "cannot be asked.",
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
		const char *advice = standing_advice(provider);
		g_autofree char *state = tell_state(trouble, provider);

		if (advice != NULL)
			print_one(trouble, state, advice);
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
	int64_t lost = fact_signed(totals, "unaccounted");
	g_autofree char *mails =
	    g_strdup_printf("%u mail%s held, and not sent until you say so.",
		held, held == 1 ? " is" : "s are");
	g_autofree char *recipients = g_strdup_printf(
	    "%" G_GINT64_FORMAT " recipients are unaccounted for: this must "
	    "be 0.",
	    lost);

	if (held > 0)
		print_one(trouble, mails,
		    "See them with `postferry queue list --state held`, then "
		    "release or drop each.");
	if (lost != 0)
		print_one(trouble, recipients, "Please report it.");
}

void
trouble_print(struct json_object *status, int64_t now_ms)
{
	struct trouble trouble = { .status = status, .now_ms = now_ms };

	print_daemon(&trouble);
	print_all_down(&trouble);
	print_providers(&trouble);
	print_queue(&trouble);
	if (trouble.count == 0)
		puts("Nothing is wrong.");
	putchar('\n');
}
