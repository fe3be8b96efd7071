/* SPDX-License-Identifier: MIT */
#include "story_event.h"

#include "fact.h"

static const struct {
	const char *kind;
	const char *words;
	bool fate; /* it says what became of the mail */
} rows[] = {
	{ "accepted", "it has the mail", false },
	{ "delivered", "delivered", true },
	{ "deferred", "put off, it is tried again", true },
	{ "bounced", "bounced", true },
	{ "soft-bounced", "given up", true },
	{ "rejected", "never sent", true },
	{ "complained", "called spam by its recipient", true },
	{ "unsubscribed", "its recipient wants no more", false },
	{ "opened", "opened", false },
	{ "clicked", "a link in it was followed", false },
};

static const char *
find_words(struct json_object *event)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (fact_is(event, "kind", rows[i].kind))
			return rows[i].words;
	return "something that this command does not know";
}

static bool
tells_fate(struct json_object *event)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (fact_is(event, "kind", rows[i].kind))
			return rows[i].fate;
	return false;
}

/* ", 550 5.1.1: no such user", as far as it is known. */
static void
add_reason(GString *text, struct json_object *event)
{
	g_autofree char *said = fact_text_or(event, "text", "");
	g_autofree char *enhanced = fact_text_or(event, "enhanced", "");
	unsigned status = (unsigned)fact_number(event, "status");

	if (status != 0)
		g_string_append_printf(text, ", %u", status);
	if (*enhanced != '\0')
		g_string_append_printf(
		    text, "%s%s", status != 0 ? " " : ", ", enhanced);
	if (*said != '\0')
		g_string_append_printf(text, ": %s", said);
}

char *
story_event_tell(struct json_object *event)
{
	GString *text = g_string_new(NULL);
	g_autofree char *provider =
	    fact_text_or(event, "provider", "a provider");
	g_autofree char *recipient = fact_text(event, "recipient");

	g_string_append_printf(
	    text, "%s tells: %s", provider, find_words(event));
	if (recipient != NULL)
		g_string_append_printf(text, " (<%s>)", recipient);
	add_reason(text, event);
	return g_string_free(text, FALSE);
}

char *
story_event_tell_last(struct json_object *mail, struct json_object *recipient)
{
	GString *text = g_string_new(NULL);
	g_autofree char *address = fact_text_or(recipient, "address", "");
	struct json_object *last = NULL;

	for (size_t i = 0; i < fact_count(mail, "events"); i++) {
		struct json_object *event = fact_element(mail, "events", i);

		if (fact_is(event, "recipient", address) && tells_fate(event))
			last = event;
	}
	if (last != NULL) {
		g_string_append_printf(text, "; %s", find_words(last));
		add_reason(text, last);
	}
	return g_string_free(text, FALSE);
}
