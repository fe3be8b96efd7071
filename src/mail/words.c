/* SPDX-License-Identifier: MIT */
#include "words.h"

#include "fold.h"
#include "mail/address.h"

#include <string.h>

/* RFC 2047 2: an encoded word has at most 75 characters; "=?utf-8?B?" and "?="
 * leave 63, that is 45 bytes in base64. */
#define WORD_BYTES 45

#define COLUMNS 76

/* A longer word leaves no room on a line, and is encoded to be broken. */
#define UNBROKEN_MAX 900

/* Of a parameter, on a line of its own. */
#define PARAMETER_MAX 900

enum kind {
	KIND_TEXT,       /* unstructured */
	KIND_PHRASE,     /* addresses with names and comments */
	KIND_PARAMETERS, /* a value and parameters */
	KIND_NONE,       /* no place for a word */
};

/* Names that end with - are prefixes; all else is text. */
static const struct {
	const char *name;
	enum kind kind;
} kinds[] = {
	{ "Resent-Message-ID", KIND_NONE },
	{ "Resent-Date", KIND_NONE },
	{ "Resent-", KIND_PHRASE },
	{ "From", KIND_PHRASE },
	{ "Sender", KIND_PHRASE },
	{ "Reply-To", KIND_PHRASE },
	{ "To", KIND_PHRASE },
	{ "Cc", KIND_PHRASE },
	{ "Disposition-Notification-To", KIND_PHRASE },
	{ "Return-Receipt-To", KIND_PHRASE },
	{ "Errors-To", KIND_PHRASE },
	{ "Mail-Followup-To", KIND_PHRASE },
	{ "Mail-Reply-To", KIND_PHRASE },
	{ "List-Id", KIND_PHRASE },
	{ "List-", KIND_NONE },
	{ "Content-Type", KIND_PARAMETERS },
	{ "Content-Disposition", KIND_PARAMETERS },
	{ "Content-Description", KIND_TEXT },
	{ "Content-", KIND_NONE },
	{ "MIME-Version", KIND_NONE },
	{ "Message-ID", KIND_NONE },
	{ "In-Reply-To", KIND_NONE },
	{ "References", KIND_NONE },
	{ "Date", KIND_NONE },
	{ "Received", KIND_NONE },
	{ "Return-Path", KIND_NONE },
	{ "DKIM-Signature", KIND_NONE },
	{ "ARC-", KIND_NONE },
	{ "Authentication-Results", KIND_NONE },
};

/* A word, or what is none and stays as it is written. */
struct token {
	char *blanks; /* before it */
	char *raw;    /* as written */
	char *plain;  /* as meant; NULL: no word */
};

static void
free_token(void *object)
{
	struct token *token = object;

	g_free(token->blanks);
	g_free(token->raw);
	g_free(token->plain);
	g_free(token);
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > 0x7e)
			return false;
	return true;
}

static enum kind
find_kind(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		size_t length = strlen(kinds[i].name);

		if (g_ascii_strncasecmp(name, kinds[i].name, length) == 0 &&
		    (name[length] == '\0' || kinds[i].name[length - 1] == '-'))
			return kinds[i].kind;
	}
	return name[0] == '\0' ? KIND_NONE : KIND_TEXT;
}

/* The bytes from a charset, none of them guessed; NULL: they are not of it.
 * Of one that is no superset of ASCII the field would become another. */
static char *
convert_from(const char *body, const char *charset)
{
	static const char ascii[] = "az09 \t<@.>,:;()\"=?_-";
	g_autofree char *same =
	    g_convert(ascii, -1, "UTF-8", charset, NULL, NULL, NULL);
	g_autofree char *text = NULL;

	if (same == NULL || strcmp(same, ascii) != 0)
		return NULL;
	text = g_convert(body, -1, "UTF-8", charset, NULL, NULL, NULL);
	for (const char *at = text; at != NULL && *at != '\0'; at++)
		if ((*at >= '\0' && *at < ' ' && *at != '\t') || *at == 0x7f)
			return NULL;
	return g_steal_pointer(&text);
}

