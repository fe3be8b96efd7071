/* SPDX-License-Identifier: MIT */
/*
 * The real dispatcher in a made-up world: a few providers that fall ill in
 * every way there is, a few clients that send again whatever got 451, all
 * driven by a seed in virtual time.  After each step the promises are checked:
 *
 *  - nobody who was accepted is sent again, nobody is sent twice at a time,
 *    nobody in doubt is sent before the doubt was waited out, nor back to the
 *    same provider in that round
 *  - 250 means that every recipient was taken, 5xx that nobody is left
 *  - each sending is answered once, within its deadline
 *  - a provider that is paused is not asked, nor more at a time than it takes
 *  - the states of flights, ledgers and lanes agree; nobody waits for a lane
 *    that has room; no lane is left probing
 *  - when the storm is over every mail comes to an end
 *  - each attempt leaves one complete line in the log
 *
 * A seed that fails is run again and prints its trace; test_world SEED runs
 * one seed only.
 */
#include "dispatch/dispatcher.h"
#include "mail/submission.h"
#include "state.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "virtual.h"

#define SEEDS       3000
#define SUPPLIERS   4
#define MAILS       6
#define DEADLINE_MS 50000
#define STORM_MS    (8 * 60 * 1000)
#define PATIENCE_MS (30 * 60 * 1000) /* after the storm */
#define PAUSE_MS    4000             /* the least pause: 5 s x 0.8 */
#define ACCOUNT_MS  60000
#define SENDER_MS   40000

enum mood {
	WELL,
	SLOW,        /* well, within a minute */
	UNREACHABLE, /* refused, reset in the body */
	DEAF,        /* takes the request, maybe the mail, never answers */
	FAILING,     /* 502 after the whole body; may have taken the mail */
	MUTE,        /* says nothing about some recipients */
	BUSY,        /* 429 */
	LOCKED,      /* 401 */
	FORGED,      /* its certificate is wrong */
	PICKY,       /* refuses a From domain */
	GREYLISTING, /* puts some recipients off */
	OUR_FAULT,   /* the spool cannot be read */
	MOODS,
};

struct supplier {
	struct provider provider;
	struct translator translator;
	enum mood mood;
	int64_t mood_until_ms;
	bool whole; /* refuses the whole call for one bad recipient */
	unsigned open;
	int64_t paused_until_ms;
	int64_t sender_until_ms[2]; /* by From domain */
	unsigned paused_at;         /* step */
};

/* The truth about one recipient. */
struct target {
	uint32_t bad; /* suppliers that refuse this address */
	unsigned taken, doubts;
	bool known;   /* an answer said accepted */
	bool refused; /* an answer said never */
	bool open;    /* an exchange is under way */
	uint32_t payload_by;
	int64_t doubt_until_ms;
	unsigned doubt_by, doubt_sending;
};

struct mail {
	unsigned number, from; /* From domain */
	unsigned count;
	struct target targets[40];
	uint32_t disliked; /* by suppliers: payload */
	uint32_t unfit;    /* for suppliers: cannot be encoded */
	unsigned sendings;
	int64_t deadline_ms;
	bool asked;    /* an answer is due */
	unsigned code; /* the last answer */
};

/* One exchange. */
struct job {
	struct mail *mail;
	unsigned supplier, sending, count, sent_at;
	unsigned *recipients;
	struct exchange *exchange;
	enum exchange_end end;
	struct outcome *outcome;
};

static struct {
	uint32_t seed;
	unsigned suppliers, mails, step, stopped;
	unsigned answered, logged;     /* attempts */
	int64_t doubt_ms, unlikely_ms; /* settings */
	struct supplier all[SUPPLIERS];
	struct mail mail[MAILS];
	GPtrArray *jobs;
	struct dispatcher *dispatcher;
	bool stopping;
	char *violation;
} world;

static const char *const names[SUPPLIERS + 1] = { "p0", "p1", "p2", "p3",
	NULL };
static const char *const domains[] = { "example.com", "example.net" };

