/* SPDX-License-Identifier: MIT */
#include "status/handin.h"

#include "handin_parts.h"

#include "core/config.h"
#include <string.h>

/* When whoever is refused may try again. */
#define RETRY_SECONDS 30

/* Who is remembered for http_rate, at most. */
#define REMEMBERED 10000

const struct setting handin_settings[] = {
	{ "server", "http_answer", SETTING_CHOICE,
	    .choices = "queued|delivered",
	    .help = "As `answer`, for mail that is handed in by HTTP: queued = "
		    "202 once it is on disk and synced, delivered = 200 once a "
		    "provider has it; default: as `answer`." },
	{ "server", "http_deadline", SETTING_DURATION, "50s", 1, 9 * 60 * 1000,
	    .help = "Longest wait for the answer to a mail handed in by "
		    "HTTP." },
	{ "server", "http_rate", SETTING_NUMBER, "0", .max = 1000000,
	    .help = "Mails that one token may hand in by HTTP in a minute, and "
		    "that all without one on this host may; more hear 429; 0 = "
		    "any number." },
	{ .section = NULL },
};

static enum answer_when
read_when(const struct config *config)
{
	const char *key = config_is_set(config, "server", "http_answer")
			      ? "http_answer"
			      : "answer";

	return strcmp(config_string(config, "server", key), "queued") == 0
		   ? ANSWER_QUEUED
		   : ANSWER_DELIVERED;
}

static void
check_answer(const struct config *config, GPtrArray *errors)
{
	bool queue = config_string(config, "server", "state_dir") != NULL;

	if (!queue && config_is_set(config, "server", "http_answer") &&
	    read_when(config) == ANSWER_QUEUED)
		g_ptr_array_add(errors,
		    g_strdup_printf(
			"%s: [server] http_answer = queued needs a queue: set "
			"state_dir, or http_answer = delivered",
			config_origin(config, "server", "http_answer")));
}

bool
handin_check(const struct config *config, GPtrArray *errors)
{
	unsigned before = errors->len;

	check_answer(config, errors);
	if (g_strv_contains(config_names(config, "listener"), SUBMISSION_HTTP))
		g_ptr_array_add(errors,
		    g_strdup_printf(
			"%s: [listener " SUBMISSION_HTTP "]: that is the name "
			"of mail handed in by HTTP: give the listener another",
			config_origin(
			    config, "listener " SUBMISSION_HTTP, "address")));
	return errors->len == before;
}

/* ---- the terms ---- */

static struct handin_terms *
make_terms(
    const struct handin *handin, struct config *config, const char *hostname)
{
	const struct handin_options *options = &handin->options;
	struct handin_terms *terms = g_new0(struct handin_terms, 1);
	uint64_t bytes = (uint64_t)config_number(config, "server", "max_size");
	uint64_t most =
	    options->size_most == NULL
		? 0
		: options->size_most(options->stage, SUBMISSION_HTTP);

	g_atomic_ref_count_init(&terms->count);
	terms->config = config_ref(config);
	terms->limits = limiter_defaults;
	terms->limits.own_name = hostname;
	terms->when = config_string(config, "server", "state_dir") == NULL
			  ? ANSWER_DELIVERED
			  : read_when(config);
	terms->deadline_ms = config_number(config, "server", "http_deadline");
	terms->rate_most =
	    (unsigned)config_number(config, "server", "http_rate");
	terms->place = (struct composition_place){
		.spools = options->place,
		.limits = &terms->limits,
		.mail_bytes = most > 0 ? MIN(bytes, most) : bytes,
		.recipients_max =
		    (unsigned)config_number(config, "server", "recipients"),
	};
	return terms;
}

static void
hold_terms(void *object)
{
	struct handin_terms *terms = object;

	g_atomic_ref_count_inc(&terms->count);
}

void
handin_terms_unref(struct handin_terms *terms)
{
	if (terms == NULL || !g_atomic_ref_count_dec(&terms->count))
		return;
	config_unref(terms->config);
	g_free(terms);
}

/* ---- its life ---- */

struct handin *
handin_new(const struct handin_options *options)
{
	struct handin *handin = g_new0(struct handin, 1);

	handin->options = *options;
	handin->room = handin_room_new();
	handin->terms = make_terms(handin, options->config, options->hostname);
	handin->seat = seat_new(handin->terms, hold_terms);
	handin->rate = rate_new(REMEMBERED);
	pthread_mutex_init(&handin->lock, NULL);
	return handin;
}

void
handin_free(struct handin *handin)
{
	if (handin == NULL)
		return;
	handin_room_free(handin->room);
	seat_free(handin->seat);
	rate_free(handin->rate);
	pthread_mutex_destroy(&handin->lock);
	handin_terms_unref(handin->terms);
	g_free(handin);
}

void
handin_renew(struct handin *handin, struct config *config, const char *hostname)
{
	struct handin_terms *before = handin->terms;

	handin->terms = make_terms(handin, config, hostname);
	seat_put(handin->seat, handin->terms);
	handin_terms_unref(before);
}

void
handin_stop(struct handin *handin, handin_stopped_fn stopped, void *object)
{
	handin_room_close(handin->room, stopped, object);
}

uint64_t
handin_size_most(struct handin *handin)
{
	struct handin_terms *terms = seat_take(handin->seat);
	uint64_t most = terms->place.mail_bytes;

	handin_terms_unref(terms);
	return most;
}

/* ---- whether there is room ---- */

void
handin_put_off(struct handin_answer *answer, unsigned code, const char *text)
{
	answer->code = code;
	answer->retry_after = RETRY_SECONDS;
	g_free(answer->text);
	answer->text = g_strdup(text);
}

/* Without a directory the whole mail stands in memory. */
static bool
has_memory(const struct handin_options *options, uint64_t bytes)
{
	const struct budget *budget = options->budget;

	return budget_level(budget) < BUDGET_DRY &&
	       (options->place->directory != NULL ||
		   bytes <= budget_limit(budget) - budget_taken(budget));
}

bool
handin_has_room(
    struct handin *handin, uint64_t bytes, struct handin_answer *answer)
{
	const struct handin_options *options = &handin->options;
	const struct disk *disk = options->disk;
	struct handin_terms *terms = seat_take(handin->seat);
	bool queues = terms->when == ANSWER_QUEUED && disk != NULL;

	handin_terms_unref(terms);
	if (!has_memory(options, bytes))
		handin_put_off(answer, 503,
		    "memory for mail is short (memory_budget): send it again "
		    "later");
	else if (queues && disk_state(disk) == DISK_BAD)
		handin_put_off(answer, 503,
		    "the queue cannot be written: postferry is about to end");
	else if (queues && !disk_allows(disk, bytes))
		handin_put_off(answer, 507,
		    "the queue has no room for more mail (min_free, "
		    "max_messages, max_bytes): send it again later");
	else
		return true;
	return false;
}

void
handin_answer_clear(struct handin_answer *answer)
{
	g_free(answer->text);
	g_clear_pointer(&answer->errors, g_ptr_array_unref);
	*answer = (struct handin_answer){ 0 };
}
