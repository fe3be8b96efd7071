/* SPDX-License-Identifier: MIT */
#include "value.h"

#include "core/network.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LABEL63 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct setting forms[] = {
	[SETTING_STRING] = { "s", "k", .type = SETTING_STRING },
	[SETTING_NUMBER] = { "s", "k", .type = SETTING_NUMBER },
	[SETTING_SIZE] = { "s", "k", .type = SETTING_SIZE },
	[SETTING_DURATION] = { "s", "k", .type = SETTING_DURATION },
	[SETTING_DURATIONS] = { "s", "k", .type = SETTING_DURATIONS },
	[SETTING_BOOL] = { "s", "k", .type = SETTING_BOOL },
	[SETTING_CHOICE] = { "s", "k", .type = SETTING_CHOICE,
	    .choices = "one|two" },
	[SETTING_LIST] = { "s", "k", .type = SETTING_LIST },
	[SETTING_NETWORKS] = { "s", "k", .type = SETTING_NETWORKS },
	[SETTING_ENDPOINT] = { "s", "k", .type = SETTING_ENDPOINT },
	[SETTING_URL] = { "s", "k", .type = SETTING_URL },
	[SETTING_HOST] = { "s", "k", .type = SETTING_HOST },
	[SETTING_DOMAIN] = { "s", "k", .type = SETTING_DOMAIN },
	[SETTING_PATH] = { "s", "k", .type = SETTING_PATH },
	[SETTING_SECRET] = { "s", "k", .type = SETTING_SECRET },
};

static const struct {
	enum setting_type type;
	const char *text;
	int64_t number;
} numbers[] = {
	{ SETTING_NUMBER, "0", 0 },
	{ SETTING_NUMBER, " 42 ", 42 },
	{ SETTING_NUMBER, "-7", -7 },
	{ SETTING_NUMBER, "007", 7 },
	{ SETTING_NUMBER, "9223372036854775807", INT64_MAX },
	{ SETTING_SIZE, "25000000", 25000000 },
	{ SETTING_SIZE, "64k", 65536 },
	{ SETTING_SIZE, "64K", 65536 },
	{ SETTING_SIZE, "25m", 26214400 },
	{ SETTING_SIZE, "2g", 2147483648 },
	{ SETTING_SIZE, "0", 0 },
	{ SETTING_DURATION, "500ms", 500 },
	{ SETTING_DURATION, "30s", 30000 },
	{ SETTING_DURATION, "5m", 300000 },
	{ SETTING_DURATION, "1h", 3600000 },
	{ SETTING_DURATION, "2d", 172800000 },
	{ SETTING_DURATION, "0", 0 },
	{ SETTING_BOOL, "yes", 1 },
	{ SETTING_BOOL, "TRUE", 1 },
	{ SETTING_BOOL, "on", 1 },
	{ SETTING_BOOL, "1", 1 },
	{ SETTING_BOOL, "no", 0 },
	{ SETTING_BOOL, "False", 0 },
	{ SETTING_BOOL, "off", 0 },
	{ SETTING_BOOL, "0", 0 },
};

static void
test_numbers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		struct value *value =
		    value_new(&forms[numbers[i].type], numbers[i].text, NULL);

		if (value == NULL || value->number != numbers[i].number)
			fail_msg("%s", numbers[i].text);
		value_free(value);
	}
	value_free(NULL);
}

