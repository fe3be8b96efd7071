/* SPDX-License-Identifier: MIT */
#include "inquest.h"

#include "core/log.h"

/* One exchange; of a search with many pages each. */
#define ANSWER_MS (20 * INT64_C(1000))

/* An answer with more pages has no end. */
#define RENEWALS_MAX 50

/* How long nothing is asked after the provider said that our key may not ask,
 * or "too many" and not for how long. */
#define FORBIDDEN_MS (10 * 60 * INT64_C(1000))
#define THROTTLE_MS  (60 * INT64_C(1000))

struct inquest {
	struct inquest_options options;
	GQueue waiting;            /* struct question */
	GQueue asked;              /* ...that the exchange is about */
	GPtrArray *inquiries;      /* of those */
	struct exchange *exchange; /* NULL: none */
	bool sent;                 /* the carrier has it */
	unsigned renewals;
	struct loop_timer *timer;
	int64_t gather_until_ms; /* those that wait are asked then */

	/* what may be sent: a part of a minute's at once, the rest over it */
	double tokens;
	int64_t tokens_ms; /* as they were then */

	struct inquiry_reply obstacle; /* why it did not answer last; all 0: it
					* did */
	int64_t closed_until_ms;
	bool stopped;
};

static void on_timer(void *object);

struct inquest *
inquest_new(const struct inquest_options *options)
{
	struct inquest *inquest = g_new0(struct inquest, 1);

	inquest->options = *options;
	g_queue_init(&inquest->waiting);
	g_queue_init(&inquest->asked);
	inquest->inquiries = g_ptr_array_new();
	inquest->timer = loop_timer_new(options->loop, on_timer, inquest);
	inquest->tokens = G_MAXDOUBLE; /* full */
	return inquest;
}

static void
free_question(struct question *question)
{
	inquiry_free(question->inquiry);
	g_free(question->numbers);
	g_free(question);
}

static void
free_questions(GQueue *questions)
{
	GList *link;

	while ((link = g_queue_pop_head_link(questions)) != NULL)
		free_question(link->data);
}

void
inquest_free(struct inquest *inquest)
{
	if (inquest == NULL)
		return;
	g_assert(!inquest->sent);
	free_questions(&inquest->waiting);
	free_questions(&inquest->asked);
	g_ptr_array_unref(inquest->inquiries);
	exchange_free(inquest->exchange);
	loop_timer_free(inquest->timer);
	inquiry_reply_clear(&inquest->obstacle);
	g_free(inquest);
}

bool
inquest_is_possible(const struct provider *provider)
{
	const struct translator *translator = provider->translator;

	return translator->ask != NULL && translator->limits.ask_batch > 0;
}

const struct inquiry_reply *
inquest_obstacle(const struct inquest *inquest, int64_t now_ms)
{
	return now_ms < inquest->closed_until_ms ? &inquest->obstacle : NULL;
}

bool
inquest_is_forbidden(const struct inquest *inquest)
{
	return inquest->obstacle.class == VERDICT_ACCOUNT;
}

unsigned
inquest_waiting(const struct inquest *inquest)
{
	return inquest->waiting.length;
}

static const struct translator *
find_translator(const struct inquest *inquest)
{
	return inquest->options.provider->translator;
}

static unsigned
find_batch(const struct inquest *inquest)
{
	return find_translator(inquest)->limits.ask_batch;
}

/* Takes a token; else how long until there is one.  A fifth of a minute's at
 * once and four fifths over the minute: no minute has more. */
static int64_t
take_token(struct inquest *inquest, int64_t now_ms)
{
	double minute = find_translator(inquest)->limits.ask_minute;
	double most = MAX(minute / 5, 1);
	double each_ms = 60000 / (minute * 0.8);

	if (minute <= 0)
		return 0;
	inquest->tokens += (double)(now_ms - inquest->tokens_ms) / each_ms;
	inquest->tokens = MIN(inquest->tokens, most);
	inquest->tokens_ms = now_ms;
	if (inquest->tokens < 1)
		return (int64_t)((1 - inquest->tokens) * each_ms) + 1;
	inquest->tokens--;
	return 0;
}

static void on_done(void *object, struct exchange *exchange);
static void go_on(struct inquest *inquest);

