/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include <string.h>

struct faults {
	GPtrArray *list; /* struct fault * */
};

/* What stands behind the = of a word. */
enum argument {
	ARGUMENT_NONE,
	ARGUMENT_NUMBER,  /* must be there */
	ARGUMENT_DEFAULT, /* a number that may be left out */
	ARGUMENT_TEXT,    /* must be there */
	ARGUMENT_CODE,    /* 400 to 599 */
	ARGUMENT_STATUS,  /* 200 to 599 */
};

struct row {
	const char *name;
	enum fault_word word;
	int kinds;
	enum argument argument;
	uint64_t number; /* when it is left out */
	const char *help;
};

static const struct row rows[] = {
	{ "refuse", FAULT_REFUSE, FAULT_ANY, ARGUMENT_NONE, 0,
	    "the listening socket is closed, connections are reset" },
	{ "blackhole", FAULT_BLACKHOLE, FAULT_ANY, ARGUMENT_NONE, 0,
	    "accept and never read" },
	{ "reset-connect", FAULT_RESET_CONNECT, FAULT_ANY, ARGUMENT_NONE, 0,
	    "accept, then RST" },
	{ "stall", FAULT_STALL, FAULT_ANY, ARGUMENT_NONE, 0,
	    "read all, never answer" },
	{ "stall-accepted", FAULT_STALL_ACCEPTED, FAULT_ANY, ARGUMENT_NONE, 0,
	    "read all, record it, never answer" },
	{ "stall-mid-body", FAULT_STALL_MID_BODY, FAULT_ANY, ARGUMENT_DEFAULT,
	    50, "read so many % of the body [50], then nothing" },
	{ "stall-answer", FAULT_STALL_ANSWER, FAULT_HTTP, ARGUMENT_NONE, 0,
	    "record it, half the answer, then nothing" },
	{ "reset-before-body", FAULT_RESET_BEFORE_BODY, FAULT_ANY,
	    ARGUMENT_NONE, 0, "RST when the head (SMTP: DATA) was read" },
	{ "reset-mid-body", FAULT_RESET_MID_BODY, FAULT_ANY, ARGUMENT_DEFAULT,
	    50, "RST when so many % of the body were read [50]" },
	{ "reset-after-body", FAULT_RESET_AFTER_BODY, FAULT_ANY, ARGUMENT_NONE,
	    0, "read all, do not record it, RST" },
	{ "reset-accepted", FAULT_RESET_ACCEPTED, FAULT_ANY, ARGUMENT_NONE, 0,
	    "read all, record it, RST" },
	{ "close-after-body", FAULT_CLOSE_AFTER_BODY, FAULT_HTTP, ARGUMENT_NONE,
	    0, "read all, do not record it, close" },
	{ "close-accepted", FAULT_CLOSE_ACCEPTED, FAULT_HTTP, ARGUMENT_NONE, 0,
	    "read all, record it, close" },
	{ "close-reused", FAULT_CLOSE_REUSED, FAULT_HTTP, ARGUMENT_NONE, 0,
	    "a second request on a connection: record it, close without an "
	    "answer" },
	{ "close-idle", FAULT_CLOSE_IDLE, FAULT_HTTP, ARGUMENT_NONE, 0,
	    "answer, then close without having said so" },
	{ "cut-answer", FAULT_CUT_ANSWER, FAULT_HTTP, ARGUMENT_NONE, 0,
	    "record it, half the answer, RST" },
	{ "slow", FAULT_SLOW, FAULT_ANY, ARGUMENT_NUMBER, 0,
	    "answer after so many ms" },
	{ "drip", FAULT_DRIP, FAULT_ANY, ARGUMENT_NUMBER, 0,
	    "answer byte by byte, so many ms apart" },
	{ "status", FAULT_STATUS, FAULT_HTTP, ARGUMENT_STATUS, 0,
	    "that status; ,html ,json ,empty ,retry-after=V ,accepted" },
	{ "text", FAULT_TEXT, FAULT_HTTP, ARGUMENT_TEXT, 0,
	    "one of the provider's own errors, see below; ,status=N "
	    ",retry-after=V ,accepted" },
	{ "magnificent", FAULT_MAGNIFICENT, FAULT_MAILGUN, ARGUMENT_NONE, 0,
	    "200 and the text for a path that does not exist" },
	{ "unauthorized", FAULT_UNAUTHORIZED, FAULT_HTTP, ARGUMENT_NONE, 0,
	    "the key is wrong; ,json (Mailgun) ,old (Mandrill: status 500)" },
	{ "throttle", FAULT_THROTTLE, FAULT_HTTP, ARGUMENT_DEFAULT, 60,
	    "too many requests, again in so many s [60]; ,date ,seconds "
	    ",reset ,reset-fraction ,retry-after ,retry-date ,plain "
	    ",status=N" },
	{ "partial", FAULT_PARTIAL, FAULT_ANY, ARGUMENT_TEXT, 0,
	    "ADDRESS[,ADDRESS]: these are refused; ,reason=NAME (Mandrill)" },
	{ "reject-reason", FAULT_REJECT_REASON, FAULT_MANDRILL, ARGUMENT_TEXT,
	    0, "200, every recipient rejected for it" },
	{ "queued-reason", FAULT_QUEUED_REASON, FAULT_MANDRILL, ARGUMENT_TEXT,
	    0, "200, every recipient queued for it" },
	{ "garbage", FAULT_GARBAGE, FAULT_HTTP, ARGUMENT_NONE, 0,
	    "bytes that are no HTTP; ,accepted" },
	{ "empty", FAULT_EMPTY, FAULT_HTTP, ARGUMENT_DEFAULT, 200,
	    "that status [200] and no body; ,accepted" },
	{ "huge", FAULT_HUGE, FAULT_HTTP, ARGUMENT_DEFAULT, 64,
	    "200 and so many MiB of spaces [64]; ,accepted" },
	{ "odd", FAULT_ODD, FAULT_ANY, ARGUMENT_TEXT, 0,
	    "recorded, the right answer in an odd shape, see below" },
	{ "early", FAULT_EARLY, FAULT_HTTP, ARGUMENT_STATUS, 0,
	    "that status before the body was read, then close" },
	{ "greeting", FAULT_GREETING, FAULT_SMTP, ARGUMENT_CODE, 0,
	    "that code as the greeting, then close" },
	{ "ehlo", FAULT_EHLO, FAULT_SMTP, ARGUMENT_CODE, 0,
	    "that code to EHLO and HELO" },
	{ "auth", FAULT_AUTH, FAULT_SMTP, ARGUMENT_CODE, 0,
	    "that code to AUTH" },
	{ "mail", FAULT_MAIL, FAULT_SMTP, ARGUMENT_CODE, 0,
	    "that code to MAIL" },
	{ "rcpt", FAULT_RCPT, FAULT_SMTP, ARGUMENT_CODE, 0,
	    "that code to every RCPT" },
	{ "data", FAULT_DATA, FAULT_SMTP, ARGUMENT_CODE, 0,
	    "that code to DATA" },
	{ "dot", FAULT_DOT, FAULT_SMTP, ARGUMENT_CODE, 0,
	    "that code to the final dot" },
	{ "close-after-dot", FAULT_CLOSE_AFTER_DOT, FAULT_SMTP, ARGUMENT_NONE,
	    0, "close after the dot, do not record it" },
	{ "close-after-dot-accepted", FAULT_CLOSE_AFTER_DOT_ACCEPTED,
	    FAULT_SMTP, ARGUMENT_NONE, 0, "record it, close after the dot" },
	{ "silent-after-dot", FAULT_SILENT_AFTER_DOT, FAULT_SMTP, ARGUMENT_NONE,
	    0, "never answer the dot; ,accepted" },
	{ "starttls-injection", FAULT_STARTTLS_INJECTION, FAULT_SMTP,
	    ARGUMENT_NONE, 0, "a reply in clear behind the 220 to STARTTLS" },
	{ "no-starttls", FAULT_NO_STARTTLS, FAULT_SMTP, ARGUMENT_NONE, 0,
	    "STARTTLS is not offered" },
	{ "no-8bitmime", FAULT_NO_8BITMIME, FAULT_SMTP, ARGUMENT_NONE, 0,
	    "8BITMIME is not offered, MAIL refuses it" },
	{ "chunking", FAULT_CHUNKING, FAULT_SMTP, ARGUMENT_NONE, 0,
	    "CHUNKING is offered, and BDAT taken" },
};

