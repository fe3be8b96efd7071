/* SPDX-License-Identifier: MIT */
#include "hearsay.h"

/* Their clock may be behind ours.  Our id is in our mail only; another mail may
 * have had this Message-ID before. */
#define EARLIER_MS INT64_C(300000)

struct hearsay {
	unsigned count;    /* of references */
	GHashTable *words; /* key (the word's) -> struct word */
	GQueue oldest_first;
};

/* One event under one of the names of its mail. */
struct word {
	char *key;
	enum event_kind kind;
	char *provider_id;
	int64_t at_ms;   /* wall clock, as the provider says */
	int64_t kept_ms; /* monotonic */
	GList link;
};

static void
free_word(gpointer pointer)
{
	struct word *word = pointer;

	g_free(word->key);
	g_free(word->provider_id);
	g_free(word);
}

struct hearsay *
hearsay_new(void)
{
	struct hearsay *hearsay = g_new0(struct hearsay, 1);

	hearsay->count = 1;
	hearsay->words =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_word);
	g_queue_init(&hearsay->oldest_first);
	return hearsay;
}

struct hearsay *
hearsay_ref(struct hearsay *hearsay)
{
	hearsay->count++;
	return hearsay;
}

void
hearsay_unref(struct hearsay *hearsay)
{
	if (--hearsay->count > 0)
		return;
	g_hash_table_unref(hearsay->words);
	g_free(hearsay);
}

unsigned
hearsay_count(const struct hearsay *hearsay)
{
	return g_hash_table_size(hearsay->words);
}

static void
forget(struct hearsay *hearsay, struct word *word)
{
	g_queue_unlink(&hearsay->oldest_first, &word->link);
	g_hash_table_remove(hearsay->words, word->key);
}

static void
forget_old(struct hearsay *hearsay, int64_t now_ms)
{
	struct word *word;

	while ((word = g_queue_peek_head(&hearsay->oldest_first)) != NULL &&
	       (word->kept_ms + HEARSAY_KEEP_MS <= now_ms ||
		   hearsay_count(hearsay) >= HEARSAY_MOST))
		forget(hearsay, word);
}

static char *
make_key(const char *provider, const char *mail, const char *recipient)
{
	g_autofree char *lower = g_ascii_strdown(recipient, -1);

	return g_strdup_printf("%s\n%s\n%s", provider, mail, lower);
}

/* Of several the latest counts. */
static void
keep(struct hearsay *hearsay, const struct event *event, const char *mail,
    int64_t now_ms)
{
	char *key = make_key(event->provider, mail, event->recipient);
	struct word *before = g_hash_table_lookup(hearsay->words, key);
	struct word *word;

	if (before != NULL && before->at_ms > event->at_ms) {
		g_free(key);
		return;
	}
	if (before != NULL)
		forget(hearsay, before);
	word = g_new0(struct word, 1);
	word->key = key;
	word->kind = event->kind;
	word->provider_id = g_strdup(event->provider_id);
	word->at_ms = event->at_ms;
	word->kept_ms = now_ms;
	word->link.data = word;
	g_hash_table_insert(hearsay->words, word->key, word);
	g_queue_push_tail_link(&hearsay->oldest_first, &word->link);
}

/* Nothing is known of when it was sent from when somebody opened it. */
static bool
is_of_use(enum event_kind kind)
{
	return kind <= EVENT_BOUNCED_SOFT && event_is_proof(kind);
}

void
hearsay_keep(struct hearsay *hearsay, const struct event *event, int64_t now_ms)
{
	if (!is_of_use(event->kind))
		return;
	forget_old(hearsay, now_ms);
	if (event->mail_id != NULL)
		keep(hearsay, event, event->mail_id, now_ms);
	if (event->message_id != NULL)
		keep(hearsay, event, event->message_id, now_ms);
}

static const struct word *
find(const struct hearsay *hearsay, const char *provider, const char *mail,
    const char *recipient)
{
	g_autofree char *key = make_key(provider, mail, recipient);

	return g_hash_table_lookup(hearsay->words, key);
}

bool
hearsay_find(const struct hearsay *hearsay, const char *provider,
    const struct inquiry *inquiry, unsigned recipient,
    struct hearsay_word *found)
{
	const char *address = inquiry->recipients[recipient].address;
	const struct word *word = find(hearsay, provider, inquiry->id, address);

	if (word != NULL && word->at_ms < inquiry->begun_ms - EARLIER_MS)
		word = NULL;
	if (word == NULL) {
		word = find(hearsay, provider, inquiry->message_id, address);
		/* some times are in whole seconds */
		if (word == NULL ||
		    word->at_ms / 1000 < inquiry->begun_ms / 1000)
			return false;
	}
	*found = (struct hearsay_word){ word->kind, word->provider_id };
	return true;
}
