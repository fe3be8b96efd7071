/* SPDX-License-Identifier: MIT */
/* One mail: made, looked at as a listener does, posted, and its answer. */
#include "handin_parts.h"

#include "core/clock.h"
#include "core/config.h"
#include "core/log.h"
#include "mail/header.h"
#include "mail/hints.h"
#include <string.h>

/* One that is handed in. */
struct errand {
	struct handin *handin;
	struct handin_terms *terms; /* counted */
	const struct handin_order *order;
	struct handin_answer *answer;
};

static struct errand
begin(struct handin *handin, const struct handin_order *order,
    struct handin_answer *answer)
{
	*answer = (struct handin_answer){ 0 };
	return (struct errand){
		.handin = handin,
		.terms = seat_take(handin->seat),
		.order = order,
		.answer = answer,
	};
}

static struct composition_place
find_place(const struct errand *errand)
{
	struct composition_place place = errand->terms->place;

	place.senders = errand->order->senders;
	return place;
}

static void
refuse(struct errand *errand, unsigned code, char *text)
{
	errand->answer->code = code;
	errand->answer->text = text;
}

/* ---- how often ---- */

/* True when this one comes too soon behind its like; then it is told so. */
static bool
is_too_often(struct errand *errand)
{
	struct handin *handin = errand->handin;
	unsigned most = errand->terms->rate_most;
	const char *who = errand->order->who;
	bool taken;

	pthread_mutex_lock(&handin->lock);
	taken = rate_take(handin->rate, who, most, clock_monotonic_ms());
	pthread_mutex_unlock(&handin->lock);
	if (taken)
		return false;
	refuse(errand, 429,
	    g_strdup_printf("%s may hand in %u mails a minute (http_rate): "
			    "send this one again later",
		who, most));
	errand->answer->retry_after = 60 / most + 1;
	return true;
}

/* ---- what could not be made ---- */

static void
refuse_errors(struct errand *errand, GPtrArray *errors)
{
	refuse(errand, 400,
	    g_strdup("the mail cannot be made of what was sent: see the "
		     "errors"));
	errand->answer->errors = g_ptr_array_ref(errors);
}

/* The text is taken over. */
static void
refuse_end(struct errand *errand, enum composition_end end, char *why)
{
	static const unsigned codes[] = {
		[COMPOSITION_MADE] = 200,
		[COMPOSITION_LARGE] = 413,
		[COMPOSITION_REFUSED] = 422,
		[COMPOSITION_MEMORY] = 503,
		[COMPOSITION_FULL] = 507,
		[COMPOSITION_BROKEN] = 503,
	};

	if (codes[end] / 100 == 5)
		handin_put_off(errand->answer, codes[end],
		    why != NULL ? why
				: "what was sent could not be read back: send "
				  "it again later");
	else
		refuse(errand, codes[end], g_strdup(why));
	g_free(why);
}

/* ---- its key ---- */

