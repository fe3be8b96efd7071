/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include "core/log.h"
#include "evidence.h"
#include <string.h>

/* One recipient. */
struct subject {
	unsigned number;   /* in the envelope */
	unsigned taken_by; /* another provider, or NOBODY */
	bool confirmed;
};

/* One mail, by one provider that may have it. */
struct vigil {
	char *key;
	struct watch *watch;
	unsigned provider;
	int64_t since_ms;        /* monotonic: the attempt in doubt began */
	unsigned asks;           /* of the schedule that are behind us */
	struct inquiry *inquiry; /* its recipients are the subjects */
	GArray *subjects;
	struct question *question; /* that is asked now; NULL: none is */
	struct loop_timer *timer;
	GList link; /* in the order they began */
};

struct watch {
	struct dispatcher *dispatcher;
	GHashTable *vigils; /* key (the vigil's) -> struct vigil, owned */
	GQueue oldest_first;
	bool stopped;
};

static void
free_vigil(gpointer pointer)
{
	struct vigil *vigil = pointer;

	if (vigil->question != NULL)
		inquest_withdraw(vigil->question);
	g_queue_unlink(&vigil->watch->oldest_first, &vigil->link);
	loop_timer_free(vigil->timer);
	inquiry_free(vigil->inquiry);
	g_array_unref(vigil->subjects);
	g_free(vigil->key);
	g_free(vigil);
}

struct watch *
watch_new(struct dispatcher *dispatcher)
{
	struct watch *watch = g_new0(struct watch, 1);

	watch->dispatcher = dispatcher;
	watch->vigils =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_vigil);
	g_queue_init(&watch->oldest_first);
	return watch;
}

void
watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	g_hash_table_unref(watch->vigils);
	g_free(watch);
}

void
watch_stop(struct watch *watch)
{
	watch->stopped = true;
	g_hash_table_remove_all(watch->vigils);
}

unsigned
watch_count(const struct watch *watch)
{
	return g_hash_table_size(watch->vigils);
}

static void
forget(struct vigil *vigil)
{
	g_hash_table_remove(vigil->watch->vigils, vigil->key);
}

static char *
make_key(const struct flight *flight, unsigned provider)
{
	return g_strdup_printf(
	    "%s %u", flight->message->submission->id, provider);
}

static struct vigil *
find_vigil(
    const struct watch *watch, const struct flight *flight, unsigned provider)
{
	g_autofree char *key = make_key(flight, provider);

	return g_hash_table_lookup(watch->vigils, key);
}

/* Waits for the next ask of the schedule, or is over. */
static void
wait_on(struct vigil *vigil)
{
	int64_t at = patience_ask_at(
	    &vigil->watch->dispatcher->patience, vigil->since_ms, vigil->asks);

	if (at == 0)
		forget(vigil);
	else
		loop_timer_set(vigil->timer,
		    MAX(at - dispatcher_now(vigil->watch->dispatcher),
			(int64_t)0));
}

static const struct inquiry_recipient *
find_said(const struct vigil *vigil, unsigned i)
{
	return &vigil->inquiry->recipients[i];
}

/* Both have it.  Marks those that were not told of; returns how many. */
static unsigned
confirm(struct vigil *vigil, unsigned *other)
{
	unsigned count = 0;

	for (unsigned i = 0; i < vigil->subjects->len; i++) {
		struct subject *subject =
		    &g_array_index(vigil->subjects, struct subject, i);
		if (subject->confirmed || !find_said(vigil, i)->found ||
		    subject->taken_by == LEDGER_NOBODY)
			continue;
		subject->confirmed = true;
		*other = subject->taken_by;
		count++;
	}
	return count;
}

static void
count_confirmed(struct dispatcher *dispatcher, unsigned count)
{
	struct journal *journal;

	if (dispatcher->options.journal == NULL)
		return;
	journal = journal_new(JOURNAL_NOTED, NULL);
	journal->counts.confirmed = count;
	dispatcher->options.journal(dispatcher->options.store, journal);
}

/* Log, count and alarm, if there is something new. */
static void
tell(struct vigil *vigil)
{
	struct dispatcher *dispatcher = vigil->watch->dispatcher;
	unsigned other = LEDGER_NOBODY, count = confirm(vigil, &other);
	g_autofree char *text = NULL, *both = NULL;

	if (count == 0)
		return;
	both = g_strdup_printf("%s and %s", dispatcher->names[vigil->provider],
	    dispatcher->names[other]);
	text = g_strdup_printf("%s was delivered twice to %u recipient%s: %s "
			       "both have it",
	    vigil->inquiry->id, count, count == 1 ? "" : "s", both);
	log_error("duplicate confirmed", log_str("mail", vigil->inquiry->id),
	    log_str("provider", dispatcher->names[vigil->provider]),
	    log_str("also", dispatcher->names[other]),
	    log_num("recipients", count), log_str("text", text));
	count_confirmed(dispatcher, count);
	const struct alarm alarm = {
		.kind = "duplicate_confirmed",
		.subject = vigil->inquiry->id,
		.group = both,
		.text = text,
		.advice = "if that must not be, set doubt = prefer_once or "
			  "never_twice for its route, or a longer doubt_wait",
	};
	alarms_ring(dispatcher->alarms, &alarm);
}

