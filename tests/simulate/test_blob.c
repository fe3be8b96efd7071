/* SPDX-License-Identifier: MIT */
#include "blob.h"
#include "lines.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct row {
	const char *name;
	size_t length;
	bool file;  /* with a directory */
	bool whole; /* still in memory as a whole */
	bool read;  /* can be read */
};

static const struct row rows[] = {
	{ "empty", 0, false, true, true },
	{ "small", 1000, false, true, true },
	{ "1 MiB", 1024 * 1024, false, true, true },
	{ "over 1 MiB", 1024 * 1024 + 1, false, false, false },
	{ "small, directory", 1000, true, true, true },
	{ "64 KiB, directory", 64 * 1024, true, true, true },
	{ "over 64 KiB, directory", 64 * 1024 + 1, true, false, true },
	{ "3 MB, directory", 3000000, true, false, true },
};

/* Bytes that differ from their neighbours. */
static char *
make_bytes(size_t length)
{
	char *bytes = g_malloc(length + 1);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	return bytes;
}

static void
check(const struct row *row, const char *directory)
{
	struct blob *blob = blob_new(row->file ? directory : NULL);
	g_autofree char *bytes = make_bytes(row->length);
	g_autofree char *sum = g_compute_checksum_for_data(
	    G_CHECKSUM_SHA256, (const guchar *)bytes, row->length);
	g_autoptr(GError) error = NULL;
	size_t head;

	for (size_t at = 0; at < row->length; at += 10007)
		blob_append(blob, bytes + at, MIN(10007, row->length - at));
	assert_int_equal(blob_size(blob), row->length);
	assert_int_equal(blob_text(blob) != NULL, row->whole);
	const char *first = blob_head(blob, &head);
	assert_int_equal(head, MIN(row->length, 65536));
	assert_int_equal(memcmp(first, bytes, head), 0);
	assert_string_equal(blob_sha256(blob), sum);
	g_autoptr(GBytes) all = blob_read(blob, &error);
	assert_int_equal(all != NULL, row->read);
	if (row->read)
		assert_int_equal(g_bytes_get_size(all), row->length);
	if (row->read && row->length > 0)
		assert_memory_equal(
		    g_bytes_get_data(all, NULL), bytes, row->length);
	if (!row->read)
		assert_non_null(strstr(error->message, "not kept"));
	assert_true(blob_memory(blob) <= 2 * 1024 * 1024);
	blob_free(blob);
}

static void
assert_empty(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);

	assert_null(g_dir_read_name(dir));
}

static void
test_rows(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("blob-XXXXXX", NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		print_message("%s\n", rows[i].name);
		check(&rows[i], directory);
	}
	/* what was not stored has gone */
	assert_empty(directory);
	g_rmdir(directory);
}

static void
test_store(void **state)
{
	static const size_t lengths[] = { 0, 10, 100000 };
	g_autofree char *directory = g_dir_make_tmp("blob-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "x", NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autofree char *bytes = make_bytes(lengths[i]);
		g_autofree char *read = NULL;
		struct blob *blob = blob_new(directory);
		gsize length;

		blob_append(blob, bytes, lengths[i]);
		assert_null(blob_path(blob));
		assert_true(blob_store(blob, path, NULL));
		assert_string_equal(blob_path(blob), path);
		blob_free(blob);
		assert_true(g_file_get_contents(path, &read, &length, NULL));
		assert_int_equal(length, lengths[i]);
		assert_memory_equal(read, bytes, length);
	}
	g_unlink(path);
	g_rmdir(directory);
}

static void
test_failure(void **state)
{
	g_autofree char *bytes = make_bytes(100000);
	struct blob *blob = blob_new("/nowhere");
	g_autoptr(GError) error = NULL;

	(void)state;
	blob_append(blob, bytes, 100000);
	assert_false(blob_store(blob, "/nowhere/x", &error));
	assert_non_null(strstr(error->message, "/nowhere/x"));
	blob_free(blob);
}

static void
test_forget(void **state)
{
	struct blob *blob = blob_new(NULL);

	(void)state;
	assert_string_equal(blob_sha256(blob), EMPTY);
	blob_forget(blob);
	assert_null(blob_text(blob));
	assert_string_equal(blob_sha256(blob), EMPTY);
	blob_free(blob);
}

static void
test_lines(void **state)
{
	static const struct {
		const char *text, *notes;
	} cases[] = {
		{ "", "" },
		{ "a\r\nb\r\n", "" },
		{ "\r\n\r\n", "" },
		{ "a\nb\r\n", "bare LF in the message: 1;" },
		{ "a\rb\r\r\n", "bare CR in the message: 2;" },
		{ "a\r", "bare CR in the message: 1;"
			 "the message does not end with CRLF;" },
		{ "a", "the message does not end with CRLF;" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) notes =
		    g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GString) all = g_string_new(NULL);
		struct blob *blob = blob_new(NULL);

		blob_watch(blob);
		for (const char *at = cases[i].text; *at != '\0'; at++)
			blob_append(blob, at, 1);
		lines_note(blob_lines(blob), notes);
		for (guint n = 0; n < notes->len; n++)
			g_string_append_printf(
			    all, "%s;", (const char *)notes->pdata[n]);
		assert_string_equal(all->str, cases[i].notes);
		blob_free(blob);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
