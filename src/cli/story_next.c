/* SPDX-License-Identifier: MIT */
#include "fact.h"
#include "mail/bounce.h"
#include "measure.h"
#include "store.h"
#include "story_wish.h"
#include <stdio.h>
#include <string.h>

static void
print_waiting(const struct story *story)
{
	int64_t due = story_due(story);
	g_autofree char *away = measure_away(story->now_ms, due);
	g_autofree char *date = measure_date(due);

	if (story_wish_is_last(story))
		printf("  It waits for the report of success that its sender "
		       "wished for, to be made %s\n  (%s).\n",
		    away, date);
	else if (due > story->now_ms && story_is_doubt_only(story))
		printf("  It waits for the end of its doubt %s (%s).\n", away,
		    date);
	else if (due > story->now_ms)
		printf("  It waits; next attempt %s (%s), or before when a "
		       "provider comes back.\n",
		    away, date);
	else
		printf("  It waits; it is due since %s, and goes as soon as "
		       "there is room.\n",
		    date);
}

/* The id of the last bounce that was made for it; NULL: none is known.  New
 * string. */
static char *
find_bounce(const struct story *story)
{
	struct json_object *mail = story->mail;

	for (size_t i = fact_count(mail, "acts"); i > 0; i--) {
		struct json_object *act = fact_element(mail, "acts", i - 1);
		g_autofree char *what = fact_text_or(act, "what", "");

		if (fact_is(act, "who", STORE_NOTED) &&
		    g_str_has_prefix(what, BOUNCE_NOTE))
			return g_strndup(what + strlen(BOUNCE_NOTE), ID_LENGTH);
	}
	return NULL;
}

/* What became of the bounce: "refused; mailgun said 550 no". */
static char *
tell_bounce(const struct story *story, const char *id)
{
	struct ask_answer answer = ask_mail(story->ask, id, "");
	struct story bounce = *story;
	char *state = NULL;

	bounce.mail = answer.code == 200 ? fact_parse(answer.body) : NULL;
	if (bounce.mail != NULL)
		state = story_tell_recipient(
		    &bounce, fact_element(bounce.mail, "recipients", 0));
	json_object_put(bounce.mail);
	g_string_free(answer.body, TRUE);
	return state != NULL ? state : g_strdup("it is not known any more");
}

/* Whom a refusal was told.  A bounce goes into the queue with the refusal, so
 * there is one for each. */
static void
print_told(const struct story *story, const char *refused)
{
	g_autofree char *id = find_bounce(story);

	if (story_count(story, refused) == 0)
		return;
	if (fact_flag(story->mail, "report")) {
		puts("  It is a bounce or a warning of postferry's own, and it "
		     "was refused: nobody\n  is told of that.");
	} else if (strcmp(refused, "held") == 0) {
		puts("  It was refused, and its sender was not told.");
	} else if (id == NULL && story_wish_is_silent(story)) {
		puts("  Its sender is not told: it wished for no bounce "
		     "(NOTIFY).");
	} else if (id == NULL) {
		puts("  Its sender was told in the answer: its client waited "
		     "(answer = delivered); no\n  bounce was made.");
	} else {
		g_autofree char *state = tell_bounce(story, id);
		printf(
		    "  Its sender is told by the bounce %s: %s.\n", id, state);
	}
}

/* Who was in doubt when it was held may have it. */
static const char *
tell_risk(const struct story *story)
{
	for (size_t i = 0; i < fact_count(story->mail, "recipients"); i++) {
		struct json_object *recipient =
		    fact_element(story->mail, "recipients", i);

		if (fact_is(recipient, "state", "held") &&
		    fact_is(recipient, "class", "doubt"))
			return " again, and who has it already then\n"
			       "  gets it twice (counted as a possible "
			       "duplicate)";
	}
	return "";
}

/* The first recipient that is held says most.  New string. */
static char *
tell_hold(const struct story *story)
{
	for (size_t i = 0; i < fact_count(story->mail, "recipients"); i++) {
		struct json_object *one =
		    fact_element(story->mail, "recipients", i);
		g_autofree char *address = fact_text_or(one, "address", "?");
		g_autofree char *text = fact_text(one, "text");

		if (fact_is(one, "state", "held") && text != NULL)
			return g_strdup_printf("<%s>: %s", address, text);
	}
	return fact_text_or(story->mail, "hold", "a person has to decide");
}

static void
print_held(const struct story *story)
{
	g_autofree char *id = fact_text_or(story->mail, "id", "ID");
	g_autofree char *hold = tell_hold(story);

	printf("  It is held: %s.\n", hold);
	print_told(story, "held");
	printf("  postferry queue release %s sends it%s,\n"
	       "  postferry queue drop %s forgets it.\n",
	    id, tell_risk(story), id);
}

/* It was never the queue's: its client waited, and went with a 451. */
static bool
is_clients(const struct story *story)
{
	return story_count(story, "waiting") + story_count(story, "open") +
		   story_count(story, "doubt") >
	       0;
}

