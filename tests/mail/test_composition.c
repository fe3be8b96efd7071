/* SPDX-License-Identifier: MIT */
/*
 * What is composed is read back by our own parser.  With an argument: writes
 * that mail to the standard output, for composition.py to read with other eyes.
 */
#include "mail/composition.h"
#include "mail/options.h"
#include "mail/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Of the random ones; SEED=n makes them anew. */
#define ROUNDS 300

static struct spool_place spools;

static struct composition_place
make_place(void)
{
	if (spools.budget == NULL)
		spools.budget = budget_new(UINT64_C(1) << 30);
	return (struct composition_place){
		.spools = &spools,
		.limits = &limiter_defaults,
		.mail_bytes = 25000000,
		.recipients_max = 1000,
	};
}

static struct spool *
make_spool(const void *bytes, size_t length)
{
	struct spool *spool;

	make_place();
	spool = spool_new(&spools);
	assert_true(spool_append(spool, bytes, length));
	assert_true(spool_seal(spool));
	return spool;
}

static struct spool *
make_text(const char *text)
{
	return make_spool(text, strlen(text));
}

/* A whole mail, of which each row of the tests changes something. */
static struct composition *
make_composition(void)
{
	struct composition *composition = composition_new();

	composition->from = g_strdup("Some Name <some@example.com>");
	g_ptr_array_add(composition->to, g_strdup("one@example.org"));
	composition->subject = g_strdup("Hello");
	composition->text = make_text("Hello\n");
	return composition;
}

static struct composition_attachment *
add_attachment(
    struct composition *composition, const char *name, const char *type)
{
	struct composition_attachment *attachment =
	    composition_add_attachment(composition);

	attachment->name = g_strdup(name);
	attachment->type = g_strdup(type);
	attachment->bytes = make_text("bytes");
	return attachment;
}

/* ---- the check ---- */

static void
set(char **field, const char *text)
{
	g_free(*field);
	*field = g_strdup(text);
}

enum place {
	FROM,
	SENDER,
	REPLY_TO,
	TO,
	BCC,
	SUBJECT,
	TEXT,
	HEADER, /* "Name: value" */
	TYPE,
	NAME,
	CONTENT_ID,
	TAG,
	METADATA, /* "key: value" */
	OPENS,
	CLICKS,
	SEND_AT,
	DOUBT,
	NOTHING,
};

