/* SPDX-License-Identifier: MIT */
#include "body.h"

#include "core/disk.h"
#include "core/pool.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS 2

struct bodies {
	char *directory;
	struct loop *loop;
	struct pool *pool;     /* NULL: nothing is kept */
	GHashTable *under_way; /* ids */
};

/* A new directory is there for good when the one above it was synced.  One that
 * was there must be ours to write. */
static bool
make_directory(const char *path, const char *above)
{
	struct stat is;

	if (mkdir(path, 0700) == 0)
		return disk_sync_directory(above);
	if (errno != EEXIST || stat(path, &is) != 0)
		return false;
	if (!S_ISDIR(is.st_mode)) {
		errno = ENOTDIR;
		return false;
	}
	return faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) == 0;
}

struct bodies *
body_open(
    const char *directory, struct loop *loop, bool offline, GError **error)
{
	struct pool_options pool = { .name = "sync", .threads = THREADS };
	g_autofree char *path = g_build_filename(directory, "bodies", NULL);
	struct bodies *bodies;

	if (!make_directory(path, directory)) {
		g_set_error(error, G_FILE_ERROR,
		    (gint)g_file_error_from_errno(errno),
		    "%s: the directory for large mails cannot be had: %s; "
		    "a directory is expected that the user postferry runs as "
		    "may write",
		    path, g_strerror(errno));
		return NULL;
	}
	bodies = g_new0(struct bodies, 1);
	bodies->directory = g_steal_pointer(&path);
	bodies->loop = loop;
	bodies->pool = offline ? NULL : pool_new(&pool);
	bodies->under_way =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return bodies;
}

void
body_stop(struct bodies *bodies)
{
	g_clear_pointer(&bodies->pool, pool_free);
}

void
body_free(struct bodies *bodies)
{
	if (bodies == NULL)
		return;
	body_stop(bodies);
	g_hash_table_unref(bodies->under_way);
	g_free(bodies->directory);
	g_free(bodies);
}

static void
on_kept(void *owner, struct letter *letter)
{
	struct body *body = LETTER_OF(letter, struct body, letter);

	(void)owner;
	body->kept(body->object, body->wrong);
}

/* A thread of the pool. */
static void
on_keep(void *owner, struct letter *letter)
{
	struct body *body = LETTER_OF(letter, struct body, letter);
	g_autofree char *path =
	    g_build_filename(body->bodies->directory, body->id, NULL);

	(void)owner;
	if (!spool_keep(body->spool, path))
		body->wrong = errno != 0 ? errno : EIO;
	loop_post(body->bodies->loop, letter, on_kept);
}

void
body_keep(struct bodies *bodies, struct body *body)
{
	body->bodies = bodies;
	body->wrong = 0;
	g_hash_table_add(bodies->under_way, g_strdup(body->id));
	pool_post(bodies->pool, &body->letter, on_keep);
}

void
body_done(struct bodies *bodies, const char *id)
{
	g_hash_table_remove(bodies->under_way, id);
}

void
body_remove(struct bodies *bodies, const char *id)
{
	g_autofree char *path = g_build_filename(bodies->directory, id, NULL);

	unlink(path);
	body_done(bodies, id);
}

bool
body_is_under_way(const struct bodies *bodies, const char *id)
{
	return g_hash_table_contains(bodies->under_way, id);
}

const char *
body_directory(const struct bodies *bodies)
{
	return bodies->directory;
}

enum body_fault
body_fault(int wrong)
{
	switch (wrong) {
	case ENOSPC:
	case EDQUOT:
		return BODY_FULL;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EFBIG:
	case EACCES:
	case EPERM:
	case ENOENT:
	case ENOTDIR:
	case EROFS:
		return BODY_BUSY;
	default:
		return BODY_FATAL;
	}
}
