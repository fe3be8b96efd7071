/* SPDX-License-Identifier: MIT */
#include "known.h"

#include <string.h>

/* The longest a doubt may be waited out by the settings: a wall clock that was
 * set back does not make it longer. */
#define DOUBT_MAX_MS (24 * 60 * 60 * INT64_C(1000))

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

/* A time that has passed; before the machine was started it is below 0, and
 * never 0, which is none.  One the clock is not at yet was not right. */
static int64_t
find_past(int64_t wall_ms, const struct known_terms *terms)
{
	int64_t ago = MAX(terms->wall_ms - wall_ms, (int64_t)0);

	return terms->now_ms != ago ? terms->now_ms - ago : -1;
}

static struct ledger_doubt
recall_doubt(const struct recipient *known, const struct known_terms *terms)
{
	return (struct ledger_doubt){
		/* of an attempt nobody ended it is not known */
		.until_ms = known->state == RECIPIENT_DOUBT
				? find_doubt_end(known, terms)
				: 0,
		.since_ms = known->since_ms != 0
				? find_past(known->since_ms, terms)
				: terms->now_ms,
		.asks = known->asks,
		.absent_ms = known->absent_ms != 0
				 ? find_past(known->absent_ms, terms)
				 : 0,
		/* the answer to a whole request, and it was no acceptance */
		.unlikely = known->status >= 300,
	};
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
			.told = r->told,
			.id = r->id,
			.text = r->text,
			.doubts = r->doubts,
		};
		/* an attempt nobody ended */
		if (r->state == RECIPIENT_OPEN)
			entry.state = RECIPIENT_DOUBT;
		if (entry.state == RECIPIENT_DOUBT)
			entry.doubt = recall_doubt(r, terms);
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

static void
tell_doubt(const struct ledger_doubt *doubt, const struct known_terms *terms,
    struct recipient *out)
{
	int64_t apart = terms->wall_ms - terms->now_ms;

	out->until_ms = doubt->until_ms + apart;
	if (doubt->since_ms != 0)
		out->since_ms = doubt->since_ms + apart;
	out->asks = doubt->asks;
	if (doubt->absent_ms != 0)
		out->absent_ms = doubt->absent_ms + apart;
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
		.told = r->told,
		.provider =
		    g_strdup(find_name(terms, open ? r->open_by : r->provider)),
		.id = g_strdup(r->id),
		.text = g_strdup(r->text),
		.refused_by = list_names(terms, r->refused_by),
		.doubts = r->doubts + open,
	};
	if (r->state == RECIPIENT_DOUBT)
		tell_doubt(&r->doubt, terms, out);
}