static void
send_exchange(struct inquest *inquest)
{
	struct exchange *exchange = inquest->exchange;
	const struct carrier *carrier = inquest->options.http;

	exchange->done = on_done;
	exchange->object = inquest;
	exchange->deadline_ms = loop_now_ms(inquest->options.loop) + ANSWER_MS;
	inquest->sent = true;
	++*inquest->options.under_way;
	carrier->send(carrier->self, exchange);
}

/* Tells them, each once.  Who is told may put another, or withdraw one that is
 * to be told yet. */
static void
tell(GQueue *questions, const struct inquiry_reply *reply)
{
	GList *link;

	while ((link = g_queue_pop_head_link(questions)) != NULL) {
		struct question *question = link->data;
		if (question->answered != NULL)
			question->answered(question->object, question, reply);
		free_question(question);
	}
}

static void
move_questions(GQueue *from, GQueue *to)
{
	GList *link;

	while ((link = g_queue_pop_head_link(from)) != NULL) {
		((struct question *)link->data)->waiting = false;
		g_queue_push_tail_link(to, link);
	}
}

static const char *
find_advice(const struct inquest *inquest)
{
	if (inquest->obstacle.class == VERDICT_ACCOUNT)
		return "set lookup_key of this provider to a key that may look "
		       "mail up; until then its doubts are waited out unasked";
	return "nothing: it is asked again";
}

/* Once when it begins, and when it is over. */
static void
tell_change(struct inquest *inquest, enum verdict_class was)
{
	const char *name = inquest->options.provider->name;
	const struct inquiry_reply *is = &inquest->obstacle;

	if (is->class == was)
		return;
	if (is->class == VERDICT_NONE)
		log_info("provider answers about doubts again",
		    log_str("provider", name));
	else if (is->class == VERDICT_ACCOUNT)
		log_error("provider may not be asked about doubts",
		    log_str("provider", name), log_str("text", is->text),
		    log_num("again_in_ms", FORBIDDEN_MS),
		    log_str_if("advice", find_advice(inquest)));
	else
		log_warn("provider does not answer about doubts",
		    log_str("provider", name),
		    log_str("class", verdict_class_text(is->class)),
		    log_str("text", is->text),
		    log_str_if("advice", find_advice(inquest)));
}

static int64_t
choose_pause(const struct inquiry_reply *reply)
{
	switch (reply->class) {
	case VERDICT_ACCOUNT:
		return FORBIDDEN_MS;
	case VERDICT_THROTTLE:
		return reply->retry_ms > 0 ? reply->retry_ms : THROTTLE_MS;
	default:
		return 0;
	}
}

static void
note_reply(struct inquest *inquest, const struct inquiry_reply *reply)
{
	enum verdict_class was = inquest->obstacle.class;

	inquiry_reply_clear(&inquest->obstacle);
	inquest->closed_until_ms = 0;
	if (!reply->answered) {
		inquest->obstacle = *reply;
		inquest->obstacle.text = g_strdup(reply->text);
		/* a failure has a class, as nothing has none */
		if (reply->class == VERDICT_NONE)
			inquest->obstacle.class = VERDICT_OUTAGE;
		inquest->closed_until_ms =
		    loop_now_ms(inquest->options.loop) + choose_pause(reply);
	}
	tell_change(inquest, was);
}

/* What was asked has come to this.  When it was not answered, whoever waits
 * would not be either. */
static void
finish(struct inquest *inquest, struct inquiry_reply *reply)
{
	GQueue told = G_QUEUE_INIT;

	g_clear_pointer(&inquest->exchange, exchange_free);
	g_ptr_array_set_size(inquest->inquiries, 0);
	move_questions(&inquest->asked, &told);
	if (!reply->answered)
		move_questions(&inquest->waiting, &told);
	if (!inquest->stopped)
		note_reply(inquest, reply);
	tell(&told, reply);
	inquiry_reply_clear(reply);
	go_on(inquest);
}

static void
give_up(struct inquest *inquest, const char *why)
{
	struct inquiry_reply reply = {
		.class = VERDICT_OUTAGE,
		.text = g_strdup(why),
	};

	finish(inquest, &reply);
}

