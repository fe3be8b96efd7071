/* SPDX-License-Identifier: MIT */
#include "echo.h"

#include "core/clock.h"
#include "core/log.h"
#include "dispatch/dispatcher.h"
#include "mail/bounce.h"
#include "mail/parse.h"
#include <errno.h>
#include <string.h>

struct echo {
	struct echo_options options;
	struct store *store;
	char **domains; /* whose senders get reports */
};

struct job {
	struct letter letter;
	struct echo *echo;
	struct store_owed *owed;
};

struct echo *
echo_new(const struct echo_options *options)
{
	struct echo *echo = g_new0(struct echo, 1);

	echo->options = *options;
	config_ref(options->config);
	echo->domains = dispatcher_bounce_domains(options->config);
	return echo;
}

void
echo_attach(struct echo *echo, struct store *store)
{
	echo->store = store;
}

void
echo_free(struct echo *echo)
{
	if (echo == NULL)
		return;
	g_strfreev(echo->domains);
	config_unref(echo->options.config);
	g_free(echo);
}

/* ---- the mail, as its record has it ---- */

/* NULL: it is none. */
static struct address *
read_address(const char *text)
{
	enum address_fault fault;

	return address_parse(text, strlen(text), NULL, &fault);
}

static bool
fill_envelope(struct envelope *envelope, const struct store_mail *mail)
{
	envelope->sender = read_address(mail->sender);
	envelope->id = g_strdup(mail->envid);
	envelope->returned = ENVELOPE_RETURN_HEADERS; /* there is no body */
	for (unsigned i = 0; i < mail->recipients->len; i++) {
		const struct store_recipient *one = mail->recipients->pdata[i];
		struct address *address = read_address(one->address);
		struct envelope_wish wish = {
			.notify = one->wish.notify,
			.original = g_strdup(one->wish.original),
		};

		/* the numbers must stay what they are */
		if (address == NULL ||
		    envelope_add_recipient(envelope, address) != i) {
			g_free(wish.original);
			return false;
		}
		envelope_wish(envelope, i, &wish);
	}
	envelope_end_recipients(envelope);
	return envelope->sender != NULL;
}

