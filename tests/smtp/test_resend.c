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

static void
test_keys(void **state)
{
	struct budget *budget = budget_new(1 << 20);
	struct spool_place place = { .budget = budget };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rules rules = { .door.resends = rows[i].resends };
		struct xforward forwarded = { .ident = (char *)rows[i].ident };
		struct session session = { .rules = &rules,
			.peer.text = "192.0.2.1",
			.forwarded = rows[i].ident ? &forwarded : NULL };
		struct spool *spool = spool_new(&place);

		assert_true(
		    spool_append(spool, rows[i].mail, strlen(rows[i].mail)));
		assert_true(spool_seal(spool));
		g_autofree char *key = resend_key(&session, spool);
		if (g_strcmp0(key, rows[i].key) != 0)
			fail_msg("%s: %s", rows[i].name, key ? key : "none");
		spool_unref(spool);
	}
	budget_free(budget);
}

/* A field that is not to be found in what is looked at is none. */
static void
test_far(void **state)
{
	struct budget *budget = budget_new(1 << 20);
	struct spool_place place = { .budget = budget };
	struct rules rules = { .door.resends = RECEIVED };
	struct session session = { .rules = &rules, .peer.text = "192.0.2.1" };
	struct spool *spool = spool_new(&place);
	g_autofree char *line = g_strnfill(70000, 'x');

	(void)state;
	memcpy(line, "X: ", 3);
	memcpy(
	    line + 69000, "\r\nReceived: by mx.example id 4XYZ; Fri\r\n", 41);
	assert_true(spool_append(spool, line, strlen(line)));
	assert_true(spool_seal(spool));
	assert_null(resend_key(&session, spool));
	spool_unref(spool);
	budget_free(budget);
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