static void violate(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void
violate(const char *format, ...)
{
	va_list arguments;

	if (world.violation != NULL)
		return;
	va_start(arguments, format);
	world.violation = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	virtual_trace("VIOLATED: %s", world.violation);
}

/* The suppliers */

static bool
encode(const struct provider *provider, const struct delivery *delivery,
    struct exchange *exchange, GError **error)
{
	const struct supplier *supplier = provider->self;
	uint64_t session = delivery->message->submission->return_to.session;
	struct mail *mail = &world.mail[session >> 16];
	unsigned number = (unsigned)(supplier - world.all);

	if (mail->unfit & 1u << number) {
		g_set_error(error, g_quark_from_static_string("world"), 0,
		    "cannot be said in this API");
		return false;
	}
	struct job *job = g_new0(struct job, 1);
	job->mail = mail;
	job->supplier = number;
	job->sending = session & 0xffff;
	job->count = delivery->count;
	job->recipients =
	    g_memdup2(delivery->recipients, delivery->count * sizeof(unsigned));
	exchange->http.path = g_strdup_printf("%u", world.jobs->len);
	g_ptr_array_add(world.jobs, job);
	return true;
}

static struct job *
find_job(const struct exchange *exchange)
{
	return world.jobs->pdata[atoi(exchange->http.path)];
}

static void
decode(const struct provider *provider, const struct delivery *delivery,
    const struct exchange *exchange, struct outcome *outcome)
{
	const struct outcome *said = find_job(exchange)->outcome;

	(void)provider;
	g_assert(outcome->count == delivery->count);
	for (unsigned i = 0; i < said->count; i++) {
		const struct verdict *v = &said->verdicts[i];
		if (v->class == VERDICT_NONE)
			continue;
		outcome_set(outcome, i, v->class, v->status, v->text);
		outcome->verdicts[i].unlikely = v->unlikely;
	}
	outcome->split = said->split;
	outcome->retry_ms = said->retry_ms;
}

static void
free_job(gpointer pointer)
{
	struct job *job = pointer;

	outcome_free(job->outcome);
	g_free(job->recipients);
	g_free(job);
}

/* Whom a well supplier refuses. */
static void
answer_well(const struct supplier *supplier, struct job *job)
{
	uint32_t bit = 1u << job->supplier;
	bool all_bad = false;

	for (unsigned i = 0; i < job->count; i++) {
		bool bad = job->mail->targets[job->recipients[i]].bad & bit;
		all_bad |= bad && supplier->whole;
		outcome_set(job->outcome, i,
		    bad ? VERDICT_RECIPIENT : VERDICT_ACCEPTED, 200, "well");
	}
	if (job->mail->disliked & bit)
		outcome_set_all(job->outcome, VERDICT_PAYLOAD, 400, "ugly");
	else if (all_bad)
		outcome_set_all(
		    job->outcome, VERDICT_RECIPIENT, 400, "one is bad");
	job->outcome->split = all_bad && !(job->mail->disliked & bit);
}

static void
answer_doubt(struct job *job)
{
	for (unsigned i = 0; i < job->count; i++) {
		outcome_set(job->outcome, i, VERDICT_DOUBT, 502, "bad gateway");
		job->outcome->verdicts[i].unlikely = true;
	}
}

/* Of the accepted some are not mentioned, or put off. */
static void
spoil_some(struct job *job, enum verdict_class class)
{
	for (unsigned i = 0; i < job->count; i++)
		if (job->outcome->verdicts[i].class == VERDICT_ACCEPTED &&
		    virtual_chance(40))
			outcome_set(job->outcome, i, class, 450, "later");
}

static void
answer_mood(const struct supplier *supplier, struct job *job)
{
	switch (supplier->mood) {
	case BUSY:
		outcome_set_all(job->outcome, VERDICT_THROTTLE, 429, "busy");
		job->outcome->retry_ms =
		    virtual_chance(50) ? 1000 + virtual_random(60000) : 0;
		break;
	case LOCKED:
		outcome_set_all(job->outcome, VERDICT_ACCOUNT, 401, "key");
		break;
	case FAILING:
		answer_doubt(job);
		break;
	case PICKY:
		answer_well(supplier, job);
		if (job->mail->from == 0)
			outcome_set_all(
			    job->outcome, VERDICT_SENDER, 400, "unverified");
		job->outcome->split &= job->mail->from != 0;
		break;
	case MUTE:
		answer_well(supplier, job);
		spoil_some(job, VERDICT_NONE);
		break;
	case GREYLISTING:
		answer_well(supplier, job);
		spoil_some(job, VERDICT_OUTAGE);
		break;
	default:
		answer_well(supplier, job);
	}
}

static int64_t
choose_end(const struct supplier *supplier, struct job *job)
{
	int64_t delay = 5 + virtual_random(400);
	int64_t most = job->exchange->deadline_ms - virtual.now_ms;

	job->end = EXCHANGE_ANSWERED;
	switch (supplier->mood) {
	case UNREACHABLE:
		job->end = EXCHANGE_UNSENT;
		delay = virtual_random(5000);
		break;
	case FORGED:
		job->end = EXCHANGE_REFUSED_TLS;
		break;
	case OUR_FAULT:
		job->end = EXCHANGE_UNREADABLE;
		break;
	case DEAF:
		job->end = EXCHANGE_LOST;
		delay = virtual_chance(50) ? 60000 : virtual_random(60000);
		break;
	case SLOW:
		delay = virtual_random(65000);
		break;
	default:
		break;
	}
	if (delay > most)
		job->end = EXCHANGE_LOST;
	return MIN(delay, most);
}

static void
change_mood(struct supplier *supplier)
{
	bool storm = virtual.now_ms < 1000000 + STORM_MS;

	if (storm && virtual.now_ms < supplier->mood_until_ms)
		return;
	supplier->mood = WELL;
	if (storm && virtual_chance(60))
		supplier->mood = (enum mood)virtual_random(MOODS);
	supplier->mood_until_ms = virtual.now_ms + virtual_random(90000);
}

/* The carrier */

static void
check_send(struct job *job, unsigned recipient)
{
	struct target *target = &job->mail->targets[recipient];
	unsigned mail = job->mail->number;

	if (target->known)
		violate("m%u r%u is sent again, was accepted", mail, recipient);
	if (target->refused)
		violate("m%u r%u is sent again, was refused", mail, recipient);
	if (target->open)
		violate("m%u r%u is sent twice at a time", mail, recipient);
	if (virtual.now_ms < target->doubt_until_ms)
		violate("m%u r%u is sent in doubt", mail, recipient);
	if (target->doubts > 0 && target->doubt_by == job->supplier &&
	    target->doubt_sending == job->sending)
		violate("m%u r%u: back to who is doubtful", mail, recipient);
	if (target->payload_by & 1u << job->supplier)
		violate(
		    "m%u r%u: p%u refused it", mail, recipient, job->supplier);
	target->open = true;
}

static void on_answered(void *object);

static void
send_exchange(void *self, struct exchange *exchange)
{
	struct job *job = find_job(exchange);
	struct supplier *supplier = &world.all[job->supplier];

	(void)self;
	change_mood(supplier);
	job->exchange = exchange;
	job->sent_at = ++world.step;
	virtual_trace("m%u: %u recipients to p%u (mood %d)", job->mail->number,
	    job->count, job->supplier, supplier->mood);
	for (unsigned i = 0; i < job->count; i++)
		check_send(job, job->recipients[i]);
	if (world.stopping)
		violate("an attempt after the stop");
	if (virtual.now_ms < supplier->paused_until_ms)
		violate("p%u is asked while it is paused", job->supplier);
	if (virtual.now_ms < supplier->sender_until_ms[job->mail->from])
		violate(
		    "p%u is asked for a From domain it refused", job->supplier);
	if (++supplier->open > supplier->provider.endpoint.connections)
		violate("p%u has %u requests", job->supplier, supplier->open);
	if (supplier->translator.limits.recipients != 0 &&
	    job->count > supplier->translator.limits.recipients)
		violate("p%u: %u recipients", job->supplier, job->count);
	virtual_after(choose_end(supplier, job), on_answered, job);
}

static void
pause_supplier(struct supplier *supplier, int64_t ms)
{
	supplier->paused_until_ms =
	    MAX(supplier->paused_until_ms, virtual.now_ms + ms);
	supplier->paused_at = ++world.step;
}

/* For how long the answer says that this supplier is not to be asked. */
static void
note_pause(struct supplier *supplier, const struct job *job)
{
	const struct outcome *outcome = job->outcome;

	if (job->end == EXCHANGE_UNREADABLE)
		return;
	switch (outcome->verdicts[0].class) {
	case VERDICT_ACCOUNT:
		pause_supplier(supplier, ACCOUNT_MS);
		return;
	case VERDICT_THROTTLE:
		pause_supplier(supplier,
		    outcome->retry_ms != 0 ? outcome->retry_ms : 60000);
		return;
	case VERDICT_SENDER:
		supplier->sender_until_ms[job->mail->from] = virtual.now_ms +
							     SENDER_MS;
		return;
	default:
		break;
	}
	if (job->sent_at < supplier->paused_at)
		return; /* old news */
	supplier->paused_until_ms = 0;
	if (ledger_accepted(outcome) > 0)
		return;
	for (unsigned i = 0; i < outcome->count; i++)
		if (outcome->verdicts[i].class != VERDICT_RECIPIENT &&
		    outcome->verdicts[i].class != VERDICT_PAYLOAD)
			pause_supplier(supplier, PAUSE_MS);
}

static void
note_verdict(
    const struct job *job, unsigned recipient, const struct verdict *verdict)
{
	struct target *target = &job->mail->targets[recipient];

	target->open = false;
	switch (verdict->class) {
	case VERDICT_ACCEPTED:
		target->known = true;
		target->taken++;
		break;
	case VERDICT_RECIPIENT:
		target->refused = true;
		break;
	case VERDICT_PAYLOAD:
		target->payload_by |= 1u << job->supplier;
		break;
	case VERDICT_NONE:
	case VERDICT_DOUBT:
		target->doubts++;
		target->taken += virtual_chance(50);
		target->doubt_by = job->supplier;
		target->doubt_sending = job->sending;
		target->doubt_until_ms = virtual.now_ms +
					 (verdict->unlikely ? world.unlikely_ms
							    : world.doubt_ms);
		break;
	default:
		break;
	}
	if (target->taken > 1 + target->doubts)
		violate("m%u r%u has %u copies", job->mail->number, recipient,
		    target->taken);
}

static void
make_outcome(struct supplier *supplier, struct job *job)
{
	job->outcome = outcome_new(job->count);
	switch (job->end) {
	case EXCHANGE_ANSWERED:
		answer_mood(supplier, job);
		break;
	case EXCHANGE_LOST:
		outcome_set_all(job->outcome, VERDICT_DOUBT, 0, "lost");
		break;
	case EXCHANGE_REFUSED_TLS:
		outcome_set_all(job->outcome, VERDICT_ACCOUNT, 0, "tls");
		break;
	default:
		outcome_set_all(job->outcome, VERDICT_OUTAGE, 0, "unsent");
	}
}

static void
on_answered(void *object)
{
	struct job *job = object;
	struct supplier *supplier = &world.all[job->supplier];
	struct exchange *exchange = job->exchange;

	make_outcome(supplier, job);
	virtual_trace("m%u: p%u ends %d, %s%s", job->mail->number,
	    job->supplier, job->end,
	    verdict_class_text(job->outcome->verdicts[0].class),
	    job->outcome->split ? ", split" : "");
	for (unsigned i = 0; i < job->count; i++) {
		if (job->outcome->split && job->count > 1)
			job->mail->targets[job->recipients[i]].open = false;
		else
			note_verdict(job, job->recipients[i],
			    &job->outcome->verdicts[i]);
	}
	supplier->open--;
	note_pause(supplier, job);
	world.answered++;
	exchange->end = job->end;
	exchange->error = g_strdup("broken");
	exchange->done(exchange->object, exchange);
}

static void
on_logged(const char *event, const struct log_field *field)
{
	static const char *const wanted[] = { "mail", "provider", "class",
		"status", "ms", "text" };
	size_t found = 0;

	if (!g_str_has_prefix(event, "delivery ") ||
	    strcmp(event, "delivery impossible") == 0)
		return;
	for (; field->type != LOG_TYPE_END; field++)
		for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
			found += strcmp(field->key, wanted[i]) == 0;
	if (found != G_N_ELEMENTS(wanted))
		violate("an incomplete line: %s", event);
	world.logged++;
}

/* The clients */

static bool
is_refused(const struct mail *mail, const struct target *target)
{
	uint32_t fit = ((1u << world.suppliers) - 1) & ~mail->unfit;

	return target->refused || (fit & ~target->payload_by) == 0 ||
	       __builtin_popcount(target->payload_by) >= 2;
}

static void
check_answer(const struct mail *mail, unsigned code)
{
	unsigned known = 0, refused = 0;

	for (unsigned i = 0; i < mail->count; i++) {
		const struct target *target = &mail->targets[i];
		known += target->known;
		refused += !target->known && is_refused(mail, target);
		if (code == 250 && target->taken == 0)
			violate(
			    "m%u: 250, and r%u has nothing", mail->number, i);
	}
	if (code == 250 && known != mail->count)
		violate("m%u: 250 without knowing", mail->number);
	if (code >= 500 && (refused == 0 || known + refused != mail->count))
		violate("m%u: %u, %u known, %u refused of %u", mail->number,
		    code, known, refused, mail->count);
	if (virtual.now_ms > mail->deadline_ms)
		violate("m%u is answered late", mail->number);
}

static void on_client(void *object);

/* Some clients are patient. */
static int64_t
choose_delay(void)
{
	return 1000 + virtual_random(virtual_chance(40) ? 5000 : 200000);
}

static void
post_answer(void *server, struct answer *answer)
{
	struct mail *mail = &world.mail[answer->session >> 16];

	(void)server;
	virtual_trace("m%u: %u %s", mail->number, answer->code, answer->text);
	if (!mail->asked || mail->sendings != (answer->session & 0xffff))
		violate("m%u is answered twice", mail->number);
	mail->asked = false;
	mail->code = answer->code;
	check_answer(mail, answer->code);
	if (answer->code == 451 && !world.stopping)
		virtual_after(choose_delay(), on_client, mail);
	answer_said(answer);
	answer_free(answer);
}

static struct address *
make_address(const char *local, unsigned number)
{
	g_autofree char *text =
	    g_strdup_printf("%s%u@example.org", local, number);
	enum address_fault fault;

	return address_parse(text, strlen(text), NULL, &fault);
}

static struct submission *
make_submission(const struct mail *mail)
{
	static struct spool_place place;
	struct submission *submission = g_new0(struct submission, 1);

	if (place.budget == NULL)
		place.budget = budget_new(1 << 30);
	g_snprintf(submission->id, sizeof submission->id, "MAIL%u-%u",
	    mail->number, mail->sendings);
	submission->envelope = envelope_new();
	for (unsigned i = 0; i < mail->count; i++)
		envelope_add_recipient(
		    submission->envelope, make_address("r", i));
	submission->spool = spool_new(&place);
	spool_append(submission->spool, &mail->number, sizeof mail->number);
	spool_seal(submission->spool);
	submission->deadline_ms = mail->deadline_ms;
	submission->return_to = (struct return_address){ post_answer, NULL,
		(uint64_t)mail->number << 16 | mail->sendings };
	return submission;
}

static void
free_address(void *address)
{
	header_address_free(address);
}

static struct message *
make_message(const struct mail *mail)
{
	struct message *message = g_new0(struct message, 1);
	g_autofree char *from = g_strdup_printf("a@%s", domains[mail->from]);

	g_atomic_ref_count_init(&message->count);
	message->submission = make_submission(mail);
	message->message_id = g_strdup_printf("<%u@x>", mail->number);
	message->had_message_id = true;
	message->from = g_ptr_array_new_with_free_func(free_address);
	g_ptr_array_add(message->from, header_address_new(NULL, from));
	return message;
}

/* The client sends its mail, for the first time or again. */
static void
on_client(void *object)
{
	struct mail *mail = object;

	if (world.stopping)
		return;
	mail->sendings++;
	mail->asked = true;
	mail->deadline_ms = virtual.now_ms + DEADLINE_MS;
	virtual_trace("m%u: sending %u", mail->number, mail->sendings);
	dispatcher_post(world.dispatcher,
	    flight_new(make_message(mail), dispatcher_route(world.dispatcher)));
}

/* What must hold whenever nothing happens */

static void
check_flight(const struct flight *flight)
{
	const struct ledger *ledger = flight->ledger;
	const struct lane *lane = world.dispatcher->lanes[flight->provider];
	unsigned open = ledger_count(ledger, RECIPIENT_OPEN);
	bool flies =
	    flight->state == FLIGHT_ENCODING || flight->state == FLIGHT_SENDING;
	bool queued = g_queue_find((GQueue *)&lane->fresh, flight) != NULL ||
		      g_queue_find((GQueue *)&lane->tried, flight) != NULL;

	if (flight->state == FLIGHT_NEW)
		violate("a flight rests without a state");
	if (open != (flies ? flight->delivery->count : 0))
		violate("%u recipients open in state %d", open, flight->state);
	if (queued != (flight->state == FLIGHT_QUEUED))
		violate("state %d and the queue disagree", flight->state);
	if (queued && lane_has_room(lane))
		violate("a flight waits for %s, which has room",
		    lane->provider->name);
	if (flight->state == FLIGHT_FROZEN &&
	    ledger_doubt_until(ledger) < virtual.now_ms)
		violate("a flight is frozen for nothing");
	if (flight->answered && !flies)
		violate("an answered flight is kept");
}

static unsigned
count_attempts(unsigned provider)
{
	unsigned count = 0;

	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next) {
		const struct flight *flight = link->data;
		count += flight->provider == provider &&
			 (flight->state == FLIGHT_ENCODING ||
			     flight->state == FLIGHT_SENDING);
	}
	return count;
}

