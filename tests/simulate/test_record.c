/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct record *
make_record(const char *value, size_t repeat)
{
	struct record *record = record_new("mailgun", "fields");
	struct piece *part = piece_new_text("text", "");
	struct fate *fate = record_add(record, "a@b.c", "queued");

	for (size_t i = 0; i < repeat; i++)
		blob_append(part->body, value, strlen(value));
	record_set_fate(fate, "attachments", "id-1");
	g_ptr_array_add(record->parts, part);
	g_ptr_array_add(record->notes, g_strdup("a \xff note"));
	record->path = g_strdup("/path");
	return record;
}

static const char *
print(struct json_object *object)
{
	return json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
}

/* The member of a member: "fields", 0, "value". */
static const char *
dig(struct json_object *object, const char *list, size_t index, const char *key)
{
	struct json_object *items, *value;

	assert_true(json_object_object_get_ex(object, list, &items));
	struct json_object *item = json_object_array_get_idx(items, index);
	if (!json_object_object_get_ex(item, key, &value))
		return NULL;
	return json_object_get_string(value);
}

static void
test_json(void **state)
{
	struct records *records = records_new(NULL, NULL);

	(void)state;
	assert_true(records_keep(records, make_record("hi", 1), NULL));
	struct json_object *object = record_json(records_find(records, 1));
	assert_string_equal(dig(object, "fields", 0, "name"), "text");
	assert_string_equal(dig(object, "fields", 0, "value"), "hi");
	assert_string_equal(dig(object, "recipients", 0, "address"), "a@b.c");
	assert_string_equal(
	    dig(object, "recipients", 0, "reason"), "attachments");
	assert_non_null(strstr(print(object), "\"violations\":[\"a "));
	assert_non_null(strstr(print(object), "\"number\":1,"));
	assert_null(strstr(print(object), "\"sender\""));
	json_object_put(object);
	struct json_object *list = records_list(records, 0, 10);
	assert_null(strstr(print(list), "\"fields\":"));
	json_object_put(list);
	records_free(records);
}

static size_t
count_list(const struct records *records, uint64_t after, unsigned limit)
{
	struct json_object *list = records_list(records, after, limit);
	size_t count = json_object_array_length(list);

	json_object_put(list);
	return count;
}

static void
test_numbers(void **state)
{
	struct records *records = records_new(NULL, NULL);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_true(records_keep(records, make_record("x", 1), NULL));
	assert_int_equal(records_count(records), 5);
	assert_int_equal(count_list(records, 0, 10), 5);
	assert_int_equal(count_list(records, 3, 10), 2);
	assert_int_equal(count_list(records, 0, 2), 2);
	assert_int_equal(count_list(records, 9, 2), 0);
	records_clear(records);
	assert_int_equal(count_list(records, 0, 10), 0);
	assert_null(records_find(records, 5));
	assert_true(records_keep(records, make_record("x", 1), NULL));
	assert_int_equal(records_find(records, 6)->number, 6);
	records_free(records);
}

/* 300 mails of 1 MiB: the first keep their hash, the last their text. */
static void
test_bounded(void **state)
{
	g_autofree char *block = g_strnfill(1024, 'x');
	struct records *records = records_new(NULL, NULL);
	unsigned whole = 0;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		assert_true(
		    records_keep(records, make_record(block, 1000), NULL));
	for (uint64_t i = 1; i <= 300; i++) {
		struct record *record = records_find(records, i);
		struct piece *part = record->parts->pdata[0];

		whole += blob_text(part->body) != NULL;
		assert_int_equal(blob_size(part->body), 1024000);
	}
	assert_in_range(whole, 50, 140);
	struct json_object *object = record_json(records_find(records, 1));
	assert_null(dig(object, "fields", 0, "value"));
	assert_int_equal(strlen(dig(object, "fields", 0, "sha256")), 64);
	json_object_put(object);
	object = record_json(records_find(records, 300));
	assert_int_equal(strlen(dig(object, "fields", 0, "value")), 1024000);
	json_object_put(object);
	records_free(records);
}

static void
test_files(void **state)
{
	g_autofree char *top = g_dir_make_tmp("record-XXXXXX", NULL);
	g_autofree char *directory = g_build_filename(top, "new", NULL);
	g_autofree char *json =
	    g_build_filename(directory, "000001.json", NULL);
	g_autofree char *mime =
	    g_build_filename(directory, "000001.mime", NULL);
	struct records *records = records_new(directory, NULL);
	struct record *record = make_record("hi", 1);
	g_autofree char *text = NULL;
	gsize length;

	(void)state;
	record->raw = blob_new(directory);
	blob_append(record->raw, "a\0b", 3);
	assert_true(records_keep(records, record, NULL));
	assert_true(g_file_get_contents(mime, &text, &length, NULL));
	assert_int_equal(length, 3);
	assert_true(g_file_test(json, G_FILE_TEST_IS_REGULAR));
	records_free(records);
	g_unlink(json);
	g_unlink(mime);
	assert_int_equal(g_rmdir(directory), 0);
	g_rmdir(top);
}

static void
test_failure(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("record-XXXXXX", NULL);
	struct records *records = records_new(directory, NULL);
	g_autoptr(GError) error = NULL, other = NULL;

	(void)state;
	g_rmdir(directory);
	assert_false(records_keep(records, make_record("x", 1), &error));
	assert_non_null(strstr(error->message, directory));
	assert_int_equal(records_count(records), 0);
	records_free(records);
	assert_null(records_new("/dev/null/x", &other));
	assert_non_null(strstr(other->message, "/dev/null/x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
