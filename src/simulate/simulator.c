/* SPDX-License-Identifier: MIT */
/*
 * One loop thread runs everything of a simulator: its listening sockets, its
 * door or sink, its control door.  What others ask of it comes by letter.
 */
#include "simulate/simulator.h"
#include "api.h"
#include "control.h"
#include "core/loop.h"
#include "core/mailbox.h"
#include "mischief.h"
#include "odd.h"
#include "sink.h"
#include "teller.h"
#include "texts.h"
#include "word.h"
#include <event2/event.h>
#include <openssl/err.h>

struct simulator {
	struct house *house;
	struct loop *loop;
	const struct api *api;   /* NULL: smtp */
	struct door *door;       /* NULL: smtp */
	struct sink *sink;       /* NULL: HTTP */
	struct control *control; /* NULL: none */
	struct event *flap;      /* a timer */
	bool down;               /* of a flap: refusing now */
	struct letter ending;
	bool started;
};

static enum door_action
at_head(void *object, struct request *request)
{
	struct simulator *simulator = object;

	request->moment = (int)simulator->api->moment(request);
	return mischief_at_head(simulator->house, request);
}

static enum door_action
at_body(void *object, struct request *request)
{
	struct simulator *simulator = object;

	return mischief_at_body(simulator->house, request);
}

static enum door_action
at_end(void *object, struct request *request)
{
	struct simulator *simulator = object;

	return mischief_at_end(simulator->house, request);
}

static void
open_request(void *object, struct request *request)
{
	struct simulator *simulator = object;

	simulator->api->open(simulator->house, request);
}

static void
take_body(
    void *object, struct request *request, const char *bytes, size_t length)
{
	struct simulator *simulator = object;

	simulator->api->body(request, bytes, length);
}

static void
finish_request(void *object, struct request *request)
{
	struct simulator *simulator = object;

	simulator->api->finish(simulator->house, request);
}

static void
close_request(void *object, struct request *request)
{
	struct simulator *simulator = object;

	mischief_at_close(simulator->house, request);
	simulator->api->close(request);
}

static enum door_action
on_connection(void *object)
{
	struct simulator *simulator = object;

	return mischief_at_connect(simulator->house);
}

static struct acceptor *
find_acceptor(const struct simulator *simulator)
{
	return simulator->sink != NULL ? sink_acceptor(simulator->sink)
				       : door_acceptor(simulator->door);
}

static void
reset_all(struct simulator *simulator)
{
	if (simulator->sink != NULL)
		sink_reset_all(simulator->sink);
	else
		door_reset_all(simulator->door);
}

/* From well to refusing, or back. */
static void
on_flap(evutil_socket_t fd, short what, void *object)
{
	struct simulator *simulator = object;
	struct acceptor *acceptor = find_acceptor(simulator);
	const struct fault *flap = faults_listen(simulator->house->faults);
	unsigned up_ms, down_ms;

	(void)fd;
	(void)what;
	g_assert(fault_times(flap, &up_ms, &down_ms));
	simulator->down = !simulator->down;
	if (simulator->down) {
		acceptor_down(acceptor);
		reset_all(simulator);
	} else {
		acceptor_up(acceptor);
	}
	const unsigned ms = simulator->down ? down_ms : up_ms;
	const struct timeval wait = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };
	event_add(simulator->flap, &wait);
}

static void
apply_faults(void *object, struct faults *faults)
{
	struct simulator *simulator = object;
	struct acceptor *acceptor = find_acceptor(simulator);
	const struct fault *fault = faults_listen(faults);

	house_set_faults(simulator->house, faults);
	event_del(simulator->flap);
	acceptor_down(acceptor);
	if (fault == NULL) {
		acceptor_up(acceptor);
	} else if (fault->word == FAULT_FLAP) {
		/* on_flap() turns it round: it begins well */
		simulator->down = true;
		on_flap(-1, 0, simulator);
	} else {
		if (fault->word == FAULT_UNREACHABLE)
			acceptor_fill(acceptor);
		reset_all(simulator);
	}
}

/* NULL: nobody is told any more. */
static bool
set_webhook(void *object, const struct simulator_webhook *webhook)
{
	struct simulator *simulator = object;
	struct house *house = simulator->house;

	g_clear_pointer(&house->teller, teller_free);
	if (webhook != NULL && house->kind != FAULT_SMTP)
		house->teller = teller_new(
		    loop_base(simulator->loop), house->kind, webhook);
	return webhook == NULL || house->teller != NULL;
}

static unsigned
count_open(void *object)
{
	const struct simulator *simulator = object;

	return simulator->sink != NULL ? sink_open(simulator->sink)
				       : door_open(simulator->door);
}

static SSL_CTX *
load_tls(const struct simulator_options *options, GError **error)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (SSL_CTX_use_certificate_chain_file(tls, options->certificate) ==
		1 &&
	    SSL_CTX_use_PrivateKey_file(
		tls, options->private_key, SSL_FILETYPE_PEM) == 1)
		return tls;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
	    "cannot use the certificate %s with the key %s: %s; both are PEM "
	    "files",
	    options->certificate, options->private_key,
	    ERR_reason_error_string(ERR_get_error()));
	SSL_CTX_free(tls);
	return NULL;
}

static bool
open_sink(struct simulator *simulator, struct acceptor *acceptor,
    const struct simulator_options *options, GError **error)
{
	SSL_CTX *tls = NULL;

	if (options->certificate != NULL) {
		tls = load_tls(options, error);
		if (tls == NULL) {
			acceptor_free(acceptor);
			return false;
		}
	}
	simulator->sink = sink_new(
	    acceptor, loop_base(simulator->loop), simulator->house, tls);
	return true;
}

