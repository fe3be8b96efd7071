/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <string.h>

struct entry {
	char *key;
	char id[ID_LENGTH + 1]; /* of the mail that told it */
	int64_t until_ms;
	struct ledger_recipient recipient; /* owns its text */
	GList link;                        /* in the order of until_ms */
};

/* What is remembered, by one dispatcher or several: there a provider goes by
 * its place among the names, for its number may be another one in each. */
struct shelf {
	unsigned users;
	GHashTable *entries; /* key (the entry's) -> struct entry, owned */
	GQueue oldest_first;
	GPtrArray *names; /* char *, of all providers there ever were, as far
			   * as a ledger can name so many */
};

struct memory {
	struct shelf *shelf;
	struct memory_limits limits;
	unsigned places[LEDGER_PROVIDERS_MAX]; /* of each provider, or NOBODY */
};

static void
free_entry(gpointer pointer)
{
	struct entry *entry = pointer;

	g_free(entry->recipient.id);
	g_free(entry->recipient.text);
	g_free(entry->key);
	g_free(entry);
}

static struct shelf *
make_shelf(void)
{
	struct shelf *shelf = g_new0(struct shelf, 1);

	shelf->entries =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
	g_queue_init(&shelf->oldest_first);
	shelf->names = g_ptr_array_new_with_free_func(g_free);
	return shelf;
}

static struct memory *
open_shelf(struct shelf *shelf, const struct memory_limits *limits)
{
	struct memory *memory = g_new0(struct memory, 1);

	shelf->users++;
	memory->shelf = shelf;
	memory->limits = *limits;
	for (unsigned i = 0; i < LEDGER_PROVIDERS_MAX; i++)
		memory->places[i] = i;
	return memory;
}

struct memory *
memory_new(const struct memory_limits *limits)
{
	return open_shelf(make_shelf(), limits);
}

struct memory *
memory_share(struct memory *memory, const struct memory_limits *limits)
{
	return open_shelf(memory->shelf, limits);
}

static unsigned
find_place(GPtrArray *names, const char *name)
{
	for (unsigned i = 0; i < names->len; i++)
		if (strcmp(names->pdata[i], name) == 0)
			return i;
	if (names->len >= LEDGER_PROVIDERS_MAX)
		return LEDGER_NOBODY;
	g_ptr_array_add(names, g_strdup(name));
	return names->len - 1;
}

void
memory_name(struct memory *memory, const char *const *names)
{
	for (unsigned i = 0; i < LEDGER_PROVIDERS_MAX; i++)
		memory->places[i] = LEDGER_NOBODY;
	for (unsigned i = 0; names[i] != NULL; i++)
		memory->places[i] = find_place(memory->shelf->names, names[i]);
}

static unsigned
place_one(const struct memory *memory, unsigned number)
{
	return number < LEDGER_PROVIDERS_MAX ? memory->places[number]
					     : LEDGER_NOBODY;
}

static unsigned
number_one(const struct memory *memory, unsigned place)
{
	for (unsigned i = 0; i < LEDGER_PROVIDERS_MAX; i++)
		if (place != LEDGER_NOBODY && memory->places[i] == place)
			return i;
	return LEDGER_NOBODY;
}

typedef unsigned (*turn_fn)(const struct memory *memory, unsigned provider);

static uint32_t
turn_set(const struct memory *memory, uint32_t set, turn_fn turn)
{
	uint32_t turned = 0;

	for (unsigned i = 0; set >> i != 0; i++) {
		unsigned other = set >> i & 1 ? turn(memory, i) : LEDGER_NOBODY;
		if (other != LEDGER_NOBODY)
			turned |= UINT32_C(1) << other;
		if (i + 1 == LEDGER_PROVIDERS_MAX)
			break;
	}
	return turned;
}

