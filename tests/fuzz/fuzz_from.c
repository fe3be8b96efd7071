/* SPDX-License-Identifier: MIT */
/* From fields: what was read of one is all that GMime finds in it. */
#include "fuzz.h"

#include "from.h"
#include "mail/parse.h"
#include <string.h>

#define DOMAIN "d.example"

const char *const fuzz_samples[] = { "a@x.example",
	"Some Name <a@x.example>, \"N, \\\"q\\\"\" <b@y.example> (c (d))",
	"=?utf-8?q?M=C3=BCller=2C?= J. <j@z.example>",
	"Team: a@x.example, B <b@y.example>; , c@z.example", "root",
	"a@x.example <b@y.example>", "\"a b\"@x.example", "< a@x.example >",
	"(c) a@x.example (d)", "M\xc3\xbcller <m@x.example>", ":;", NULL };

const char *const fuzz_words[] = { "@", "\"", "\\", "<", ">", "(", ")", ",",
	";", ":", ".", " ", "\t", "=?utf-8?q?a=40b=2C?=", "b@evil.example",
	"<b@evil.example>", "[192.0.2.1]", "\xc3\xbc", NULL };

struct seen {
	GPtrArray *all; /* char * */
};

static bool
on_mailbox(void *object, const struct address *address)
{
	struct seen *seen = object;

	g_assert(strchr(address->text, '@') != NULL);
	g_ptr_array_add(seen->all, g_strdup(address->text));
	return true;
}

/* GMime keeps quotes that are not needed. */
static bool
has(const struct seen *seen, const char *spec)
{
	enum address_fault fault;
	struct address *address =
	    address_parse(spec, strlen(spec), NULL, &fault);
	bool found = false;

	for (unsigned i = 0; address != NULL && i < seen->all->len; i++)
		found |= strcmp(seen->all->pdata[i], address->text) == 0;
	address_free(address);
	return found;
}

static struct submission *
make_mail(const struct spool_place *place, const char *body)
{
	struct submission *submission = g_new0(struct submission, 1);
	struct limiter *limiter = limiter_new(&limiter_defaults);
	g_autofree char *text =
	    g_strdup_printf("From: %s\r\nTo: c@d.example\r\n\r\nx\r\n", body);

	submission->spool = spool_new(place);
	submission->envelope = envelope_new();
	g_assert(spool_append(submission->spool, text, strlen(text)));
	g_assert(spool_seal(submission->spool));
	limiter_feed(limiter, text, strlen(text));
	limiter_end(limiter, &submission->seen);
	limiter_free(limiter);
	return submission;
}

static void
compare(const struct seen *seen, const char *body)
{
	struct budget *budget = budget_new(UINT64_C(1) << 20);
	struct spool_place place = { .budget = budget };
	struct parse_options options = { DOMAIN, DOMAIN };
	struct message *message =
	    parse_message(make_mail(&place, body), &options, NULL);

	g_assert(message != NULL);
	for (unsigned i = 0; i < message->from->len; i++) {
		const struct header_address *from = message->from->pdata[i];

		if (!has(seen, from->spec))
			g_error("%s was not seen in: %s", from->spec, body);
	}
	message_unref(message);
	budget_free(budget);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static bool started;
	g_autofree char *body =
	    g_strndup(length > 0 ? (const char *)bytes : "", length);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
	struct seen seen = { all };
	struct from_reader reader = { DOMAIN, on_mailbox, &seen };

	if (!started)
		parse_start();
	started = true;
	if (!from_read(body, &reader))
		return 0;
	g_assert(all->len > 0);
	/* an xn-- that encodes nothing is made another one by GMime */
	if (strcasestr(body, "xn--") == NULL)
		compare(&seen, body);
	return 0;
}