static int
find_moments(enum fault_word word)
{
	switch (word) {
	case FAULT_BLACKHOLE:
		return FAULT_AT_CONNECT | FAULT_AT_REQUEST;
	case FAULT_CLOSE_REUSED:
		return FAULT_AT_REUSE;
	case FAULT_REFUSE:
		return 0;
	case FAULT_RESET_CONNECT:
	case FAULT_STARTTLS_INJECTION:
	case FAULT_GREETING:
	case FAULT_EHLO:
	case FAULT_AUTH:
	case FAULT_NO_STARTTLS:
	case FAULT_NO_8BITMIME:
	case FAULT_CHUNKING:
		return FAULT_AT_CONNECT;
	default:
		return FAULT_AT_REQUEST;
	}
}

static void
clear_fault(gpointer pointer)
{
	struct fault *fault = pointer;

	g_free(fault->argument);
	g_ptr_array_unref(fault->parameters);
}

static void
destroy_fault(gpointer fault)
{
	g_rc_box_release_full(fault, clear_fault);
}

void
fault_unref(struct fault *fault)
{
	if (fault != NULL)
		destroy_fault(fault);
}

/* How it is written. */
static const char *const forms[] = {
	[ARGUMENT_NONE] = "",
	[ARGUMENT_NUMBER] = "=N",
	[ARGUMENT_DEFAULT] = "[=N]",
	[ARGUMENT_TEXT] = "=TEXT",
	[ARGUMENT_CODE] = "=CODE",
	[ARGUMENT_STATUS] = "=STATUS",
};

