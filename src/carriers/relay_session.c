/* SPDX-License-Identifier: MIT */
/*
 * What libESMTP does not do by itself, in the order of a session: a limit for
 * the lookup and the connection, a name that TLS must prove, nothing slipped
 * in before TLS, AUTH that must succeed before MAIL, a limit for every step, a
 * mail that is whole or never ends, and a result for each mail that is not
 * read from the return value: that one is 1 when everything failed.
 */
#include "relay_session.h"

#include "core/clock.h"
#include "core/log.h"
#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* RFC 5321 4.5.3.2 has ten minutes at most; the watch comes long before. */
#define TIMEOUT_MS (10 * 60 * 1000L)

/* What the PLAIN plug-in copies into 513 bytes without looking. */
#define LOGIN_OCTETS_MAX 255

#define BUFFER_MAX (1024 * 1024)

/* RFC 5321 4.1.1.1: with a missing name libESMTP would print (null). */
static const char *
hostname_of(const struct endpoint *endpoint)
{
	return endpoint->hostname != NULL ? endpoint->hostname : "localhost";
}

char *
relay_session_fault(const struct endpoint *endpoint)
{
	const char *user = endpoint->username;
	const char *password = endpoint->password;

	if (strchr(endpoint->host, ':') != NULL)
		return g_strdup_printf("%s: an IPv6 address cannot be the host "
				       "of an SMTP server; give it a name",
		    endpoint->host);
	if ((user != NULL && strlen(user) > LOGIN_OCTETS_MAX) ||
	    (password != NULL && strlen(password) > LOGIN_OCTETS_MAX))
		return g_strdup_printf("%s: user and password may have %d "
				       "octets each",
		    endpoint->host, LOGIN_OCTETS_MAX);
	return NULL;
}

static void
copy_endpoint(struct endpoint *copy, const struct endpoint *endpoint)
{
	*copy = *endpoint;
	copy->provider = copy->base_url = copy->proxy = NULL;
	copy->host = g_strdup(endpoint->host);
	copy->ca_file = g_strdup(endpoint->ca_file);
	copy->username = g_strdup(endpoint->username);
	copy->password = g_strdup(endpoint->password);
	copy->hostname = g_strdup(hostname_of(endpoint));
}

static void
clear_endpoint(struct endpoint *copy)
{
	if (copy->password != NULL)
		explicit_bzero((char *)copy->password, strlen(copy->password));
	g_free((char *)copy->host);
	g_free((char *)copy->ca_file);
	g_free((char *)copy->username);
	g_free((char *)copy->password);
	g_free((char *)copy->hostname);
}

static void
free_mail(void *mail)
{
	relay_mail_free(mail);
}

struct relay_session *
relay_session_new(struct loop *loop, GPtrArray *mails)
{
	struct relay_session *session = g_new0(struct relay_session, 1);
	const struct relay_mail *first = g_ptr_array_index(mails, 0);

	session->loop = loop;
	session->link.data = session;
	session->mails = mails;
	g_ptr_array_set_free_func(mails, free_mail);
	session->probe = first->exchange->smtp.probe;
	copy_endpoint(&session->endpoint, first->exchange->endpoint);
	relay_watch_init(&session->watch, &session->endpoint);
	return session;
}

void
relay_session_free(struct relay_session *session)
{
	relay_watch_close(&session->watch);
	relay_dialogue_close(&session->dialogue);
	relay_tls_unref(session->tls);
	g_ptr_array_unref(session->mails);
	clear_endpoint(&session->endpoint);
	g_free(session->tls_fault);
	g_free(session);
}

void
relay_session_withdraw(
    struct relay_session *session, const struct relay_reason *reason)
{
	for (unsigned i = 0; i < session->mails->len; i++)
		relay_mail_withdraw(
		    g_ptr_array_index(session->mails, i), reason);
}

static char *
tell_timeout(const struct relay_session *session)
{
	static const char *const steps[] = {
		[RELAY_RESOLVING] = "the name was not resolved",
		[RELAY_CONNECTING] = "no connection",
		[RELAY_GREETING] = "no greeting",
		[RELAY_HANDSHAKE] = "TLS was not set up",
		[RELAY_COMMAND] = "no reply to a command",
		[RELAY_UPLOAD] = "the mail was not taken fast enough",
		[RELAY_ANSWER] = "no reply to the end of the mail",
		[RELAY_QUIT] = "no reply to QUIT",
	};
	const struct endpoint *endpoint = &session->endpoint;
	const int64_t limits[] = {
		[RELAY_RESOLVING] = endpoint->resolve_ms,
		[RELAY_CONNECTING] = endpoint->connect_ms,
		[RELAY_GREETING] = endpoint->answer_ms,
		[RELAY_HANDSHAKE] = endpoint->connect_ms,
		[RELAY_COMMAND] = endpoint->answer_ms,
		[RELAY_UPLOAD] = endpoint->upload_window_ms,
		[RELAY_ANSWER] = endpoint->answer_ms,
		[RELAY_QUIT] = endpoint->connect_ms,
	};
	int step = atomic_load(&session->watch.step);

	return g_strdup_printf("%s:%u: %s within %" G_GINT64_FORMAT " ms",
	    endpoint->host, endpoint->port, steps[step], limits[step]);
}

