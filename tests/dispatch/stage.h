/* SPDX-License-Identifier: MIT */
/*
 * A stage for the dispatcher: a real loop and real workers, between a client
 * and a carrier that the test plays, and a store if it wants one.  Each request
 * is handed to the test, which answers it when and as it likes, so nothing
 * waits for a clock but where time is the question.
 */
#ifndef TESTS_DISPATCH_STAGE_H
#define TESTS_DISPATCH_STAGE_H

#include "configured.h"
#include "core/clock.h"
#include "core/log.h"
#include "dispatch/dispatcher.h"
#include "dispatch/prepare.h"
#include "fixture.h"
#include "oracle.h"
#include "state.h"

#include <pthread.h>

#define LONG_S 60 /* no test waits that long */

/* To the test's thread or from it; of pthread, which TSan sees. */
struct queue {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	GQueue items;
};

#define QUEUE                                                        \
	{                                                            \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, \
		    G_QUEUE_INIT                                     \
	}

static struct {
	struct config *config;
	struct loop *loop;
	struct pool *work;
	struct dispatcher *dispatcher;
	struct prepare *prepare;
	struct queue requests; /* struct request, to the test... */
	const char *always;    /* ...but when all are answered so, at once */
	unsigned served;       /* of these */
	struct queue answers;  /* struct answer */
	struct queue encoding; /* whose encode() waits */
	struct queue gate;     /* ...until something is put here */
	struct queue stories;  /* char * */
	struct queue stopped, reached;

	/* the store, if there is one */
	struct loop *store;
	struct spool_place place;
	bool tells;           /* entries are printed with notes and counts */
	bool tells_policy;    /* ...of doubts, too */
	bool tells_whom;      /* reports are printed with whom they are about */
	bool gated;           /* what asks to be recorded waits */
	struct queue records; /* ...until something is put here */
	struct queue entries; /* char *: what was written, to the test */
	_Atomic int64_t due_ms; /* of the one that landed last */
	struct queue wakes;     /* char *: how many */
	struct queue ramps;     /* char *: to at most so many */
	struct queue states;    /* char *: of the providers */
	struct queue heard;     /* char *: events */
	_Atomic bool forgets;   /* ...that it cannot record */
	GPtrArray *known;       /* struct journal_state *: of them, before the
				 * start; NULL: nothing */
	struct queue alarms;    /* char * */
	bool tells_closed;
	struct queue closed; /* char *: providers that went with a dispatcher */
} post = {
	.requests = QUEUE,
	.answers = QUEUE,
	.encoding = QUEUE,
	.gate = QUEUE,
	.stories = QUEUE,
	.stopped = QUEUE,
	.reached = QUEUE,
	.records = QUEUE,
	.entries = QUEUE,
	.wakes = QUEUE,
	.ramps = QUEUE,
	.states = QUEUE,
	.heard = QUEUE,
	.alarms = QUEUE,
	.closed = QUEUE,
};

