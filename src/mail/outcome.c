/* SPDX-License-Identifier: MIT */
#include "mail/outcome.h"

#include "core/log.h"

#include <string.h>

/* Of a provider's text, in bytes. */
#define TEXT_MAX 512
/* Of a provider's id: RFC 5322's line, the longest a Message-ID can be. */
#define ID_MAX 998
/* Of a text that the patterns look at: an error page has no more to say. */
#define MATCH_MAX (64 * 1024)

struct verdict_table {
	const struct verdict_rule *rules;
	GPtrArray *patterns; /* GRegex *, one per rule; NULL: any text */
};

static const char *const class_texts[] = {
	[VERDICT_NONE] = "none",
	[VERDICT_ACCEPTED] = "accepted",
	[VERDICT_PAYLOAD] = "payload",
	[VERDICT_RECIPIENT] = "recipient",
	[VERDICT_ACCOUNT] = "account",
	[VERDICT_SENDER] = "sender",
	[VERDICT_THROTTLE] = "throttle",
	[VERDICT_OUTAGE] = "outage",
	[VERDICT_DOUBT] = "doubt",
};

struct outcome *
outcome_new(unsigned count)
{
	struct outcome *outcome = g_new0(struct outcome, 1);

	outcome->verdicts = g_new0(struct verdict, count);
	outcome->count = count;
	return outcome;
}

void
outcome_free(struct outcome *outcome)
{
	if (outcome == NULL)
		return;
	for (unsigned i = 0; i < outcome->count; i++) {
		g_free(outcome->verdicts[i].id);
		g_free(outcome->verdicts[i].text);
	}
	g_free(outcome->verdicts);
	g_free(outcome);
}

static char *
clean_text(const char *text, size_t most)
{
	if (text == NULL)
		return g_strdup("");
	return verdict_clean(text, strlen(text), most);
}

void
outcome_set(struct outcome *outcome, unsigned i, enum verdict_class class,
    unsigned status, const char *text)
{
	struct verdict *verdict;
	char *clean = clean_text(text, TEXT_MAX);

	g_assert(i < outcome->count);
	verdict = &outcome->verdicts[i];
	verdict->class = class;
	verdict->status = status;
	g_free(verdict->text);
	verdict->text = clean;
}

void
outcome_set_id(struct outcome *outcome, unsigned i, const char *id)
{
	char *clean = id == NULL ? NULL : clean_text(id, ID_MAX);

	g_assert(i < outcome->count);
	g_free(outcome->verdicts[i].id);
	outcome->verdicts[i].id = clean;
}

void
outcome_set_all(struct outcome *outcome, enum verdict_class class,
    unsigned status, const char *text)
{
	for (unsigned i = 0; i < outcome->count; i++)
		outcome_set(outcome, i, class, status, text);
}

const char *verdict_class_text(enum verdict_class class)
{
	g_assert((unsigned)class < G_N_ELEMENTS(class_texts));
	return class_texts[class];
}

/* RAW because an answer may hold any bytes: what a pattern looks for is
 * ASCII. */
static GRegex *
compile_pattern(const char *pattern)
{
	g_autoptr(GError) error = NULL;
	GRegex *regex;

	regex = g_regex_new(pattern, G_REGEX_CASELESS | G_REGEX_RAW, 0, &error);
	if (regex == NULL)
		g_error("verdict pattern %s: %s", pattern, error->message);
	return regex;
}

static void
free_pattern(void *pattern)
{
	if (pattern != NULL)
		g_regex_unref(pattern);
}

struct verdict_table *
verdict_table_new(const struct verdict_rule *rules)
{
	struct verdict_table *table = g_new0(struct verdict_table, 1);
	const struct verdict_rule *rule;

	table->rules = rules;
	table->patterns = g_ptr_array_new_with_free_func(free_pattern);
	for (rule = rules; rule->class != VERDICT_NONE; rule++)
		g_ptr_array_add(table->patterns,
		    rule->pattern == NULL ? NULL
					  : compile_pattern(rule->pattern));
	return table;
}

