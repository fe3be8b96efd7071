/* SPDX-License-Identifier: MIT */
#include "mail/spool.h"

#include "core/disk.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first allocation: most mails fit in one or two doublings. */
#define SPOOL_MEMORY_MIN (8 * 1024)

/* While the spool lives in a file, `bytes` gathers what the next write takes.
 * The digest goes by words of 8 bytes whatever the splits were: `word` holds
 * the bytes that do not yet make one, until it is sealed. */
struct spool {
	atomic_uint count;
	const struct spool_place *place;
	unsigned char *bytes; /* NULL once sealed in a file */
	size_t used, room;    /* of bytes */
	uint64_t size;        /* of the whole mail */
	uint64_t charged;     /* to the budget */
	uint64_t digest, word;
	int fd; /* -1: in memory */
	bool sealed;
	atomic_uint faults; /* reads that failed */
};

struct spool *
spool_new(const struct spool_place *place)
{
	struct spool *spool = g_new0(struct spool, 1);

	spool->count = 1;
	spool->place = place;
	spool->fd = -1;
	return spool;
}

static bool
charge(struct spool *spool, uint64_t bytes)
{
	if (!budget_take(spool->place->budget, bytes)) {
		errno = ENOMEM;
		return false;
	}
	spool->charged += bytes;
	return true;
}

static void
discharge(struct spool *spool, uint64_t bytes)
{
	budget_give(spool->place->budget, bytes);
	spool->charged -= bytes;
}

/* Makes room for so many bytes in all; they are at most SPOOL_MEMORY_MAX. */
static bool
grow(struct spool *spool, size_t wanted)
{
	size_t room = MAX(spool->room, (size_t)SPOOL_MEMORY_MIN);

	if (wanted <= spool->room)
		return true;
	while (room < wanted)
		room *= 2;
	if (!charge(spool, room - spool->room))
		return false;
	spool->bytes = g_realloc(spool->bytes, room);
	spool->room = room;
	return true;
}