char *
fault_words(int kinds)
{
	GString *page = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *form =
		    g_strconcat(rows[i].name, forms[rows[i].argument], NULL);

		if ((rows[i].kinds & kinds) != 0)
			g_string_append_printf(
			    page, "  %-25s %s\n", form, rows[i].help);
	}
	return g_string_free(page, FALSE);
}

static bool G_GNUC_PRINTF(2, 3) refuse(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_propagate_error(
	    error, g_error_new_valist(G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		       format, arguments));
	va_end(arguments);
	return false;
}

static const struct row *
find_row(const char *name, int kind, GError **error)
{
	g_autoptr(GString) known = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if ((rows[i].kinds & kind) == 0)
			continue;
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
		g_string_append_printf(known, " %s", rows[i].name);
	}
	refuse(error, "fault \"%s\" is not known here; known are:%s", name,
	    known->str);
	return NULL;
}

static bool
read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	return text != NULL &&
	       g_ascii_string_to_unsigned(text, 10, least, most, out, NULL);
}

static bool
read_argument(struct fault *fault, const struct row *row, GError **error)
{
	const char *text = fault->argument;

	fault->number = row->number;
	switch (row->argument) {
	case ARGUMENT_NONE:
		return text == NULL ||
		       refuse(error, "fault %s takes no value, not \"%s\"",
			   row->name, text);
	case ARGUMENT_DEFAULT:
		if (text == NULL)
			return true;
		/* fall through */
	case ARGUMENT_NUMBER:
		return read_number(text, 0, G_MAXUINT32, &fault->number) ||
		       refuse(error, "fault %s=%s: a number is wanted",
			   row->name, text != NULL ? text : "");
	case ARGUMENT_TEXT:
		return text != NULL ||
		       refuse(error,
			   "fault %s wants a value behind a =", row->name);
	case ARGUMENT_STATUS:
		return read_number(text, 200, 599, &fault->number) ||
		       refuse(error,
			   "fault %s=%s: a status 200 to 599 is wanted",
			   row->name, text != NULL ? text : "");
	case ARGUMENT_CODE:
		return read_number(text, 400, 599, &fault->number) ||
		       refuse(error, "fault %s=%s: a code 400 to 599 is wanted",
			   row->name, text != NULL ? text : "");
	}
	return false;
}

/* An option that stands apart from the word: count=2. */
static bool
read_option(struct fault *fault, const char *text, GError **error)
{
	g_auto(GStrv) pair = g_strsplit(text, "=", 2);
	uint64_t number = 0;

	if (!read_number(pair[1], 0, G_MAXINT64, &number))
		return refuse(error,
		    "option \"%s\": NAME=NUMBER is wanted, with count, skip, "
		    "every, chance or seed",
		    text);
	if (strcmp(pair[0], "count") == 0 && number > 0)
		fault->count = number;
	else if (strcmp(pair[0], "skip") == 0)
		fault->skip = number;
	else if (strcmp(pair[0], "every") == 0 && number > 0)
		fault->every = number;
	else if (strcmp(pair[0], "chance") == 0 && number <= 100)
		fault->chance = (unsigned)number;
	else if (strcmp(pair[0], "seed") == 0)
		fault->seed = fault->random = number;
	else
		return refuse(error,
		    "option \"%s\": known are count, skip, every, chance (up "
		    "to 100) and seed",
		    text);
	return true;
}

