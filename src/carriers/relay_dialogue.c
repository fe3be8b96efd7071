/* SPDX-License-Identifier: MIT */
#include "relay_dialogue.h"

#include <string.h>

#define TEXT_MAX 1024

void
relay_dialogue_open(struct relay_dialogue *dialogue, bool login)
{
	relay_dialogue_close(dialogue);
	*dialogue = (struct relay_dialogue){
		.login = login,
		.text = g_string_new(NULL),
		.line = g_string_new(NULL),
	};
}

void
relay_dialogue_close(struct relay_dialogue *dialogue)
{
	if (dialogue->text != NULL)
		g_string_free(dialogue->text, TRUE);
	if (dialogue->line != NULL)
		g_string_free(dialogue->line, TRUE);
	dialogue->text = dialogue->line = NULL;
	g_clear_pointer(&dialogue->greeting, g_free);
}

static bool
find_fault(struct relay_dialogue *dialogue, enum dialogue_fault fault)
{
	if (dialogue->fault == DIALOGUE_FINE)
		dialogue->fault = fault;
	return dialogue->fault == DIALOGUE_FINE;
}

static bool
begins_with(const char *bytes, size_t length, const char *word)
{
	size_t size = strlen(word);

	return length >= size && g_ascii_strncasecmp(bytes, word, size) == 0;
}

/* The length of the first word. */
static size_t
measure_word(const char *bytes, size_t length)
{
	size_t i = 0;

	while (i < length && !g_ascii_isspace(bytes[i]))
		i++;
	return i;
}

static bool
is_usable(const char *word, size_t length)
{
	return (length == 5 && begins_with(word, length, "PLAIN")) ||
	       (length == 5 && begins_with(word, length, "LOGIN"));
}

/* libESMTP loads a plug-in for each name it reads, in the server's order, and
 * that of NTLM has read beyond its buffer before. */
static void
mask_mechanisms(char *line, size_t length)
{
	size_t at = strlen("250 AUTH");

	if (!begins_with(line, length, "250-AUTH") &&
	    !begins_with(line, length, "250 AUTH"))
		return;
	while (at < length) {
		size_t word = measure_word(line + at, length - at);

		if (word == 0) {
			at++;
			continue;
		}
		if (!is_usable(line + at, word))
			memset(line + at, 'X', word);
		at += word;
	}
}

static void
mask_lines(char *bytes, size_t length)
{
	while (length > 0) {
		const char *end = memchr(bytes, '\n', length);
		size_t size = end != NULL ? (size_t)(end - bytes) + 1 : length;

		mask_mechanisms(bytes, size);
		bytes += size;
		length -= size;
	}
}

/* The last letter is what is masked, for the others may have been read already
 * when the line came in pieces. */
static void
mask_word(const struct relay_dialogue *dialogue, const char *word, char *letter)
{
	const GString *line = dialogue->line;
	size_t size = strlen(word);

	if (line->len >= size &&
	    begins_with(line->str + line->len - size, size, word))
		*letter = 'X';
}

/* libESMTP 1.1.0 goes on to read replies to what it has pipelined after one of
 * them has ended the session (421, a lost connection), with -1 for an index
 * into its table of states, and crashes.  So it never learns of PIPELINING and
 * has one command under way at a time.  This costs a round trip for each
 * recipient of a mail and one for DATA: with a server 50 ms away, 5 s for a
 * mail to 100 recipients.
 *
 * In a probe it has a message that wants 8BITMIME, and says QUIT when it hears
 * of none; after AUTH it does not look, but says QUIT to 538. */
static void
mask_letter(const struct relay_dialogue *dialogue, char *letter)
{
	static const char too_weak[] = "538";
	const GString *line = dialogue->line;

	if (dialogue->part == DIALOGUE_HELLO) {
		mask_word(dialogue, "PIPELINING", letter);
		if (dialogue->probe)
			mask_word(dialogue, "8BITMIME", letter);
	} else if (dialogue->part == DIALOGUE_AUTH && dialogue->probe &&
		   line->str[0] == '2' && line->len <= strlen(too_weak)) {
		*letter = too_weak[line->len - 1];
	}
}

/* "250-text" goes on, "250 text" and "250" end the reply. */
static void
end_line(struct relay_dialogue *dialogue)
{
	GString *line = dialogue->line;
	const char *text;

	g_strchomp(line->str);
	line->len = strlen(line->str);
	dialogue->code = (unsigned)g_ascii_strtoull(line->str, NULL, 10);
	dialogue->complete = line->len < 4 || line->str[3] != '-';
	text = line->str + MIN(line->len, 4);
	if (dialogue->part == DIALOGUE_HELLO &&
	    g_ascii_strcasecmp(text, "8BITMIME") == 0)
		dialogue->eightbit = true;
	if (dialogue->text->len > 0)
		g_string_append_c(dialogue->text, ' ');
	g_string_append(dialogue->text, text);
	g_string_truncate(dialogue->text, MIN(dialogue->text->len, TEXT_MAX));
	g_string_truncate(line, 0);
	if (dialogue->complete && dialogue->part == DIALOGUE_AUTH &&
	    dialogue->code / 100 == 2)
		dialogue->authenticated = true;
}