static void
on_done(void *object, struct exchange *exchange)
{
	struct inquest *inquest = object;
	struct inquiry_reply reply = { 0 };
	bool more;

	g_assert(exchange == inquest->exchange);
	inquest->sent = false;
	--*inquest->options.under_way;
	more = find_translator(inquest)->asked(
	    inquest->options.provider, inquest->inquiries, exchange, &reply);
	if (!more || inquest->stopped) {
		finish(inquest, &reply);
	} else {
		inquiry_reply_clear(&reply);
		if (++inquest->renewals > RENEWALS_MAX)
			give_up(inquest, "its answer has too many pages");
		else
			go_on(inquest);
	}
	inquest->options.ended(inquest->options.object);
}

static void
begin(struct inquest *inquest)
{
	const struct provider *provider = inquest->options.provider;
	const struct question *first = g_queue_peek_head(&inquest->waiting);
	unsigned most = find_batch(inquest);
	GList *link;

	inquest->renewals = 0;
	inquest->exchange = exchange_new(
	    EXCHANGE_HTTP, &provider->endpoint, first->inquiry->id);
	while (inquest->asked.length < most &&
	       (link = g_queue_pop_head_link(&inquest->waiting)) != NULL) {
		struct question *question = link->data;
		question->waiting = false;
		g_ptr_array_add(inquest->inquiries, question->inquiry);
		g_queue_push_tail_link(&inquest->asked, link);
	}
	if (provider->translator->ask(
		provider, inquest->inquiries, inquest->exchange))
		send_exchange(inquest);
	else
		give_up(inquest, "it cannot be asked");
}

/* When the next exchange may be sent, 0: now, -1: there is none to send. */
static int64_t
find_wait(struct inquest *inquest, int64_t now_ms)
{
	int64_t wait = 0;

	if (inquest->sent || inquest->stopped)
		return -1;
	if (inquest->exchange == NULL) {
		if (inquest->waiting.length == 0)
			return -1;
		if (inquest->waiting.length < find_batch(inquest))
			wait = inquest->gather_until_ms - now_ms;
	}
	return wait > 0 ? wait : take_token(inquest, now_ms);
}

static void
go_on(struct inquest *inquest)
{
	int64_t wait = find_wait(inquest, loop_now_ms(inquest->options.loop));

	loop_timer_clear(inquest->timer);
	if (wait > 0)
		loop_timer_set(inquest->timer, wait);
	else if (wait == 0 && inquest->exchange != NULL)
		send_exchange(inquest);
	else if (wait == 0)
		begin(inquest);
}

static void
on_timer(void *object)
{
	go_on(object);
}

struct question *
inquest_question(struct inquiry *inquiry, const unsigned *numbers)
{
	struct question *question = g_new0(struct question, 1);

	question->inquiry = inquiry;
	question->numbers =
	    g_memdup2(numbers, inquiry->count * sizeof *numbers);
	question->link.data = question;
	return question;
}

/* By timer even when the batch is full: the caller is not answered within the
 * call. */
void
inquest_put(struct inquest *inquest, struct question *question)
{
	int64_t now = loop_now_ms(inquest->options.loop);

	g_assert(!inquest->stopped);
	question->inquest = inquest;
	question->put_ms = now;
	question->waiting = true;
	if (inquest->waiting.length == 0)
		inquest->gather_until_ms = now + inquest->options.gather_ms;
	g_queue_push_tail_link(&inquest->waiting, &question->link);
	if (inquest->exchange != NULL)
		return;
	loop_timer_set(inquest->timer,
	    inquest->waiting.length >= find_batch(inquest)
		? 0
		: MAX(inquest->gather_until_ms - now, (int64_t)0));
}

void
inquest_withdraw(struct question *question)
{
	if (!question->waiting) {
		question->answered = NULL;
		return;
	}
	g_queue_unlink(&question->inquest->waiting, &question->link);
	free_question(question);
}

void
inquest_stop(struct inquest *inquest)
{
	inquest->stopped = true;
	loop_timer_clear(inquest->timer);
}

void
inquest_break_off(struct inquest *inquest)
{
	const struct carrier *carrier;

	if (inquest == NULL || !inquest->sent)
		return;
	carrier = inquest->options.http;
	if (carrier->abort != NULL)
		carrier->abort(carrier->self, inquest->exchange->endpoint);
}
