/* SPDX-License-Identifier: MIT */
/* What requests say of a mail, in every type and dialect. */
#include "dialect.h"

#include "mail/spool.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define JSON  "application/json"
#define FORM  "application/x-www-form-urlencoded"
#define MULTI "multipart/form-data; boundary=b"

#define PART(name, value)                                     \
	"--b\r\nContent-Disposition: form-data; name=\"" name \
	"\"\r\n\r\n" value "\r\n"
#define FILED(name, filename, head, value)                    \
	"--b\r\nContent-Disposition: form-data; name=\"" name \
	"\"; filename=\"" filename "\"\r\n" head "\r\n" value "\r\n"
#define LAST "--b--\r\n"

static void
dump_text(GString *out, const char *name, const char *text)
{
	if (text != NULL)
		g_string_append_printf(out, "%s=%s;", name, text);
}

static void
dump_list(GString *out, const char *name, const GPtrArray *list)
{
	for (unsigned i = 0; i < list->len; i++)
		dump_text(out, name, list->pdata[i]);
}

static void
dump_pairs(GString *out, const char *name, const GPtrArray *pairs)
{
	for (unsigned i = 0; i < pairs->len; i++) {
		const struct composition_pair *pair = pairs->pdata[i];

		g_string_append_printf(
		    out, "%s.%s=%s;", name, pair->name, pair->value);
	}
}

static void
dump_spool(GString *out, const char *name, const struct spool *spool)
{
	char text[1024] = "";

	if (spool == NULL)
		return;
	assert_true(spool_read(spool, 0, text, sizeof text - 1) >= 0);
	dump_text(out, name, text);
}

static void
dump_attachments(GString *out, const GPtrArray *attachments)
{
	for (unsigned i = 0; i < attachments->len; i++) {
		const struct composition_attachment *attachment =
		    attachments->pdata[i];

		g_string_append(out, "file:");
		dump_text(out, "name", attachment->name);
		dump_text(out, "type", attachment->type);
		dump_text(out, "id", attachment->content_id);
		if (attachment->in_line)
			g_string_append(out, "inline;");
		dump_spool(out, "bytes", attachment->bytes);
	}
}

/* Everything that was said, as one text. */
static void
dump(GString *out, const struct composition *said)
{
	dump_text(out, "from", said->from);
	dump_text(out, "sender", said->sender);
	dump_text(out, "reply_to", said->reply_to);
	dump_list(out, "to", said->to);
	dump_list(out, "cc", said->cc);
	dump_list(out, "bcc", said->bcc);
	dump_text(out, "subject", said->subject);
	dump_spool(out, "text", said->text);
	dump_spool(out, "html", said->html);
	dump_pairs(out, "h", said->headers);
	dump_attachments(out, said->attachments);
	dump_list(out, "tag", said->tags);
	dump_pairs(out, "m", said->metadata);
	dump_text(out, "opens", said->track_opens);
	dump_text(out, "clicks", said->track_clicks);
	dump_text(out, "send_at", said->send_at);
	dump_text(out, "route", said->route);
	dump_text(out, "doubt", said->doubt);
}

static void
dump_errors(GString *out, const GPtrArray *errors)
{
	for (unsigned i = 0; i < errors->len; i++) {
		const struct composition_error *error = errors->pdata[i];

		g_string_append_printf(
		    out, "!%s: %s;", error->field, error->text);
	}
}

static const char *
find_field(void *object, const char *name)
{
	return strcmp(name, "Content-Type") == 0 ? object : NULL;
}

/* What comes of the body; of one that cannot be read the code and why. */
static char *
read_request(
    enum dialect dialect, const char *type, const char *body, size_t length)
{
	struct budget *budget = budget_new(8 << 20);
	const struct spool_place place = { .budget = budget };
	const struct status_options options = { .place = &place };
	struct request request = { .field = find_field,
		.object = (void *)type };
	const struct page page = { .options = &options, .request = &request };
	struct status_answer answer = { 0 };
	struct composition *composition = composition_new();
	struct payload payload;
	GString *out = g_string_new(NULL);
	char *key = NULL;

	request.body = spool_new(&place);
	assert_true(spool_append(request.body, body, length));
	assert_true(spool_seal(request.body));
	if (payload_read(&payload, &page, &answer)) {
		dialect_read(dialect, &payload, composition, &key);
		dump(out, composition);
		dump_text(out, "key", key);
		dump_errors(out, payload.errors);
	} else {
		g_string_append_printf(
		    out, "%u %s", answer.code, answer.body->str);
	}
	g_free(key);
	payload_clear(&payload);
	status_answer_clear(&answer);
	composition_free(composition);
	spool_unref(request.body);
	assert_int_equal(budget_taken(budget), 0);
	budget_free(budget);
	return g_string_free(out, FALSE);
}

