/* SPDX-License-Identifier: MIT */
/*
 * A store that answers what the test put into it, and remembers what it was
 * asked.  It takes the place of the real one at the link.
 */
#ifndef TESTS_STATUS_FAKE_STORE_H
#define TESTS_STATUS_FAKE_STORE_H

#include "core/budget.h"
#include "store.h"

#include <string.h>

#define FAKE_ID    "01KAKX3V5T8Q2N7R4M6P9S1WAB"
#define FAKE_OTHER "01KAKX3V5T8Q2N7R4M6P9S1WAC"

struct store {
	/* what it has */
	struct store_mail *mail; /* known by its id, listed; NULL: none */
	struct spool *spool;
	struct store_counts counts;
	const char *obstacle;
	unsigned changed;
	uint64_t version;
	void (*during)(void *object); /* called while it is asked */
	void *object;

	/* what it was asked last */
	unsigned asked; /* times */
	enum store_question question;
	char id[64];
	char who[64];
	char recipient[64];
	unsigned limit;
	unsigned parts;
	int place;
};

uint64_t
store_version(const struct store *store)
{
	return store->version;
}

void
store_answer(struct store *store, struct store_ask *ask)
{
	store->asked++;
	store->question = ask->question;
	g_strlcpy(store->id, ask->id != NULL ? ask->id : "", sizeof store->id);
	g_strlcpy(
	    store->who, ask->who != NULL ? ask->who : "", sizeof store->who);
	store->limit = ask->limit;
	store->parts = ask->parts;
	store->place = ask->place;
	if (store->during != NULL)
		store->during(store->object);
	/* of finished mail the records know the story, and nothing else */
	ask->found = store->mail != NULL && ask->id != NULL &&
		     strcmp(ask->id, store->mail->id) == 0 &&
		     (ask->question == STORE_MAIL ||
			 store->mail->place != STORE_FINISHED);
	ask->obstacle = g_strdup(store->obstacle);
	ask->changed = store->changed;
	ask->counts = store->counts;
	if (ask->question == STORE_LIST || ask->question == STORE_MAIL)
		ask->mails = g_ptr_array_new();
	if ((ask->question == STORE_LIST && store->mail != NULL) ||
	    (ask->question == STORE_MAIL && ask->found))
		g_ptr_array_add(ask->mails, store->mail);
	if (ask->question == STORE_LIST && ask->mails->len == ask->limit)
		g_strlcpy(ask->next, store->mail->id, sizeof ask->next);
	g_strlcpy(store->recipient,
	    ask->filter.recipient != NULL ? ask->filter.recipient : "",
	    sizeof store->recipient);
	if (ask->question == STORE_BODY && ask->found)
		ask->spool = spool_ref(store->spool);
}

void
store_ask_clear(struct store_ask *ask)
{
	g_clear_pointer(&ask->obstacle, g_free);
	g_clear_pointer(&ask->mails, g_ptr_array_unref);
	g_clear_pointer(&ask->spool, spool_unref);
}

const char *
store_place_text(enum store_place place)
{
	static const char *const texts[] = { "waiting", "active", "held",
		"finished" };

	return texts[place];
}

/* A sealed spool of these bytes. */
static inline struct spool *
make_spool(const struct spool_place *place, const char *bytes, size_t length)
{
	struct spool *spool = spool_new(place);

	g_assert(spool_append(spool, bytes, length));
	g_assert(spool_seal(spool));
	return spool;
}

#endif
