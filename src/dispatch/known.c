/* SPDX-License-Identifier: MIT */
#include "known.h"

#include "core/clock.h"
#include <string.h>

/* The longest a doubt may be waited out by the settings: a wall clock that was
 * set back does not make it longer. */
#define DOUBT_MAX_MS (24 * 60 * 60 * INT64_C(1000))

struct known_terms
known_now(const char *const *names)
{
	return (struct known_terms){
		.names = names,
		.wall_ms = clock_wall_ms(),
		.now_ms = clock_monotonic_ms(),
	};
}

static unsigned
find_number(const struct known_terms *terms, const char *name)
{
	for (unsigned i = 0; name != NULL && terms->names[i] != NULL; i++)
		if (strcmp(terms->names[i], name) == 0)
			return i;
	return LEDGER_NOBODY;
}

static uint32_t
find_numbers(const struct known_terms *terms, char *const *names)
{
	uint32_t found = 0;

	for (; names != NULL && *names != NULL; names++) {
		unsigned number = find_number(terms, *names);
		if (number != LEDGER_NOBODY)
			found |= 1u << number;
	}
	return found;
}

/* Never 0 or below, which a fresh doubt has. */
static int64_t
find_doubt_end(const struct recipient *known, const struct known_terms *terms)
{
	int64_t left = MIN(known->until_ms - terms->wall_ms, DOUBT_MAX_MS);

	return MAX(terms->now_ms + left, (int64_t)1);
}

void
known_recall(struct ledger *ledger, const struct recipient *known,
    const struct known_terms *terms)
{
	for (unsigned i = 0; i < ledger->count; i++) {
		const struct recipient *r = &known[i];
		struct ledger_recipient entry = {
			.state = r->state,
			.class = r->class,
			.refused_by = find_numbers(terms, r->refused_by),
			.provider = find_number(terms, r->provider),
			.status = r->status,
			.suppressed = r->suppressed,
			.id = r->id,
			.text = r->text,
			.doubts = r->doubts,
		};
		/* an attempt nobody ended */
		if (r->state == RECIPIENT_OPEN)
			entry.state = RECIPIENT_DOUBT;
		if (r->state == RECIPIENT_DOUBT)
			entry.doubt_ms = find_doubt_end(r, terms);
		ledger_recall(ledger, i, &entry);
	}
}

static const char *
find_name(const struct known_terms *terms, unsigned number)
{
	return number != LEDGER_NOBODY ? terms->names[number] : NULL;
}

static char **
list_names(const struct known_terms *terms, uint32_t numbers)
{
	GPtrArray *names;

	if (numbers == 0)
		return NULL;
	names = g_ptr_array_new();
	for (unsigned i = 0; terms->names[i] != NULL; i++)
		if (numbers & 1u << i)
			g_ptr_array_add(names, g_strdup(terms->names[i]));
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

void
known_tell(const struct ledger *ledger, unsigned number,
    const struct known_terms *terms, struct recipient *out)
{
	const struct ledger_recipient *r = &ledger->recipients[number];
	bool open = r->state == RECIPIENT_OPEN;

	*out = (struct recipient){
		.state = r->state,
		.class = r->class,
		.status = r->status,
		.suppressed = r->suppressed,
		.provider =
		    g_strdup(find_name(terms, open ? r->open_by : r->provider)),
		.id = g_strdup(r->id),
		.text = g_strdup(r->text),
		.refused_by = list_names(terms, r->refused_by),
		.doubts = r->doubts + open,
	};
	if (r->state == RECIPIENT_DOUBT)
		out->until_ms = terms->wall_ms + r->doubt_ms - terms->now_ms;
}
