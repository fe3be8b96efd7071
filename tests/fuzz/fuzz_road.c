/* SPDX-License-Identifier: MIT */
/*
 * The road of a mail: limiter, parse, plan, and the request of every provider
 * in each form.  Whatever is in the mail, a request is as long as it says, its
 * JSON is JSON, a mail to an SMTP server has no line that is too long, and no
 * byte of it tells of a blind recipient.  The first byte says who is one.
 */
#include "fuzz.h"

#include "mail/parse.h"
#include "plan.h"
#include <json-c/json.h>
#include <string.h>

#define BLIND      "blind-ab12@hidden.example"
#define HIDDEN     "hidden-cd34@hidden.example"
#define OCTETS_MAX 998

#define HEAD                          \
	"\001From: A <a@b.example>\n" \
	"To: one@example.org\n"
#define MIME(type) HEAD "MIME-Version: 1.0\nContent-Type: " type "\n"

const char *const fuzz_samples[] = {
	HEAD "Subject: =?utf-8?Q?caf=C3=A9?=\n\nhello\n",
	"\002Subject: x\nBcc: x@y.example\nTo: w@x.example\n\n.\n",
	MIME(
	    "multipart/mixed; boundary=m") "\n--m\n\nt\n--m\n"
					   "Content-Type: application/pdf; name=x.pdf\nContent-Disposition: "
					   "attachment; filename*0=x; filename*1*=.pdf\n"
					   "Content-Transfer-Encoding: base64\n\naGVsbG8=\n--m--\n",
	MIME(
	    "multipart/related; boundary=\"r\"") "\n--r\nContent-Type: "
						 "text/html; charset=gb2312\n\n<img src=\"cid:i@x\">\xc4\xe3\n--r\n"
						 "Content-Type: image/png\nContent-ID: <i@x>\n"
						 "Content-Transfer-Encoding: base64\n\naGk=\n--r--\n",
	MIME(
	    "multipart/alternative; boundary=a") "\n--a\n\nt\n--a\n"
						 "Content-Type: text/html\nContent-Transfer-Encoding: "
						 "quoted-printable\n\n=3Cb>=E9=\n\n--a--\n",
	MIME("message/rfc822") "\nSubject: inner\nBcc: z@y.example\n\nx\n",
	MIME("text/plain; charset=iso-2022-jp") "\n\x1b$B$\"\x1b(B\n",
	HEAD "Reply-To: g: a@b.example, \"x, y\" <c@d.example>;\n"
	     "X-MC-Tags: a,b\nX-Mailgun-Tag: c\nDKIM-Signature: v=1\n\n8\xe9\n",
	NULL,
};

const char *const fuzz_words[] = { "\n", "\r\n", "\n\n", "\n ", "--", "--m\n",
	"--m--\n", "Bcc: ", "\nBcc: ", "Resent-Bcc:", "To: ", "From: ",
	"Subject: ", "Content-Type: ", "multipart/mixed; boundary=m",
	"text/html", "message/rfc822", "; charset=", "utf-16", "utf-7",
	"shift_jis", "windows-1255", "iso-2022-jp", "Content-ID: <",
	"Content-Transfer-Encoding: ", "base64", "quoted-printable",
	"x-uuencode", "begin 644 x\n", "=?utf-8?Q?", "?=", "=?gb2312?B?",
	"cid:", "filename*0*=", "name=\"", "X-MC-Metadata: ", "X-Mailgun-",
	"X-Postferry-", "\xc3\xa9", "\xff", "\x1b$B", "=\n", "=E9", "<@>", "\"",
	"\\", "Content-Disposition: inline", "multipart/signed", NULL };

static struct {
	struct provider *providers[8];
	struct spool_place place;
} road;

static struct provider *
open_provider(const char *type)
{
	static const struct setting server[] = {
		{ .section = "server",
		    .key = "hostname",
		    .type = SETTING_HOST,
		    .fallback = "mail.example.com" },
		{ 0 },
	};
	static const struct setting *tables[8] = { server, provider_settings };
	g_autofree char *line =
	    g_strconcat("POSTFERRY_PROVIDER_T_TYPE=", type, NULL);
	bool http = strcmp(type, "smtp") != 0;
	char *const lines[] = { line,
		(char *)(http ? "POSTFERRY_PROVIDER_T_API_KEY=key"
			      : "POSTFERRY_PROVIDER_T_HOST=smtp.example.net"),
		(char *)(strcmp(type, "mailgun") == 0
			     ? "POSTFERRY_PROVIDER_T_DOMAIN=mg.example.com"
			     : NULL),
		NULL };
	struct config_source source = { .environment = lines };
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct provider *provider;
	struct config *config;

	for (unsigned i = 0; registry[i] != NULL; i++)
		tables[2 + i] = registry[i]->settings;
	config = config_read(&source, tables, errors);
	g_assert(config != NULL);
	provider = provider_open("t", config, NULL);
	g_assert(provider != NULL);
	config_unref(config);
	return provider;
}

