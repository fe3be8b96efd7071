/* SPDX-License-Identifier: MIT */
/*
 * The disk that the queue is on, as everyone may know it: how much is free, and
 * whether mail can be kept there.  The store's thread looks and says; sessions
 * and the door read.  Relaxed atomics: any thread.
 */
#ifndef CORE_DISK_H
#define CORE_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum disk_state {
	DISK_WELL, /* mail can be kept */
	DISK_LOW,  /* what is there can be sent, what comes gets 452 */
	DISK_FULL, /* nothing can be written for now: nothing is sent, either */
	DISK_BAD,  /* a sync or a commit failed: the process is about to end */
};

/* Why there is no room for more mail, though it could be kept. */
enum disk_shortage {
	DISK_ROOM, /* there is */
	DISK_SHORT_OF_BYTES,
	DISK_SHORT_OF_INODES,
	DISK_TOO_MANY_MAILS, /* in the queue */
	DISK_TOO_MUCH_MAIL,  /* bytes of it there */
};

/* What the queue may take; 0: as much as there is room for. */
struct disk_limits {
	unsigned min_inodes; /* percent that is left for others; 0: 1 */
	uint64_t max_mails, max_bytes;
};

struct disk;

/* Of the file system of the directory (borrowed: outlives it); min_free_bytes:
 * what is left untouched for others, 0: the smaller of 10 % of the file system
 * and 200 MB. */
struct disk *disk_new(const char *directory, uint64_t min_free_bytes);
void disk_free(struct disk *disk);

/* Before others use it. */
void disk_limit(struct disk *disk, const struct disk_limits *limits);

/* Asks the file system (statvfs) what is free, of bytes and of inodes.  One
 * thread. */
void disk_look(struct disk *disk);

/* So many mails are in the queue now, of so many bytes.  One thread. */
void disk_fill(struct disk *disk, uint64_t mails, uint64_t bytes);

void disk_set(struct disk *disk, enum disk_state state);
enum disk_state disk_state(const struct disk *disk);

/* Whether a mail of so many bytes had room at the last look, beside what is
 * left for others, and in the queue as it was filled last. */
enum disk_shortage disk_shortage(const struct disk *disk, uint64_t bytes);

/* True when a mail of so many bytes may come: the state is WELL, and there is
 * room. */
bool disk_allows(const struct disk *disk, uint64_t bytes);

/* Bytes free for us at the last look, and the size of the file system. */
uint64_t disk_free_bytes(const struct disk *disk);
uint64_t disk_total_bytes(const struct disk *disk);
uint64_t disk_min_free_bytes(const struct disk *disk);

/* What the queue held when it was filled last, and may hold (0: no limit). */
uint64_t disk_mails(const struct disk *disk);
uint64_t disk_mail_bytes(const struct disk *disk);
const struct disk_limits *disk_limits(const struct disk *disk);

/* Syncs a directory, so that a name made or removed in it stays so.  Blocks.
 * False and errno when that failed.  Any thread. */
bool disk_sync_directory(const char *path);

const char *disk_state_text(enum disk_state state);

#endif
