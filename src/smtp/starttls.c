/* SPDX-License-Identifier: MIT */
#include "starttls.h"

#include "core/log.h"
#include "tls.h"

/* Memory of a client whose handshake is under way, and of one that is inside
 * TLS and does nothing: as measured, nobody counts what OpenSSL takes. */
#define SHAKING_BYTES 65536
#define SECURE_BYTES  16384

/* As for the connection itself: none is begun that finds the budget full. */
static bool
take_memory(struct session *session)
{
	struct budget *budget = session->world->budget;

	if (budget_level(budget) == BUDGET_HARD ||
	    !budget_take(budget, SHAKING_BYTES))
		return false;
	session->charged = SHAKING_BYTES;
	return true;
}

static void
keep_memory(struct session *session, uint64_t bytes)
{
	if (session->charged <= bytes)
		return;
	budget_give(session->world->budget, session->charged - bytes);
	session->charged = bytes;
}

static void
shake(struct session *session)
{
	session_change(session, SESSION_HANDSHAKE);
	session_wait(session, session->rules->tls.handshake_ms);
	channel_secure(session->channel, session->peer.keys);
}

/* starttls = "STARTTLS" CRLF (RFC 3207 4) */
void
starttls_starttls(struct session *session, const char *argument)
{
	(void)argument;
	if (channel_tls(session->channel) != NULL) {
		session_reply(session, REPLY_TLS_ALREADY, NULL);
	} else if (!starttls_offered(session)) {
		session_reply(session, REPLY_NOT_IMPLEMENTED, NULL);
	} else if (!take_memory(session)) {
		session_reply(session, REPLY_TLS_LATER, "out of memory");
	} else {
		session_reply(session, REPLY_START_TLS, NULL);
		shake(session);
	}
}

bool
starttls_offered(const struct session *session)
{
	enum rules_tls_mode mode = session->rules->tls.mode;

	return session->peer.keys != NULL &&
	       (mode == RULES_TLS_OFFERED || mode == RULES_TLS_REQUIRED) &&
	       channel_tls(session->channel) == NULL;
}

bool
starttls_required(const struct session *session)
{
	return session->rules->tls.mode == RULES_TLS_REQUIRED &&
	       channel_tls(session->channel) == NULL;
}

static void
log_secured(const struct session *session)
{
	const struct tls *tls = channel_tls(session->channel);

	log_info("tls established", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_str("tls", tls_version(tls)),
	    log_str("cipher", tls_cipher(tls)),
	    log_str_if("fingerprint", tls_fingerprint(tls)),
	    log_str_if("certified", tls_certified(tls)             ? "yes"
				    : tls_fingerprint(tls) != NULL ? "no"
								   : NULL));
}

static void
log_failure(const struct session *session, const char *trouble)
{
	log_info("tls failed", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_str("listener", session->rules->listener),
	    log_str("reason", trouble));
}

/* In plain text there is nothing to be said to who expects TLS. */
void
starttls_begin(struct session *session)
{
	static const char why[] =
	    "out of memory for one more handshake (memory_budget)";

	if (take_memory(session)) {
		shake(session);
		return;
	}
	log_failure(session, why);
	session_abandon(session, why);
}

/* What was said before the handshake could have been said by anyone on the way:
 * it is all forgotten (RFC 3207 4.2). */
void
starttls_secured(struct session *session, const char *trouble)
{
	keep_memory(session, trouble != NULL ? 0 : SECURE_BYTES);
	if (trouble != NULL)
		log_failure(session, trouble);
	if (session->state != SESSION_HANDSHAKE)
		return;
	if (trouble != NULL) {
		session_hang_up(session);
		return;
	}
	log_secured(session);
	session_forget(session);
	session->identity.certified =
	    tls_certified(channel_tls(session->channel));
	session_change(session, SESSION_FRESH);
}

void
starttls_expire(struct session *session)
{
	static const char why[] = "the handshake took too long (tls_timeout)";

	log_failure(session, why);
	session_abandon(session, why);
}
