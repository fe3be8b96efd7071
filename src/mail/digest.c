/* SPDX-License-Identifier: MIT */
#include "digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PIECE 65536

struct digest {
	GChecksum *checksum;
	bool read; /* every spool was */
};

/* With its length, so that none runs into the next; absent differs from empty.
 */
void
digest_text(struct digest *digest, const char *text)
{
	char length[24];

	g_snprintf(length, sizeof length, "%" PRIu64 ":",
	    text == NULL ? UINT64_MAX : (uint64_t)strlen(text));
	g_checksum_update(digest->checksum, (const guchar *)length, -1);
	if (text != NULL)
		g_checksum_update(digest->checksum, (const guchar *)text, -1);
}

void
digest_number(struct digest *digest, uint64_t number)
{
	char text[24];

	g_snprintf(text, sizeof text, "%" PRIu64, number);
	digest_text(digest, text);
}

void
digest_texts(struct digest *digest, const GPtrArray *texts)
{
	unsigned count = texts == NULL ? 0 : texts->len;

	digest_number(digest, count);
	for (unsigned i = 0; i < count; i++)
		digest_text(digest, texts->pdata[i]);
}

static void
add_bytes(struct digest *digest, const struct spool *spool)
{
	g_autofree guchar *piece = g_malloc(PIECE);
	uint64_t at = 0;
	ssize_t got = 1;

	while (at < spool_size(spool) && got > 0) {
		got = spool_read(spool, at, piece, PIECE);
		if (got > 0) {
			g_checksum_update(digest->checksum, piece, got);
			at += (uint64_t)got;
		}
	}
	digest->read &= got > 0;
}

void
digest_spool(struct digest *digest, const struct spool *spool)
{
	if (spool == NULL) {
		digest_text(digest, NULL);
		return;
	}
	digest_number(digest, spool_size(spool));
	add_bytes(digest, spool);
}

struct digest *
digest_new(void)
{
	struct digest *digest = g_new0(struct digest, 1);

	digest->checksum = g_checksum_new(G_CHECKSUM_SHA256);
	digest->read = true;
	return digest;
}

bool
digest_end(struct digest *digest, char out[static DIGEST_LENGTH + 1])
{
	bool read = digest->read;

	g_strlcpy(
	    out, g_checksum_get_string(digest->checksum), DIGEST_LENGTH + 1);
	g_checksum_free(digest->checksum);
	g_free(digest);
	return read;
}
