/* SPDX-License-Identifier: MIT */
#include "evidence.h"

#include "chronicle.h"
#include "core/log.h"
#include "entry.h"
#include "group.h"
#include "lifetime.h"
#include <string.h>

/* Questions wait so long for more, at most. */
#define GATHER_MS INT64_C(1000)

/* One exchange less is under way. */
static void
on_ended(void *object)
{
	dispatcher_tell_if_stopped(object);
}

void
evidence_open(struct dispatcher *dispatcher)
{
	unsigned count = dispatcher->map->providers->len;
	const struct patience *patience = &dispatcher->patience;

	dispatcher->inquests = g_new0(struct inquest *, count);
	for (unsigned i = 0; i < count; i++) {
		struct inquest_options options = {
			.loop = dispatcher->options.loop,
			.http = &dispatcher->options.http,
			.provider = dispatcher->lanes[i]->provider,
			/* the first ask is not to be late for that */
			.gather_ms = MIN(GATHER_MS, patience->asks_ms[0] / 5),
			.under_way = &dispatcher->asides,
			.ended = on_ended,
			.object = dispatcher,
		};
		if (inquest_is_possible(options.provider))
			dispatcher->inquests[i] = inquest_new(&options);
	}
}

void
evidence_close(struct dispatcher *dispatcher)
{
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		inquest_free(dispatcher->inquests[i]);
	g_free(dispatcher->inquests);
}

void
evidence_stop(struct dispatcher *dispatcher)
{
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		if (dispatcher->inquests[i] != NULL)
			inquest_stop(dispatcher->inquests[i]);
}

unsigned
evidence_waiting(const struct dispatcher *dispatcher, unsigned number)
{
	const struct inquest *inquest = dispatcher->inquests[number];

	return inquest != NULL ? inquest_waiting(inquest) : 0;
}

static enum patience_kind
find_kind(const struct dispatcher *dispatcher, unsigned provider)
{
	if (provider == LEDGER_NOBODY)
		return PATIENCE_MUTE;
	if (dispatcher->inquests[provider] != NULL)
		return PATIENCE_ASKABLE;
	return dispatcher->lanes[provider]->provider->translator->kind ==
		       EXCHANGE_SMTP
		   ? PATIENCE_UPSTREAM
		   : PATIENCE_MUTE;
}

static bool
has_others(const struct ledger *ledger, unsigned recipient)
{
	const struct ledger_recipient *r = &ledger->recipients[recipient];
	uint32_t takers = ledger_takers(ledger, recipient) & ~r->refused_by;

	return r->provider != LEDGER_NOBODY &&
	       (takers & ~(1u << r->provider)) != 0;
}

bool
evidence_is_given_up(const struct ledger_recipient *recipient)
{
	return recipient->text != NULL &&
	       g_str_has_prefix(recipient->text, RECIPIENT_GAVE_UP);
}

/* When it ends: by its policy, or by the mail's lifetime. */
static int64_t
find_end(const struct flight *flight, const struct ledger_recipient *recipient)
{
	if (evidence_is_given_up(recipient))
		return recipient->doubt.until_ms;
	return lifetime_bound(
	    flight, recipient->group, recipient->doubt.until_ms);
}

struct patience_doubt
evidence_describe(const struct dispatcher *dispatcher,
    const struct flight *flight, unsigned recipient)
{
	const struct ledger_recipient *r =
	    &flight->ledger->recipients[recipient];
	enum patience_kind kind = find_kind(dispatcher, r->provider);

	return (struct patience_doubt){
		.policy = flight->groups[r->group].doubt,
		.kind = kind,
		.forbidden =
		    kind == PATIENCE_ASKABLE &&
		    inquest_is_forbidden(dispatcher->inquests[r->provider]),
		.others = has_others(flight->ledger, recipient),
		.left = dispatcher->doubt_attempts -
			MIN(r->doubts, dispatcher->doubt_attempts),
		.since_ms = r->doubt.since_ms,
		.begun_ms = r->doubt.since_ms,
		.until_ms = find_end(flight, r),
		.asks = r->doubt.asks,
		.asked_ms = r->doubt.asked_ms,
		/* how old the attempt is may be wrong: that proves nothing */
		.absent_ms = clockwatch_trusts(&dispatcher->clocks,
				 dispatcher_now(dispatcher))
				 ? r->doubt.absent_ms
				 : 0,
	};
}