static const struct {
	enum setting_type type;
	const char *text, *kept; /* kept NULL: refused */
} texts[] = {
	{ SETTING_NUMBER, "", NULL },
	{ SETTING_NUMBER, "-", NULL },
	{ SETTING_NUMBER, "+1", NULL },
	{ SETTING_NUMBER, "1.5", NULL },
	{ SETTING_NUMBER, "1k", NULL },
	{ SETTING_NUMBER, "0x10", NULL },
	{ SETTING_NUMBER, "9223372036854775808", NULL },
	{ SETTING_NUMBER, "99999999999999999999999999", NULL },
	{ SETTING_SIZE, "k", NULL },
	{ SETTING_SIZE, "-1", NULL },
	{ SETTING_SIZE, "25 m", NULL },
	{ SETTING_SIZE, "25MB", NULL },
	{ SETTING_SIZE, "9007199254740993g", NULL },
	{ SETTING_DURATION, "30", NULL },
	{ SETTING_DURATION, "1h30m", NULL },
	{ SETTING_DURATION, "-1s", NULL },
	{ SETTING_DURATION, "1w", NULL },
	{ SETTING_DURATION, "106751991168d", NULL },
	{ SETTING_DURATIONS, "30s , 1m,2h", "30s , 1m,2h" },
	{ SETTING_DURATIONS, "30s", "30s" },
	{ SETTING_DURATIONS, "", NULL },
	{ SETTING_DURATIONS, "30s,", NULL },
	{ SETTING_DURATIONS, "30s,,1m", NULL },
	{ SETTING_DURATIONS, "30s 1m", NULL },
	{ SETTING_DURATIONS, "30s; 1m", NULL },
	{ SETTING_DURATIONS, "30s, 1m # c", NULL },
	{ SETTING_DURATIONS, "1m, 106751991168d", NULL },
	{ SETTING_BOOL, "", NULL },
	{ SETTING_BOOL, "y", NULL },
	{ SETTING_BOOL, "2", NULL },
	{ SETTING_CHOICE, "one", "one" },
	{ SETTING_CHOICE, " two", "two" },
	{ SETTING_CHOICE, "One", NULL },
	{ SETTING_CHOICE, "one|two", NULL },
	{ SETTING_CHOICE, "", NULL },
	{ SETTING_LIST, "a , b", "a , b" },
	{ SETTING_LIST, "", NULL },
	{ SETTING_LIST, "a,", NULL },
	{ SETTING_LIST, "a,,b", NULL },
	{ SETTING_LIST, "a,b,a", NULL },
	{ SETTING_LIST, "a b", NULL },
	{ SETTING_LIST, "a;b", NULL },
	{ SETTING_LIST, "a, b # c", NULL },
	{ SETTING_NETWORKS, "private, 192.0.2.1", "private, 192.0.2.1" },
	{ SETTING_NETWORKS, "192.0.2.1/24", NULL },
	{ SETTING_ENDPOINT, "127.0.0.1:25", "127.0.0.1:25" },
	{ SETTING_ENDPOINT, "25", NULL },
	{ SETTING_URL, "https://api.example.com", "https://api.example.com" },
	{ SETTING_URL, "https://api.example.com/", "https://api.example.com/" },
	{ SETTING_URL, "https://api.example.com:8443",
	    "https://api.example.com:8443" },
	{ SETTING_URL, "HTTPS://192.0.2.1", "HTTPS://192.0.2.1" },
	{ SETTING_URL, "https://[2001:db8::1]:1", "https://[2001:db8::1]:1" },
	{ SETTING_URL, "http://localhost:8080", "http://localhost:8080" },
	{ SETTING_URL, "http://127.1.2.3", "http://127.1.2.3" },
	{ SETTING_URL, "http://[::1]:80/", "http://[::1]:80/" },
	{ SETTING_URL, "http://api.example.com", NULL },
	{ SETTING_URL, "http://127.0.0.1.example.com", NULL },
	{ SETTING_URL, "http://localhost.example.com", NULL },
	{ SETTING_URL, "ftp://localhost", NULL },
	{ SETTING_URL, "api.example.com", NULL },
	{ SETTING_URL, "https:api.example.com", NULL },
	{ SETTING_URL, "https://", NULL },
	{ SETTING_URL, "https:///v3", NULL },
	{ SETTING_URL, "https://api.example.com/v3", NULL },
	{ SETTING_URL, "https://api.example.com?x=1", NULL },
	{ SETTING_URL, "https://api.example.com#x", NULL },
	{ SETTING_URL, "https://user:word@api.example.com", NULL },
	{ SETTING_URL, "https://api.example.com:0", NULL },
	{ SETTING_URL, "https://api.example.com:99999", NULL },
	{ SETTING_URL, "https://a b", NULL },
	{ SETTING_HOST, "mail.example.com", "mail.example.com" },
	{ SETTING_HOST, "localhost", "localhost" },
	{ SETTING_HOST, "my_container", "my_container" },
	{ SETTING_HOST, "3com.com", "3com.com" },
	{ SETTING_HOST, "192.0.2.1", "192.0.2.1" },
	{ SETTING_HOST, "2001:db8::1", "2001:db8::1" },
	{ SETTING_HOST, "xn--mnchen-3ya.de", "xn--mnchen-3ya.de" },
	{ SETTING_HOST, LABEL63 ".de", LABEL63 ".de" },
	{ SETTING_HOST, LABEL63 "a.de", NULL },
	{ SETTING_HOST, LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, NULL },
	{ SETTING_HOST, "192.0.2.300", NULL },
	{ SETTING_HOST, "1234", NULL },
	{ SETTING_HOST, "m\xc3\xbcnchen.de", NULL },
	{ SETTING_HOST, "mail.example.com.", NULL },
	{ SETTING_HOST, "mail..example.com", NULL },
	{ SETTING_HOST, ".example.com", NULL },
	{ SETTING_HOST, "-a.example.com", NULL },
	{ SETTING_HOST, "a-.example.com", NULL },
	{ SETTING_HOST, "mail.example.com:587", NULL },
	{ SETTING_HOST, "[mail.example.com]", NULL },
	{ SETTING_HOST, "[192.0.2.1]", NULL },
	{ SETTING_HOST, "smtp://mail.example.com", NULL },
	{ SETTING_HOST, "a b", NULL },
	{ SETTING_HOST, "", NULL },
	{ SETTING_DOMAIN, "example.com", "example.com" },
	{ SETTING_DOMAIN, "m\xc3\xbcnchen.de", "m\xc3\xbcnchen.de" },
	{ SETTING_DOMAIN, "localhost", "localhost" },
	{ SETTING_DOMAIN, "me@example.com", NULL },
	{ SETTING_DOMAIN, "192.0.2.1", NULL },
	{ SETTING_DOMAIN, "example.com.", NULL },
	{ SETTING_DOMAIN, "", NULL },
	{ SETTING_PATH, "/", "/" },
	{ SETTING_PATH, "/var/lib/a b", "/var/lib/a b" },
	{ SETTING_PATH, "/var/lib/a#b;c", "/var/lib/a#b;c" },
	{ SETTING_PATH, "/var/lib/a # b", NULL },
	{ SETTING_PATH, "/var/lib/a\t;", NULL },
	{ SETTING_PATH, "/var/lib/a ;b", NULL },
	{ SETTING_PATH, "var/lib", NULL },
	{ SETTING_PATH, "~/x", NULL },
	{ SETTING_PATH, "", NULL },
	{ SETTING_STRING, "", "" },
	{ SETTING_STRING, "  two  words ", "two  words" },
	{ SETTING_STRING, "a\nb", NULL },
	{ SETTING_STRING, "a\x7f", NULL },
	{ SETTING_STRING, "a\tb", NULL },
	{ SETTING_STRING, "\xff", NULL },
	{ SETTING_SECRET, " kept as it is ", " kept as it is " },
	{ SETTING_SECRET, "", NULL },
	{ SETTING_SECRET, "canary\r\nX: y", NULL },
	{ SETTING_SECRET, "canary\xff", NULL },
};

