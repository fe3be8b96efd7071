/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <inttypes.h>

struct entry {
	char *key;
	int64_t until_ms;
	struct ledger_recipient recipient; /* owns its text */
	GList link;                        /* in the order of until_ms */
};

struct memory {
	GHashTable *entries; /* key (the entry's) -> struct entry, owned */
	GQueue oldest_first;
	struct memory_limits limits;
};

static void
free_entry(gpointer pointer)
{
	struct entry *entry = pointer;

	g_free(entry->recipient.text);
	g_free(entry->key);
	g_free(entry);
}

struct memory *
memory_new(const struct memory_limits *limits)
{
	struct memory *memory = g_new0(struct memory, 1);

	memory->entries =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
	g_queue_init(&memory->oldest_first);
	memory->limits = *limits;
	return memory;
}

void
memory_free(struct memory *memory)
{
	if (memory == NULL)
		return;
	g_hash_table_unref(memory->entries);
	g_free(memory);
}

/* A Message-ID we made differs at each resend and tells nothing. */
static char *
make_key(const struct message *message, unsigned recipient)
{
	const struct envelope *envelope = message->submission->envelope;

	return g_strdup_printf("%s\n%s\n%016" PRIx64 "\n%s",
	    envelope->sender ? envelope->sender->text : "",
	    message->had_message_id ? message->message_id : "",
	    spool_digest(message->submission->spool),
	    envelope_recipient(envelope, recipient)->text);
}

static void
forget(struct memory *memory, struct entry *entry)
{
	g_queue_unlink(&memory->oldest_first, &entry->link);
	g_hash_table_remove(memory->entries, entry->key);
}

static void
forget_old(struct memory *memory, int64_t now_ms)
{
	GList *first;

	while ((first = g_queue_peek_head_link(&memory->oldest_first))) {
		struct entry *entry = first->data;
		if (entry->until_ms > now_ms &&
		    memory_count(memory) <= memory->limits.most)
			return;
		forget(memory, entry);
	}
}

unsigned
memory_recall(struct memory *memory, const struct message *message,
    struct ledger *ledger, int64_t now_ms)
{
	unsigned known = 0;

	forget_old(memory, now_ms);
	if (memory_count(memory) == 0)
		return 0;
	for (unsigned i = 0; i < ledger->count; i++) {
		g_autofree char *key = make_key(message, i);
		struct entry *entry = g_hash_table_lookup(memory->entries, key);
		if (entry == NULL)
			continue;
		struct ledger_recipient *r = &ledger->recipients[i];
		g_free(r->text);
		*r = entry->recipient;
		r->text = g_strdup(entry->recipient.text);
		known++;
	}
	return known;
}

static void
keep_recipient(struct memory *memory, char *key,
    const struct ledger_recipient *recipient, int64_t now_ms)
{
	struct entry *entry = g_hash_table_lookup(memory->entries, key);

	if (entry != NULL)
		forget(memory, entry);
	entry = g_new0(struct entry, 1);
	entry->key = key;
	entry->until_ms = now_ms + memory->limits.keep_ms;
	entry->recipient = *recipient;
	entry->recipient.text = g_strdup(recipient->text);
	if (recipient->state == LEDGER_OPEN) {
		entry->recipient.state = LEDGER_DOUBT;
		entry->recipient.doubt_ms = now_ms + memory->limits.open_ms;
	}
	entry->link.data = entry;
	g_queue_push_tail_link(&memory->oldest_first, &entry->link);
	g_hash_table_insert(memory->entries, entry->key, entry);
}

void
memory_keep(struct memory *memory, const struct message *message,
    const struct ledger *ledger, int64_t now_ms)
{
	for (unsigned i = 0; i < ledger->count; i++) {
		const struct ledger_recipient *r = &ledger->recipients[i];
		if (r->state != LEDGER_WAITING)
			keep_recipient(memory, make_key(message, i), r, now_ms);
	}
	forget_old(memory, now_ms);
}

unsigned
memory_count(const struct memory *memory)
{
	return g_hash_table_size(memory->entries);
}