static bool
is_due(const struct dispatcher *dispatcher, const struct flight *flight,
    unsigned recipient, int64_t now_ms)
{
	struct patience_doubt doubt;
	struct patience_next next;

	if (flight->ledger->recipients[recipient].state != RECIPIENT_DOUBT)
		return false;
	doubt = evidence_describe(dispatcher, flight, recipient);
	next = patience_next(&dispatcher->patience, &doubt, now_ms);
	return next.step == PATIENCE_ASK && next.at_ms <= now_ms;
}

/* Their mail left in one request, and the same is to be asked. */
static bool
are_alike(
    const struct ledger_recipient *one, const struct ledger_recipient *two)
{
	return one->provider == two->provider && one->group == two->group &&
	       one->doubt.since_ms == two->doubt.since_ms &&
	       strcmp(one->doubt.mail, two->doubt.mail) == 0;
}

/* Those to ask about in one inquiry; out holds ledger->count. */
static unsigned
pick_due(const struct dispatcher *dispatcher, const struct flight *flight,
    int64_t now_ms, unsigned *out)
{
	const struct ledger_recipient *all = flight->ledger->recipients;
	unsigned count = 0;

	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (is_due(dispatcher, flight, i, now_ms) &&
		    (count == 0 || are_alike(&all[out[0]], &all[i])))
			out[count++] = i;
	return count;
}

/* How the mail left, of a doubt that is not of this flight; NULL: as it would
 * now, by settings that are as they were. */
static const struct recipient_sent *
find_sent(const struct flight *flight, unsigned number)
{
	const struct ledger_recipient *r = &flight->ledger->recipients[number];
	const struct recipient *known = flight->message->submission->known;

	if (known == NULL || known[number].doubts != r->doubts ||
	    known[number].sent.message_id == NULL ||
	    g_strcmp0(known[number].provider,
		flight->dispatcher->names[r->provider]) != 0)
		return NULL;
	return &known[number].sent;
}

/* The mail as that provider has it: one we gave a Message-ID got it from our
 * id. */
static struct inquiry *
make_inquiry(const struct flight *flight, unsigned number, const char *domain)
{
	const struct message *message = flight->message;
	const struct ledger_doubt *doubt =
	    &flight->ledger->recipients[number].doubt;
	const struct recipient_sent *sent = find_sent(flight, number);
	const char *id =
	    *doubt->mail != '\0' ? doubt->mail : message->submission->id;
	g_autofree char *made = g_strdup_printf(
	    "<%s@%s>", id, flight->dispatcher->options.hostname);
	struct inquiry *inquiry;

	if (sent != NULL)
		inquiry = inquiry_new(id, sent->message_id,
		    sent->from_domain != NULL ? sent->from_domain : domain);
	else
		inquiry = inquiry_new(id,
		    message->had_message_id ? message->message_id : made,
		    domain);
	inquiry->begun_ms = dispatcher_wall(flight->dispatcher) -
			    dispatcher_now(flight->dispatcher) +
			    doubt->since_ms;
	return inquiry;
}

/* Whom it was sent to for number i of the delivery. */
static const char *
find_address(
    const struct flight *flight, const struct delivery *delivery, unsigned i)
{
	unsigned number = delivery->recipients[i];
	const struct recipient_sent *sent = find_sent(flight, number);
	const struct envelope *envelope = flight->message->submission->envelope;

	if (sent == NULL)
		return delivery_recipient(delivery, i)->text;
	return sent->redirect != NULL
		   ? sent->redirect
		   : envelope_recipient(envelope, number)->text;
}

