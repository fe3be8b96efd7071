/* SPDX-License-Identifier: MIT */
#include "transaction.h"

#include "auth.h"
#include "core/clock.h"
#include "dsn.h"
#include "inflow.h"
#include "intake.h"
#include "lmtp.h"
#include "parameters.h"
#include "renewal.h"
#include "smtp/aliases.h"
#include <string.h>

/* What stands between the angle brackets, and what follows them. */
struct path {
	const char *text;
	size_t length;
	const char *parameters;
};

/* The closing bracket of a path, but not one in quotes; NULL: none. */
static const char *
find_bracket(const char *at)
{
	bool quoted = false;

	for (; *at != '\0'; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '>' && !quoted)
			return at;
	}
	return NULL;
}

/* Reads keyword ( "FROM:" or "TO:" ) "<" path ">" [ SP parameters ]; lenient:
 * the blanks and bare addresses of lenient_commands, too. */
static bool
read_path(
    const char *argument, const char *keyword, bool lenient, struct path *path)
{
	const char *at = argument + strlen(keyword), *end;

	if (g_ascii_strncasecmp(argument, keyword, strlen(keyword)) != 0)
		return false;
	if (lenient)
		at += strspn(at, " ");
	if (*at == '<') {
		path->text = at + 1;
		end = find_bracket(at + 1);
		if (end == NULL || (end[1] != '\0' && end[1] != ' '))
			return false;
		path->parameters = end + 1;
	} else {
		path->text = at;
		end = at + strcspn(at, " ");
		path->parameters = end;
		if (!lenient || end == at)
			return false;
	}
	path->length = (size_t)(end - path->text);
	return true;
}

/* How MAIL and RCPT are said. */
struct form {
	const char *keyword;
	const char *whole;
	const char *strict; /* to whom lenient_commands would help */
	bool is_recipient;
};

static const struct form mail_form = { "FROM:", "MAIL FROM:<address>",
	"MAIL FROM:<address>, without a blank before < and with < and >",
	false };
static const struct form rcpt_form = { "TO:", "RCPT TO:<address>",
	"RCPT TO:<address>, without a blank before < and with < and >", true };

/* False when it was refused. */
static bool
take_path(struct session *session, const struct form *form,
    const char *argument, struct path *path)
{
	bool lenient = session->rules->lenient;

	if (read_path(argument, form->keyword, lenient, path)) {
		quote_path(&session->quote, path->text, path->length,
		    form->is_recipient);
		return true;
	}
	if (!lenient && read_path(argument, form->keyword, true, path)) {
		session->quote.advice = "set lenient_commands = yes for this "
					"listener to take it as it is";
		session_reply(session, REPLY_ARGUMENT, form->strict);
	} else {
		session_reply(session, REPLY_ARGUMENT, form->whole);
	}
	return false;
}

static bool
is_ascii(const struct path *path)
{
	for (size_t i = 0; i < path->length; i++)
		if ((unsigned char)path->text[i] > 0x7e)
			return false;
	return true;
}

/* UTF-8 is for clients that say so (RFC 6531 3.4); false when it was refused.
 */
static bool
may_say(struct session *session, const struct envelope *envelope,
    const struct path *path)
{
	if (envelope->utf8 || is_ascii(path))
		return true;
	session_reply(session, REPLY_NON_ASCII,
	    "not ASCII, and MAIL FROM did not say SMTPUTF8");
	return false;
}

static bool
needs_unicode(enum address_fault fault)
{
	return fault == ADDRESS_NON_ASCII || fault == ADDRESS_IDNA;
}

static enum reply_name
refuse_sender(enum address_fault fault)
{
	if (needs_unicode(fault))
		return REPLY_NON_ASCII;
	return fault == ADDRESS_LONG ? REPLY_SENDER_LONG : REPLY_SENDER_SYNTAX;
}

/* Whoever is on this host and says only who he is is of this host. */
static const char *
find_sender_domain(const struct session *session)
{
	const struct rules *rules = session->rules;

	if (rules->domain == NULL && rules->door.sendmail)
		return rules->hostname;
	return rules->domain;
}