static void
start(void)
{
	if (road.place.budget != NULL)
		return;
	parse_start();
	road.place.budget = budget_new(UINT64_C(1) << 30);
	for (unsigned i = 0; registry[i] != NULL; i++)
		road.providers[i] = open_provider(registry[i]->type);
}

/* As the DATA decoder leaves them: CR LF, and neither alone. */
static GString *
mend_lines(const uint8_t *bytes, size_t length)
{
	GString *lines = g_string_sized_new(length);

	for (size_t i = 0; i < length; i++) {
		bool pair =
		    bytes[i] == '\r' && i + 1 < length && bytes[i + 1] == '\n';

		if (bytes[i] == '\n')
			g_string_append(lines, "\r\n");
		else if (bytes[i] == '\r' && !pair)
			g_string_append_c(lines, ' ');
		else if (!pair)
			g_string_append_c(lines, (char)bytes[i]);
	}
	return lines;
}

static struct address *
make_address(const char *text)
{
	enum address_fault fault = ADDRESS_OK;

	return address_parse(text, strlen(text), NULL, &fault);
}

static struct envelope *
make_envelope(void)
{
	struct envelope *envelope = envelope_new();

	envelope->sender = make_address("app@example.com");
	envelope_add_recipient(envelope, make_address("one@example.org"));
	envelope_add_recipient(envelope, make_address(BLIND));
	envelope_add_recipient(envelope, make_address(HIDDEN));
	return envelope;
}

/* NULL: the limiter refuses it. */
static struct submission *
submit(const GString *lines)
{
	struct submission *submission = g_new0(struct submission, 1);
	struct limiter *limiter = limiter_new(&limiter_defaults);
	enum limiter_verdict verdict;

	g_strlcpy(submission->id, "01JQZX3V5K8M2N4P6R7S9T0W1Y",
	    sizeof submission->id);
	g_strlcpy(submission->peer, "192.0.2.7", sizeof submission->peer);
	submission->helo = g_strdup("app.example.com");
	submission->protocol = "ESMTP";
	submission->received_ms = INT64_C(1795256640000);
	submission->envelope = make_envelope();
	submission->spool = spool_new(&road.place);
	g_assert(spool_append(submission->spool, lines->str, lines->len));
	g_assert(spool_seal(submission->spool));
	limiter_feed(limiter, lines->str, lines->len);
	verdict = limiter_end(limiter, &submission->seen);
	limiter_free(limiter);
	if (verdict == LIMITER_OK)
		return submission;
	submission_free(submission);
	return NULL;
}

static GString *
read_body(struct exchange *exchange)
{
	GString *body = g_string_new(NULL);
	struct segment_reader *reader = segment_reader_new(exchange->body);
	char piece[777];
	ssize_t taken;

	while ((taken = segment_reader_read(reader, piece, sizeof piece)) > 0)
		g_string_append_len(body, piece, taken);
	g_assert(taken == 0);
	g_assert(body->len == segments_size(exchange->body));
	segment_reader_free(reader);
	return body;
}

static void
check_json(const GString *body)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;

	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, body->str, (int)body->len);
	g_assert(json_tokener_get_error(tokener) == json_tokener_success);
	json_object_put(object);
	json_tokener_free(tokener);
}

static bool
is_signed(const GString *body)
{
	g_autofree char *text = g_ascii_strdown(body->str, (gssize)body->len);

	return strstr(text, "multipart/signed") != NULL ||
	       strstr(text, "dkim-signature") != NULL ||
	       strstr(text, "arc-") != NULL;
}

/* RFC 5321 4.5.3.1.6, 2.3.8.  A field's name can be folded nowhere, and what is
 * signed is not. */