/* The word with what belongs to it: status=503,html,retry-after=3. */
static struct fault *
read_word(const char *text, int kind, GError **error)
{
	g_autofree char *name = g_strndup(text, strcspn(text, "=,"));
	const struct row *row = find_row(name, kind, error);

	if (row == NULL)
		return NULL;
	struct fault *fault = g_rc_box_new0(struct fault);
	fault->word = row->word;
	fault->moments = find_moments(row->word);
	fault->every = 1;
	fault->chance = 100;
	fault->parameters = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) pieces = g_strsplit(text + strlen(name), ",", -1);
	for (char **piece = pieces; *piece != NULL; piece++) {
		if (piece == pieces && **piece == '=')
			fault->argument = g_strdup(*piece + 1);
		else if (**piece != '\0')
			g_ptr_array_add(fault->parameters, g_strdup(*piece));
	}
	if (read_argument(fault, row, error))
		return fault;
	destroy_fault(fault);
	return NULL;
}

/* "status 503" is "status=503". */
static char *
join_argument(char **words)
{
	if (words[1] == NULL || words[1][0] == '\0' ||
	    strchr(words[0], '=') != NULL || strchr(words[1], '=') != NULL)
		return NULL;
	return g_strconcat(words[0], "=", words[1], NULL);
}

static bool
read_line(struct faults *faults, char **words, int kind, GError **error)
{
	g_autofree char *joined = join_argument(words);
	struct fault *fault =
	    read_word(joined != NULL ? joined : words[0], kind, error);

	if (fault == NULL)
		return false;
	g_ptr_array_add(faults->list, fault);
	for (words += joined != NULL ? 2 : 1; *words != NULL; words++) {
		if (**words != '\0' && !read_option(fault, *words, error))
			return false;
	}
	return true;
}

struct faults *
faults_parse(const char *text, int kind, GError **error)
{
	struct faults *faults = g_new0(struct faults, 1);
	g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", -1);

	faults->list = g_ptr_array_new_with_free_func(destroy_fault);
	for (char **line = lines; *line != NULL; line++) {
		g_auto(GStrv) words = g_strsplit(g_strstrip(*line), " ", -1);

		if (words[0] == NULL)
			continue;
		if (read_line(faults, words, kind, error))
			continue;
		faults_free(faults);
		return NULL;
	}
	return faults;
}

const struct fault *
faults_get(const struct faults *faults, unsigned index)
{
	return index < faults->list->len ? faults->list->pdata[index] : NULL;
}

void
faults_free(struct faults *faults)
{
	if (faults == NULL)
		return;
	g_ptr_array_unref(faults->list);
	g_free(faults);
}

/* Splitmix64: the same seed gives the same faults on every machine. */
static unsigned
throw_dice(struct fault *fault)
{
	uint64_t x = fault->random + 0x9e3779b97f4a7c15U;

	fault->random = x;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return (unsigned)((x ^ (x >> 31)) % 100);
}

static bool
wants(struct fault *fault, int moments)
{
	if ((fault->moments & moments) == 0)
		return false;
	if (fault->count != 0 && fault->used == fault->count)
		return false;
	fault->seen++;
	if (fault->seen <= fault->skip ||
	    (fault->seen - fault->skip - 1) % fault->every != 0)
		return false;
	if (fault->chance < 100 && throw_dice(fault) >= fault->chance)
		return false;
	fault->used++;
	return true;
}

struct fault *
faults_pick(struct faults *faults, int moments)
{
	for (guint i = 0; faults != NULL && i < faults->list->len; i++) {
		if (wants(faults->list->pdata[i], moments))
			return g_rc_box_acquire(faults->list->pdata[i]);
	}
	return NULL;
}

bool
faults_refuse(const struct faults *faults)
{
	for (guint i = 0; faults != NULL && i < faults->list->len; i++) {
		const struct fault *fault = faults->list->pdata[i];

		if (fault->word == FAULT_REFUSE)
			return true;
	}
	return false;
}

bool
fault_has(const struct fault *fault, const char *parameter)
{
	for (guint i = 0; i < fault->parameters->len; i++) {
		if (strcmp(fault->parameters->pdata[i], parameter) == 0)
			return true;
	}
	return false;
}

const char *
fault_parameter(const struct fault *fault, const char *name)
{
	size_t length = strlen(name);

	for (guint i = 0; i < fault->parameters->len; i++) {
		const char *text = fault->parameters->pdata[i];

		if (strncmp(text, name, length) == 0 && text[length] == '=')
			return text + length + 1;
	}
	return NULL;
}

bool
fault_names(const struct fault *fault, const char *address)
{
	if (fault->argument != NULL &&
	    g_ascii_strcasecmp(fault->argument, address) == 0)
		return true;
	for (guint i = 0; i < fault->parameters->len; i++) {
		if (g_ascii_strcasecmp(fault->parameters->pdata[i], address) ==
		    0)
			return true;
	}
	return false;
}
