/* SPDX-License-Identifier: MIT */
#include "smtp/handover.h"

#include "core/network.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* For a reply to a command; for the one to the mail, which may be a provider's
 * (`deadline` is 9 min at most). */
#define REPLY_SECONDS  30
#define ANSWER_SECONDS 600

/* Of a line that is said to us, and of a wish. */
#define LINE_MAX_OCTETS 1000
#define WISH_MAX_OCTETS 100

#define PIECE 65536

struct talk {
	const struct handover *handover;
	struct handover_reply *reply;
	int fd;
	char buffer[4096];
	size_t at, filled;
	GString *text;   /* of the reply, its lines with a blank between */
	GString *offers; /* of EHLO, each between newlines */
	bool unread;     /* our own file */
};

/* ---- what is said ---- */

static void
set_patience(int fd, time_t seconds)
{
	struct timeval time = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

int
handover_connect(const char *address, GError **error)
{
	struct sockaddr_storage storage;
	socklen_t length;
	int fd;

	if (!network_parse_listener(address, &storage, &length, error))
		return -1;
	fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		set_patience(fd, REPLY_SECONDS);
		if (connect(fd, (const struct sockaddr *)&storage, length) == 0)
			return fd;
	}
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
	    "postferry cannot be reached at %s: %s", address,
	    g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
send_all(struct talk *talk, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(talk->fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

static int
read_byte(struct talk *talk)
{
	ssize_t got;

	if (talk->at < talk->filled)
		return (unsigned char)talk->buffer[talk->at++];
	do
		got = recv(talk->fd, talk->buffer, sizeof talk->buffer, 0);
	while (got < 0 && errno == EINTR);
	if (got <= 0) {
		errno = got == 0 ? ECONNRESET : errno;
		return -1;
	}
	talk->at = 1;
	talk->filled = (size_t)got;
	return (unsigned char)talk->buffer[0];
}

/* Without its line end; false: there is none. */
static bool
read_line(struct talk *talk, GString *line)
{
	int byte;

	g_string_truncate(line, 0);
	while ((byte = read_byte(talk)) != '\n') {
		if (byte < 0 || line->len > LINE_MAX_OCTETS)
			return false;
		g_string_append_c(line, (char)byte);
	}
	if (line->len > 0 && line->str[line->len - 1] == '\r')
		g_string_truncate(line, line->len - 1);
	return true;
}

/* Notes "5.1.1" of "5.1.1 text". */
static void
read_status(struct talk *talk)
{
	const char *text = talk->text->str;
	size_t length = strspn(text, "0123456789.");

	talk->reply->status[0] = '\0';
	if (length >= 5 && length < sizeof talk->reply->status &&
	    text[length] == ' ')
		g_strlcpy(talk->reply->status, text, length + 1);
}

/* The code; 0: the listener has gone, or does not speak SMTP. */
static unsigned
read_reply(struct talk *talk)
{
	g_autoptr(GString) line = g_string_new(NULL);
	bool more = true;

	talk->reply->code = 0;
	g_string_truncate(talk->text, 0);
	while (more) {
		if (!read_line(talk, line) || line->len < 3 ||
		    strspn(line->str, "0123456789") != 3)
			return 0;
		more = line->str[3] == '-';
		if (talk->text->len > 0)
			g_string_append_c(talk->text, '\n');
		g_string_append(
		    talk->text, line->str + (line->len > 3 ? 4 : 3));
	}
	talk->reply->code = (unsigned)strtoul(line->str, NULL, 10);
	read_status(talk);
	return talk->reply->code;
}

/* ---- how it ends ---- */

static void
tell(struct talk *talk, const char *what)
{
	struct handover_reply *reply = talk->reply;
	g_autofree char *said = NULL;

	if (reply->code == 0)
		said = g_strdup_printf("no answer (%s)", g_strerror(errno));
	else
		said = g_strdup_printf("%u %s", reply->code, talk->text->str);
	g_free(reply->text);
	reply->text = g_strdup_printf("%s: %s", what, said);
	g_strdelimit(reply->text, "\n", ' ');
}

/* What a reply means that is not the one hoped for. */
static enum handover_end
judge(struct talk *talk, const char *what)
{
	tell(talk, what);
	return talk->reply->code >= 500 ? HANDOVER_REFUSED : HANDOVER_LATER;
}

/* Says the line and reads the reply: TAKEN when it is of the class hoped for.
 */
static enum handover_end
say(struct talk *talk, const char *line, unsigned class)
{
	g_autofree char *whole = g_strconcat(line, "\r\n", NULL);

	errno = 0;
	talk->reply->code = 0;
	if (!send_all(talk, whole, strlen(whole)))
		return judge(talk, line);
	if (read_reply(talk) / 100 != class)
		return judge(talk, line);
	return HANDOVER_TAKEN;
}

/* ---- the mail ---- */

/* Where in a line the last byte of a piece was. */
enum stuffing {
	STUFFING_START, /* behind CR LF */
	STUFFING_TEXT,
	STUFFING_RETURN, /* behind CR */
};

static void
stuff(enum stuffing *at, const char *bytes, size_t length, GString *out)
{
	for (size_t i = 0; i < length; i++) {
		if (*at == STUFFING_START && bytes[i] == '.')
			g_string_append_c(out, '.');
		g_string_append_c(out, bytes[i]);
		if (bytes[i] == '\r')
			*at = STUFFING_RETURN;
		else if (bytes[i] == '\n' && *at == STUFFING_RETURN)
			*at = STUFFING_START;
		else
			*at = STUFFING_TEXT;
	}
}

static bool
send_file(struct talk *talk, enum stuffing *at)
{
	const struct handover *mail = talk->handover;
	g_autofree char *piece = g_malloc(PIECE);
	g_autoptr(GString) out = g_string_sized_new(PIECE + 1024);
	uint64_t done = 0;

	while (done < mail->length) {
		ssize_t got =
		    pread(mail->fd, piece, MIN(PIECE, mail->length - done),
			(off_t)(mail->offset + done));

		if (got <= 0) {
			talk->unread = true;
			errno = got == 0 ? EIO : errno;
			return false;
		}
		g_string_truncate(out, 0);
		stuff(at, piece, (size_t)got, out);
		if (!send_all(talk, out->str, out->len))
			return false;
		done += (uint64_t)got;
	}
	return true;
}

static enum handover_end
send_mail(struct talk *talk)
{
	enum stuffing at = STUFFING_START;
	enum handover_end end = say(talk, "DATA", 3);

	if (end != HANDOVER_TAKEN)
		return end;
	talk->reply->code = 0;
	if (!send_file(talk, &at)) {
		tell(talk, "the mail");
		return talk->unread ? HANDOVER_BROKEN : HANDOVER_LATER;
	}
	set_patience(talk->fd, ANSWER_SECONDS);
	end = say(talk, at == STUFFING_START ? "." : "\r\n.", 2);
	set_patience(talk->fd, REPLY_SECONDS);
	if (end == HANDOVER_TAKEN)
		tell(talk, "taken");
	return end;
}

/* ---- the envelope ---- */

static bool
offers(const struct talk *talk, const char *word)
{
	g_autofree char *line = g_strconcat("\n", word, NULL);

	return strstr(talk->offers->str, line) != NULL;
}

static enum handover_end
say_hello(struct talk *talk)
{
	const struct handover *mail = talk->handover;
	g_autofree char *hello = g_strconcat("EHLO ", mail->helo, NULL);
	enum handover_end end;

	errno = 0;
	if (read_reply(talk) / 100 != 2)
		return judge(talk, "greeting");
	end = say(talk, hello, 2);
	g_string_printf(talk->offers, "\n%s", talk->text->str);
	return end;
}

static void
append_wish(const struct talk *talk, GString *line, const char *keyword,
    const char *value)
{
	if (value != NULL && offers(talk, "DSN"))
		g_string_append_printf(line, " %s=%s", keyword, value);
}

/* It holds for one mail. */
static enum handover_end
say_ident(struct talk *talk)
{
	g_autofree char *line =
	    g_strconcat("XFORWARD IDENT=", talk->handover->ident, NULL);

	return offers(talk, "XFORWARD ") ? say(talk, line, 2) : HANDOVER_TAKEN;
}

static enum handover_end
say_sender(struct talk *talk)
{
	const struct handover *mail = talk->handover;
	g_autoptr(GString) line = g_string_new(NULL);

	g_string_printf(line, "MAIL FROM:<%s>", mail->sender);
	if (offers(talk, "SIZE"))
		g_string_append_printf(
		    line, " SIZE=%" G_GUINT64_FORMAT, mail->length);
	if (offers(talk, "8BITMIME"))
		g_string_append(line, " BODY=8BITMIME");
	append_wish(talk, line, "RET", mail->ret);
	append_wish(talk, line, "ENVID", mail->envid);
	return say(talk, line->str, 2);
}

/* From *next on, as many as are taken at once (RFC 5321 4.5.3.1.10). */
static enum handover_end
say_recipients(struct talk *talk, unsigned *next)
{
	const struct handover *mail = talk->handover;
	unsigned first = *next;

	for (; *next < mail->recipients->len; (*next)++) {
		g_autoptr(GString) line = g_string_new(NULL);
		enum handover_end end;

		g_string_printf(line, "RCPT TO:<%s>",
		    (const char *)mail->recipients->pdata[*next]);
		append_wish(talk, line, "NOTIFY", mail->notify);
		end = say(talk, line->str, 2);
		if (talk->reply->code == 452 && *next > first)
			return HANDOVER_TAKEN;
		if (end != HANDOVER_TAKEN)
			return end;
	}
	return HANDOVER_TAKEN;
}

static enum handover_end
say_all(struct talk *talk)
{
	enum handover_end end = say_hello(talk);
	unsigned next = 0;

	while (
	    end == HANDOVER_TAKEN && next < talk->handover->recipients->len) {
		end = say_ident(talk);
		if (end == HANDOVER_TAKEN)
			end = say_sender(talk);
		if (end == HANDOVER_TAKEN)
			end = say_recipients(talk, &next);
		if (end == HANDOVER_TAKEN)
			end = send_mail(talk);
	}
	return end;
}

enum handover_end
handover_run(const char *address, const struct handover *handover,
    struct handover_reply *reply)
{
	g_autoptr(GError) error = NULL;
	struct talk talk = { .handover = handover, .reply = reply };
	enum handover_end end;

	*reply = (struct handover_reply){ 0 };
	talk.fd = handover_connect(address, &error);
	if (talk.fd < 0) {
		reply->text = g_strdup(error->message);
		return HANDOVER_LATER;
	}
	talk.text = g_string_new(NULL);
	talk.offers = g_string_new(NULL);
	end = say_all(&talk);
	send_all(&talk, "QUIT\r\n", strlen("QUIT\r\n"));
	close(talk.fd);
	g_string_free(talk.text, TRUE);
	g_string_free(talk.offers, TRUE);
	return end;
}

/* ---- what may be said ---- */

/* "root": its local part, quoted as it has to be. */
static char *
read_local_part(const char *text, enum address_fault *fault)
{
	struct address *address =
	    address_parse(text, strlen(text), "localhost", fault);
	char *path = NULL;

	if (address != NULL)
		path = g_strndup(address->text, address->local_length);
	address_free(address);
	return path;
}

char *
handover_path(const char *text, enum address_fault *fault)
{
	struct address *address =
	    address_parse(text, strlen(text), NULL, fault);
	char *path;

	if (address == NULL && *fault == ADDRESS_UNQUALIFIED)
		return read_local_part(text, fault);
	if (address == NULL)
		return NULL;
	path = g_strdup(address->text);
	address_free(address);
	return path;
}

bool
handover_is_wish(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '=')
			return false;
	return length > 0 && length <= WISH_MAX_OCTETS;
}