static void
check_lane(const struct lane *lane)
{
	unsigned attempts = count_attempts(lane->number);
	GHashTableIter iter;
	gpointer value;

	if (lane->requests != attempts)
		violate("%s counts %u requests of %u", lane->provider->name,
		    lane->requests, attempts);
	if (lane->breaker.state == BREAKER_PROBING && attempts == 0)
		violate("%s is left probing", lane->provider->name);
	g_hash_table_iter_init(&iter, lane->senders);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct breaker *sender = value;
		if (sender->state == BREAKER_PROBING && attempts == 0)
			violate("%s is left probing a From domain",
			    lane->provider->name);
	}
}

static void
check_rest(void)
{
	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next)
		check_flight(link->data);
	for (unsigned i = 0; i < world.suppliers; i++)
		check_lane(world.dispatcher->lanes[i]);
}

/* Reports */

const char *
bounce_obstacle(const struct message *message, const char *const *domains_known)
{
	(void)message;
	(void)domains_known;
	return NULL;
}

struct submission *
bounce_make(const struct message *message, const GArray *recipients,
    const struct bounce_options *options)
{
	(void)message;
	(void)recipients;
	(void)options;
	return NULL;
}

/* The world */

struct provider *
provider_open(const char *name, struct config *config, GError **error)
{
	(void)config;
	(void)error;
	return &world.all[name[1] - '0'].provider;
}