static const struct check_row {
	const char *name;
	enum place place;
	const char *value; /* NULL: it is left out */
	const char *field; /* of the error; NULL: there is none */
	const char *word;  /* of its text */
} rows[] = {
	{ "fine", NOTHING, NULL, NULL, NULL },
	{ "no from", FROM, NULL, "from", "missing" },
	{ "two from", FROM, "a@b.example, c@d.example", "from", "several" },
	{ "from is no address", FROM, "a@b@c.example", "from", "read" },
	{ "from without a domain", FROM, "root", "from", "root" },
	{ "from of IDN", FROM, "Jo <jo@m\xc3\xbcnchen.example>", NULL, NULL },
	{ "from with a local part beyond ASCII", FROM, "j\xc3\xb8@example.com",
	    "from", "ASCII" },
	{ "a line end in from", FROM, "a@b.example\r\nBcc: c@d.example", "from",
	    "control" },
	{ "empty from", FROM, "", "from", "nobody" },
	{ "null sender", SENDER, "", NULL, NULL },
	{ "a sender", SENDER, "bounces@example.com", NULL, NULL },
	{ "two senders", SENDER, "a@b.example, c@d.example", "sender",
	    "several" },
	{ "a list to reply to", REPLY_TO, "a@b.example, C <c@d.example>", NULL,
	    NULL },
	{ "bad to reply to", REPLY_TO, "a b c", "reply_to", "read" },
	{ "to a list", TO, "a@b.example, \"D, E\" <c@d.example>", NULL, NULL },
	{ "to a group", TO, "Team: a@b.example, c@d.example;", NULL, NULL },
	{ "to nobody", TO, NULL, "to", "no recipient" },
	{ "to an empty text", TO, "", "to[0]", "nobody" },
	{ "to two without a comma", TO, "a@b.example c@d.example", "to[0]",
	    "read" },
	{ "to a literal", TO, "a@[192.0.2.1]", "to[0]", "literal" },
	{ "bad bcc", BCC, "@example.com", "bcc[0]", "" },
	{ "a line end in the subject", SUBJECT, "Hi\nBcc: a@b.example",
	    "subject", "control" },
	{ "a CR in the subject", SUBJECT, "Hi\rthere", "subject", "control" },
	{ "subject in latin1", SUBJECT, "H\xe9", "subject", "UTF-8" },
	{ "empty subject", SUBJECT, "", NULL, NULL },
	{ "text in latin1", TEXT, "caf\xe9 au lait", "text", "UTF-8" },
	{ "text cut within a character", TEXT, "caf\xc3", "text", "UTF-8" },
	{ "no text at all", TEXT, NULL, "text", "neither" },
	{ "a header", HEADER, "X-Foo: bar", NULL, NULL },
	{ "a header beyond ASCII", HEADER, "X-Foo: b\xc3\xa4r", NULL, NULL },
	{ "a line end in a header", HEADER, "X-Foo: a\r\nX-Bar: b",
	    "headers.X-Foo", "control" },
	{ "a NUL-like control", HEADER, "X-Foo: a\x01", "headers.X-Foo",
	    "control" },
	{ "no name", HEADER, ": b", "headers[0]", "name" },
	{ "a blank in the name", HEADER, "X Foo: b", "headers[0]", "name" },
	{ "a line end in the name", HEADER, "X-Foo\r\nBcc: b", "headers[0]",
	    "name" },
	{ "Bcc", HEADER, "bcc: a@b.example", "headers.bcc", "\"bcc\"" },
	{ "From", HEADER, "From: a@b.example", "headers.From", "\"from\"" },
	{ "Content-Type", HEADER, "Content-Type: text/html",
	    "headers.Content-Type", "made here" },
	{ "MIME-Version", HEADER, "MIME-Version: 1.0", "headers.MIME-Version",
	    "made here" },
	{ "Resent-Bcc", HEADER, "Resent-Bcc: a@b.example", "headers.Resent-Bcc",
	    "first time" },
	{ "Received", HEADER, "Received: by us", "headers.Received",
	    "carried" },
	{ "a signature", HEADER, "DKIM-Signature: v=1",
	    "headers.DKIM-Signature", "signed" },
	{ "a Message-ID", HEADER, "Message-ID: <a@b.example>", NULL, NULL },
	{ "a bad Message-ID", HEADER, "Message-ID: a@b.example",
	    "headers.Message-ID", "expected" },
	{ "a bad Date", HEADER, "Date: yesterday", "headers.Date", "expected" },
	{ "references beyond ASCII", HEADER, "References: <\xc3\xa4@b.example>",
	    "headers.References", "ASCII" },
	{ "a type", TYPE, "text/csv; charset=utf-8", NULL, NULL },
	{ "no type", TYPE, "png", "attachments[0].type", "image/png" },
	{ "half a type", TYPE, "image/", "attachments[0].type", "image/png" },
	{ "a line end in a type", TYPE, "image/png\r\nBcc: a@b.example",
	    "attachments[0].type", "control" },
	{ "a multipart", TYPE, "multipart/mixed", "attachments[0].type",
	    "multipart" },
	{ "a mail", TYPE, "message/rfc822", NULL, NULL },
	{ "a name", NAME, "r\xc3\xa9sum\xc3\xa9.pdf", NULL, NULL },
	{ "a path", NAME, "../etc/passwd", "attachments[0].name", "path" },
	{ "a path of Windows", NAME, "c:\\a.txt", "attachments[0].name",
	    "path" },
	{ "an empty name", NAME, "", "attachments[0].name", "name" },
	{ "a line end in a name", NAME, "a\r\nb", "attachments[0].name",
	    "control" },
	{ "a Content-ID", CONTENT_ID, "<logo@example.com>", NULL, NULL },
	{ "a bare Content-ID", CONTENT_ID, "logo.png", NULL, NULL },
	{ "half a Content-ID", CONTENT_ID, "<logo", "attachments[0].content_id",
	    "expected" },
	{ "an empty Content-ID", CONTENT_ID, "<>", "attachments[0].content_id",
	    "expected" },
	{ "a tag", TAG,
	    "r\xc3\xa9"
	    "sum\xc3\xa9",
	    NULL, NULL },
	{ "two tags in one", TAG, "a,b", "tags[0]", "comma" },
	{ "an empty tag", TAG, " ", "tags[0]", "expected" },
	{ "metadata", METADATA, "order: 17", NULL, NULL },
	{ "metadata with a blank in the key", METADATA, "my order: 17",
	    "metadata[0]", "key" },
	{ "metadata for one recipient", METADATA, "_rcpt: a@b.example",
	    "metadata[0]", "_rcpt" },
	{ "metadata of two lines", METADATA, "a: b\nc", "metadata.a",
	    "control" },
	{ "opens", OPENS, "yes", NULL, NULL },
	{ "opens perhaps", OPENS, "perhaps", "tracking.opens", "yes or no" },
	{ "clicks in html", CLICKS, "htmlonly", NULL, NULL },
	{ "clicks perhaps", CLICKS, "perhaps", "tracking.clicks", "html" },
	{ "a time", SEND_AT, "2026-10-14T12:00:00Z", NULL, NULL },
	{ "no time", SEND_AT, "soon", "send_at", "1970" },
	{ "a doubt", DOUBT, "never_twice", NULL, NULL },
	{ "no doubt", DOUBT, "never", "doubt", "prefer_once" },
};

