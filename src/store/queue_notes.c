/* SPDX-License-Identifier: MIT */
/* What dispatch notes beside what becomes of a recipient: counts, lines of a
 * mail's story, and how providers are. */
#include "queue.h"

#include "core/clock.h"

void
queue_notes_count(struct queue *queue, const struct journal_counts *counts)
{
	struct queue_totals *totals = &queue->totals;

	totals->doubts_seen += counts->doubts;
	totals->resolved += counts->resolved;
	totals->possible += counts->possible;
	totals->confirmed += counts->confirmed;
}

bool
queue_notes_tell(
    struct queue *queue, int64_t mail, const struct journal *journal)
{
	struct story story = { queue->database, mail };
	bool good = true;

	for (unsigned i = 0;
	     journal->notes != NULL && i < journal->notes->len && good; i++) {
		const struct journal_note *note =
		    &g_array_index(journal->notes, struct journal_note, i);
		struct store_act act = {
			.at_ms = note->at_ms,
			.what = note->text,
			.who = (char *)STORE_NOTED,
		};

		good = story_add_act(&story, &act);
	}
	if (good && journal->notes != NULL && journal->notes->len > 0)
		good = story_trim_notes(&story);
	return good;
}

static bool
keep_state(struct queue *queue, const struct journal_state *state)
{
	struct query query = query_open(queue->database, "provider",
	    "INSERT INTO provider (name, state, at) VALUES (?, ?, ?)"
	    " ON CONFLICT (name) DO UPDATE SET"
	    " state = excluded.state, at = excluded.at");

	query_put_text(&query, state->provider);
	query_put_text(&query, state->text);
	query_put_number(&query, clock_wall_ms());
	return query_run(&query) == 1;
}

enum engine_result
queue_notes_keep(struct queue *queue, const struct journal *journal)
{
	bool good = true;

	for (unsigned i = 0;
	     journal->states != NULL && i < journal->states->len && good; i++)
		good = keep_state(queue, journal->states->pdata[i]);
	return queue->database->result;
}

enum engine_result
queue_notes_states(struct queue *queue, GPtrArray *states)
{
	struct query query = query_open(queue->database, "provider",
	    "SELECT name, state FROM provider ORDER BY name");

	while (query_next(&query)) {
		struct journal_state *state = g_new0(struct journal_state, 1);

		state->provider = query_string(&query);
		state->text = query_string(&query);
		g_ptr_array_add(states, state);
	}
	return queue->database->result;
}
