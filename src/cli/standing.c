/* SPDX-License-Identifier: MIT */
#include "standing.h"

#include "fact.h"
#include "measure.h"
#include <stdio.h>

/* Each state in words; with %s: how much longer, where that is known. */
static const struct {
	const char *state;
	const char *words;
	const char *timed;
	const char *advice; /* NULL: nothing can be done, or needs to be */
} states[] = {
	{ "open", "is asked", NULL, NULL },
	{ "paused", "failed; asked again with the next mail",
	    "failed: is not asked for another %s",
	    "Nothing, unless it lasts: mail goes to the next provider of its "
	    "route, or waits." },
	{ "probing",
	    "failed; asked again with the next mail, one at a time until it is "
	    "back",
	    NULL,
	    "Nothing: mail returns to it by itself; a test mail by its route "
	    "shows it at once." },
	{ "throttled", "wants to be asked more slowly",
	    "wants to be asked more slowly: is not asked for another %s",
	    "Nothing, unless it lasts: then set rate of this provider to what "
	    "the account allows." },
	{ "exhausted", "has used up its quota",
	    "has used up its quota: is not asked for another %s",
	    "Raise quota_hour or quota_day of this provider if the account "
	    "allows more; mail goes to the next provider of its route, or "
	    "waits." },
	{ "unusable", "cannot be used: it refuses our account",
	    "cannot be used: it refuses our account; tried again in %s",
	    "Check its key, domain and payment at the provider; `postferry "
	    "check --online` says what it finds." },
	{ "distrusted",
	    "refuses every mail, so that its refusals are not believed",
	    "refuses every mail, so that its refusals are not believed; tried "
	    "again in %s",
	    "Look at what it says, and at the account there; what it refuses "
	    "meanwhile does not bounce." },
	{ "cut off",
	    "cannot be reached, nor can any other provider; asked again with "
	    "the next mail",
	    "cannot be reached, nor can any other provider; tried again in %s",
	    "See whether this host reaches anything else: most likely its "
	    "network or name server is at fault, less likely all of them at "
	    "once. Mail goes on by itself." },
};

static unsigned
find_state(struct json_object *provider)
{
	unsigned i = 0;

	while (i < G_N_ELEMENTS(states) &&
	       !fact_is(provider, "state", states[i].state))
		i++;
	return i;
}

bool
standing_is_open(struct json_object *provider)
{
	return fact_is(provider, "state", "open");
}

/* Whom it was believed about before it was not. */
static char *
tell_told(struct json_object *provider)
{
	unsigned told = (unsigned)fact_number(provider, "told_before");

	if (told == 0)
		return g_strdup("");
	return g_strdup_printf("; %u recipient%s refused just before, and "
			       "bounced",
	    told, told == 1 ? " was" : "s were");
}

static char *
tell_state(struct json_object *provider)
{
	uint64_t until_ms = fact_number(provider, "until_ms");
	g_autofree char *span = measure_span((int64_t)until_ms);
	unsigned i = find_state(provider);
	g_auto(GStrv) parts = NULL;

	if (i == G_N_ELEMENTS(states))
		return fact_text_or(provider, "state", "?");
	if (until_ms == 0 || states[i].timed == NULL)
		return g_strdup(states[i].words);
	parts = g_strsplit(states[i].timed, "%s", 2);
	return g_strconcat(parts[0], span, parts[1], NULL);
}

char *
standing_tell(struct json_object *provider)
{
	g_autofree char *state = tell_state(provider);
	g_autofree char *told = tell_told(provider);
	bool well = fact_is(provider, "state", "probing") &&
		    fact_is(fact_object(provider, "health"), "state", "good");

	return g_strconcat(
	    state, told, well ? "; its probe is good" : "", NULL);
}

const char *
standing_advice(struct json_object *provider)
{
	unsigned i = find_state(provider);

	return i == G_N_ELEMENTS(states) ? NULL : states[i].advice;
}