static void
add_pair(struct composition *composition, const struct check_row *row)
{
	const char *colon = strstr(row->value, ": ");
	g_autofree char *name =
	    g_strndup(row->value, (gsize)(colon - row->value));

	if (row->place == HEADER)
		composition_add_header(composition, name, colon + 2);
	else
		composition_add_metadata(composition, name, colon + 2);
}

static void
apply_text(struct composition *composition, const struct check_row *row)
{
	const char *value = row->value;

	switch (row->place) {
	case FROM:
		set(&composition->from, value);
		break;
	case SENDER:
		set(&composition->sender, value);
		break;
	case REPLY_TO:
		set(&composition->reply_to, value);
		break;
	case SUBJECT:
		set(&composition->subject, value);
		break;
	case OPENS:
		set(&composition->track_opens, value);
		break;
	case CLICKS:
		set(&composition->track_clicks, value);
		break;
	case SEND_AT:
		set(&composition->send_at, value);
		break;
	case DOUBT:
		set(&composition->doubt, value);
		break;
	default:
		break;
	}
}

static void
apply(struct composition *composition, const struct check_row *row)
{
	const char *value = row->value;

	switch (row->place) {
	case TO:
		g_ptr_array_set_size(composition->to, 0);
		if (value != NULL)
			g_ptr_array_add(composition->to, g_strdup(value));
		break;
	case BCC:
		g_ptr_array_add(composition->bcc, g_strdup(value));
		break;
	case TEXT:
		g_clear_pointer(&composition->text, spool_unref);
		composition->text = value == NULL ? NULL : make_text(value);
		break;
	case HEADER:
	case METADATA:
		add_pair(composition, row);
		break;
	case TYPE:
		add_attachment(composition, NULL, value);
		break;
	case NAME:
		add_attachment(composition, value, NULL);
		break;
	case CONTENT_ID:
		set(&add_attachment(composition, NULL, NULL)->content_id,
		    value);
		break;
	case TAG:
		g_ptr_array_add(composition->tags, g_strdup(value));
		break;
	default:
		apply_text(composition, row);
	}
}

static void
check_row(const struct check_row *row)
{
	struct composition_place place = make_place();
	struct composition *composition = make_composition();
	g_autoptr(GPtrArray) errors = composition_errors_new();
	const struct composition_error *error;
	bool good;

	apply(composition, row);
	good = composition_check(composition, &place, errors);
	if (good != (row->field == NULL) || errors->len > 1)
		fail_msg("%s: %u errors", row->name, errors->len);
	error = good ? NULL : errors->pdata[0];
	if (error != NULL && (strcmp(error->field, row->field) != 0 ||
				 strstr(error->text, row->word) == NULL))
		fail_msg("%s: %s: %s", row->name, error->field, error->text);
	composition_free(composition);
}

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

/* The error of a composition that has but one. */
static void
expect_error(struct composition *composition, const char *field)
{
	struct composition_place place = make_place();
	g_autoptr(GPtrArray) errors = composition_errors_new();
	const struct composition_error *error;

	assert_false(composition_check(composition, &place, errors));
	assert_int_equal(errors->len, 1);
	error = errors->pdata[0];
	assert_string_equal(error->field, field);
	composition_free(composition);
}

