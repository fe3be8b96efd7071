/* SPDX-License-Identifier: MIT */
/*
 * SMTP over libESMTP, which blocks: each session has a thread of a pool while
 * it lasts.  Mails wait in a line per endpoint; a thread that is free takes up
 * to session_mails of them at once, so one mail starts at once and many share
 * a connection.  The loop watches the sessions, and calls done.
 */
#include "carrier.h"
#include "relay_session.h"

#include "core/clock.h"
#include "core/pool.h"

struct relay {
	struct loop *loop;
	struct pool *pool;
	struct carrier_relay_options options;
	GQueue lines;             /* struct relay_line: the next to be served
				   * first */
	GQueue sessions;          /* struct relay_session, under way */
	GPtrArray *servers;       /* struct relay_server */
	struct loop_timer *timer; /* set while anything is under way... */
	bool watching;            /* ...and this says so */
};

/* What waits for one endpoint; gone when nothing does. */
struct relay_line {
	GList link;
	const struct endpoint *endpoint; /* the key */
	unsigned connections;
	unsigned sessions; /* under way */
	GQueue waiting;    /* struct relay_mail */
};

/* What was learned of a server.  Never forgotten: there are as many as
 * settings name. */
struct relay_server {
	char *key;
	struct relay_tls *tls;
	bool seven_bit;
};

void
carrier_relay_start(void)
{
	OPENSSL_init_ssl(0, NULL);
	auth_client_init();
}

static void
free_server(void *object)
{
	struct relay_server *server = object;

	g_free(server->key);
	relay_tls_unref(server->tls);
	g_free(server);
}

static struct relay_server *
find_server(struct relay *relay, const struct endpoint *endpoint)
{
	struct relay_server *server;
	g_autofree char *key = g_strdup_printf("%s:%u %d %s", endpoint->host,
	    endpoint->port, (int)endpoint->tls,
	    endpoint->ca_file != NULL ? endpoint->ca_file : "");

	for (unsigned i = 0; i < relay->servers->len; i++) {
		server = g_ptr_array_index(relay->servers, i);
		if (g_str_equal(server->key, key))
			return server;
	}
	server = g_new0(struct relay_server, 1);
	server->key = g_steal_pointer(&key);
	g_ptr_array_add(relay->servers, server);
	return server;
}

static struct relay_line *
find_line(struct relay *relay, const struct endpoint *endpoint)
{
	struct relay_line *line;

	for (GList *l = relay->lines.head; l != NULL; l = l->next) {
		line = l->data;
		if (line->endpoint == endpoint)
			return line;
	}
	line = g_new0(struct relay_line, 1);
	line->link.data = line;
	line->endpoint = endpoint;
	line->connections = MAX(endpoint->connections, 1);
	g_queue_init(&line->waiting);
	g_queue_push_tail_link(&relay->lines, &line->link);
	return line;
}

static void start_sessions(struct relay *relay);

static void
end_line_if_idle(struct relay *relay, struct relay_line *line)
{
	if (line->sessions > 0 || line->waiting.length > 0)
		return;
	g_queue_unlink(&relay->lines, &line->link);
	g_free(line);
}

static void
learn_from(struct relay *relay, const struct relay_session *session)
{
	struct relay_server *server = find_server(relay, &session->endpoint);

	server->seven_bit = session->seven_bit;
	if (server->tls == session->tls)
		return;
	relay_tls_unref(server->tls);
	server->tls = relay_tls_ref(session->tls);
}

static void
on_session_ended(void *loop_owner, struct letter *letter)
{
	struct relay_session *session =
	    LETTER_OF(letter, struct relay_session, letter);
	struct relay *relay = session->owner;
	struct relay_line *line = session->line;

	(void)loop_owner;
	if (relay != NULL) {
		learn_from(relay, session);
		g_queue_unlink(&relay->sessions, &session->link);
		line->sessions--;
		end_line_if_idle(relay, line);
		start_sessions(relay);
	}
	relay_session_free(session);
}

static bool
is_probe(const struct relay_mail *mail)
{
	return mail->exchange->smtp.probe;
}