static void
turn_recipient(const struct memory *memory, struct ledger_recipient *recipient,
    turn_fn turn)
{
	recipient->provider = turn(memory, recipient->provider);
	recipient->open_by = turn(memory, recipient->open_by);
	recipient->tried = turn_set(memory, recipient->tried, turn);
	recipient->refused_by = turn_set(memory, recipient->refused_by, turn);
}

void
memory_turn(const struct memory *one, const struct memory *other,
    struct ledger_recipient *recipient)
{
	turn_recipient(one, recipient, place_one);
	turn_recipient(other, recipient, number_one);
}

void
memory_free(struct memory *memory)
{
	if (memory == NULL)
		return;
	struct shelf *shelf = memory->shelf;
	if (--shelf->users == 0) {
		g_hash_table_unref(shelf->entries);
		g_ptr_array_unref(shelf->names);
		g_free(shelf);
	}
	g_free(memory);
}

static void
put_digest(char text[static 17], uint64_t digest)
{
	for (int i = 0; i < 16; i++, digest <<= 4)
		text[i] = "0123456789abcdef"[digest >> 60];
	text[16] = '\0';
}

/* What a mail and its resend have in common beside their bytes.  A Message-ID
 * we made differs at each resend and tells nothing. */
static const char *
find_mark(const struct message *message)
{
	if (message->submission->resend_key != NULL)
		return message->submission->resend_key;
	return message->had_message_id ? message->message_id : "";
}

bool
memory_knows(const struct message *message)
{
	return *find_mark(message) != '\0';
}

static char *
make_key(const struct message *message, unsigned recipient)
{
	const struct envelope *envelope = message->submission->envelope;

	char digest[17];

	/* for the key alone printf would take as long as all else here */
	put_digest(digest, spool_digest(message->submission->spool));
	return g_strconcat(envelope->sender ? envelope->sender->text : "", "\n",
	    find_mark(message), "\n", digest, "\n",
	    envelope_recipient(envelope, recipient)->text, NULL);
}

static void
forget(struct memory *memory, struct entry *entry)
{
	g_queue_unlink(&memory->shelf->oldest_first, &entry->link);
	g_hash_table_remove(memory->shelf->entries, entry->key);
}

static void
forget_old(struct memory *memory, int64_t now_ms)
{
	GList *first;

	while ((first = g_queue_peek_head_link(&memory->shelf->oldest_first))) {
		struct entry *entry = first->data;
		if (entry->until_ms > now_ms &&
		    memory_count(memory) <= memory->limits.most)
			return;
		forget(memory, entry);
	}
}

static struct entry *
find_entry(
    const struct memory *memory, const struct message *message, unsigned i)
{
	if (memory_count(memory) == 0)
		return NULL;
	g_autofree char *key = make_key(message, i);
	return g_hash_table_lookup(memory->shelf->entries, key);
}

/* Whoever is asked about the doubt knows it by the sending that left it. */
static void
recall_entry(const struct memory *memory, struct ledger *ledger,
    unsigned recipient, const struct entry *entry)
{
	char *mail = ledger->recipients[recipient].doubt.mail;
	struct ledger_recipient known = entry->recipient; /* borrows its text */

	turn_recipient(memory, &known, number_one);
	ledger_recall(ledger, recipient, &known);
	if (*mail == '\0')
		g_strlcpy(mail, entry->id, ID_LENGTH + 1);
}

unsigned
memory_recall(struct memory *memory, const struct message *message,
    struct ledger *ledger, int64_t now_ms)
{
	unsigned known = 0;

	forget_old(memory, now_ms);
	for (unsigned i = 0; i < ledger->count; i++) {
		const struct entry *entry = find_entry(memory, message, i);
		if (entry == NULL)
			continue;
		recall_entry(memory, ledger, i, entry);
		known++;
	}
	return known;
}

/* The doubt was of that sending, and it has ended: nobody took it then. */
static bool
was_refused(const struct entry *entry, const struct ledger_recipient *doubtful)
{
	return entry->recipient.state == RECIPIENT_WAITING &&
	       strcmp(entry->id, doubtful->doubt.mail) == 0;
}