static void
put(struct queue *queue, void *item)
{
	pthread_mutex_lock(&queue->mutex);
	g_queue_push_tail(&queue->items, item);
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

/* NULL after LONG_S without. */
static void *
wait_for(struct queue *queue)
{
	struct timespec until;
	void *item;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LONG_S;
	pthread_mutex_lock(&queue->mutex);
	while (g_queue_is_empty(&queue->items) &&
	       pthread_cond_clockwait(
		   &queue->filled, &queue->mutex, CLOCK_MONOTONIC, &until) == 0)
		;
	item = g_queue_pop_head(&queue->items);
	pthread_mutex_unlock(&queue->mutex);
	return item;
}

static unsigned
count(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	unsigned length = g_queue_get_length(&queue->items);
	pthread_mutex_unlock(&queue->mutex);
	return length;
}

/* One request under way; and its answer, on its way to the loop. */
struct request {
	struct letter letter;
	struct exchange *exchange;
	char *to; /* "one 0,1,2": the provider and the recipients */
	enum exchange_end end;
	const char *says; /* "accepted,outage": by recipient, the last for the
			   * rest; "doubt!" is an unlikely one; "split";
			   * "recipient: suppressed", "accepted: held",
			   * "accepted as ID" */
};

/* The fake translator */

static bool
encode(const struct provider *provider, const struct delivery *delivery,
    struct exchange *exchange, GError **error)
{
	const char *subject = delivery->message->subject;
	g_autofree char *unfit = g_strdup_printf("unfit %s", provider->name);
	GString *to = g_string_new(provider->name);

	for (unsigned i = 0; i < delivery->count; i++)
		g_string_append_printf(
		    to, "%c%u", i > 0 ? ',' : ' ', delivery->recipients[i]);
	exchange->http.path = g_string_free(to, FALSE);
	if (strcmp(subject, "slow") == 0) {
		put(&post.encoding, provider->name);
		g_assert(wait_for(&post.gate) != NULL);
	}
	if (strstr(subject, unfit) == NULL)
		return true;
	g_set_error(error, g_quark_from_static_string("test"), 0,
	    "%s cannot say it", provider->name);
	return false;
}

static enum verdict_class
read_class(const char *word)
{
	for (int i = VERDICT_NONE; i <= VERDICT_DOUBT; i++) {
		const char *text = verdict_class_text((enum verdict_class)i);
		if (g_str_has_prefix(word, text))
			return (enum verdict_class)i;
	}
	return VERDICT_RECIPIENT; /* split */
}

static void
decode(const struct provider *provider, const struct delivery *delivery,
    const struct exchange *exchange, struct outcome *outcome)
{
	g_auto(GStrv) words =
	    g_strsplit(exchange->http_response.body->str, ",", -1);
	unsigned count = g_strv_length(words);

	(void)provider;
	for (unsigned i = 0; i < delivery->count; i++) {
		const char *word = words[MIN(i, count - 1)];
		outcome_set(outcome, i, read_class(word), 250, word);
		outcome->verdicts[i].unlikely = strchr(word, '!') != NULL;
		outcome->verdicts[i].suppressed =
		    strstr(word, "suppressed") != NULL;
		outcome->verdicts[i].held = strstr(word, "held") != NULL;
		if (strstr(word, " as ") != NULL)
			outcome_set_id(outcome, i, strstr(word, " as ") + 4);
	}
	outcome->split = strcmp(words[0], "split") == 0;
}

static const struct carry keeps_all[] = {
	{ TRAIT_ALL, CARRY_BOTH, "kept", "here" },
	{ 0 },
};

static const struct carry loses_all[] = { { 0 } };

static struct translator *
make_translator(const struct config *config, const char *section)
{
	struct translator *translator = g_new0(struct translator, 1);
	bool loses = config_bool(config, section, "loses");

	translator->encode = encode;
	translator->decode = decode;
	translator->limits.fields = true;
	translator->limits.carry = loses ? loses_all : keeps_all;
	translator->limits.recipients =
	    (unsigned)config_number(config, section, "recipients");
	if (config_bool(config, section, "smtp"))
		translator->kind = EXCHANGE_SMTP;
	oracle_dress(translator,
	    (unsigned)config_number(config, section, "asks"),
	    config_bool(config, section, "probes"));
	return translator;
}

static enum provider_telling
read_telling(const struct config *config, const char *section)
{
	const char *word = config_string(config, section, "events");

	if (strcmp(word, "off") == 0)
		return PROVIDER_MUTE;
	return strcmp(word, "poll") == 0 ? PROVIDER_POLLED : PROVIDER_POSTS;
}

struct provider *
provider_open(const char *name, struct config *config, GError **error)
{
	struct provider *provider = g_new0(struct provider, 1);

	(void)error;
	g_atomic_ref_count_init(&provider->count);
	provider->name = g_strdup(name);
	provider->section = g_strdup_printf("provider %s", name);
	provider->translator = make_translator(config, provider->section);
	provider->endpoint.password =
	    config_string(config, provider->section, "password");
	provider->endpoint.connections =
	    (unsigned)config_number(config, provider->section, "connections");
	provider->endpoint.username =
	    config_string(config, provider->section, "account");
	provider->pace.overflow =
	    config_bool(config, provider->section, "overflow");
	provider->pace.rate =
	    (double)config_number(config, provider->section, "rate");
	provider->pace.day_max =
	    (uint64_t)config_number(config, provider->section, "quota_day");
	provider->respects_suppression =
	    config_bool(config, provider->section, "respect_suppression");
	provider->size_bytes =
	    (uint64_t)config_number(config, provider->section, "size");
	provider->events = (struct provider_events){
		.telling = read_telling(config, provider->section),
		.poll_ms =
		    config_number(config, provider->section, "events_poll"),
		.webhook_age_ms = 60000,
	};
	return provider;
}

struct provider *
provider_ref(struct provider *provider)
{
	g_atomic_ref_count_inc(&provider->count);
	return provider;
}

void
provider_unref(struct provider *provider)
{
	if (provider == NULL || !g_atomic_ref_count_dec(&provider->count))
		return;
	if (post.tells_closed)
		put(&post.closed, g_strdup(provider->name));
	g_free((void *)provider->translator);
	g_free(provider->section);
	g_free(provider->name);
	g_free(provider);
}

/* The fake carrier: the loop's thread */

static void
on_answer(void *owner, struct letter *letter)
{
	struct request *request = LETTER_OF(letter, struct request, letter);
	struct exchange *exchange = request->exchange;

	(void)owner;
	exchange->end = request->end;
	if (request->end == EXCHANGE_ANSWERED)
		g_string_assign(exchange->http_response.body, request->says);
	else
		exchange->error = g_strdup(request->says);
	exchange->unreached = request->end == EXCHANGE_UNSENT;
	exchange->http_response.cut = strcmp(request->says, "cut") == 0;
	g_free(request->to);
	g_free(request);
	exchange->done(exchange->object, exchange);
}

static void
send_exchange(void *self, struct exchange *exchange)
{
	struct request *request = g_new0(struct request, 1);

	g_assert(self == &post && loop_here(post.loop));
	request->exchange = exchange;
	request->to = g_strdup(exchange->http.path);
	request->says = post.always;
	request->end = EXCHANGE_ANSWERED;
	post.served += post.always != NULL;
	if (post.always != NULL)
		loop_post(post.loop, &request->letter, on_answer);
	else
		put(&post.requests, request);
}

static void
end(struct request *request, enum exchange_end how, const char *says)
{
	request->end = how;
	request->says = says;
	loop_post(post.loop, &request->letter, on_answer);
}

/* To the same endpoint, or any; NULL: none. */
static struct request *
steal_request(const struct endpoint *endpoint)
{
	struct request *stolen = NULL;

	pthread_mutex_lock(&post.requests.mutex);
	for (GList *link = post.requests.items.head;
	     link != NULL && stolen == NULL; link = link->next) {
		struct request *request = link->data;
		if (endpoint == NULL || request->exchange->endpoint == endpoint)
			stolen = request;
	}
	g_queue_remove(&post.requests.items, stolen);
	pthread_mutex_unlock(&post.requests.mutex);
	return stolen;
}

/* What the test has taken, it ends itself. */
static void
abort_exchanges(void *self, const struct endpoint *endpoint)
{
	struct request *request;

	g_assert(self == &post && loop_here(post.loop));
	while ((request = steal_request(endpoint)) != NULL)
		end(request, EXCHANGE_LOST, "broken off");
}

/* The test's side */

static void *
take(struct queue *queue, const char *what)
{
	void *taken = wait_for(queue);

	if (taken == NULL)
		fail_msg("no %s comes", what);
	return taken;
}

static struct request *
take_request(const char *to)
{
	struct request *request = take(&post.requests, to);

	assert_string_equal(request->to, to);
	return request;
}

static void
on_hurry(void *object)
{
	const char *subject = object;
	GList *link = post.dispatcher->flights.head;

	for (; link != NULL; link = link->next) {
		struct flight *flight = link->data;
		g_autofree char *id =
		    g_strdup_printf("<%s@example.com>", subject);
		if (!g_str_equal(flight->message->message_id, id))
			continue;
		flight->message->submission->deadline_ms = clock_monotonic_ms();
		loop_timer_set(flight->timer, 0);
	}
}

/* The deadline of that mail, which has begun, is now. */
static inline void
hurry(const char *subject)
{
	loop_call(post.loop, on_hurry, (char *)subject);
}

/* The next request goes there, and is answered so. */
static inline void
serve(const char *to, const char *says)
{
	end(take_request(to), EXCHANGE_ANSWERED, says);
}

static void
post_answer(void *server, struct answer *answer)
{
	g_assert(server == &post);
	put(&post.answers, answer);
}

static void
on_event(void *object, const struct dispatch_event *event)
{
	g_assert(object == &post);
	put(&post.stories,
	    g_strdup_printf("%s to %u, %s%u: %s", event->sender,
		event->recipients, event->queued ? "queued " : "", event->code,
		event->story));
}

static inline void
expect_answer(unsigned code, const char *enhanced, const char *text)
{
	struct answer *answer = take(&post.answers, "answer");

	if (answer->code != code || strcmp(answer->enhanced, enhanced) != 0 ||
	    strstr(answer->text, text) == NULL)
		fail_msg(
		    "%u %s %s", answer->code, answer->enhanced, answer->text);
	answer_said(answer);
	answer_free(answer);
}

static inline void
expect_story(const char *wanted)
{
	g_autofree char *story = take(&post.stories, "story");

	assert_string_equal(story, wanted);
}

static void
on_reached(void *owner, struct letter *letter)
{
	(void)owner;
	put(&post.reached, letter);
}

/* What was posted to the loop until now has been read. */
static inline void
wait_for_loop(void)
{
	struct letter letter;

	loop_post(post.loop, &letter, on_reached);
	take(&post.reached, "letter");
}

struct sending {
	const char *subject;
	unsigned recipients;
	int64_t within_ms; /* the deadline */
};

/* fields: more lines of its header. */
static struct submission *
make_submission_with(const struct sending *sending, const char *fields)
{
	g_autofree char *text = g_strdup_printf(
	    "From: a@example.com\nTo: rcpt0@example.org\n"
	    "Message-ID: <%s@example.com>\nSubject: %s\n%s\nText\n",
	    sending->subject, sending->subject, fields);
	struct submission *submission =
	    fixture_submission(text, sending->recipients);

	submission->deadline_ms = clock_monotonic_ms() + sending->within_ms;
	submission->return_to =
	    (struct return_address){ post_answer, &post, 1 };
	return submission;
}

static struct submission *
make_submission(const struct sending *sending)
{
	return make_submission_with(sending, "");
}

/* Straight to the dispatcher, so that mails come in order. */
static void
submit(const struct sending *sending)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct message *message =
	    parse_message(make_submission(sending), &options, NULL);

	dispatcher_post(post.dispatcher,
	    flight_new(message, dispatcher_route(post.dispatcher)));
}

