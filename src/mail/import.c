/* SPDX-License-Identifier: MIT */
#include "mail/import.h"

#include "composition_address.h"
#include "core/clock.h"
#include "deposit.h"
#include "digest.h"
#include "mail/header.h"
#include <string.h>

#define PIECE 65536

struct reading {
	const struct import *import;
	const struct composition_place *place;
	const struct header *header;
	GPtrArray *errors;
	struct envelope *envelope;
};

/* ---- the envelope ---- */

static bool
read_text(const struct reading *reading, const char *field, const char *text,
    GPtrArray *mailboxes)
{
	g_autofree char *why = NULL;
	bool read = composition_address_read(
	    text, reading->place->domain, mailboxes, &why);

	if (!read)
		composition_add_error(reading->errors, field, "%s", why);
	return read;
}

static void
take_all(const struct reading *reading, const GPtrArray *mailboxes)
{
	for (unsigned i = 0; i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];

		envelope_add_recipient(
		    reading->envelope, address_copy(mailbox->address));
	}
}

static void
take_text(const struct reading *reading, const char *field, const char *text)
{
	g_autoptr(GPtrArray) mailboxes = composition_address_list();

	if (read_text(reading, field, text, mailboxes))
		take_all(reading, mailboxes);
}

/* True for a field that names recipients. */
static bool
is_list(const char *name)
{
	return g_ascii_strcasecmp(name, "To") == 0 ||
	       g_ascii_strcasecmp(name, "Cc") == 0 ||
	       g_ascii_strcasecmp(name, "Bcc") == 0;
}

/* A group of nobody ("undisclosed-recipients:;") names nobody. */
static void
take_fields(const struct reading *reading)
{
	const GArray *fields = reading->header->fields;

	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (is_list(field->name) && field->body[0] != '\0' &&
		    !g_str_has_suffix(field->body, ":;"))
			take_text(reading, field->name, field->body);
	}
}

static void
read_recipients(const struct reading *reading)
{
	const GPtrArray *said = reading->import->recipients;
	unsigned most = reading->place->recipients_max;
	unsigned count = said == NULL ? 0 : said->len;

	for (unsigned i = 0; i < MIN(count, most); i++) {
		g_autofree char *field = g_strdup_printf("recipients[%u]", i);

		take_text(reading, field, said->pdata[i]);
	}
	if (count == 0)
		take_fields(reading);
	count = MAX(count, reading->envelope->recipients->len);
	if (count > most)
		composition_add_error(reading->errors, "recipients",
		    "there are %u; one mail may have %u: send several", count,
		    most);
	else if (count == 0 && reading->errors->len == 0)
		composition_add_error(reading->errors, "recipients",
		    "there is none: name them, or in To, Cc or Bcc");
	envelope_end_recipients(reading->envelope);
}

/* True when the mail may be from this one. */
static bool
check_author(const struct reading *reading, const char *field,
    const struct mailbox *author)
{
	const struct composition_place *place = reading->place;
	bool good = place->senders == NULL ||
		    address_is_among(author->address, place->senders);

	if (!good)
		composition_add_error(reading->errors, field,
		    "%s is none of the senders that this token may use",
		    author->address->text);
	return good;
}

/* Each mailbox of each From: providers take it as the sender. */
static void
read_authors(const struct reading *reading)
{
	const GArray *fields = reading->header->fields;
	g_autoptr(GPtrArray) authors = composition_address_list();

	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (g_ascii_strcasecmp(field->name, "From") == 0)
			read_text(reading, "From", field->body, authors);
	}
	for (unsigned i = 0; i < authors->len; i++)
		if (!check_author(reading, "From", authors->pdata[i]))
			return;
	if (authors->len == 0 && reading->errors->len == 0)
		composition_add_error(
		    reading->errors, "From", "there is none in the header");
	else if (authors->len > 0 && reading->import->sender == NULL)
		reading->envelope->sender = address_copy(
		    ((struct mailbox *)authors->pdata[0])->address);
}

static void
read_sender(const struct reading *reading)
{
	const char *sender = reading->import->sender;
	g_autoptr(GPtrArray) mailboxes = composition_address_list();

	if (sender == NULL || *sender == '\0' ||
	    !read_text(reading, "sender", sender, mailboxes))
		return;
	if (mailboxes->len > 1)
		composition_add_error(reading->errors, "sender",
		    "it names several; expected is one address");
	else if (check_author(reading, "sender", mailboxes->pdata[0]))
		reading->envelope->sender = address_copy(
		    ((struct mailbox *)mailboxes->pdata[0])->address);
}

static bool
read_envelope(const struct import *import,
    const struct composition_place *place, GPtrArray *errors,
    struct submission *submission)
{
	unsigned before = errors->len;
	struct header *header =
	    header_read(submission->spool, &submission->seen);
	struct reading reading = {
		.import = import,
		.place = place,
		.header = header,
		.errors = errors,
		.envelope = submission->envelope,
	};

	if (header == NULL) {
		composition_add_error(
		    errors, "mail", "it could not be read back");
		return false;
	}
	read_authors(&reading);
	read_sender(&reading);
	read_recipients(&reading);
	header_free(header);
	return errors->len == before;
}

/* ---- the mail ---- */

static enum composition_end
read_mail(const struct import *import, const struct composition_place *place,
    struct submission *submission, char **why)
{
	struct deposit *deposit = deposit_new(place);
	g_autofree char *piece = g_malloc(PIECE);
	uint64_t at = 0, size = spool_size(import->mail);
	enum composition_end end;
	bool wanted = true;

	while (wanted && at < size) {
		ssize_t got = spool_read(import->mail, at, piece, PIECE);

		if (got <= 0) {
			deposit_break(deposit);
			break;
		}
		wanted = deposit_put(deposit, piece, (size_t)got);
		at += (uint64_t)got;
	}
	end = deposit_end(deposit, submission, why);
	deposit_free(deposit);
	return end;
}

struct submission *
import_submission(const struct import *import,
    const struct composition_place *place, GPtrArray *errors,
    enum composition_end *end, char **why)
{
	struct submission *submission = g_new0(struct submission, 1);

	id_make(submission->id);
	submission->envelope = envelope_new();
	submission->received_ms = clock_wall_ms();
	submission->received_us = clock_monotonic_us();
	*end = read_mail(import, place, submission, why);
	if (*end == COMPOSITION_MADE &&
	    !read_envelope(import, place, errors, submission))
		*end =
		    errors->len > 0 ? COMPOSITION_REFUSED : COMPOSITION_BROKEN;
	if (*end == COMPOSITION_MADE) {
		submission->envelope->eightbit = submission->seen.eightbit_body;
		return submission;
	}
	submission_free(submission);
	return NULL;
}

bool
import_digest(
    const struct import *import, char out[static COMPOSITION_DIGEST_LENGTH + 1])
{
	struct digest *digest = digest_new();

	digest_text(digest, import->sender);
	digest_texts(digest, import->recipients);
	digest_spool(digest, import->mail);
	return digest_end(digest, out);
}