/* There is nothing more to be found out. */
static bool
is_settled(const struct vigil *vigil)
{
	for (unsigned i = 0; i < vigil->subjects->len; i++)
		if (!g_array_index(vigil->subjects, struct subject, i)
			 .confirmed)
			return false;
	return true;
}

static void
on_answered(void *object, const struct question *question,
    const struct inquiry_reply *reply)
{
	struct vigil *vigil = object;
	const struct inquiry *said = question->inquiry;

	(void)reply; /* who is found is there, whatever came of the rest */
	vigil->question = NULL;
	for (unsigned i = 0; i < said->count; i++)
		if (said->recipients[i].found && !said->recipients[i].refused)
			inquiry_find(vigil->inquiry,
			    said->recipients[i].address,
			    said->recipients[i].id);
	tell(vigil);
	if (is_settled(vigil))
		forget(vigil);
	else
		wait_on(vigil);
}

static struct inquiry *
copy_inquiry(const struct inquiry *inquiry)
{
	struct inquiry *copy =
	    inquiry_new(inquiry->id, inquiry->message_id, inquiry->from_domain);

	copy->begun_ms = inquiry->begun_ms;
	for (unsigned i = 0; i < inquiry->count; i++) {
		inquiry_add(copy, inquiry->recipients[i].address);
		if (inquiry->recipients[i].other != NULL)
			inquiry_except(copy, i, inquiry->recipients[i].other);
	}
	return copy;
}

static void
ask(struct vigil *vigil, struct inquest *inquest)
{
	g_autofree unsigned *numbers = g_new(unsigned, vigil->inquiry->count);

	for (unsigned i = 0; i < vigil->subjects->len; i++)
		numbers[i] =
		    g_array_index(vigil->subjects, struct subject, i).number;
	vigil->question =
	    inquest_question(copy_inquiry(vigil->inquiry), numbers);
	vigil->question->answered = on_answered;
	vigil->question->object = vigil;
	inquest_put(inquest, vigil->question);
}

static void
on_timer(void *object)
{
	struct vigil *vigil = object;
	struct dispatcher *dispatcher = vigil->watch->dispatcher;
	struct inquest *inquest = dispatcher->inquests[vigil->provider];
	int64_t now = dispatcher_now(dispatcher);
	const struct patience_doubt doubt = {
		.since_ms = vigil->since_ms,
		.asks = vigil->asks,
	};

	vigil->asks = patience_asked(&dispatcher->patience, &doubt, now);
	if (inquest_obstacle(inquest, now) == NULL)
		ask(vigil, inquest);
	else
		wait_on(vigil);
}

static struct vigil *
make_vigil(struct watch *watch, const struct flight *flight, unsigned recipient)
{
	struct vigil *vigil = g_new0(struct vigil, 1);
	const struct ledger_recipient *r =
	    &flight->ledger->recipients[recipient];

	vigil->key = make_key(flight, r->provider);
	vigil->watch = watch;
	vigil->provider = r->provider;
	vigil->since_ms = r->doubt.since_ms;
	vigil->asks = r->doubt.asks;
	vigil->inquiry = evidence_inquire(flight, &recipient, 1);
	vigil->subjects = g_array_new(FALSE, FALSE, sizeof(struct subject));
	vigil->timer =
	    loop_timer_new(watch->dispatcher->options.loop, on_timer, vigil);
	vigil->link.data = vigil;
	g_hash_table_insert(watch->vigils, vigil->key, vigil);
	g_queue_push_tail_link(&watch->oldest_first, &vigil->link);
	return vigil;
}

static void
add_subject(
    struct vigil *vigil, const struct flight *flight, unsigned recipient)
{
	const struct subject subject = {
		.number = recipient,
		.taken_by = LEDGER_NOBODY,
	};

	if (vigil->subjects->len > 0) {
		struct inquiry *one = evidence_inquire(flight, &recipient, 1);
		inquiry_add(vigil->inquiry, one->recipients[0].address);
		inquiry_free(one);
	}
	g_array_append_val(vigil->subjects, subject);
}