static inline void
submit_one(const char *subject)
{
	struct sending sending = { subject, 1, 60 * 1000 };

	submit(&sending);
}

static void
on_stopped(void *object)
{
	g_assert(loop_here(post.loop));
	put(&post.stopped, object);
}

/* The store: a thread that writes down each entry as a line. */

static void
print_attempts(GString *line, const struct journal *journal)
{
	for (unsigned i = 0; i < journal->attempts->len; i++) {
		const struct journal_attempt *attempt =
		    journal->attempts->pdata[i];
		g_string_append_printf(line, " #%u %s %s", attempt->number,
		    attempt->provider,
		    attempt->ended_ms == 0
			? "open"
			: verdict_class_text(attempt->class));
	}
}

static void
print_recipients(GString *line, const struct journal *journal)
{
	for (unsigned i = 0; i < journal->recipients->len; i++) {
		const struct journal_recipient *r = &g_array_index(
		    journal->recipients, struct journal_recipient, i);
		g_string_append_printf(line, "%s %u %s", i > 0 ? "," : ":",
		    r->number, recipient_state_text(r->is.state));
		if (r->is.state == RECIPIENT_HELD ||
		    r->is.state == RECIPIENT_DROPPED ||
		    (r->is.state == RECIPIENT_REFUSED && r->is.status == 0))
			g_string_append_printf(line, " (%s)", r->is.text);
		if (r->is.told)
			g_string_append(line, " told");
	}
}