/* The bytes as UTF-8; NULL: nobody says what they are. */
static char *
convert(const char *body, const char *charset)
{
	if (g_utf8_validate(body, -1, NULL))
		return g_strdup(body);
	return charset == NULL ? NULL : convert_from(body, charset);
}

static void
add_token(GPtrArray *tokens, const char **at, size_t length, char *plain)
{
	size_t blanks = strspn(*at, " \t");
	struct token *token = g_new0(struct token, 1);

	token->blanks = g_strndup(*at, blanks);
	token->raw = g_strndup(*at + blanks, length);
	token->plain = plain;
	*at += blanks + length;
	g_ptr_array_add(tokens, token);
}

static bool
split_text(GPtrArray *tokens, const char *at)
{
	while (*at != '\0') {
		const char *word = at + strspn(at, " \t");
		size_t length = strcspn(word, " \t");

		add_token(tokens, &at, length, g_strndup(word, length));
	}
	return true;
}

/* The length of a quoted string or comment with its ends, 0 when it is not
 * closed; *plain is what it holds without its quoting, new string. */
static size_t
measure_quoted(const char *text, char end, char **plain)
{
	GString *inside = g_string_new(NULL);
	size_t at = 1;

	for (; text[at] != '\0' && text[at] != end; at++) {
		at += text[at] == '\\' && text[at + 1] != '\0';
		g_string_append_c(inside, text[at]);
	}
	*plain = g_string_free(inside, FALSE);
	return text[at] == end ? at + 1 : 0;
}

static void append_words(GString *out, const char *text);

/* A comment is no word: what it holds is encoded where it stands. */
static bool
add_comment(GPtrArray *tokens, const char **at, const char *text)
{
	g_autofree char *plain = NULL;
	size_t length = measure_quoted(text, ')', &plain);
	struct token *token;

	if (length == 0 || strchr(plain, '(') != NULL)
		return false;
	add_token(tokens, at, length, NULL);
	token = tokens->pdata[tokens->len - 1];
	if (!is_ascii(token->raw)) {
		g_autoptr(GString) words = g_string_new("(");

		append_words(words, plain);
		g_string_append_c(words, ')');
		g_free(token->raw);
		token->raw = g_strdup(words->str);
	}
	return true;
}

/* An address whose domain takes its IDNA form, new string; NULL: there is none,
 * or it is not the domain that goes beyond ASCII. */
static char *
convert_domain(const char *text)
{
	const char *at = strrchr(text, '@');
	g_autofree char *domain = NULL;
	g_autofree char *ascii = NULL;
	g_autofree char *out = NULL;
	size_t length;

	if (at == NULL)
		return NULL;
	length = strcspn(++at, ">");
	domain = g_strstrip(g_strndup(at, length));
	ascii = address_domain_to_ascii(domain);
	if (ascii == NULL)
		return NULL;
	out = g_strdup_printf(
	    "%.*s%s%s", (int)(at - text), text, ascii, at + length);
	return is_ascii(out) ? g_steal_pointer(&out) : NULL;
}

/* Some of an address, where no encoding exists but for its domain. */
static bool
add_literal(GPtrArray *tokens, const char **at, size_t length)
{
	struct token *token;
	char *ascii;

	add_token(tokens, at, length, NULL);
	token = tokens->pdata[tokens->len - 1];
	if (is_ascii(token->raw))
		return true;
	ascii = convert_domain(token->raw);
	if (ascii == NULL)
		return false;
	g_free(token->raw);
	token->raw = ascii;
	return true;
}

