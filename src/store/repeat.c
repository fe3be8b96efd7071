/* SPDX-License-Identifier: MIT */
#include "repeat.h"

#include "core/clock.h"
#include "core/config.h"
#include "core/log.h"
#include "departure.h"
#include "space.h"

/* Rows that go in one transaction, and the pause when none were left. */
#define SWEEP_ROWS 500
#define PAUSE_MS   60000

void
repeat_open(struct store *store)
{
	store->resends.keep_ms =
	    config_number(store->options.config, "server", "keep_resends");
	store->resends.keep_keys_ms =
	    config_number(store->options.config, "server", "idempotency_keep");
	store->resends.look_ms = clock_monotonic_ms() + PAUSE_MS;
}

/* Takes the id over. */
static void
add_first(struct repeat *repeat, char *id)
{
	if (repeat->firsts == NULL)
		repeat->firsts = g_ptr_array_new_with_free_func(g_free);
	repeat->known++;
	if (g_ptr_array_find_with_equal_func(
		repeat->firsts, id, g_str_equal, NULL))
		g_free(id);
	else
		g_ptr_array_add(repeat->firsts, id);
}

/* A mail that was taken back is on its way out. */
static void
take_ids(const struct store *store, struct submission *submission, char **ids,
    struct repeat *repeat)
{
	struct envelope *envelope = submission->envelope;
	unsigned count = envelope->recipients->len;
	g_autofree bool *known = g_new0(bool, count);

	for (unsigned i = 0; i < count; i++) {
		known[i] =
		    ids[i] != NULL && !departure_is_aborted(store, ids[i]);
		if (known[i])
			add_first(repeat, ids[i]);
		else
			g_free(ids[i]);
	}
	repeat->whole = repeat->known == count;
	for (unsigned i = count; i > 0 && !repeat->whole; i--)
		if (known[i - 1])
			envelope_remove_recipient(envelope, i - 1);
}

/* A key that is too old is as good as none, and so is that of a mail that was
 * taken back. */
static enum engine_result
look_for_key(struct store *store, const struct submission *submission,
    struct repeat *repeat)
{
	int64_t since_ms = clock_wall_ms() - store->resends.keep_keys_ms;
	struct engine_keyed keyed = { 0 };
	enum engine_result result =
	    store->engine->keyed(store->rows, submission, &keyed);

	if (result == ENGINE_OK && keyed.id != NULL &&
	    keyed.at_ms >= since_ms && !departure_is_aborted(store, keyed.id)) {
		add_first(repeat, g_steal_pointer(&keyed.id));
		repeat->whole = repeat->keyed = true;
		repeat->other = !keyed.alike;
	}
	g_free(keyed.id);
	return result;
}

enum engine_result
repeat_look(
    struct store *store, struct submission *submission, struct repeat *repeat)
{
	unsigned count = submission->envelope->recipients->len;
	g_autofree char **ids = NULL;
	enum engine_result result;

	if (submission->idempotency_key != NULL)
		return look_for_key(store, submission, repeat);
	if (submission->resend_key == NULL)
		return ENGINE_OK;
	ids = g_new0(char *, count);
	result = store->engine->resends(store->rows, submission, ids);
	if (result == ENGINE_OK) {
		take_ids(store, submission, ids, repeat);
		return ENGINE_OK;
	}
	for (unsigned i = 0; i < count; i++)
		g_free(ids[i]);
	return result;
}

bool
repeat_is_void(const struct store *store, const struct repeat *repeat)
{
	for (unsigned i = 0; i < repeat->known && i < repeat->firsts->len; i++)
		if (departure_is_aborted(store, repeat->firsts->pdata[i]))
			return true;
	return false;
}

void
repeat_tell(const struct repeat *repeat, const struct submission *submission)
{
	if (repeat->known == 0)
		return;
	if (repeat->other) {
		log_info("idempotency key taken",
		    log_str("mail", submission->id),
		    log_str("first", repeat->firsts->pdata[0]),
		    log_str("client", submission->peer));
		return;
	}
	log_info("resend known", log_str("mail", submission->id),
	    log_str("first", repeat->firsts->pdata[0]),
	    log_str("client", submission->peer),
	    log_num("recipients", repeat->known),
	    log_num("queued",
		repeat->whole ? 0 : submission->envelope->recipients->len));
}

void
repeat_answer(const struct repeat *repeat, const struct submission *submission)
{
	const struct return_address *to = &submission->return_to;
	const char *first = repeat->firsts->pdata[0];
	g_autofree char *text =
	    g_strconcat(repeat->other ? "The key is that of another "
					"mail, "
				      : "Ok: duplicate of ",
		first, NULL);
	struct answer *answer;

	if (to->post == NULL)
		return;
	answer = answer_new(to->session, repeat->other ? 554 : 250,
	    repeat->other ? "5.7.0" : "2.0.0", text);
	if (repeat->keyed)
		g_strlcpy(answer->first, first, sizeof answer->first);
	to->post(to->server, answer);
}

void
repeat_clear(struct repeat *repeat)
{
	g_clear_pointer(&repeat->firsts, g_ptr_array_unref);
	*repeat = (struct repeat){ 0 };
}

static enum engine_result
forget_old(struct store *store, bool *more)
{
	int64_t now_ms = clock_wall_ms();
	const struct resends *resends = &store->resends;
	enum engine_result result = store->engine->begin(store->rows);
	bool more_keys = false;

	if (result == ENGINE_OK)
		result = store->engine->forget(
		    store->rows, now_ms - resends->keep_ms, SWEEP_ROWS, more);
	if (result == ENGINE_OK)
		result = store->engine->forget_keys(store->rows,
		    now_ms - resends->keep_keys_ms, SWEEP_ROWS, &more_keys);
	*more |= more_keys;
	return result == ENGINE_OK ? store->engine->commit(store->rows)
				   : result;
}

void
repeat_sweep(struct store *store)
{
	bool more = false;
	enum engine_result result;

	if (clock_monotonic_ms() < store->resends.look_ms ||
	    !store_has_room(store) || store->closing)
		return;
	result = forget_old(store, &more);
	if (result == ENGINE_FULL)
		space_full(store, store->engine->error(store->rows));
	if (result == ENGINE_BAD)
		space_bad(store, store->engine->error(store->rows));
	if (!more)
		store->resends.look_ms = clock_monotonic_ms() + PAUSE_MS;
}
