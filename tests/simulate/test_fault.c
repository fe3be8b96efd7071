/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "mischief.h"
#include "word.h"

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
	assert_true(fault_refuses(fault, "A@b.c", 0));
	assert_true(fault_refuses(fault, "d@e.f", 0));
	assert_false(fault_refuses(fault, "x@e.f", 9));
	faults_free(faults);

	faults = faults_parse("accept=2\nstall", FAULT_SMTP, NULL);
	fault = faults_get(faults, 0);
	assert_false(fault_refuses(fault, "a@b.c", 1));
	assert_true(fault_refuses(fault, "a@b.c", 2));
	assert_false(fault_refuses(faults_get(faults, 1), "a@b.c", 2));
	assert_false(fault_refuses(NULL, "a@b.c", 2));
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
test_listen(void **state)
{
	static const char *const words[] = { "refuse", "unreachable",
		"flap=20/30" };
	struct faults *faults = faults_parse("slow=1", FAULT_SMTP, NULL);
	unsigned up, down;

	(void)state;
	assert_null(faults_listen(faults));
	assert_null(faults_listen(NULL));
	faults_free(faults);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autofree char *lines =
		    g_strconcat("slow=1\n", words[i], NULL);

		faults = faults_parse(lines, FAULT_SMTP, NULL);
		const struct fault *fault = faults_listen(faults);
		assert_ptr_equal(fault, faults_get(faults, 1));
		struct fault *picked = faults_pick(faults, FAULT_AT_REQUEST);
		/* the other is no request's */
		assert_ptr_equal(picked, faults_get(faults, 0));
		fault_unref(picked);
		if (fault->word == FAULT_FLAP) {
			assert_true(fault_times(fault, &up, &down));
			assert_int_equal(up, 20);
			assert_int_equal(down, 30);
		}
		faults_free(faults);
	}
}

/* Whom a line hits: a digit for each kind of call. */
static void
test_calls(void **state)
{
	static const struct {
		const char *words;
		int moments;
	} cases[] = {
		{ "status=503", FAULT_AT_REQUEST },
		{ "lookup-status=503", FAULT_AT_LOOKUP },
		{ "probe-status=503", FAULT_AT_PROBE },
		{ "lookup-stall", FAULT_AT_LOOKUP },
		{ "probe-odd=page", FAULT_AT_PROBE },
		{ "lookup-lag=5", FAULT_STANDING },
		{ "wrong-region", FAULT_STANDING },
		{ "blackhole", FAULT_AT_CONNECT | FAULT_AT_REQUEST |
				   FAULT_AT_LOOKUP | FAULT_AT_PROBE },
		{ "reset-connect", FAULT_AT_CONNECT },
		{ "close-reused", FAULT_AT_REUSE },
		{ "refuse", 0 },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct faults *faults =
		    faults_parse(cases[i].words, FAULT_MAILGUN, NULL);

		print_message("%s\n", cases[i].words);
		assert_non_null(faults);
		assert_int_equal(
		    faults_get(faults, 0)->moments, cases[i].moments);
		faults_free(faults);
	}
}

static void
test_stand(void **state)
{
	struct faults *faults =
	    faults_parse("status=500\nlookup-lag=7 count=2\nlookup-twice",
		FAULT_MAILGUN, NULL);

	(void)state;
	assert_int_equal(faults_stand(faults, FAULT_LOOKUP_LAG)->number, 7);
	assert_non_null(faults_stand(faults, FAULT_LOOKUP_TWICE));
	assert_non_null(faults_stand(faults, FAULT_LOOKUP_LAG));
	assert_null(faults_stand(faults, FAULT_LOOKUP_LAG));
	assert_null(faults_stand(faults, FAULT_LOOKUP_NEVER));
	assert_null(faults_stand(faults, FAULT_STATUS));
	assert_null(faults_stand(NULL, FAULT_LOOKUP_LAG));
	faults_free(faults);
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
		{ "lookup-nonsense", FAULT_MAILGUN, "is not known" },
		{ "lookup-refuse", FAULT_MAILGUN, "is not known" },
		{ "lookup-stall", FAULT_SMTP, "is not known" },
		{ "lookup-lag", FAULT_MAILGUN, "a number is wanted" },
		{ "lookup-limit=1", FAULT_MAILGUN, "is not known" },
		{ "flap=10", FAULT_SMTP, "is not known to this" },
		{ "domain-state=odd", FAULT_MAILGUN, "is not known to this" },
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
	g_autofree char *page = word_page(FAULT_SMTP);
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
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_stand),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