/* "; report of success about 0 1 to ...". */
static void
print_whom(GString *line, const char *report)
{
	static const char field[] = "Final-Recipient: rfc822; rcpt";

	if (!post.tells_whom)
		return;
	g_string_append(line, " about");
	for (const char *at = report; (at = strstr(at, field)) != NULL; at++)
		g_string_append_printf(line, " %c", at[strlen(field)]);
}

static const char *
tell_kind(const char *report)
{
	if (strstr(report, "Action: relayed") != NULL)
		return " of success";
	return strstr(report, "Action: delayed") != NULL ? " of a delay" : "";
}

static void
print_report(GString *line, const struct submission *report)
{
	g_autofree char *bytes = g_malloc0(spool_size(report->spool) + 1);

	spool_read(report->spool, 0, bytes, spool_size(report->spool));
	g_string_append_printf(line, "; report%s", tell_kind(bytes));
	print_whom(line, bytes);
	g_string_append_printf(
	    line, " to %s", envelope_recipient(report->envelope, 0)->text);
	if (strstr(bytes, "From: ") == NULL ||
	    strstr(bytes, "MAILER-DAEMON@example.com") == NULL ||
	    !report->report || report->envelope->sender != NULL ||
	    envelope_wish_of(report->envelope, 0)->notify !=
		ENVELOPE_NOTIFY_NEVER)
		g_string_append(line, ", which is none");
}