/* 1 to HANDIN_KEY_MAX visible characters, or blanks between. */
static bool
is_key(const char *key)
{
	size_t length = strlen(key);

	for (const char *at = key; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			return false;
	return length > 0 && length <= HANDIN_KEY_MAX;
}

/* False: it is refused.  Only the queue remembers keys. */
static bool
check_key(struct errand *errand, GPtrArray *errors)
{
	const char *key = errand->order->key;
	struct config *config = errand->terms->config;

	if (key == NULL)
		return true;
	if (!is_key(key))
		composition_add_error(errors, "idempotency_key",
		    "expected are 1 to %d characters of ASCII", HANDIN_KEY_MAX);
	else if (config_string(config, "server", "state_dir") == NULL)
		composition_add_error(errors, "idempotency_key",
		    "there is no queue that could remember it: set state_dir "
		    "of [server], or leave the key out");
	else
		return true;
	refuse_errors(errand, errors);
	return false;
}

/* One line of its own for each who. */
static void
set_key(const struct errand *errand, struct submission *submission,
    const char *digest)
{
	const struct handin_order *order = errand->order;

	if (order->key == NULL)
		return;
	submission->idempotency_key =
	    g_strconcat(order->who, "\n", order->key, NULL);
	submission->idempotency_digest = g_strdup(digest);
}

/* ---- what it says of its route ---- */

static char *
find_fault(const struct errand *errand, const struct header *header)
{
	const struct handin_options *options = &errand->handin->options;
	g_autofree char *why = NULL;
	struct hints hints;
	char *fault;

	hints_read(&hints, header);
	if (hints.route != NULL && options->routes != NULL)
		why = hints_tell_unknown(
		    hints.route, options->routes(errand->terms->config));
	if (why != NULL)
		hints_refuse_route(&hints, why);
	fault = g_steal_pointer(&hints.fault);
	hints_clear(&hints);
	return fault;
}

/* As heed_check() of a listener: an order that cannot be followed is told while
 * somebody hears it. */
static bool
heed(struct errand *errand, const struct submission *submission)
{
	struct header *header;
	char *fault;

	if (!submission->seen.orders)
		return true;
	header = header_read(submission->spool, &submission->seen);
	if (header == NULL) {
		handin_put_off(errand->answer, 503,
		    "the mail could not be read back: send it again later");
		return false;
	}
	fault = find_fault(errand, header);
	header_free(header);
	if (fault != NULL)
		refuse(errand, 422, fault);
	return fault == NULL;
}

/* ---- the road ---- */

static void
address_submission(const struct errand *errand, struct submission *submission)
{
	const struct handin_order *order = errand->order;
	const struct handin_terms *terms = errand->terms;

	submission->listener = SUBMISSION_HTTP;
	submission->protocol = order->tls ? "HTTPS" : "HTTP";
	submission->helo = g_strdup("");
	submission->user = g_strdup(order->user);
	g_strlcpy(submission->peer, order->peer != NULL ? order->peer : "",
	    sizeof submission->peer);
	submission->deadline_ms = clock_monotonic_ms() + terms->deadline_ms;
	submission->when = order->key != NULL ? ANSWER_QUEUED : terms->when;
	submission->config = config_ref(terms->config);
}

static void
log_received(const struct errand *errand, const struct submission *submission)
{
	const struct envelope *envelope = submission->envelope;
	g_autofree char *to =
	    envelope_tell(envelope, 0, envelope->recipients->len);

	log_info("mail received", log_str("mail", submission->id),
	    log_str("listener", submission->listener),
	    log_str("client", submission->peer),
	    log_str("who", errand->order->who),
	    log_str_if("user", submission->user),
	    log_str(
		"from", envelope->sender == NULL ? "" : envelope->sender->text),
	    log_str("to", to), log_num("recipients", envelope->recipients->len),
	    log_num("size", (int64_t)spool_size(submission->spool)));
	if (submission->repaired)
		log_info(
		    "line endings mended", log_str("mail", submission->id));
	if (submission->seen.opaque)
		log_info("mail not parsed", log_str("mail", submission->id),
		    log_str("reason", submission->seen.opaque_why));
}

static void
count(const struct errand *errand, unsigned code, uint64_t bytes,
    int64_t received_us)
{
	struct metrics *metrics = errand->handin->options.metrics;

	if (code / 100 == 2) {
		metrics_add(metrics, METRICS_MAILS_TAKEN, 1);
		metrics_add(metrics, METRICS_MAIL_BYTES, bytes);
	} else {
		metrics_add(metrics,
		    code / 100 == 4 ? METRICS_MAILS_PUT_OFF
				    : METRICS_MAILS_REFUSED,
		    1);
	}
	metrics_time(
	    metrics, METRICS_ANSWER, clock_monotonic_us() - received_us);
}

/* A provider has it, or the queue: both are told 250. */
static unsigned
judge_taken(const struct errand *errand, const struct answer *said)
{
	bool queued = errand->terms->when == ANSWER_QUEUED ||
		      errand->order->key != NULL ||
		      g_str_has_prefix(said->text, "Ok: queued");

	return queued ? 202 : 200;
}

/* The key is that of a mail that was here before. */
static void
tell_first(struct errand *errand, const struct answer *said)
{
	bool alike = said->code / 100 == 2;

	errand->answer->replayed = alike;
	g_strlcpy(errand->answer->id, said->first, sizeof errand->answer->id);
	refuse(errand, alike ? 202 : 409,
	    alike ? g_strdup(said->text)
		  : g_strdup_printf("the idempotency key is that of mail %s, "
				    "which says something else: give each mail "
				    "a key of its own",
			said->first));
}

static void
tell_answer(struct errand *errand, const struct answer *said, const char *id)
{
	struct handin_answer *answer = errand->answer;

	if (said->first[0] != '\0') {
		tell_first(errand, said);
	} else if (said->code / 100 == 2) {
		g_strlcpy(answer->id, id, sizeof answer->id);
		refuse(errand, judge_taken(errand, said), g_strdup(said->text));
	} else if (said->code / 100 == 5) {
		refuse(errand, 422, g_strdup(said->text));
	} else {
		handin_put_off(answer,
		    strcmp(said->enhanced, "4.3.1") == 0 ? 507 : 503,
		    said->text);
	}
}

/* Takes the submission over. */
static void
post(struct errand *errand, struct submission *submission)
{
	struct handin *handin = errand->handin;
	const struct handin_options *options = &handin->options;
	uint64_t bytes = spool_size(submission->spool);
	int64_t received_us = submission->received_us;
	char id[ID_LENGTH + 1];
	struct answer *said;
	bool posted;

	memcpy(id, submission->id, sizeof id);
	address_submission(errand, submission);
	log_received(errand, submission);
	said = handin_room_wait(
	    handin->room, submission, options->onward, options->stage, &posted);
	if (said != NULL) {
		count(errand, said->code, bytes, received_us);
		tell_answer(errand, said, id);
		answer_said(said);
		answer_free(said);
	} else if (posted) {
		handin_put_off(errand->answer, 503,
		    "nobody knows yet what became of the mail: it may be sent "
		    "all the same");
	} else {
		handin_put_off(errand->answer, 503,
		    "postferry is stopping: send it again later");
	}
}

/* Takes the submission over; digest: of what was said, where it has a key. */
static void
take(struct errand *errand, struct submission *submission, const char *digest)
{
	uint64_t bytes = spool_size(submission->spool);

	set_key(errand, submission, digest);
	if (handin_has_room(errand->handin, bytes, errand->answer) &&
	    heed(errand, submission))
		post(errand, submission);
	else
		submission_free(submission);
}

/* ---- the two forms ---- */

void
handin_compose(struct handin *handin, const struct composition *composition,
    const struct handin_order *order, struct handin_answer *answer)
{
	struct errand errand = begin(handin, order, answer);
	struct composition_place place = find_place(&errand);
	g_autoptr(GPtrArray) errors = composition_errors_new();
	struct submission *submission = NULL;
	char digest[COMPOSITION_DIGEST_LENGTH + 1];
	enum composition_end end = COMPOSITION_BROKEN;
	char *why = NULL;
	bool told = is_too_often(&errand) || !check_key(&errand, errors);

	if (!told && !composition_check(composition, &place, errors)) {
		refuse_errors(&errand, errors);
		told = true;
	}
	if (!told &&
	    (order->key == NULL || composition_digest(composition, digest)))
		submission =
		    composition_submission(composition, &place, &end, &why);
	if (submission != NULL)
		take(&errand, submission, digest);
	else if (!told)
		refuse_end(&errand, end, why);
	handin_terms_unref(errand.terms);
}

void
handin_import(struct handin *handin, const struct import *import,
    const struct handin_order *order, struct handin_answer *answer)
{
	struct errand errand = begin(handin, order, answer);
	struct composition_place place = find_place(&errand);
	g_autoptr(GPtrArray) errors = composition_errors_new();
	struct submission *submission = NULL;
	char digest[COMPOSITION_DIGEST_LENGTH + 1];
	enum composition_end end = COMPOSITION_BROKEN;
	char *why = NULL;
	bool told = is_too_often(&errand) || !check_key(&errand, errors);

	if (!told && (order->key == NULL || import_digest(import, digest)))
		submission =
		    import_submission(import, &place, errors, &end, &why);
	if (submission != NULL)
		take(&errand, submission, digest);
	else if (!told && errors->len > 0)
		refuse_errors(&errand, errors);
	else if (!told)
		refuse_end(&errand, end, why);
	handin_terms_unref(errand.terms);
}