/* A probe has a session of its own: no mail goes by it. */
static bool
may_share(const struct relay_mail *mail, const struct relay_mail *next)
{
	return next != NULL && !is_probe(mail) && !is_probe(next);
}

static void
start_session(struct relay *relay, struct relay_line *line)
{
	struct relay_server *server;
	struct relay_session *session;
	GPtrArray *mails = g_ptr_array_new();

	do
		g_ptr_array_add(mails, g_queue_pop_head(&line->waiting));
	while (mails->len < relay->options.session_mails &&
	       may_share(g_ptr_array_index(mails, 0),
		   g_queue_peek_head(&line->waiting)));
	session = relay_session_new(relay->loop, mails);
	server = find_server(relay, &session->endpoint);
	session->owner = relay;
	session->line = line;
	session->ended = on_session_ended;
	session->tls = relay_tls_ref(server->tls);
	session->seven_bit = server->seven_bit;
	line->sessions++;
	g_queue_push_tail_link(&relay->sessions, &session->link);
	pool_post(relay->pool, &session->letter, relay_session_run);
}

static struct relay_line *
next_line(const struct relay *relay)
{
	for (GList *l = relay->lines.head; l != NULL; l = l->next) {
		struct relay_line *line = l->data;

		if (line->waiting.length > 0 &&
		    line->sessions < line->connections)
			return line;
	}
	return NULL;
}

/* A line that was served goes to the back. */
static void
start_sessions(struct relay *relay)
{
	struct relay_line *line;

	while (relay->sessions.length < relay->options.threads &&
	       (line = next_line(relay)) != NULL) {
		start_session(relay, line);
		g_queue_unlink(&relay->lines, &line->link);
		g_queue_push_tail_link(&relay->lines, &line->link);
	}
}

/* A mail that never got into a session. */
static void
drop_mail(struct relay_mail *mail, enum exchange_end end, const char *error)
{
	const struct relay_reason reason = { .error = error };

	relay_mail_return(mail, end, &reason);
	relay_mail_free(mail);
}

static void
on_send(void *self, struct exchange *exchange)
{
	struct relay *relay = self;
	struct relay_mail *mail = relay_mail_new(relay->loop, exchange);
	struct relay_line *line;
	g_autofree char *server_fault = relay_session_fault(exchange->endpoint);
	g_autofree char *mail_fault = relay_mail_fault(mail);

	g_assert(loop_here(relay->loop));
	if (server_fault != NULL) {
		drop_mail(mail, EXCHANGE_UNSENT, server_fault);
		return;
	}
	if (mail_fault != NULL) {
		drop_mail(mail, EXCHANGE_UNREADABLE, mail_fault);
		return;
	}
	line = find_line(relay, exchange->endpoint);
	g_queue_push_tail(&line->waiting, mail);
	start_sessions(relay);
	if (!relay->watching)
		loop_timer_set(relay->timer, 1);
	relay->watching = true;
}

/* Takes back, unsent, the waiting mails whose deadline passed; G_MAXINT64
 * takes all. */
static void
drop_waiting(struct relay_line *line, int64_t now_ms, const char *error)
{
	GList *next;

	for (GList *l = line->waiting.head; l != NULL; l = next) {
		struct relay_mail *mail = l->data;

		next = l->next;
		if (now_ms != G_MAXINT64 &&
		    (mail->deadline_ms == 0 || mail->deadline_ms > now_ms))
			continue;
		g_queue_delete_link(&line->waiting, l);
		drop_mail(mail, EXCHANGE_UNSENT, error);
	}
}

/* To that endpoint; NULL: to all. */
static bool
leads_to(const struct relay_line *line, const struct endpoint *endpoint)
{
	return endpoint == NULL || line->endpoint == endpoint;
}

static void
drop_all_late(struct relay *relay, int64_t now_ms)
{
	GList *next;

	for (GList *l = relay->lines.head; l != NULL; l = next) {
		struct relay_line *line = l->data;

		next = l->next;
		drop_waiting(
		    line, now_ms, "the mail's deadline passed before its turn");
		end_line_if_idle(relay, line);
	}
}

