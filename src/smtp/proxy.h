/* SPDX-License-Identifier: MIT */
/*
 * The PROXY protocol, versions 1 and 2 (HAProxy): a trusted proxy says which
 * client it speaks for, before anything else.  Pure.
 */
#ifndef SMTP_PROXY_H
#define SMTP_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Longest header taken: v1 has 107 octets, v2 16 and what we read of TLVs. */
#define PROXY_HEADER_MAX 536

enum proxy_result {
	PROXY_MORE,  /* the header is not complete */
	PROXY_OTHER, /* speaks for `client` */
	PROXY_SELF, /* v2 LOCAL, v1 UNKNOWN: the proxy itself, a health check */
	PROXY_BAD,  /* no header, or a broken one: close without a word */
};

/* Reads the header that `bytes` begin with; *used is its length then. */
enum proxy_result proxy_read(const unsigned char *bytes, size_t length,
    struct sockaddr_storage *client, size_t *used);

/* True when they begin with what begins a header of either version, good or
 * not. */
bool proxy_is_begun(const unsigned char *bytes, size_t length);

/* After PROXY_MORE: how many octets can be read without reading past the
 * header; 1 at least.  So what follows it, be it TLS, is left to others. */
size_t proxy_lacks(const unsigned char *bytes, size_t length);

#endif