struct inquiry *
evidence_inquire(
    const struct flight *flight, const unsigned *numbers, unsigned count)
{
	const struct ledger_recipient *first =
	    &flight->ledger->recipients[numbers[0]];
	const struct lane *lane = flight->dispatcher->lanes[first->provider];
	struct delivery *delivery =
	    delivery_new(flight->message, numbers, count);
	struct inquiry *inquiry;

	group_dress(
	    flight, &flight->groups[first->group], lane->provider, delivery);
	g_autofree char *domain = delivery_from_domain(delivery);
	inquiry = make_inquiry(flight, numbers[0], domain);
	for (unsigned i = 0; i < count; i++)
		inquiry_add(inquiry, find_address(flight, delivery, i));
	delivery_free(delivery);
	return inquiry;
}

void
evidence_resolve(struct flight *flight, unsigned recipient, unsigned provider,
    const char *id)
{
	ledger_resolve(flight->ledger, recipient, provider, id);
	flight->dispatcher->lanes[provider]->accepted++;
}

/* It has it not, and will not: as if it had said so at once.  Whom it
 * suppresses another one may know otherwise. */
static void
refuse(
    struct flight *flight, unsigned number, const struct inquiry_recipient *is)
{
	unsigned by = flight->ledger->recipients[number].provider;
	struct verdict verdict = {
		.class = is->class,
		.suppressed = is->suppressed,
		.text = is->text,
	};

	if (is->suppressed &&
	    !flight->dispatcher->lanes[by]->provider->respects_suppression)
		verdict.class = VERDICT_PAYLOAD;
	ledger_deny(flight->ledger, number, by, &verdict);
}

/* What is told of one answer. */
struct finding {
	const char *provider;
	int64_t after_ms; /* the attempt began */
	unsigned asked, found, refused;
	bool first; /* that it was asked about them */
	bool answered;
	const char *text; /* not answered: why; refused: why the last one was */
};

static char *
print_finding(const struct finding *finding)
{
	if (finding->refused > 0)
		return g_strdup_printf(
		    "asked %s: it did not deliver the mail to %u of %u "
		    "recipients (%s), and has it for %u",
		    finding->provider, finding->refused, finding->asked,
		    finding->text, finding->found);
	if (finding->found == finding->asked)
		return g_strdup_printf(
		    "asked %s: it has the mail", finding->provider);
	if (finding->found > 0)
		return g_strdup_printf(
		    "asked %s: it has the mail for %u of %u recipients",
		    finding->provider, finding->found, finding->asked);
	if (finding->answered)
		return g_strdup_printf(
		    "asked %s %" G_GINT64_FORMAT
		    " s after the attempt: it does not have the mail so far",
		    finding->provider, finding->after_ms / 1000);
	return g_strdup_printf("asked %s whether it has the mail: no answer "
			       "(%s); it is asked again",
	    finding->provider,
	    finding->text != NULL ? finding->text : "nothing was said");
}

static void
note_finding(struct flight *flight, const struct finding *finding)
{
	unsigned settled = finding->found + finding->refused;

	/* one that is down may be asked for days */
	if (settled > 0 || finding->answered || finding->first)
		entry_note(flight, print_finding(finding));
	if (finding->found > 0)
		chronicle_found(flight, finding->provider);
	log_info(settled > 0 ? "doubt resolved" : "doubt remains",
	    FLIGHT_LOG(flight->message), log_str("provider", finding->provider),
	    log_num("recipients", finding->asked),
	    log_num("found", finding->found),
	    log_num("refused", finding->refused),
	    log_num("after_ms", finding->after_ms),
	    log_str("text", finding->text));
}

