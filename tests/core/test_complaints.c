/* SPDX-License-Identifier: MIT */
/* What is wrong begins once, changes its words, and is over once. */
#include "core/complaints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What is done, what the watcher is told of it ("": nothing), and what is
 * listed then. */
static const struct {
	const char *name, *kind, *subject, *text; /* text NULL: cleared */
	const char *told, *listed;
} steps[] = {
	{ "nothing to clear", "a", "x", NULL, "", "" },
	{ "one begins", "a", "x", "one", "+a x one;", "a x one;" },
	{ "it has other words", "a", "x", "two", "", "a x two;" },
	{ "of another kind", "b", "x", "three", "+b x three;",
	    "a x two;b x three;" },
	{ "of another subject", "a", "y", "four", "+a y four;",
	    "a x two;b x three;a y four;" },
	{ "one is over", "a", "x", NULL, "-a x two;", "b x three;a y four;" },
	{ "and only once", "a", "x", NULL, "", "b x three;a y four;" },
};

static void
on_change(void *object, const struct complaint *complaint, bool over)
{
	g_string_append_printf(object, "%c%s %s %s;", over ? '-' : '+',
	    complaint->kind, complaint->subject, complaint->text);
}

static GPtrArray *
list(struct complaints *complaints)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(complaints_free_one);

	complaints_list(complaints, out);
	return out;
}

static char *
print(struct complaints *complaints)
{
	g_autoptr(GPtrArray) out = list(complaints);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < out->len; i++) {
		const struct complaint *complaint = out->pdata[i];

		g_string_append_printf(text, "%s %s %s;", complaint->kind,
		    complaint->subject, complaint->text);
	}
	return g_string_free(text, FALSE);
}

static void
test_steps(void **state)
{
	struct complaints *complaints = complaints_new();
	g_autoptr(GString) told = g_string_new(NULL);

	(void)state;
	complaints_watch(complaints, on_change, told);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct complaint complaint = { .kind = steps[i].kind,
			.subject = steps[i].subject,
			.text = steps[i].text };
		g_autofree char *listed = NULL;

		g_string_truncate(told, 0);
		if (complaint.text != NULL)
			complaints_set(complaints, &complaint);
		else
			complaints_clear(
			    complaints, complaint.kind, complaint.subject);
		listed = print(complaints);
		if (strcmp(told->str, steps[i].told) != 0 ||
		    strcmp(listed, steps[i].listed) != 0)
			fail_msg("%s: told %s, listed %s", steps[i].name,
			    told->str, listed);
	}
	complaints_free(complaints);
}

/* Who comes late is told of those there are; since when stays. */
static void
test_since(void **state)
{
	struct complaints *complaints = complaints_new();
	g_autoptr(GString) told = g_string_new(NULL);
	struct complaint complaint = { .kind = "a",
		.subject = "x",
		.text = "one",
		.advice = "do",
		.since_ms = 5 };
	g_autoptr(GPtrArray) out = NULL;

	(void)state;
	complaints_set(complaints, &complaint);
	complaints_watch(complaints, on_change, told);
	assert_string_equal(told->str, "+a x one;");
	complaint.since_ms = 0;
	complaints_set(complaints, &complaint);
	complaint.subject = "y";
	complaints_set(complaints, &complaint);
	out = list(complaints);
	assert_int_equal(out->len, 2);
	assert_int_equal(((struct complaint *)out->pdata[0])->since_ms, 5);
	assert_true(((struct complaint *)out->pdata[1])->since_ms > 5);
	assert_string_equal(((struct complaint *)out->pdata[0])->advice, "do");
	complaints_free(complaints);
	complaints_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