static void
print_finished(const struct story *story)
{
	struct json_object *mail = story->mail;
	size_t count = fact_count(mail, "recipients");

	if (is_clients(story)) {
		puts("  Nothing: its client was told to try again (451) and "
		     "keeps it; this is only a\n  record.");
		return;
	}
	if (count == 1) {
		g_autofree char *state = story_tell_recipient(
		    story, fact_element(mail, "recipients", 0));

		printf("  Nothing: it is finished: %s.\n", state);
	} else {
		printf("  Nothing: it is finished: of %zu recipients %u "
		       "accepted, %u refused, %u dropped.\n",
		    count, story_count(story, "accepted"),
		    story_count(story, "refused"),
		    story_count(story, "dropped"));
	}
	print_told(story, "refused");
}

/* ---- doubts that were waited out ---- */

static void
raise_number(GHashTable *last, const char *address, unsigned number)
{
	if (g_hash_table_contains(last, address))
		g_hash_table_insert(
		    last, g_strdup(address), GUINT_TO_POINTER(number));
}

/* Who was accepted: address to the number of the last attempt for it. */
static GHashTable *
find_last_attempts(struct json_object *mail)
{
	GHashTable *last =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (size_t i = 0; i < fact_count(mail, "recipients"); i++) {
		struct json_object *recipient =
		    fact_element(mail, "recipients", i);

		if (fact_is(recipient, "state", "accepted"))
			g_hash_table_insert(last,
			    fact_text_or(recipient, "address", "?"), NULL);
	}
	for (size_t i = 0; i < fact_count(mail, "attempts"); i++) {
		struct json_object *attempt = fact_element(mail, "attempts", i);

		for (size_t k = 0; k < fact_count(attempt, "recipients"); k++) {
			g_autofree char *address =
			    fact_text_at(attempt, "recipients", k);
			raise_number(last, address,
			    (unsigned)fact_number(attempt, "number"));
		}
	}
	return last;
}

/* How many of the attempt were accepted by a later one. */
static unsigned
count_sent_again(GHashTable *last, struct json_object *attempt)
{
	unsigned found = 0;

	for (size_t i = 0; i < fact_count(attempt, "recipients"); i++) {
		g_autofree char *address =
		    fact_text_at(attempt, "recipients", i);

		found += GPOINTER_TO_UINT(g_hash_table_lookup(last, address)) >
			 fact_number(attempt, "number");
	}
	return found;
}

static void
print_duplicates(const struct story *story)
{
	struct json_object *mail = story->mail;
	g_autoptr(GHashTable) last = find_last_attempts(mail);

	for (size_t i = 0; i < fact_count(mail, "attempts"); i++) {
		struct json_object *attempt = fact_element(mail, "attempts", i);
		unsigned again = count_sent_again(last, attempt);
		g_autofree char *provider =
		    fact_text_or(attempt, "provider", "a provider");

		if (again == 0 || !fact_is(attempt, "class", "doubt"))
			continue;
		printf("  Attempt %u at %s was in doubt: if %s took it after "
		       "all, it was delivered twice",
		    (unsigned)fact_number(attempt, "number"), provider,
		    provider);
		if (fact_count(mail, "recipients") > 1)
			printf(" (to %u recipient%s)", again,
			    again == 1 ? "" : "s");
		puts(".");
	}
}

/* The first refusal that is not final.  NULL: there is none. */
static struct json_object *
find_weighed(const struct story *story)
{
	for (size_t i = 0; i < fact_count(story->mail, "recipients"); i++) {
		struct json_object *one =
		    fact_element(story->mail, "recipients", i);

		if (story_is_weighed(story, one))
			return one;
	}
	return NULL;
}

static void
print_active(const struct story *story)
{
	struct json_object *weighed = find_weighed(story);

	if (story_count(story, "open") > 0) {
		puts("  It is being sent now.");
	} else if (weighed != NULL) {
		g_autofree char *name =
		    fact_text_or(weighed, "provider", "its provider");
		printf("  Nothing is being sent: %s refused it. Should %s "
		       "refuse all mail it is not\n  believed, and the mail "
		       "is sent again; else that is final, refusal_wait after "
		       "it\n  or sooner, and its sender is told.\n",
		    name, name);
	} else {
		puts(story_count(story, "doubt") == 0
			 ? "  It is being sent now."
			 : "  It is being looked after now.");
	}
}

void
story_next_print(const struct story *story)
{
	struct json_object *mail = story->mail;

	puts("\nWhat happens next");
	if (fact_is(mail, "state", "finished"))
		print_finished(story);
	else if (fact_is(mail, "state", "held"))
		print_held(story);
	else if (fact_is(mail, "state", "active"))
		print_active(story);
	else
		print_waiting(story);
	if (!fact_is(mail, "state", "finished"))
		story_doubt_print(story);
	print_duplicates(story);
	if (story->offline && !fact_is(mail, "state", "finished"))
		puts("  postferry is not running: nothing is sent until it is "
		     "started.");
}
