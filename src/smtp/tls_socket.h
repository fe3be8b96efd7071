/* SPDX-License-Identifier: MIT */
/*
 * The socket below one client's TLS, as OpenSSL reads and writes it (a BIO): it
 * says what it waits for, keeps what went wrong, and gives no more than an
 * allowance in one call.  Without that a client whose records bear no data (key
 * updates, as fast as it can) would keep the loop within one call of SSL_read()
 * for as long as it likes.  On one loop.
 */
#ifndef SMTP_TLS_SOCKET_H
#define SMTP_TLS_SOCKET_H

#include <glib.h>
#include <stdbool.h>

struct bio_method_st;

/* What a call that waits is waiting for. */
enum tls_need {
	TLS_NEEDS_INPUT,  /* the socket becomes readable */
	TLS_NEEDS_OUTPUT, /* the socket becomes writable */
	TLS_NEEDS_TURN,   /* others had theirs: nothing else will wake it */
};

/* The data of its BIO. */
struct tls_socket {
	int fd;
	GByteArray *early; /* read before TLS began, and its first bytes; NULL:
			    * none */
	size_t allowance;  /* bytes that may still be read in this call */
	enum tls_need need;
	int error;  /* errno of what broke; 0: nothing did */
	bool ended; /* the peer has ended its side */
};

/* How OpenSSL reaches a struct tls_socket; freed by BIO_meth_free() after the
 * last BIO that was made by it. */
struct bio_method_st *tls_socket_method(void);

#endif
