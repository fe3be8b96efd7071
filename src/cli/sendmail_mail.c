/* SPDX-License-Identifier: MIT */
#include "sendmail_mail.h"

#include "core/file.h"
#include "mail/header.h"
#include "mail/parse.h"
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

/* max_size is 1 GiB at most; a mail is held twice. */
#define INPUT_MAX (UINT64_C(1) << 30)

#define PIECE 65536

struct draft {
	struct sendmail_options *options;
	const char *login;
	GString *text; /* CR LF */
	struct limiter_seen seen;
	struct header *header;
};

/* ---- reading ---- */

/* How far a line has come. */
enum line_state {
	LINE_START,
	LINE_DOT,     /* a dot alone so far */
	LINE_DOT_END, /* and a CR */
	LINE_TEXT,
	LINE_RETURN, /* behind a CR */
};

/* Takes a byte: LF becomes CR LF, CR LF stays. */
static enum line_state
take_byte(GString *text, enum line_state state, char byte)
{
	bool dotted = state == LINE_DOT;

	if (byte == '\n' && state != LINE_RETURN && state != LINE_DOT_END)
		g_string_append_c(text, '\r');
	g_string_append_c(text, byte);
	if (byte == '\n')
		return LINE_START;
	if (byte == '\r')
		return dotted ? LINE_DOT_END : LINE_RETURN;
	return byte == '.' && state == LINE_START ? LINE_DOT : LINE_TEXT;
}

/* False: the lone dot that ends the mail was among them, and is taken out. */
static bool
take_piece(const struct draft *draft, enum line_state *state, const char *piece,
    size_t length)
{
	GString *text = draft->text;

	for (size_t i = 0; i < length; i++) {
		bool dotted = *state == LINE_DOT || *state == LINE_DOT_END;

		*state = take_byte(text, *state, piece[i]);
		if (dotted && piece[i] == '\n' && !draft->options->keep_dot) {
			g_string_truncate(text, text->len - strlen(".\r\n"));
			return false;
		}
	}
	return true;
}

static int
read_all(struct draft *draft, int fd)
{
	g_autofree char *piece = g_malloc(PIECE);
	enum line_state state = LINE_START;
	ssize_t got;

	while ((got = read(fd, piece, PIECE)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			fprintf(stderr, "sendmail: standard input: %s\n",
			    g_strerror(errno));
			return EX_IOERR;
		}
		if (!take_piece(draft, &state, piece, (size_t)got))
			break;
		if (draft->text->len > INPUT_MAX) {
			fputs("sendmail: the mail is larger than 1 GiB, which "
			      "no listener takes\n",
			    stderr);
			return EX_UNAVAILABLE;
		}
	}
	if (draft->text->len > 0 && !g_str_has_suffix(draft->text->str, "\n"))
		g_string_append(draft->text,
		    state == LINE_RETURN || state == LINE_DOT_END ? "\n"
								  : "\r\n");
	return EX_OK;
}

/* ---- the header ---- */

/* What the daemon would refuse is said here, where somebody hears it. */
static int
inspect(struct draft *draft)
{
	struct limiter_limits limits = limiter_defaults;
	struct limiter *limiter = limiter_new(&limits);
	enum limiter_verdict verdict =
	    limiter_feed(limiter, draft->text->str, draft->text->len);

	if (verdict == LIMITER_OK)
		verdict = limiter_end(limiter, &draft->seen);
	limiter_free(limiter);
	if (verdict == LIMITER_OK)
		return EX_OK;
	fprintf(stderr, "sendmail: the mail is refused: %s\n",
	    limiter_text(verdict));
	return EX_DATAERR;
}

static int
read_header(struct draft *draft)
{
	struct budget *budget = budget_new(G_MAXINT64);
	struct spool_place place = { .budget = budget };
	struct spool *spool = spool_new(&place);
	bool read =
	    spool_append(spool, draft->text->str, draft->seen.header_end) &&
	    spool_seal(spool);

	if (read)
		draft->header = header_read(spool, &draft->seen);
	if (draft->header == NULL)
		fprintf(stderr,
		    "sendmail: no memory for the mail's header: "
		    "%s\n",
		    g_strerror(errno));
	spool_unref(spool);
	budget_free(budget);
	return draft->header != NULL ? EX_OK : EX_OSERR;
}

static const struct header_field *
get_field(const struct draft *draft, unsigned i)
{
	return &g_array_index(draft->header->fields, struct header_field, i);
}

static bool
is_one_of(const char *name, const char *const *names)
{
	while (*names != NULL && g_ascii_strcasecmp(name, *names) != 0)
		names++;
	return *names != NULL;
}

static const char *const usual[] = { "To", "Cc", "Bcc", NULL };
static const char *const resent[] = { "Resent-To", "Resent-Cc", "Resent-Bcc",
	NULL };
static const char *const blind[] = { "Bcc", "Resent-Bcc", NULL };

/* RFC 5322 3.6.6: a mail that is sent again goes to whom it is sent again. */
static const char *const *
find_names(const struct draft *draft)
{
	for (unsigned i = 0; i < draft->header->fields->len; i++)
		if (is_one_of(get_field(draft, i)->name, resent))
			return resent;
	return usual;
}