static void
abort_waiting(struct relay *relay, const struct endpoint *endpoint)
{
	GList *next;

	for (GList *l = relay->lines.head; l != NULL; l = next) {
		struct relay_line *line = l->data;

		next = l->next;
		if (!leads_to(line, endpoint))
			continue;
		drop_waiting(
		    line, G_MAXINT64, "broken off: postferry is stopping");
		end_line_if_idle(relay, line);
	}
}

/* Mails whose turn has not come. */
static void
withdraw_late(struct relay_session *session, int64_t now_ms)
{
	static const struct relay_reason reason = {
		.error = "the mail's deadline passed before its turn",
	};

	for (unsigned i = 0; i < session->mails->len; i++) {
		struct relay_mail *mail = g_ptr_array_index(session->mails, i);

		if (mail->deadline_ms != 0 && mail->deadline_ms <= now_ms)
			relay_mail_withdraw(mail, &reason);
	}
}

static int64_t
look_at_session(struct relay_session *session, int64_t now_ms)
{
	struct relay_reason reason;
	int64_t next_ms;
	int cut;

	withdraw_late(session, now_ms);
	next_ms = relay_watch_look(&session->watch, now_ms);
	cut = atomic_load(&session->watch.cut);
	if (cut == RELAY_WHOLE || cut == RELAY_CUT_GUARD)
		return next_ms; /* by a guard: the thread knows why */
	reason = relay_session_tell(session);
	relay_session_withdraw(session, &reason);
	g_free((char *)reason.error);
	return next_ms;
}

static void
on_time(void *object)
{
	struct relay *relay = object;
	int64_t now_ms = clock_monotonic_ms();
	int64_t next_ms = G_MAXINT64;

	drop_all_late(relay, now_ms);
	for (GList *l = relay->sessions.head; l != NULL; l = l->next)
		next_ms = MIN(next_ms, look_at_session(l->data, now_ms));
	relay->watching = next_ms != G_MAXINT64;
	if (relay->watching)
		loop_timer_set(relay->timer, next_ms);
}

static void
cut_sessions(struct relay *relay, const struct endpoint *endpoint)
{
	for (GList *l = relay->sessions.head; l != NULL; l = l->next) {
		struct relay_session *session = l->data;

		if (leads_to(session->line, endpoint))
			relay_watch_cut(&session->watch, RELAY_CUT_ABORT);
	}
}

static void
on_abort(void *self, const struct endpoint *endpoint)
{
	struct relay *relay = self;

	g_assert(loop_here(relay->loop));
	abort_waiting(relay, endpoint);
	cut_sessions(relay, endpoint);
	loop_timer_set(relay->timer, 0);
}

/* A session may still wait for the answer to its QUIT.  The letters of those
 * that ended are read when the loop is freed. */
static void
on_free(void *self)
{
	struct relay *relay = self;
	GList *link;

	cut_sessions(relay, NULL);
	pool_free(relay->pool);
	while ((link = g_queue_pop_head_link(&relay->sessions)) != NULL) {
		struct relay_session *session = link->data;

		session->owner = NULL;
		session->line = NULL;
	}
	while ((link = g_queue_pop_head_link(&relay->lines)) != NULL)
		g_free(link->data);
	g_ptr_array_unref(relay->servers);
	loop_timer_free(relay->timer);
	g_free(relay);
}

struct carrier
carrier_relay_new(
    struct loop *loop, const struct carrier_relay_options *options)
{
	struct relay *relay = g_new0(struct relay, 1);
	const struct pool_options pool = {
		.name = "relay",
		.threads = MAX(options->threads, 1),
		.owner = relay,
	};

	relay->loop = loop;
	relay->options = *options;
	relay->options.threads = pool.threads;
	relay->options.session_mails = MAX(options->session_mails, 1);
	g_queue_init(&relay->lines);
	g_queue_init(&relay->sessions);
	relay->servers = g_ptr_array_new_with_free_func(free_server);
	relay->timer = loop_timer_new(loop, on_time, relay);
	relay->pool = pool_new(&pool);
	return (struct carrier){
		.send = on_send,
		.abort = on_abort,
		.free = on_free,
		.self = relay,
	};
}
