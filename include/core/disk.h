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

struct disk;

/* Of the file system of the directory (borrowed: outlives it); min_free_bytes:
 * what is left untouched for others, 0: the smaller of 10 % of the file system
 * and 200 MB. */
struct disk *disk_new(const char *directory, uint64_t min_free_bytes);
void disk_free(struct disk *disk);

/* Asks the file system (statvfs) what is free, of bytes and of inodes.  One
 * thread. */
void disk_look(struct disk *disk);

void disk_set(struct disk *disk, enum disk_state state);
enum disk_state disk_state(const struct disk *disk);

/* True when a mail of so many bytes may come: the state is WELL, min_free and
 * the mail were free at the last look, and one inode in a hundred was. */
bool disk_allows(const struct disk *disk, uint64_t bytes);

/* Bytes free for us at the last look, and the size of the file system. */
uint64_t disk_free_bytes(const struct disk *disk);
uint64_t disk_total_bytes(const struct disk *disk);
uint64_t disk_min_free_bytes(const struct disk *disk);

/* Syncs a directory, so that a name made or removed in it stays so.  Blocks.
 * False and errno when that failed.  Any thread. */
bool disk_sync_directory(const char *path);

const char *disk_state_text(enum disk_state state);

#endif
