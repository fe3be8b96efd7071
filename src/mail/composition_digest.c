/* SPDX-License-Identifier: MIT */
#include "mail/composition.h"

#include "digest.h"

static void
add_pairs(struct digest *digest, const GPtrArray *pairs)
{
	digest_number(digest, pairs->len);
	for (unsigned i = 0; i < pairs->len; i++) {
		const struct composition_pair *pair = pairs->pdata[i];

		digest_text(digest, pair->name);
		digest_text(digest, pair->value);
	}
}

static void
add_attachments(struct digest *digest, const GPtrArray *attachments)
{
	for (unsigned i = 0; i < attachments->len; i++) {
		const struct composition_attachment *attachment =
		    attachments->pdata[i];

		digest_text(digest, attachment->name);
		digest_text(digest, attachment->type);
		digest_text(digest, attachment->content_id);
		digest_text(digest, attachment->in_line ? "inline" : NULL);
		digest_spool(digest, attachment->bytes);
	}
}

static void
add_all(struct digest *digest, const struct composition *composition)
{
	const char *const texts[] = { composition->from, composition->sender,
		composition->reply_to, composition->subject,
		composition->track_opens, composition->track_clicks,
		composition->send_at, composition->route, composition->doubt };

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		digest_text(digest, texts[i]);
	digest_texts(digest, composition->to);
	digest_texts(digest, composition->cc);
	digest_texts(digest, composition->bcc);
	digest_texts(digest, composition->tags);
	add_pairs(digest, composition->headers);
	add_pairs(digest, composition->metadata);
	digest_spool(digest, composition->text);
	digest_spool(digest, composition->html);
	add_attachments(digest, composition->attachments);
}

bool
composition_digest(const struct composition *composition,
    char out[static COMPOSITION_DIGEST_LENGTH + 1])
{
	struct digest *digest = digest_new();

	add_all(digest, composition);
	return digest_end(digest, out);
}
