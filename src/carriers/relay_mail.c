/* SPDX-License-Identifier: MIT */
#include "relay_mail.h"
#include "relay_dialogue.h"
#include "relay_session.h"

#include "core/clock.h"
#include <string.h>

/* libESMTP prints a command into 1,024 bytes and cuts off what is more. */
#define PATH_OCTETS_MAX 254

struct relay_mail *
relay_mail_new(struct loop *loop, struct exchange *exchange)
{
	struct relay_mail *mail = g_new0(struct relay_mail, 1);

	atomic_init(&mail->state, RELAY_HELD);
	mail->exchange = exchange;
	mail->loop = loop;
	mail->taken_ms = clock_monotonic_ms();
	mail->deadline_ms = exchange->deadline_ms;
	return mail;
}

void
relay_mail_free(struct relay_mail *mail)
{
	g_assert(atomic_load(&mail->state) == RELAY_RETURNED);
	relay_body_close(&mail->body);
	g_free(mail->recipients);
	g_free(mail);
}

static bool
is_path(const struct address *address)
{
	return strlen(address->text) <= PATH_OCTETS_MAX &&
	       strpbrk(address->text, "\r\n<>") == NULL;
}

/* libESMTP prints paths as they are. */
char *
relay_mail_fault(const struct relay_mail *mail)
{
	const struct smtp_request *request = &mail->exchange->smtp;
	const struct address *wrong = NULL;

	if (request->sender != NULL && !is_path(request->sender))
		wrong = request->sender;
	for (unsigned i = 0; i < request->recipients->len; i++) {
		const struct address *address =
		    g_ptr_array_index(request->recipients, i);

		if (wrong == NULL && !is_path(address))
			wrong = address;
	}
	if (wrong == NULL)
		return NULL;
	return g_strdup_printf("the address \"%s\" cannot be sent by SMTP: it "
			       "may have %d octets, and no < or >",
	    wrong->text, PATH_OCTETS_MAX);
}

/* libESMTP makes xtext of it in 256 bytes, and cuts off what is more. */
#define XTEXT_OCTETS_MAX 255

static bool
fits_xtext(const char *text)
{
	size_t octets = 0;

	for (const char *at = text; *at != '\0'; at++)
		octets += *at > ' ' && *at <= '~' && *at != '+' && *at != '='
			      ? 1
			      : strlen("+2B");
	return octets <= XTEXT_OCTETS_MAX;
}

/* "rfc822;a@b" */
static void
set_original(smtp_recipient_t recipient, const char *original)
{
	const char *semicolon = strchr(original, ';');
	g_autofree char *type =
	    g_strndup(original, (size_t)(semicolon - original));

	smtp_dsn_set_orcpt(recipient, type, semicolon + 1);
}

static void
set_notify(smtp_recipient_t recipient, unsigned notify)
{
	static const enum notify_flags words[] = { Notify_NEVER, Notify_SUCCESS,
		Notify_FAILURE, Notify_DELAY };
	int flags = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if ((notify & 1u << i) != 0)
			flags |= (int)words[i];
	smtp_dsn_set_notify(recipient, (enum notify_flags)flags);
}

/* All of them are passed on, or none. */
static bool
can_pass_on(const struct smtp_request *request)
{
	if (request->wishes == NULL)
		return false;
	for (unsigned i = 0; i < request->wishes->len; i++) {
		const char *original =
		    g_array_index(request->wishes, struct envelope_wish, i)
			.original;

		if (original != NULL && !fits_xtext(original))
			return false;
	}
	return request->envid == NULL || fits_xtext(request->envid);
}

/* libESMTP leaves them out with a server that does not offer DSN. */
static void
pass_wishes(struct relay_mail *mail)
{
	const struct smtp_request *request = &mail->exchange->smtp;
	static const enum ret_flags returns[] = {
		[ENVELOPE_RETURN_UNSAID] = Ret_NOTSET,
		[ENVELOPE_RETURN_HEADERS] = Ret_HDRS,
		[ENVELOPE_RETURN_FULL] = Ret_FULL,
	};

	mail->wishes = can_pass_on(request);
	if (!mail->wishes)
		return;
	if (request->returned != ENVELOPE_RETURN_UNSAID)
		smtp_dsn_set_ret(mail->message, returns[request->returned]);
	if (request->envid != NULL)
		smtp_dsn_set_envid(mail->message, request->envid);
	for (unsigned i = 0; i < mail->count; i++) {
		const struct envelope_wish *wish =
		    &g_array_index(request->wishes, struct envelope_wish, i);

		if (wish->notify != ENVELOPE_NOTIFY_UNSAID)
			set_notify(mail->recipients[i], wish->notify);
		if (wish->original != NULL)
			set_original(mail->recipients[i], wish->original);
	}
}

void
relay_mail_load(
    struct relay_mail *mail, smtp_session_t smtp, smtp_messagecb_t fn)
{
	const struct exchange *exchange = mail->exchange;
	const struct address *sender = exchange->smtp.sender;
	const GPtrArray *recipients = exchange->smtp.recipients;

	mail->message = smtp_add_message(smtp);
	smtp_set_reverse_path(
	    mail->message, sender != NULL ? sender->text : NULL);
	smtp_set_messagecb(mail->message, fn, mail);
	if (exchange->body != NULL)
		smtp_size_set_estimate(mail->message,
		    (unsigned long)segments_size(exchange->body));
	/* without a recipient libESMTP would find nothing to do; that of a
	 * probe is never named */
	if (exchange->smtp.probe)
		smtp_add_recipient(mail->message, "postmaster");
	mail->count = recipients->len;
	g_free(mail->recipients);
	mail->recipients = g_new0(smtp_recipient_t, mail->count);
	for (unsigned i = 0; i < mail->count; i++) {
		const struct address *to = g_ptr_array_index(recipients, i);

		mail->recipients[i] =
		    smtp_add_recipient(mail->message, to->text);
	}
	pass_wishes(mail);
}

