/* SPDX-License-Identifier: MIT */
#include "examine.h"

#include "lock.h"
#include "smtp/capacity.h"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <time.h>

/* No postferry is older. */
#define YEAR_MIN 2026

static void
examine_clock(GPtrArray *findings)
{
	struct timex clock = { .modes = 0 };
	time_t now = time(NULL);
	struct tm date;

	gmtime_r(&now, &date);
	if (date.tm_year + 1900 < YEAR_MIN)
		findings_add(findings, FINDING_FAIL, "clock",
		    "set it (timedatectl, chrony): certificates are not good "
		    "yet, and mail bears a wrong Date",
		    g_strdup_printf("the year is %d", date.tm_year + 1900));
	else if (adjtimex(&clock) < 0 || (clock.status & STA_UNSYNC) != 0)
		findings_add(findings, FINDING_WARN, "clock",
		    "have it kept right by NTP (systemd-timesyncd, chrony); "
		    "providers refuse requests that are far off",
		    g_strdup("nobody keeps it right"));
	else
		findings_add(findings, FINDING_OK, "clock", NULL,
		    g_strdup_printf(
			"it is kept right, to %ld ms", clock.maxerror / 1000));
}

/* Of the daemon when one runs there. */
static bool
read_files_limit(const char *directory, uint64_t *most)
{
	g_autofree char *path = NULL, *text = NULL;
	int pid = directory != NULL ? lock_holder(directory) : 0;
	const char *line;

	if (pid == 0)
		return false;
	path = g_strdup_printf("/proc/%d/limits", pid);
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return false;
	line = strstr(text, "Max open files");
	return line != NULL &&
	       sscanf(line, "Max open files %" G_GUINT64_FORMAT, most) == 1;
}

static void
examine_files(struct config *config, GPtrArray *findings)
{
	const char *directory = config_string(config, "server", "state_dir");
	uint64_t wanted = capacity_files(
	    (unsigned)config_number(config, "server", "connections"));
	const char *whose = "the daemon's";
	struct rlimit ours;
	uint64_t most = 0;

	if (!read_files_limit(directory, &most)) {
		whose = "this shell's";
		getrlimit(RLIMIT_NOFILE, &ours);
		most = ours.rlim_max; /* a daemon raises its own to that */
	}
	if (most < wanted)
		findings_add(findings, FINDING_WARN, "open files",
		    "raise the limit (LimitNOFILE= of the unit, ulimit -n), "
		    "or lower `connections` in [server]",
		    g_strdup_printf(
			"%s limit is %" G_GUINT64_FORMAT
			", and `connections` needs %" G_GUINT64_FORMAT,
			whose, most, wanted));
	else
		findings_add(findings, FINDING_OK, "open files", NULL,
		    g_strdup_printf("%s limit of %" G_GUINT64_FORMAT
				    " is enough for `connections`",
			whose, most));
}

void
examine_host(struct config *config, GPtrArray *findings)
{
	examine_clock(findings);
	examine_files(config, findings);
}
