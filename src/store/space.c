/* SPDX-License-Identifier: MIT */
#include "space.h"

#include "ballast.h"
#include "core/log.h"
#include "due.h"
#include <errno.h>

/* The smaller of this and 5 % of the file system. */
#define BALLAST_MOST (UINT64_C(32) << 20)

/* From here on what is in the queue can be sent: it takes little to record, and
 * what was sent gives room back. */
#define ROOM_TO_SEND (UINT64_C(1) << 20)

static void
set_state(struct store *store, enum disk_state state)
{
	store->space.state = state;
	disk_set(store->options.disk, state);
}

static uint64_t
free_bytes(const struct store *store)
{
	return disk_free_bytes(store->options.disk);
}

static uint64_t
find_room_to_send(const struct space *space)
{
	return MIN(ROOM_TO_SEND, 2 * space->ballast_bytes);
}

static bool
make_ballast(struct store *store)
{
	struct space *space = &store->space;

	space->ballast = ballast_make(store->directory, space->ballast_bytes);
	return space->ballast;
}

void
space_spare(struct store *store)
{
	disk_look(store->options.disk);
	if (free_bytes(store) < ROOM_TO_SEND)
		ballast_drop(store->directory);
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

	if (!store_has_room(store))
		return;
	set_state(store, DISK_FULL);
	space->retry = true;
	if (space->ballast)
		ballast_drop(store->directory);
	log_error("store full: no mail is accepted and none is sent until "
		  "there is room: make some, or enlarge the file system",
	    log_str("directory", store->directory), log_str("why", why),
	    log_num("free", (int64_t)free_bytes(store)),
	    log_num("needed_to_send", (int64_t)find_room_to_send(space)),
	    log_num("needed_to_accept", (int64_t)(2 * space->ballast_bytes)),
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

/* Full no more: what waits is sent, and makes more room. */
static void
leave_full(struct store *store)
{
	if (store->engine->spare(store->rows) != ENGINE_OK) {
		space_bad(store, store->engine->error(store->rows));
		return;
	}
	disk_look(store->options.disk);
	if (free_bytes(store) < find_room_to_send(&store->space))
		return;
	set_state(store, DISK_LOW);
	due_expect(store, 0);
	log_warn("store has room to send: what it has is sent, no mail is "
		 "accepted yet",
	    log_str("directory", store->directory),
	    log_num("free", (int64_t)free_bytes(store)),
	    log_num(
		"needed_to_accept", (int64_t)(2 * store->space.ballast_bytes)));
}

static void
leave_low(struct store *store)
{
	if (free_bytes(store) < 2 * store->space.ballast_bytes ||
	    !make_ballast(store))
		return;
	disk_look(store->options.disk);
	set_state(store, DISK_WELL);
	log_warn("store well again: mail is accepted and sent",
	    log_str("directory", store->directory),
	    log_num("free", (int64_t)free_bytes(store)));
}

void
space_look(struct store *store)
{
	struct space *space = &store->space;

	disk_look(store->options.disk);
	space->retry = true;
	if (space->state == DISK_FULL)
		leave_full(store);
	if (space->state == DISK_LOW)
		leave_low(store);
}
