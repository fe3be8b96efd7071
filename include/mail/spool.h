/* SPDX-License-Identifier: MIT */
/*
 * The spool: the bytes of one mail as received (dot-unstuffed, line ends
 * CRLF).  Up to 64 KiB live in memory; more go to a file: unlinked in the
 * spool's directory, or a memfd charged to the memory budget when there is
 * none.  Written by one session, then sealed; a sealed spool is immutable and
 * counted, and any thread may read it.
 */
#ifndef MAIL_SPOOL_H
#define MAIL_SPOOL_H

#include "core/budget.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes kept in memory before a file is opened. */
#define SPOOL_MEMORY_MAX (64 * 1024)

struct spool;

/* Where spools go; immutable, outlives every spool. */
struct spool_place {
	const char *directory; /* NULL: memfd */
	struct budget *budget; /* charged for every byte held in memory */
};

struct spool *spool_new(const struct spool_place *place);

/* Appends; false and errno when the bytes cannot be kept: ENOMEM (budget),
 * ENOSPC, EIO, ....  After that the spool is only good for spool_unref(). */
bool spool_append(struct spool *spool, const void *bytes, size_t length);

/* No more bytes: from here on immutable.  False and errno, as above, when the
 * last bytes cannot be kept. */
bool spool_seal(struct spool *spool);

/* Gives the bytes of a sealed spool the name `path`, in the file system of its
 * place: written, synced, named, the directory synced, in this
 * order.  A file that has that name already is replaced.  Where the spool's own
 * file cannot be named a copy is, made under path.new.  Blocks.  False and
 * errno when that failed; then there is no such file, or one that nobody may
 * rely on. */
bool spool_keep(struct spool *spool, const char *path);

/* The spool of a file that spool_keep() made: sealed; size and digest as they
 * were then.  Blocks for the opening only.  NULL and errno when it cannot be
 * opened (ELOOP: a symbolic link), is no file or has another size (EBADMSG). */
struct spool *spool_open(const struct spool_place *place, const char *path,
    uint64_t size, uint64_t digest);

/* Reads all of it and compares the digest: false and errno, EBADMSG when the
 * bytes are not those that were kept.  Blocks. */
bool spool_check(const struct spool *spool);

struct spool *spool_ref(struct spool *spool);
void spool_unref(struct spool *spool);

uint64_t spool_size(const struct spool *spool);

/* A 64-bit digest of all bytes of a sealed spool, for telling a resend from
 * another mail.  Not against anyone who tries to collide. */
uint64_t spool_digest(const struct spool *spool);

/* Reads up to length bytes at offset (pread; no shared position).  Returns the
 * bytes read (0 at the end), -1 and errno on an error of the disk; 0 and EIO
 * where the file is shorter than it was. */
ssize_t spool_read(
    const struct spool *spool, uint64_t offset, void *bytes, size_t length);

/* How many reads have failed, or found less than there should be: for whoever
 * has it read by others who only see an end too early. */
unsigned spool_faults(const struct spool *spool);

/* The bytes when they are in memory, else NULL: for readers without a copy. */
const unsigned char *spool_memory(const struct spool *spool);

/* The file, -1 when in memory; owned by the spool.  For pread and mmap only:
 * never move its position. */
int spool_fd(const struct spool *spool);

#endif