void
relay_mail_release(struct relay_mail *mail)
{
	atomic_store(&mail->state, RELAY_READY);
}

bool
relay_mail_take(struct relay_mail *mail)
{
	int ready = RELAY_READY;

	return atomic_compare_exchange_strong(&mail->state, &ready, RELAY_HELD);
}

bool
relay_mail_retake(struct relay_mail *mail)
{
	return atomic_load(&mail->state) == RELAY_HELD || relay_mail_take(mail);
}

static bool
is_refusal(const smtp_status_t *status)
{
	return status->code >= 400 && status->code <= 599;
}

static bool
is_acceptance(const smtp_status_t *status)
{
	return status->code >= 200 && status->code <= 299;
}

/* With a server that answers 354 although no recipient is left, libESMTP sends
 * an empty mail; what is said to that is nothing about this mail. */
static bool
is_any_accepted(const struct relay_mail *mail)
{
	for (unsigned i = 0; i < mail->count; i++)
		if (is_acceptance(smtp_recipient_status(mail->recipients[i])))
			return true;
	return false;
}

bool
relay_mail_is_refused(const struct relay_mail *mail)
{
	if (mail->message == NULL || mail->count == 0)
		return false;
	if (is_refusal(smtp_reverse_path_status(mail->message)))
		return true;
	for (unsigned i = 0; i < mail->count; i++)
		if (!is_refusal(smtp_recipient_status(mail->recipients[i])))
			return false;
	return true;
}

/* "Complete" alone is set for a permanent failure as well, and a 250 alone may
 * be that of an earlier chunk: both, and the whole body out, is delivered. */
bool
relay_mail_is_answered(const struct relay_mail *mail)
{
	const smtp_status_t *data = smtp_message_transfer_status(mail->message);

	if (is_refusal(data))
		return true;
	if (!is_acceptance(data) || !mail->body.ended)
		return false;
	for (unsigned i = 0; i < mail->count; i++)
		if (is_acceptance(smtp_recipient_status(mail->recipients[i])) &&
		    !smtp_recipient_check_complete(mail->recipients[i]))
			return false;
	return true;
}

enum exchange_end
relay_mail_end(const struct relay_mail *mail)
{
	if (mail->body.fault != NULL)
		return EXCHANGE_UNREADABLE;
	if (relay_mail_is_refused(mail))
		return EXCHANGE_ANSWERED;
	return mail->body.ended ? EXCHANGE_LOST : EXCHANGE_UNSENT;
}

static void
read_status(struct smtp_reply *reply, const smtp_status_t *status)
{
	g_autofree char *text = NULL;

	if (status->code == 0)
		return;
	if (status->enh_class > 0)
		text = g_strdup_printf("%d.%d.%d %s", status->enh_class,
		    status->enh_subject, status->enh_detail,
		    status->text != NULL ? status->text : "");
	else
		text = g_strdup(status->text);
	relay_dialogue_reply(reply, (unsigned)status->code, text);
}

static void
read_replies(struct relay_mail *mail)
{
	struct smtp_response *response = &mail->exchange->smtp_response;

	response->notifies = mail->wishes && !mail->session->dsn_missing;
	read_status(&response->sender, smtp_reverse_path_status(mail->message));
	response->recipients = g_new0(struct smtp_reply, mail->count);
	for (unsigned i = 0; i < mail->count; i++)
		read_status(&response->recipients[i],
		    smtp_recipient_status(mail->recipients[i]));
	if (is_any_accepted(mail))
		read_status(&response->data,
		    smtp_message_transfer_status(mail->message));
}

static void
on_returned(void *owner, struct letter *letter)
{
	struct exchange *exchange = LETTER_OF(letter, struct exchange, letter);

	(void)owner;
	exchange->done(exchange->object, exchange);
}

/* Only what did not leave, or whose answer is missing, was late. */
static void
enter_reason(struct exchange *exchange, const struct relay_reason *reason)
{
	bool unsent = exchange->end == EXCHANGE_UNSENT;

	if (reason == NULL)
		return;
	exchange->error = g_strdup(reason->error);
	exchange->unreached = reason->unreached && unsent;
	exchange->timed_out =
	    reason->timed_out && (unsent || exchange->end == EXCHANGE_LOST);
}

static void
post_back(struct relay_mail *mail, enum exchange_end end,
    const struct relay_reason *reason)
{
	struct exchange *exchange = g_steal_pointer(&mail->exchange);

	exchange->end = end;
	enter_reason(exchange, reason);
	exchange->duration_ms = clock_monotonic_ms() - mail->taken_ms;
	loop_post(mail->loop, &exchange->letter, on_returned);
}

void
relay_mail_return(struct relay_mail *mail, enum exchange_end end,
    const struct relay_reason *reason)
{
	g_assert(atomic_load(&mail->state) == RELAY_HELD);
	mail->exchange->sent_bytes = relay_body_given(&mail->body);
	if ((end == EXCHANGE_ANSWERED || end == EXCHANGE_LOST) &&
	    mail->message != NULL)
		read_replies(mail);
	atomic_store(&mail->state, RELAY_RETURNED);
	post_back(mail, end, reason);
}

void
relay_mail_withdraw(struct relay_mail *mail, const struct relay_reason *reason)
{
	int ready = RELAY_READY;

	if (atomic_compare_exchange_strong(
		&mail->state, &ready, RELAY_RETURNED))
		post_back(mail, EXCHANGE_UNSENT, reason);
}
