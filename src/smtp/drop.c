/* SPDX-License-Identifier: MIT */
/*
 * Who leaves a mail may not list the directory, so cannot sync it, either:
 * syncfs() of the file does.
 */
#include "smtp/drop.h"

#include "core/file.h"
#include "mail/id.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_LINE "postferry-drop 1"

/* The envelope: 50,000 recipients are as many as a listener ever takes. */
#define HEAD_MAX (16 * 1024 * 1024)

#define PIECE 65536

#define FILE_MODE (S_IRUSR | S_IWUSR | S_IRGRP)

static bool
fail(GError **error, int number, const char *what)
{
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
	    "%s: %s", what, g_strerror(number));
	return false;
}

/* ---- writing ---- */

static void
append_line(GString *head, const char *key, const char *value)
{
	if (value != NULL)
		g_string_append_printf(head, "%s %s\n", key, value);
}

static GString *
make_head(const struct handover *mail)
{
	GString *head = g_string_new(FIRST_LINE "\n");

	append_line(head, "from", mail->sender);
	append_line(head, "notify", mail->notify);
	append_line(head, "ret", mail->ret);
	append_line(head, "envid", mail->envid);
	for (unsigned i = 0; i < mail->recipients->len; i++)
		append_line(head, "to", mail->recipients->pdata[i]);
	g_string_append_printf(
	    head, "length %" G_GUINT64_FORMAT "\n\n", mail->length);
	return head;
}

static bool
copy_bytes(int fd, const struct handover *mail)
{
	g_autofree char *piece = g_malloc(PIECE);
	uint64_t done = 0;

	while (done < mail->length) {
		ssize_t got =
		    pread(mail->fd, piece, MIN(PIECE, mail->length - done),
			(off_t)(mail->offset + done));

		if (got <= 0) {
			errno = got == 0 ? EIO : errno;
			return false;
		}
		if (!file_write(fd, piece, (size_t)got))
			return false;
		done += (uint64_t)got;
	}
	return true;
}

/* The umask is not ours to trust, and the group has to read it. */
static bool
fill(int fd, const struct handover *mail)
{
	g_autoptr(GString) head = make_head(mail);

	return fchmod(fd, FILE_MODE) == 0 &&
	       file_write(fd, head->str, head->len) && copy_bytes(fd, mail) &&
	       fsync(fd) == 0;
}

