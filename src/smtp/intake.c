/* SPDX-License-Identifier: MIT */
#include "intake.h"

#include "core/clock.h"
#include "core/log.h"
#include "heed.h"
#include "lmtp.h"
#include "resend.h"
#include "tie.h"
#include "tls.h"
#include "xforward.h"
#include <errno.h>
#include <string.h>

void
intake_begin(struct session *session)
{
	const struct rules *rules = session->rules;
	int64_t now = clock_monotonic_ms();

	session->mail.spool = spool_new(session->world->place);
	session->mail.limiter = limiter_new(&rules->limiter);
	session->times.progress_ms = now + rules->times.progress_ms;
	session->times.state_ms = now + rules->times.data_ms;
	channel_expect(session->channel, CHANNEL_READ_LARGE);
	session_change(session, SESSION_DATA);
	session_reply(session, REPLY_START_MAIL, NULL);
}

/* From here on the mail is read to its end only to say so. */
static void
refuse_mail(struct session *session, enum reply_name name, const char *why)
{
	session->mail.refused = name;
	session->mail.why = why;
	session->times.discard_ms =
	    clock_monotonic_ms() + session->rules->times.discard_ms;
	g_clear_pointer(&session->mail.spool, spool_unref);
}

static void
refuse_verdict(struct session *session, enum limiter_verdict verdict)
{
	static const enum reply_name names[] = {
		[LIMITER_HEADER_BYTES] = REPLY_HEADER_SIZE,
		[LIMITER_HEADER_FIELDS] = REPLY_HEADER_FIELDS,
		[LIMITER_FIELD_BYTES] = REPLY_FIELD_SIZE,
		[LIMITER_HOPS] = REPLY_HOPS,
		[LIMITER_CIRCLE] = REPLY_HOPS,
		[LIMITER_NUL] = REPLY_CONTENT,
		[LIMITER_BCC] = REPLY_CONTENT,
	};

	refuse_mail(session, names[verdict], limiter_text(verdict));
}

static void
refuse_errno(struct session *session, int error)
{
	enum reply_name name = REPLY_SPOOL_ERROR;

	if (error == ENOMEM)
		name = REPLY_SPOOL_MEMORY;
	else if (error == ENOSPC || error == EDQUOT)
		name = REPLY_SPOOL_FULL;
	log_warn("spool failed", log_num("session", (int64_t)session->id),
	    log_str("reason", g_strerror(error)));
	refuse_mail(session, name, NULL);
}

static void
on_decoded(void *object, const void *bytes, size_t length)
{
	struct session *session = object;
	struct session_mail *mail = &session->mail;
	bool fits = session->rules->limits.mail_bytes - mail->bytes >= length;
	enum limiter_verdict verdict;

	if (mail->refused != REPLY_NONE) {
		mail->bytes += length;
		return;
	}
	if (!fits) {
		mail->bytes += length;
		refuse_mail(session, REPLY_SIZE, NULL);
		return;
	}
	mail->bytes += length;
	verdict = limiter_feed(mail->limiter, bytes, length);
	if (verdict != LIMITER_OK)
		refuse_verdict(session, verdict);
	else if (!spool_append(mail->spool, bytes, length))
		refuse_errno(session, errno);
}

/* A line of RFC 5321 3.8: who brought what, once per mail. */
static void
log_received(const struct session *session, const struct submission *submission)
{
	static const struct xforward nothing = { 0 };
	const struct envelope *envelope = submission->envelope;
	const struct tls *tls = channel_tls(session->channel);
	const struct xforward *origin =
	    session->forwarded != NULL ? session->forwarded : &nothing;
	g_autofree char *to =
	    envelope_tell(envelope, 0, envelope->recipients->len);

	log_info("mail received", log_str("mail", submission->id),
	    log_num("session", (int64_t)session->id),
	    log_str("listener", submission->listener),
	    log_str("client", submission->peer),
	    log_str("helo", submission->helo),
	    log_str_if("user", submission->user),
	    log_str_if("tls", tls != NULL ? tls_version(tls) : NULL),
	    log_str_if(
		"origin", origin->addr != NULL ? origin->addr : origin->name),
	    log_str_if("origin_helo", origin->helo),
	    log_str_if("ident", origin->ident),
	    log_str(
		"from", envelope->sender == NULL ? "" : envelope->sender->text),
	    log_str("to", to), log_num("recipients", envelope->recipients->len),
	    log_num("size", (int64_t)spool_size(submission->spool)));
	if (submission->repaired)
		log_info("line endings mended", log_str("mail", submission->id),
		    log_str("client", submission->peer));
	if (submission->seen.opaque)
		log_info("mail not parsed", log_str("mail", submission->id),
		    log_str("reason", submission->seen.opaque_why));
}

