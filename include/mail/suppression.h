/* SPDX-License-Identifier: MIT */
/*
 * A suppression says that an address gets no mail any more, by whatever
 * provider: it bounced, or its owner complained or wants no more, or a person
 * said so.  Plain data; whoever has it owns it.
 */
#ifndef MAIL_SUPPRESSION_H
#define MAIL_SUPPRESSION_H

#include "core/mailbox.h"
#include "mail/event.h"

/* The numbers are kept on disk: never change one. */
enum suppression_why {
	SUPPRESSION_BOUNCE = 0,      /* refused for good by its server */
	SUPPRESSION_COMPLAINT = 1,   /* its owner called mail spam */
	SUPPRESSION_UNSUBSCRIBE = 2, /* its owner wants no more */
	SUPPRESSION_HAND = 3,        /* a person said so */
};

#define SUPPRESSION_WHYS (SUPPRESSION_HAND + 1)

struct suppression {
	char *address; /* as suppression_key() makes it */
	enum suppression_why why;
	char *provider; /* whose event it was; NULL: nobody's */
	char *mail_id;  /* of our mail that it was about; NULL: not known */
	char *text;     /* what was said; NULL: nothing */
	char *who;      /* by whom it came: "uid 0"; of an event "postferry" */
	int64_t at_ms;  /* wall clock */
};

/* An address as it is looked for: its domain in IDNA form, all letters small
 * (providers tell the local part in any).  New string; NULL: it is none. */
char *suppression_key(const char *address);

/* All zero but address and why; the address (of suppression_key()) is taken
 * over. */
struct suppression *suppression_new(char *address, enum suppression_why why);
void suppression_free(void *suppression);

/* True when such an event is a reason: which one. */
bool suppression_of_event(enum event_kind kind, enum suppression_why *why);

/* "hard bounce", for people. */
const char *suppression_why_text(enum suppression_why why);

/* "hard_bounce", for programs; and back: false for any other text. */
const char *suppression_why_word(enum suppression_why why);
bool suppression_why_read(const char *word, enum suppression_why *why);

/* The setting `suppress`: what enters the list by itself, 1 << why or-ed, of
 * words like "hard_bounces", or "none" alone.  False and *wrong, one of them,
 * when that is none of these. */
bool suppression_read_kinds(
    const char *const *words, unsigned *kinds, const char **wrong);

/* Addresses that were put on the list, or taken off. */
struct suppression_news {
	struct letter letter;
	GPtrArray *addresses; /* char *, as suppression_key() makes them */
	enum suppression_why why;
	bool gone;
};

struct suppression_news *suppression_news_new(void);
void suppression_news_free(struct suppression_news *news);

/* Takes the news over; any thread. */
typedef void (*suppression_news_fn)(
    void *object, struct suppression_news *news);

#endif
