/* SPDX-License-Identifier: MIT */
#include "log_journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define SOCKET "/run/systemd/journal/socket"
#define CUT    "..."

/* Of JOURNAL_STREAM, "device:inode" (systemd.exec(5)): programs that we did not
 * start inherit it, too, with another standard error. */
bool
log_journal_is_read(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat is;

	if (stream == NULL || fstat(STDERR_FILENO, &is) != 0)
		return false;
	g_snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)is.st_dev,
	    (uintmax_t)is.st_ino);
	return strcmp(stream, ours) == 0;
}

/* Not connected: the journal may be started anew at any time. */
void
log_journal_open(struct log_journal *journal, const char *path)
{
	if (path == NULL)
		path = SOCKET;
	journal->address.sun_family = AF_UNIX;
	g_strlcpy(
	    journal->address.sun_path, path, sizeof(journal->address.sun_path));
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void
log_journal_close(struct log_journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}

/* The second form, for what has line ends: the length before the bytes. */
static void
append_bytes(GString *entry, const char *bytes, size_t length)
{
	uint64_t size = GUINT64_TO_LE(length);

	g_string_append_c(entry, '\n');
	g_string_append_len(entry, (const char *)&size, sizeof(size));
	g_string_append_len(entry, bytes, (gssize)length);
}

static void
append_value(GString *entry, const char *value)
{
	g_autofree char *clean = log_redact(value);
	g_autoptr(GString) whole = g_string_new(clean ? clean : value);

	if (whole->len > LOG_JOURNAL_VALUE) {
		g_string_truncate(whole, LOG_JOURNAL_VALUE);
		g_string_append(whole, CUT);
	}
	if (strchr(whole->str, '\n') != NULL) {
		append_bytes(entry, whole->str, whole->len);
		return;
	}
	g_string_append_c(entry, '=');
	g_string_append_len(entry, whole->str, (gssize)whole->len);
}

static void
append_field(GString *entry, const struct log_field *field)
{
	g_string_append(entry, "POSTFERRY_");
	for (const char *at = field->key; *at != '\0'; at++)
		g_string_append_c(entry, g_ascii_toupper(*at));
	if (field->type == LOG_TYPE_NUMBER)
		g_string_append_printf(
		    entry, "=%" G_GINT64_FORMAT, field->number);
	else
		append_value(entry, field->string);
	g_string_append_c(entry, '\n');
}

GString *
log_journal_entry(int priority, const char *message, const char *event,
    const struct log_field *fields)
{
	GString *entry = g_string_new(NULL);

	g_string_append_printf(entry,
	    "PRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=postferry\n"
	    "MESSAGE=%s\nPOSTFERRY_EVENT=%s\n",
	    priority, LOG_FAC(LOG_MAIL), message, event);
	for (; fields->type != LOG_TYPE_END; fields++)
		if (fields->type == LOG_TYPE_NUMBER ||
		    (fields->type == LOG_TYPE_STRING && fields->string != NULL))
			append_field(entry, fields);
	return entry;
}

bool
log_journal_send(const struct log_journal *journal, const GString *entry)
{
	ssize_t sent;

	do {
		sent = sendto(journal->fd, entry->str, entry->len, MSG_NOSIGNAL,
		    (const struct sockaddr *)&journal->address,
		    sizeof(journal->address));
	} while (sent < 0 && errno == EINTR);
	return sent >= 0;
}