static struct subject *
find_subject(const struct vigil *vigil, unsigned recipient)
{
	for (unsigned i = 0; i < vigil->subjects->len; i++) {
		struct subject *subject =
		    &g_array_index(vigil->subjects, struct subject, i);
		if (subject->number == recipient)
			return subject;
	}
	return NULL;
}

void
watch_begin(
    struct watch *watch, const struct flight *flight, unsigned recipient)
{
	const struct ledger_recipient *r =
	    &flight->ledger->recipients[recipient];
	struct vigil *vigil;

	if (watch->stopped || r->provider == LEDGER_NOBODY ||
	    watch->dispatcher->inquests[r->provider] == NULL)
		return;
	vigil = find_vigil(watch, flight, r->provider);
	if (vigil == NULL) {
		if (watch_count(watch) >= WATCH_MOST)
			forget(g_queue_peek_head(&watch->oldest_first));
		vigil = make_vigil(watch, flight, recipient);
	}
	if (find_subject(vigil, recipient) == NULL)
		add_subject(vigil, flight, recipient);
	if (vigil->question == NULL)
		wait_on(vigil);
}

/* What that provider would be asked, as text; NULL: nothing. */
static char *
print_ask(const struct vigil *vigil, unsigned number)
{
	struct dispatcher *dispatcher = vigil->watch->dispatcher;
	const struct provider *provider;
	g_autoptr(GPtrArray) inquiries = g_ptr_array_new();
	char *text = NULL, body[4096] = { 0 };
	struct exchange *exchange;
	struct segment_reader *reader;

	if (number == LEDGER_NOBODY || dispatcher->inquests[number] == NULL)
		return NULL;
	provider = dispatcher->lanes[number]->provider;
	g_ptr_array_add(inquiries, vigil->inquiry);
	exchange = exchange_new(
	    EXCHANGE_HTTP, &provider->endpoint, vigil->inquiry->id);
	if (provider->translator->ask(provider, inquiries, exchange)) {
		if (exchange->body != NULL) {
			reader = segment_reader_new(exchange->body);
			segment_reader_read(reader, body, sizeof body - 1);
			segment_reader_free(reader);
		}
		text = g_strdup_printf("%s%s %s", exchange->endpoint->base_url,
		    exchange->http.path, body);
	}
	exchange_free(exchange);
	return text;
}

/* Two names of one account: both would be asked the very same. */
static bool
are_one_account(const struct vigil *vigil, unsigned other)
{
	g_autofree char *one = print_ask(vigil, vigil->provider);
	g_autofree char *two = print_ask(vigil, other);

	return one != NULL && g_strcmp0(one, two) == 0;
}

/* Two keys of one account see the same deliveries, each with an id of the
 * provider's own: it is no second copy.  (Where the id is the Message-ID, it
 * tells nothing.) */
static void
set_taken(struct vigil *vigil, struct subject *subject,
    const struct ledger_recipient *taken)
{
	const struct subject *first =
	    &g_array_index(vigil->subjects, struct subject, 0);

	subject->taken_by = taken->provider;
	if (taken->id != NULL &&
	    strcmp(taken->id, vigil->inquiry->message_id) != 0)
		inquiry_except(
		    vigil->inquiry, (unsigned)(subject - first), taken->id);
}

/* By the same one it is not another copy that we could tell from the first. */
void
watch_accept(
    struct watch *watch, const struct flight *flight, unsigned recipient)
{
	unsigned by = flight->ledger->recipients[recipient].provider;

	for (unsigned i = 0; watch_count(watch) > 0 &&
			     i < watch->dispatcher->map->providers->len;
	     i++) {
		struct vigil *vigil = find_vigil(watch, flight, i);
		struct subject *subject =
		    vigil != NULL ? find_subject(vigil, recipient) : NULL;
		if (subject == NULL)
			continue;
		if (i == by || are_one_account(vigil, by))
			subject->confirmed = true;
		else
			set_taken(vigil, subject,
			    &flight->ledger->recipients[recipient]);
		tell(vigil);
	}
}

bool
watch_found(const struct watch *watch, const struct flight *flight,
    unsigned recipient, unsigned *provider, const char **id)
{
	for (unsigned i = 0; watch_count(watch) > 0 &&
			     i < watch->dispatcher->map->providers->len;
	     i++) {
		const struct vigil *vigil = find_vigil(watch, flight, i);
		for (unsigned n = 0; vigil != NULL && n < vigil->subjects->len;
		     n++) {
			const struct inquiry_recipient *said =
			    find_said(vigil, n);
			if (!said->found ||
			    g_array_index(vigil->subjects, struct subject, n)
				    .number != recipient)
				continue;
			*provider = i;
			*id = said->id;
			return true;
		}
	}
	return false;
}