static void
test_limits(void **state)
{
	struct composition *composition = make_composition();
	g_autoptr(GString) list = g_string_new("a@example.com");
	g_autofree char *word = g_strnfill(400, 'x');
	g_autofree char *value = NULL;

	(void)state;
	for (unsigned i = 0; i < 999; i++)
		g_string_append_printf(list, ", b%u@example.com", i);
	g_ptr_array_add(composition->cc, g_strdup(list->str));
	expect_error(composition, "to");
	composition = make_composition();
	for (unsigned i = 0; i < 10000; i++)
		g_ptr_array_add(composition->to, g_strdup("a@example.com"));
	expect_error(composition, "to");
	composition = make_composition();
	for (unsigned i = 0; i <= COMPOSITION_HEADERS_MAX; i++)
		composition_add_header(composition, "X-Foo", "bar");
	expect_error(composition, "headers");
	composition = make_composition();
	for (unsigned i = 0; i <= COMPOSITION_TAGS_MAX; i++)
		g_ptr_array_add(composition->tags, g_strdup("a"));
	expect_error(composition, "tags");
	composition = make_composition();
	composition_add_metadata(composition, "a", "1");
	composition_add_metadata(composition, "a", "2");
	expect_error(composition, "metadata.a");
	composition = make_composition();
	composition_add_header(composition, "Message-ID", "<a@b.example>");
	composition_add_header(composition, "message-id", "<c@b.example>");
	expect_error(composition, "headers.message-id");
	composition = make_composition();
	value = g_strconcat("<", word, word, word, "@example.com>", NULL);
	composition_add_header(composition, "References", value);
	expect_error(composition, "headers.References");
}

static void
test_nul(void **state)
{
	struct composition *composition = make_composition();

	(void)state;
	spool_unref(composition->text);
	composition->text = make_spool("a\0b", 3);
	expect_error(composition, "text");
}

/* ---- what is made ---- */

static struct submission *
compose(struct composition *composition)
{
	struct composition_place place = make_place();
	g_autoptr(GPtrArray) errors = composition_errors_new();
	g_autofree char *why = NULL;
	enum composition_end end;
	struct submission *submission;

	if (!composition_check(composition, &place, errors)) {
		const struct composition_error *error = errors->pdata[0];

		fail_msg("%s: %s", error->field, error->text);
	}
	submission = composition_submission(composition, &place, &end, &why);
	composition_free(composition);
	if (submission == NULL)
		fail_msg("not made: %s", why);
	assert_null(why);
	submission->protocol = "HTTP";
	submission->listener = "http";
	submission->helo = g_strdup("");
	return submission;
}

static GBytes *
read_spool(const struct spool *spool, uint64_t offset, uint64_t length)
{
	unsigned char *bytes = g_malloc(length + 1);
	uint64_t at = 0;

	while (at < length) {
		ssize_t got = spool_read(
		    spool, offset + at, bytes + at, (size_t)(length - at));

		assert_true(got > 0);
		at += (uint64_t)got;
	}
	bytes[length] = '\0';
	return g_bytes_new_take(bytes, length);
}

/* What holds for every mail, whatever is in it. */
static void
check_bytes(const struct submission *submission)
{
	g_autoptr(GBytes) bytes =
	    read_spool(submission->spool, 0, spool_size(submission->spool));
	gsize length;
	const char *text = g_bytes_get_data(bytes, &length);
	gsize column = 0;

	assert_true(length > 2 && memcmp(text + length - 2, "\r\n", 2) == 0);
	for (gsize i = 0; i < length; i++) {
		if (text[i] == '\r')
			assert_int_equal(text[i + 1], '\n');
		if (text[i] == '\n')
			assert_int_equal(text[i - 1], '\r');
		column = text[i] == '\n' ? 0 : column + 1;
		if (column > 999)
			fail_msg("a line of over 998 octets at %zu", i);
		if (i < submission->seen.header_end)
			assert_true((unsigned char)text[i] < 0x7f);
	}
	assert_false(submission->seen.header_broken);
	assert_false(submission->seen.opaque);
	assert_false(submission->repaired);
}

static struct message *
parse(struct submission *submission)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	GError *error = NULL;
	struct message *message;

	check_bytes(submission);
	message = parse_message(submission, &options, &error);
	assert_non_null(message);
	return message;
}

static const char *
bytes_text(GBytes *bytes)
{
	return bytes == NULL ? NULL : g_bytes_get_data(bytes, NULL);
}

static void
expect_text(GBytes *bytes, const char *text)
{
	assert_non_null(bytes);
	assert_int_equal(g_bytes_get_size(bytes), strlen(text));
	assert_memory_equal(bytes_text(bytes), text, strlen(text));
}

static void
expect_address(
    const GPtrArray *list, unsigned i, const char *name, const char *spec)
{
	const struct header_address *address = list->pdata[i];

	assert_string_equal(address->spec, spec);
	if (name == NULL)
		assert_null(address->name);
	else
		assert_string_equal(address->name, name);
}