static struct submission *
make_submission(struct session *session, const struct limiter_seen *seen)
{
	const struct session_world *world = session->world;
	struct submission *submission = g_new0(struct submission, 1);

	id_make(submission->id);
	submission->protocol = session_protocol(session);
	submission->envelope = g_steal_pointer(&session->mail.envelope);
	envelope_end_recipients(submission->envelope);
	submission->spool = g_steal_pointer(&session->mail.spool);
	submission->listener = session->rules->listener;
	g_strlcpy(
	    submission->peer, session->peer.text, sizeof(submission->peer));
	submission->helo = g_strdup(session->identity.helo);
	submission->each = lmtp_is_spoken(session);
	submission->resend_key = resend_key(session, submission->spool, seen);
	submission->user = g_strdup(session->identity.user);
	submission->repaired = session->mail.data.bare;
	submission->seen = *seen;
	submission->received_ms = clock_wall_ms();
	submission->received_us = session->times.received_us;
	submission->deadline_ms =
	    clock_monotonic_ms() + session->rules->times.deadline_ms;
	submission->when = session->rules->when;
	submission->config = config_ref(session->rules->config);
	submission->return_to = (struct return_address){ world->answer,
		world->server, session->id };
	return submission;
}

static void
post_mail(struct session *session, const struct limiter_seen *seen)
{
	struct submission *submission = make_submission(session, seen);

	log_received(session, submission);
	g_clear_pointer(&session->mail.limiter, limiter_free);
	session->times.state_ms = 0;
	session->times.progress_ms = 0;
	session_change(session, SESSION_ANSWER);
	session->world->onward(session->world->stage, submission);
}

/* The end of data: what could not be known before is found out. */
static void
check_mail(struct session *session, struct limiter_seen *seen)
{
	struct session_mail *mail = &session->mail;
	enum limiter_verdict verdict;

	if (mail->refused != REPLY_NONE)
		return;
	if (mail->data.bare && session->rules->line_endings == RULES_REJECT) {
		refuse_mail(session, REPLY_LINE_ENDINGS, NULL);
		return;
	}
	verdict = limiter_end(mail->limiter, seen);
	/* Mended to a blank, the CR hid a field from all who take Bcc out; as
	 * CR LF it would make lines that other readers do not see. */
	if (verdict == LIMITER_OK && mail->data.lone_return && seen->bcc_inside)
		verdict = LIMITER_BCC;
	if (verdict != LIMITER_OK)
		refuse_verdict(session, verdict);
	else if (!spool_seal(mail->spool))
		refuse_errno(session, errno);
}

static void
refuse_author(struct session *session, const struct tie_fault *fault)
{
	session->quote.said = fault->said;
	session->quote.said_length =
	    fault->said == NULL ? 0 : strlen(fault->said);
	lmtp_refuse(session, fault->name, fault->detail);
	quote_forget(&session->quote);
}

void
intake_count(const struct session *session, unsigned code)
{
	struct metrics *metrics = session->world->metrics;

	if (code / 100 == 2) {
		metrics_add(metrics, METRICS_MAILS_TAKEN, 1);
		metrics_add(metrics, METRICS_MAIL_BYTES, session->mail.bytes);
	} else {
		metrics_add(metrics,
		    code / 100 == 4 ? METRICS_MAILS_PUT_OFF
				    : METRICS_MAILS_REFUSED,
		    1);
	}
	metrics_time(metrics, METRICS_ANSWER,
	    clock_monotonic_us() - session->times.received_us);
}

static void
refuse_whole(struct session *session, enum reply_name name, const char *why)
{
	intake_count(session, reply_find(name)->code);
	lmtp_refuse(session, name, why);
}

/* The mail could be taken; what it says is looked at. */
static void
judge_mail(struct session *session, const struct limiter_seen *seen)
{
	struct tie_fault fault = { 0 };
	g_autofree char *detail = NULL;
	enum reply_name refused;

	tie_check(session, seen, &fault);
	if (fault.name != REPLY_NONE) {
		intake_count(session, reply_find(fault.name)->code);
		refuse_author(session, &fault);
		tie_fault_clear(&fault);
		return;
	}
	refused = heed_check(session, seen, &detail);
	if (refused != REPLY_NONE)
		refuse_whole(session, refused, detail);
	else
		post_mail(session, seen);
}

static void
end_mail(struct session *session)
{
	struct limiter_seen seen;

	session->times.received_us = clock_monotonic_us();
	check_mail(session, &seen);
	if (session->mail.refused != REPLY_NONE)
		refuse_whole(session, session->mail.refused, session->mail.why);
	else
		judge_mail(session, &seen);
}

/* A mail must come at data_rate at least: it has progress_ms in advance, and
 * bytes give back the time that they may take. */
static void
keep_time(struct session *session, size_t length)
{
	const struct rules *rules = session->rules;
	struct session_times *times = &session->times;
	int64_t now = clock_monotonic_ms();
	int64_t earned =
	    (int64_t)((uint64_t)length * 1000 / rules->limits.data_rate);

	times->state_ms = now + rules->times.data_ms;
	times->progress_ms =
	    MIN(times->progress_ms + earned, now + rules->times.progress_ms);
}

size_t
intake_take(struct session *session, const unsigned char *bytes, size_t length)
{
	struct session_mail *mail = &session->mail;
	size_t used =
	    data_decode(&mail->data, bytes, length, on_decoded, session);

	session->verb = "data";
	if (mail->data.state == DATA_END)
		end_mail(session);
	else if (mail->refused != REPLY_NONE &&
		 mail->bytes / 2 > session->rules->limits.mail_bytes)
		session_close(session, mail->refused, mail->why);
	else
		keep_time(session, used);
	return used;
}