void
provider_unref(struct provider *provider)
{
	(void)provider;
}

static void
make_supplier(struct supplier *supplier, unsigned number)
{
	static const unsigned batches[] = { 0, 0, 1, 3, 16 };

	supplier->translator = (struct translator){
		.encode = encode,
		.decode = decode,
		.limits = { .fields = true,
		    .recipients =
			batches[virtual_random(G_N_ELEMENTS(batches))] },
	};
	supplier->provider = (struct provider){
		.name = (char *)names[number],
		.translator = &supplier->translator,
		.endpoint.connections = 1 + virtual_random(3),
		.size_bytes = 1000000,
		.self = supplier,
	};
	supplier->whole = virtual_chance(30);
}

static uint32_t
choose_some(unsigned percent)
{
	uint32_t some = 0;

	for (unsigned i = 0; i < SUPPLIERS; i++)
		if (virtual_chance(percent))
			some |= 1u << i;
	return some;
}

/* Half of the mails come in three bursts. */
static int64_t
choose_arrival(void)
{
	if (virtual_chance(50))
		return virtual_random(STORM_MS / 2);
	return virtual_random(3) * (STORM_MS / 8) + virtual_random(40);
}

static void
make_mail(struct mail *mail, unsigned number)
{
	mail->number = number;
	mail->from = virtual_random(2);
	mail->count =
	    virtual_chance(20) ? 1 + virtual_random(40) : 1 + virtual_random(4);
	mail->disliked = choose_some(10);
	mail->unfit = choose_some(5);
	for (unsigned i = 0; i < mail->count; i++)
		mail->targets[i].bad = choose_some(4);
	virtual_after(choose_arrival(), on_client, mail);
}