bool
relay_dialogue_hear(struct relay_dialogue *dialogue, char *bytes, size_t length)
{
	if (dialogue->over)
		return true;
	if (dialogue->part == DIALOGUE_HELLO)
		mask_lines(bytes, length);
	for (size_t i = 0; i < length; i++) {
		if (dialogue->complete)
			return find_fault(dialogue, DIALOGUE_INJECTED);
		if (dialogue->line->len < TEXT_MAX && bytes[i] != '\0') {
			g_string_append_c(dialogue->line, bytes[i]);
			mask_letter(dialogue, &bytes[i]);
		}
		if (bytes[i] == '\n')
			end_line(dialogue);
	}
	return true;
}

/* Which part a command begins; false when none. */
static bool
find_part(const char *bytes, size_t length, enum dialogue_part *part)
{
	static const struct {
		const char *word;
		enum dialogue_part part;
	} parts[] = {
		{ "EHLO", DIALOGUE_HELLO },
		{ "HELO", DIALOGUE_HELLO },
		{ "STARTTLS", DIALOGUE_STARTTLS },
		{ "AUTH", DIALOGUE_AUTH },
		{ "MAIL", DIALOGUE_MAIL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (measure_word(bytes, length) == strlen(parts[i].word) &&
		    begins_with(bytes, length, parts[i].word)) {
			*part = parts[i].part;
			return true;
		}
	}
	return false;
}

static bool
check_command(struct relay_dialogue *dialogue, enum dialogue_part part,
    const char *bytes, size_t length)
{
	size_t at = strlen("AUTH ");

	if (part == DIALOGUE_MAIL && dialogue->probe)
		return find_fault(
		    dialogue, dialogue->login && !dialogue->authenticated
				  ? DIALOGUE_REFUSED
				  : DIALOGUE_MAILING);
	if (part == DIALOGUE_MAIL)
		return !dialogue->login || dialogue->authenticated ||
		       find_fault(dialogue, DIALOGUE_REFUSED);
	if (part != DIALOGUE_AUTH || at >= length)
		return true;
	return is_usable(bytes + at, measure_word(bytes + at, length - at)) ||
	       find_fault(dialogue, DIALOGUE_MECHANISM);
}

static void
await_reply(struct relay_dialogue *dialogue)
{
	dialogue->code = 0;
	dialogue->complete = false;
	g_string_truncate(dialogue->text, 0);
	g_string_truncate(dialogue->line, 0);
}

/* The next line of AUTH is no command, whatever it reads like.  What is none
 * that we know of is QUIT, and the last reply is why. */
bool
relay_dialogue_say(
    struct relay_dialogue *dialogue, const char *bytes, size_t length)
{
	enum dialogue_part part = dialogue->part;

	if (dialogue->over)
		return true;
	if (part == DIALOGUE_GREETING && dialogue->greeting == NULL)
		dialogue->greeting = g_strdup(dialogue->text->str);
	if (part != DIALOGUE_AUTH || dialogue->code != 334) {
		dialogue->over = !find_part(bytes, length, &part);
		if (!dialogue->over &&
		    !check_command(dialogue, part, bytes, length))
			return false;
	}
	dialogue->over = dialogue->over || part == DIALOGUE_MAIL;
	dialogue->part = part;
	if (part == DIALOGUE_HELLO && !dialogue->over)
		dialogue->eightbit = false;
	if (!dialogue->over)
		await_reply(dialogue);
	return true;
}

bool
relay_dialogue_ended(const struct relay_dialogue *dialogue)
{
	return dialogue->part != DIALOGUE_MAIL && dialogue->complete &&
	       dialogue->code >= 400 && dialogue->code <= 599;
}

/* The length of "5.1.1 " at the start of the text, or 0. */
static size_t
measure_enhanced(unsigned code, const char *text)
{
	size_t at = 1;

	if (text[0] != (char)('0' + code / 100))
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		if (text[at++] != '.')
			return 0;
		while (digits < 4 && g_ascii_isdigit(text[at + digits]))
			digits++;
		if (digits == 0 || digits > 3)
			return 0;
		at += digits;
	}
	return text[at] == ' ' || text[at] == '\0' ? at : 0;
}

void
relay_dialogue_reply(struct smtp_reply *reply, unsigned code, const char *text)
{
	g_autofree char *clean = g_strdup(text != NULL ? text : "");
	g_autofree char *enhanced = NULL;
	size_t length;

	g_strdelimit(clean, "\r\n", ' ');
	g_strstrip(clean);
	length = measure_enhanced(code, clean);
	if (length > 0)
		enhanced = g_strndup(clean, length);
	smtp_reply_set(reply, code, enhanced, g_strchug(clean + length));
}
