/* SPDX-License-Identifier: MIT */
/* alarm_command: what it is given, and what becomes of one that misbehaves. */
#include "runner.h"

#include "herald.h"
#include "tower.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

/* A runner with a herald of its own. */
struct stand {
	struct herald *herald;
	struct runner *runner;
};

static struct stand
make_runner(const struct tower *tower, const char *command, int64_t timeout_ms)
{
	struct stand stand = { .herald = herald_new(command, NULL) };
	struct runner_options options = {
		.loop = tower->main,
		.herald = stand.herald,
		.command = command,
		.hostname = "mail.example.com",
		.timeout_ms = timeout_ms,
	};

	assert_non_null(stand.herald);
	stand.runner = runner_new(&options);
	return stand;
}

static void
free_runner(const struct stand *stand)
{
	runner_free(stand->runner);
	herald_free(stand->herald);
}

static void
add(const struct stand *stand, const char *subject)
{
	struct alarm alarm = {
		.kind = "all_down",
		.subject = subject,
		.text = "nobody takes mail",
	};

	runner_add(stand->runner, notice_new(&alarm));
}

static void
test_given(void **state)
{
	struct tower *tower = tower_new(
	    "{ echo \"$@\"; pwd; env | sort; cat; echo end; } >$FIFO");
	g_autofree char *command =
	    g_strdup_printf("%s 'one two' \"three\"", tower->script);
	struct stand stand;

	(void)state;
	setenv("POSTFERRY_PROVIDER_MAILGUN_API_KEY", "key-secret", 1);
	stand = make_runner(tower, command, 20000);
	add(&stand, "mailgun");
	tower_await(tower, "end\n", 1);
	assert_true(g_str_has_prefix(tower->text->str, "one two three\n/\n"));
	assert_non_null(strstr(tower->text->str,
	    "POSTFERRY_ALARM_KIND=all_down\nPOSTFERRY_ALARM_SUBJECT=mailgun\n"
	    "POSTFERRY_ALARM_TEXT=nobody takes mail\n"));
	assert_non_null(strstr(tower->text->str, "\nPATH="));
	assert_non_null(
	    strstr(tower->text->str, "{\"kind\":\"all_down\",\"subject\":"));
	assert_null(strstr(tower->text->str, "key-secret"));
	assert_null(strstr(tower->text->str, "HOME="));
	free_runner(&stand);
	tower_free(tower);
}

/* Who speaks for the daemon has no say in how the command is loaded. */
static void
test_foreign(void **state)
{
	struct tower *tower = tower_new("{ env; echo end; } >$FIFO");
	struct stand stand = make_runner(tower, tower->script, 20000);
	char *variables[] = { "LD_PRELOAD=/tmp/x.so", "POSTFERRY_ALARM_X=1",
		NULL };
	struct herald_order order = { 20000 };
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(herald_send(stand.herald, &order, variables, input));
	close(input);
	tower_await(tower, "end\n", 1);
	assert_non_null(strstr(tower->text->str, "POSTFERRY_ALARM_X=1\n"));
	assert_null(strstr(tower->text->str, "LD_PRELOAD"));
	free_runner(&stand);
	tower_free(tower);
}

/* One at a time, each once, in order. */
static void
test_turns(void **state)
{
	struct tower *tower = tower_new(
	    "echo \"in $POSTFERRY_ALARM_SUBJECT\" >$FIFO; cat >/dev/null;"
	    "echo \"out $POSTFERRY_ALARM_SUBJECT\" >$FIFO");
	struct stand stand = make_runner(tower, tower->script, 20000);

	(void)state;
	add(&stand, "a");
	add(&stand, "b");
	add(&stand, "c");
	tower_await(tower, "out", 3);
	assert_string_equal(
	    tower->text->str, "in a\nout a\nin b\nout b\nin c\nout c\n");
	free_runner(&stand);
	tower_free(tower);
}

/* Commands that fail: what the log says, once, until one works. */
static const struct {
	const char *name, *script, *why;
} failures[] = {
	{ "exit code", "exit 3", "it ended with exit code 3" },
	{ "signal", "kill -9 $$", "it was ended by signal 9" },
	{ "too slow, with what it started", "sleep 1000 & echo up >$FIFO; wait",
	    "it was killed, not done" },
};

static void
test_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(failures); i++) {
		g_autofree char *script =
		    g_strdup_printf("case $POSTFERRY_ALARM_SUBJECT in bad) "
				    "echo; %s;; esac; echo well >$FIFO",
			failures[i].script);
		struct tower *tower = tower_new(script);
		struct stand stand = make_runner(tower, tower->script, 500);
		g_autofree char *log = NULL;

		print_message("%s\n", failures[i].name);
		add(&stand, "bad");
		add(&stand, "bad");
		add(&stand, "good");
		tower_await_log(tower, "works again", 1);
		log = tower_log(tower);
		assert_non_null(strstr(log, failures[i].why));
		assert_int_equal(tower_count(log, "alarm command failed"), 1);
		assert_int_equal(tower_count(tower->text->str, "well"), 1);
		free_runner(&stand);
		tower_free(tower);
	}
}

/* It may go away while we run. */
static void
test_gone(void **state)
{
	struct tower *tower = tower_new("exit 0");
	struct stand stand = make_runner(tower, tower->script, 500);
	g_autofree char *log = NULL;

	(void)state;
	g_unlink(tower->script);
	add(&stand, "a");
	add(&stand, "b");
	tower_await_log(tower, "alarm command failed", 1);
	log = tower_log(tower);
	assert_int_equal(tower_count(log, "alarm command failed"), 1);
	assert_non_null(strstr(log, "No such file"));
	free_runner(&stand);
	tower_free(tower);
}

/* What runs at the end is killed, what it started too. */
static void
test_killed(void **state)
{
	struct tower *tower = tower_new(
	    "sleep 1000 & echo \"pid $!.\" >$FIFO; wait; echo woke >$FIFO");
	struct stand stand = make_runner(tower, tower->script, 20000);
	pid_t pid;

	(void)state;
	add(&stand, "a");
	add(&stand, "b");
	tower_await(tower, ".\n", 1);
	pid = atoi(strstr(tower->text->str, "pid ") + 4);
	free_runner(&stand);
	/* whoever inherits it may take a moment to bury it */
	for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++) {
		g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
		g_autofree char *stat = NULL;

		if (g_file_get_contents(path, &stat, NULL, NULL) &&
		    strstr(stat, ") Z") != NULL)
			break;
		assert_true(i < 999);
		g_usleep(1000);
	}
	tower_free(tower);
}

static const struct {
	const char *command, *obstacle; /* NULL: none */
} commands[] = {
	{ "/bin/sh", NULL },
	{ "sh -c 'exit 0'", NULL },
	{ "sh -c 'exit 0", "matching quote" },
	{ "/nonexistent/alarm --loud", "/nonexistent/alarm is no program" },
	{ "/etc/passwd", "/etc/passwd is no program" },
	{ "/tmp", "/tmp is no program" },
};

static void
test_obstacles(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_autofree char *why = runner_obstacle(commands[i].command);

		print_message("%s\n", commands[i].command);
		if (commands[i].obstacle == NULL)
			assert_null(why);
		else
			assert_non_null(strstr(why, commands[i].obstacle));
	}
}

/* The herald is this program anew. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_obstacles),
	};

	if (argc > 1 && strcmp(argv[1], HERALD_COMMAND) == 0) {
		messenger_run();
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
