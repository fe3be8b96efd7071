/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <errno.h>

struct tls *
tls_new(struct tls_keys *keys, int fd)
{
	(void)keys;
	(void)fd;
	return NULL;
}

void
tls_free(struct tls *tls)
{
	g_free(tls);
}

enum tls_result
tls_shake(struct tls *tls)
{
	(void)tls;
	return TLS_FAILED;
}

ssize_t
tls_read(struct tls *tls, void *bytes, size_t length)
{
	(void)tls;
	(void)bytes;
	(void)length;
	errno = EPROTO;
	return -1;
}

ssize_t
tls_write(struct tls *tls, const void *bytes, size_t length)
{
	(void)tls;
	(void)bytes;
	(void)length;
	errno = EPROTO;
	return -1;
}

bool
tls_pending(const struct tls *tls)
{
	(void)tls;
	return false;
}

void
tls_shut(struct tls *tls)
{
	(void)tls;
}

const char *
tls_trouble(const struct tls *tls)
{
	(void)tls;
	return "TLS is not there";
}

const char *
tls_version(const struct tls *tls)
{
	(void)tls;
	return "none";
}

const char *
tls_cipher(const struct tls *tls)
{
	(void)tls;
	return "none";
}

bool
tls_certified(const struct tls *tls)
{
	(void)tls;
	return false;
}

const char *
tls_fingerprint(const struct tls *tls)
{
	(void)tls;
	return NULL;
}
