/* SPDX-License-Identifier: MIT */
/*
 * What libESMTP calls back while a session runs: how far it is, what is said,
 * and for the next block of a mail.
 */
#include "relay_session.h"

#include <errno.h>
#include <stdarg.h>

static void
enter(struct relay_session *session, enum relay_step step)
{
	const struct endpoint *endpoint = &session->endpoint;
	int64_t ms = endpoint->answer_ms;

	if (step == RELAY_HANDSHAKE || step == RELAY_QUIT)
		ms = endpoint->connect_ms;
	else if (step == RELAY_UPLOAD)
		ms = endpoint->upload_window_ms;
	relay_watch_enter(&session->watch, step, ms);
}

static struct relay_mail *
find_mail(const struct relay_session *session, smtp_message_t message)
{
	for (unsigned i = 0; i < session->mails->len; i++) {
		struct relay_mail *mail = g_ptr_array_index(session->mails, i);

		if (mail->message == message)
			return mail;
	}
	g_assert_not_reached();
}

static bool
is_last(const struct relay_session *session, const struct relay_mail *mail)
{
	return g_ptr_array_index(session->mails, session->mails->len - 1) ==
	       mail;
}

/* The mail is through: what comes next is the MAIL of another, or QUIT. */
static void
return_mail(struct relay_session *session, struct relay_mail *mail)
{
	atomic_store(&session->watch.deadline_ms, 0);
	enter(session, is_last(session, mail) ? RELAY_QUIT : RELAY_COMMAND);
	relay_mail_return(mail, EXCHANGE_ANSWERED, NULL);
}

/* MAIL was answered.  A mail that the loop took back meanwhile must not go
 * out, and libESMTP has no way to leave one out. */
static void
on_sender_reply(struct relay_session *session, smtp_message_t message)
{
	struct relay_mail *mail = find_mail(session, message);

	session->begun = true;
	if (!relay_mail_take(mail)) {
		relay_watch_cut(&session->watch, RELAY_CUT_GUARD);
		return;
	}
	atomic_store(&session->watch.deadline_ms, mail->deadline_ms);
	enter(session, RELAY_COMMAND);
	if (relay_mail_is_refused(mail))
		return_mail(session, mail);
}

static void
on_data_reply(struct relay_session *session, smtp_message_t message)
{
	struct relay_mail *mail = find_mail(session, message);

	if (atomic_load(&mail->state) == RELAY_HELD &&
	    (relay_mail_is_refused(mail) || relay_mail_is_answered(mail)))
		return_mail(session, mail);
}

/* libESMTP compares with the name that DNS made of ours. */
static void
on_wrong_name(struct relay_session *session, int *good, SSL *ssl)
{
	*good = relay_tls_matches(session->tls, ssl);
}

static void
on_event(smtp_session_t smtp, int event, void *object, ...)
{
	struct relay_session *session = object;
	va_list arguments;
	int *good;

	(void)smtp;
	va_start(arguments, object);
	switch (event) {
	case SMTP_EV_CONNECT:
		enter(session, RELAY_GREETING);
		break;
	case SMTP_EV_MAILSTATUS:
		(void)va_arg(arguments, const char *);
		on_sender_reply(session, va_arg(arguments, smtp_message_t));
		break;
	case SMTP_EV_RCPTSTATUS:
		enter(session, RELAY_COMMAND);
		break;
	case SMTP_EV_MESSAGESENT:
		on_data_reply(session, va_arg(arguments, smtp_message_t));
		break;
	case SMTP_EV_EXTNA_DSN: /* done without it unless we say so */
		session->dsn_missing = true;
		break;
	case SMTP_EV_EXTNA_8BITMIME:
		session->eight_missing = true;
		break;
	case SMTP_EV_EXTNA_STARTTLS:
		session->tls_missing = true;
		break;
	case SMTP_EV_STARTTLS_OK:
		session->secured = true;
		enter(session, RELAY_COMMAND);
		break;
	case SMTP_EV_WRONG_PEER_CERTIFICATE:
		good = va_arg(arguments, int *);
		(void)va_arg(arguments, const char *);
		on_wrong_name(session, good, va_arg(arguments, SSL *));
		break;
	}
	va_end(arguments);
}

/* The buffer is libESMTP's own, and what it reads next. */
static void
on_heard(struct relay_session *session, char *bytes, size_t length)
{
	struct relay_dialogue *dialogue = &session->dialogue;

	if (!relay_dialogue_hear(dialogue, bytes, length))
		relay_watch_cut(&session->watch, RELAY_CUT_GUARD);
	else if (dialogue->part == DIALOGUE_STARTTLS && dialogue->complete)
		enter(session, RELAY_HANDSHAKE);
}

/* QUIT before the first MAIL: what the mails came to is known, and the answer
 * to QUIT may never come. */
static void
on_said(struct relay_session *session)
{
	if (session->begun || session->dialogue.part == DIALOGUE_MAIL)
		return;
	if (!session->dialogue.over) {
		enter(session, RELAY_COMMAND);
		return;
	}
	enter(session, RELAY_QUIT);
	relay_session_settle(session);
}

/* Once the connection is cut what was about to be written does not leave. */
static void
on_monitor(const char *bytes, int length, int writing, void *object)
{
	struct relay_session *session = object;

	if (writing == 0)
		on_heard(session, (char *)bytes, (size_t)length);
	else if (relay_dialogue_say(&session->dialogue, bytes, (size_t)length))
		on_said(session);
	else
		relay_watch_cut(&session->watch, RELAY_CUT_GUARD);
}

/* libESMTP drops the connection before the final dot when errno is set; a
 * write that failed it does not notice, so the connection is looked at, too.
 */
static const char *
break_off(struct relay_session *session, int *length)
{
	relay_watch_cut(&session->watch, RELAY_CUT_GUARD);
	*length = 0;
	errno = ECANCELED;
	return NULL;
}

/* The next block of a mail's body.  context stays NULL: libESMTP would free
 * it.  errno must be 0 whenever all is well. */
const char *
relay_callback_body(void **context, int *length, void *object)
{
	struct relay_mail *mail = object;
	struct relay_session *session = mail->session;
	size_t filled;

	(void)context;
	if (length == NULL)
		return NULL; /* rewind: it was not begun yet */
	if (atomic_load(&mail->state) != RELAY_HELD ||
	    relay_watch_is_gone(&session->watch))
		return break_off(session, length);
	if (mail->body.reader == NULL) {
		relay_body_open(&mail->body, mail->exchange->body);
		enter(session, RELAY_UPLOAD);
	}
	filled =
	    relay_body_read(&mail->body, session->buffer, session->buffer_size);
	if (mail->body.fault != NULL)
		return break_off(session, length);
	if (mail->body.ended)
		enter(session, RELAY_ANSWER);
	*length = (int)filled;
	errno = 0;
	return filled > 0 ? session->buffer : NULL;
}

void
relay_callback_set(struct relay_session *session)
{
	smtp_set_eventcb(session->smtp, on_event, session);
	smtp_set_monitorcb(session->smtp, on_monitor, session, 0);
}
