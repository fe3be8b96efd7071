/* SPDX-License-Identifier: MIT */
#include "mailgun_request.h"

#include "addressee.h"
#include "author.h"
#include "control.h"
#include "core/clock.h"
#include "display.h"
#include "extra.h"
#include "filename.h"
#include "guise.h"
#include "mail/raw.h"
#include "mailgun_options.h"
#include "reference.h"
#include "translators.h"
#include <string.h>

/* All o:, h:, v: and t: fields together, names and values. */
#define OPTIONS_MAX 16000

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
	if (has_text(message->amp))
		form_add_bytes(form, "amp-html", message->amp);
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

/* Of all o:, h:, v: and t: fields. */
static bool
check_size(size_t size, GError **error)
{
	if (size <= OPTIONS_MAX)
		return true;
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "the header fields and options have %zu bytes, and Mailgun takes "
	    "%d in one mail; use format = raw, or say less in control headers",
	    size, OPTIONS_MAX);
	return false;
}

static bool
add_extras(struct form *form, const struct delivery *delivery, size_t size,
    GError **error)
{
	g_autoptr(GPtrArray) extras = extra_read(delivery, NULL);

	for (unsigned i = 0; i < extras->len; i++) {
		const struct extra *extra = extras->pdata[i];
		g_autofree char *name = g_strconcat("h:", extra->name, NULL);

		form_add(form, name, extra->value);
		size += strlen(name) + strlen(extra->value);
	}
	return check_size(size, error);
}

static void
add_copy(
    struct form *form, const char *field, const struct mail_options *options)
{
	const char *copy = options->values[OPTION_BCC_ADDRESS].text;

	if (copy != NULL)
		form_add(form, field, copy);
}

static bool
write_fields(struct form *form, const struct delivery *delivery,
    const struct mail_options *options, GError **error)
{
	const struct message *message = delivery->message;
	size_t size;

	if (!add_people(form, delivery, error))
		return false;
	add_copy(form, "bcc", options);
	add_bodies(form, message);
	size = mailgun_options_write(form, options);
	if (!add_extras(form, delivery, size, error))
		return false;
	for (unsigned i = 0; i < message->parts->len; i++)
		add_part(form, message->parts->pdata[i]);
	return true;
}

/* `to` is the envelope; what To and Cc show is the mail's own. */
static bool
write_raw(struct form *form, const struct delivery *delivery,
    const struct mail_options *options, GError **error)
{
	const struct message *message = delivery->message;
	static const struct form_file file = { "message", "message.mime",
		"message/rfc822", "" };
	struct raw_options raw = {
		.hostname = delivery->hostname,
	};
	struct guise guise;

	for (unsigned i = 0; i < delivery_addresses(delivery); i++)
		form_add(form, "to", delivery_recipient(delivery, i)->text);
	add_copy(form, "to", options);
	if (!check_size(mailgun_options_write(form, options), error))
		return false;
	guise_wear(&guise, delivery,
	    message->traits & TRAIT_NO_TO ? "To: undisclosed-recipients:;\r\n"
					  : "",
	    &raw);
	form_open_file(form, &file);
	raw_append(form->segments, message, &raw);
	form_close_file(form);
	guise_clear(&guise);
	return true;
}

bool
mailgun_request_write(
    struct form *form, const struct delivery *delivery, GError **error)
{
	struct mail_options *options;
	bool good;

	if (!control_check(delivery, mailgun.options, error) ||
	    !author_check(delivery, "Mailgun", error))
		return false;
	options = options_fit(delivery, mailgun.options, clock_wall_ms());
	good = delivery->form == DELIVERY_RAW
		   ? write_raw(form, delivery, options, error)
		   : write_fields(form, delivery, options, error);
	options_free(options);
	return good;
}
