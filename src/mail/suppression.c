/* SPDX-License-Identifier: MIT */
#include "mail/suppression.h"

#include "mail/address.h"
#include <string.h>

static const struct {
	const char *text, *word;
	const char *kind; /* as the setting has it; NULL: no event is one */
} rows[] = {
	[SUPPRESSION_BOUNCE] = { "hard bounce", "hard_bounce", "hard_bounces" },
	[SUPPRESSION_COMPLAINT] = { "complaint", "complaint", "complaints" },
	[SUPPRESSION_UNSUBSCRIBE] = { "unsubscribe", "unsubscribe",
	    "unsubscribes" },
	[SUPPRESSION_HAND] = { "added by hand", "by_hand", NULL },
};

/* The setting that lets nothing enter. */
#define NONE "none"

char *
suppression_key(const char *address)
{
	enum address_fault fault;
	struct address *parsed =
	    address_parse(address, strlen(address), NULL, &fault);
	char *key;

	if (parsed == NULL)
		return NULL;
	key = g_ascii_strdown(parsed->text, -1);
	address_free(parsed);
	return key;
}

struct suppression *
suppression_new(char *address, enum suppression_why why)
{
	struct suppression *suppression = g_new0(struct suppression, 1);

	suppression->address = address;
	suppression->why = why;
	return suppression;
}

void
suppression_free(void *object)
{
	struct suppression *suppression = object;

	if (suppression == NULL)
		return;
	g_free(suppression->address);
	g_free(suppression->provider);
	g_free(suppression->mail_id);
	g_free(suppression->text);
	g_free(suppression->who);
	g_free(suppression);
}

bool
suppression_of_event(enum event_kind kind, enum suppression_why *why)
{
	switch (kind) {
	case EVENT_BOUNCED_HARD:
		*why = SUPPRESSION_BOUNCE;
		return true;
	case EVENT_COMPLAINED:
		*why = SUPPRESSION_COMPLAINT;
		return true;
	case EVENT_UNSUBSCRIBED:
		*why = SUPPRESSION_UNSUBSCRIBE;
		return true;
	default:
		return false;
	}
}

const char *
suppression_why_text(enum suppression_why why)
{
	return rows[why].text;
}

const char *
suppression_why_word(enum suppression_why why)
{
	return rows[why].word;
}

bool
suppression_why_read(const char *word, enum suppression_why *why)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].word, word) == 0) {
			*why = (enum suppression_why)i;
			return true;
		}
	return false;
}

static bool
read_kind(const char *word, unsigned *kinds)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_strcmp0(rows[i].kind, word) == 0) {
			*kinds |= 1u << i;
			return true;
		}
	return false;
}

bool
suppression_read_kinds(
    const char *const *words, unsigned *kinds, const char **wrong)
{
	*kinds = 0;
	if (words[0] != NULL && words[1] == NULL && strcmp(words[0], NONE) == 0)
		return true;
	for (; *words != NULL; words++)
		if (!read_kind(*words, kinds)) {
			*wrong = *words;
			return false;
		}
	return true;
}

struct suppression_news *
suppression_news_new(void)
{
	struct suppression_news *news = g_new0(struct suppression_news, 1);

	news->addresses = g_ptr_array_new_with_free_func(g_free);
	return news;
}

void
suppression_news_free(struct suppression_news *news)
{
	if (news == NULL)
		return;
	g_ptr_array_unref(news->addresses);
	g_free(news);
}
