/* SPDX-License-Identifier: MIT */
#include "digest.h"

#include <string.h>

#define BYTES_MAX 64

static GHmac *
sign(GChecksumType type, const char *key, const GString *message)
{
	GHmac *hmac = g_hmac_new(type, (const guchar *)key, strlen(key));

	g_hmac_update(hmac, (const guchar *)message->str, (gssize)message->len);
	return hmac;
}

/* How long the other one is may be seen: that is no secret. */
static bool
are_equal(const char *ours, const char *theirs)
{
	size_t length = strlen(ours);
	unsigned char differs = 0;

	if (strlen(theirs) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		differs = (unsigned char)(differs |
					  (unsigned char)(ours[i] ^ theirs[i]));
	return differs == 0;
}

bool
digest_fits_hex(GChecksumType type, const char *key, const GString *message,
    const char *signature)
{
	GHmac *hmac = sign(type, key, message);
	g_autofree char *theirs = g_ascii_strdown(signature, -1);
	bool fits = are_equal(g_hmac_get_string(hmac), theirs);

	g_hmac_unref(hmac);
	return fits;
}

bool
digest_fits_base64(GChecksumType type, const char *key, const GString *message,
    const char *signature)
{
	GHmac *hmac = sign(type, key, message);
	guint8 bytes[BYTES_MAX];
	gsize length = sizeof bytes;

	g_hmac_get_digest(hmac, bytes, &length);
	g_hmac_unref(hmac);
	g_autofree char *ours = g_base64_encode(bytes, length);
	return are_equal(ours, signature);
}