struct row {
	const char *name;
	enum dialect dialect;
	const char *type, *body;
	const char *said; /* all of it */
};

static const struct row rows[] = {
	{ "all there is", DIALECT_MESSAGE, JSON,
	    "{\"from\":\"a@x.example\",\"to\":[\"b@y.example\",{\"address\":"
	    "\"c@y.example\",\"name\":\"C, D\"}],\"cc\":\"d@y.example, "
	    "e@y.example\",\"bcc\":[\"f@y.example\"],\"reply_to\":{\"email\":"
	    "\"r@x.example\"},\"sender\":\"s@x.example\",\"subject\":\"S\","
	    "\"text\":\"T\\n\\u00e4\",\"html\":\"<p>H\",\"headers\":{\"X-A\":"
	    "\"1\",\"X-B\":[\"2\",\"3\"]},\"attachments\":[{\"name\":\"n\","
	    "\"type\":\"text/plain\",\"content\":\"YWI=\",\"content_id\":"
	    "\"cid\",\"inline\":true}],\"tags\":[\"t\"],\"metadata\":{\"k\":"
	    "\"v\",\"n\":7,\"b\":true},\"tracking\":{\"opens\":true,\"clicks\":"
	    "\"htmlonly\"},\"send_at\":1795256640,\"route\":\"r\",\"doubt\":"
	    "\"never_twice\",\"idempotency_key\":\"k1\"}",
	    "from=a@x.example;sender=s@x.example;reply_to=r@x.example;"
	    "to=b@y.example;to=\"C, D\" <c@y.example>;"
	    "cc=d@y.example, e@y.example;bcc=f@y.example;subject=S;"
	    "text=T\n\u00e4;html=<p>H;h.X-A=1;h.X-B=2;h.X-B=3;"
	    "file:name=n;type=text/plain;id=cid;inline;bytes=ab;tag=t;m.k=v;"
	    "m.n=7;m.b=true;opens=yes;clicks=htmlonly;send_at=1795256640;"
	    "route=r;doubt=never_twice;key=k1;" },
	{ "null is not said", DIALECT_MESSAGE, JSON,
	    "{\"from\":null,\"to\":null,\"text\":null,\"attachments\":null}",
	    "" },
	{ "headers as a list", DIALECT_MESSAGE, JSON,
	    "{\"headers\":[{\"name\":\"X-A\",\"value\":\"1\"}]}", "h.X-A=1;" },
	{ "tracking for all", DIALECT_MESSAGE, JSON, "{\"tracking\":false}",
	    "opens=no;clicks=no;" },
	{ "one attachment", DIALECT_SEND, JSON,
	    "{\"attachments\":{\"filename\":\"n\",\"data\":\"YW\\nI=\"}}",
	    "file:name=n;bytes=ab;" },
	{ "a header called text", DIALECT_MESSAGE, JSON,
	    "{\"metadata\":{\"text\":\"a\",\"content\":\"b\"}}",
	    "m.text=a;m.content=b;" },

	{ "a form", DIALECT_MESSAGE, FORM,
	    "from=a%40x.example&to=b%40y.example&to=c@y.example&subject=a+b%2B"
	    "&text=T%C3%A4&metadata[k]=v&tags[]=t&tags[]=u&headers[X-A]=1"
	    "&tracking=yes&send_at=1795256640"
	    "&attachments[0][name]=n&attachments[0][content]=YW%0AI="
	    "&attachments[1][content]= / /&attachments[1][name]=m",
	    "from=a@x.example;to=b@y.example;to=c@y.example;subject=a b+;"
	    "text=T\u00e4;h.X-A=1;file:name=n;bytes=ab;file:name=m;"
	    "bytes=\xfb\xff\xbf;tag=t;tag=u;m.k=v;opens=yes;clicks=yes;"
	    "send_at=1795256640;" },
	{ "lists as JSON in a form", DIALECT_MESSAGE, FORM,
	    "to=[\"b@y.example\",\"c@y.example\"]&metadata={\"k\":\"v\"}&"
	    "attachments=[{\"name\":\"n\",\"content\":\"YWI=\"}]",
	    "to=b@y.example;to=c@y.example;file:name=n;bytes=ab;m.k=v;" },
	{ "nothing between", DIALECT_SEND, FORM,
	    "&&subject=&&sender=a@x.example&", "from=a@x.example;subject=;" },
	{ "an equals sign in a value", DIALECT_SEND, FORM, "subject=a=b",
	    "subject=a=b;" },

	{ "form data", DIALECT_MESSAGE, MULTI,
	    PART("from", "a@x.example") PART("to", "b@y.example") PART(
		"to", "c@y.example") PART("text", "T\r\nU") FILED("attachments",
		"C:\\\\d\\\\n.txt", "Content-Type: text/plain\r\n", "a\r\nb")
		FILED("inline", "logo.png", "", "x") FILED("file", "e",
		    "Content-Transfer-Encoding: Base64\r\n", "YWI=")
		    FILED("html", "page.html", "", "<p>") LAST,
	    "from=a@x.example;to=b@y.example;to=c@y.example;text=T\r\nU;"
	    "html=<p>;file:name=n.txt;type=text/plain;bytes=a\r\nb;"
	    "file:name=logo.png;id=logo.png;inline;bytes=x;"
	    "file:name=e;bytes=ab;" },
	{ "no file chosen", DIALECT_SEND, MULTI,
	    PART("sender", "a@x.example") FILED("attachments", "",
		"Content-Type: "
		"application/octet-stream\r\n",
		"") LAST,
	    "from=a@x.example;" },
	{ "an empty file", DIALECT_SEND, MULTI,
	    FILED("attachments", "n", "", "") LAST, "file:name=n;bytes=;" },
	{ "an attachment in a field", DIALECT_SEND, MULTI,
	    PART("attachments[0][name]", "n")
		PART("attachments[0][content]", "YWI=") LAST,
	    "file:name=n;bytes=ab;" },

	{ "/send", DIALECT_SEND, JSON,
	    "{\"sender\":\"a@x.example\",\"to\":\"b@y.example\",\"text\":\"T\"}",
	    "from=a@x.example;to=b@y.example;text=T;" },
	{ "/email", DIALECT_EMAIL, JSON,
	    "{\"to\":\"b@y.example\",\"to_name\":\"Bo B.\",\"from\":"
	    "\"a@x.example\",\"from_name\":\"An\",\"subject\":\"S\",\"body\":"
	    "\"<h1>B\"}",
	    "from=An <a@x.example>;to=\"Bo B.\" <b@y.example>;subject=S;"
	    "html=<h1>B;" },
	{ "/email, names first", DIALECT_EMAIL, FORM,
	    "from_name=An&to_name=Bo&to=b@y.example&from=a@x.example",
	    "from=An <a@x.example>;to=Bo <b@y.example>;" },
	{ "/email, lists", DIALECT_EMAIL, JSON,
	    "{\"to\":[\"b@y.example\",\"c@y.example\"],\"to_name\":[\"B\",\"C\"]}",
	    "to=B <b@y.example>;to=C <c@y.example>;" },
	{ "/email, commas", DIALECT_EMAIL, FORM,
	    "to=b@y.example,c@y.example&to_name=B, C",
	    "to=B <b@y.example>;to=C <c@y.example>;" },

	/* errors of fields */
	{ "another's field", DIALECT_SEND, JSON, "{\"from\":\"a@x.example\"}",
	    "!from: is no field here; known are sender, to, cc, bcc, subject, "
	    "text, html, attachments;" },
	{ "wrong types", DIALECT_MESSAGE, JSON,
	    "{\"from\":7,\"to\":[\"a@x.example\",7,[]],\"subject\":true,"
	    "\"text\":{},\"tags\":{},\"metadata\":\"x\",\"headers\":{\"X\":{}},"
	    "\"attachments\":[\"x\",{\"name\":7}],\"tracking\":{\"opens\":\"x\","
	    "\"clicks\":7}}",
	    "to=a@x.example;file:opens=x;"
	    "!from: is a number; an address, or an object with address and "
	    "name, is expected;"
	    "!to[1]: is a number; an address, or an object with address and "
	    "name, is expected;"
	    "!to[2]: is a list; an address, or an object with address and "
	    "name, is expected;"
	    "!subject: is true or false; a text is expected;"
	    "!text: is an object; a text is expected;"
	    "!tags: is an object; a text is expected;"
	    "!metadata: is a text; an object is expected;"
	    "!headers.X: is an object; a text is expected;"
	    "!attachments[0]: is a text; an object with name and content is "
	    "expected;"
	    "!attachments[1].name: is a number; a text is expected;"
	    "!attachments[1].content: a text is expected: the file in base64;"
	    "!tracking.clicks: is a number; true or false is expected;" },
	{ "broken base64", DIALECT_SEND, JSON,
	    "{\"attachments\":[{\"name\":\"n\",\"content\":\"YWI\"}]}",
	    "file:name=n;!attachments[0].content: is no base64: a character is "
	    "none of it, or it is cut off;" },
	{ "broken base64 in a form", DIALECT_SEND, FORM,
	    "attachments[0][content]=Y!I=",
	    "file:!attachments[0].content: is no base64: a character is none "
	    "of it, or it is cut off;" },
	{ "a surrogate alone", DIALECT_MESSAGE, JSON, "{\"text\":\"\\ud800\"}",
	    "!text: is no UTF-8;" },
	{ "a NUL", DIALECT_MESSAGE, JSON, "{\"subject\":\"a\\u0000b\"}",
	    "!subject: holds a NUL;" },
	{ "two mailboxes", DIALECT_MESSAGE, JSON,
	    "{\"from\":[\"a@x.example\",\"b@x.example\"]}",
	    "!from: is one mailbox, and 2 are given;" },
	{ "an unknown member", DIALECT_MESSAGE, JSON,
	    "{\"to\":{\"mail\":\"a@x.example\"}}",
	    "!to.mail: is no field here; known are address, email, name;" },
	{ "names that do not fit", DIALECT_EMAIL, JSON,
	    "{\"to\":\"b@y.example\",\"to_name\":[\"B\",\"C\"]}",
	    "to=b@y.example;!to_name: is 2 names, and there are 1 addresses in "
	    "to: one for each is expected;" },
	{ "a list and an object", DIALECT_MESSAGE, FORM,
	    "metadata=x&metadata[k]=v",
	    "!metadata[k]: is given as one value and as several that do not go "
	    "together;!metadata: is a text; an object is expected;" },
	{ "no UTF-8 in a form", DIALECT_SEND, FORM, "subject=%ff",
	    "!subject: is no UTF-8;" },
	{ "a gap in a list", DIALECT_SEND, FORM, "attachments[1][name]=n",
	    "!attachments[1][name]: is no name: after list[0] comes list[1], "
	    "and what follows [0] is one member, like list[0][name];" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		g_autofree char *said = read_request(
		    row->dialect, row->type, row->body, strlen(row->body));

		print_message("%s\n", row->name);
		assert_string_equal(said, row->said);
	}
}

