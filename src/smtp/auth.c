/* SPDX-License-Identifier: MIT */
#include "auth.h"

#include "core/clock.h"
#include "core/log.h"
#include "place.h"
#include "sasl.h"
#include "starttls.h"
#include <string.h>

/* Nobody between us and the client can read along.  A client that a proxy on
 * this host speaks for may be anywhere. */
static bool
is_private(const struct session *session)
{
	return channel_tls(session->channel) != NULL ||
	       (session->rules->auth.plaintext &&
		   (session->peer.local ||
		       place_is_loopback(session->peer.text)));
}

bool
auth_offered(const struct session *session)
{
	const struct rules_auth *auth = &session->rules->auth;

	switch (auth->mode) {
	case RULES_AUTH_OFF:
		return false;
	case RULES_AUTH_ANY:
		return session->peer.allowed;
	case RULES_AUTH_USERS:
		return is_private(session);
	}
	g_assert_not_reached();
}

const char *
auth_advise(const struct session *session)
{
	if (session->rules->auth.mode != RULES_AUTH_USERS)
		return NULL;
	if (auth_offered(session))
		return "log in with AUTH";
	return starttls_offered(session)
		   ? "say STARTTLS first, then log in with AUTH"
		   : NULL;
}

/* Back to where AUTH was said. */
void
auth_end(struct session *session)
{
	g_clear_pointer(&session->login.sasl, sasl_free);
	session_change(session, SESSION_READY);
}

/* Says how the exchange ends. */
static void
conclude(struct session *session, enum reply_name name)
{
	auth_end(session);
	session_reply(session, name, NULL);
}

/* One more that was wrong; from the last on the session ends. */
static void
fail(struct session *session)
{
	if (++session->login.failures >= session->rules->auth.tries)
		session_close(session, REPLY_AUTH_OFTEN, NULL);
	else
		conclude(session, REPLY_AUTH_WRONG);
}

static void
log_failure(const struct session *session, const char *reason)
{
	const char *name =
	    session->login.sasl != NULL ? sasl_name(session->login.sasl) : NULL;

	log_warn("login failed", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_str("listener", session->rules->listener),
	    log_str("user", name), log_str("reason", reason));
}

/* Asks the authority; nothing is read until it has spoken. */
static void
ask(struct session *session)
{
	struct authority_ask *ask = g_new0(struct authority_ask, 1);

	ask->session = session->id;
	g_strlcpy(ask->peer, session->peer.text, sizeof(ask->peer));
	ask->name = g_strdup(sasl_name(session->login.sasl));
	ask->password = g_strdup(sasl_password(session->login.sasl));
	ask->return_to = session->back.loop;
	ask->answered = session->back.judged;
	sasl_forget(session->login.sasl);
	session_change(session, SESSION_CREDENTIALS);
	session->times.state_ms = 0;
	authority_ask_post(session->world->authority, ask);
}

static void
take_credentials(struct session *session)
{
	if (session->rules->auth.mode == RULES_AUTH_USERS) {
		ask(session);
		return;
	}
	session->identity.anyone = true;
	conclude(session, REPLY_AUTH_OK);
}

/* What the client said was taken: goes on as the exchange says. */
static void
take_step(struct session *session, enum sasl_step step)
{
	switch (step) {
	case SASL_ASKS:
		session_change(session, SESSION_SASL);
		session_say(
		    session, "334 %s", sasl_challenge(session->login.sasl));
		break;
	case SASL_DONE:
		take_credentials(session);
		break;
	case SASL_BAD:
		conclude(session, REPLY_AUTH_SYNTAX);
		break;
	case SASL_REFUSED:
		log_failure(session, "no user can be called so, or have such "
				     "a password");
		fail(session);
		break;
	case SASL_CANCELLED:
		conclude(session, REPLY_AUTH_CANCELLED);
		break;
	}
}

/* auth = "AUTH" SP mechanism [ SP initial-response ] CRLF (RFC 4954 4) */
void
auth_auth(struct session *session, const char *argument)
{
	const struct rules_auth *auth = &session->rules->auth;
	g_autofree char *mechanism =
	    g_strndup(argument, strcspn(argument, " "));
	const char *initial = strchr(argument, ' ');

	if (!auth_offered(session)) {
		session_reply(session,
		    auth->mode == RULES_AUTH_USERS ? REPLY_AUTH_NEEDS_TLS
						   : REPLY_NOT_IMPLEMENTED,
		    NULL);
		return;
	}
	if (session->identity.user != NULL || session->identity.anyone) {
		session_reply(session, REPLY_AUTH_ALREADY, NULL);
		return;
	}
	session->login.sasl = sasl_new(mechanism);
	if (session->login.sasl == NULL) {
		session_reply(session, REPLY_AUTH_MECHANISM, NULL);
		return;
	}
	if (initial != NULL)
		initial += strspn(initial, " ");
	take_step(session, sasl_take(session->login.sasl, initial));
}

void
auth_take(struct session *session, const unsigned char *line, size_t length)
{
	char *text;
	bool whole;

	channel_conceal(session->channel);
	/* each response ends a group (RFC 4954 4, RFC 2920 3.1) */
	if (session->unread) {
		session_close(session, REPLY_SYNCHRONISATION, NULL);
		return;
	}
	text = g_strndup((const char *)line, length);
	whole = strlen(text) == length;
	if (whole)
		take_step(session, sasl_take(session->login.sasl, text));
	else
		conclude(session, REPLY_AUTH_SYNTAX);
	explicit_bzero(text, length);
	g_free(text);
}

static void
welcome(struct session *session)
{
	log_info("authenticated", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_str("listener", session->rules->listener),
	    log_str("user", session->identity.user));
	conclude(session, REPLY_AUTH_OK);
}

void
auth_tell(struct session *session)
{
	switch (session->login.word) {
	case AUTHORITY_RIGHT:
		welcome(session);
		break;
	case AUTHORITY_WRONG:
		log_failure(session, "wrong user or password");
		fail(session);
		break;
	case AUTHORITY_LATER:
		log_failure(session,
		    "too many logins wait to be looked at (auth_waiting), or "
		    "the users changed; it was told to try again");
		conclude(session, REPLY_AUTH_LATER);
		break;
	case AUTHORITY_TOO_OFT:
		log_failure(session,
		    "too many failures lately of this name or from this "
		    "address (auth_failures), so the password was not even "
		    "looked at");
		session_close(session, REPLY_AUTH_OFTEN, NULL);
		break;
	}
}

void
auth_judge(struct session *session, const struct authority_verdict *verdict)
{
	session->login.word = verdict->word;
	if (verdict->word == AUTHORITY_RIGHT) {
		session->identity.user =
		    g_strdup(sasl_name(session->login.sasl));
		session->identity.senders = g_strdupv(verdict->senders);
	}
	if (verdict->delay_ms > 0)
		session->times.delay_ms =
		    clock_monotonic_ms() + verdict->delay_ms;
	else
		auth_tell(session);
}

bool
auth_may_send(const struct session *session, const struct address *sender)
{
	char *const *allowed = session->identity.senders;

	return allowed == NULL ||
	       (sender != NULL &&
		   address_is_among(sender, (const char *const *)allowed));
}
