/* SPDX-License-Identifier: MIT */
#include "resend.h"

#include "xforward.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TAKE     RULES_RESENDS_TAKE
#define IDENT    RULES_RESENDS_IDENT
#define RECEIVED RULES_RESENDS_RECEIVED
#define KEY      "received 192.0.2.1 mx.example 4XYZ"

static const struct {
	const char *name;
	enum rules_resends resends;
	const char *ident; /* by XFORWARD */
	const char *mail;
	const char *key; /* NULL: none */
} rows[] = {
	{ "nothing known", IDENT, NULL, "Received: by mx.example id 4XYZ\r\n",
	    NULL },
	{ "IDENT", IDENT, "4ABC", "Subject: x\r\n", "ident 192.0.2.1 4ABC" },
	{ "IDENT before Received", RECEIVED, "4ABC",
	    "Received: by mx.example id 4XYZ\r\n", "ident 192.0.2.1 4ABC" },
	{ "each is a mail", TAKE, "4ABC", "Received: by mx.example id 4XYZ\r\n",
	    NULL },
	{ "Postfix", RECEIVED, NULL,
	    "Received: from c.example (c.example [192.0.2.7])\r\n"
	    "\tby mx.example (Postfix) with ESMTPS id 4XYZ\r\n"
	    "\tfor <b@x.y>; Fri, 21 Nov 2025 10:00:00 +0000 (UTC)\r\n",
	    KEY },
	{ "Exim", RECEIVED, NULL,
	    "Received: from [192.0.2.7] (helo=id by x)\r\n"
	    "\tby mx.example with esmtp (Exim 4.96)\r\n"
	    "\t(envelope-from <a@x.y>)\r\n\tid 4XYZ; Fri, 21 Nov 2025\r\n",
	    KEY },
	{ "a client called id", RECEIVED, NULL,
	    "Received: from id by mx.example with ESMTP id 4XYZ; Fri\r\n",
	    KEY },
	{ "a client called by", RECEIVED, NULL,
	    "Received: from by (x [192.0.2.7]) by mx.example id 4XYZ; Fri\r\n",
	    KEY },
	{ "a protocol of several words", RECEIVED, NULL,
	    "Received: from x by mx.example with Some SMTP Server id 4XYZ;\r\n",
	    KEY },
	{ "a recipient called id", RECEIVED, NULL,
	    "Received: from x by mx.example for id 4XYZ; Fri\r\n", NULL },
	{ "only the topmost", RECEIVED, NULL,
	    "Received: by other.example; Fri\r\n"
	    "Received: by mx.example id 4XYZ; Fri\r\n",
	    NULL },
	{ "behind other fields", RECEIVED, NULL,
	    "Return-Path: <a@x.y>\r\nDKIM-Signature: v=1;\r\n d=id 4;\r\n"
	    "received: by mx.example id 4XYZ; Fri\r\n",
	    KEY },
	{ "in the body", RECEIVED, NULL,
	    "Subject: x\r\n\r\nReceived: by mx.example id 4XYZ; Fri\r\n",
	    NULL },
	{ "an id behind the date", RECEIVED, NULL,
	    "Received: by mx.example; id 4XYZ\r\n", NULL },
	{ "an id in a comment", RECEIVED, NULL,
	    "Received: by mx.example (id 4XYZ (a \\) b))\r\n", NULL },
	{ "no name", RECEIVED, NULL, "Received: from x id 4XYZ; Fri\r\n",
	    NULL },
	{ "the last word", RECEIVED, NULL, "Received: by mx.example id\r\n",
	    NULL },
	{ "no field", RECEIVED, NULL, "Subject: x\r\n", NULL },
	{ "nothing", RECEIVED, NULL, "", NULL },
	{ "no line end", RECEIVED, NULL, "Received: by mx.example id 4XYZ",
	    KEY },
	{ "a comment without end", RECEIVED, NULL,
	    "Received: by mx.example id 4XYZ (\\", KEY },
};

/* The key of a mail, as the listener has it. */
static char *
find_key(const struct session *session, const char *mail)
{
	struct budget *budget = budget_new(1 << 20);
	struct spool_place place = { .budget = budget };
	struct spool *spool = spool_new(&place);
	struct limiter *limiter = limiter_new(&limiter_defaults);
	struct limiter_seen seen;
	char *key;

	assert_true(spool_append(spool, mail, strlen(mail)));
	assert_true(spool_seal(spool));
	limiter_feed(limiter, mail, strlen(mail));
	assert_int_equal(limiter_end(limiter, &seen), LIMITER_OK);
	key = resend_key(session, spool, &seen);
	limiter_free(limiter);
	spool_unref(spool);
	budget_free(budget);
	return key;
}

static void
test_keys(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rules rules = { .door.resends = rows[i].resends };
		struct xforward forwarded = { .ident = (char *)rows[i].ident };
		struct session session = { .rules = &rules,
			.peer.text = "192.0.2.1",
			.forwarded = rows[i].ident ? &forwarded : NULL };
		g_autofree char *key = find_key(&session, rows[i].mail);

		if (g_strcmp0(key, rows[i].key) != 0)
			fail_msg("%s: %s", rows[i].name, key ? key : "none");
	}
}

/* Below so much that it is not in what is read at once. */
static void
test_far(void **state)
{
	struct rules rules = { .door.resends = RECEIVED };
	struct session session = { .rules = &rules, .peer.text = "192.0.2.1" };
	g_autoptr(GString) mail = g_string_new(NULL);
	g_autofree char *key = NULL;

	(void)state;
	while (mail->len < 100000)
		g_string_append_printf(mail, "X: %0900u\r\n", 7);
	g_string_append(mail, "Received: by mx.example id 4XYZ; Fri\r\n");
	key = find_key(&session, mail->str);
	assert_string_equal(key, KEY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