static bool
is_news(const struct entry *entry, const struct ledger_recipient *doubtful)
{
	const struct ledger_recipient *known = &entry->recipient;

	return known->state == RECIPIENT_ACCEPTED ||
	       known->state == RECIPIENT_REFUSED ||
	       known->state == RECIPIENT_DROPPED ||
	       was_refused(entry, doubtful) ||
	       (known->state == RECIPIENT_DOUBT &&
		   (known->doubt.until_ms > doubtful->doubt.until_ms ||
		       known->doubts > doubtful->doubts));
}

void
memory_review(struct memory *memory, const struct message *message,
    struct ledger *ledger, int64_t now_ms)
{
	forget_old(memory, now_ms);
	for (unsigned i = 0; i < ledger->count; i++) {
		struct ledger_recipient *r = &ledger->recipients[i];
		const struct entry *entry;
		if (r->state != RECIPIENT_DOUBT ||
		    (entry = find_entry(memory, message, i)) == NULL ||
		    strcmp(entry->id, message->submission->id) == 0)
			continue;
		if (is_news(entry, r))
			recall_entry(memory, ledger, i, entry);
	}
}

static struct entry *
make_entry(const struct memory *memory, const struct message *message,
    const struct ledger *ledger, unsigned i)
{
	const struct ledger_recipient *recipient = &ledger->recipients[i];
	struct entry *entry = g_new0(struct entry, 1);

	entry->key = make_key(message, i);
	g_strlcpy(entry->id, message->submission->id, sizeof entry->id);
	entry->recipient = *recipient;
	turn_recipient(memory, &entry->recipient, place_one);
	entry->recipient.id = g_strdup(recipient->id);
	entry->recipient.text = g_strdup(recipient->text);
	entry->link.data = entry;
	return entry;
}

/* Of two sendings of the same mail one may know better: that it was accepted,
 * that it never will be, or that it may have been. */
static bool
knows_better(const struct entry *old, const struct entry *new, int64_t now_ms)
{
	const struct ledger_recipient *known = &old->recipient;
	const struct ledger_recipient *told = &new->recipient;

	if (known->state == RECIPIENT_ACCEPTED)
		return true;
	/* the queue's, however long it takes there */
	if (known->state == RECIPIENT_DROPPED)
		return !recipient_is_final(told->state);
	if (told->state == RECIPIENT_ACCEPTED || strcmp(old->id, new->id) == 0)
		return false;
	if (known->state == RECIPIENT_REFUSED)
		return true;
	if (strcmp(known->doubt.mail, new->id) == 0) /* at first hand */
		return false;
	if (known->state != RECIPIENT_DOUBT)
		return false;
	/* one that was waited out counts all the same */
	if (known->doubt.until_ms <= now_ms)
		return told->state == RECIPIENT_WAITING &&
		       told->doubts < known->doubts;
	if (told->state != RECIPIENT_DOUBT)
		return told->state == RECIPIENT_WAITING;
	if (told->doubt.until_ms != known->doubt.until_ms)
		return told->doubt.until_ms < known->doubt.until_ms;
	return told->doubt.asks <= known->doubt.asks;
}

/* What two sendings learnt adds up: who refused it, how often it was in
 * doubt. */
static void
add_to(struct ledger_recipient *kept, const struct ledger_recipient *other)
{
	kept->refused_by |= other->refused_by;
	kept->doubts = MAX(kept->doubts, other->doubts);
}

/* The same mail was sent again: it may be once more. */
static void
renew(struct memory *memory, struct entry *entry, int64_t until_ms)
{
	entry->until_ms = until_ms;
	g_queue_unlink(&memory->shelf->oldest_first, &entry->link);
	g_queue_push_tail_link(&memory->shelf->oldest_first, &entry->link);
}

