/* SPDX-License-Identifier: MIT */
#include "core/setting.h"

#include "rows.h"
#include "value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	enum setting_type type;
	int64_t number;
	const char *text;
} numbers[] = {
	{ SETTING_NUMBER, 0, "0" },
	{ SETTING_NUMBER, -60000, "-60000" },
	{ SETTING_SIZE, 0, "0" },
	{ SETTING_SIZE, 1000, "1000" },
	{ SETTING_SIZE, 65536, "64k" },
	{ SETTING_SIZE, 25 << 20, "25m" },
	{ SETTING_SIZE, 1LL << 40, "1024g" },
	{ SETTING_DURATION, 0, "0ms" },
	{ SETTING_DURATION, 1500, "1500ms" },
	{ SETTING_DURATION, 90000, "90s" },
	{ SETTING_DURATION, 300000, "5m" },
	{ SETTING_DURATION, 7200000, "2h" },
	{ SETTING_DURATION, 604800000, "7d" },
	{ SETTING_DURATIONS, 90000, "90s" },
	{ SETTING_DURATIONS, 0, "0ms" },
};

static void
test_print_number(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		struct setting setting = { .type = numbers[i].type };
		g_autofree char *text =
		    setting_print_number(&setting, numbers[i].number);

		assert_string_equal(text, numbers[i].text);
	}
}

static void
test_type_texts(void **state)
{
	(void)state;
	for (int type = SETTING_STRING; type <= SETTING_SECRET; type++)
		assert_non_null(setting_type_text((enum setting_type)type));
	assert_string_equal(setting_type_text(SETTING_DURATION), "duration");
}

static const struct {
	const char *word, *nearest;
} words[] = {
	{ "hostnam", "hostname" },
	{ "hotsname", "hostname" },
	{ "HOST_NAME", "hostname" },
	{ "api-key", "api_key" },
	{ "apikey", "api_key" },
	{ "pai_key", "api_key" },
	{ "api_key_fil", "api_key_file" },
	{ "prot", "port" },
	{ "port", "port" },
	{ "part", "port" },
	{ "xy", NULL },
	{ "completely", NULL },
	{ "", NULL },
};

static void
test_nearest(void **state)
{
	static const char *const known[] = { "hostname", "api_key",
		"api_key_file", "port" };
	g_autoptr(GPtrArray) texts = g_ptr_array_new();

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(known); i++)
		g_ptr_array_add(texts, (void *)known[i]);
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
		const char *nearest = rows_nearest(words[i].word, texts);

		if (g_strcmp0(nearest, words[i].nearest) != 0)
			fail_msg("%s: %s", words[i].word, nearest);
	}
}

static const struct setting one[] = {
	{ "server", "a", .type = SETTING_STRING },
	{ "provider", "type", .type = SETTING_STRING },
	{ "provider", "key", SETTING_SECRET, .only = "x" },
	{ .section = NULL },
};
static const struct setting two[] = {
	{ "provider", "key", SETTING_SECRET, .only = "y" },
	{ "route", "b", .type = SETTING_STRING },
	{ .section = NULL },
};
static const struct setting *const tables[] = { one, two, NULL };

/* A form without a range of its own takes its own example. */
static void
test_examples(void **state)
{
	struct setting setting = { "s", "k", .choices = "us|eu", .min = 1,
		.max = 2 };

	(void)state;
	for (unsigned type = 0; type <= SETTING_SECRET; type++) {
		setting.type = (enum setting_type)type;
		g_autofree char *text = setting_example(&setting);
		g_autoptr(GError) error = NULL;
		struct value *value = value_new(&setting, text, &error);

		if (value == NULL)
			fail_msg("%s: %s", text, error->message);
		value_free(value);
	}
	setting.type = SETTING_CHOICE;
	g_autofree char *choice = setting_example(&setting);
	assert_string_equal(choice, "us");
}

static void
test_rows(void **state)
{
	struct rows *rows = rows_new(tables);
	g_autofree char *kinds = g_strjoinv(",", (char **)rows_kinds(rows));
	g_autoptr(GPtrArray) keys = rows_keys(rows, "provider");

	(void)state;
	assert_string_equal(kinds, "server,provider,route");
	assert_ptr_equal(rows_find(rows, "provider", "key", NULL), &one[2]);
	assert_ptr_equal(rows_find(rows, "provider", "key", "x"), &one[2]);
	assert_ptr_equal(rows_find(rows, "provider", "key", "y"), &two[0]);
	assert_null(rows_find(rows, "provider", "key", "z"));
	assert_ptr_equal(rows_find(rows, "provider", "type", "z"), &one[1]);
	assert_null(rows_find(rows, "server", "key", NULL));
	/* each once, and the file forms of secrets */
	assert_int_equal(keys->len, 3);
	assert_string_equal(keys->pdata[0], "type");
	assert_string_equal(keys->pdata[1], "key");
	assert_string_equal(keys->pdata[2], "key_file");
	rows_free(rows);
	rows_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_number),
		cmocka_unit_test(test_type_texts),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
