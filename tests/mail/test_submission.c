/* SPDX-License-Identifier: MIT */
#include "mail/submission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *name, *text, *clean;
} texts[] = {
	{ "plain", "queued as 1", "queued as 1" },
	{ "line breaks become one blank", "a\r\n250 b\n\n\tc", "a 250 b c" },
	{ "controls and non-ASCII", "a\x01\x7f\xc3\xbc", "a????" },
	{ "blanks at the ends", "\n a \r\n", "a" },
	{ "empty", "", "" },
};

static void
test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct answer *answer =
		    answer_new(7, 250, "2.0.0", texts[i].text);

		assert_string_equal(answer->text, texts[i].clean);
		assert_string_equal(answer->enhanced, "2.0.0");
		assert_int_equal(answer->code, 250);
		assert_int_equal(answer->session, 7);
		answer_free(answer);
	}
	answer_free(NULL);
}

static void
test_long_text(void **state)
{
	g_autofree char *text = g_strnfill(5000, 'x');
	struct answer *answer = answer_new(1, 550, "5.7.1", text);

	(void)state;
	assert_int_equal(strlen("550 5.7.1 ") + strlen(answer->text), 510);
	answer_free(answer);
}

static void
keep_answer(void *server, struct answer *answer)
{
	*(struct answer **)server = answer;
}

static void
test_answer(void **state)
{
	struct answer *answer = NULL;
	struct submission *submission = g_new0(struct submission, 1);

	(void)state;
	submission->return_to =
	    (struct return_address){ keep_answer, &answer, 42 };
	submission_answer(submission, 451, "4.4.1", "later");
	assert_int_equal(answer->session, 42);
	assert_int_equal(answer->code, 451);
	assert_string_equal(answer->text, "later");
	answer_free(answer);
	submission_free(submission);
	submission_free(NULL);
}

/* What is known of its recipients goes with it. */
static void
test_known(void **state)
{
	struct submission *submission = g_new0(struct submission, 1);
	enum address_fault fault;

	(void)state;
	submission->envelope = envelope_new();
	for (unsigned i = 0; i < 2; i++) {
		g_autofree char *text = g_strdup_printf("r%u@example.org", i);

		envelope_add_recipient(submission->envelope,
		    address_parse(text, strlen(text), NULL, &fault));
	}
	submission->known = g_new0(struct recipient, 2);
	submission->known[0].id = g_strdup("<1@mg>");
	submission->known[1].text = g_strdup("no such user");
	submission->known[1].refused_by = g_strsplit("a,b", ",", 0);
	submission_free(submission);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
