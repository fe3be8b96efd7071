/* SPDX-License-Identifier: MIT */
#include "mail/parse.h"

#include "core/config.h"
#include "fields.h"
#include "parse_address.h"
#include "parse_tree.h"
#include "qualify.h"
#include "recode.h"
#include "single.h"
#include "structure.h"

#include <errno.h>
#include <gmime/gmime.h>

/* GMime registers each of its types when it first needs it, without a lock: two
 * threads that read their first mails at once would both do it. */
static GType (*const types[])(void) = {
	g_mime_application_pkcs7_mime_get_type,
	g_mime_content_disposition_get_type,
	g_mime_content_type_get_type,
	g_mime_data_wrapper_get_type,
	g_mime_filter_basic_get_type,
	g_mime_filter_best_get_type,
	g_mime_filter_charset_get_type,
	g_mime_filter_dos2unix_get_type,
	g_mime_filter_from_get_type,
	g_mime_filter_get_type,
	g_mime_filter_openpgp_get_type,
	g_mime_filter_strip_get_type,
	g_mime_filter_unix2dos_get_type,
	g_mime_filter_windows_get_type,
	g_mime_filter_yenc_get_type,
	g_mime_format_options_get_type,
	g_mime_header_get_type,
	g_mime_header_list_get_type,
	g_mime_message_get_type,
	g_mime_message_part_get_type,
	g_mime_message_partial_get_type,
	g_mime_multipart_encrypted_get_type,
	g_mime_multipart_get_type,
	g_mime_multipart_signed_get_type,
	g_mime_object_get_type,
	g_mime_param_get_type,
	g_mime_param_list_get_type,
	g_mime_parser_get_type,
	g_mime_parser_options_get_type,
	g_mime_part_get_type,
	g_mime_references_get_type,
	g_mime_stream_buffer_get_type,
	g_mime_stream_cat_get_type,
	g_mime_stream_file_get_type,
	g_mime_stream_filter_get_type,
	g_mime_stream_fs_get_type,
	g_mime_stream_get_type,
	g_mime_stream_mem_get_type,
	g_mime_stream_null_get_type,
	g_mime_text_part_get_type,
	internet_address_get_type,
	internet_address_group_get_type,
	internet_address_list_get_type,
	internet_address_mailbox_get_type,
};

void
parse_start(void)
{
	g_mime_init();
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		g_type_ensure(types[i]());
}

static void
free_address(void *address)
{
	header_address_free(address);
}

static GPtrArray *
new_addresses(void)
{
	return g_ptr_array_new_with_free_func(free_address);
}

static void
free_part(void *part)
{
	part_free(part);
}

static struct message *
new_message(struct header *header)
{
	struct message *message = g_new0(struct message, 1);

	g_atomic_ref_count_init(&message->count);
	message->header = header;
	trace_read(header, message->trace_id);
	message->from = new_addresses();
	message->to = new_addresses();
	message->cc = new_addresses();
	message->bcc = new_addresses();
	message->reply_to = new_addresses();
	message->parts = g_ptr_array_new_with_free_func(free_part);
	return message;
}

/* What cannot be broken without a change: opaque mail, and what is encoded
 * some unknown way. */
static void
find_long_lines(struct message *message)
{
	struct recode *recode;

	if (message->submission->seen.long_lines == 0 ||
	    (message->traits & TRAIT_DKIM) != 0)
		return;
	recode = recode_make(message, RECODE_SHORT);
	if (recode == NULL || recode->folded)
		message->traits |= TRAIT_LONG_LINE;
	recode_free(recode);
}

/* Of the listener that the mail came by, unless it is no longer there. */
static const char *
find_domain(
    const struct submission *submission, const struct parse_options *options)
{
	struct config *config = submission->config;
	const char *const *names =
	    config == NULL ? NULL : config_names(config, "listener");
	g_autofree char *section =
	    g_strdup_printf("listener %s", submission->listener);
	const char *domain = NULL;

	if (names != NULL && submission->listener != NULL &&
	    g_strv_contains(names, submission->listener))
		domain = config_string(config, section, "domain");
	if (domain == NULL)
		domain = options->domain;
	return domain != NULL ? domain : options->hostname;
}

static bool
has_unqualified(const struct message *message)
{
	const GArray *fields = message->header->fields;

	for (unsigned i = 0; message->domain != NULL && i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);
		g_autofree char *body = NULL;

		if (!qualify_is_named(field->name))
			continue;
		body = qualify_body(field->body, message->domain);
		if (body != NULL)
			return true;
	}
	return false;
}

static void
fill_message(struct message *message, const struct parse_options *options)
{
	const char *domain = find_domain(message->submission, options);

	message->domain = address_domain_to_ascii(domain);
	fields_read(message, options->hostname);
	parse_address_read(message, domain);
	fields_make_from(message, options->hostname);
	if (message->submission->seen.opaque) {
		message->traits |= TRAIT_OPAQUE;
	} else {
		struct node *root = single_read(message);

		if (root == NULL)
			root = parse_tree_read(message);
		structure_read(message, root);
		node_free(root);
	}
	find_long_lines(message);
	if ((message->traits & TRAIT_DKIM) != 0 && has_unqualified(message))
		message->traits |= TRAIT_UNQUALIFIED;
}

static void
set_read_error(GError **error, const struct submission *submission)
{
	int fault = errno;

	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(fault),
	    "the spool of mail %s cannot be read: %s; check the disk under "
	    "the spool directory",
	    submission->id, g_strerror(fault));
}

struct message *
parse_message(struct submission *submission,
    const struct parse_options *options, GError **error)
{
	struct header *header =
	    header_read(submission->spool, &submission->seen);
	struct message *message;
	unsigned faults;

	if (header == NULL) {
		set_read_error(error, submission);
		return NULL;
	}
	message = new_message(header);
	message->submission = submission;
	faults = spool_faults(submission->spool);
	fill_message(message, options);
	if (spool_faults(submission->spool) == faults)
		return message;
	errno = EIO;
	set_read_error(error, submission);
	message->submission = NULL;
	message_unref(message);
	return NULL;
}

struct message *
parse_nothing(
    struct submission *submission, const struct parse_options *options)
{
	static const struct limiter_seen nothing;
	struct message *message =
	    new_message(header_read(submission->spool, &nothing));

	message->submission = submission;
	submission->seen.opaque = true;
	fill_message(message, options);
	return message;
}
