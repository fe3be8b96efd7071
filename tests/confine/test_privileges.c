/* SPDX-License-Identifier: MIT */
/* Root becomes somebody else, and nobody comes back.  What needs root is
 * skipped without it. */
#include "confine/privileges.h"

#include "core/log.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* No account has it. */
#define STRANGER 2140000001

/* variables: "USER=nobody GROUP=..." */
static struct config *
make_config(const char *variables)
{
	static const struct setting rest[] = {
		{ "server", "state_dir", SETTING_PATH, .help = "" },
		{ .section = NULL },
	};
	static const struct setting *const tables[] = { privileges_settings,
		rest, NULL };
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) words = g_strsplit(variables, " ", -1);
	struct config_source source = { .path = NULL };
	struct config *config;

	for (char **word = words; *word != NULL; word++) {
		char *whole = g_strconcat("POSTFERRY_SERVER_", *word, NULL);

		g_free(*word);
		*word = whole;
	}
	source.environment = words;
	config = config_read(&source, tables, errors);
	assert_non_null(config);
	return config;
}

static const struct {
	const char *name, *settings, *error;
} refusals[] = {
	{ "no such account", "USER=no-such-account",
	    "[server] user = no-such-account: there is no such account; make "
	    "it (adduser --system --group no-such-account), or name another" },
	{ "no such group", "USER=nobody GROUP=no-such-group",
	    "[server] group = no-such-group: there is no such group" },
	{ "a number without a group", "USER=2140000001",
	    "no account has this number, so nobody knows its group; set "
	    "[server] group too" },
};

static void
test_refusals(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
		struct config *config = make_config(refusals[i].settings);
		g_autoptr(GError) error = NULL;

		print_message("%s\n", refusals[i].name);
		assert_null(privileges_new(config, &error));
		assert_non_null(strstr(error->message, refusals[i].error));
		g_clear_error(&error);
		assert_null(privileges_find(config, &error));
		assert_non_null(strstr(error->message, refusals[i].error));
		config_unref(config);
	}
}

struct wanted {
	uid_t uid;
	gid_t gid;
};

/* In a child; its exit code is the first thing that was wrong. */
static int
descend(struct config *config, const struct wanted *wanted)
{
	struct log_options quiet = { .level = LOG_LEVEL_ERROR };
	struct privileges *privileges;
	uid_t uids[3];
	gid_t gids[3];

	log_prepare(&quiet);
	privileges = privileges_new(config, NULL);
	if (privileges == NULL)
		return 1;
	if (!privileges_lend(privileges, NULL) || geteuid() != wanted->uid ||
	    getegid() != wanted->gid || getuid() != 0)
		return 2;
	if (!privileges_return(privileges, NULL) || geteuid() != 0)
		return 3;
	if (!privileges_drop(privileges, NULL))
		return 4;
	getresuid(&uids[0], &uids[1], &uids[2]);
	getresgid(&gids[0], &gids[1], &gids[2]);
	for (unsigned i = 0; i < 3; i++)
		if (uids[i] != wanted->uid || gids[i] != wanted->gid)
			return 5;
	if (wanted->uid != 0 &&
	    (setuid(0) == 0 || seteuid(0) == 0 || setgroups(0, NULL) == 0))
		return 6;
	if (!privileges_seal(NULL) || chown("/", 0, 0) == 0)
		return 7;
	privileges_free(privileges);
	return 0;
}

static int
descend_apart(const char *settings, const struct wanted *wanted)
{
	struct config *config = make_config(settings);
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(descend(config, wanted));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	config_unref(config);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_named(void **state)
{
	const struct passwd *nobody = getpwnam("nobody");
	struct wanted wanted;

	(void)state;
	if (geteuid() != 0 || nobody == NULL)
		skip();
	wanted = (struct wanted){ nobody->pw_uid, nobody->pw_gid };
	assert_int_equal(descend_apart("USER=nobody", &wanted), 0);
	wanted.gid = STRANGER;
	assert_int_equal(
	    descend_apart("USER=nobody GROUP=2140000001", &wanted), 0);
	wanted.uid = STRANGER;
	assert_int_equal(
	    descend_apart("USER=2140000001 GROUP=2140000001", &wanted), 0);
}

/* Whose state_dir it is. */
static void
test_owner(void **state)
{
	g_autofree char *folder = g_dir_make_tmp("privileges-XXXXXX", NULL);
	g_autofree char *settings = g_strconcat("STATE_DIR=", folder, NULL);
	struct wanted wanted = { STRANGER, STRANGER + 1 };

	(void)state;
	if (geteuid() == 0) {
		assert_int_equal(chown(folder, wanted.uid, wanted.gid), 0);
		assert_int_equal(descend_apart(settings, &wanted), 0);
	}
	g_rmdir(folder);
	if (geteuid() != 0)
		skip();
}

/* Root stays root where it is told to, without capabilities. */
static void
test_root(void **state)
{
	struct config *config = make_config("USER=root");
	pid_t pid;
	int status;

	(void)state;
	if (geteuid() != 0) {
		config_unref(config);
		skip();
	}
	pid = fork();
	if (pid == 0) {
		struct log_options quiet = { .level = LOG_LEVEL_ERROR };
		struct privileges *privileges;

		log_prepare(&quiet);
		privileges = privileges_new(config, NULL);
		_exit(!(privileges_drop(privileges, NULL) &&
			privileges_seal(NULL) && getuid() == 0 &&
			strcmp(privileges_name(privileges), "root") == 0 &&
			chown("/proc/self/status", 1, 1) != 0));
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	config_unref(config);
}

/* What root runs for us has the rights of a file's owner and no others. */
static void
test_limit(void **state)
{
	g_autofree char *folder = g_dir_make_tmp("privileges-XXXXXX", NULL);
	pid_t pid;
	int status;

	(void)state;
	if (geteuid() != 0) {
		g_rmdir(folder);
		skip();
	}
	pid = fork();
	if (pid == 0) {
		if (!privileges_limit(NULL) || prctl(PR_CAPBSET_READ, 0) != 0)
			_exit(100);
		execl("/bin/sh", "sh", "-c",
		    "chmod 0750 \"$1\" || exit 101; ! chown 1 \"$1\" 2>&-",
		    "sh", folder, NULL);
		_exit(102);
	}
	waitpid(pid, &status, 0);
	g_rmdir(folder);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