/* Fills in the sender; false when it was refused. */
static bool
take_sender(
    struct session *session, struct envelope *envelope, const struct path *path)
{
	enum address_fault fault;

	if (path->length == 0) {
		/* a user tied to senders, too: his server sends bounces on */
		if (!session_may_relay(session))
			session_reply(session, REPLY_NULL_SENDER, NULL);
		return session_may_relay(session);
	}
	if (!may_say(session, envelope, path))
		return false;
	envelope->sender = address_parse(
	    path->text, path->length, find_sender_domain(session), &fault);
	if (envelope->sender == NULL) {
		session_reply(
		    session, refuse_sender(fault), address_fault_text(fault));
		return false;
	}
	if (!rules_take_sender(session->rules, envelope->sender->domain)) {
		session_reply(session, REPLY_SENDER_DOMAIN, NULL);
		return false;
	}
	if (!auth_may_send(session, envelope->sender)) {
		session_reply(session, REPLY_SENDER_LOGIN, NULL);
		return false;
	}
	return true;
}

/* Without a directory the whole mail stands in memory. */
static bool
has_memory(const struct session *session, uint64_t bytes)
{
	const struct budget *budget = session->world->budget;

	return session->world->place->directory != NULL ||
	       bytes <= budget_limit(budget) - budget_taken(budget);
}

/* Mail is begun only when there is room for as much as it is said to be: in
 * memory, or for the queue on the disk; false when it was refused. */
static bool
find_room(struct session *session, uint64_t bytes)
{
	const struct disk *disk = session->world->disk;

	if (!has_memory(session, bytes)) {
		session_reply(session, REPLY_OVERLOAD, NULL);
		return false;
	}
	if (session->rules->when != ANSWER_QUEUED || disk == NULL ||
	    disk_allows(disk, bytes))
		return true;
	session_reply(session,
	    disk_state(disk) == DISK_BAD ? REPLY_DISK_BAD : REPLY_DISK_FULL,
	    NULL);
	return false;
}

/* Who is refused when memory runs short: strangers first, those of `allow`
 * last. */
static enum budget_level
find_mark(const struct session *session)
{
	if (session->peer.allowed)
		return BUDGET_DRY;
	return session_may_relay(session) ? BUDGET_TIGHT : BUDGET_SOFT;
}

/* Mail comes faster than it leaves: the next command waits. */
static void
slow_down(struct session *session)
{
	int64_t delay_ms = inflow_delay(session->world->inflow);

	if (delay_ms > 0 && !session->peer.allowed)
		session->times.delay_ms = clock_monotonic_ms() + delay_ms;
}

static void
begin_mail(struct session *session)
{
	session->counts.mails++;
	session_change(session, SESSION_SENDER);
	session_reply(session, REPLY_SENDER_OK, NULL);
	slow_down(session);
}

/* Where mails per minute are limited, the main loop counts it first. */
static bool
needs_permit(const struct session *session)
{
	return !session->peer.allowed &&
	       session->rules->limits.peer_mail_rate > 0;
}

void
transaction_permit(struct session *session, enum reply_name refused)
{
	if (refused == REPLY_NONE) {
		begin_mail(session);
		return;
	}
	session_change(session, SESSION_READY);
	session_reply(session, refused, NULL);
	g_clear_pointer(&session->mail.envelope, envelope_free);
}

/* mail = "MAIL FROM:" Reverse-path [ SP Mail-parameters ] CRLF */
void
transaction_mail(struct session *session, const char *argument)
{
	struct parameters parameters = { .session = session };
	struct envelope *envelope;
	struct path path;

	renewal_take(session);
	if (!take_path(session, &mail_form, argument, &path))
		return;
	if (!session->peer.allowed &&
	    session->counts.mails >= session->rules->limits.session_mails) {
		session_close(session, REPLY_SESSION_MAILS, NULL);
		return;
	}
	if (budget_level(session->world->budget) >= find_mark(session)) {
		session_reply(session, REPLY_OVERLOAD, NULL);
		return;
	}
	envelope = parameters.envelope = envelope_new();
	if (!parameters_take_mail(&parameters, path.parameters) ||
	    !take_sender(session, envelope, &path) ||
	    !find_room(session, envelope->size_declared)) {
		envelope_free(envelope);
		return;
	}
	session->mail.envelope = envelope;
	if (needs_permit(session)) {
		session_change(session, SESSION_PERMIT);
		session->times.state_ms = 0;
	} else {
		begin_mail(session);
	}
}

