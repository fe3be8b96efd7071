/* SPDX-License-Identifier: MIT */
/* What programs hand in by HTTP: the first byte says the type and the dialect,
 * the rest is the body.  What was read passes the check or is told of; all
 * memory is given back. */
#include "fuzz.h"

#include "dialect.h"
#include "mail/spool.h"
#include <string.h>

#define PART "--b\r\nContent-Disposition: form-data; name="
#define LAST "\r\n--b--\r\n"

const char *const fuzz_samples[] = {
	"a{\"from\":\"a@x.example\",\"to\":[\"b@y.example\",{\"address\":"
	"\"c@y.example\",\"name\":\"C\"}],\"subject\":\"S\",\"text\":\"T\\u00e4\","
	"\"attachments\":[{\"name\":\"n\",\"content\":\"YWI=\",\"inline\":true}],"
	"\"headers\":{\"X-A\":[\"1\",2]},\"metadata\":{\"k\":true},\"tracking\":"
	"{\"opens\":false}}",
	"dsender=a%40x.example&to=b@y.example&to=c@y.example&subject=a+b"
	"&attachments[0][name]=n&attachments[0][content]=YWI=&text=%C3%A4",
	"hto=b@y.example,c@y.example&to_name=B,C&from=a@x.example&from_name=A"
	"&body=<p>",
	"c" PART "from\r\n\r\na@x.example\r\n" PART
	"to\r\n\r\nb@y.example\r\n" PART
	"f; filename=\"n\"\r\nContent-Type: text/plain\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\nYWI=" LAST,
	"f" PART "inline; filename=\"l.png\"\r\n\r\nx\r\n" PART
	"metadata[k]\r\n\r\nv\r\n" PART "tags[]\r\n\r\nt" LAST,
	"bto=[\"b@y.example\"]&attachments=[{\"content\":\"YQ==\"}]"
	"&metadata={\"a\":1}&headers[X]=1",
	NULL
};

const char *const fuzz_words[] = { "\"", "\\u", "\\ud800", "[", "]", "{", "}",
	",", ":", "null", "true",
	"\"attachments\":", "\"content\":", "YWI=", "[0]", "[]", "[0][content]",
	"[1][name]", "&", "=", "%00", "%ff", "%4", "+", "\r\n--b",
	"\r\n--b--\r\n", "\r\n\r\n", "; filename=\"\"",
	"Content-Transfer-Encoding: base64\r\n", "\001lifted 0", "\xc3", "\xff",
	"\r\nBcc: e@evil.example", NULL };

static const char *const types[] = { "application/json",
	"application/x-www-form-urlencoded",
	"multipart/form-data; boundary=b" };

static const char *
find_field(void *type, const char *name)
{
	return strcmp(name, "Content-Type") == 0 ? type : NULL;
}

static void
check(struct payload *payload, const struct spool_place *place,
    enum dialect dialect)
{
	struct composition *composition = composition_new();
	const struct composition_place where = {
		.spools = place,
		.limits = &limiter_defaults,
		.mail_bytes = 1 << 20,
		.recipients_max = 100,
	};
	g_autofree char *key = NULL;

	dialect_read(dialect, payload, composition, &key);
	composition_check(composition, &where, payload->errors);
	for (unsigned i = 0; i < payload->errors->len; i++) {
		const struct composition_error *error =
		    payload->errors->pdata[i];
		g_autofree char *field = dialect_field(dialect, error->field);

		g_assert(*error->text != '\0' && *field != '\0');
	}
	composition_free(composition);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct budget *budget = budget_new(UINT64_C(16) << 20);
	const struct spool_place place = { .budget = budget };
	const struct status_options options = { .place = &place };
	unsigned kind = length > 0 ? bytes[0] % 9u : 0;
	struct request request = {
		.field = find_field,
		.object = (void *)types[kind % 3],
		.body = spool_new(&place),
	};
	const struct page page = { .options = &options, .request = &request };
	struct status_answer answer = { 0 };
	struct payload payload;

	if (length > 0)
		g_assert(spool_append(request.body, bytes + 1, length - 1));
	g_assert(spool_seal(request.body));
	if (payload_read(&payload, &page, &answer))
		check(&payload, &place, (enum dialect)(1u << kind / 3));
	else
		g_assert(answer.code >= 400 && answer.code < 500);
	payload_clear(&payload);
	status_answer_clear(&answer);
	spool_unref(request.body);
	g_assert(budget_taken(budget) == 0);
	budget_free(budget);
	return 0;
}