bool
drop_write(const char *directory, const struct handover *mail, GError **error)
{
	g_autofree char *path = g_build_filename(directory, mail->ident, NULL);
	g_autofree char *part =
	    g_strdup_printf("%s/.%s", directory, mail->ident);
	int fd = open(part,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	bool kept;

	if (fd < 0)
		return fail(error, errno, directory);
	kept = fill(fd, mail) && rename(part, path) == 0;
	if (!kept) {
		fail(error, errno, part);
		unlink(part);
	} else if (syncfs(fd) != 0) {
		kept = fail(error, errno, path);
		unlink(path);
	}
	close(fd);
	return kept;
}

/* ---- reading ---- */

bool
drop_is_name(const char *name)
{
	size_t length = strspn(name, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");

	return length == ID_LENGTH && name[length] == '\0';
}

static bool
refuse(GError **error, const char *why)
{
	g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, why);
	return false;
}

/* Nobody but its owner could have written it, and it has no other name: who
 * links to another's file leaves no mail of his. */
static bool
is_left_by_owner(const struct stat *status, GError **error)
{
	if (!S_ISREG(status->st_mode))
		return refuse(error, "it is no regular file");
	if (status->st_nlink != 1)
		return refuse(error, "it has a second name (hard link)");
	if ((status->st_mode & (ACCESSPERMS & ~(FILE_MODE | S_IROTH))) != 0 ||
	    (status->st_mode & (S_ISUID | S_ISGID | S_ISVTX)) != 0)
		return refuse(error, "its mode is not 0640");
	return true;
}

static const char *
keep(struct drop *drop, char *text)
{
	g_ptr_array_add(drop->texts, text);
	return text;
}

static bool
take_path(
    struct drop *drop, const char *value, const char **path, GError **error)
{
	enum address_fault fault;
	char *clean = handover_path(value, &fault);

	if (clean == NULL)
		return refuse(error, address_fault_text(fault));
	*path = keep(drop, clean);
	return true;
}

static bool
take_wish(
    struct drop *drop, const char *value, const char **wish, GError **error)
{
	if (!handover_is_wish(value))
		return refuse(error, "a wish that cannot be said");
	*wish = keep(drop, g_strdup(value));
	return true;
}

static bool
take_recipient(struct drop *drop, const char *value, GError **error)
{
	const char *path;

	if (!take_path(drop, value, &path, error))
		return false;
	g_ptr_array_add(drop->mail.recipients, (char *)path);
	return true;
}

static bool
take_line(struct drop *drop, const char *key, const char *value, GError **error)
{
	struct handover *mail = &drop->mail;

	if (strcmp(key, "from") == 0 && *value == '\0')
		mail->sender = "";
	else if (strcmp(key, "from") == 0)
		return take_path(drop, value, &mail->sender, error);
	else if (strcmp(key, "to") == 0)
		return take_recipient(drop, value, error);
	else if (strcmp(key, "notify") == 0)
		return take_wish(drop, value, &mail->notify, error);
	else if (strcmp(key, "ret") == 0)
		return take_wish(drop, value, &mail->ret, error);
	else if (strcmp(key, "envid") == 0)
		return take_wish(drop, value, &mail->envid, error);
	else if (strcmp(key, "length") != 0 ||
		 !g_ascii_string_to_unsigned(
		     value, 10, 0, G_MAXINT64, &mail->length, NULL))
		return refuse(error, "an unknown line in its envelope");
	return true;
}

/* The bytes up to the empty line. */
static GString *
read_head(int fd, GError **error)
{
	GString *head = g_string_new(NULL);
	g_autofree char *piece = g_malloc(PIECE);
	char *end = NULL;

	while (end == NULL && head->len < HEAD_MAX) {
		ssize_t got = pread(fd, piece, PIECE, (off_t)head->len);
		size_t from = head->len > 0 ? head->len - 1 : 0;

		if (got <= 0 || memchr(piece, '\0', (size_t)got) == piece)
			break;
		g_string_append_len(head, piece, got);
		end = g_strstr_len(
		    head->str + from, (gssize)(head->len - from), "\n\n");
	}
	if (end != NULL) {
		g_string_truncate(head, (gsize)(end - head->str));
		return head;
	}
	refuse(error, "its envelope has no end");
	g_string_free(head, TRUE);
	return NULL;
}

static bool
take_lines(struct drop *drop, const char *head, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(head, "\n", -1);

	if (lines[0] == NULL || strcmp(lines[0], FIRST_LINE) != 0)
		return refuse(error, "it does not begin with " FIRST_LINE);
	for (char **line = lines + 1; *line != NULL; line++) {
		char *blank = strchr(*line, ' ');

		if (blank == NULL)
			return refuse(error, "a line of its envelope is none");
		*blank = '\0';
		if (!take_line(drop, *line, blank + 1, error))
			return false;
	}
	return true;
}

static bool
read_drop(struct drop *drop, GError **error)
{
	struct handover *mail = &drop->mail;
	struct stat status;
	GString *head;
	bool read;

	if (fstat(mail->fd, &status) != 0)
		return fail(error, errno, "stat");
	if (!is_left_by_owner(&status, error))
		return false;
	head = read_head(mail->fd, error);
	if (head == NULL)
		return false;
	drop->owner = status.st_uid;
	mail->offset = head->len + strlen("\n\n");
	read = take_lines(drop, head->str, error);
	g_string_free(head, TRUE);
	if (!read)
		return false;
	if (mail->sender == NULL || mail->recipients->len == 0)
		return refuse(
		    error, "its envelope lacks a sender or recipient");
	if (mail->offset + mail->length != (uint64_t)status.st_size)
		return refuse(error, "it is not as long as it says");
	return true;
}

struct drop *
drop_open(int directory, const char *name, GError **error)
{
	/* O_NONBLOCK: a FIFO would never end */
	int fd = openat(
	    directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct drop *drop;

	if (fd < 0) {
		fail(error, errno, "it cannot be opened");
		return NULL;
	}
	drop = g_new0(struct drop, 1);
	drop->texts = g_ptr_array_new_with_free_func(g_free);
	drop->mail.recipients = g_ptr_array_new();
	drop->mail.fd = fd;
	drop->mail.ident = keep(drop, g_strdup(name));
	if (!read_drop(drop, error))
		g_clear_pointer(&drop, drop_free);
	return drop;
}

void
drop_free(struct drop *drop)
{
	if (drop == NULL)
		return;
	close(drop->mail.fd);
	g_ptr_array_unref(drop->mail.recipients);
	g_ptr_array_unref(drop->texts);
	g_free(drop);
}

/* ---- the directory ---- */

/* Those of its group would otherwise see and take each other's mail. */
#define OPEN_MODE (S_ISVTX | S_ISGID | S_IWOTH | S_IXOTH)

bool
drop_check(const char *directory, uid_t owner, GError **error)
{
	struct stat status;

	if (lstat(directory, &status) != 0)
		return fail(error, errno, directory);
	if (!S_ISDIR(status.st_mode) || status.st_uid != owner ||
	    (status.st_mode & S_IROTH) != 0 ||
	    ((status.st_mode & S_IWOTH) != 0 &&
		(status.st_mode & OPEN_MODE) != OPEN_MODE)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM,
		    "%s has uid %u and mode %04o; a directory of uid %u with "
		    "mode 3733 is expected: %s %s",
		    directory, (unsigned)status.st_uid,
		    (unsigned)(status.st_mode & ALLPERMS), (unsigned)owner,
		    DROP_ADVICE, directory);
		return false;
	}
	return true;
}