static bool
add_phrase_token(GPtrArray *tokens, const char **at)
{
	const char *text = *at + strspn(*at, " \t");
	char *plain = NULL;
	size_t length;

	switch (*text) {
	case '\0':
		return add_literal(tokens, at, 0);
	case '(':
		return add_comment(tokens, at, text);
	case '<':
		length = strcspn(text, ">");
		return add_literal(tokens, at, length + (text[length] == '>'));
	case ',':
	case ':':
	case ';':
		return add_literal(tokens, at, 1);
	case '"':
		length = measure_quoted(text, '"', &plain);
		break;
	default:
		length = strcspn(text, " \t\"(<,:;");
		plain = g_strndup(text, length);
	}
	/* a local part, or an address that stands alone */
	if (length == 0 || text[length] == '@' ||
	    (*text != '"' && strchr(plain, '@') != NULL)) {
		g_free(plain);
		return length > 0 && add_literal(tokens, at, length);
	}
	add_token(tokens, at, length, plain);
	return true;
}

static bool
split_phrase(GPtrArray *tokens, const char *at)
{
	while (*at != '\0')
		if (!add_phrase_token(tokens, &at))
			return false;
	return true;
}

/* One encoded word after the other, each on a line. */
static void
append_words(GString *out, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t take = MIN(left, (size_t)WORD_BYTES);
		g_autofree char *base64 = NULL;

		while (
		    take < left && ((unsigned char)text[take] & 0xc0) == 0x80)
			take--;
		base64 = g_base64_encode((const guchar *)text, take);
		g_string_append_printf(out, "=?utf-8?B?%s?=%s", base64,
		    take < left ? "\r\n " : "");
		text += take;
		left -= take;
	}
}

static size_t
measure_line(const GString *out)
{
	const char *newline = strrchr(out->str, '\n');

	return newline == NULL ? out->len
			       : (size_t)(out->str + out->len - newline) - 1;
}

/* Folded before its blanks when the line would be too long. */
static void
put(GString *out, const char *blanks, const char *text)
{
	size_t first = strcspn(text, "\r");

	if (*blanks != '\0' &&
	    measure_line(out) + strlen(blanks) + first > COLUMNS &&
	    text[0] != '\0')
		g_string_append(out, "\r\n");
	g_string_append(out, blanks);
	g_string_append(out, text);
}

static bool
is_encoded(const GPtrArray *tokens, unsigned i)
{
	const struct token *token;

	if (i >= tokens->len)
		return false;
	token = tokens->pdata[i];
	return token->plain != NULL && g_str_has_prefix(token->raw, "=?") &&
	       g_str_has_suffix(token->raw, "?=");
}

static bool
wants_encoding(const struct token *token)
{
	return token->plain != NULL &&
	       (!is_ascii(token->plain) || strlen(token->raw) > UNBROKEN_MAX);
}

/* The last word beyond ASCII of those that can be encoded with the first: a
 * reader drops the blanks between encoded words. */
static unsigned
find_last(const GPtrArray *tokens, unsigned first)
{
	unsigned last = first;

	for (unsigned i = first + 1; i < tokens->len; i++) {
		const struct token *token = tokens->pdata[i];

		if (token->plain == NULL || is_encoded(tokens, i))
			break;
		if (wants_encoding(token))
			last = i;
	}
	return last;
}

static void
put_run(GString *out, const GPtrArray *tokens, unsigned first, unsigned last)
{
	const struct token *token = tokens->pdata[first];
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) words = g_string_new(NULL);
	const char *blanks = token->blanks;

	if (first > 0 && is_encoded(tokens, first - 1)) {
		g_string_append(text, blanks);
		blanks = " ";
	}
	for (unsigned i = first; i <= last; i++) {
		token = tokens->pdata[i];
		g_string_append(text, i == first ? "" : token->blanks);
		g_string_append(text, token->plain);
	}
	if (is_encoded(tokens, last + 1)) {
		struct token *next = tokens->pdata[last + 1];

		g_string_append(text, next->blanks);
		g_free(next->blanks);
		next->blanks = g_strdup(" ");
	}
	append_words(words, text->str);
	put(out, *blanks == '\0' ? " " : blanks, words->str);
}

