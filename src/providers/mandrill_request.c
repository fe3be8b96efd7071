/* SPDX-License-Identifier: MIT */
#include "mandrill_request.h"

#include "addressee.h"
#include "author.h"
#include "carry.h"
#include "control.h"
#include "core/clock.h"
#include "display.h"
#include "extra.h"
#include "filename.h"
#include "guise.h"
#include "mail/raw.h"
#include "mandrill_options.h"
#include "reference.h"
#include "translators.h"

static const char *const omitted[] = { CARRY_MANDRILL_OWN, NULL };

static void
write_people(struct writer *writer, const struct delivery *delivery)
{
	static const char *const types[] = {
		[ADDRESSEE_TO] = "to",
		[ADDRESSEE_CC] = "cc",
		[ADDRESSEE_BCC] = "bcc",
	};
	g_autofree struct addressee *list = addressee_list(delivery);

	writer_name(writer, "to");
	writer_open(writer, '[');
	for (unsigned i = 0; i < delivery_addresses(delivery); i++) {
		writer_open(writer, '{');
		writer_member(writer, "email", list[i].address->text);
		writer_member(writer, "name", list[i].name);
		writer_member(writer, "type", types[list[i].role]);
		writer_close(writer, '}');
	}
	writer_close(writer, ']');
}

static void
write_bodies(struct writer *writer, const struct message *message)
{
	g_autoptr(GBytes) html = reference_html(message);

	writer_member(writer, "subject", message->subject);
	if (message->text != NULL) {
		writer_name(writer, "text");
		writer_bytes(writer, message->text);
	}
	if (html != NULL) {
		writer_name(writer, "html");
		writer_bytes(writer, html);
	}
}

/* An object: a list of lines is ignored without a word. */
static void
write_extras(struct writer *writer, const struct delivery *delivery)
{
	g_autoptr(GPtrArray) extras = extra_read(delivery, omitted);

	writer_name(writer, "headers");
	writer_open(writer, '{');
	for (unsigned i = 0; i < extras->len; i++) {
		const struct extra *extra = extras->pdata[i];

		writer_member(writer, extra->name, extra->value);
	}
	writer_close(writer, '}');
}

static bool
is_image(const struct part *part)
{
	return part->role == PART_INLINE &&
	       g_str_has_prefix(part->type, "image/");
}

/* An image's name is its Content-ID, as the html has it; that of another file
 * would leave as raw 8-bit bytes were it not ASCII. */
static void
write_part(struct writer *writer, const struct part *part)
{
	bool image = is_image(part);
	g_autofree char *name =
	    image ? reference_name(part) : filename_make(part);
	g_autofree char *ascii = filename_ascii(name);
	g_autofree char *type = g_strconcat(part->type, part->parameters, NULL);

	writer_open(writer, '{');
	writer_member(writer, "type", image ? part->type : type);
	writer_member(writer, "name", image ? name : ascii);
	writer_name(writer, "content");
	writer_open_text(writer);
	segments_add_part(writer->segments, part, SEGMENT_BASE64);
	writer_close_text(writer);
	writer_close(writer, '}');
}

static void
write_parts(struct writer *writer, const struct message *message, bool images)
{
	bool open = false;

	for (unsigned i = 0; i < message->parts->len; i++) {
		const struct part *part = message->parts->pdata[i];

		if (is_image(part) != images)
			continue;
		if (!open) {
			writer_name(writer, images ? "images" : "attachments");
			writer_open(writer, '[');
			open = true;
		}
		write_part(writer, part);
	}
	if (open)
		writer_close(writer, ']');
}

static bool
write_fields(struct writer *writer, const struct delivery *delivery,
    const struct mail_options *options, GError **error)
{
	const struct message *message = delivery->message;
	const struct header_address *from =
	    author_find(delivery, "Mandrill", error);

	if (from == NULL)
		return false;
	writer_name(writer, "message");
	writer_open(writer, '{');
	writer_member(writer, "from_email", from->spec);
	writer_member(writer, "from_name", from->name);
	write_people(writer, delivery);
	mandrill_options_write_people(writer, options);
	write_bodies(writer, message);
	if (message->traits & (TRAIT_MARK_STARS | TRAIT_MARK_BRACES)) {
		writer_name(writer, "merge");
		writer_bool(writer, false);
	}
	write_extras(writer, delivery);
	mandrill_options_write(writer, options, message->submission->id);
	write_parts(writer, message, false);
	write_parts(writer, message, true);
	writer_close(writer, '}');
	return true;
}

/* `to` is the envelope; From is the mail's own, since from_email of another
 * might take its place.  What fields say beside it the header says here. */
static void
write_raw(struct writer *writer, const struct delivery *delivery,
    const struct mail_options *options)
{
	const struct message *message = delivery->message;
	g_autofree char *lines =
	    mandrill_options_lines(options, message->submission->id);
	g_autofree char *add = g_strconcat(lines,
	    message->traits & TRAIT_NO_TO ? "To: undisclosed-recipients:;\r\n"
					  : NULL,
	    NULL);
	struct raw_options raw = {
		.hostname = delivery->hostname,
		.omit = omitted,
		.json = true,
	};
	struct guise guise;

	writer_name(writer, "to");
	writer_open(writer, '[');
	for (unsigned i = 0; i < delivery_addresses(delivery); i++)
		writer_text(writer, delivery_recipient(delivery, i)->text);
	writer_close(writer, ']');
	writer_name(writer, "raw_message");
	writer_open_text(writer);
	guise_wear(&guise, delivery, add, &raw);
	raw_append(writer->segments, message, &raw);
	guise_clear(&guise);
	writer_close_text(writer);
}

static bool
check_raw(const struct delivery *delivery, GError **error)
{
	if (delivery->form != DELIVERY_RAW || raw_is_utf8(delivery->message))
		return true;
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "the mail has bytes that are not UTF-8 where they cannot be "
	    "encoded (in a signed part, in the header of a nested message, or "
	    "in a field without a named charset), and Mandrill takes raw mail "
	    "in UTF-8 only; use format = auto");
	return false;
}

bool
mandrill_request_write(
    struct writer *writer, const struct delivery *delivery, GError **error)
{
	struct mail_options *options;
	bool good = true;

	if (!control_check(delivery, mandrill.options, error) ||
	    !check_raw(delivery, error))
		return false;
	options = options_fit(delivery, mandrill.options, clock_wall_ms());
	if (delivery->form == DELIVERY_RAW)
		write_raw(writer, delivery, options);
	else
		good = write_fields(writer, delivery, options, error);
	mandrill_options_write_top(writer, options, delivery->form);
	options_free(options);
	return good;
}