/* A file without a name: gone with its last descriptor, whatever happens. */
static int
open_file(const char *directory)
{
	g_autofree char *path = NULL;
	int fd;

	if (directory == NULL)
		return memfd_create("spool", MFD_CLOEXEC);
	fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	path = g_build_filename(directory, "spool-XXXXXX", NULL);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static bool
write_all(int fd, const unsigned char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = write(fd, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		length -= (size_t)done;
	}
	return true;
}

static bool
write_file(struct spool *spool, const unsigned char *bytes, size_t length)
{
	/* A memfd is memory like any other. */
	if (spool->place->directory == NULL && !charge(spool, length))
		return false;
	return write_all(spool->fd, bytes, length);
}

static bool
flush(struct spool *spool)
{
	if (spool->fd < 0 &&
	    (spool->fd = open_file(spool->place->directory)) < 0)
		return false;
	if (!write_file(spool, spool->bytes, spool->used))
		return false;
	spool->used = 0;
	return true;
}

static uint64_t
mix(uint64_t digest, uint64_t word)
{
	digest = (digest ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return digest ^ digest >> 29;
}

/* Continues the digest at a size that is a multiple of 8 or not. */
static void
digest_bytes(struct spool *spool, const unsigned char *bytes, size_t length)
{
	uint64_t at = spool->size, word;

	for (; length > 0 && (at & 7) != 0; length--, at++) {
		spool->word |= (uint64_t)*bytes++ << 8 * (at & 7);
		if ((at & 7) != 7)
			continue;
		spool->digest = mix(spool->digest, spool->word);
		spool->word = 0;
	}
	for (; length >= 8; length -= 8, bytes += 8) {
		memcpy(&word, bytes, 8);
		spool->digest = mix(spool->digest, GUINT64_FROM_LE(word));
	}
	for (; length > 0; length--, at++)
		spool->word |= (uint64_t)*bytes++ << 8 * (at & 7);
}

static uint64_t
finish_digest(const struct spool *spool)
{
	return mix(mix(spool->digest, spool->word), spool->size);
}

bool
spool_append(struct spool *spool, const void *bytes, size_t length)
{
	const unsigned char *from = bytes;

	g_assert(!spool->sealed);
	digest_bytes(spool, from, length);
	while (length > 0) {
		size_t more = MIN(length, SPOOL_MEMORY_MAX - spool->used);

		if (more == 0) {
			if (!flush(spool))
				return false;
			continue;
		}
		if (!grow(spool, spool->used + more))
			return false;
		memcpy(spool->bytes + spool->used, from, more);
		spool->used += more;
		spool->size += more;
		from += more;
		length -= more;
	}
	return true;
}

bool
spool_seal(struct spool *spool)
{
	g_assert(!spool->sealed);
	spool->sealed = true;
	spool->digest = finish_digest(spool);
	if (spool->fd < 0)
		return true;
	if (!flush(spool))
		return false;
	g_clear_pointer(&spool->bytes, g_free);
	discharge(spool, spool->room);
	spool->room = 0;
	return true;
}

struct spool *
spool_ref(struct spool *spool)
{
	atomic_fetch_add_explicit(&spool->count, 1, memory_order_relaxed);
	return spool;
}

void
spool_unref(struct spool *spool)
{
	if (spool == NULL || atomic_fetch_sub_explicit(
				 &spool->count, 1, memory_order_acq_rel) != 1)
		return;
	if (spool->fd >= 0)
		close(spool->fd);
	g_free(spool->bytes);
	discharge(spool, spool->charged);
	g_free(spool);
}

uint64_t
spool_size(const struct spool *spool)
{
	return spool->size;
}

uint64_t
spool_digest(const struct spool *spool)
{
	g_assert(spool->sealed);
	return spool->digest;
}

ssize_t
spool_read(
    const struct spool *spool, uint64_t offset, void *bytes, size_t length)
{
	ssize_t done;

	g_assert(spool->sealed);
	if (offset >= spool->size || length == 0)
		return 0;
	length = (size_t)MIN((uint64_t)length, spool->size - offset);
	if (spool->fd < 0) {
		memcpy(bytes, spool->bytes + offset, length);
		return (ssize_t)length;
	}
	do
		done = pread(spool->fd, bytes, length, (off_t)offset);
	while (done < 0 && errno == EINTR);
	if (done == 0)
		errno = EIO;
	/* all else of a sealed spool is immutable */
	if (done <= 0)
		atomic_fetch_add(&((struct spool *)spool)->faults, 1);
	return done;
}

unsigned
spool_faults(const struct spool *spool)
{
	return atomic_load(&((struct spool *)spool)->faults);
}

const unsigned char *
spool_memory(const struct spool *spool)
{
	static const unsigned char nothing[1];

	if (spool->fd >= 0)
		return NULL;
	return spool->bytes == NULL ? nothing : spool->bytes;
}

static bool
sync_name(const char *path)
{
	g_autofree char *directory = g_path_get_dirname(path);

	return disk_sync_directory(directory);
}

/* Names the file that has none.  A file there already was made by one who
 * tried before and failed. */
static bool
link_file(int fd, const char *path)
{
	char self[32];

	g_snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
		return true;
	return errno == EEXIST && unlink(path) == 0 &&
	       linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

static bool
write_copy(const struct spool *spool, int fd)
{
	g_autofree unsigned char *bytes = g_malloc(SPOOL_MEMORY_MAX);
	uint64_t at = 0;

	while (at < spool->size) {
		ssize_t got = spool_read(spool, at, bytes, SPOOL_MEMORY_MAX);

		if (got == 0)
			errno = EBADMSG;
		if (got <= 0 || !write_all(fd, bytes, (size_t)got))
			return false;
		at += (uint64_t)got;
	}
	return fdatasync(fd) == 0;
}

/* For spools whose file cannot be linked: in memory, or unlinked once. */
static bool
copy_file(const struct spool *spool, const char *path)
{
	g_autofree char *fresh = g_strconcat(path, ".new", NULL);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	bool written = write_copy(spool, fd);
	int wrong = errno;
	if (close(fd) != 0 && written) {
		written = false;
		wrong = errno;
	}
	if (written && rename(fresh, path) == 0)
		return true;
	if (written)
		wrong = errno;
	unlink(fresh);
	errno = wrong;
	return false;
}

static bool
cannot_link(int wrong)
{
	return wrong == ENOENT || wrong == EXDEV || wrong == EPERM ||
	       wrong == EACCES || wrong == EOPNOTSUPP;
}

static bool
name_file(const struct spool *spool, const char *path)
{
	if (spool->fd < 0 || spool->place->directory == NULL)
		return copy_file(spool, path);
	if (fdatasync(spool->fd) != 0)
		return false;
	if (link_file(spool->fd, path))
		return true;
	return cannot_link(errno) && copy_file(spool, path);
}

bool
spool_keep(struct spool *spool, const char *path)
{
	g_assert(spool->sealed);
	if (!name_file(spool, path))
		return false;
	if (sync_name(path))
		return true;
	int wrong = errno;
	unlink(path);
	errno = wrong;
	return false;
}

struct spool *
spool_open(const struct spool_place *place, const char *path, uint64_t size,
    uint64_t digest)
{
	/* whatever is there now, opening it must not wait */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat is;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode) ||
	    (uint64_t)is.st_size != size) {
		close(fd);
		errno = EBADMSG;
		return NULL;
	}
	struct spool *spool = spool_new(place);
	spool->fd = fd;
	spool->size = size;
	spool->digest = digest;
	spool->sealed = true;
	return spool;
}

bool
spool_check(const struct spool *spool)
{
	g_autofree unsigned char *bytes = g_malloc(SPOOL_MEMORY_MAX);
	struct spool now = { 0 };

	while (now.size < spool->size) {
		ssize_t got =
		    spool_read(spool, now.size, bytes, SPOOL_MEMORY_MAX);

		if (got < 0)
			return false;
		if (got == 0)
			break;
		digest_bytes(&now, bytes, (size_t)got);
		now.size += (uint64_t)got;
	}
	errno = EBADMSG;
	return finish_digest(&now) == spool->digest;
}

int
spool_fd(const struct spool *spool)
{
	return spool->fd;
}