/* One recipient's part of the answer; true when that settles it. */
static bool
enter_one(struct flight *flight, unsigned number,
    const struct inquiry_recipient *is, struct finding *finding)
{
	struct dispatcher *dispatcher = flight->dispatcher;
	struct ledger_recipient *r = &flight->ledger->recipients[number];
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);

	/* as the store was told it is not true any more */
	flight->record.states[number] = RECIPIENT_OPEN;
	if (is != NULL && is->refused) {
		finding->refused++;
		finding->text = is->text;
		refuse(flight, number, is);
		return true;
	}
	if (is != NULL && is->found) {
		finding->found++;
		evidence_resolve(flight, number, r->provider, is->id);
		return true;
	}
	r->doubt.asks = patience_asked(
	    &dispatcher->patience, &doubt, dispatcher_now(dispatcher));
	return false;
}

/* question NULL: it could not even be asked, for that reason. */
static void
enter(struct flight *flight, const unsigned *numbers, unsigned count,
    const struct question *question, const struct inquiry_reply *reply)
{
	struct dispatcher *dispatcher = flight->dispatcher;
	int64_t now = dispatcher_now(dispatcher);
	int64_t asked = question != NULL ? question->put_ms : now;
	const struct ledger_recipient *first =
	    &flight->ledger->recipients[numbers[0]];
	struct finding finding = {
		.provider = dispatcher->names[first->provider],
		.after_ms = asked - first->doubt.since_ms,
		.asked = count,
		.first = first->doubt.asks == 0,
		.answered = reply->answered,
		.text = reply->answered ? NULL : reply->text,
	};

	for (unsigned i = 0; i < count; i++) {
		struct ledger_doubt *doubt =
		    &flight->ledger->recipients[numbers[i]].doubt;
		if (enter_one(flight, numbers[i],
			question != NULL ? &question->inquiry->recipients[i]
					 : NULL,
			&finding))
			continue;
		doubt->asked_ms = asked;
		if (reply->answered)
			doubt->absent_ms = asked;
	}
	note_finding(flight, &finding);
}

static void
on_answered(void *object, const struct question *question,
    const struct inquiry_reply *reply)
{
	struct flight *flight = object;

	g_assert(flight->question == question);
	flight->question = NULL;
	flight->state = FLIGHT_NEW;
	enter(flight, question->numbers, question->inquiry->count, question,
	    reply);
	round_advance(flight->dispatcher, flight);
}

/* The client's deadline is what the timer is for meanwhile. */
static void
set_timer(struct flight *flight, int64_t now_ms)
{
	if (flight->queued)
		loop_timer_clear(flight->timer);
	else
		loop_timer_set(flight->timer,
		    MAX(flight->message->submission->deadline_ms - now_ms,
			(int64_t)0));
}

bool
evidence_seek(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	const struct ledger_recipient *all = flight->ledger->recipients;
	g_autofree unsigned *numbers = g_new(unsigned, flight->ledger->count);
	unsigned count;

	while ((count = pick_due(dispatcher, flight, now_ms, numbers)) > 0) {
		const struct ledger_recipient *first = &all[numbers[0]];
		struct inquest *inquest = dispatcher->inquests[first->provider];
		const struct inquiry_reply *obstacle =
		    inquest_obstacle(inquest, now_ms);
		if (obstacle != NULL) {
			enter(flight, numbers, count, NULL, obstacle);
			continue;
		}
		flight->question = inquest_question(
		    evidence_inquire(flight, numbers, count), numbers);
		flight->question->answered = on_answered;
		flight->question->object = flight;
		flight->state = FLIGHT_ASKING;
		set_timer(flight, now_ms);
		inquest_put(inquest, flight->question);
		return true;
	}
	return false;
}

void
evidence_drop(struct flight *flight)
{
	g_assert(flight->state == FLIGHT_ASKING);
	inquest_withdraw(g_steal_pointer(&flight->question));
	flight->state = FLIGHT_NEW;
}