/* What was noted and counted. */
static void
print_doubts(GString *line, const struct journal *journal)
{
	const struct journal_counts *counts = &journal->counts;

	for (unsigned i = 0; journal->notes != NULL && i < journal->notes->len;
	     i++) {
		const char *text =
		    g_array_index(journal->notes, struct journal_note, i).text;
		/* with each doubt: only where it is asked for; and a report is
		 * told of below */
		if ((post.tells_policy ||
			!g_str_has_prefix(text, DOUBT_NOTE)) &&
		    !g_str_has_prefix(text, BOUNCE_NOTE) &&
		    !g_str_has_prefix(text, BOUNCE_NOTE_WARNING) &&
		    !g_str_has_prefix(text, BOUNCE_NOTE_SUCCESS))
			g_string_append_printf(line, "; note: %s", text);
	}
	if (counts->doubts + counts->resolved + counts->possible +
		counts->confirmed >
	    0)
		g_string_append_printf(line, "; counts %u %u %u %u",
		    counts->doubts, counts->resolved, counts->possible,
		    counts->confirmed);
}

static char *
print_entry(const struct journal *journal)
{
	static const char *const kinds[] = { "begun", "ended", "landed",
		"taken", "passed", "noted" };
	GString *line = g_string_new(kinds[journal->kind]);

	print_attempts(line, journal);
	print_recipients(line, journal);
	if (journal->kind == JOURNAL_LANDED)
		g_string_append_printf(line, "; round %u%s%s%s",
		    journal->rounds, journal->due_ms != 0 ? ", due" : "",
		    journal->wakes ? ", wakes" : "",
		    journal->warned ? ", warned" : "");
	if (journal->hold != NULL)
		g_string_append_printf(line, "; hold: %s", journal->hold);
	if (post.tells)
		print_doubts(line, journal);
	if (journal->report != NULL)
		print_report(line, journal->report);
	return g_string_free(line, FALSE);
}