/* Takes the entry over. */
static void
enter(struct memory *memory, struct entry *entry, int64_t now_ms)
{
	struct entry *old =
	    g_hash_table_lookup(memory->shelf->entries, entry->key);

	if (old != NULL && knows_better(old, entry, now_ms)) {
		add_to(&old->recipient, &entry->recipient);
		renew(memory, old, entry->until_ms);
		free_entry(entry);
		return;
	}
	if (old != NULL) {
		add_to(&entry->recipient, &old->recipient);
		forget(memory, old);
	}
	if (entry->recipient.state == RECIPIENT_WAITING &&
	    entry->recipient.refused_by == 0 && entry->recipient.doubts == 0) {
		free_entry(entry);
		return;
	}
	g_queue_push_tail_link(&memory->shelf->oldest_first, &entry->link);
	g_hash_table_insert(memory->shelf->entries, entry->key, entry);
}

static void
keep_one(struct memory *memory, struct entry *entry, int64_t now_ms)
{
	struct ledger_recipient *r = &entry->recipient;

	entry->until_ms = now_ms + memory->limits.keep_ms;
	if (r->state == RECIPIENT_OPEN) {
		r->state = RECIPIENT_DOUBT;
		r->provider = r->open_by;
		r->doubt = (struct ledger_doubt){
			.until_ms = now_ms + memory->limits.open_ms,
			.since_ms = r->doubt.same ? r->doubt.since_ms : now_ms,
		};
	}
	enter(memory, entry, now_ms);
}

void
memory_keep(struct memory *memory, const struct message *message,
    const struct ledger *ledger, int64_t now_ms)
{
	for (unsigned i = 0; i < ledger->count; i++)
		keep_one(
		    memory, make_entry(memory, message, ledger, i), now_ms);
	forget_old(memory, now_ms);
}

void
memory_refresh(struct memory *memory, const struct message *message,
    const struct ledger *ledger, int64_t now_ms)
{
	for (unsigned i = 0; i < ledger->count; i++) {
		const struct entry *old = find_entry(memory, message, i);
		if (old != NULL &&
		    strcmp(old->id, message->submission->id) == 0)
			keep_one(memory, make_entry(memory, message, ledger, i),
			    now_ms);
	}
	forget_old(memory, now_ms);
}

static void
own_one(struct memory *memory, const struct message *message, unsigned i,
    int64_t now_ms)
{
	const char *id = message->submission->id;
	struct entry *entry = find_entry(memory, message, i);

	if (entry != NULL && recipient_is_final(entry->recipient.state))
		return;
	if (entry != NULL)
		forget(memory, entry);
	entry = g_new0(struct entry, 1);
	entry->key = make_key(message, i);
	g_strlcpy(entry->id, id, sizeof entry->id);
	entry->until_ms = now_ms + memory->limits.keep_ms;
	entry->recipient = (struct ledger_recipient){
		.state = RECIPIENT_DROPPED,
		.provider = LEDGER_NOBODY,
		.text = g_strconcat("queued already as ", id, NULL),
	};
	entry->link.data = entry;
	g_queue_push_tail_link(&memory->shelf->oldest_first, &entry->link);
	g_hash_table_insert(memory->shelf->entries, entry->key, entry);
}

void
memory_own(struct memory *memory, const struct message *message, int64_t now_ms)
{
	unsigned count = message->submission->envelope->recipients->len;

	/* else it may be another mail, that is meant */
	if (!memory_knows(message))
		return;
	for (unsigned i = 0; i < count; i++)
		own_one(memory, message, i, now_ms);
	forget_old(memory, now_ms);
}

void
memory_forget(struct memory *memory, const struct message *message)
{
	unsigned count = message->submission->envelope->recipients->len;

	for (unsigned i = 0; i < count; i++) {
		struct entry *entry = find_entry(memory, message, i);
		if (entry != NULL)
			forget(memory, entry);
	}
}

unsigned
memory_count(const struct memory *memory)
{
	return g_hash_table_size(memory->shelf->entries);
}
