/* SPDX-License-Identifier: MIT */
#include "smtp/server.h"

#include "bound.h"
#include "core/clock.h"
#include "core/log.h"
#include "crowd.h"
#include "ebb.h"
#include "inflow.h"
#include "listeners.h"
#include "pickup.h"
#include "reply.h"
#include "roster.h"
#include "rules.h"
#include "sessions.h"
#include "smtp/capacity.h"
#include "strain.h"
#include <unistd.h>

/* Memory is looked at so often while anyone is there. */
#define LOOK_MS 1000
/* Clients that are made ready for at the start. */
#define EXPECTED 20000

struct server {
	struct config *config;
	struct loop *main;
	struct budget *budget;
	struct session_world world;
	struct listeners *listeners;
	GPtrArray *loops; /* struct sessions * */
	unsigned next;    /* of them gets the next client */
	struct crowd *crowd;
	unsigned most; /* clients in all */
	unsigned loops_wanted;
	uint64_t (*size_most)(void *stage, const char *listener);
	struct roster *roster;
	struct pickup *pickup;         /* NULL: nobody leaves mail */
	struct complaints *complaints; /* NULL: nobody wants to know */
	struct loop_timer *reread;     /* NULL: files are not looked at */
	struct strain *strain;
	struct inflow *inflow;    /* NULL: there is no queue */
	struct loop_timer *watch; /* looks for strain */
	bool watching;            /* it is set */
	struct ebb ebb;

	server_stopped_fn stopped; /* NULL: not stopping */
	void *stopped_object;
	struct letter farewell; /* posted to ourselves when nobody is there */
	bool bidden;            /* it was posted */
	bool freed;             /* but a letter is still on its way */
};

const char *
server_hostname(const struct config *config)
{
	return rules_hostname(config);
}

bool
server_queues(const struct config *config)
{
	const char *const *name = config_names(config, "listener");

	for (; *name != NULL; name++)
		if (rules_when(config, *name) == ANSWER_QUEUED)
			return true;
	return false;
}

static void
on_sessions_free(void *object)
{
	sessions_free(object);
}

static unsigned
read_number(const struct server *server, const char *key)
{
	return (unsigned)config_number(server->config, "server", key);
}

static void
make_crowd(struct server *server)
{
	server->most = capacity_find(read_number(server, "connections"));
	server->crowd = crowd_new(&(struct crowd_limits){
	    .most = server->most,
	    .reserved = read_number(server, "connections_reserved"),
	    .remembered = read_number(server, "peers_remembered"),
	    .budget = server->budget,
	});
	server->strain = strain_new(&(struct strain_limits){
	    .most = server->most,
	    .percent = read_number(server, "stress_share"),
	    .calm_ms = config_number(server->config, "server", "stress_calm"),
	    .budget = server->budget,
	});
	server->world.strain = server->strain;
}

/* Only a queue can grow. */
static void
make_inflow(struct server *server)
{
	if (server->world.disk == NULL)
		return;
	server->inflow = inflow_new(&(struct inflow_limits){
	    .window_ms =
		config_number(server->config, "server", "intake_window"),
	    .growth = read_number(server, "intake_growth"),
	    .delay_ms = config_number(server->config, "server", "intake_delay"),
	});
	server->world.inflow = server->inflow;
}

static void on_departed(void *owner, struct letter *letter);
static void on_knocked(void *owner, struct letter *letter);

static void
start_loops(struct server *server, unsigned count)
{
	struct sessions_options options = {
		.files = MIN(server->most, EXPECTED),
		.world = &server->world,
		.main = server->main,
		.departed = on_departed,
		.knocked = on_knocked,
	};

	count = CLAMP(count, 1, SESSIONS_LOOPS_MAX);
	for (unsigned i = 0; i < count; i++) {
		options.number = i;
		g_ptr_array_add(server->loops, sessions_new(&options));
	}
}

static void on_accepted(void *object, const struct listener *listener, int fd,
    const struct sockaddr *peer);

static bool
open_all(
    struct server *server, const struct server_options *from, GError **error)
{
	struct listeners_options options = {
		.config = server->config,
		.main = server->main,
		.socket_group = from->socket_group,
		.accepted = on_accepted,
		.object = server,
	};

	server->roster = roster_open(server->config, from->tokens, error);
	if (server->roster != NULL)
		server->listeners = listeners_open(&options, error);
	return server->listeners != NULL;
}

struct server *
server_new(const struct server_options *options, GError **error)
{
	struct server *server = g_new0(struct server, 1);

	server->config = config_ref(options->config);
	server->main = options->main;
	server->budget = options->budget;
	server->world = (struct session_world){
		.onward = options->onward,
		.stage = options->stage,
		.answer = server_answer,
		.server = server,
		.place = options->place,
		.budget = options->budget,
		.metrics = options->metrics,
		.disk = options->disk,
		.routes = options->routes,
	};
	server->loops = g_ptr_array_new_with_free_func(on_sessions_free);
	make_crowd(server);
	make_inflow(server);
	server->loops_wanted = options->loops;
	server->size_most = options->size_most;
	server->complaints = options->complaints;
	server->pickup =
	    pickup_new(server->config, server->main, server->complaints);
	if (!open_all(server, options, error))
		g_clear_pointer(&server, server_free);
	return server;
}

