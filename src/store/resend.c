/* SPDX-License-Identifier: MIT */
#include "resend.h"

#include "core/clock.h"
#include "core/config.h"
#include "core/log.h"
#include "departure.h"
#include "space.h"

/* Rows that go in one transaction, and the pause when none were left. */
#define SWEEP_ROWS 500
#define PAUSE_MS   60000

void
resend_open(struct store *store)
{
	store->resends.keep_ms =
	    config_number(store->options.config, "server", "keep_resends");
	store->resends.look_ms = clock_monotonic_ms() + PAUSE_MS;
}

/* Takes the id over. */
static void
add_first(struct resend *resend, char *id)
{
	if (resend->firsts == NULL)
		resend->firsts = g_ptr_array_new_with_free_func(g_free);
	resend->known++;
	if (g_ptr_array_find_with_equal_func(
		resend->firsts, id, g_str_equal, NULL))
		g_free(id);
	else
		g_ptr_array_add(resend->firsts, id);
}

/* A mail that was taken back is on its way out. */
static void
take_ids(const struct store *store, struct submission *submission, char **ids,
    struct resend *resend)
{
	struct envelope *envelope = submission->envelope;
	unsigned count = envelope->recipients->len;
	g_autofree bool *known = g_new0(bool, count);

	for (unsigned i = 0; i < count; i++) {
		known[i] =
		    ids[i] != NULL && !departure_is_aborted(store, ids[i]);
		if (known[i])
			add_first(resend, ids[i]);
		else
			g_free(ids[i]);
	}
	resend->whole = resend->known == count;
	for (unsigned i = count; i > 0 && !resend->whole; i--)
		if (known[i - 1])
			envelope_remove_recipient(envelope, i - 1);
}

enum engine_result
resend_look(
    struct store *store, struct submission *submission, struct resend *resend)
{
	unsigned count = submission->envelope->recipients->len;
	g_autofree char **ids = NULL;
	enum engine_result result;

	if (submission->resend_key == NULL)
		return ENGINE_OK;
	ids = g_new0(char *, count);
	result = store->engine->resends(store->rows, submission, ids);
	if (result == ENGINE_OK) {
		take_ids(store, submission, ids, resend);
		return ENGINE_OK;
	}
	for (unsigned i = 0; i < count; i++)
		g_free(ids[i]);
	return result;
}

bool
resend_is_void(const struct store *store, const struct resend *resend)
{
	for (unsigned i = 0; i < resend->known && i < resend->firsts->len; i++)
		if (departure_is_aborted(store, resend->firsts->pdata[i]))
			return true;
	return false;
}

void
resend_tell(const struct resend *resend, const struct submission *submission)
{
	if (resend->known == 0)
		return;
	log_info("resend known", log_str("mail", submission->id),
	    log_str("first", resend->firsts->pdata[0]),
	    log_str("client", submission->peer),
	    log_num("recipients", resend->known),
	    log_num("queued",
		resend->whole ? 0 : submission->envelope->recipients->len));
}

char *
resend_answer(const struct resend *resend)
{
	return g_strconcat("Ok: duplicate of ", resend->firsts->pdata[0], NULL);
}

void
resend_clear(struct resend *resend)
{
	g_clear_pointer(&resend->firsts, g_ptr_array_unref);
	*resend = (struct resend){ 0 };
}

static enum engine_result
forget_old(struct store *store, bool *more)
{
	int64_t before_ms = clock_wall_ms() - store->resends.keep_ms;
	enum engine_result result = store->engine->begin(store->rows);

	if (result == ENGINE_OK)
		result = store->engine->forget(
		    store->rows, before_ms, SWEEP_ROWS, more);
	return result == ENGINE_OK ? store->engine->commit(store->rows)
				   : result;
}

void
resend_sweep(struct store *store)
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
