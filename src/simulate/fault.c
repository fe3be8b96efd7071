/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "word.h"
#include <string.h>

struct faults {
	char *text;
	GPtrArray *list; /* struct fault * */
};

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

static bool
read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	return text != NULL &&
	       g_ascii_string_to_unsigned(text, 10, least, most, out, NULL);
}

static bool
read_argument(struct fault *fault, const struct word *row, GError **error)
{
	const char *text = fault->argument;

	fault->number = row->number;
	switch (row->argument) {
	case WORD_NONE:
		return text == NULL ||
		       refuse(error, "fault %s takes no value, not \"%s\"",
			   row->name, text);
	case WORD_DEFAULT:
		if (text == NULL)
			return true;
		/* fall through */
	case WORD_NUMBER:
		return read_number(text, 0, G_MAXUINT32, &fault->number) ||
		       refuse(error, "fault %s=%s: a number is wanted",
			   row->name, text != NULL ? text : "");
	case WORD_TEXT:
		return text != NULL ||
		       refuse(error,
			   "fault %s wants a value behind a =", row->name);
	case WORD_STATUS:
		return read_number(text, 200, 599, &fault->number) ||
		       refuse(error,
			   "fault %s=%s: a status 200 to 599 is wanted",
			   row->name, text != NULL ? text : "");
	case WORD_CODE:
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
	int moments = 0;
	const struct word *row = word_find(name, kind, &moments, error);

	if (row == NULL)
		return NULL;
	struct fault *fault = g_rc_box_new0(struct fault);
	fault->word = row->word;
	fault->moments = moments;
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

	faults->text = g_strstrip(g_strdup(text));
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

const char *
faults_text(const struct faults *faults)
{
	return faults == NULL || *faults->text == '\0' ? NULL : faults->text;
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
	g_free(faults->text);
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

const struct fault *
faults_stand(struct faults *faults, enum fault_word word)
{
	for (guint i = 0; faults != NULL && i < faults->list->len; i++) {
		struct fault *fault = faults->list->pdata[i];

		if (fault->word == word && wants(fault, FAULT_STANDING))
			return fault;
	}
	return NULL;
}

const struct fault *
faults_listen(const struct faults *faults)
{
	for (guint i = 0; faults != NULL && i < faults->list->len; i++) {
		const struct fault *fault = faults->list->pdata[i];

		if (fault->moments == 0)
			return fault;
	}
	return NULL;
}

bool
fault_times(const struct fault *fault, unsigned *up_ms, unsigned *down_ms)
{
	g_auto(GStrv) pair = g_strsplit(fault->argument, "/", 2);
	uint64_t up, down;

	if (pair[0] == NULL || !read_number(pair[0], 1, 86400000, &up) ||
	    !read_number(pair[1], 1, 86400000, &down))
		return false;
	*up_ms = (unsigned)up;
	*down_ms = (unsigned)down;
	return true;
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

static bool
names(const struct fault *fault, const char *address)
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

bool
fault_refuses(const struct fault *fault, const char *address, uint64_t before)
{
	if (fault == NULL)
		return false;
	if (fault->word == FAULT_ACCEPT)
		return before >= fault->number;
	return fault->word == FAULT_PARTIAL && names(fault, address);
}
