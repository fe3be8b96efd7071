/* SPDX-License-Identifier: MIT */
#include "runner.h"

#include "backlog.h"
#include "core/log.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where programs are looked for when nobody says where. */
#define PATH_DEFAULT \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct runner {
	struct runner_options options;
	char **words; /* the first is the program */
	struct loop_signal *child;
	struct loop_timer *timer;
	struct backlog backlog;
	pid_t pid;    /* 0: none runs */
	bool late;    /* it was killed */
	bool failing; /* and they were told so */
};

char *
runner_obstacle(const char *command)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) words = NULL;
	g_autofree char *path = NULL;

	if (!g_shell_parse_argv(command, NULL, &words, &error))
		return g_strdup(error->message);
	path = g_find_program_in_path(words[0]);
	if (path != NULL)
		return NULL;
	return g_strdup_printf(
	    "%s is no program that this user can run here", words[0]);
}

static void
tell_failure(struct runner *runner, const char *why)
{
	if (!runner->failing)
		log_warn("alarm command failed",
		    log_str("program", runner->words[0]), log_str("why", why));
	runner->failing = true;
}

static void
tell_end(struct runner *runner, int status)
{
	g_autofree char *why = NULL;

	if (runner->late)
		why = g_strdup_printf(
		    "it was killed, not done after %" G_GINT64_FORMAT " s",
		    runner->options.timeout_ms / 1000);
	else if (WIFSIGNALED(status))
		why = g_strdup_printf(
		    "it was ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		why = g_strdup_printf(
		    "it ended with exit code %d", WEXITSTATUS(status));
	if (why != NULL) {
		tell_failure(runner, why);
		return;
	}
	if (runner->failing)
		log_info("alarm command works again",
		    log_str("program", runner->words[0]));
	runner->failing = false;
}

/* A file in memory: who does not read it makes nobody wait. */
static int
write_input(const char *text)
{
	int fd = memfd_create("alarm", MFD_CLOEXEC);
	size_t length = strlen(text);

	if (fd < 0)
		return -1;
	if (write(fd, text, length) == (ssize_t)length &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -1;
}

static char **
make_environment(const struct notice *notice)
{
	const char *path = g_getenv("PATH");
	char **environment = g_new0(char *, 5);

	environment[0] =
	    g_strconcat("PATH=", path != NULL ? path : PATH_DEFAULT, NULL);
	environment[1] =
	    g_strconcat("POSTFERRY_ALARM_KIND=", notice->kind, NULL);
	environment[2] =
	    g_strconcat("POSTFERRY_ALARM_SUBJECT=", notice->subject, NULL);
	environment[3] =
	    g_strconcat("POSTFERRY_ALARM_TEXT=", notice->text, NULL);
	return environment;
}

/* Signals as a program expects them, and a group of its own, to be killed as a
 * whole. */
static void
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, ignored;

	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &ignored);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
						 POSIX_SPAWN_SETSIGDEF |
						 POSIX_SPAWN_SETPGROUP);
}

/* 0, or the errno of what went wrong. */
static int
spawn(struct runner *runner, int input, char **environment)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int wrong;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	set_attributes(&attributes);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_addopen(
	    &actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	wrong = posix_spawnp(&runner->pid, runner->words[0], &actions,
	    &attributes, runner->words, environment);
	if (wrong != 0)
		runner->pid = 0;
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return wrong;
}

static void
start(struct runner *runner, const struct notice *notice)
{
	g_autofree char *text = notice_json(notice, runner->options.hostname);
	g_auto(GStrv) environment = make_environment(notice);
	int input = write_input(text);
	int wrong = input < 0 ? errno : spawn(runner, input, environment);

	if (input >= 0)
		close(input);
	runner->late = false;
	if (wrong == 0)
		loop_timer_set(runner->timer, runner->options.timeout_ms);
	else
		tell_failure(runner, g_strerror(wrong));
}

static void
start_next(struct runner *runner)
{
	struct notice *notice;

	while (runner->pid == 0 &&
	       (notice = backlog_take(&runner->backlog)) != NULL) {
		start(runner, notice);
		notice_free(notice);
	}
}

static void
on_child(void *object)
{
	struct runner *runner = object;
	int status;

	if (runner->pid == 0 ||
	    waitpid(runner->pid, &status, WNOHANG) != runner->pid)
		return;
	runner->pid = 0;
	loop_timer_clear(runner->timer);
	tell_end(runner, status);
	start_next(runner);
}

static void
on_late(void *object)
{
	struct runner *runner = object;

	runner->late = true;
	kill(-runner->pid, SIGKILL);
}

struct runner *
runner_new(const struct runner_options *options)
{
	struct runner *runner = g_new0(struct runner, 1);
	bool parsed;

	runner->options = *options;
	parsed =
	    g_shell_parse_argv(options->command, NULL, &runner->words, NULL);
	g_assert(parsed);
	runner->child =
	    loop_signal_new(options->loop, SIGCHLD, on_child, runner);
	runner->timer = loop_timer_new(options->loop, on_late, runner);
	return runner;
}

void
runner_free(struct runner *runner)
{
	if (runner == NULL)
		return;
	if (runner->pid != 0) {
		kill(-runner->pid, SIGKILL);
		waitpid(runner->pid, NULL, 0);
	}
	loop_signal_free(runner->child);
	loop_timer_free(runner->timer);
	backlog_clear(&runner->backlog);
	g_strfreev(runner->words);
	g_free(runner);
}

void
runner_add(struct runner *runner, struct notice *notice)
{
	backlog_add(&runner->backlog, notice);
	start_next(runner);
}
