/* SPDX-License-Identifier: MIT */
#include "smtp/drop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME  "0123456789ABCDEFGHJKMNPQRS"
#define FIRST "postferry-drop 1\n"

static char *folder;
static int directory;

static int
set_up(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("drop-XXXXXX", NULL);
	directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return directory < 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlinkat(directory, NAME, 0);
	close(directory);
	rmdir(folder);
	g_free(folder);
	return 0;
}

static int
make_text(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void
test_round(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	struct handover mail = {
		.ident = NAME,
		.sender = "",
		.recipients = recipients,
		.notify = "FAILURE,DELAY",
		.envid = "id",
		.fd = make_text("xSubject: s\r\n\r\n\n\n"),
		.offset = 1,
		.length = 16,
	};
	char text[16];
	struct stat status;
	struct drop *drop;

	(void)state;
	g_ptr_array_add(recipients, (char *)"a@example.com");
	g_ptr_array_add(recipients, (char *)"\"b c\"@example.com");
	g_ptr_array_add(recipients, (char *)"root");
	umask(0077);
	assert_true(drop_write(folder, &mail, &error));
	assert_int_equal(fstatat(directory, NAME, &status, 0), 0);
	assert_int_equal(status.st_mode & ALLPERMS, 0640);
	assert_int_not_equal(faccessat(directory, "." NAME, F_OK, 0), 0);

	drop = drop_open(directory, NAME, &error);
	assert_non_null(drop);
	assert_int_equal(drop->owner, getuid());
	assert_string_equal(drop->mail.ident, NAME);
	assert_string_equal(drop->mail.sender, "");
	assert_string_equal(drop->mail.notify, "FAILURE,DELAY");
	assert_string_equal(drop->mail.envid, "id");
	assert_null(drop->mail.ret);
	assert_int_equal(drop->mail.recipients->len, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(
		    drop->mail.recipients->pdata[i], recipients->pdata[i]);
	assert_int_equal(drop->mail.length, mail.length);
	assert_int_equal(
	    pread(drop->mail.fd, text, sizeof text, (off_t)drop->mail.offset),
	    mail.length);
	assert_memory_equal(text, "Subject: s\r\n\r\n\n\n", sizeof text);
	drop_free(drop);
	close(mail.fd);

	assert_false(drop_write("/nonexistent", &mail, &error));
	assert_non_null(strstr(error->message, "/nonexistent"));
}

static void
test_forms(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: it is taken */
	} rows[] = {
		{ FIRST "from a@x\nto b@y\nlength 1\n\nz", NULL },
		{ FIRST "to b@y\nfrom \nret FULL\nlength 0\n\n", NULL },
		{ "", "no end" },
		{ "\n\n", "does not begin" },
		{ "postferry-drop 2\nfrom a@x\nto b@y\nlength 1\n\nz",
		    "does not begin" },
		{ FIRST "from a@x\nto b@y\nlength 1\n", "no end" },
		{ FIRST "from a@x\nto b@y\nlength 1\n\n", "as long" },
		{ FIRST "from a@x\nto b@y\nlength 1\n\nzz", "as long" },
		{ FIRST "from a@x\nto b@y\nlength -1\n\nz", "unknown line" },
		{ FIRST "from a@x\nto b@y\n\nz", "as long" },
		{ FIRST "from a@x\nlength 1\n\nz", "lacks" },
		{ FIRST "to b@y\nlength 1\n\nz", "lacks" },
		{ FIRST "from a@x\nto \nlength 1\n\nz", "not an address" },
		{ FIRST "from a@x\nto b@y> X=<\nlength 1\n\nz",
		    "not an address" },
		{ FIRST "from a@x\nto b@y\r\nlength 1\n\nz", "not an address" },
		{ FIRST "from a@x\nto b@y\nret A B\nlength 1\n\nz",
		    "cannot be said" },
		{ FIRST "from a@x\nto b@y\nrcpt c@y\nlength 1\n\nz",
		    "unknown line" },
		{ FIRST "from a@x\nto\nlength 1\n\nz", "is none" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *path = g_build_filename(folder, NAME, NULL);
		struct drop *drop;

		assert_true(g_file_set_contents(path, rows[i].text, -1, NULL));
		assert_int_equal(chmod(path, 0640), 0);
		drop = drop_open(directory, NAME, &error);
		if (rows[i].why == NULL)
			assert_non_null(drop);
		else
			assert_non_null(strstr(error->message, rows[i].why));
		drop_free(drop);
	}
}

static void
test_names(void **state)
{
	(void)state;
	assert_true(drop_is_name(NAME));
	assert_false(drop_is_name("." NAME));
	assert_false(drop_is_name(NAME "0"));
	assert_false(drop_is_name("refused-" NAME));
	assert_false(drop_is_name(""));
}

static void
test_directory(void **state)
{
	static const struct {
		mode_t mode;
		bool good;
	} rows[] = {
		{ 03733, true },
		{ 0700, true },
		{ 01733, false }, /* whose group would a file have? */
		{ 02733, false },
		{ 03777, false },
		{ 0755, false },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_int_equal(chmod(folder, rows[i].mode), 0);
		assert_int_equal(
		    drop_check(folder, geteuid(), &error), rows[i].good);
		assert_int_equal(error == NULL, rows[i].good);
	}
	assert_int_equal(chmod(folder, 0700), 0);
	assert_false(drop_check(folder, geteuid() + 1, NULL));
	assert_false(drop_check("/nonexistent", geteuid(), NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forms, set_up, tear_down),
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(
		    test_directory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