/* An encoded word stands apart from all else (RFC 2047 5). */
static void
put_tokens(GString *out, const GPtrArray *tokens)
{
	bool apart = false;

	for (unsigned i = 0; i < tokens->len; i++) {
		const struct token *token = tokens->pdata[i];

		if (wants_encoding(token)) {
			unsigned last = find_last(tokens, i);

			put_run(out, tokens, i, last);
			i = last;
			apart = true;
			continue;
		}
		put(out,
		    apart && *token->blanks == '\0' && *token->raw != '\0'
			? " "
			: token->blanks,
		    token->raw);
		apart = false;
	}
}

static bool
put_parameter(GString *out, const char *name, size_t length, const char *value)
{
	g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);

	if (strlen(escaped) > PARAMETER_MAX || length == 0 ||
	    name[length - 1] == '*')
		return false;
	g_string_append_printf(
	    out, ";\r\n %.*s*=utf-8''%s", (int)length, name, escaped);
	return true;
}

/* One "; name=value" from *at, its semicolon, on. */
static bool
take_parameter(GString *out, const char **at)
{
	const char *name = *at + 1 + strspn(*at + 1, " \t");
	size_t length = strcspn(name, " \t=;\"");
	const char *value = name + length;
	g_autofree char *plain = NULL;
	g_autofree char *raw = NULL;
	size_t size;

	value += strspn(value, " \t");
	value += *value == '=';
	value += strspn(value, " \t");
	if (*value == '"') {
		size = measure_quoted(value, '"', &plain);
		if (size == 0)
			return false;
	} else {
		size = strcspn(value, ";");
		plain = g_strchomp(g_strndup(value, size));
	}
	*at = value + size;
	*at += strspn(*at, " \t");
	if (!is_ascii(plain))
		return put_parameter(out, name, length, plain);
	raw = g_strchomp(g_strndup(name, (size_t)(value + size - name)));
	g_string_append_printf(out, ";\r\n %s", raw);
	return is_ascii(raw) && (**at == '\0' || **at == ';');
}

static bool
put_parameters(GString *out, const char *at)
{
	g_autofree char *value = g_strndup(at, strcspn(at, ";"));

	g_string_append_printf(out, " %s", g_strchomp(value));
	if (!is_ascii(value))
		return false;
	at += strcspn(at, ";");
	while (*at == ';')
		if (!take_parameter(out, &at))
			return false;
	return *at == '\0';
}

/* What cannot be encoded, an address, may still be longer than any line may
 * be. */
static void
append_short(GString *out, const GString *text)
{
	size_t folds = text->len / (FOLD_LINE_MAX - 1) + 1;
	uint32_t column = 0;
	size_t start = out->len;

	g_string_set_size(out, start + text->len + FOLD_BYTES * folds);
	g_string_set_size(
	    out, start + fold_bytes(&column, (const unsigned char *)text->str,
			     text->len, (unsigned char *)out->str + start));
	g_string_append(out, "\r\n");
}

bool
words_encode(
    GString *out, const struct header_field *field, const char *charset)
{
	enum kind kind = find_kind(field->name);
	g_autoptr(GPtrArray) tokens =
	    g_ptr_array_new_with_free_func(free_token);
	g_autoptr(GString) text = g_string_new(field->name);
	g_autofree char *body = NULL;
	g_autofree char *led = NULL;
	bool written;

	if (kind == KIND_NONE || (body = convert(field->body, charset)) == NULL)
		return false;
	g_string_append_c(text, ':');
	led = g_strconcat(" ", body, NULL);
	if (kind == KIND_PARAMETERS)
		written = put_parameters(text, body);
	else if (kind == KIND_PHRASE)
		written = split_phrase(tokens, led);
	else
		written = split_text(tokens, led);
	if (!written)
		return false;
	put_tokens(text, tokens);
	append_short(out, text);
	return true;
}
