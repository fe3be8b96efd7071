/* SPDX-License-Identifier: MIT */
#include "space.h"

#include "ballast.h"
#include "core/log.h"
#include <errno.h>

/* The smaller of this and 5 % of the file system. */
#define BALLAST_MOST (UINT64_C(32) << 20)

static void
set_state(struct store *store, enum disk_state state)
{
	store->space.state = state;
	if (store->options.disk != NULL)
		disk_set(store->options.disk, state);
}

/* The commands look at no disk. */
static int64_t
free_bytes(const struct store *store)
{
	const struct disk *disk = store->options.disk;

	return disk != NULL ? (int64_t)disk_free_bytes(disk) : 0;
}

static bool
make_ballast(struct store *store)
{
	struct space *space = &store->space;

	space->ballast = ballast_make(store->directory, space->ballast_bytes);
	return space->ballast;
}

void
space_open(struct store *store, uint64_t ballast_bytes)
{
	const struct disk *disk = store->options.disk;
	struct space *space = &store->space;

	set_state(store, DISK_WELL);
	space->ballast_bytes =
	    ballast_bytes > 0 ? ballast_bytes
			      : MIN(disk_total_bytes(disk) / 20, BALLAST_MOST);
	if (make_ballast(store))
		return;
	if (body_fault(errno) == BODY_FULL)
		space_full(store, "there is no room for the ballast");
	else
		log_warn("no ballast: when the disk is full, what came of "
			 "attempts may not be recorded",
		    log_str("directory", store->directory),
		    log_str("why", g_strerror(errno)));
}

void
space_full(struct store *store, const char *why)
{
	struct space *space = &store->space;

	if (space->state != DISK_WELL)
		return;
	set_state(store, DISK_FULL);
	space->retry = true;
	if (space->ballast)
		ballast_drop(store->directory);
	log_error("store full: no mail is accepted and none is sent until "
		  "there is room",
	    log_str("directory", store->directory), log_str("why", why),
	    log_num("free", free_bytes(store)),
	    log_num("needed", (int64_t)(2 * space->ballast_bytes)),
	    log_str("ballast", space->ballast ? "given up" : "none"));
	space->ballast = false;
}

void
space_bad(struct store *store, const char *why)
{
	if (store->space.state == DISK_BAD)
		return;
	set_state(store, DISK_BAD);
	log_error("store bad: nothing is written any more",
	    log_str("directory", store->directory), log_str("why", why));
	if (store->options.failed != NULL)
		store->options.failed(store->options.object, why);
}

void
space_look(struct store *store)
{
	struct disk *disk = store->options.disk;
	struct space *space = &store->space;

	disk_look(disk);
	space->retry = true;
	if (space->state != DISK_FULL ||
	    disk_free_bytes(disk) < 2 * space->ballast_bytes ||
	    !make_ballast(store))
		return;
	disk_look(disk);
	set_state(store, DISK_WELL);
	log_warn("store well again: mail is accepted and sent",
	    log_str("directory", store->directory),
	    log_num("free", free_bytes(store)));
}