void
verdict_table_free(struct verdict_table *table)
{
	if (table == NULL)
		return;
	g_ptr_array_unref(table->patterns);
	g_free(table);
}

static bool
fits_status(const struct verdict_rule *rule, unsigned status)
{
	if (rule->status == 0)
		return true;
	if (rule->status_max == 0)
		return status == rule->status;
	return status >= rule->status && status <= rule->status_max;
}

/* A pattern that runs into PCRE's limits has not matched: the next rows
 * decide. */
static bool
fits_text(const GRegex *pattern, const char *text, size_t length)
{
	return pattern == NULL || g_regex_match_full(pattern, text,
				      (gssize)length, 0, 0, NULL, NULL);
}

const struct verdict_rule *
verdict_find(
    const struct verdict_table *table, unsigned status, const char *text)
{
	const char *subject = text == NULL ? "" : text;
	size_t length = strnlen(subject, MATCH_MAX);

	for (unsigned i = 0; i < table->patterns->len; i++) {
		const struct verdict_rule *rule = &table->rules[i];

		if (fits_status(rule, status) &&
		    fits_text(
			g_ptr_array_index(table->patterns, i), subject, length))
			return rule;
	}
	return NULL;
}

/* Controls, line separators, and format characters (which turn the direction
 * of a terminal's line) all read as a blank. */
static bool
is_blank(gunichar c)
{
	return g_unichar_isspace(c) || g_unichar_iscntrl(c) ||
	       g_unichar_type(c) == G_UNICODE_FORMAT ||
	       g_unichar_type(c) == G_UNICODE_LINE_SEPARATOR ||
	       g_unichar_type(c) == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* The character at text, '?' when there is none, and its length in *used. */
static gunichar
read_character(const char *text, size_t length, size_t *used)
{
	gunichar c = g_utf8_get_char_validated(text, (gssize)length);

	if (c == (gunichar)-1 || c == (gunichar)-2 || c == 0) {
		*used = 1;
		return *text == '\0' ? ' ' : '?';
	}
	*used = (size_t)g_unichar_to_utf8(c, NULL);
	return c;
}

/* The length of what most texts are, and is shown as it is: words of printable
 * ASCII with one blank between them. */
static size_t
measure_words(const char *text, size_t length)
{
	size_t i = 0;

	while (
	    i < length && text[i] <= '~' &&
	    (text[i] > ' ' || (text[i] == ' ' && i > 0 && text[i - 1] != ' ')))
		i++;
	return i;
}

/* A provider may say our own key back, and this is told to many: before it is
 * cut, for half a key would not be known. */
static char *
hide_secrets(const char *text, size_t length)
{
	char *copy = g_malloc(length + 1);
	char *clean;

	memcpy(copy, text, length);
	copy[length] = '\0';
	for (char *end = copy + strlen(copy); end < copy + length;
	     end += strlen(end))
		*end = ' ';
	clean = log_redact(copy);
	if (clean == NULL)
		return copy;
	g_free(copy);
	return clean;
}

static char *
clean_line(const char *text, size_t length, size_t most)
{
	GString *line = g_string_sized_new(MIN(length, most));
	size_t used = measure_words(text, MIN(length, most));

	g_string_append_len(line, text, (gssize)used);
	for (size_t i = used; i < length; i += used) {
		gunichar c = read_character(text + i, length - i, &used);
		size_t size;

		if (is_blank(c))
			c = ' ';
		if (c == ' ' &&
		    (line->len == 0 || line->str[line->len - 1] == ' '))
			continue;
		size = (size_t)g_unichar_to_utf8(c, NULL);
		if (line->len + size > most)
			break;
		g_string_append_unichar(line, c);
	}
	while (line->len > 0 && line->str[line->len - 1] == ' ')
		g_string_truncate(line, line->len - 1);
	return g_string_free(line, FALSE);
}

char *
verdict_clean(const char *text, size_t length, size_t most)
{
	g_autofree char *told = hide_secrets(text, length);

	return clean_line(told, strlen(told), most);
}