static void
report_complaints(const struct server *server)
{
	if (server->complaints == NULL)
		return;
	listeners_report(server->listeners, server->complaints);
	roster_report(server->roster, server->complaints);
}

static void
wait_reread(struct server *server)
{
	loop_timer_set(
	    server->reread, config_number(server->config, "server", "reread"));
}

/* Reads again what has changed. */
static void
on_reread(void *object)
{
	struct server *server = object;

	listeners_look(server->listeners);
	roster_look(server->roster);
	report_complaints(server);
	wait_reread(server);
}

static void on_watch(void *object);

void
server_start(struct server *server)
{
	server->watch = loop_timer_new(server->main, on_watch, server);
	roster_start(server->roster);
	server->world.authority = roster_authority(server->roster);
	start_loops(server, server->loops_wanted);
	if (server->size_most != NULL)
		listeners_limit(
		    server->listeners, server->size_most, server->world.stage);
	listeners_start(server->listeners);
	pickup_start(server->pickup);
	report_complaints(server);
	if (config_number(server->config, "server", "reread") == 0)
		return;
	server->reread = loop_timer_new(server->main, on_reread, server);
	wait_reread(server);
}

const char *
server_address(const struct server *server, const char *listener)
{
	return listeners_address(server->listeners, listener);
}

/* The client is told at once, so that it comes again later; a TLS client could
 * not read it. */
static void
turn_away(const struct server *server, const struct sessions_visitor *visitor,
    enum reply_name name)
{
	const struct rules *rules = visitor->rules;
	g_autoptr(GString) line = g_string_new(NULL);
	g_autofree char *told = bound_tell(rules, name, NULL);

