/* SPDX-License-Identifier: MIT */
#include "story_wish.h"

#include "fact.h"
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word, *told;
} returns[] = {
	{ "full", "a bounce is to bring the whole mail back" },
	{ "headers", "a bounce is to bring its header back" },
};

void
story_wish_print(const struct story *story)
{
	g_autofree char *envid = fact_text(story->mail, "envid");
	const char *back = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(returns); i++)
		if (fact_is(story->mail, "return", returns[i].word))
			back = returns[i].told;
	if (envid == NULL && back == NULL)
		return;
	printf("%-12s%s%s%s%s\n", "wishes", back != NULL ? back : "",
	    back != NULL && envid != NULL ? "; " : "",
	    envid != NULL ? "reports are to name it " : "",
	    envid != NULL ? envid : "");
}

static bool
wishes_for(struct json_object *recipient, const char *word)
{
	for (size_t i = 0; i < fact_count(recipient, "notify"); i++) {
		g_autofree char *one = fact_text_at(recipient, "notify", i);

		if (strcmp(one, word) == 0)
			return true;
	}
	return false;
}

/* "success, failure" */
static char *
list_events(struct json_object *recipient)
{
	GString *events = g_string_new(NULL);

	for (size_t i = 0; i < fact_count(recipient, "notify"); i++) {
		g_autofree char *one = fact_text_at(recipient, "notify", i);

		g_string_append_printf(events, "%s%s", i > 0 ? ", " : "", one);
	}
	return g_string_free(events, FALSE);
}

static const char *
tell_success(struct json_object *recipient)
{
	if (!wishes_for(recipient, "success") ||
	    !fact_is(recipient, "state", "accepted"))
		return "";
	return fact_flag(recipient, "success_told")
		   ? "; of the success it was"
		   : "; of the success it was not yet";
}

void
story_wish_print_recipient(struct json_object *recipient)
{
	g_autofree char *original = fact_text(recipient, "original_recipient");
	g_autofree char *events = list_events(recipient);

	if (wishes_for(recipient, "never"))
		printf("%-12sits sender wishes to be told nothing\n", "");
	else if (*events != '\0')
		printf("%-12sits sender wishes to be told of: %s%s\n", "",
		    events, tell_success(recipient));
	if (original != NULL)
		printf("%-12sits address was at first %s\n", "", original);
}

bool
story_wish_is_silent(const struct story *story)
{
	struct json_object *mail = story->mail;
	bool found = false;

	for (size_t i = 0; i < fact_count(mail, "recipients"); i++) {
		struct json_object *one = fact_element(mail, "recipients", i);

		if (!fact_is(one, "state", "refused"))
			continue;
		if (fact_count(one, "notify") == 0 ||
		    wishes_for(one, "failure"))
			return false;
		found = true;
	}
	return found;
}

bool
story_wish_is_last(const struct story *story)
{
	size_t count = fact_count(story->mail, "recipients");

	return fact_is(story->mail, "state", "waiting") &&
	       story_count(story, "accepted") + story_count(story, "refused") +
		       story_count(story, "dropped") ==
		   count;
}