static void
check_lines(const GString *body)
{
	bool kept = is_signed(body);
	size_t column = 0;
	bool header = true, name = true;

	for (size_t i = 0; i < body->len; i++) {
		if (body->str[i] == '\r') {
			g_assert(body->str[i + 1] == '\n');
			header &= column > 0;
			name = header;
			column = 0;
			i++;
		} else {
			g_assert(body->str[i] != '\n');
			name &= column > OCTETS_MAX - 4 ||
				strchr(" \t:", body->str[i]) == NULL;
			g_assert(++column <= OCTETS_MAX || name || kept);
		}
	}
	g_assert(column == 0);
}

static unsigned
count(const GString *body, const char *word)
{
	unsigned found = 0;

	for (const char *at = body->str;
	     (at = memmem(at, body->len - (size_t)(at - body->str), word,
		  strlen(word))) != NULL;
	     at++)
		found++;
	return found;
}

/* The mail itself speaks of neither, whatever is taken out of it. */
static bool
keeps_silent(const GString *lines)
{
	g_autoptr(GString) letters = g_string_sized_new(lines->len);

	for (size_t i = 0; i < lines->len; i++)
		if (g_ascii_isalnum(lines->str[i]) || lines->str[i] == '-')
			g_string_append_c(letters, lines->str[i]);
	return count(letters, "ab12") == 0 && count(letters, "cd34") == 0;
}

static void
check_request(struct exchange *exchange, bool silent, bool mandrill)
{
	GString *body = read_body(exchange);
	/* in the list of recipients, which of SMTP is no part of the body */
	unsigned listed = exchange->kind == EXCHANGE_HTTP;

	if (exchange->kind == EXCHANGE_SMTP)
		check_lines(body);
	if (mandrill)
		check_json(body);
	if (silent) {
		g_assert(count(body, "ab12") == listed);
		g_assert(count(body, "cd34") == listed);
	}
	g_string_free(body, TRUE);
}

static void
go(struct message *message, const struct provider *provider, enum format format,
    bool silent)
{
	static const unsigned all[] = { 0, 1, 2 };
	const struct translator *translator = provider->translator;
	struct delivery *delivery =
	    delivery_new(message, all, G_N_ELEMENTS(all));
	struct exchange *exchange = exchange_new(
	    translator->kind, &provider->endpoint, message->submission->id);
	g_autoptr(GError) error = NULL;
	struct plan plan;

	delivery->hostname = "mail.example.com";
	delivery->format = format;
	plan_make(&plan, delivery, provider);
	delivery->form = plan.form;
	if (plan.obstacle == PLAN_POSSIBLE) {
		if (translator->encode(provider, delivery, exchange, &error))
			check_request(exchange, silent,
			    strcmp(translator->type, "mandrill") == 0);
		else
			g_assert(error != NULL);
	}
	exchange_free(exchange);
	delivery_free(delivery);
}

static void
check_text(GBytes *text)
{
	gsize size;
	const char *bytes;

	if (text == NULL)
		return;
	bytes = g_bytes_get_data(text, &size);
	g_assert(size == 0 || g_utf8_validate_len(bytes, size, NULL));
}

static void
check_message(const struct message *message)
{
	check_text(message->text);
	check_text(message->html);
	g_assert(
	    !message->subject || g_utf8_validate(message->subject, -1, NULL));
	for (unsigned i = 0; i < message->parts->len; i++) {
		const struct part *part = message->parts->pdata[i];

		g_assert(!part->name || g_utf8_validate(part->name, -1, NULL));
		g_assert(part->offset + part->length <=
			 spool_size(message->submission->spool));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	static const enum format formats[] = { FORMAT_AUTO, FORMAT_FIELDS,
		FORMAT_RAW };
	g_autoptr(GString) lines = NULL;
	struct submission *submission;
	struct message *message;
	bool silent;

	start();
	if (length == 0)
		return 0;
	lines = mend_lines(bytes + 1, length - 1);
	silent = keeps_silent(lines);
	if (bytes[0] % 2 == 1)
		g_string_prepend(lines, "Bcc: " HIDDEN "\r\n");
	submission = submit(lines);
	if (submission == NULL)
		return 0;
	message = parse_message(submission, &options, NULL);
	g_assert(message != NULL);
	check_message(message);
	for (unsigned i = 0; road.providers[i] != NULL; i++)
		for (size_t k = 0; k < G_N_ELEMENTS(formats); k++)
			go(message, road.providers[i], formats[k], silent);
	message_unref(message);
	return 0;
}
