/* SPDX-License-Identifier: MIT */
#include "runner.h"

#include "backlog.h"
#include "core/log.h"
#include "herald.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct runner {
	struct runner_options options;
	char *program;
	struct backlog backlog;
	bool busy;    /* an errand is under way */
	bool gone;    /* there is no herald any more */
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
		    log_str("program", runner->program), log_str("why", why));
	runner->failing = true;
}

/* NULL: it went well. */
static char *
tell_trouble(const struct runner *runner, const struct herald_report *report)
{
	if (report->wrong != 0)
		return g_strdup(g_strerror(report->wrong));
	if (report->late)
		return g_strdup_printf(
		    "it was killed, not done after %" G_GINT64_FORMAT " s",
		    runner->options.timeout_ms / 1000);
	if (WIFSIGNALED(report->status))
		return g_strdup_printf(
		    "it was ended by signal %d", WTERMSIG(report->status));
	if (WEXITSTATUS(report->status) != 0)
		return g_strdup_printf(
		    "it ended with exit code %d", WEXITSTATUS(report->status));
	return NULL;
}

static void
tell_end(struct runner *runner, const struct herald_report *report)
{
	g_autofree char *why = tell_trouble(runner, report);

	if (why != NULL) {
		tell_failure(runner, why);
		return;
	}
	if (runner->failing)
		log_info("alarm command works again",
		    log_str("program", runner->program));
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
	char **environment = g_new0(char *, 4);

	environment[0] =
	    g_strconcat(HERALD_VARIABLES "KIND=", notice->kind, NULL);
	environment[1] =
	    g_strconcat(HERALD_VARIABLES "SUBJECT=", notice->subject, NULL);
	environment[2] =
	    g_strconcat(HERALD_VARIABLES "TEXT=", notice->text, NULL);
	return environment;
}

static void
start(struct runner *runner, const struct notice *notice)
{
	struct herald_order order = { runner->options.timeout_ms };
	g_autofree char *text = notice_json(notice, runner->options.hostname);
	g_auto(GStrv) environment = make_environment(notice);
	int input = write_input(text);

	runner->busy = input >= 0 && herald_send(runner->options.herald, &order,
					 environment, input);
	if (!runner->busy)
		tell_failure(runner, g_strerror(errno));
	if (input >= 0)
		close(input);
}

static void
start_next(struct runner *runner)
{
	struct notice *notice;

	while (!runner->busy && !runner->gone &&
	       (notice = backlog_take(&runner->backlog)) != NULL) {
		start(runner, notice);
		notice_free(notice);
	}
}

static void
on_report(void *object, const struct herald_report *report)
{
	struct runner *runner = object;

	runner->busy = false;
	if (report == NULL) {
		runner->gone = true;
		runner->failing = false;
		tell_failure(runner,
		    "the process that runs it has ended; restart postferry");
		return;
	}
	tell_end(runner, report);
	start_next(runner);
}

struct runner *
runner_new(const struct runner_options *options)
{
	struct runner *runner = g_new0(struct runner, 1);
	g_auto(GStrv) words = NULL;
	bool parsed = g_shell_parse_argv(options->command, NULL, &words, NULL);

	g_assert(parsed);
	runner->options = *options;
	runner->program = g_strdup(words[0]);
	herald_listen(options->herald, options->loop, on_report, runner);
	return runner;
}

void
runner_free(struct runner *runner)
{
	if (runner == NULL)
		return;
	herald_deaf(runner->options.herald);
	backlog_clear(&runner->backlog);
	g_free(runner->program);
	g_free(runner);
}

void
runner_add(struct runner *runner, struct notice *notice)
{
	backlog_add(&runner->backlog, notice);
	start_next(runner);
}
