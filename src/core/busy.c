/* SPDX-License-Identifier: MIT */
/*
 * The kernel keeps what was stored in a shared mapping when the process dies,
 * whatever it dies of, so a slot is taken with one atomic store and nothing is
 * ever written by a system call.
 */
#include "core/busy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* "busy", and the version of the layout below. */
#define MAGIC   UINT64_C(0x79737562706f7374)
#define VERSION UINT64_C(1)

/* A free slot, or no suspect: a digest that is 0 is noted as 1. */
#define NOTHING UINT64_C(0)

struct suspect {
	_Atomic uint64_t digest;
	_Atomic uint64_t deaths;
	_Atomic uint64_t seen; /* the start that found it last */
};

struct layout {
	_Atomic uint64_t magic; /* written last */
	_Atomic uint64_t version;
	_Atomic uint64_t starts;
	_Atomic uint64_t slots[BUSY_SLOTS];
	struct suspect suspects[BUSY_SUSPECTS];
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_LONG_LOCK_FREE == 2,
    "a lock would die with the process that holds it");

struct busy {
	struct layout *file;
};

static uint64_t
name_digest(uint64_t digest)
{
	return digest == NOTHING ? 1 : digest;
}

static bool
is_ours(const struct layout *file)
{
	return file->magic == MAGIC && file->version == VERSION;
}

/* Room for all of it is there before it is mapped: a page that has no room on
 * the disk would end the process when it is written. */
static bool
give_room(int fd, bool *fresh)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return false;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return false;
	}
	*fresh = status.st_size != (off_t)sizeof(struct layout);
	if (*fresh && ftruncate(fd, 0) != 0)
		return false;
	errno = posix_fallocate(fd, 0, (off_t)sizeof(struct layout));
	return errno == 0;
}

static void *
map_file(int fd)
{
	bool fresh = false;
	struct layout *file;

	if (!give_room(fd, &fresh))
		return MAP_FAILED;
	file =
	    mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file != MAP_FAILED && !fresh && !is_ours(file))
		memset(file, 0, sizeof *file);
	return file;
}

static void *
map_path(const char *path)
{
	int fd = open(
	    path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	int fault;
	void *file;

	if (fd < 0)
		return MAP_FAILED;
	file = map_file(fd);
	fault = errno;
	close(fd);
	errno = fault;
	return file;
}

static struct suspect *
find_suspect(struct layout *file, uint64_t digest)
{
	for (unsigned i = 0; i < BUSY_SUSPECTS; i++)
		if (file->suspects[i].digest == digest)
			return &file->suspects[i];
	return NULL;
}

/* A free one, or that seen longest ago. */
static struct suspect *
choose_suspect(struct layout *file)
{
	struct suspect *oldest = &file->suspects[0];

	for (unsigned i = 0; i < BUSY_SUSPECTS; i++) {
		struct suspect *suspect = &file->suspects[i];

		if (suspect->digest == NOTHING)
			return suspect;
		if (suspect->seen < oldest->seen)
			oldest = suspect;
	}
	return oldest;
}

/* Two slots may have held the same: it died once. */
static void
accuse(struct layout *file, uint64_t digest)
{
	struct suspect *suspect = find_suspect(file, digest);

	if (suspect != NULL && suspect->seen == file->starts)
		return;
	if (suspect == NULL) {
		suspect = choose_suspect(file);
		suspect->deaths = 0;
		suspect->digest = digest;
	}
	suspect->deaths++;
	suspect->seen = file->starts;
}

/* A slot is given up before its digest is counted: should we die here, one
 * death less is counted, never one more. */
static void
accuse_all(struct layout *file)
{
	file->starts++;
	for (unsigned i = 0; i < BUSY_SLOTS; i++) {
		uint64_t digest = atomic_exchange(&file->slots[i], NOTHING);

		if (digest != NOTHING)
			accuse(file, digest);
	}
}

struct busy *
busy_open(const char *path, GError **error)
{
	struct layout *file =
	    path != NULL ? map_path(path)
			 : mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (file == MAP_FAILED) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
		    "%s: cannot be mapped (%s): a regular file of %zu bytes "
		    "that we may write is needed there",
		    path != NULL ? path : "memory", g_strerror(errno),
		    sizeof *file);
		return NULL;
	}
	struct busy *busy = g_new0(struct busy, 1);
	busy->file = file;
	accuse_all(file);
	file->version = VERSION;
	file->magic = MAGIC;
	return busy;
}

void
busy_close(struct busy *busy)
{
	if (busy == NULL)
		return;
	munmap(busy->file, sizeof *busy->file);
	g_free(busy);
}

unsigned
busy_enter(struct busy *busy, uint64_t digest)
{
	for (unsigned i = 0; i < BUSY_SLOTS; i++) {
		uint64_t nothing = NOTHING;

		if (atomic_compare_exchange_strong(
			&busy->file->slots[i], &nothing, name_digest(digest)))
			return i;
	}
	return BUSY_SLOTS;
}

void
busy_leave(struct busy *busy, unsigned slot, uint64_t digest)
{
	uint64_t name = name_digest(digest);
	struct suspect *suspect = find_suspect(busy->file, name);

	if (suspect != NULL)
		atomic_compare_exchange_strong(
		    &suspect->digest, &name, NOTHING);
	busy_spare(busy, slot);
}

void
busy_spare(struct busy *busy, unsigned slot)
{
	if (slot < BUSY_SLOTS)
		busy->file->slots[slot] = NOTHING;
}

unsigned
busy_deaths(const struct busy *busy, uint64_t digest)
{
	const struct suspect *suspect =
	    find_suspect(busy->file, name_digest(digest));

	return suspect == NULL ? 0 : (unsigned)suspect->deaths;
}