static char *
tell_cut(const struct relay_session *session)
{
	const struct endpoint *endpoint = &session->endpoint;
	const char *text = "the connection ended before its turn";

	switch ((enum relay_cut)atomic_load(&session->watch.cut)) {
	case RELAY_CUT_TIME:
		return tell_timeout(session);
	case RELAY_CUT_DEADLINE:
		text = "the mail's deadline passed";
		break;
	case RELAY_CUT_ABORT:
		text = "broken off: postferry is stopping";
		break;
	case RELAY_CUT_GUARD:
	case RELAY_WHOLE:
		break;
	}
	return g_strdup_printf(
	    "%s:%u: %s", endpoint->host, endpoint->port, text);
}

/* Its step stays as it was when it was cut. */
struct relay_reason
relay_session_tell(const struct relay_session *session)
{
	int step = atomic_load(&session->watch.step);
	int cut = atomic_load(&session->watch.cut);
	bool late = cut == RELAY_CUT_TIME || cut == RELAY_CUT_DEADLINE;

	return (struct relay_reason){
		.error = tell_cut(session),
		.unreached =
		    step <= RELAY_CONNECTING && (late || cut == RELAY_WHOLE),
		.timed_out = late,
	};
}

static int
on_login(auth_client_request_t request, char **result, int fields, void *object)
{
	const struct endpoint *endpoint = object;

	for (int i = 0; i < fields; i++)
		result[i] = (char *)((request[i].flags & AUTH_USER) != 0
					 ? endpoint->username
					 : endpoint->password);
	return 1;
}

