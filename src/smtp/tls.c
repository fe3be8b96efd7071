/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include "tls_trouble.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

/* Of the socket, read in one call besides what was asked for: a handshake's
 * message, or two full records. */
#define ALLOWANCE 32768

struct tls {
	SSL *ssl;
	struct tls_keys *keys; /* counted */
	struct tls_socket socket;
	const char *trouble; /* a literal or lasting; NULL: none */
	bool failed;         /* for good */
	bool certified;
	char *fingerprint;
};

struct tls *
tls_new(struct tls_keys *keys, int fd)
{
	struct tls *tls = g_new0(struct tls, 1);
	BIO *bio = BIO_new(tls_keys_method(keys));

	g_assert(bio != NULL);
	tls->keys = tls_keys_ref(keys);
	tls->socket.fd = fd;
	BIO_set_data(bio, &tls->socket);
	BIO_set_init(bio, 1);
	tls->ssl = SSL_new(tls_keys_context(keys));
	g_assert(tls->ssl != NULL);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_accept_state(tls->ssl);
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	tls_keys_unref(tls->keys);
	g_clear_pointer(&tls->socket.early, g_byte_array_unref);
	g_free(tls->fingerprint);
	g_free(tls);
}

void
tls_feed(struct tls *tls, const unsigned char *bytes, size_t length)
{
	if (length == 0)
		return;
	if (tls->socket.early == NULL)
		tls->socket.early = g_byte_array_new();
	g_byte_array_append(tls->socket.early, bytes, (unsigned)length);
}

/* Before each call of OpenSSL, whose errors are in a queue of the thread. */
static void
begin(struct tls *tls, size_t length)
{
	ERR_clear_error();
	tls->socket.allowance = length + ALLOWANCE;
	tls->socket.need = TLS_NEEDS_INPUT;
}

static void
fail(struct tls *tls)
{
	unsigned long error = ERR_peek_last_error();

	tls->failed = true;
	if (error != 0)
		tls->trouble = tls_trouble_text(error);
	else if (tls->socket.error != 0)
		tls->trouble = g_strerror(tls->socket.error);
	else
		tls->trouble = "the client hung up";
	ERR_clear_error();
}

/* True when the call is to be made again later; else it has failed. */
static bool
waits(struct tls *tls, int result)
{
	int error = SSL_get_error(tls->ssl, result);

	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return true;
	fail(tls);
	return false;
}

/* Who the client is by its certificate.  One that proves nothing is as none. */
static void
look_at_certificate(struct tls *tls)
{
	X509 *shown = SSL_get0_peer_certificate(tls->ssl);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;
	GString *hex;

	if (shown == NULL || !X509_digest(shown, EVP_sha256(), digest, &length))
		return;
	hex = g_string_sized_new(2 * (size_t)length + 1);
	for (unsigned i = 0; i < length; i++)
		g_string_append_printf(hex, "%02x", digest[i]);
	tls->fingerprint = g_string_free(hex, FALSE);
	tls->certified = tls_keys_trust(tls->keys, tls->fingerprint) ||
			 (tls_keys_has_authorities(tls->keys) &&
			     SSL_get_verify_result(tls->ssl) == X509_V_OK);
}

enum tls_result
tls_shake(struct tls *tls)
{
	int result;

	if (tls->failed)
		return TLS_FAILED;
	begin(tls, 0);
	result = SSL_do_handshake(tls->ssl);
	if (result == 1) {
		look_at_certificate(tls);
		return TLS_DONE;
	}
	return waits(tls, result) ? TLS_WAITS : TLS_FAILED;
}

/* What a call that gave nothing comes to, as errno has it. */
static ssize_t
give_nothing(struct tls *tls, int result)
{
	if (!tls->failed && waits(tls, result))
		errno = EAGAIN;
	else
		errno = tls->socket.error != 0 ? tls->socket.error : EPROTO;
	return -1;
}

/* The same of a call that reads, to which the peer's end is no failure. */
static ssize_t
read_nothing(struct tls *tls, int result)
{
	if (!tls->failed &&
	    SSL_get_error(tls->ssl, result) == SSL_ERROR_ZERO_RETURN)
		return 0;
	return give_nothing(tls, result);
}

ssize_t
tls_read(struct tls *tls, void *bytes, size_t length)
{
	ssize_t have = 0, nothing;
	int got = 0;

	begin(tls, length);
	while ((size_t)have < length && !tls->failed) {
		got = SSL_read(tls->ssl, (char *)bytes + have,
		    (int)MIN(length - (size_t)have, G_MAXINT));
		if (got <= 0)
			break;
		have += got;
	}
	if ((size_t)have == length)
		return have;
	/* behind what came, an end or a failure is told by the next call */
	nothing = read_nothing(tls, got);
	return have > 0 ? have : nothing;
}

ssize_t
tls_write(struct tls *tls, const void *bytes, size_t length)
{
	int done = 0;

	begin(tls, 0);
	if (!tls->failed)
		done = SSL_write(tls->ssl, bytes, (int)MIN(length, G_MAXINT));
	return done > 0 ? done : give_nothing(tls, done);
}

ssize_t
tls_peek(struct tls *tls)
{
	char byte;
	int got = 0;

	begin(tls, 0);
	if (!tls->failed)
		got = SSL_peek(tls->ssl, &byte, 1);
	return got > 0 ? got : read_nothing(tls, got);
}

enum tls_need
tls_need(const struct tls *tls)
{
	return tls->socket.need;
}

void
tls_shut(struct tls *tls)
{
	begin(tls, 0);
	/* once: the peer's is not waited for */
	if (!tls->failed && SSL_is_init_finished(tls->ssl))
		SSL_shutdown(tls->ssl);
	ERR_clear_error();
}

const char *
tls_trouble(const struct tls *tls)
{
	return tls->trouble;
}

const char *
tls_version(const struct tls *tls)
{
	return SSL_get_version(tls->ssl);
}

const char *
tls_cipher(const struct tls *tls)
{
	return SSL_get_cipher_name(tls->ssl);
}

bool
tls_certified(const struct tls *tls)
{
	return tls->certified;
}

const char *
tls_fingerprint(const struct tls *tls)
{
	return tls->fingerprint;
}