static void
on_stopped(void *object)
{
	(void)object;
	world.stopped++;
	virtual_trace("stopped");
	if (!g_queue_is_empty(&world.dispatcher->flights))
		violate("stopped with flights under way");
}

/* Letters are read in order: what is posted before is begun, what comes later
 * is answered. */
static void
on_stopping(void *object)
{
	(void)object;
	world.stopping = true;
	virtual_trace("stopping");
}

static void
on_stop_time(void *object)
{
	(void)object;
	dispatcher_stop(world.dispatcher, NULL, NULL);
	virtual_after(0, on_stopping, NULL);
}

static int64_t
choose(const int64_t *numbers, size_t count)
{
	return numbers[virtual_random((unsigned)count)];
}

static void
make_settings(void)
{
	static const int64_t doubts[] = { 0, 5000, 30000, 120000 };
	static const int64_t unlikely[] = { 0, 5000, 20000 };
	static const int64_t floors[] = { 1, 5000, 20000 };

	world.doubt_ms = choose(doubts, G_N_ELEMENTS(doubts));
	world.unlikely_ms = choose(unlikely, G_N_ELEMENTS(unlikely));
	virtual_set("doubt_wait", world.doubt_ms);
	virtual_set("doubt_wait_error", world.unlikely_ms);
	virtual_set("answer_floor", choose(floors, G_N_ELEMENTS(floors)));
	virtual_set("account_pause", ACCOUNT_MS);
	virtual_set("sender_pause", SENDER_MS);
}