static int
add_recipients(const struct draft *draft)
{
	const char *const *names = find_names(draft);
	int exit_code = EX_OK;

	if (draft->seen.opaque) {
		fprintf(stderr,
		    "sendmail: -t: the header cannot be read "
		    "safely (%s); name the recipients\n",
		    draft->seen.opaque_why);
		return EX_DATAERR;
	}
	for (unsigned i = 0;
	     exit_code == EX_OK && i < draft->header->fields->len; i++) {
		const struct header_field *field = get_field(draft, i);

		if (is_one_of(field->name, names) && field->body[0] != '\0')
			exit_code = sendmail_options_add(
			    draft->options->recipients, field->body);
	}
	return exit_code;
}

/* ---- what is handed over ---- */

/* Whose account it is, from passwd(5); "&" is the login's. */
static char *
find_account_name(void)
{
	const struct passwd *account = getpwuid(getuid());
	const char *text = account != NULL ? account->pw_gecos : NULL;
	char *name =
	    g_strndup(text != NULL ? text : "", strcspn(text ? text : "", ","));

	return strchr(name, '&') != NULL || strpbrk(name, "\r\n") != NULL
		   ? (g_free(name), g_strdup(""))
		   : name;
}

/* "\"Ann\" <ann@example.com>" */
static char *
make_author(const struct draft *draft)
{
	const struct sendmail_options *options = draft->options;
	g_autofree char *account =
	    options->full_name == NULL ? find_account_name() : NULL;
	const char *name =
	    options->full_name != NULL ? options->full_name : account;
	const char *path =
	    options->sender != NULL ? options->sender : draft->login;
	g_autoptr(GString) quoted = g_string_new(NULL);

	if (*name == '\0')
		return g_strdup(path);
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			g_string_append_c(quoted, '\\');
		g_string_append_c(quoted, *name);
	}
	return g_strdup_printf("\"%s\" <%s>", quoted->str, path);
}

/* What the null sender says of itself is for the daemon to make. */
static bool
needs_author(const struct draft *draft)
{
	const char *sender = draft->options->sender;

	return (sender == NULL || *sender != '\0') &&
	       header_find(draft->header, "From") == NULL &&
	       header_find(draft->header, "Resent-From") == NULL;
}

static GString *
make_head(const struct draft *draft)
{
	GString *head = g_string_new(NULL);
	const struct header *header = draft->header;

	if (needs_author(draft)) {
		g_autofree char *author = make_author(draft);

		g_string_append_printf(head, "From: %s\r\n", author);
	}
	if (header_find(header, "Date") == NULL) {
		g_autoptr(GDateTime) now = g_date_time_new_now_local();
		g_autofree char *date =
		    g_date_time_format(now, "%a, %d %b %Y %H:%M:%S %z");

		g_string_append_printf(head, "Date: %s\r\n", date);
	}
	for (unsigned i = 0; i < header->fields->len; i++) {
		const struct header_field *field = get_field(draft, i);

		if (!draft->options->from_header ||
		    !is_one_of(field->name, blind))
			g_string_append_len(head, header_bytes(header, field),
			    (gssize)field->length);
	}
	return head;
}

/* Behind the last field: the empty line as it stands there, or one of ours when
 * the header ended without. */
static size_t
find_rest(const struct draft *draft)
{
	const GArray *fields = draft->header->fields;
	const struct header_field *last;

	if (fields->len == 0)
		return draft->header->start;
	last = get_field(draft, fields->len - 1);
	return last->offset + last->length;
}

static int
compose(const struct draft *draft, struct sendmail_mail *mail)
{
	g_autoptr(GString) head = make_head(draft);
	size_t rest = find_rest(draft);
	size_t left = draft->text->len - rest;

	if (!g_str_has_prefix(draft->text->str + rest, "\r\n"))
		g_string_append(head, "\r\n");
	mail->fd = memfd_create("mail", MFD_CLOEXEC);
	mail->length = head->len + left;
	if (mail->fd >= 0 && file_write(mail->fd, head->str, head->len) &&
	    file_write(mail->fd, draft->text->str + rest, left))
		return EX_OK;
	fprintf(stderr, "sendmail: no memory for the mail: %s\n",
	    g_strerror(errno));
	return EX_OSERR;
}

int
sendmail_mail_read(int fd, struct sendmail_options *options, const char *login,
    struct sendmail_mail *mail)
{
	struct draft draft = {
		.options = options, .login = login, .text = g_string_new(NULL)
	};
	int exit_code = read_all(&draft, fd);

	mail->fd = -1;
	if (exit_code == EX_OK)
		exit_code = inspect(&draft);
	if (exit_code == EX_OK)
		exit_code = read_header(&draft);
	if (exit_code == EX_OK && options->from_header)
		exit_code = add_recipients(&draft);
	if (exit_code == EX_OK)
		exit_code = compose(&draft, mail);
	if (draft.header != NULL)
		header_free(draft.header);
	g_string_free(draft.text, TRUE);
	return exit_code;
}

void
sendmail_mail_clear(struct sendmail_mail *mail)
{
	if (mail->fd >= 0)
		close(mail->fd);
}
