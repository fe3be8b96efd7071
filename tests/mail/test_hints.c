/* SPDX-License-Identifier: MIT */
#include "mail/hints.h"

#include "sample.h"

#define MAIL "From: a@example.com\nTo: one@example.org\n\nText\n"

static const struct {
	const char *name, *fields;
	bool has_doubt;
	enum doubt_policy doubt;
	const char *route, *bound, *bound_by;
	const char *fault[3];
} rows[] = {
	{ "nothing", "", false, 0, NULL, NULL, NULL, { NULL } },
	{ "a doubt", "X-Postferry-Doubt: never_twice\n", true,
	    DOUBT_NEVER_TWICE, NULL, NULL, NULL, { NULL } },
	{ "in any case", "x-postferry-DOUBT:  Prefer_Once \n", true,
	    DOUBT_PREFER_ONCE, NULL, NULL, NULL, { NULL } },
	{ "a doubt that is none", "X-Postferry-Doubt: perhaps\n", false, 0,
	    NULL, NULL, NULL,
	    { "X-Postferry-Doubt is \"perhaps\"", "prefer_once" } },
	{ "an empty doubt", "X-Postferry-Doubt:\n", false, 0, NULL, NULL, NULL,
	    { "X-Postferry-Doubt is \"\"" } },
	{ "a route", "X-Postferry-Route: otp\n", false, 0, "otp", NULL, NULL,
	    { NULL } },
	{ "an empty route", "X-Postferry-Route: \n", false, 0, "", NULL, NULL,
	    { "X-Postferry-Route is empty" } },
	{ "twice the same", "X-Postferry-Route: a\nX-Postferry-Route: a\n",
	    false, 0, "a", NULL, NULL, { NULL } },
	{ "two that differ", "X-Postferry-Route: a\nX-Postferry-Route: b\n",
	    false, 0, NULL, NULL, NULL,
	    { "two header fields X-Postferry-Route", "\"a\" and \"b\"" } },
	{ "bound", "X-Mailgun-Drop-Message: yes\n", false, 0, NULL, "mailgun",
	    "X-Mailgun-Drop-Message", { NULL } },
	{ "not bound by no", "X-Mailgun-Drop-Message: no\n", false, 0, NULL,
	    NULL, NULL, { NULL } },
	{ "not bound by a tag", "X-Mailgun-Tag: a\nX-MC-Tags: b\n", false, 0,
	    NULL, NULL, NULL, { NULL } },
	{ "bound twice to one", "X-MC-Template: a\nX-MC-MergeVars: {}\n", false,
	    0, NULL, "mandrill", "X-MC-Template", { NULL } },
	{ "bound to two", "X-MC-Template: a\nX-Mailgun-Require-TLS: yes\n",
	    false, 0, NULL, "mandrill", "X-MC-Template",
	    { "X-MC-Template binds it", "type mandrill",
		"X-Mailgun-Require-TLS to those of type mailgun" } },
	{ "all",
	    "X-Postferry-Route: r\nX-Postferry-Doubt: prefer_delivery\n"
	    "X-Mailgun-Deliver-By: x\n",
	    true, DOUBT_PREFER_DELIVERY, "r", "mailgun", "X-Mailgun-Deliver-By",
	    { NULL } },
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

		hints_read(&hints, message);
		check_fault(i, hints.fault);
		if (hints.has_doubt != rows[i].has_doubt ||
		    hints.doubt != rows[i].doubt ||
		    g_strcmp0(hints.route, rows[i].route) != 0 ||
		    g_strcmp0(hints.bound, rows[i].bound) != 0 ||
		    g_strcmp0(hints.bound_by, rows[i].bound_by) != 0)
			fail_msg("%s: doubt %d, route %s, bound %s by %s",
			    rows[i].name, hints.doubt, hints.route, hints.bound,
			    hints.bound_by);
		hints_clear(&hints);
		assert_null(hints.route);
		message_unref(message);
	}
}

static const struct {
	const char *name, *value, *type;
} bindings[] = {
	{ "X-Mailgun-Drop-Message", "yes", "mailgun" },
	{ "x-mailgun-drop-message", "True", "mailgun" },
	{ "X-Mailgun-Drop-Message", "NO", NULL },
	{ "X-Mailgun-Require-TLS", "false", NULL },
	{ "X-Mailgun-Template-Name", "welcome", "mailgun" },
	{ "X-Mailgun-Templates", "welcome", NULL },
	{ "X-Mailgun-Recipient-Variables", "{}", "mailgun" },
	{ "X-MC-SendAt", "2026-01-01 00:00:00", "mandrill" },
	{ "X-MC-Tags", "a", NULL },
	{ "Subject", "yes", NULL },
};

static void
test_binding(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bindings); i++) {
		const char *type =
		    hints_binding(bindings[i].name, bindings[i].value);

		if (g_strcmp0(type, bindings[i].type) != 0)
			fail_msg("%s: %s: %s", bindings[i].name,
			    bindings[i].value, type);
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
		cmocka_unit_test(test_binding),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
