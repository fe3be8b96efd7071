/* SPDX-License-Identifier: MIT */
#include "smtp/users_file.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder of its own for each change. */
struct place {
	char *folder, *path;
};

static struct place
place_new(void)
{
	struct place place;

	place.folder = g_dir_make_tmp("users-XXXXXX", NULL);
	place.path = g_build_filename(place.folder, "users", NULL);
	return place;
}

/* Nothing but the file is left behind. */
static void
place_free(struct place *place)
{
	g_unlink(place->path);
	assert_int_equal(g_rmdir(place->folder), 0);
	g_free(place->path);
	g_free(place->folder);
}

static const struct {
	const char *name;
	const char *before;         /* NULL: there is no file */
	const char *user, *senders; /* senders NULL: not said */
	bool remove;
	enum users_file_change change;
	const char *after;
} rows[] = {
	{ "the first", NULL, "joe", NULL, false, USERS_FILE_ADDED,
	    "joe:HASH:\n" },
	{ "into an empty file", "", "joe", "a@b", false, USERS_FILE_ADDED,
	    "joe:HASH:a@b\n" },
	{ "another", "# users\n\nann:x:a@b\n", "joe", NULL, false,
	    USERS_FILE_ADDED, "# users\n\nann:x:a@b\njoe:HASH:\n" },
	{ "behind a line without an end", "ann:x:a@b", "joe", NULL, false,
	    USERS_FILE_ADDED, "ann:x:a@b\njoe:HASH:\n" },
	{ "another password", "# a\njoe:x:a@b\r\nann:x:\n", "joe", NULL, false,
	    USERS_FILE_REPLACED, "# a\njoe:HASH:a@b\nann:x:\n" },
	{ "other senders", "joe:x:a@b\n", "joe", "c@d,@e", false,
	    USERS_FILE_REPLACED, "joe:HASH:c@d,@e\n" },
	{ "any sender", "joe:x:a@b\n", "joe", "", false, USERS_FILE_REPLACED,
	    "joe:HASH:\n" },
	{ "one that was broken", "joe\njoe:\n", "joe", NULL, false,
	    USERS_FILE_REPLACED, "joe\njoe:HASH:\n" },
	{ "one that was there twice", "joe:x:\n#\njoe:y:\n", "joe", NULL, false,
	    USERS_FILE_REPLACED, "joe:HASH:\n#\n" },
	{ "one that begins alike", "joey:x:\n", "joe", NULL, false,
	    USERS_FILE_ADDED, "joey:x:\njoe:HASH:\n" },
	{ "removed", "# a\njoe:x:\nann:y:\n", "joe", NULL, true,
	    USERS_FILE_REMOVED, "# a\nann:y:\n" },
	{ "the last one removed", "joe:x:\n", "joe", NULL, true,
	    USERS_FILE_REMOVED, "" },
	{ "nobody removed", "ann:y", "joe", NULL, true, USERS_FILE_UNKNOWN,
	    "ann:y" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct place place = place_new();
		char name[] = "joe", hash[] = "HASH";
		g_auto(GStrv) senders =
		    rows[i].senders != NULL
			? g_strsplit(rows[i].senders, ",", -1)
			: NULL;
		struct user user = {
			.name = name, .hash = hash, .senders = senders
		};
		g_autofree char *after = NULL;

		if (rows[i].before != NULL)
			g_file_set_contents(
			    place.path, rows[i].before, -1, NULL);
		enum users_file_change change =
		    rows[i].remove
			? users_file_remove(place.path, rows[i].user, NULL)
			: users_file_put(place.path, &user, NULL);
		g_file_get_contents(place.path, &after, NULL, NULL);
		if (change != rows[i].change ||
		    g_strcmp0(after, rows[i].after) != 0)
			fail_msg("%s: %s", rows[i].name, after);
		place_free(&place);
	}
}

static const struct {
	mode_t before, after; /* before 0: there is no file */
} modes[] = {
	{ 0, 0640 },
	{ 0600, 0600 },
	{ 0660, 0660 },
	{ 0644, 0640 },
	{ 0444, 0440 },
};

static void
test_modes(void **state)
{
	char name[] = "joe", hash[] = "HASH";
	struct user user = { .name = name, .hash = hash };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
		struct place place = place_new();
		struct stat before = { 0 }, after;

		if (modes[i].before != 0) {
			g_file_set_contents(place.path, "", 0, NULL);
			chmod(place.path, modes[i].before);
			stat(place.path, &before);
		}
		assert_int_not_equal(
		    users_file_put(place.path, &user, NULL), USERS_FILE_FAILED);
		assert_int_equal(stat(place.path, &after), 0);
		assert_int_equal(after.st_mode & 07777, modes[i].after);
		/* another file: who reads meanwhile reads the whole old one */
		assert_true(before.st_ino != after.st_ino);
		place_free(&place);
	}
}

/* The owner and group stay; only root can give them. */
static void
test_owner(void **state)
{
	char name[] = "joe", hash[] = "HASH";
	struct user user = { .name = name, .hash = hash };
	struct place place;
	struct stat after;

	(void)state;
	if (geteuid() != 0)
		skip();
	place = place_new();
	g_file_set_contents(place.path, "", 0, NULL);
	assert_int_equal(chown(place.path, 1, 2), 0);
	assert_int_equal(chmod(place.path, 0640), 0);
	users_file_put(place.path, &user, NULL);
	assert_int_equal(stat(place.path, &after), 0);
	assert_int_equal(after.st_uid, 1);
	assert_int_equal(after.st_gid, 2);
	assert_int_equal(after.st_mode & 07777, 0640);
	place_free(&place);
}

/* A link stays one, what a change that died left goes, and a folder that is not
 * there is told of. */
static void
test_odd_places(void **state)
{
	char name[] = "joe", hash[] = "HASH";
	struct user user = { .name = name, .hash = hash };
	struct place place = place_new();
	g_autofree char *link = g_build_filename(place.folder, "link", NULL);
	g_autofree char *left = g_strconcat(place.path, ".new", NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	struct stat about;

	(void)state;
	g_file_set_contents(place.path, "ann:x:\n", -1, NULL);
	g_file_set_contents(left, "half", -1, NULL);
	assert_int_equal(symlink("users", link), 0);
	assert_int_equal(users_file_put(link, &user, NULL), USERS_FILE_ADDED);
	assert_int_equal(lstat(link, &about), 0);
	assert_true(S_ISLNK(about.st_mode));
	g_file_get_contents(place.path, &text, NULL, NULL);
	assert_string_equal(text, "ann:x:\njoe:HASH:\n");
	g_unlink(link);
	place_free(&place);
	assert_int_equal(users_file_put("/nonexistent/users", &user, &error),
	    USERS_FILE_FAILED);
	assert_non_null(strstr(error->message, "cannot open /nonexistent"));
}

/* A file that the listener would not read any more is not written. */
static void
test_too_large(void **state)
{
	struct place place = place_new();
	g_autofree char *full = g_strnfill(USERS_FILE_MAX, '#');
	g_autofree char *after = NULL;
	g_autoptr(GError) error = NULL;
	struct user user = { .name = (char *)"joe", .hash = (char *)"HASH" };
	size_t length;

	(void)state;
	assert_true(
	    g_file_set_contents(place.path, full, USERS_FILE_MAX, NULL));
	assert_int_equal(
	    users_file_put(place.path, &user, &error), USERS_FILE_FAILED);
	assert_non_null(strstr(error->message, "2097152 at most"));
	assert_true(g_file_get_contents(place.path, &after, &length, NULL));
	assert_int_equal(length, USERS_FILE_MAX);
	place_free(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_odd_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
