/* SPDX-License-Identifier: MIT */
#include "core/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdatomic.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The most that is left for others when nobody said how much. */
#define MIN_FREE_MOST (UINT64_C(200) * 1000 * 1000)

struct disk {
	const char *directory;
	uint64_t min_free; /* as it was set; 0: by the size */
	struct disk_limits limits;
	_Atomic enum disk_state state;
	_Atomic uint64_t free, total;
	_Atomic uint64_t mails, bytes; /* of the queue */
	atomic_bool inodes;            /* there are enough */
};

struct disk *
disk_new(const char *directory, uint64_t min_free_bytes)
{
	struct disk *disk = g_new0(struct disk, 1);

	disk->directory = directory;
	disk->min_free = min_free_bytes;
	disk_look(disk);
	return disk;
}

void
disk_limit(struct disk *disk, const struct disk_limits *limits)
{
	disk->limits = *limits;
	disk_look(disk);
}

void
disk_free(struct disk *disk)
{
	g_free(disk);
}

static uint64_t
read_number(const _Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static void
write_number(_Atomic uint64_t *number, uint64_t value)
{
	atomic_store_explicit(number, value, memory_order_relaxed);
}

/* What does not count inodes (btrfs) has enough. */
static bool
has_inodes(const struct disk *disk, const struct statvfs *now)
{
	uint64_t percent = MAX(disk->limits.min_inodes, 1u);

	return now->f_files == 0 ||
	       (now->f_favail > 0 &&
		   now->f_favail >= now->f_files / 100 * percent);
}

/* What cannot be looked at has no room. */
void
disk_look(struct disk *disk)
{
	struct statvfs now = { .f_files = 1 };

	if (statvfs(disk->directory, &now) != 0)
		now = (struct statvfs){ .f_files = 1 };
	write_number(&disk->free, (uint64_t)now.f_bavail * now.f_frsize);
	write_number(&disk->total, (uint64_t)now.f_blocks * now.f_frsize);
	atomic_store_explicit(
	    &disk->inodes, has_inodes(disk, &now), memory_order_relaxed);
}

void
disk_fill(struct disk *disk, uint64_t mails, uint64_t bytes)
{
	write_number(&disk->mails, mails);
	write_number(&disk->bytes, bytes);
}

void
disk_set(struct disk *disk, enum disk_state state)
{
	atomic_store_explicit(&disk->state, state, memory_order_relaxed);
}

enum disk_state
disk_state(const struct disk *disk)
{
	return atomic_load_explicit(&disk->state, memory_order_relaxed);
}

/* A mail of no known size needs some, too. */
static bool
is_full(uint64_t held, uint64_t bytes, uint64_t most)
{
	return most > 0 && (held >= most || most - held < bytes);
}

enum disk_shortage
disk_shortage(const struct disk *disk, uint64_t bytes)
{
	const struct disk_limits *limits = &disk->limits;
	uint64_t room = disk_free_bytes(disk);
	uint64_t kept = disk_min_free_bytes(disk);

	if (room < kept || room - kept < bytes)
		return DISK_SHORT_OF_BYTES;
	if (!atomic_load_explicit(&disk->inodes, memory_order_relaxed))
		return DISK_SHORT_OF_INODES;
	if (is_full(disk_mails(disk), 0, limits->max_mails))
		return DISK_TOO_MANY_MAILS;
	if (is_full(disk_mail_bytes(disk), bytes, limits->max_bytes))
		return DISK_TOO_MUCH_MAIL;
	return DISK_ROOM;
}

bool
disk_allows(const struct disk *disk, uint64_t bytes)
{
	return disk_state(disk) == DISK_WELL &&
	       disk_shortage(disk, bytes) == DISK_ROOM;
}

uint64_t
disk_free_bytes(const struct disk *disk)
{
	return read_number(&disk->free);
}

uint64_t
disk_total_bytes(const struct disk *disk)
{
	return read_number(&disk->total);
}

uint64_t
disk_min_free_bytes(const struct disk *disk)
{
	if (disk->min_free > 0)
		return disk->min_free;
	return MIN(disk_total_bytes(disk) / 10, MIN_FREE_MOST);
}

uint64_t
disk_mails(const struct disk *disk)
{
	return read_number(&disk->mails);
}

uint64_t
disk_mail_bytes(const struct disk *disk)
{
	return read_number(&disk->bytes);
}

const struct disk_limits *
disk_limits(const struct disk *disk)
{
	return &disk->limits;
}

const char *
disk_state_text(enum disk_state state)
{
	static const char *const texts[] = {
		[DISK_WELL] = "well",
		[DISK_LOW] = "low",
		[DISK_FULL] = "full",
		[DISK_BAD] = "bad",
	};

	return texts[state];
}

bool
disk_sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool synced = fsync(fd) == 0;
	int wrong = errno;
	close(fd);
	errno = wrong;
	return synced;
}
