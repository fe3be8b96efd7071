/* SPDX-License-Identifier: MIT */
#include "errand.h"

#include "core/clock.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals as a program expects them, and a group of its own, to be killed as a
 * whole. */
static void
set_attributes(posix_spawnattr_t *attributes)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP };
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	for (unsigned i = 0; i < G_N_ELEMENTS(ignored); i++)
		sigaddset(&defaults, ignored[i]);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
						 POSIX_SPAWN_SETSIGDEF |
						 POSIX_SPAWN_SETPGROUP);
}

int
errand_start(struct errand *errand, char *const *environment, int input)
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
	wrong = posix_spawnp(&errand->pid, errand->words[0], &actions,
	    &attributes, errand->words, environment);
	if (wrong != 0)
		errand->pid = 0;
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	errand->late = false;
	return wrong;
}

int
errand_left(const struct errand *errand)
{
	int64_t left_ms = errand->deadline_ms - clock_monotonic_ms();

	if (errand->pid == 0 || errand->late)
		return -1;
	return (int)CLAMP(left_ms, 0, 60000);
}

void
errand_hurry(struct errand *errand)
{
	if (errand_left(errand) != 0)
		return;
	errand->late = true;
	kill(-errand->pid, SIGKILL);
}

bool
errand_end(struct errand *errand, struct herald_report *report)
{
	int status;

	if (errand->pid == 0 ||
	    waitpid(errand->pid, &status, WNOHANG) != errand->pid)
		return false;
	errand->pid = 0;
	report->status = status;
	report->late = errand->late;
	return true;
}

void
errand_clear(struct errand *errand)
{
	if (errand->pid != 0) {
		kill(-errand->pid, SIGKILL);
		waitpid(errand->pid, NULL, 0);
	}
	g_strfreev(errand->words);
}
