/* SPDX-License-Identifier: MIT */
#include "mailgun_request.h"

#include "addressee.h"
#include "author.h"
#include "control.h"
#include "display.h"
#include "extra.h"
#include "filename.h"
#include "guise.h"
#include "mail/raw.h"
#include "reference.h"
#include "translators.h"
#include <string.h>

/* All o:, h:, v: and t: fields together, names and values. */
#define OPTIONS_MAX 16000

static const char *const omitted[] = { CONTROL_FIELDS, NULL };

static bool
add_people(struct form *form, const struct delivery *delivery, GError **error)
{
	static const char *const fields[] = {
		[ADDRESSEE_TO] = "to",
		[ADDRESSEE_CC] = "cc",
		[ADDRESSEE_BCC] = "bcc",
	};
	g_autofree struct addressee *list = addressee_list(delivery);
	const struct header_address *from =
	    author_find(delivery, "Mailgun", error);
	g_autofree char *author = NULL;

	if (from == NULL)
		return false;
	if (list[0].role != ADDRESSEE_TO) {
		g_set_error_literal(error, TRANSLATOR_ERROR, 0,
		    "Mailgun needs a recipient who stands in To when a mail is "
		    "sent as fields; use format = auto or raw");
		return false;
	}
	author = display_mailbox(from->name, from->spec);
	form_add(form, "from", author);
	for (unsigned i = 0; i < delivery_addresses(delivery); i++) {
		g_autofree char *mailbox =
		    display_mailbox(list[i].name, list[i].address->text);

		form_add(form, fields[list[i].role], mailbox);
	}
	return true;
}

static bool
has_text(GBytes *body)
{
	return body != NULL && g_bytes_get_size(body) > 0;
}

/* Empty fields count as missing, and a mail must have one of the bodies. */
static void
add_bodies(struct form *form, const struct message *message)
{
	const char *subject = message->subject;
	g_autoptr(GBytes) html = reference_html(message);

	form_add(form, "subject",
	    subject == NULL || *subject == '\0' ? " " : subject);
	if (has_text(message->text))
		form_add_bytes(form, "text", message->text);
	else if (!has_text(html))
		form_add(form, "text", " ");
	if (has_text(html))
		form_add_bytes(form, "html", html);
}

/* An inline part's file name becomes its Content-ID. */
static void
add_part(struct form *form, const struct part *part)
{
	bool inlined = part->role == PART_INLINE;
	g_autofree char *name =
	    inlined ? reference_name(part) : filename_make(part);
	struct form_file file = {
		.field = inlined ? "inline" : "attachment",
		.name = name,
		.type = part->type,
		.parameters = part->parameters,
	};

	form_open_file(form, &file);
	segments_add_part(form->segments, part, SEGMENT_PLAIN);
	form_close_file(form);
}

static bool
add_extras(struct form *form, const struct delivery *delivery, GError **error)
{
	g_autoptr(GPtrArray) extras = extra_read(delivery, omitted);
	size_t size = 0;

	for (unsigned i = 0; i < extras->len; i++) {
		const struct extra *extra = extras->pdata[i];
		g_autofree char *name = g_strconcat("h:", extra->name, NULL);

		form_add(form, name, extra->value);
		size += strlen(name) + strlen(extra->value);
	}
	if (size <= OPTIONS_MAX)
		return true;
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "the header fields have %zu bytes, and Mailgun takes %d in a mail "
	    "sent as fields; use format = raw",
	    size, OPTIONS_MAX);
	return false;
}

static bool
write_fields(struct form *form, const struct delivery *delivery, GError **error)
{
	const struct message *message = delivery->message;

	if (!add_people(form, delivery, error))
		return false;
	add_bodies(form, message);
	if (!add_extras(form, delivery, error))
		return false;
	for (unsigned i = 0; i < message->parts->len; i++)
		add_part(form, message->parts->pdata[i]);
	return true;
}

/* `to` is the envelope; what To and Cc show is the mail's own.  Links that are
 * rewritten for tracking break a signature. */
static void
write_raw(struct form *form, const struct delivery *delivery)
{
	const struct message *message = delivery->message;
	static const struct form_file file = { "message", "message.mime",
		"message/rfc822", "" };
	struct raw_options options = {
		.hostname = delivery->hostname,
		.omit = omitted,
		.bound = delivery->deaf ? NULL : mailgun.type,
	};
	struct guise guise;

	for (unsigned i = 0; i < delivery_addresses(delivery); i++)
		form_add(form, "to", delivery_recipient(delivery, i)->text);
	if (message->traits & (TRAIT_SIGNED | TRAIT_ENCRYPTED | TRAIT_DKIM))
		form_add(form, "o:tracking", "no");
	guise_wear(&guise, delivery,
	    message->traits & TRAIT_NO_TO ? "To: undisclosed-recipients:;\r\n"
					  : "",
	    &options);
	form_open_file(form, &file);
	raw_append(form->segments, message, &options);
	form_close_file(form);
	guise_clear(&guise);
}

bool
mailgun_request_write(
    struct form *form, const struct delivery *delivery, GError **error)
{
	if (!control_check(delivery, mailgun.type, error) ||
	    !author_check(delivery, "Mailgun", error))
		return false;
	if (delivery->form != DELIVERY_RAW)
		return write_fields(form, delivery, error);
	write_raw(form, delivery);
	return true;
}