/* What could end its line is left out with it. */
static void
add_field(GString *header, const char *name, const char *text)
{
	if (text == NULL || *text == '\0' || strlen(text) > 900)
		return;
	for (const char *at = text; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			return;
	g_string_append_printf(header, "%s: %s\r\n", name, text);
}

/* So much of its header as is still known. */
static GString *
write_header(const struct store_mail *mail)
{
	GString *header = g_string_new(NULL);
	char date[CLOCK_RFC5322_LENGTH];
	const char *message_id = NULL;

	for (unsigned i = 0; i < mail->attempts->len; i++) {
		const struct journal_attempt *attempt =
		    mail->attempts->pdata[i];

		if (attempt->message_id != NULL)
			message_id = attempt->message_id;
	}
	clock_rfc5322(mail->received_ms, date);
	add_field(header, "From", mail->from);
	add_field(header, "Subject", mail->subject);
	add_field(header, "Message-ID", message_id);
	add_field(header, "Date", date);
	g_string_append(header, "\r\n");
	return header;
}

static bool
fill_spool(struct submission *about, const GString *header)
{
	struct limiter *limiter = limiter_new(&limiter_defaults);
	enum limiter_verdict verdict;

	limiter_feed(limiter, header->str, header->len);
	verdict = limiter_end(limiter, &about->seen);
	limiter_free(limiter);
	return verdict == LIMITER_OK &&
	       spool_append(about->spool, header->str, header->len) &&
	       spool_seal(about->spool);
}

/* NULL: it cannot be made. */
static struct message *
make_message(struct echo *echo, const struct store_mail *mail)
{
	const struct parse_options parse = {
		.hostname = echo->options.hostname,
	};
	g_autoptr(GString) header = write_header(mail);
	struct submission *about = g_new0(struct submission, 1);

	g_strlcpy(about->id, mail->id, sizeof about->id);
	about->envelope = envelope_new();
	about->spool = spool_new(echo->options.place);
	about->listener = "record";
	about->protocol = "SMTP";
	about->helo = g_strdup("");
	about->received_ms = mail->received_ms;
	about->report = mail->report;
	about->config = config_ref(echo->options.config);
	if (fill_envelope(about->envelope, mail) && fill_spool(about, header))
		return parse_message(about, &parse, NULL);
	submission_free(about);
	return NULL;
}

/* ---- the report ---- */

/* As the sender would have heard it by SMTP. */
static struct journal_recipient
make_told(const struct store_owed *owed)
{
	struct journal_recipient told = { .number = owed->number };
	bool both = owed->enhanced != NULL && owed->text != NULL;

	told.is.state = RECIPIENT_REFUSED;
	told.is.class = VERDICT_RECIPIENT;
	told.is.provider = g_strdup(owed->provider);
	told.is.status = owed->status;
	if (both && strstr(owed->text, owed->enhanced) == NULL)
		told.is.text =
		    g_strdup_printf("%s %s", owed->enhanced, owed->text);
	else
		told.is.text =
		    g_strdup(owed->text != NULL ? owed->text : owed->enhanced);
	return told;
}

/* NULL and errno. */
static struct submission *
make_report(
    struct echo *echo, const struct store_owed *owed, struct message *message)
{
	const char *const smtp[] = { owed->provider, NULL };
	g_autofree char *from = g_strconcat("MAILER-DAEMON@",
	    message->submission->envelope->sender->domain, NULL);
	const struct bounce_options options = {
		.hostname = echo->options.hostname,
		.from = from,
		.smtp = smtp, /* it says what an SMTP server said */
		.action = BOUNCE_FAILED,
		.now_ms = clock_wall_ms(),
		.last_ms = owed->at_ms,
		.place = echo->options.place,
	};
	struct journal_recipient told = make_told(owed);
	g_autoptr(GArray) list =
	    g_array_new(FALSE, FALSE, sizeof(struct journal_recipient));
	struct submission *report;

	g_array_append_val(list, told);
	report = bounce_make(message, list, &options);
	recipient_clear(&told.is);
	return report;
}

/* Why the sender is not told; NULL: he is. */
static const char *
find_obstacle(const struct store_owed *owed, const struct store_mail *mail)
{
	const struct store_recipient *one;
	unsigned notify;

	if (owed->number >= mail->recipients->len)
		return "it has no such recipient";
	one = mail->recipients->pdata[owed->number];
	notify = one->wish.notify;
	if (one->is.state == RECIPIENT_REFUSED ||
	    one->is.state == RECIPIENT_DROPPED)
		return "its sender was told before, or nobody is told";
	if (mail->report)
		return "it is a report of our own";
	if (*mail->sender == '\0')
		return "it has no sender who could be told (MAIL FROM:<>)";
	if (mail->place == STORE_FINISHED &&
	    g_str_has_prefix(mail->sender, STORE_HIDDEN))
		return "its sender's address is not kept (records_addresses)";
	if (notify != ENVELOPE_NOTIFY_UNSAID &&
	    (notify & ENVELOPE_NOTIFY_FAILURE) == 0)
		return "its sender asked for no bounce (NOTIFY)";
	return NULL;
}

/* Posts what came of it; report NULL: nothing. */
static void
post(
    struct echo *echo, const struct store_owed *owed, struct submission *report)
{
	struct journal *journal = journal_new(JOURNAL_NOTED, NULL);

	g_strlcpy(journal->owed_id, owed->id, sizeof journal->owed_id);
	journal->owed_number = owed->number;
	journal->report = report;
	store_journal_post(echo->store, journal);
}

static void
withhold(struct echo *echo, const struct store_owed *owed, const char *why)
{
	log_info("report of an event not made", log_str("mail", owed->id),
	    log_num("recipient", owed->number), log_str("why", why));
	post(echo, owed, NULL);
}

static void
report_on(struct echo *echo, const struct store_owed *owed,
    const struct store_mail *mail)
{
	struct message *message = make_message(echo, mail);
	const char *why =
	    message == NULL
		? "its record does not hold enough"
		: bounce_obstacle(message, (const char *const *)echo->domains);
	struct submission *report = NULL;

	if (why != NULL)
		withhold(echo, owed, why);
	else
		report = make_report(echo, owed, message);
	if (report != NULL) {
		log_info("bounce made", log_str("mail", owed->id),
		    log_str("bounce", report->id), log_str("action", "failed"),
		    log_str("to", mail->sender),
		    log_str("event_of", owed->provider));
		post(echo, owed, report);
	} else if (why == NULL) {
		/* asked for again in a second */
		log_error("notice cannot be made, is tried again",
		    log_str("mail", owed->id), log_str("action", "failed"),
		    log_str("why", g_strerror(errno)));
	}
	if (message != NULL)
		message_unref(message);
}

/* A work thread, which may wait for the store. */
static void
on_owed(void *owner, struct letter *letter)
{
	struct job *job = LETTER_OF(letter, struct job, letter);
	struct echo *echo = job->echo;
	struct store_ask ask = { .question = STORE_MAIL, .id = job->owed->id };
	const char *why;

	(void)owner;
	store_answer(echo->store, &ask);
	if (ask.obstacle == NULL && !ask.found)
		withhold(echo, job->owed, "there is no record of it any more");
	if (ask.obstacle == NULL && ask.found) {
		why = find_obstacle(job->owed, ask.mails->pdata[0]);
		if (why != NULL)
			withhold(echo, job->owed, why);
		else
			report_on(echo, job->owed, ask.mails->pdata[0]);
	}
	store_ask_clear(&ask);
	store_owed_free(job->owed);
	g_free(job);
}

void
echo_post(void *object, struct store_owed *owed)
{
	struct echo *echo = object;
	struct job *job = g_new0(struct job, 1);

	job->echo = echo;
	job->owed = owed;
	pool_post(echo->options.work, &job->letter, on_owed);
}
