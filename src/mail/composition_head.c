/* SPDX-License-Identifier: MIT */
#include "composition_head.h"

#include "core/clock.h"
#include "mail/hints.h"
#include "options_value.h"
#include "words.h"
#include <inttypes.h>
#include <string.h>

#define COLUMNS 76

/* RFC 5322 2.1.1: a line of 998 octets, and some of it for a name. */
#define WORD_MAX 900

/* Fields that are ours to write.  Names that end with - are prefixes. */
static const struct {
	const char *name;
	const char *why;
} reserved[] = {
	{ "From", "say it as \"from\"" },
	{ "To", "say it as \"to\"" },
	{ "Cc", "say it as \"cc\"" },
	{ "Bcc", "say it as \"bcc\"" },
	{ "Reply-To", "say it as \"reply_to\"" },
	{ "Subject", "say it as \"subject\"" },
	{ "MIME-Version", "it is made here" },
	{ "Content-", "it is made here" },
	{ "Received", "it says who carried the mail" },
	{ "Return-Path", "it is the envelope's: say it as \"sender\"" },
	{ "Delivered-To", "it says who carried the mail" },
	{ "X-Original-To", "it says who carried the mail" },
	{ "Resent-", "the mail is sent for the first time" },
	{ "DKIM-Signature", "the mail is signed when it is sent" },
	{ "DomainKey-Signature", "the mail is signed when it is sent" },
	{ "ARC-", "the mail is signed when it is sent" },
	{ "Authentication-Results", "who receives the mail writes it" },
};

static bool
is_like(const char *pattern, const char *name)
{
	size_t length = strlen(pattern);

	if (pattern[length - 1] == '-')
		return g_ascii_strncasecmp(pattern, name, length) == 0;
	return g_ascii_strcasecmp(pattern, name) == 0;
}

const char *
composition_head_obstacle(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++)
		if (is_like(reserved[i].name, name))
			return reserved[i].why;
	return NULL;
}

/* ---- one field ---- */

/* False when a word, or a run of blanks, is too long for a line. */
static bool
is_foldable(const char *value)
{
	size_t word = 0, blanks = 0;

	for (const char *at = value; *at != '\0'; at++) {
		word = *at == ' ' ? 0 : word + 1;
		blanks = *at == ' ' ? blanks + 1 : 0;
		if (word > WORD_MAX || blanks > COLUMNS)
			return false;
	}
	return g_str_is_ascii(value);
}

/* Of ASCII, folded before blanks. */
static void
put_plain(GString *out, const char *name, const char *value)
{
	g_auto(GStrv) words = g_strsplit(value, " ", -1);
	size_t column = strlen(name) + 1;

	g_string_append_printf(out, "%s:", name);
	for (char **word = words; *word != NULL; word++) {
		size_t length = strlen(*word);

		if (column + 1 + length > COLUMNS && length > 0 &&
		    word != words) {
			g_string_append(out, "\r\n");
			column = 0;
		}
		g_string_append_printf(out, " %s", *word);
		column += 1 + length;
	}
	g_string_append(out, "\r\n");
}

bool
composition_head_put(GString *out, const char *name, const char *value)
{
	struct header_field field = { .name = name, .body = value };

	if (is_foldable(value)) {
		put_plain(out, name, value);
		return true;
	}
	return words_encode(out, &field, NULL);
}

/* ---- what is asked of postferry ---- */

static void
put_flag(GString *out, const char *name, const char *value)
{
	if (value != NULL)
		composition_head_put(out, name, value);
}

/* A JSON string in ASCII. */
static void
append_string(GString *object, const char *text)
{
	g_string_append_c(object, '"');
	for (; *text != '\0'; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
			g_string_append_c(object, (char)c);
		else if (c < 0x10000)
			g_string_append_printf(object, "\\u%04x", c);
		else
			g_string_append_printf(object, "\\u%04x\\u%04x",
			    0xd800 + ((c - 0x10000) >> 10),
			    0xdc00 + ((c - 0x10000) & 0x3ff));
	}
	g_string_append_c(object, '"');
}

char *
composition_head_metadata(const struct composition_pair *pair)
{
	GString *object = g_string_new("{");

	append_string(object, pair->name);
	g_string_append(object, ": ");
	append_string(object, pair->value);
	g_string_append_c(object, '}');
	return g_string_free(object, FALSE);
}

/* One field a pair: one of many could be too long for a header. */
static void
put_metadata(GString *out, const struct composition_pair *pair)
{
	g_autofree char *object = composition_head_metadata(pair);

	composition_head_put(out, "X-Postferry-Metadata", object);
}

static void
put_send_at(GString *out, const char *text)
{
	g_autofree char *ms = text == NULL ? NULL : options_value_date(text);
	char date[CLOCK_RFC5322_LENGTH];

	if (ms == NULL)
		return;
	clock_rfc5322(g_ascii_strtoll(ms, NULL, 10), date);
	composition_head_put(out, "X-Postferry-Send-At", date);
}

static void
put_orders(GString *out, const struct composition *composition)
{
	for (unsigned i = 0; i < composition->tags->len; i++)
		composition_head_put(
		    out, "X-Postferry-Tag", composition->tags->pdata[i]);
	for (unsigned i = 0; i < composition->metadata->len; i++)
		put_metadata(out, composition->metadata->pdata[i]);
	put_flag(out, "X-Postferry-Track-Opens", composition->track_opens);
	put_flag(out, "X-Postferry-Track-Clicks", composition->track_clicks);
	put_send_at(out, composition->send_at);
	put_flag(out, HINTS_ROUTE, composition->route);
	put_flag(out, HINTS_DOUBT, composition->doubt);
}

/* ---- the whole ---- */

static bool
has_header(const struct composition *composition, const char *name)
{
	for (unsigned i = 0; i < composition->headers->len; i++) {
		const struct composition_pair *pair =
		    composition->headers->pdata[i];

		if (g_ascii_strcasecmp(pair->name, name) == 0)
			return true;
	}
	return false;
}

static void
put_origin(GString *out, const struct composition_head *head)
{
	const struct mailbox *author = head->from->pdata[0];
	g_autofree char *id =
	    g_strdup_printf("<%s@%s>", head->id, author->address->domain);
	char date[CLOCK_RFC5322_LENGTH];

	clock_rfc5322(head->now_ms, date);
	if (!has_header(head->composition, "Date"))
		composition_head_put(out, "Date", date);
	if (!has_header(head->composition, "Message-ID"))
		composition_head_put(out, "Message-ID", id);
}

static void
put_mailboxes(GString *out, const char *name, const GPtrArray *mailboxes)
{
	g_autofree char *text = composition_address_text(mailboxes);

	if (mailboxes->len > 0)
		composition_head_put(out, name, text);
}

bool
composition_head_write(GString *out, const struct composition_head *head)
{
	const struct composition *composition = head->composition;

	put_origin(out, head);
	put_mailboxes(out, "From", head->from);
	put_mailboxes(out, "Reply-To", head->reply_to);
	put_mailboxes(out, "To", head->to);
	put_mailboxes(out, "Cc", head->cc);
	if (composition->subject != NULL)
		composition_head_put(out, "Subject", composition->subject);
	for (unsigned i = 0; i < composition->headers->len; i++) {
		const struct composition_pair *pair =
		    composition->headers->pdata[i];

		if (!composition_head_put(out, pair->name, pair->value))
			return false;
	}
	put_orders(out, composition);
	g_string_append(out, "MIME-Version: 1.0\r\n");
	return true;
}
