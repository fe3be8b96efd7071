/* SPDX-License-Identifier: MIT */
#include "patience.h"

static int64_t
read_server(const struct config *config, const char *key)
{
	return config_number(config, "server", key);
}

static int
compare_times(const void *a, const void *b)
{
	const int64_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

void
patience_read(struct patience *patience, const struct config *config)
{
	const GArray *asks = config_durations(config, "server", "doubt_asks");

	*patience = (struct patience){
		.ask_count = MIN(asks->len, (unsigned)PATIENCE_ASKS_MAX),
		.wait_ms = read_server(config, "doubt_wait"),
		.error_ms = read_server(config, "doubt_wait_error"),
		.proof_ms = read_server(config, "doubt_proof"),
		.once_ms = read_server(config, "doubt_once"),
		.same_ms = read_server(config, "doubt_wait_smtp"),
		.move_ms = read_server(config, "doubt_move_smtp"),
	};
	for (unsigned i = 0; i < patience->ask_count; i++)
		patience->asks_ms[i] = g_array_index(asks, int64_t, i);
	qsort(patience->asks_ms, patience->ask_count, sizeof(int64_t),
	    compare_times);
}

/* The first is to be no longer than the second. */
static void
check_order(const struct config *config, const char *first, const char *second,
    GPtrArray *errors)
{
	int64_t less = read_server(config, first);
	int64_t more = read_server(config, second);

	if (less <= more)
		return;
	g_ptr_array_add(errors,
	    g_strdup_printf("%s: [server] %s is longer than %s (%g s, %g s): "
			    "allowed is at most as long; change one of them",
		config_origin(config, "server",
		    config_is_set(config, "server", first) ? first : second),
		first, second, (double)less / 1000, (double)more / 1000));
}

bool
patience_check(const struct config *config, GPtrArray *errors)
{
	const GArray *asks = config_durations(config, "server", "doubt_asks");
	unsigned before = errors->len;

	check_order(config, "doubt_proof", "doubt_once", errors);
	check_order(config, "doubt_wait_smtp", "doubt_move_smtp", errors);
	if (asks->len > PATIENCE_ASKS_MAX)
		g_ptr_array_add(errors,
		    g_strdup_printf(
			"[server] doubt_asks has %u times, at most %d are "
			"allowed; take some away",
			asks->len, PATIENCE_ASKS_MAX));
	return errors->len == before;
}

static int64_t
find_until_upstream(const struct patience *patience,
    const struct patience_doubt *doubt, int64_t ended_ms)
{
	bool delivery = doubt->policy == DOUBT_PREFER_DELIVERY;
	/* ten days of a clock that was set are no reason to wait as long */
	int64_t age = MIN(doubt->begun_ms - doubt->since_ms, patience->once_ms);
	int64_t same = doubt->begun_ms + age +
		       (delivery ? patience->same_ms : patience->once_ms);
	int64_t move = MAX(doubt->since_ms + patience->move_ms, ended_ms);

	if (!delivery || !doubt->others)
		return same;
	return doubt->left > 1 ? MIN(same, move) : move;
}

int64_t
patience_until(const struct patience *patience,
    const struct patience_doubt *doubt, bool unlikely, int64_t ended_ms)
{
	bool delivery = doubt->policy == DOUBT_PREFER_DELIVERY;

	if (doubt->kind == PATIENCE_UPSTREAM)
		return find_until_upstream(patience, doubt, ended_ms);
	if (!delivery)
		return doubt->since_ms + patience->once_ms;
	return ended_ms + (unlikely ? patience->error_ms : patience->wait_ms);
}

int64_t
patience_ask_at(
    const struct patience *patience, int64_t since_ms, unsigned asks)
{
	return asks < patience->ask_count ? since_ms + patience->asks_ms[asks]
					  : 0;
}

unsigned
patience_asked(const struct patience *patience,
    const struct patience_doubt *doubt, int64_t now_ms)
{
	unsigned asks = doubt->asks + 1;
	int64_t at;

	while ((at = patience_ask_at(patience, doubt->since_ms, asks)) != 0 &&
	       at <= now_ms)
		asks++;
	return asks;
}

/* As far apart as its last two. */
int64_t
patience_gap(const struct patience *patience)
{
	unsigned last = patience->ask_count - 1;
	int64_t before = last > 0 ? patience->asks_ms[last - 1] : 0;

	return MAX(patience->asks_ms[last] - before, (int64_t)1);
}

/* Its time is over, and it was asked since then. */
static struct patience_next
end_askable(const struct patience *patience, const struct patience_doubt *doubt)
{
	bool proof = doubt->absent_ms != 0 &&
		     doubt->absent_ms - doubt->since_ms >= patience->proof_ms;

	if (doubt->policy == DOUBT_NEVER_TWICE)
		return (struct patience_next){ PATIENCE_HOLD, 0 };
	if (doubt->policy == DOUBT_PREFER_DELIVERY || proof)
		return (struct patience_next){ PATIENCE_ANY, 0 };
	if (doubt->forbidden)
		return (struct patience_next){ PATIENCE_HOLD, 0 };
	return (struct patience_next){ PATIENCE_ASK,
		MAX(doubt->asked_ms, doubt->absent_ms) +
		    patience_gap(patience) };
}

static struct patience_next
next_askable(const struct patience *patience,
    const struct patience_doubt *doubt, int64_t now_ms)
{
	int64_t at = patience_ask_at(patience, doubt->since_ms, doubt->asks);

	if (now_ms < doubt->until_ms)
		return (struct patience_next){ PATIENCE_ASK,
			at != 0 ? MIN(at, doubt->until_ms) : doubt->until_ms };
	if (MAX(doubt->asked_ms, doubt->absent_ms) < doubt->until_ms)
		return (struct patience_next){ PATIENCE_ASK, doubt->until_ms };
	return end_askable(patience, doubt);
}

static struct patience_next
next_upstream(const struct patience *patience,
    const struct patience_doubt *doubt, int64_t now_ms)
{
	bool moves = doubt->policy == DOUBT_PREFER_DELIVERY && doubt->others;
	int64_t move = doubt->since_ms + patience->move_ms;

	if (doubt->policy == DOUBT_NEVER_TWICE)
		return (struct patience_next){ PATIENCE_HOLD, 0 };
	if (now_ms < doubt->until_ms)
		return (struct patience_next){ PATIENCE_WAIT, doubt->until_ms };
	if (moves && now_ms >= move)
		return (struct patience_next){ PATIENCE_ANY, 0 };
	if (moves && doubt->left <= 1)
		return (struct patience_next){ PATIENCE_WAIT, move };
	return (struct patience_next){ PATIENCE_SAME, 0 };
}

static struct patience_next
next_mute(const struct patience_doubt *doubt, int64_t now_ms)
{
	if (doubt->policy != DOUBT_PREFER_DELIVERY)
		return (struct patience_next){ PATIENCE_HOLD, 0 };
	if (now_ms < doubt->until_ms)
		return (struct patience_next){ PATIENCE_WAIT, doubt->until_ms };
	return (struct patience_next){ PATIENCE_ANY, 0 };
}

struct patience_next
patience_next(const struct patience *patience,
    const struct patience_doubt *doubt, int64_t now_ms)
{
	switch (doubt->kind) {
	case PATIENCE_ASKABLE:
		return next_askable(patience, doubt, now_ms);
	case PATIENCE_UPSTREAM:
		return next_upstream(patience, doubt, now_ms);
	case PATIENCE_MUTE:
		return next_mute(doubt, now_ms);
	}
	g_assert_not_reached();
}

const char *
patience_tell(const struct patience_doubt *doubt)
{
	static const char *const texts[][3] = {
		[PATIENCE_ASKABLE] = { [DOUBT_PREFER_DELIVERY] =
					   "it is asked whether it has the mail; if it does not "
					   "say so in time the next provider gets it",
		    [DOUBT_PREFER_ONCE] =
			"it is asked whether it has the mail; another provider "
			"gets it only if it says late that it has it not",
		    [DOUBT_NEVER_TWICE] =
			"it is asked whether it has the mail; if it does not "
			"say so in time the mail is held" },
		[PATIENCE_UPSTREAM] = { [DOUBT_PREFER_DELIVERY] =
					    "it cannot be asked: it gets the mail again itself, "
					    "and another provider later",
		    [DOUBT_PREFER_ONCE] =
			"it cannot be asked: it alone gets the mail again",
		    [DOUBT_NEVER_TWICE] =
			"it cannot be asked: the mail is held" },
		[PATIENCE_MUTE] = { [DOUBT_PREFER_DELIVERY] =
					"it cannot be asked: another provider gets it when the "
					"doubt has been waited out",
		    [DOUBT_PREFER_ONCE] =
			"it cannot be asked: the mail is held",
		    [DOUBT_NEVER_TWICE] =
			"it cannot be asked: the mail is held" },
	};

	return texts[doubt->kind][doubt->policy];
}
