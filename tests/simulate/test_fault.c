/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "mischief.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *words;
	int kind;
	const char
	    *picked; /* a digit a request: the line that has it, - none */
};

static const struct row rows[] = {
	{ "stall", FAULT_MAILGUN, "0000" },
	{ "stall count=2", FAULT_MAILGUN, "00--" },
	{ "stall skip=1", FAULT_MAILGUN, "-000" },
	{ "stall every=2", FAULT_MAILGUN, "0-0-0" },
	{ "stall skip=1 every=2 count=2", FAULT_MAILGUN, "-0-0---" },
	{ "stall count=1\nslow=1", FAULT_MAILGUN, "0111" },
	{ "stall skip=2\n\r\n  slow=1  count=1  ", FAULT_MAILGUN, "1-00" },
	{ "status 503 count=1", FAULT_MAILGUN, "0-" },
	{ "stall chance=0", FAULT_MANDRILL, "-----" },
	{ "stall chance=100", FAULT_MANDRILL, "00000" },
	{ "greeting=421", FAULT_SMTP, "--" },
	{ "close-reused", FAULT_MAILGUN, "--" },
	{ "", FAULT_SMTP, "--" },
};

/* Which line the fault is of: words of one test differ. */
static char
find_line(struct faults *faults, const struct fault *fault)
{
	for (unsigned i = 0; faults_get(faults, i) != NULL; i++) {
		if (faults_get(faults, i) == fault)
			return (char)('0' + i);
	}
	return '-';
}

static void
test_pick(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct faults *faults =
		    faults_parse(rows[i].words, rows[i].kind, NULL);

		print_message("%s\n", rows[i].words);
		assert_non_null(faults);
		for (const char *want = rows[i].picked; *want != '\0'; want++) {
			struct fault *fault =
			    faults_pick(faults, FAULT_AT_REQUEST);

			assert_int_equal(find_line(faults, fault), *want);
			fault_unref(fault);
		}
		faults_free(faults);
	}
	assert_null(faults_pick(NULL, FAULT_AT_REQUEST));
}

static void
test_moments(void **state)
{
	struct faults *faults =
	    faults_parse("greeting=421 count=1", FAULT_SMTP, NULL);
	struct fault *fault = faults_pick(faults, FAULT_AT_CONNECT);

	(void)state;
	assert_int_equal(fault->word, FAULT_GREETING);
	assert_int_equal(fault->number, 421);
	assert_null(faults_pick(faults, FAULT_AT_CONNECT));
	/* it outlives what it was picked from */
	faults_free(faults);
	assert_int_equal(fault->number, 421);
	fault_unref(fault);
}

static void
test_parameters(void **state)
{
	struct faults *faults = faults_parse(
	    "status=503,html,retry-after=30,accepted", FAULT_MAILGUN, NULL);
	const struct fault *fault = faults_get(faults, 0);

	(void)state;
	assert_int_equal(fault->number, 503);
	assert_true(fault_has(fault, "html"));
	assert_true(fault_has(fault, "accepted"));
	assert_false(fault_has(fault, "retry-after"));
	assert_string_equal(fault_parameter(fault, "retry-after"), "30");
	assert_null(fault_parameter(fault, "reset"));
	faults_free(faults);

	faults = faults_parse("partial=a@b.c,D@e.f", FAULT_SMTP, NULL);
	fault = faults_get(faults, 0);
	assert_true(fault_names(fault, "A@b.c"));
	assert_true(fault_names(fault, "d@e.f"));
	assert_false(fault_names(fault, "x@e.f"));
	faults_free(faults);
}

static void
test_defaults(void **state)
{
	struct faults *faults = faults_parse(
	    "reset-mid-body\nthrottle,date\nempty", FAULT_MAILGUN, NULL);

	(void)state;
	assert_int_equal(faults_get(faults, 0)->number, 50);
	assert_int_equal(faults_get(faults, 1)->number, 60);
	assert_true(fault_has(faults_get(faults, 1), "date"));
	assert_int_equal(faults_get(faults, 2)->number, 200);
	faults_free(faults);
}

static void
test_refuse(void **state)
{
	struct faults *faults =
	    faults_parse("slow=1\nrefuse", FAULT_SMTP, NULL);

	(void)state;
	assert_true(faults_refuse(faults));
	faults_free(faults);
	assert_false(faults_refuse(NULL));
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *words;
		int kind;
		const char *says;
	} cases[] = {
		{ "nonsense", FAULT_MAILGUN, "\"nonsense\" is not known" },
		{ "dot=451", FAULT_MAILGUN, "\"dot\" is not known" },
		{ "status=503", FAULT_SMTP, "\"status\" is not known" },
		{ "status", FAULT_MAILGUN, "200 to 599" },
		{ "status=99", FAULT_MAILGUN, "200 to 599" },
		{ "dot=250", FAULT_SMTP, "400 to 599" },
		{ "slow", FAULT_MAILGUN, "a number is wanted" },
		{ "slow=x", FAULT_MAILGUN, "a number is wanted" },
		{ "slow=-1", FAULT_MAILGUN, "a number is wanted" },
		{ "stall=1", FAULT_MAILGUN, "takes no value" },
		{ "partial", FAULT_MAILGUN, "wants a value" },
		{ "stall count", FAULT_MAILGUN, "takes no value" },
		{ "stall count=0", FAULT_MAILGUN, "known are count" },
		{ "stall every=0", FAULT_MAILGUN, "known are count" },
		{ "stall chance=101", FAULT_MAILGUN, "known are count" },
		{ "stall size=1", FAULT_MAILGUN, "known are count" },
		{ "stall\nnonsense", FAULT_MAILGUN, "is not known" },
		{ "text=Invalid_Key", FAULT_MAILGUN, "is not known to this" },
		{ "text=sandbox", FAULT_MANDRILL, "is not known to this" },
		{ "odd=nonsense", FAULT_MANDRILL, "is not known to this" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		print_message("%s\n", cases[i].words);
		assert_null(mischief_parse(
		    (enum fault_kind)cases[i].kind, cases[i].words, &error));
		assert_non_null(strstr(error->message, cases[i].says));
	}
}

static bool
is_taken(const char *words)
{
	struct faults *faults = faults_parse(words, FAULT_SMTP, NULL);
	bool taken = faults != NULL;

	faults_free(faults);
	return taken;
}

/* Every word of --help can be used, in the form that it shows. */
static void
test_words(void **state)
{
	g_autofree char *page = fault_words(FAULT_SMTP);
	g_auto(GStrv) lines = g_strsplit(page, "\n", -1);
	unsigned count = 0;

	(void)state;
	for (char **line = lines; *line != NULL && **line != '\0'; line++) {
		g_autofree char *form =
		    g_strndup(*line + 2, strcspn(*line + 2, " "));
		g_autofree char *word = g_strndup(form, strcspn(form, "[="));
		g_autofree char *valued = g_strconcat(word, "=450", NULL);

		/* word, word[=VALUE], or word=VALUE */
		assert_int_equal(is_taken(word),
		    strchr(form, '=') == NULL || strchr(form, '[') != NULL);
		assert_int_equal(is_taken(valued), strchr(form, '=') != NULL);
		count++;
	}
	assert_true(count > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