static struct composition *
make_whole(void)
{
	struct composition *composition = composition_new();
	struct composition_attachment *logo;

	composition->from =
	    g_strdup("J\xc3\xb8rgen Name <some@m\xc3\xbcnchen.example>");
	composition->sender = g_strdup("bounces@example.com");
	composition->reply_to = g_strdup("a@example.com, B <b@example.com>");
	g_ptr_array_add(composition->to,
	    g_strdup("\"One, Two\" <one@example.org>, two@example.org"));
	g_ptr_array_add(composition->to, g_strdup("Three <three@example.org>"));
	g_ptr_array_add(composition->cc, g_strdup("TWO@Example.org"));
	g_ptr_array_add(composition->cc, g_strdup("two@EXAMPLE.org"));
	g_ptr_array_add(composition->bcc, g_strdup("hidden@example.org"));
	composition->subject = g_strdup("Gr\xc3\xbc\xc3\x9f"
					"e \xe2\x9c\x93 to all");
	composition->text = make_text("Hi \xe2\x9c\x93\n.\nFrom here\r\nend");
	composition->html = make_text("<img src=\"cid:logo\">\n");
	composition_add_header(composition, "X-Campaign", "sp\xc3\xa4t");
	logo = add_attachment(composition, "logo.png", "image/png");
	logo->content_id = g_strdup("logo");
	logo->in_line = true;
	add_attachment(
	    composition, "r\xc3\xa9sum\xc3\xa9 (1).pdf", "application/pdf");
	g_ptr_array_add(composition->tags, g_strdup("welcome"));
	g_ptr_array_add(composition->tags, g_strdup("sp\xc3\xa4t"));
	composition_add_metadata(composition, "order", "17 \"\xe2\x9c\x93\"");
	composition->track_opens = g_strdup("no");
	composition->track_clicks = g_strdup("htmlonly");
	composition->send_at = g_strdup("2026-10-14T12:00:00Z");
	composition->doubt = g_strdup("never_twice");
	return composition;
}

static void
check_whole_envelope(const struct envelope *envelope)
{
	static const char *const people[] = { "one@example.org",
		"two@example.org", "three@example.org", "TWO@example.org",
		"hidden@example.org" };

	assert_string_equal(envelope->sender->text, "bounces@example.com");
	assert_int_equal(envelope->recipients->len, G_N_ELEMENTS(people));
	for (unsigned i = 0; i < G_N_ELEMENTS(people); i++)
		assert_string_equal(
		    envelope_recipient(envelope, i)->text, people[i]);
}

static void
check_whole_parts(const struct message *message)
{
	const struct part *logo, *resume;

	expect_text(message->text, "Hi \xe2\x9c\x93\n.\nFrom here\nend");
	expect_text(message->html, "<img src=\"cid:logo\">\n");
	assert_int_equal(message->parts->len, 2);
	logo = message->parts->pdata[0];
	resume = message->parts->pdata[1];
	assert_int_equal(logo->role, PART_INLINE);
	assert_string_equal(logo->content_id, "logo");
	assert_string_equal(logo->type, "image/png");
	assert_int_equal(logo->decoded_size, strlen("bytes"));
	assert_int_equal(resume->role, PART_ATTACHMENT);
	assert_string_equal(resume->name, "r\xc3\xa9sum\xc3\xa9 (1).pdf");
}

static void
check_whole_options(const struct message *message)
{
	struct mail_options *options = options_read(message);
	const struct option_pair *pair;

	assert_null(options->fault);
	assert_int_equal(options->notes->len, 0);
	assert_int_equal(options->tags->len, 2);
	assert_string_equal(options->tags->pdata[1], "sp\xc3\xa4t");
	assert_int_equal(options->metadata->len, 1);
	pair = options->metadata->pdata[0];
	assert_string_equal(pair->key, "order");
	assert_string_equal(pair->value, "17 \"\xe2\x9c\x93\"");
	assert_string_equal(options->values[OPTION_TRACK_OPENS].text, "no");
	assert_string_equal(options->values[OPTION_TRACK_CLICKS].text, "html");
	assert_string_equal(
	    options->values[OPTION_SEND_AT].text, "1791979200000");
	options_free(options);
}

