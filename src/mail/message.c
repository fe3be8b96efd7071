/* SPDX-License-Identifier: MIT */
#include "mail/message.h"

#include "charset.h"

#include <string.h>

static const char *const trait_texts[TRAIT_COUNT] = {
	"an alternative body beside text and html",
	"a nested message",
	"a signature",
	"an encrypted part",
	"a report",
	"a DKIM or ARC signature",
	"a repeated header field",
	"an overlong header field",
	"8-bit bytes in the header",
	"an inline part with a name and a Content-ID that differ",
	"an inline part that is no image",
	"two inline parts of one Content-ID",
	"header fields of a part",
	"more than one From address",
	"an address group",
	"a broken address field",
	"neither To nor Cc",
	"an attachment name beyond ASCII",
	"an attachment name with path, quote, control character or a dot at "
	"its end",
	"an attachment without a name",
	"a text over 1 MiB",
	"text that is not surely readable",
	"a malformed structure",
	"a structure past the limits of parsing",
	"a structure without equivalent",
	"neither text nor html",
	"an attachment with a Content-ID",
	"a display name beyond ASCII with special characters",
	"a display name beyond ASCII",
	"an alternative for AMP",
	"a second field of a kind that stands once",
	"a header line too long to be folded",
	"a line over 998 octets in the body",
	"an inline part whose Content-ID cannot be a file name",
	"a file name in the form of RFC 2231",
	"no subject",
	"an empty text or html",
	"a TAB or a run of blanks in the header",
	"an empty header field",
	"Authentication-Results of another host",
	"a Date of another time",
	"marks like %recipient.name%",
	"marks like *|NAME|*",
	"marks like {{name}}",
	"a part without content",
	"an address that stands twice in To and Cc",
	"an address without a domain in signed mail",
};

/* Carried by a member of struct message or a field of every API, removed
 * always, or of no use once the bytes it speaks of are gone. */
static const char *const own_fields[] = { "From", "Sender", "Reply-To", "To",
	"Cc", "Bcc", "Subject", "Date", "Message-ID", "MIME-Version",
	"Resent-Bcc", "Return-Path", "Received", "DKIM-Signature" };

static const char *const own_prefixes[] = { "Content-", "ARC-" };

/* Speaks of the mail as a whole, like any field. */
static const char language[] = "Content-Language";

/* Counted by GLib's macros, not by g_atomic_ref_count_dec(): the last one to
 * let go may be on another thread, and TSan sees that they take turns. */
/* What the names of control headers begin with. */
static const char *const controls[] = { "X-Mailgun-", "X-MC-", "X-Mandrill-",
	"X-Postferry-", "X-PM-", "X-SMTPAPI", "X-SES-", "X-MSYS-API",
	"X-Mailin-", "X-Mailjet-", "X-MJ-", "X-MailerSend-",
	"Resend-Idempotency-Key" };

struct message *
message_ref(struct message *message)
{
	g_atomic_int_inc(&message->count);
	return message;
}

static void
free_addresses(struct message *message)
{
	GPtrArray *lists[] = { message->from, message->to, message->cc,
		message->bcc, message->reply_to };

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		if (lists[i] != NULL)
			g_ptr_array_unref(lists[i]);
	header_address_free(message->sender);
}

void
message_unref(struct message *message)
{
	if (message == NULL || !g_atomic_int_dec_and_test(&message->count))
		return;
	free_addresses(message);
	g_clear_pointer(&message->submission, submission_free);
	header_free(message->header);
	g_free(message->subject);
	g_free(message->message_id);
	g_free(message->date);
	g_free(message->domain);
	g_clear_pointer(&message->text, g_bytes_unref);
	g_clear_pointer(&message->html, g_bytes_unref);
	g_clear_pointer(&message->amp, g_bytes_unref);
	g_clear_pointer(&message->parts, g_ptr_array_unref);
	g_free(message);
}

struct header_address *
header_address_new(const char *name, const char *spec)
{
	struct header_address *address = g_new0(struct header_address, 1);

	address->name = name == NULL || name[0] == '\0' ? NULL : g_strdup(name);
	address->spec = g_strdup(spec);
	return address;
}

void
header_address_free(struct header_address *address)
{
	if (address == NULL)
		return;
	g_free(address->name);
	g_free(address->spec);
	g_free(address);
}

void
part_free(struct part *part)
{
	if (part == NULL)
		return;
	g_free(part->type);
	g_free(part->parameters);
	g_free(part->name);
	g_free(part->content_id);
	g_free(part);
}

const char *
trait_text(uint64_t trait)
{
	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		if (trait == UINT64_C(1) << i)
			return trait_texts[i];
	return "unknown";
}

bool
message_field_is_control(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(controls); i++)
		if (g_ascii_strncasecmp(
			name, controls[i], strlen(controls[i])) == 0)
			return true;
	return false;
}

bool
message_field_is_own(const char *name)
{
	if (message_field_is_control(name))
		return true;
	if (g_ascii_strcasecmp(name, language) == 0)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(own_fields); i++)
		if (g_ascii_strcasecmp(name, own_fields[i]) == 0)
			return true;
	for (size_t i = 0; i < G_N_ELEMENTS(own_prefixes); i++)
		if (g_ascii_strncasecmp(
			name, own_prefixes[i], strlen(own_prefixes[i])) == 0)
			return true;
	return false;
}

char *
message_field_text(const struct header_field *field)
{
	return charset_words(field->body);
}