/* How the providers are, as told last. */
static void
note_states(const struct journal *journal)
{
	GString *line = g_string_new(NULL);

	for (unsigned i = 0; i < journal->states->len; i++) {
		const struct journal_state *state = journal->states->pdata[i];
		g_string_append_printf(line, "%s%s %s", i > 0 ? "\n" : "",
		    state->provider, state->text);
	}
	put(&post.states, g_string_free(line, FALSE));
}

static void
on_journal(void *owner, struct letter *letter)
{
	struct journal *journal = LETTER_OF(letter, struct journal, letter);
	bool recorded = true;

	(void)owner;
	if (journal->states != NULL) {
		note_states(journal);
		journal_free(journal);
		return;
	}
	if (journal->kind == JOURNAL_LANDED)
		post.due_ms = journal->due_ms;
	put(&post.entries, print_entry(journal));
	if (post.gated && journal->recorded != NULL)
		recorded = strcmp(wait_for(&post.records), "yes") == 0;
	if (journal->recorded != NULL)
		journal->recorded(journal->object, recorded);
	journal_free(journal);
}

static void
post_journal(void *store, struct journal *journal)
{
	g_assert(store == &post);
	loop_post(post.store, &journal->letter, on_journal);
}

/* "one delivered x 0 of MAIL", without a mail's id "of nobody". */
static void
on_batch(void *owner, struct letter *letter)
{
	struct event_batch *batch =
	    LETTER_OF(letter, struct event_batch, letter);

	(void)owner;
	for (unsigned i = 0; i < batch->events->len; i++) {
		const struct event *event = batch->events->pdata[i];
		put(&post.heard,
		    g_strdup_printf("%s %s of %s", event->provider,
			event->event_id,
			event->mail_id != NULL ? event->mail_id : "nobody"));
	}
	if (batch->recorded != NULL)
		batch->recorded(batch->object, !post.forgets);
	event_batch_free(batch);
}

static void
post_events(void *store, struct event_batch *batch)
{
	g_assert(store == &post && loop_here(post.loop));
	loop_post(post.store, &batch->letter, on_batch);
}

static inline void
expect_heard(const char *wanted)
{
	g_autofree char *line = take(&post.heard, wanted);

	assert_string_equal(line, wanted);
}

static void
wake(void *store, unsigned most)
{
	g_assert(store == &post && loop_here(post.loop));
	put(&post.wakes,
	    most == UINT_MAX ? g_strdup("all") : g_strdup_printf("%u", most));
}

static void
ramp(void *store, unsigned most)
{
	g_assert(store == &post && loop_here(post.loop));
	put(&post.ramps,
	    most == UINT_MAX ? g_strdup("all") : g_strdup_printf("%u", most));
}

static inline void
expect_wake(const char *wanted)
{
	g_autofree char *most = take(&post.wakes, wanted);

	assert_string_equal(most, wanted);
}

/* The next entry is this one. */
static inline void
expect_entry(const char *wanted)
{
	g_autofree char *line = take(&post.entries, wanted);

	assert_string_equal(line, wanted);
}

static void
on_alarm(void *object, const struct alarm *alarm)
{
	g_assert(object == &post && loop_here(post.loop));
	g_assert(alarm->since_ms > 0 && alarm->text != NULL);
	put(&post.alarms,
	    g_strdup_printf("%s%s %s: %s%s%s%s%s", alarm->over ? "over: " : "",
		alarm->kind, alarm->subject, alarm->text,
		alarm->advice != NULL ? "; " : "",
		alarm->advice != NULL ? alarm->advice : "",
		alarm->group != NULL ? "; group: " : "",
		alarm->group != NULL ? alarm->group : ""));
}

static inline void
expect_alarm(const char *wanted)
{
	g_autofree char *line = take(&post.alarms, wanted);

	if (!g_str_has_prefix(line, wanted))
		fail_msg("%s", line);
}