static void
test_whole(void **state)
{
	struct message *message = parse(compose(make_whole()));

	(void)state;
	check_whole_envelope(message->submission->envelope);
	assert_int_equal(message->from->len, 1);
	expect_address(message->from, 0, "J\xc3\xb8rgen Name",
	    "some@xn--mnchen-3ya.example");
	assert_int_equal(message->to->len, 3);
	expect_address(message->to, 0, "One, Two", "one@example.org");
	expect_address(message->to, 1, NULL, "two@example.org");
	expect_address(message->to, 2, "Three", "three@example.org");
	assert_int_equal(message->cc->len, 2);
	assert_int_equal(message->reply_to->len, 2);
	assert_null(header_find(message->header, "Bcc"));
	assert_string_equal(message->subject, "Gr\xc3\xbc\xc3\x9f"
					      "e \xe2\x9c\x93 to all");
	assert_true(message->had_date && message->had_message_id);
	assert_true(
	    g_str_has_suffix(message->message_id, "@xn--mnchen-3ya.example>"));
	assert_true(message->submission->seen.orders);
	check_whole_parts(message);
	check_whole_options(message);
	message_unref(message);
}

static void
test_shapes(void **state)
{
	struct composition *composition = make_composition();
	struct message *message;

	(void)state;
	message = parse(compose(composition));
	expect_text(message->text, "Hello\n");
	assert_null(message->html);
	assert_int_equal(message->parts->len, 0);
	message_unref(message);

	composition = make_composition();
	g_clear_pointer(&composition->text, spool_unref);
	composition->html = make_text("<p>Hi");
	message = parse(compose(composition));
	expect_text(message->html, "<p>Hi\n");
	assert_null(message->text);
	message_unref(message);

	composition = make_composition();
	g_clear_pointer(&composition->text, spool_unref);
	add_attachment(composition, "a.bin", NULL);
	message = parse(compose(composition));
	assert_int_equal(message->parts->len, 1);
	message_unref(message);

	composition = make_composition();
	composition_add_header(composition, "Message-ID", "<a@b.example>");
	composition_add_header(
	    composition, "Date", "Fri, 14 Oct 2022 12:00:00 +0000");
	message = parse(compose(composition));
	assert_string_equal(message->message_id, "<a@b.example>");
	assert_int_equal(header_count(message->header, "Date"), 1);
	assert_int_equal(header_count(message->header, "Message-ID"), 1);
	message_unref(message);
}

/* Line ends LF, one at the end: as it is read back. */
static char *
normalize(const char *text)
{
	g_auto(GStrv) crlf = g_strsplit(text, "\r\n", -1);
	g_autofree char *lines = g_strjoinv("\n", crlf);

	for (char *at = lines; *at != '\0'; at++)
		if (*at == '\r')
			*at = '\n';
	return g_steal_pointer(&lines);
}

static bool
is_same(GBytes *bytes, const char *text)
{
	g_autofree char *want = normalize(text);
	gsize length = bytes == NULL ? 0 : g_bytes_get_size(bytes);
	gsize wanted = strlen(want);

	/* a mail ends with a line end */
	if (length == wanted + 1 && bytes_text(bytes)[wanted] == '\n')
		length--;
	return length == wanted &&
	       (length == 0 || memcmp(bytes_text(bytes), want, length) == 0);
}

/* What no line could hold is folded, and reads as it was said. */
static void
test_long(void **state)
{
	struct composition *composition = make_composition();
	g_autofree char *word = g_strnfill(COMPOSITION_SUBJECT_MAX, 'x');
	g_autofree char *line = g_strnfill(5000, 'y');
	g_autoptr(GString) references = g_string_new("<0@example.com>");
	struct message *message;

	(void)state;
	for (unsigned i = 1; i < 500; i++) {
		g_ptr_array_add(composition->to,
		    g_strdup_printf("Some Name <u%u@example.org>", i));
		g_string_append_printf(references, " <%u@example.com>", i);
	}
	set(&composition->subject, word);
	spool_unref(composition->text);
	composition->text = make_text(line);
	composition_add_header(composition, "References", references->str);
	message = parse(compose(composition));
	assert_int_equal(message->to->len, 500);
	expect_address(message->to, 499, "Some Name", "u499@example.org");
	assert_string_equal(message->subject, word);
	assert_string_equal(
	    header_find(message->header, "References")->body, references->str);
	assert_true(is_same(message->text, line));
	message_unref(message);
}

/* A text that is shorter in base64 has CRLF line ends there (RFC 2049 4),
 * whatever they were. */