static void
test_texts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;
		struct value *value =
		    value_new(&forms[texts[i].type], texts[i].text, &error);
		const char *kept = value ? value->text : NULL;

		if (g_strcmp0(kept, texts[i].kept) != 0)
			fail_msg("%s \"%s\": have %s, want %s",
			    setting_type_text(texts[i].type), texts[i].text,
			    kept, texts[i].kept);
		assert_true((error != NULL) == (value == NULL));
		if (error != NULL)
			assert_null(strstr(error->message, "canary"));
		value_free(value);
	}
}

static const struct {
	enum setting_type type;
	int64_t min, max;
	const char *text;
	const char *error; /* NULL: fine */
} ranges[] = {
	{ SETTING_NUMBER, 0, 0, "-99", NULL },
	{ SETTING_NUMBER, 1, 10, "1", NULL },
	{ SETTING_NUMBER, 1, 10, "10", NULL },
	{ SETTING_NUMBER, 1, 10, "0", "from 1 to 10 is allowed" },
	{ SETTING_NUMBER, 1, 10, "11", "from 1 to 10 is allowed" },
	{ SETTING_NUMBER, 0, 10, "-1", "from 0 to 10 is allowed" },
	{ SETTING_NUMBER, -5, 0, "-6", "from -5 to 0 is allowed" },
	{ SETTING_NUMBER, 3, 0, "2", "at least 3 is expected" },
	{ SETTING_NUMBER, 3, 0, "9223372036854775807", NULL },
	{ SETTING_SIZE, 1024, 1 << 20, "1m", NULL },
	{ SETTING_SIZE, 1024, 1 << 20, "1g", "from 1k to 1m is allowed" },
	{ SETTING_SIZE, 1000, 1 << 30, "1", "from 1000 to 1g is allowed" },
	{ SETTING_DURATION, 1, 90000, "2m", "from 1ms to 90s is allowed" },
	{ SETTING_DURATION, 0, 86400000, "2d", "from 0ms to 1d is allowed" },
	{ SETTING_DURATIONS, 1000, 90000, "1s, 90s", NULL },
	{ SETTING_DURATIONS, 1000, 90000, "5s, 2m",
	    "\"2m\", number 2 of the list: from 1s to 90s is allowed" },
	{ SETTING_DURATIONS, 1000, 90000, "10, 5s",
	    "\"10\", number 1 of the list: a duration with its unit is "
	    "expected, like 500ms, 30s, 5m, 1h or 2d" },
	{ SETTING_DURATIONS, 1000, 90000, "",
	    "durations separated by commas are expected, at least one, like "
	    "30s, 5m, 1h" },
};