static void
refuse_recipient(struct session *session, enum address_fault fault)
{
	if (fault == ADDRESS_UNQUALIFIED) {
		session->quote.advice =
		    "set `aliases` (root:ops@example.com) or `domain` of this "
		    "listener";
		session_reply(session, REPLY_RECIPIENT_UNQUALIFIED, NULL);
		return;
	}
	session_reply(session,
	    needs_unicode(fault) ? REPLY_NON_ASCII : REPLY_RECIPIENT_SYNTAX,
	    address_fault_text(fault));
}

/* The recipient's address; NULL when it was refused, this one alone. */
static struct address *
read_recipient(struct session *session, const struct path *path)
{
	enum address_fault fault;
	struct address *address;

	if (!may_say(session, session->mail.envelope, path))
		return NULL;
	address =
	    aliases_find(session->rules->aliases, path->text, path->length);
	if (address != NULL)
		return address;
	address = address_parse(
	    path->text, path->length, session->rules->domain, &fault);
	if (address == NULL)
		refuse_recipient(session, fault);
	return address;
}

/* Takes the address over, and the wish.  One that is there already will get its
 * one copy, and its sender what it wished for in either command.  Returns its
 * number. */
static unsigned
add_recipient(struct envelope *envelope, struct address *address,
    struct envelope_wish *wish)
{
	unsigned count = envelope->recipients->len;
	unsigned i = envelope_add_recipient(envelope, address);
	const struct envelope_wish *before = envelope_wish_of(envelope, i);

	if (i < count) {
		wish->notify = dsn_merge(before->notify, wish->notify);
		if (wish->original == NULL)
			wish->original = g_strdup(before->original);
	}
	if (wish->notify != before->notify || wish->original != NULL)
		envelope_wish(envelope, i, wish);
	return i;
}

static bool
may_add_recipient(struct session *session)
{
	enum reply_name refused = REPLY_NONE;
	const char *login = NULL;

	if (!session_may_relay(session)) {
		login = auth_advise(session);
		refused = login != NULL ? REPLY_LOGIN_FIRST : REPLY_RELAY;
	} else if (session->mail.envelope->recipients->len >=
		       session->rules->limits.recipients ||
		   lmtp_owed(session) >= session->rules->limits.recipients) {
		refused = REPLY_RECIPIENTS;
	}
	if (refused != REPLY_NONE)
		session_reply(session, refused, login);
	return refused == REPLY_NONE;
}

/* rcpt = "RCPT TO:" Forward-path [ SP Rcpt-parameters ] CRLF */
void
transaction_rcpt(struct session *session, const char *argument)
{
	struct parameters parameters = { .session = session,
		.envelope = session->mail.envelope };
	struct address *address = NULL;
	struct path path;
	unsigned number;

	if (!take_path(session, &rcpt_form, argument, &path))
		return;
	if (!may_add_recipient(session))
		return;
	if (parameters_take_rcpt(&parameters, path.parameters))
		address = read_recipient(session, &path);
	if (address == NULL) {
		g_free(parameters.wish.original);
		return;
	}
	number = add_recipient(parameters.envelope, address, &parameters.wish);
	lmtp_expect(session, number);
	session_change(session, SESSION_RECIPIENT);
	session_reply(session, REPLY_RECIPIENT_OK, NULL);
}

/* data = "DATA" CRLF */
void
transaction_data(struct session *session, const char *argument)
{
	(void)argument;
	if (session->mail.envelope->recipients->len == 0)
		/* RFC 2033 4.2 forces the one, RFC 5321 3.3 has both */
		session_reply(session,
		    lmtp_is_spoken(session) ? REPLY_SEQUENCE
					    : REPLY_NO_RECIPIENTS,
		    NULL);
	else
		intake_begin(session);
}