static void
set_login(struct relay_session *session)
{
	const struct endpoint *endpoint = &session->endpoint;

	if (endpoint->username == NULL || endpoint->password == NULL)
		return;
	session->auth = auth_create_context();
	auth_set_mechanism_flags(session->auth, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(session->auth, on_login, (void *)endpoint);
	smtp_auth_set_context(session->smtp, session->auth);
}

/* RFC 6152 3: to a server that does not offer 8BITMIME no such byte goes, but
 * for those of what is signed: most take them all the same, and none could make
 * anything of a signature that is broken. */
static void
choose_body(const struct relay_session *session, struct exchange *exchange)
{
	const struct smtp_request *request = &exchange->smtp;

	if (!session->seven_bit || !request->eightbit)
		return;
	if (request->seven == NULL || request->unseven)
		log_info("mail leaves as 8-bit without 8BITMIME",
		    log_str("mail", exchange->id),
		    log_str("server", session->endpoint.host));
	if (request->seven == NULL)
		return;
	segments_unref(exchange->body);
	exchange->body = g_steal_pointer(&exchange->smtp.seven);
}

static void
load_mail(struct relay_session *session, struct relay_mail *mail)
{
	struct exchange *exchange = mail->exchange;

	mail->session = session;
	choose_body(session, exchange);
	relay_mail_load(mail, session->smtp, relay_callback_body);
	if (session->probe || (exchange->smtp.eightbit && !session->seven_bit))
		smtp_8bitmime_set_body(mail->message, E8bitmime_8BITMIME);
	if (exchange->body != NULL)
		session->buffer_size = MAX(session->buffer_size,
		    (size_t)MIN(segments_size(exchange->body), BUFFER_MAX));
}

static void
load_mails(struct relay_session *session)
{
	session->buffer_size = 1;
	for (unsigned i = 0; i < session->mails->len; i++) {
		struct relay_mail *mail = g_ptr_array_index(session->mails, i);

		mail->message = NULL;
		if (!relay_mail_retake(mail))
			continue;
		load_mail(session, mail);
		relay_mail_release(mail);
	}
	session->buffer = g_malloc(session->buffer_size);
}

static void
open_smtp(struct relay_session *session)
{
	const struct endpoint *endpoint = &session->endpoint;
	g_autofree char *server =
	    g_strdup_printf("%s:%u", endpoint->host, endpoint->port);

	session->smtp = smtp_create_session();
	smtp_set_server(session->smtp, server);
	smtp_set_hostname(session->smtp, endpoint->hostname);
	relay_callback_set(session);
	for (int i = Timeout_GREETING; i <= Timeout_DATA2; i++)
		smtp_set_timeout(session->smtp,
		    i | Timeout_OVERRIDE_RFC2822_MINIMUM,
		    MAX(TIMEOUT_MS, 2 * (long)endpoint->answer_ms));
	if (session->tls != NULL) {
		smtp_starttls_enable(session->smtp, Starttls_REQUIRED);
		smtp_starttls_set_ctx(
		    session->smtp, relay_tls_context(session->tls));
	}
	set_login(session);
	relay_dialogue_open(&session->dialogue, session->auth != NULL);
	session->dialogue.probe = session->probe;
	load_mails(session);
}

static void
close_smtp(struct relay_session *session)
{
	for (unsigned i = 0; i < session->mails->len; i++) {
		struct relay_mail *mail = g_ptr_array_index(session->mails, i);

		mail->message = NULL;
	}
	smtp_destroy_session(session->smtp);
	if (session->auth != NULL)
		auth_destroy_context(session->auth);
	session->auth = NULL;
	g_clear_pointer(&session->buffer, g_free);
}

/* smtp_errno() belongs to the thread and is never reset: an error of our own
 * making, to tell the old one from a new one. */
static void
run_smtp(struct relay_session *session)
{
	session->hook = (struct relay_hook){
		.watch = &session->watch,
		.port = session->endpoint.port,
		.connect_ms = session->endpoint.connect_ms,
	};
	relay_watch_enter(
	    &session->watch, RELAY_RESOLVING, session->endpoint.resolve_ms);
	smtp_add_message(NULL);
	ERR_clear_error();
	relay_hook_enter(&session->hook);
	smtp_start_session(session->smtp);
	relay_hook_leave();
}

/* What TLS had against it, or NULL: then the connection just ended. */
static char *
find_tls_fault(const struct relay_session *session)
{
	const struct endpoint *endpoint = &session->endpoint;
	unsigned long code = ERR_peek_error();
	const char *text = NULL;

	if (session->dialogue.fault == DIALOGUE_INJECTED)
		text = "something was slipped in before TLS; the connection "
		       "is being tampered with";
	else if (session->hook.verify_error != 0)
		text =
		    X509_verify_cert_error_string(session->hook.verify_error);
	else if (atomic_load(&session->watch.cut) == RELAY_WHOLE &&
		 session->dialogue.part == DIALOGUE_STARTTLS &&
		 !session->secured && ERR_GET_LIB(code) == ERR_LIB_SSL &&
		 ERR_GET_REASON(code) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		text = ERR_reason_error_string(code);
	if (text == NULL)
		return NULL;
	return g_strdup_printf(
	    "%s:%u: TLS refused: %s", endpoint->host, endpoint->port, text);
}

/* All that is said before MAIL was said, and the server agreed to it. */
static bool
is_ready(const struct relay_session *session)
{
	const struct relay_dialogue *dialogue = &session->dialogue;

	return session->probe && !session->tls_missing && dialogue->complete &&
	       (dialogue->part == DIALOGUE_HELLO ||
		   dialogue->part == DIALOGUE_AUTH) &&
	       dialogue->code / 100 == 2 &&
	       (session->tls == NULL || session->secured);
}

/* AUTH is what failed, or what is missing. */
static bool
is_login_refused(const struct relay_session *session)
{
	const struct relay_dialogue *dialogue = &session->dialogue;

	if (is_ready(session))
		return dialogue->login && !dialogue->authenticated;
	return dialogue->fault == DIALOGUE_REFUSED ||
	       dialogue->fault == DIALOGUE_MECHANISM ||
	       dialogue->part == DIALOGUE_AUTH;
}

/* What it ended with before the first MAIL, when the server said so. */
static bool
read_greeting(
    const struct relay_session *session, struct smtp_response *response)
{
	const struct relay_dialogue *dialogue = &session->dialogue;
	bool login = is_login_refused(session);

	response->tls_missing = session->tls_missing;
	if (login && dialogue->part != DIALOGUE_AUTH) {
		response->auth_failed = true;
		smtp_reply_set(&response->greeting, 0, NULL,
		    "neither AUTH PLAIN nor AUTH LOGIN is offered");
	} else if (relay_dialogue_ended(dialogue)) {
		response->auth_failed = login && dialogue->code >= 500;
		relay_dialogue_reply(
		    &response->greeting, dialogue->code, dialogue->text->str);
	} else if (session->tls_missing) {
		smtp_reply_set(
		    &response->greeting, 0, NULL, "STARTTLS is not offered");
	} else if (is_ready(session)) {
		relay_dialogue_reply(
		    &response->greeting, 220, dialogue->greeting);
	}
	return response->tls_missing || response->auth_failed ||
	       response->greeting.code != 0;
}

/* When nobody cut it: what the system or libESMTP said. */
static const char *
find_fault(const struct relay_session *session, char *buffer, size_t size)
{
	const char *text = "the server closed the connection";

	if (session->hook.error != 0)
		text = g_strerror(session->hook.error);
	else if (smtp_errno() != SMTP_ERR_INVAL && !session->begun)
		text = smtp_strerror(smtp_errno(), buffer, size);
	return text != NULL ? text : "the session failed";
}

static struct relay_reason
tell_connection(const struct relay_session *session)
{
	const struct endpoint *endpoint = &session->endpoint;
	struct relay_reason reason = relay_session_tell(session);
	char buffer[128];

	if (atomic_load(&session->watch.cut) != RELAY_WHOLE)
		return reason;
	reason.timed_out = session->hook.error == ETIMEDOUT;
	g_free((char *)reason.error);
	reason.error = g_strdup_printf("%s:%u: %s", endpoint->host,
	    endpoint->port, find_fault(session, buffer, sizeof buffer));
	return reason;
}

static void
tell_end(const struct relay_session *session, const struct relay_mail *mail,
    enum exchange_end end, struct relay_reason *reason)
{
	g_autofree char *connection = NULL;

	*reason = tell_connection(session);
	connection = (char *)reason->error;
	if (end == EXCHANGE_UNREADABLE)
		reason->error = g_strdup(mail->body.fault);
	else if (end == EXCHANGE_REFUSED_TLS)
		reason->error = g_strdup(session->tls_fault);
	else if (end == EXCHANGE_LOST)
		reason->error =
		    g_strdup_printf("%s; the whole mail had left", connection);
	else
		reason->error = g_steal_pointer(&connection);
}

static void
settle_mail(struct relay_session *session, struct relay_mail *mail)
{
	enum exchange_end end = relay_mail_end(mail);
	struct relay_reason reason = { 0 };

	if (!session->begun && session->tls_fault != NULL)
		end = EXCHANGE_REFUSED_TLS;
	else if (!session->begun &&
		 read_greeting(session, &mail->exchange->smtp_response))
		end = EXCHANGE_ANSWERED;
	if (end != EXCHANGE_ANSWERED)
		tell_end(session, mail, end, &reason);
	relay_mail_return(mail, end, end == EXCHANGE_ANSWERED ? NULL : &reason);
	g_free((char *)reason.error);
}

/* libESMTP wants all that it is told to use, and says so before MAIL. */
static bool
wants_again(const struct relay_session *session)
{
	return session->eight_missing && !session->begun && !session->probe &&
	       !session->seven_bit &&
	       atomic_load(&session->watch.cut) == RELAY_WHOLE;
}

void
relay_session_settle(struct relay_session *session)
{
	if (wants_again(session))
		return;
	if (session->tls_fault == NULL)
		session->tls_fault = find_tls_fault(session);
	for (unsigned i = 0; i < session->mails->len; i++) {
		struct relay_mail *mail = g_ptr_array_index(session->mails, i);

		if (relay_mail_retake(mail))
			settle_mail(session, mail);
	}
}

static void
talk(struct relay_session *session)
{
	open_smtp(session);
	run_smtp(session);
	if (wants_again(session)) {
		close_smtp(session);
		session->seven_bit = true;
		session->secured = false;
		open_smtp(session);
		run_smtp(session);
	}
	if (session->dialogue.part == DIALOGUE_MAIL)
		session->seven_bit = !session->dialogue.eightbit;
	relay_session_settle(session);
	close_smtp(session);
}

static bool
prepare_tls(struct relay_session *session)
{
	const struct endpoint *endpoint = &session->endpoint;
	g_autoptr(GError) error = NULL;

	if (endpoint->tls == ENDPOINT_TLS_OFF)
		return true;
	if (session->tls != NULL && !relay_tls_is_stale(session->tls))
		return true;
	relay_tls_unref(session->tls);
	session->tls = relay_tls_new(endpoint->host, endpoint->ca_file, &error);
	if (session->tls == NULL)
		session->tls_fault = g_strdup(error->message);
	return session->tls != NULL;
}

void
relay_session_run(void *pool_owner, struct letter *letter)
{
	struct relay_session *session =
	    LETTER_OF(letter, struct relay_session, letter);

	(void)pool_owner;
	if (prepare_tls(session))
		talk(session);
	else
		relay_session_settle(session);
	loop_post(session->loop, &session->letter, session->ended);
}