static const struct door_service service = {
	.at_head = at_head,
	.open = open_request,
	.at_body = at_body,
	.body = take_body,
	.finish = finish_request,
	.at_end = at_end,
	.close = close_request,
	.on_connection = on_connection,
};

static const struct control_owner owner = {
	.set_faults = apply_faults,
	.set_webhook = set_webhook,
	.count_open = count_open,
};

static bool
open_provider(struct simulator *simulator,
    const struct simulator_options *options, GError **error)
{
	struct event_base *base = loop_base(simulator->loop);
	struct acceptor *acceptor = acceptor_new(options->listen, base, error);

	if (acceptor == NULL)
		return false;
	if (simulator->house->kind == FAULT_SMTP)
		return open_sink(simulator, acceptor, options, error);
	simulator->api = simulator->house->kind == FAULT_MAILGUN
			     ? &mailgun_api
			     : &mandrill_api;
	simulator->door = door_new(acceptor, base, &service, simulator);
	return true;
}

static bool
open_control(struct simulator *simulator, const char *endpoint, GError **error)
{
	struct event_base *base = loop_base(simulator->loop);

	if (endpoint == NULL)
		return true;
	struct acceptor *acceptor = acceptor_new(endpoint, base, error);
	if (acceptor == NULL)
		return false;
	simulator->control = control_new(acceptor, base, simulator->house);
	control_serve(simulator->control, &owner, simulator);
	return true;
}

struct simulator *
simulator_new(const struct simulator_options *options, GError **error)
{
	struct house *house = house_new(options, error);

	if (house == NULL)
		return NULL;
	struct simulator *simulator = g_new0(struct simulator, 1);
	g_autofree char *name = g_strconcat("sim-", house->name, NULL);
	simulator->house = house;
	simulator->loop = loop_new(name, simulator);
	simulator->flap =
	    evtimer_new(loop_base(simulator->loop), on_flap, simulator);
	if (open_provider(simulator, options, error) &&
	    open_control(simulator, options->control, error)) {
		simulator->started = true;
		loop_start(simulator->loop);
		return simulator;
	}
	simulator_free(simulator);
	return NULL;
}

const char *
simulator_address(const struct simulator *simulator)
{
	return acceptor_address(find_acceptor(simulator));
}

const char *
simulator_control(const struct simulator *simulator)
{
	return simulator->control != NULL ? control_address(simulator->control)
					  : NULL;
}

/* Faults on their way to the loop; its sender waits for `applied`. */
struct order {
	struct letter letter;
	struct letter applied;
	struct faults *faults;
	struct mailbox *reply;
};

static void
on_applied(void *object, struct letter *letter)
{
	(void)object;
	(void)letter;
}

static void
on_order(void *object, struct letter *letter)
{
	struct order *order = LETTER_OF(letter, struct order, letter);

	apply_faults(object, order->faults);
	mailbox_post(order->reply, &order->applied, on_applied);
}

bool
simulator_fault(struct simulator *simulator, const char *fault, GError **error)
{
	struct order order = { 0 };

	if (fault != NULL) {
		order.faults =
		    mischief_parse(simulator->house->kind, fault, error);
		if (order.faults == NULL)
			return false;
	}
	order.reply = mailbox_new(NULL);
	loop_post(simulator->loop, &order.letter, on_order);
	mailbox_read_one(order.reply);
	mailbox_free(order.reply);
	return true;
}

struct look {
	const struct simulator *simulator;
	char *faults;
};

static void
on_look(void *object)
{
	struct look *look = object;

	look->faults = g_strdup(faults_text(look->simulator->house->faults));
}

char *
simulator_faults(struct simulator *simulator)
{
	struct look look = { .simulator = simulator };

	loop_call(simulator->loop, on_look, &look);
	return look.faults;
}

/* Whom its loop is to tell of the events from now on. */
struct hiring {
	struct simulator *simulator;
	const struct simulator_webhook *webhook;
	bool done;
};

static void
on_hire(void *object)
{
	struct hiring *hiring = object;

	hiring->done = set_webhook(hiring->simulator, hiring->webhook);
}

bool
simulator_webhook(struct simulator *simulator,
    const struct simulator_webhook *webhook, GError **error)
{
	struct hiring hiring = { simulator, webhook, false };

	loop_call(simulator->loop, on_hire, &hiring);
	if (hiring.done)
		return true;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
	    "a simulator of kind %s cannot post events to %s: mailgun and "
	    "mandrill can, to http://HOST:PORT/PATH",
	    simulator->house->name, webhook->url);
	return false;
}

char *
simulator_words(const char *kind)
{
	int kinds = house_kind(kind);
	g_autofree char *words = word_page(kinds);
	g_autofree char *names = texts_names(kinds);
	g_autofree char *odd = odd_names(kinds);

	return g_strconcat(words, "  odd=NAME, NAME being one of\n", odd,
	    names[0] != '\0' ? "  text=NAME, NAME being one of\n" : "", names,
	    NULL);
}

uint64_t
simulator_accepted(const struct simulator *simulator)
{
	return atomic_load_explicit(
	    &simulator->house->accepted, memory_order_relaxed);
}

static void
close_all(struct simulator *simulator)
{
	event_del(simulator->flap);
	control_free(simulator->control);
	door_free(simulator->door);
	sink_free(simulator->sink);
	set_webhook(simulator, NULL);
}

static void
on_ending(void *object, struct letter *letter)
{
	(void)letter;
	close_all(object);
}

void
simulator_free(struct simulator *simulator)
{
	if (simulator == NULL)
		return;
	if (simulator->started)
		loop_post(simulator->loop, &simulator->ending, on_ending);
	else
		close_all(simulator);
	loop_stop(simulator->loop);
	event_free(simulator->flap);
	loop_free(simulator->loop);
	house_free(simulator->house);
	g_free(simulator);
}