static void
make_world(void)
{
	static const char *list[SUPPLIERS + 1];
	struct dispatcher_options options = {
		.http = { .send = send_exchange },
		.hostname = "mail.example.com",
	};

	world.suppliers = 1 + virtual_random(SUPPLIERS);
	world.mails = 1 + virtual_random(MAILS);
	world.jobs = g_ptr_array_new_with_free_func(free_job);
	for (unsigned i = 0; i < world.suppliers; i++)
		make_supplier(&world.all[i], i);
	for (unsigned i = 0; i <= SUPPLIERS; i++)
		list[i] = i < world.suppliers ? names[i] : NULL;
	virtual.list = list;
	world.dispatcher = dispatcher_new(&options, NULL);
	for (unsigned i = 0; i < world.mails; i++)
		make_mail(&world.mail[i], i);
	if (virtual_chance(25))
		virtual_after(virtual_random(STORM_MS), on_stop_time, NULL);
}

static void
check_end(void)
{
	for (unsigned i = 0; i < world.mails; i++) {
		const struct mail *mail = &world.mail[i];
		if (mail->asked)
			violate("m%u has no answer", i);
		if (!world.stopping && mail->code == 451)
			violate("m%u has no end", i);
	}
}

static void
run_until(int64_t end_ms)
{
	while (virtual.now_ms < end_ms && world.violation == NULL &&
	       virtual_step())
		check_rest();
}