static void
test_ranges(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(ranges); i++) {
		struct setting form = forms[ranges[i].type];
		g_autoptr(GError) error = NULL;

		form.min = ranges[i].min;
		form.max = ranges[i].max;
		struct value *value = value_new(&form, ranges[i].text, &error);
		const char *have = error ? error->message : NULL;
		if (g_strcmp0(have, ranges[i].error) != 0)
			fail_msg("%s: %s", ranges[i].text, have);
		value_free(value);
	}
}

static void
test_lists(void **state)
{
	struct value *list = value_new(&forms[SETTING_LIST], " a,b-b ,c", NULL);
	struct value *networks =
	    value_new(&forms[SETTING_NETWORKS], "10.0.0.0/8,::1", NULL);
	struct value *durations =
	    value_new(&forms[SETTING_DURATIONS], "30s,1ms, 30s ", NULL);

	(void)state;
	assert_int_equal(g_strv_length(list->list), 3);
	assert_string_equal(list->list[0], "a");
	assert_string_equal(list->list[1], "b-b");
	assert_string_equal(list->list[2], "c");
	assert_int_equal(durations->durations->len, 3);
	assert_int_equal(
	    g_array_index(durations->durations, int64_t, 0), 30000);
	assert_int_equal(g_array_index(durations->durations, int64_t, 1), 1);
	assert_int_equal(
	    g_array_index(durations->durations, int64_t, 2), 30000);
	assert_int_equal(networks->networks->len, 2);
	assert_int_equal(
	    g_array_index(networks->networks, struct network, 0).prefix, 8);
	value_free(list);
	value_free(networks);
	value_free(durations);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
