/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	double value;
	const char *text;
} values[] = {
	{ 0, "x 0\n" },
	{ 1, "x 1\n" },
	{ -1, "x -1\n" },
	{ 72603500544, "x 72603500544\n" },
	{ 1795350970.123, "x 1795350970.123\n" },
	{ 0.000354, "x 0.000354\n" },
	{ 1e300, "x 1e+300\n" },
};

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		sample_add(out, "x", NULL, values[i].value);
		assert_string_equal(out->str, values[i].text);
	}
}

static void
test_labels(void **state)
{
	const struct sample_label labels[] = { { "a", "back\\slash" },
		{ "b", "quo\"te" }, { "c", "new\nline" }, { NULL, NULL } };
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	sample_add(out, "x", labels, 1);
	assert_string_equal(out->str,
	    "x{a=\"back\\\\slash\",b=\"quo\\\"te\",c=\"new\\nline\"} 1\n");
}

static void
test_metrics(void **state)
{
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	sample_one(out, "x", "What it is.", 2.5);
	sample_count(out, "y_total", "How many.", 3);
	assert_string_equal(out->str,
	    "# HELP x What it is.\n# TYPE x gauge\nx 2.5\n"
	    "# HELP y_total How many.\n# TYPE y_total counter\ny_total 3\n");
}

/* Each bucket holds those before it. */
static void
test_spread(void **state)
{
	const struct sample_label labels[] = { { "a", "b" }, { NULL, NULL } };
	g_autoptr(GString) out = g_string_new(NULL);
	struct metrics_spread spread = { 0 };

	(void)state;
	metrics_spread_add(&spread, 500);
	metrics_spread_add(&spread, 2000);
	metrics_spread_add(&spread, 60000000);
	sample_add_spread(out, "x", labels, &spread);
	assert_true(
	    g_str_has_prefix(out->str, "x_bucket{a=\"b\",le=\"0.001\"} 1\n"
				       "x_bucket{a=\"b\",le=\"0.0025\"} 2\n"
				       "x_bucket{a=\"b\",le=\"0.005\"} 2\n"));
	assert_true(
	    g_str_has_suffix(out->str, "x_bucket{a=\"b\",le=\"30\"} 2\n"
				       "x_bucket{a=\"b\",le=\"+Inf\"} 3\n"
				       "x_sum{a=\"b\"} 60.0025\n"
				       "x_count{a=\"b\"} 3\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
