/* SPDX-License-Identifier: MIT */
#include "smtp/users_file.h"

#include "core/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_NEW 0640
#define SUFFIX   ".new"

/* A change under way. */
struct editing {
	char *path;     /* of the file itself, not of a link to it */
	char *beside;   /* where it is written anew */
	int folder;     /* locked while it lasts; -1 */
	struct stat as; /* of the old file */
	bool there;     /* there was one */
	GString *text;  /* what is to be in it */
};

static bool
fail(GError **error, const char *what, const char *path)
{
	int failure = errno;

	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(failure),
	    "cannot %s %s: %s", what, path, g_strerror(failure));
	return false;
}

static char *
resolve(const char *path)
{
	char *real = realpath(path, NULL);
	char *copy = g_strdup(real != NULL ? real : path);

	free(real);
	return copy;
}

static bool
lock_folder(struct editing *editing, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(editing->path);

	editing->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (editing->folder < 0)
		return fail(error, "open", folder);
	while (flock(editing->folder, LOCK_EX) < 0)
		if (errno != EINTR)
			return fail(error, "lock", folder);
	return true;
}

/* Reads what there is. */
static bool
begin(struct editing *editing, const char *path, GError **error)
{
	struct file *file;

	*editing = (struct editing){ .folder = -1 };
	editing->path = resolve(path);
	editing->beside = g_strconcat(editing->path, SUFFIX, NULL);
	editing->text = g_string_new(NULL);
	if (!lock_folder(editing, error))
		return false;
	editing->there = stat(editing->path, &editing->as) == 0;
	if (!editing->there)
		return errno == ENOENT || fail(error, "look at", path);
	file = file_read(editing->path, USERS_FILE_MAX, error);
	if (file == NULL)
		return false;
	g_string_append_len(
	    editing->text, file->text->str, (gssize)file->text->len);
	file_free(file);
	return true;
}

static void
end(struct editing *editing)
{
	if (editing->folder >= 0)
		close(editing->folder);
	g_string_free(editing->text, TRUE);
	g_free(editing->beside);
	g_free(editing->path);
}

static bool
write_all(int fd, const GString *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t wrote = write(fd, text->str + done, text->len - done);

		if (wrote < 0 && errno != EINTR)
			return false;
		if (wrote > 0)
			done += (size_t)wrote;
	}
	return true;
}

/* Owner, group and mode are those of the old one; nobody but us could read it
 * so far. */
static bool
take_after(const struct editing *editing, int fd)
{
	mode_t mode = editing->there ? editing->as.st_mode & 0770 : MODE_NEW;

	if (editing->there &&
	    (editing->as.st_uid != geteuid() ||
		editing->as.st_gid != getegid()) &&
	    fchown(fd, editing->as.st_uid, editing->as.st_gid) < 0)
		return false;
	return fchmod(fd, mode) == 0;
}

static bool
fill(const struct editing *editing, GError **error)
{
	int fd = open(editing->beside,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool done;

	if (fd < 0)
		return fail(error, "make", editing->beside);
	done = write_all(fd, editing->text) ||
	       fail(error, "write", editing->beside);
	done = done &&
	       (take_after(editing, fd) ||
		   fail(error, "keep the owner and mode of", editing->path));
	done = done && (fsync(fd) == 0 || fail(error, "sync", editing->beside));
	close(fd);
	return done;
}

/* A larger one would not be read any more. */
static bool
fits(const struct editing *editing, GError **error)
{
	if (editing->text->len <= USERS_FILE_MAX)
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
	    "%s would have %zu bytes, and a users file may have %d at most: "
	    "remove users, or shorten their lists of senders",
	    editing->path, editing->text->len, USERS_FILE_MAX);
	return false;
}

/* From here on the file is the new one. */
static bool
finish(const struct editing *editing, GError **error)
{
	if (!fits(editing, error))
		return false;
	/* left by one that died */
	unlink(editing->beside);
	if (!fill(editing, error)) {
		unlink(editing->beside);
		return false;
	}
	if (rename(editing->beside, editing->path) < 0) {
		fail(error, "replace", editing->path);
		unlink(editing->beside);
		return false;
	}
	return fsync(editing->folder) == 0 ||
	       fail(error, "sync the folder of", editing->path);
}

/* True when it is the line of that user. */
static bool
is_of(const char *line, const char *name)
{
	size_t length = strlen(name);

	return strncmp(line, name, length) == 0 && line[length] == ':';
}

/* What the line is to be; old: what it was. */
static char *
make_line(const struct user *user, const char *old)
{
	g_auto(GStrv) fields = g_strsplit(old, ":", 3);
	g_autofree char *senders =
	    user->senders != NULL ? g_strjoinv(",", user->senders) : NULL;
	const char *kept =
	    g_strv_length(fields) == 3 ? g_strchomp(fields[2]) : "";

	return g_strdup_printf("%s:%s:%s", user->name, user->hash,
	    senders != NULL ? senders : kept);
}

/* Puts the line of that user in the place of his first; the others of the name
 * go.  user NULL: all go.  True when there was one. */
static bool
replace_lines(GString *text, const char *name, const struct user *user)
{
	g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
	bool found = false;

	g_string_truncate(text, 0);
	for (char **line = lines; *line != NULL; line++) {
		if (line[1] == NULL && **line == '\0')
			break; /* behind the last line's end */
		if (!is_of(*line, name)) {
			g_string_append_printf(text, "%s\n", *line);
		} else if (!found && user != NULL) {
			g_autofree char *made = make_line(user, *line);

			g_string_append_printf(text, "%s\n", made);
		}
		found |= is_of(*line, name);
	}
	return found;
}

enum users_file_change
users_file_put(const char *path, const struct user *user, GError **error)
{
	struct editing editing;
	bool found = false, done = begin(&editing, path, error);

	if (done)
		found = replace_lines(editing.text, user->name, user);
	if (done && !found) {
		g_autofree char *line = make_line(user, "");

		g_string_append_printf(editing.text, "%s\n", line);
	}
	done = done && finish(&editing, error);
	end(&editing);
	if (!done)
		return USERS_FILE_FAILED;
	return found ? USERS_FILE_REPLACED : USERS_FILE_ADDED;
}

enum users_file_change
users_file_remove(const char *path, const char *name, GError **error)
{
	struct editing editing;
	bool found = false, done = begin(&editing, path, error);

	if (done)
		found = replace_lines(editing.text, name, NULL);
	if (found)
		done = finish(&editing, error);
	end(&editing);
	if (!done)
		return USERS_FILE_FAILED;
	return found ? USERS_FILE_REMOVED : USERS_FILE_UNKNOWN;
}
