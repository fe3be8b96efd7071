/* SPDX-License-Identifier: MIT */
#include "response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#define DEEP "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["

struct row {
	const char *body;
	size_t length; /* 0: of the text */
	bool valid;
};

static const struct row rows[] = {
	{ "{}", 0, true },
	{ "[1]\r\n", 0, true },
	{ " {\"a\":\"b\"} ", 0, true },
	{ "\"text\"", 0, true },
	{ "", 0, false },
	{ "{", 0, false },
	{ "{\"a\":", 0, false },
	{ "{} {}", 0, false },
	{ "{}x", 0, false },
	{ "{\"a\":1,}", 0, false },
	{ "['a']", 0, false },
	{ "/* */ {}", 0, false },
	{ "\xef\xbb\xbf{}", 0, false },
	{ "[\"\xff\"]", 0, true },
	{ "[\"\xc3\"]", 0, true },
	{ "\xff[]", 0, false },
	{ "{}\0", 3, false },
	{ DEEP, 0, false },
	{ "<html>", 0, false },
	{ "Forbidden", 0, false },
};

static void
set_body(struct http_response *response, const char *body, size_t length)
{
	response->body =
	    g_string_new_len(body, (gssize)(length ? length : strlen(body)));
}

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct http_response response = { .status = 200 };
		struct json_object *json;

		set_body(&response, rows[i].body, rows[i].length);
		json = response_parse(&response);
		if ((json != NULL) != rows[i].valid)
			fail_msg("%s is %s", rows[i].body,
			    rows[i].valid ? "JSON" : "no JSON");
		json_object_put(json);
		response.cut = true;
		assert_null(response_parse(&response));
		g_string_free(response.body, TRUE);
	}
}

static void
test_member(void **state)
{
	static const struct {
		const char *json, *value;
	} members[] = {
		{ "{\"id\":\"x\"}", "x" },
		{ "{\"id\":\"x\",\"id\":\"y\"}", "y" },
		{ "{\"id\":\"\"}", "" },
		{ "{\"id\":7}", NULL },
		{ "{\"id\":null}", NULL },
		{ "{\"id\":[\"x\"]}", NULL },
		{ "{\"id\":\"a\\u0000b\"}", NULL },
		{ "{\"ID\":\"x\"}", NULL },
		{ "{\"id\":\"<caf\xe9.1@a>\"}", "<caf\xef\xbf\xbd.1@a>" },
		{ "{\"id\":\"\xc3\xa9\xc3\"}", "\xc3\xa9\xef\xbf\xbd" },
		{ "[\"id\"]", NULL },
		{ "\"id\"", NULL },
		{ "null", NULL },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
		struct http_response response = { .status = 200 };
		struct json_object *json;
		const char *value;

		set_body(&response, members[i].json, 0);
		json = response_parse(&response);
		value = response_member(json, "id");
		if (g_strcmp0(value, members[i].value) != 0)
			fail_msg("%s has %s", members[i].json,
			    value != NULL ? value : "nothing");
		json_object_put(json);
		g_string_free(response.body, TRUE);
	}
	assert_null(response_member(NULL, "id"));
}

static void
test_text(void **state)
{
	static const struct {
		const char *body, *text;
	} texts[] = {
		{ "", "" },
		{ "plain\nwords\n", "plain words" },
		{ "<html><head><TITLE>502 Bad Gateway</TITLE>",
		    "502 Bad Gateway" },
		{ "\r\n<!DOCTYPE html>\r\n<title>a\r\nb</title>", "a b" },
		{ "<html><title>cut", "" },
		{ "<html>no title</html>", "" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct http_response response = { .status = 502 };
		g_autofree char *text = NULL;

		set_body(&response, texts[i].body, 0);
		text = response_text(&response);
		assert_string_equal(text, texts[i].text);
		g_string_free(response.body, TRUE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_member),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