static void
test_base64(void **state)
{
	static const char wanted[] =
	    "\xe2\x9c\x93\r\n\xe2\x9c\x93\r\n\xe2\x9c\x93";
	struct composition *composition = make_composition();
	struct submission *submission;
	g_autoptr(GBytes) body = NULL;
	g_autofree guchar *text = NULL;
	uint64_t start;
	gsize length = 0;

	(void)state;
	spool_unref(composition->text);
	composition->text =
	    make_text("\xe2\x9c\x93\n\xe2\x9c\x93\r\xe2\x9c\x93");
	submission = compose(composition);
	start = submission->seen.header_end;
	body = read_spool(
	    submission->spool, start, spool_size(submission->spool) - start);
	text = g_base64_decode(bytes_text(body), &length);
	assert_int_equal(length, strlen(wanted));
	assert_memory_equal(text, wanted, length);
	submission_free(submission);
}

static enum composition_end
compose_in(const struct composition_place *place, const char *word)
{
	struct composition *composition = make_composition();
	g_autofree char *why = NULL;
	enum composition_end end;

	assert_null(composition_submission(composition, place, &end, &why));
	assert_non_null(strstr(why, word));
	composition_free(composition);
	return end;
}

static void
test_ends(void **state)
{
	struct composition_place place = make_place();
	struct limiter_limits limits = limiter_defaults;
	struct budget *budget = budget_new(1);
	struct spool_place poor = { .budget = budget };

	(void)state;
	place.mail_bytes = 100;
	assert_int_equal(compose_in(&place, "100"), COMPOSITION_LARGE);
	place = make_place();
	limits.header_fields = 3;
	place.limits = &limits;
	assert_int_equal(compose_in(&place, "fields"), COMPOSITION_REFUSED);
	place = make_place();
	place.spools = &poor;
	assert_int_equal(compose_in(&place, "memory"), COMPOSITION_MEMORY);
	budget_free(budget);
}

/* Whoever is tied to senders is so in both places. */
static void
test_senders(void **state)
{
	static const char *const allowed[] = { "@example.com", "a@b.example",
		NULL };
	static const struct {
		const char *from, *sender;
		bool good;
	} authors[] = {
		{ "Some <some@example.com>", NULL, true },
		{ "A@b.example", NULL, true },
		{ "c@b.example", NULL, false },
		{ "a@sub.example.com", NULL, false },
		{ "some@example.com", "a@b.example", true },
		{ "some@example.com", "", true },
		{ "some@example.com", "c@b.example", false },
	};
	struct composition_place place = make_place();

	(void)state;
	place.senders = allowed;
	for (size_t i = 0; i < G_N_ELEMENTS(authors); i++) {
		struct composition *composition = make_composition();
		g_autoptr(GPtrArray) errors = composition_errors_new();

		set(&composition->from, authors[i].from);
		set(&composition->sender, authors[i].sender);
		if (composition_check(composition, &place, errors) !=
		    authors[i].good)
			fail_msg("%s", authors[i].from);
		composition_free(composition);
	}
}

/* Alike or not is told by what is said, wherever it is said. */
static void
test_digest(void **state)
{
	char digests[G_N_ELEMENTS(rows) + 1][COMPOSITION_DIGEST_LENGTH + 1];
	struct composition *composition = make_composition();
	char again[COMPOSITION_DIGEST_LENGTH + 1];

	(void)state;
	assert_true(
	    composition_digest(composition, digests[G_N_ELEMENTS(rows)]));
	assert_true(composition_digest(composition, again));
	assert_string_equal(again, digests[G_N_ELEMENTS(rows)]);
	composition_free(composition);
	for (size_t i = 1; i < G_N_ELEMENTS(rows); i++) {
		composition = make_composition();
		apply(composition, &rows[i]);
		assert_true(composition_digest(composition, digests[i]));
		composition_free(composition);
		for (size_t k = 1; k < i; k++)
			assert_string_not_equal(digests[i], digests[k]);
		assert_string_not_equal(
		    digests[i], digests[G_N_ELEMENTS(rows)]);
	}
}

/* ---- at random ---- */

static const char *const pieces[] = { "a", "Hello", " ", "  ", "\xc3\xa4",
	"\xe2\x9c\x93", "\xf0\x9f\x9a\xa2", ".", "\n", "\r\n", "\r", "=", "=?",
	"?=", ",", "\"", "\\", "(", ")", "<", ">", "@", ":", ";", "--", "From ",
	"\t", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };

/* No line ends: they are the last of these. */
static char *
make_random(GRand *random, unsigned most, bool lines)
{
	GString *text = g_string_new(NULL);
	int count = g_rand_int_range(random, 0, (gint32)most + 1);

	while (count-- > 0) {
		const char *piece =
		    pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))];

		if (lines || strpbrk(piece, "\r\n\t") == NULL)
			g_string_append(text, piece);
	}
	return g_string_free(text, FALSE);
}