static void
print_closed(struct json_object *provider)
{
	g_autofree char *name = fact_text_or(provider, "name", "?");
	g_autofree char *state = standing_tell(provider);

	printf("  The provider %s %s.\n", name, state);
}

bool
standing_print_closed(struct json_object *status)
{
	bool any = false;

	for (size_t i = 0; i < fact_count(status, "providers"); i++) {
		struct json_object *provider =
		    fact_element(status, "providers", i);

		if (standing_is_open(provider) ||
		    fact_number(provider, "until_ms") == 0)
			continue;
		print_closed(provider);
		any = true;
	}
	return any;
}

bool
standing_is_any_closed(struct json_object *status)
{
	for (size_t i = 0; i < fact_count(status, "providers"); i++)
		if (!standing_is_open(fact_element(status, "providers", i)))
			return true;
	return false;
}

void
standing_print_paused(struct json_object *status, const char *const *names)
{
	for (size_t i = 0; i < fact_count(status, "providers"); i++) {
		struct json_object *provider =
		    fact_element(status, "providers", i);
		g_autofree char *name = fact_text_or(provider, "name", "?");

		if (!standing_is_open(provider) &&
		    (names == NULL || g_strv_contains(names, name)))
			print_closed(provider);
	}
}

/* ---- the lines of `status` ---- */

static void
print_work(struct json_object *provider)
{
	unsigned requests = (unsigned)fact_number(provider, "requests");
	unsigned limit = (unsigned)fact_number(provider, "limit");
	unsigned waiting = (unsigned)fact_number(provider, "waiting");
	unsigned doubts = (unsigned)fact_number(provider, "doubts");

	printf("; %u request%s under way", requests, requests == 1 ? "" : "s");
	if (limit > 0)
		printf(" of the %u it bears now, %u at most", limit,
		    (unsigned)fact_number(provider, "connections"));
	if (waiting > 0)
		printf(", %u mail%s for a free one", waiting,
		    waiting == 1 ? " waits" : "s wait");
	if (doubts > 0)
		printf(", it is to be asked about %u mail%s in doubt", doubts,
		    doubts == 1 ? "" : "s");
	putchar('\n');
}

static void
print_quota(struct json_object *provider, const char *sent, const char *max,
    const char *when)
{
	uint64_t limit = fact_number(provider, max);

	if (limit > 0)
		printf("; %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %s",
		    fact_number(provider, sent), limit, when);
}

static void
print_counts(struct json_object *provider, const char *indent)
{
	printf("%srecipients accepted since the start: %" G_GUINT64_FORMAT
	       ", attempts that failed: %" G_GUINT64_FORMAT,
	    indent, fact_number(provider, "accepted"),
	    fact_number(provider, "failed"));
	print_quota(provider, "hour_sent", "hour_max", "this hour");
	print_quota(provider, "day_sent", "day_max", "today");
	putchar('\n');
}

static void
print_health(struct json_object *provider, int64_t now_ms, const char *indent)
{
	struct json_object *health = fact_object(provider, "health");
	g_autofree char *state = fact_text_or(health, "state", "unknown");
	g_autofree char *text = fact_text(health, "text");
	int64_t probed = fact_time(health, "probed");
	g_autofree char *away = measure_away(now_ms, probed);

	if (text == NULL && probed == 0)
		return;
	printf("%sits health is %s", indent, state);
	if (probed != 0)
		printf(" (probed %s)", away);
	if (text != NULL)
		printf(": %s", text);
	putchar('\n');
}

void
standing_print(struct json_object *provider, int64_t now_ms, const char *indent)
{
	g_autofree char *name = fact_text_or(provider, "name", "?");
	g_autofree char *type = fact_text_or(provider, "type", "?");
	g_autofree char *state = standing_tell(provider);

	printf("%s (%s) %s", name, type, state);
	print_work(provider);
	print_counts(provider, indent);
	print_health(provider, now_ms, indent);
}
