/* SPDX-License-Identifier: MIT */
#include "examine.h"

#include "core/disk.h"
#include "measure.h"
#include "store/medium.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Syncs that are timed, of one page each as a small mail is. */
#define SYNCS      25
#define PAGE_BYTES 4096

/* A commit waits for one sync; slower than this clients feel it. */
#define SLOW_US 50000

static const char SUBJECT[] = "state_dir";

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* The median of some syncs; -1 and errno. */
static int64_t
time_syncs(int fd)
{
	static const char page[PAGE_BYTES];
	int64_t took[SYNCS];

	for (unsigned i = 0; i < SYNCS; i++) {
		int64_t begun = now_us();

		if (pwrite(fd, page, sizeof page, (off_t)i * PAGE_BYTES) !=
			(ssize_t)sizeof page ||
		    fdatasync(fd) != 0)
			return -1;
		took[i] = now_us() - begun;
	}
	qsort(took, SYNCS, sizeof took[0], compare);
	return took[SYNCS / 2];
}

static void
examine_sync(const char *directory, GPtrArray *findings)
{
	g_autofree char *path =
	    g_build_filename(directory, "doctor-XXXXXX", NULL);
	int fd = mkstemp(path);
	int64_t us = -1;

	if (fd >= 0) {
		unlink(path);
		us = time_syncs(fd);
	}
	if (us < 0)
		findings_add(findings, FINDING_FAIL, SUBJECT,
		    "run this as the account that postferry runs as, or as "
		    "root; if it is, the disk wants looking at",
		    g_strdup_printf("%s cannot be written: %s", directory,
			strerror(errno)));
	else if (us > SLOW_US)
		findings_add(findings, FINDING_WARN, SUBJECT,
		    "each mail that comes alone waits for it: a disk that "
		    "syncs faster answers faster",
		    g_strdup_printf("a sync takes %.1f ms", (double)us / 1000));
	else
		findings_add(findings, FINDING_OK, SUBJECT, NULL,
		    g_strdup_printf("a sync takes %.1f ms", (double)us / 1000));
	if (fd >= 0)
		close(fd);
}

static void
examine_room(struct config *config, const char *directory, GPtrArray *findings)
{
	struct disk *disk = disk_new(
	    directory, (uint64_t)config_number(config, "server", "min_free"));

	disk_look(disk);
	g_autofree char *room = measure_size(disk_free_bytes(disk));
	if (disk_shortage(disk, 0) != DISK_ROOM)
		findings_add(findings, FINDING_FAIL, SUBJECT,
		    "make room: clients hear 452 until there is more than "
		    "min_free and min_free_inodes",
		    g_strdup_printf("the disk of %s is full, %s are free",
			directory, room));
	else
		findings_add(findings, FINDING_OK, SUBJECT, NULL,
		    g_strdup_printf("%s are free", room));
	disk_free(disk);
}

void
examine_state(struct config *config, GPtrArray *findings)
{
	const char *directory = config_string(config, "server", "state_dir");
	const char *doubt;

	if (directory == NULL) {
		findings_add(findings, FINDING_OK, SUBJECT, NULL,
		    g_strdup(
			"none: what no provider takes at once stays with its "
			"client (451)"));
		return;
	}
	doubt = medium_doubt_of(directory);
	if (doubt != NULL)
		findings_add(findings, FINDING_WARN, SUBJECT, NULL,
		    g_strdup_printf("%s: %s", directory, doubt));
	else
		findings_add(findings, FINDING_OK, SUBJECT, NULL,
		    g_strdup_printf(
			"%s is on a file system that keeps what was synced",
			directory));
	examine_room(config, directory, findings);
	examine_sync(directory, findings);
}