static struct spool *
make_noise(GRand *random, GBytes **kept)
{
	gsize length = (gsize)g_rand_int_range(random, 0, 200000);
	guint8 *bytes = g_malloc(length + 1);

	for (gsize i = 0; i < length; i++)
		bytes[i] = (guint8)g_rand_int(random);
	*kept = g_bytes_new_take(bytes, length);
	return make_spool(bytes, length);
}

static void
check_noise(const struct message *message, GBytes *noise)
{
	const struct part *part = message->parts->pdata[0];
	g_autoptr(GBytes) encoded =
	    read_spool(message->submission->spool, part->offset, part->length);
	gsize length = 0;
	g_autofree guchar *bytes =
	    g_base64_decode(g_bytes_get_data(encoded, NULL), &length);

	assert_int_equal(part->decoded_size, g_bytes_get_size(noise));
	assert_int_equal(length, g_bytes_get_size(noise));
	assert_memory_equal(bytes, g_bytes_get_data(noise, NULL), length);
}

static char *
squeeze(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text != '\0'; text++)
		if (*text != ' ')
			g_string_append_c(out, *text);
	return g_string_free(out, FALSE);
}

static void
check_random(GRand *random)
{
	struct composition *composition = composition_new();
	g_autofree char *name = make_random(random, 12, false);
	g_autofree char *subject = make_random(random, 40, false);
	g_autofree char *text = make_random(random, 400, true);
	g_autofree char *html = make_random(random, 400, true);
	g_autoptr(GBytes) noise = NULL;
	struct message *message;
	g_autofree char *got = NULL, *want = NULL;

	composition->from = composition_mailbox(name, "some@example.com");
	g_ptr_array_add(
	    composition->to, composition_mailbox(name, "one@example.org"));
	composition->subject = g_strdup(subject);
	composition->text = make_text(text);
	composition->html = make_text(html);
	add_attachment(composition, NULL, NULL);
	spool_unref((
	    (struct composition_attachment *)composition->attachments->pdata[0])
			->bytes);
	((struct composition_attachment *)composition->attachments->pdata[0])
	    ->bytes = make_noise(random, &noise);
	message = parse(compose(composition));
	if (!is_same(message->text, text))
		fail_msg("text \"%s\" is \"%s\"", text,
		    message->text == NULL ? "" : bytes_text(message->text));
	if (!is_same(message->html, html))
		fail_msg("html \"%s\" is \"%s\"", html,
		    message->html == NULL ? "" : bytes_text(message->html));
	got = squeeze(message->subject);
	want = squeeze(subject);
	if (strstr(subject, "=?") == NULL)
		assert_string_equal(got, want);
	assert_int_equal(message->from->len, 1);
	assert_int_equal(message->to->len, 1);
	expect_address(message->to, 0,
	    ((struct header_address *)message->to->pdata[0])->name,
	    "one@example.org");
	check_noise(message, noise);
	message_unref(message);
}

static void
test_random(void **state)
{
	const char *given = g_getenv("SEED");
	guint32 seed = given != NULL ? (guint32)strtoul(given, NULL, 10) : 1;
	GRand *random = g_rand_new_with_seed(seed);

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++)
		check_random(random);
	g_rand_free(random);
}

static void
test_mailbox(void **state)
{
	static const struct {
		const char *name, *expected;
	} names[] = {
		{ NULL, "a@b.example" },
		{ "", "a@b.example" },
		{ "Some Name", "Some Name <a@b.example>" },
		{ "Name, Some", "\"Name, Some\" <a@b.example>" },
		{ "a \"b\" \\c", "\"a \\\"b\\\" \\\\c\" <a@b.example>" },
		{ "J\xc3\xb8", "J\xc3\xb8 <a@b.example>" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *mailbox =
		    composition_mailbox(names[i].name, "a@b.example");

		assert_string_equal(mailbox, names[i].expected);
	}
}

static int
print_whole(void)
{
	struct submission *submission = compose(make_whole());
	g_autoptr(GBytes) bytes =
	    read_spool(submission->spool, 0, spool_size(submission->spool));

	fwrite(
	    g_bytes_get_data(bytes, NULL), 1, g_bytes_get_size(bytes), stdout);
	submission_free(submission);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailbox),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_random),
	};

	(void)argv;
	parse_start();
	return argc > 1 ? print_whole()
			: cmocka_run_group_tests(tests, NULL, NULL);
}
