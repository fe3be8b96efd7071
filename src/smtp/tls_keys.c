/* SPDX-License-Identifier: MIT */
#include "tls_keys.h"

#include "rules.h"

struct tls_keys *
tls_keys_new(const struct rules *rules, GError **error)
{
	(void)rules;
	(void)error;
	return NULL;
}

struct tls_keys *
tls_keys_ref(struct tls_keys *keys)
{
	return keys;
}

void
tls_keys_unref(struct tls_keys *keys)
{
	(void)keys;
}

bool
tls_keys_stale(const struct tls_keys *keys)
{
	(void)keys;
	return false;
}
