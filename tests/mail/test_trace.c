/* SPDX-License-Identifier: MIT */
#include "mail/sample.h"
#include "mail/trace.h"

#define ID     "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static const struct {
	const char *name, *header, *id;
} rows[] = {
	{ "none", "Subject: x\n", "" },
	{ "as the standard has it", "traceparent: 00-" ID "-" PARENT "-01\n",
	    ID },
	{ "name without case", "TraceParent: 00-" ID "-" PARENT "-00\n", ID },
	{ "folded", "traceparent:\n 00-" ID "-" PARENT "-01\n", ID },
	{ "twice",
	    "traceparent: 00-" ID "-" PARENT "-01\n"
	    "traceparent: 00-" ID "-" PARENT "-01\n",
	    "" },
	{ "empty", "traceparent:\n", "" },
	{ "too short", "traceparent: 00-" ID "-" PARENT "-0\n", "" },
	{ "too long", "traceparent: 00-" ID "-" PARENT "-011\n", "" },
	{ "more in version 00", "traceparent: 00-" ID "-" PARENT "-01-x\n",
	    "" },
	{ "more in a version to come",
	    "traceparent: cc-" ID "-" PARENT "-01-what\n", ID },
	{ "more without a dash", "traceparent: cc-" ID "-" PARENT "-01.what\n",
	    "" },
	{ "a version to come", "traceparent: 01-" ID "-" PARENT "-01\n", ID },
	{ "no version", "traceparent: ff-" ID "-" PARENT "-01\n", "" },
	{ "upper case",
	    "traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01\n",
	    "" },
	{ "no digit",
	    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e473g-" PARENT "-01\n",
	    "" },
	{ "a trace of zeros",
	    "traceparent: 00-00000000000000000000000000000000-" PARENT "-01\n",
	    "" },
	{ "a parent of zeros", "traceparent: 00-" ID "-0000000000000000-01\n",
	    "" },
	{ "other dashes", "traceparent: 00_" ID "_" PARENT "_01\n", "" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
		    g_strdup_printf("%s\nbody\n", rows[i].header);
		g_autoptr(GString) lines = sample_lines(text);
		struct parse_options options = { .hostname = "mail.example" };
		struct message *message = parse_message(
		    sample_submission(lines->str, lines->len), &options, NULL);

		assert_non_null(message);
		if (strcmp(message->trace_id, rows[i].id) != 0)
			fail_msg("%s: %s", rows[i].name, message->trace_id);
		message_unref(message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
