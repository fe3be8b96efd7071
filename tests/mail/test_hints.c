/* SPDX-License-Identifier: MIT */
#include "mail/hints.h"

#include "sample.h"

#define MAIL "From: a@example.com\nTo: one@example.org\n\nText\n"

static const struct {
	const char *name, *fields;
	bool has_doubt;
	enum doubt_policy doubt;
	const char *route;
	const char *fault[3];
} rows[] = {
	{ "nothing", "", false, 0, NULL, { NULL } },
	{ "a doubt", "X-Postferry-Doubt: never_twice\n", true,
	    DOUBT_NEVER_TWICE, NULL, { NULL } },
	{ "in any case", "x-postferry-DOUBT:  Prefer_Once \n", true,
	    DOUBT_PREFER_ONCE, NULL, { NULL } },
	{ "a doubt that is none", "X-Postferry-Doubt: perhaps\n", false, 0,
	    NULL, { "X-Postferry-Doubt is \"perhaps\"", "prefer_once" } },
	{ "an empty doubt", "X-Postferry-Doubt:\n", false, 0, NULL,
	    { "X-Postferry-Doubt is \"\"" } },
	{ "a route", "X-Postferry-Route: otp\n", false, 0, "otp", { NULL } },
	{ "an empty route", "X-Postferry-Route: \n", false, 0, "",
	    { "X-Postferry-Route is empty" } },
	{ "twice the same", "X-Postferry-Route: a\nX-Postferry-Route: a\n",
	    false, 0, "a", { NULL } },
	{ "two that differ", "X-Postferry-Route: a\nX-Postferry-Route: b\n",
	    false, 0, NULL,
	    { "two header fields X-Postferry-Route", "\"a\" and \"b\"" } },
	{ "all", "X-Postferry-Route: r\nX-Postferry-Doubt: prefer_delivery\n",
	    true, DOUBT_PREFER_DELIVERY, "r", { NULL } },
};

static void
check_fault(size_t row, const char *fault)
{
	if ((fault != NULL) != (rows[row].fault[0] != NULL))
		fail_msg("%s: %s", rows[row].name, fault);
	for (size_t i = 0; i < 3 && rows[row].fault[i] != NULL; i++)
		if (strstr(fault, rows[row].fault[i]) == NULL)
			fail_msg("%s: \"%s\" lacks %s", rows[row].name, fault,
			    rows[row].fault[i]);
}

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(rows[i].fields, MAIL, NULL);
		struct message *message = sample_message(text);
		struct hints hints;

		hints_read(&hints, message->header);
		check_fault(i, hints.fault);
		if (hints.has_doubt != rows[i].has_doubt ||
		    hints.doubt != rows[i].doubt ||
		    g_strcmp0(hints.route, rows[i].route) != 0)
			fail_msg("%s: doubt %d, route %s", rows[i].name,
			    hints.doubt, hints.route);
		hints_clear(&hints);
		assert_null(hints.route);
		message_unref(message);
	}
}

static int
start_parser(void **state)
{
	(void)state;
	parse_start();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
