/* SPDX-License-Identifier: MIT */
/*
 * TLS of one client's connection, the server's side: what recv() and send()
 * are to a plain socket, these are to one that has become TLS.  The one place
 * where sessions meet OpenSSL; certificates are in tls_keys.h.  On one loop.
 */
#ifndef SMTP_TLS_H
#define SMTP_TLS_H

#include "tls_keys.h"
#include "tls_socket.h"
#include <stddef.h>
#include <sys/types.h>

struct tls;

enum tls_result {
	TLS_DONE,
	TLS_WAITS,  /* see tls_need() */
	TLS_FAILED, /* see tls_trouble() */
};

/* On a connected non-blocking socket, which stays the caller's. */
struct tls *tls_new(struct tls_keys *keys, int fd);
/* NULL is fine. */
void tls_free(struct tls *tls);

/* Before the handshake: bytes that were read from the socket already. */
void tls_feed(struct tls *tls, const unsigned char *bytes, size_t length);

/* Goes on with the handshake. */
enum tls_result tls_shake(struct tls *tls);

/* As recv() and send(): -1 and errno, EAGAIN: see tls_need(); EPROTO: see
 * tls_trouble().  0 of tls_read(): the peer has ended, with close_notify or
 * without: where a mail ends is said within it (RFC 5321 4.1.1.4).  Less than
 * was asked for means that there is no more now.  tls_write() is called again
 * with the same bytes, or more. */
ssize_t tls_read(struct tls *tls, void *bytes, size_t length);
ssize_t tls_write(struct tls *tls, const void *bytes, size_t length);

/* As tls_read() of one byte, which is still there after. */
ssize_t tls_peek(struct tls *tls);

/* What the last call that waits is waiting for. */
enum tls_need tls_need(const struct tls *tls);

/* Says close_notify. */
void tls_shut(struct tls *tls);

/* What went wrong, for the log: "no cipher in common"; a literal or owned by
 * the connection. */
const char *tls_trouble(const struct tls *tls);

/* After the handshake: "TLSv1.3", "TLS_AES_128_GCM_SHA256"; lasting. */
const char *tls_version(const struct tls *tls);
const char *tls_cipher(const struct tls *tls);

/* The client showed a certificate that may relay (tls_keys.h). */
bool tls_certified(const struct tls *tls);

/* SHA-256 of the client's certificate in hex, lower case, owned by the
 * connection; NULL: it showed none. */
const char *tls_fingerprint(const struct tls *tls);

#endif