	metrics_add(server->world.metrics, METRICS_CONNECTIONS_REFUSED, 1);
	reply_append(line, name, told);
	log_warn("connection refused", log_str("client", visitor->peer.text),
	    log_str("listener", rules->listener),
	    log_num("code", reply_find(name)->code),
	    log_str("reason", reply_find(name)->text),
	    log_str_if("detail", told),
	    log_num("connections", crowd_total(server->crowd)),
	    log_num("of", server->most),
	    log_num("memory", (int64_t)budget_taken(server->budget)),
	    log_num("memory_of", (int64_t)budget_limit(server->budget)),
	    log_str_if("advice", bound_advise(name)));
	/* A new socket has room for a line. */
	if (rules->tls.mode != RULES_TLS_IMPLICIT &&
	    send(visitor->fd, line->str, line->len,
		MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		shutdown(visitor->fd, SHUT_WR);
	close(visitor->fd);
}

/* The kernel says who is at the other end of a Unix socket. */
static unsigned
read_uid(int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t length = sizeof(peer);

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
	return peer.uid;
}

static void
look_at_peer(const struct rules *rules, int fd, const struct sockaddr *address,
    struct session_peer *peer)
{
	network_print_peer(address, peer->text);
	peer->port = network_port(address);
	peer->local = address->sa_family == AF_UNIX;
	peer->uid = peer->local ? read_uid(fd) : 0;
	peer->allowed = rules_allow(rules, address);
	peer->proxied = network_contains(rules->door.proxies, address);
	/* `sendmail` says by it which mail it hands over again */
	peer->may_forward = network_contains(rules->door.forwarders, address) ||
			    (peer->local && rules->door.sendmail);
}

/* Those who wait already are hurried when it begins. */
static void
look_for_strain(struct server *server)
{
	unsigned total = crowd_total(server->crowd);

	ebb_look(&server->ebb, total);
	if (strain_look(server->strain, total, clock_monotonic_ms()))
		for (unsigned i = 0; i < server->loops->len; i++)
			sessions_hurry_post(
			    g_ptr_array_index(server->loops, i));
	if (server->watching || (total == 0 && !strain_is_on(server->strain)))
		return;
	server->watching = true;
	loop_timer_set(server->watch, LOOK_MS);
}

static void
on_watch(void *object)
{
	struct server *server = object;

	server->watching = false;
	if (server->inflow != NULL)
		inflow_look(server->inflow, disk_mails(server->world.disk),
		    clock_monotonic_ms());
	look_for_strain(server);
}

static void
on_accepted(void *object, const struct listener *listener, int fd,
    const struct sockaddr *peer)
{
	struct server *server = object;
	struct sessions_visitor *visitor = g_new0(struct sessions_visitor, 1);
	enum reply_name refused;

	visitor->server = server;
	visitor->fd = fd;
	visitor->rules = rules_ref(listener->rules);
	look_at_peer(listener->rules, fd, peer, &visitor->peer);
	refused = crowd_enter(server->crowd, listener->rules, &visitor->peer);
	if (refused != REPLY_NONE) {
		turn_away(server, visitor, refused);
		rules_free(visitor->rules);
		g_free(visitor);
		return;
	}
	/* first: the one that makes it too much has no time, either */
	look_for_strain(server);
	visitor->peer.keys = keyring_take(listener->keyring);
	sessions_arrive_post(g_ptr_array_index(server->loops,
				 server->next++ % server->loops->len),
	    visitor);
}

static enum reply_name
count(struct server *server, const struct sessions_admission *admission)
{
	return admission->mail ? crowd_permit(server->crowd, admission->rules,
				     &admission->peer)
			       : crowd_admit(server->crowd, admission->rules,
				     &admission->peer);
}

/* A proxy has said whom it speaks for, or a mail is to be counted. */
static void
on_knocked(void *owner, struct letter *letter)
{
	struct sessions_admission *admission =
	    LETTER_OF(letter, struct sessions_admission, letter);
	struct sessions_visitor *visitor = admission->visitor;
	struct server *server = visitor->server;

	(void)owner;
	/* its loop is no more */
	if (server->freed) {
		sessions_admission_free(admission);
		return;
	}
	admission->peer.proxied = false;
	admission->refused = count(server, admission);
	/* what is counted here is what leaves */
	admission->peer.keys = visitor->peer.keys;
	if (admission->refused == REPLY_NONE && !admission->mail)
		visitor->peer = admission->peer;
	sessions_admit_post(admission);
}

static void
free_server(struct server *server)
{
	crowd_free(server->crowd);
	strain_free(server->strain);
	inflow_free(server->inflow);
	g_free(server);
}

/* Nobody is there any more: says so, or ends what server_free() left. */
static void
end_when_empty(struct server *server)
{
	server_stopped_fn stopped = server->stopped;

	if (crowd_total(server->crowd) > 0)
		return;
	if (server->freed) {
		if (!server->bidden)
			free_server(server);
		return;
	}
	server->stopped = NULL;
	if (stopped != NULL)
		stopped(server->stopped_object);
}

static void
on_departed(void *owner, struct letter *letter)
{
	struct sessions_visitor *visitor =
	    LETTER_OF(letter, struct sessions_visitor, letter);
	struct server *server = visitor->server;

	(void)owner;
	crowd_leave(server->crowd, &visitor->peer);
	tls_keys_unref(visitor->peer.keys);
	rules_free(visitor->rules);
	g_free(visitor);
	end_when_empty(server);
}

static void
on_farewell(void *owner, struct letter *letter)
{
	struct server *server = LETTER_OF(letter, struct server, farewell);

	(void)owner;
	server->bidden = false;
	end_when_empty(server);
}

void
server_stop(struct server *server, int64_t data_grace_ms,
    server_stopped_fn stopped, void *object)
{
	g_assert(server->stopped == NULL);
	server->stopped = stopped;
	server->stopped_object = object;
	pickup_stop(server->pickup);
	listeners_stop(server->listeners);
	for (unsigned i = 0; i < server->loops->len; i++)
		sessions_stop_post(
		    g_ptr_array_index(server->loops, i), data_grace_ms);
	/* With nobody there it is told from the loop all the same. */
	server->bidden = true;
	loop_post(server->main, &server->farewell, on_farewell);
}

/* Sessions that are open are told. */
static void
on_listener_renewed(void *object, const struct listener *listener)
{
	struct server *server = object;

	for (unsigned i = 0; i < server->loops->len; i++)
		sessions_renew_post(
		    g_ptr_array_index(server->loops, i), listener->rules);
}

void
server_renew(struct server *server, struct config *config)
{
	listeners_renew(server->listeners, config);
	if (server->size_most != NULL)
		listeners_limit(
		    server->listeners, server->size_most, server->world.stage);
	listeners_each(server->listeners, on_listener_renewed, server);
	roster_reread(server->roster);
	report_complaints(server);
}

void
server_reread(struct server *server)
{
	listeners_reread(server->listeners);
	roster_reread(server->roster);
	report_complaints(server);
}

void
server_answer(void *server, struct answer *answer)
{
	const struct server *self = server;
	unsigned number = sessions_number(answer->session);

	g_assert(number < self->loops->len);
	sessions_answer_post(g_ptr_array_index(self->loops, number), answer);
}

uint64_t
server_dropped(const struct server *server)
{
	uint64_t dropped = 0;

	for (unsigned i = 0; i < server->loops->len; i++)
		dropped +=
		    sessions_dropped(g_ptr_array_index(server->loops, i));
	return dropped;
}

void
server_free(struct server *server)
{
	if (server == NULL)
		return;
	for (unsigned i = 0; i < server->loops->len; i++)
		sessions_halt(g_ptr_array_index(server->loops, i));
	loop_timer_free(server->reread);
	loop_timer_free(server->watch);
	/* its last words go to loops that nobody runs any more */
	roster_free(server->roster);
	g_ptr_array_unref(server->loops);
	listeners_free(server->listeners);
	/* whom it could still wait for is gone */
	pickup_free(server->pickup);
	config_unref(server->config);
	/* Letters on their way still need the server itself. */
	server->freed = true;
	end_when_empty(server);
}