/* What cannot be read at all: the code, and words of the detail. */
static const struct {
	const char *name, *type, *body, *begins, *words;
} faults[] = {
	{ "no JSON", JSON, "{\"from\":", "400", "is no JSON" },
	{ "nothing", JSON, "", "400", "is no JSON" },
	{ "rubbish behind", JSON, "{} x", "400", "is no JSON" },
	{ "a list", JSON, "[]", "400", "no JSON object" },
	{ "a word", JSON, "null", "400", "no JSON object" },
	{ "bytes that are no UTF-8", JSON, "{\"subject\":\"\xff\"}", "400",
	    "utf-8" },
	{ "a broken escape", JSON, "{\"text\":\"\\x\"}", "400", "escape" },
	{ "deep", JSON,
	    "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	    "400", "more than 32" },
	{ "no type", NULL, "{}", "415", "Content-Type is not said" },
	{ "another type", "text/plain", "{}", "415", "\\\"text/plain\\\"" },
	{ "a longer type", "application/jsonp", "{}", "415", "expected here" },
	{ "no boundary", "multipart/form-data", "", "400", "boundary" },
	{ "an empty boundary", "multipart/form-data; boundary=\"\"", "", "400",
	    "boundary" },
	{ "cut form data", MULTI, "--b\r\n", "400", "before its last" },
	{ "nothing of form data", MULTI, "", "400", "before its last" },
	{ "another boundary", MULTI, "--c--\r\n", "400", "before its last" },
	{ "quoted-printable", MULTI,
	    FILED("a", "n", "Content-Transfer-Encoding: quoted-printable\r\n",
		"") LAST,
	    "400", "Content-Transfer-Encoding of part" },
	{ "a broken code", FORM, "subject=%4x", "400", "broken % code" },
	{ "a cut code", FORM, "subject=%4", "400", "broken % code" },
	{ "a cut code, and more", FORM, "subject=%4&a=b", "400",
	    "broken % code" },
	{ "a NUL in a name", FORM, "a%00b=c", "400", "holds a NUL" },
};

static void
test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autofree char *said = read_request(DIALECT_MESSAGE,
		    faults[i].type, faults[i].body, strlen(faults[i].body));

		print_message("%s\n", faults[i].name);
		if (!g_str_has_prefix(said, faults[i].begins) ||
		    strstr(said, faults[i].words) == NULL)
			fail_msg("%s", said);
	}
}

/* Values that are held have a limit, whatever they come in. */
static void
test_large(void **state)
{
	static const struct {
		const char *type, *head;
	} heads[] = {
		{ JSON, "{\"subject\":\"" },
		{ FORM, "subject=" },
		{ MULTI, "--b\r\nContent-Disposition: form-data; "
			 "name=subject\r\n\r\n" },
	};
	g_autofree char *filler = g_strnfill(3 << 20, 'x');

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
		g_autofree char *body =
		    g_strconcat(heads[i].head, filler, NULL);
		g_autofree char *said = read_request(
		    DIALECT_MESSAGE, heads[i].type, body, strlen(body));

		if (!g_str_has_prefix(said, "413"))
			fail_msg("%s: %.200s", heads[i].type, said);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
