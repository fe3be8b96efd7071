/* SPDX-License-Identifier: MIT */
#include "space.h"

#include "ballast.h"
#include "core/clock.h"
#include "core/log.h"
#include "due.h"
#include <errno.h>

/* The smaller of this and 5 % of the file system. */
#define BALLAST_MOST (UINT64_C(32) << 20)

/* From here on what is in the queue can be sent: it takes little to record, and
 * what was sent gives room back. */
#define ROOM_TO_SEND (UINT64_C(1) << 20)

/* A shortage is over when none was seen for so long: a queue that is full gives
 * one mail and takes another all the time. */
#define SHORTAGE_OVER_MS 60000

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
	space_measure(store);
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
space_measure(struct store *store)
{
	uint64_t mails, bytes;

	disk_look(store->options.disk);
	store->engine->fill(store->rows, &mails, &bytes);
	disk_fill(store->options.disk, mails, bytes);
}

static void
log_shortage(const struct store *store)
{
	static const char *const texts[] = {
		[DISK_SHORT_OF_BYTES] = "the disk has no more than min_free: "
					"make room, or lower it",
		[DISK_SHORT_OF_INODES] = "the disk has too few inodes left: "
					 "remove files, or lower "
					 "min_free_inodes",
		[DISK_TOO_MANY_MAILS] = "the queue holds max_messages: see "
					"why it is not delivered (`postferry "
					"status`), or raise it",
		[DISK_TOO_MUCH_MAIL] = "the queue holds max_bytes: see why it "
				       "is not delivered (`postferry "
				       "status`), or raise it",
	};
	const struct disk *disk = store->options.disk;
	const struct disk_limits *limits = disk_limits(disk);

	log_warn("no mail is begun: clients get 452 until there is room",
	    log_str("directory", store->directory),
	    log_str("why", texts[store->space.shortage]),
	    log_num("free", (int64_t)free_bytes(store)),
	    log_num("min_free", (int64_t)disk_min_free_bytes(disk)),
	    log_num("mails", (int64_t)disk_mails(disk)),
	    log_num_if("max_messages", (int64_t)limits->max_mails),
	    log_num("bytes", (int64_t)disk_mail_bytes(disk)),
	    log_num_if("max_bytes", (int64_t)limits->max_bytes));
}

/* Each shortage is told of once; FULL and LOW have words of their own. */
static void
watch_shortage(struct store *store)
{
	const struct disk *disk = store->options.disk;
	struct space *space = &store->space;
	enum disk_shortage now = disk_shortage(disk, 0);

	if (space->state != DISK_WELL || store->options.offline)
		return;
	if (now != DISK_ROOM) {
		space->shortage_ms = clock_monotonic_ms();
		if (now == space->shortage)
			return;
		space->shortage = now;
		log_shortage(store);
	} else if (space->shortage != DISK_ROOM &&
		   clock_monotonic_ms() - space->shortage_ms >=
		       SHORTAGE_OVER_MS) {
		space->shortage = DISK_ROOM;
		log_info("there is room again: mail is begun",
		    log_str("directory", store->directory),
		    log_num("free", (int64_t)free_bytes(store)),
		    log_num("mails", (int64_t)disk_mails(disk)),
		    log_num("bytes", (int64_t)disk_mail_bytes(disk)));
	}
}

void
space_look(struct store *store)
{
	struct space *space = &store->space;

	space_measure(store);
	watch_shortage(store);
	space->retry = true;
	if (space->state == DISK_FULL)
		leave_full(store);
	if (space->state == DISK_LOW)
		leave_low(store);
}
