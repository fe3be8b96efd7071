/* SPDX-License-Identifier: MIT */
#include "dispatch/suppressions.h"

#include "core/siphash.h"
#include <string.h>

/* The lowest bits say why. */
#define WHY_BITS 2
#define WHY_MASK ((UINT64_C(1) << WHY_BITS) - 1)

G_STATIC_ASSERT(SUPPRESSION_WHYS <= 1 << WHY_BITS);

struct suppressions {
	struct loop *loop;
	struct siphash_key key;
	GArray *entries; /* uint64_t, in order; no two alike but for why */
	bool ordered;
	unsigned version;
};

/* Everyone's who posts. */
struct post {
	struct letter letter;
	struct suppressions *suppressions;
	struct suppression_news *news;
};

struct suppressions *
suppressions_new(struct loop *loop)
{
	struct suppressions *suppressions = g_new0(struct suppressions, 1);

	suppressions->loop = loop;
	suppressions->key = siphash_key();
	suppressions->entries = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	suppressions->ordered = true;
	return suppressions;
}

void
suppressions_free(struct suppressions *suppressions)
{
	if (suppressions == NULL)
		return;
	g_array_unref(suppressions->entries);
	g_free(suppressions);
}

static uint64_t
make_entry(const struct suppressions *suppressions, const char *address,
    enum suppression_why why)
{
	uint64_t hash = siphash(&suppressions->key, address, strlen(address));

	return (hash & ~WHY_MASK) | (uint64_t)why;
}

static uint64_t
entry_at(const GArray *entries, unsigned i)
{
	return g_array_index(entries, uint64_t, i);
}

static int
compare(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

static bool
is_same(uint64_t a, uint64_t b)
{
	return a >> WHY_BITS == b >> WHY_BITS;
}

/* The first that is not before the entry, whatever its reason. */
static unsigned
find_place(const GArray *entries, uint64_t entry)
{
	unsigned from = 0, to = entries->len;

	while (from < to) {
		unsigned middle = from + (to - from) / 2;

		if (entry_at(entries, middle) >> WHY_BITS < entry >> WHY_BITS)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void
order(struct suppressions *suppressions)
{
	if (!suppressions->ordered)
		g_array_sort(suppressions->entries, compare);
	suppressions->ordered = true;
}

static bool
has(const GArray *entries, uint64_t entry, unsigned *place)
{
	*place = find_place(entries, entry);
	return *place < entries->len &&
	       is_same(entry_at(entries, *place), entry);
}

void
suppressions_load(void *object, const char *address, enum suppression_why why)
{
	struct suppressions *suppressions = object;
	uint64_t entry = make_entry(suppressions, address, why);

	g_array_append_val(suppressions->entries, entry);
	suppressions->ordered = false;
	suppressions->version = 1;
}

/* In order, each once. */
static GArray *
list_entries(const struct suppressions *suppressions,
    const struct suppression_news *news)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	GArray *list = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	for (unsigned i = 0; i < news->addresses->len; i++) {
		uint64_t entry = make_entry(
		    suppressions, news->addresses->pdata[i], news->why);

		g_array_append_val(all, entry);
	}
	g_array_sort(all, compare);
	for (unsigned i = 0; i < all->len; i++) {
		uint64_t entry = entry_at(all, i);

		if (i == 0 || entry_at(all, i - 1) != entry)
			g_array_append_val(list, entry);
	}
	return list;
}

/* Those that are there already keep their reason. */
static void
drop_known(GArray *list, const GArray *entries)
{
	unsigned kept = 0, place;

	for (unsigned i = 0; i < list->len; i++) {
		uint64_t entry = entry_at(list, i);

		if (!has(entries, entry, &place))
			g_array_index(list, uint64_t, kept++) = entry;
	}
	g_array_set_size(list, kept);
}

/* From the end on, so that nothing is written over before it was moved. */
static void
merge(GArray *entries, const GArray *list)
{
	unsigned old = entries->len, fresh = list->len;

	g_array_set_size(entries, old + fresh);
	for (unsigned to = entries->len; fresh > 0; to--) {
		bool is_old = old > 0 && entry_at(entries, old - 1) >
					     entry_at(list, fresh - 1);

		g_array_index(entries, uint64_t, to - 1) =
		    is_old ? entry_at(entries, --old) : entry_at(list, --fresh);
	}
}

static void
take_out(GArray *entries, const GArray *list)
{
	unsigned kept = 0, next = 0;

	for (unsigned i = 0; i < entries->len; i++) {
		uint64_t entry = entry_at(entries, i);

		while (next < list->len &&
		       entry_at(list, next) >> WHY_BITS < entry >> WHY_BITS)
			next++;
		if (next < list->len && is_same(entry_at(list, next), entry))
			continue;
		g_array_index(entries, uint64_t, kept++) = entry;
	}
	g_array_set_size(entries, kept);
}

static void
on_post(void *owner, struct letter *letter)
{
	struct post *post = LETTER_OF(letter, struct post, letter);
	struct suppressions *suppressions = post->suppressions;
	g_autoptr(GArray) list = list_entries(suppressions, post->news);

	(void)owner;
	order(suppressions);
	if (post->news->gone) {
		take_out(suppressions->entries, list);
	} else {
		drop_known(list, suppressions->entries);
		merge(suppressions->entries, list);
	}
	suppressions->version++;
	suppression_news_free(post->news);
	g_free(post);
}

void
suppressions_post(void *object, struct suppression_news *news)
{
	struct suppressions *suppressions = object;
	struct post *post = g_new0(struct post, 1);

	post->suppressions = suppressions;
	post->news = news;
	loop_post(suppressions->loop, &post->letter, on_post);
}

bool
suppressions_have(struct suppressions *suppressions, const char *address,
    enum suppression_why *why)
{
	g_autofree char *key = NULL;
	unsigned place;

	if (suppressions->entries->len == 0)
		return false;
	order(suppressions);
	key = g_ascii_strdown(address, -1);
	if (!has(suppressions->entries, make_entry(suppressions, key, 0),
		&place))
		return false;
	*why = (enum suppression_why)(
	    entry_at(suppressions->entries, place) & WHY_MASK);
	return true;
}

unsigned
suppressions_count(const struct suppressions *suppressions)
{
	return suppressions->entries->len;
}

unsigned
suppressions_version(const struct suppressions *suppressions)
{
	return suppressions->version;
}