/* What one provider refuses is believed at once, unless the test says else. */
static char *
add_settings(const char *text)
{
	bool own = g_str_has_prefix(text, "[server]\n");

	if (strstr(text, "refusal_wait") != NULL)
		return g_strdup(text);
	return g_strconcat("[server]\nrefusal_wait = 0\n",
	    own ? text + strlen("[server]\n") : text, NULL);
}

/* All that is around a dispatcher. */
static void
set_stage(const char *text, struct dispatcher_options *options)
{
	g_autofree char *settings = add_settings(text);
	struct pool_options work = {
		.name = "work", .threads = 2, .stack_bytes = 2 * 1024 * 1024
	};

	options->http = (struct carrier){
		.send = send_exchange, .abort = abort_exchanges, .self = &post
	};
	options->relay = options->http;
	options->hostname = "mail.example.com";
	options->event = on_event;
	options->object = &post;
	options->alarm = on_alarm;
	options->alarm_object = &post;
	post.config = options->config = configured_read(settings);
	post.loop = options->loop = loop_new("dispatch", NULL);
	post.work = options->work = pool_new(&work);
}

static void
start_dispatcher(const char *text, struct dispatcher_options *options)
{
	set_stage(text, options);
	post.dispatcher = dispatcher_new(options, NULL);
	post.prepare = prepare_new(&(struct prepare_options){
	    .work = post.work,
	    .dispatcher = post.dispatcher,
	    .hostname = "mail.example.com",
	});
	loop_start(post.loop);
}

static inline void
start(const char *text)
{
	struct dispatcher_options options = { 0 };

	start_dispatcher(text, &options);
}

static inline struct dispatcher_options
open_store(void)
{
	if (post.place.budget == NULL)
		post.place.budget = budget_new(UINT64_C(1) << 30);
	post.store = loop_new("store", NULL);
	loop_start(post.store);
	return (struct dispatcher_options){
		.journal = post_journal,
		.wake = wake,
		.ramp = ramp,
		.hear = post_events,
		.store = &post,
		.place = &post.place,
		.states = post.known,
	};
}

static inline void
start_with_store(const char *text)
{
	struct dispatcher_options options = open_store();

	start_dispatcher(text, &options);
}

static void
stop_store(void)
{
	if (post.store == NULL)
		return;
	loop_stop(post.store);
	g_clear_pointer(&post.store, loop_free);
	assert_int_equal(count(&post.entries), 0);
	assert_int_equal(count(&post.records), 0);
	g_queue_clear_full(&post.wakes.items, g_free);
	g_queue_clear_full(&post.ramps.items, g_free);
	g_queue_clear_full(&post.states.items, g_free);
	assert_int_equal(count(&post.heard), 0);
	post.forgets = false;
	post.gated = post.tells = post.tells_policy = post.tells_whom = false;
	post.always = NULL;
}

/* As ferry does: first no more attempts, then the workers, then all. */
static inline void
stop(void)
{
	dispatcher_stop(post.dispatcher, NULL, NULL);
	pool_free(post.work);
	dispatcher_stop(post.dispatcher, on_stopped, &post);
	take(&post.stopped, "stop");
	loop_stop(post.loop);
	stop_store();
	assert_int_equal(count(&post.stopped), 0);
	assert_int_equal(count(&post.requests), 0);
	assert_int_equal(count(&post.answers), 0);
	prepare_free(post.prepare);
	dispatcher_free(post.dispatcher);
	loop_free(post.loop);
	config_unref(post.config);
	g_queue_clear_full(&post.stories.items, g_free);
	g_queue_clear_full(&post.alarms.items, g_free);
}

#define PROVIDER(name, more) "[provider " name "]\ntype = fake\n" more
#define TWO                  PROVIDER("one", "") PROVIDER("two", "")
#define THREE                TWO PROVIDER("three", "")

static int
start_all(void **state)
{
	static const struct log_options log = { .level = LOG_LEVEL_ERROR };

	(void)state;
	parse_start();
	log_open(&log);
	return 0;
}

static int
end_all(void **state)
{
	(void)state;
	log_close();
	return 0;
}

#endif