/* The violation, or NULL. */
static char *
run_seed(uint32_t seed)
{
	memset(&world, 0, sizeof world);
	world.seed = seed;
	virtual_open(seed);
	virtual.logged = on_logged;
	make_settings();
	make_world();
	run_until(virtual.now_ms + STORM_MS + PATIENCE_MS);
	if (world.violation == NULL)
		check_end();
	if (world.violation != NULL)
		return world.violation; /* left as it is */
	dispatcher_stop(world.dispatcher, on_stopped, NULL);
	run_until(INT64_MAX);
	if (world.logged != world.answered)
		violate("%u of %u attempts are logged", world.logged,
		    world.answered);
	if (world.stopped != 1)
		violate("stopped() was called %u times", world.stopped);
	dispatcher_free(world.dispatcher);
	g_ptr_array_unref(world.jobs);
	virtual_close();
	return world.violation;
}

static void
explain_seed(uint32_t seed)
{
	virtual.trace = stderr;
	run_seed(seed);
	virtual.trace = NULL;
}

static void
on_crash(int number)
{
	fprintf(stderr, "seed %u: see test_world %u\n", world.seed, world.seed);
	signal(number, SIG_DFL);
	raise(number);
}

static void
test_seeds(void **state)
{
	(void)state;
	signal(SIGABRT, on_crash);
	signal(SIGSEGV, on_crash);
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		if (run_seed(seed) == NULL)
			continue;
		explain_seed(seed);
		fail_msg("seed %u: %s", seed, world.violation);
	}
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
	};

	if (argc > 1) {
		explain_seed((uint32_t)atoi(argv[1]));
		return world.violation != NULL;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
