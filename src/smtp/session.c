/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "bound.h"
#include "core/budget.h"
#include "core/clock.h"
#include "core/log.h"
#include "sasl.h"
#include "strain.h"
#include "tls.h"
#include "xforward.h"
#include <string.h>

/* Commands that do nothing for a mail and are free under stress: EHLO, and EHLO
 * again after STARTTLS. */
#define STRAINED_IDLE 2

const char *
session_state_name(enum session_state state)
{
	switch (state) {
	case SESSION_GREETING:
		return "greeting";
	case SESSION_FRESH:
		return "fresh";
	case SESSION_READY:
		return "ready";
	case SESSION_SENDER:
		return "sender";
	case SESSION_RECIPIENT:
		return "recipient";
	case SESSION_DATA:
		return "data";
	case SESSION_ANSWER:
		return "answer";
	case SESSION_CLOSING:
		return "closing";
	case SESSION_PROXY:
		return "proxy";
	case SESSION_ADMISSION:
		return "admission";
	case SESSION_HANDSHAKE:
		return "handshake";
	case SESSION_SASL:
		return "sasl";
	case SESSION_CREDENTIALS:
		return "credentials";
	case SESSION_PERMIT:
		return "permit";
	}
	g_assert_not_reached();
}

void
session_change(struct session *session, enum session_state state)
{
	if (session->state == state)
		return;
	log_debug("session state", log_num("session", (int64_t)session->id),
	    log_str("from", session_state_name(session->state)),
	    log_str("to", session_state_name(state)));
	session->state = state;
}

/* The null sender is written as such, none not at all. */
static struct log_field
field_from(const char *from)
{
	struct log_field field = log_str("from", from);

	if (from == NULL)
		field.type = LOG_TYPE_NOTHING;
	return field;
}

static void
log_refusal(
    const struct session *session, enum reply_name name, const char *detail)
{
	const struct reply *reply = reply_find(name);
	struct quote quote = session->quote;
	g_autofree char *said = quote_said(&quote, reply);
	g_autofree char *from = NULL, *to = NULL;

	if (quote.envelope == NULL)
		quote.envelope = session->mail.envelope;
	from = quote_from(&quote);
	to = quote_to(&quote);
	log_info("refused", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_str("listener", session->rules->listener),
	    log_str_if("user", session->identity.user),
	    log_str("helo", session->identity.helo),
	    log_str("command", session->verb), log_num("code", reply->code),
	    log_str_if("status", reply->enhanced),
	    log_str("reason", reply->text), log_str_if("detail", detail),
	    field_from(from), log_str_if("to", to), log_str_if("said", said),
	    log_str_if("advice",
		quote.advice != NULL ? quote.advice : bound_advise(name)));
}

static void
close_erring(struct session *session)
{
	g_autofree char *count = g_strdup_printf(
	    "%u since the last mail that was taken", session->counts.errors);

	session_close(session, REPLY_ERRORS, count);
}

/* An error that the client made. */
static void
count_error(struct session *session)
{
	const struct rules *rules = session->rules;
	unsigned most =
	    session_is_strained(session) ? 1 : rules->limits.errors_hard;

	session->counts.errors++;
	if (session->counts.errors >= most)
		close_erring(session);
	else if (session->counts.errors >= rules->limits.errors_soft &&
		 rules->times.delay_ms > 0)
		session->times.delay_ms =
		    clock_monotonic_ms() + rules->times.delay_ms;
}

void
session_repeat(
    struct session *session, enum reply_name name, const char *detail)
{
	g_autofree char *told = bound_tell(session->rules, name, detail);

	reply_append(channel_output(session->channel), name, told);
}

void
session_reply(struct session *session, enum reply_name name, const char *detail)
{
	const struct reply *reply = reply_find(name);
	g_autofree char *told = bound_tell(session->rules, name, detail);

	reply_append(channel_output(session->channel), name, told);
	if (reply->code >= 400)
		log_refusal(session, name, told);
	if (reply->code >= 500 && session->state != SESSION_CLOSING)
		count_error(session);
}

void
session_say(struct session *session, const char *format, ...)
{
	GString *out = channel_output(session->channel);
	va_list arguments;

	va_start(arguments, format);
	g_string_append_vprintf(out, format, arguments);
	va_end(arguments);
	g_string_append(out, "\r\n");
}

static void
forget_mail(struct session *session)
{
	envelope_free(session->mail.envelope);
	spool_unref(session->mail.spool);
	limiter_free(session->mail.limiter);
	g_clear_pointer(&session->mail.owed, g_array_unref);
	session->mail = (struct session_mail){ 0 };
	session->times.progress_ms = 0;
	session->times.discard_ms = 0;
	g_clear_pointer(&session->forwarded, xforward_free);
}

static void
forget_identity(struct session *session)
{
	g_free(session->identity.helo);
	g_free(session->identity.user);
	g_strfreev(session->identity.senders);
	session->identity = (struct session_identity){ 0 };
}

void
session_forget(struct session *session)
{
	forget_mail(session);
	forget_identity(session);
}

bool
session_may_relay(const struct session *session)
{
	return session->peer.allowed || session->identity.user != NULL ||
	       session->identity.certified;
}

const char *
session_protocol(const struct session *session)
{
	/* by SMTPUTF8 (RFC 6531 4.3), TLS and AUTH */
	static const char *const esmtp[2][2][2] = {
		{ { "ESMTP", "ESMTPA" }, { "ESMTPS", "ESMTPSA" } },
		{ { "UTF8SMTP", "UTF8SMTPA" }, { "UTF8SMTPS", "UTF8SMTPSA" } },
	};
	static const char *const lmtp[2][2][2] = {
		{ { "LMTP", "LMTPA" }, { "LMTPS", "LMTPSA" } },
		{ { "UTF8LMTP", "UTF8LMTPA" }, { "UTF8LMTPS", "UTF8LMTPSA" } },
	};
	const struct envelope *envelope = session->mail.envelope;
	bool utf8 = envelope != NULL && envelope->utf8;
	bool tls = channel_tls(session->channel) != NULL;
	bool user = session->identity.user != NULL;

	if (session->rules->door.protocol == RULES_LMTP)
		return lmtp[utf8][tls][user];
	return session->identity.esmtp || utf8 ? esmtp[utf8][tls][user]
					       : "SMTP";
}

void
session_hang_up(struct session *session)
{
	session_change(session, SESSION_CLOSING);
	forget_mail(session);
	session->times.delay_ms = 0;
	session->times.session_ms = 0;
	session->times.state_ms =
	    clock_monotonic_ms() + session->rules->times.reply_ms;
}

void
session_close(struct session *session, enum reply_name name, const char *detail)
{
	if (session->state == SESSION_CLOSING)
		return;
	session_hang_up(session);
	session_reply(session, name, detail);
}

void
session_abandon(struct session *session, const char *reason)
{
	if (session->gone)
		return;
	session->gone = true;
	log_debug("session lost", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_str("state", session_state_name(session->state)),
	    log_str("reason", reason));
}

void
session_reset(struct session *session)
{
	forget_mail(session);
	channel_expect(session->channel, CHANNEL_READ_SMALL);
	session_change(session,
	    session->identity.helo != NULL ? SESSION_READY : SESSION_FRESH);
}

void
session_idle(struct session *session)
{
	unsigned most = session->rules->limits.idle_commands;

	if (session_is_strained(session))
		most = MIN(most, STRAINED_IDLE);
	if (++session->counts.idle > most)
		count_error(session);
}

bool
session_is_strained(const struct session *session)
{
	return strain_is_on(session->world->strain) &&
	       !session_may_relay(session);
}

void
session_wait(struct session *session, int64_t wait_ms)
{
	if (session_is_strained(session))
		wait_ms = MIN(wait_ms, session->rules->times.stress_ms);
	session->times.state_ms = clock_monotonic_ms() + wait_ms;
}

static int64_t
find_earlier(int64_t moment_ms, int64_t other_ms)
{
	return moment_ms == 0 ? 0 : MIN(moment_ms, other_ms);
}

void
session_hurry(struct session *session)
{
	struct session_times *times = &session->times;
	int64_t soon = clock_monotonic_ms() + session->rules->times.stress_ms;

	if (!session_is_strained(session))
		return;
	times->state_ms = find_earlier(times->state_ms, soon);
	times->reply_ms = find_earlier(times->reply_ms, soon);
}

bool
session_reads(const struct session *session)
{
	return (session->state & SESSION_WAITS) == 0 && !session->gone &&
	       session->times.delay_ms == 0 &&
	       channel_unsent(session->channel) <=
		   session->rules->limits.unsent_bytes;
}

void
session_free(struct session *session)
{
	if (session == NULL)
		return;
	forget_mail(session);
	forget_identity(session);
	sasl_free(session->login.sasl);
	channel_free(session->channel);
	if (session->charged > 0)
		budget_give(session->world->budget, session->charged);
	tls_keys_unref(session->peer.keys);
	rules_free(session->rules);
	rules_free(session->renewed);
	g_free(session);
}
