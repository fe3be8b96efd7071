/* SPDX-License-Identifier: MIT */
#include "relay_tls.h"
#include "relay_hook.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

struct relay_tls {
	gatomicrefcount count;
	char *host;
	bool literal;     /* host is an IP address */
	char *ca_file;    /* NULL: the system's */
	struct stat seen; /* of the CA file when it was read */
	SSL_CTX *context;
};

/* Why the chain was refused: libESMTP frees the SSL before it tells. */
static int
on_verify(int good, X509_STORE_CTX *store)
{
	struct relay_hook *hook = relay_hook_mine();

	if (!good && hook != NULL && hook->verify_error == 0)
		hook->verify_error = X509_STORE_CTX_get_error(store);
	return good;
}

/* libESMTP makes the SSL itself and sends no SNI; this is the first moment
 * that it can be had. */
static void
on_state(const SSL *ssl, int where, int result)
{
	const struct relay_tls *tls =
	    SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	SSL *own = (SSL *)ssl;

	(void)result;
	if ((where & SSL_CB_HANDSHAKE_START) == 0)
		return;
	SSL_set1_host(own, tls->host);
	if (!tls->literal)
		SSL_set_tlsext_host_name(own, tls->host);
}

static bool
load_authorities(struct relay_tls *tls, GError **error)
{
	int good;

	ERR_clear_error();
	if (tls->ca_file == NULL) {
		good = SSL_CTX_set_default_verify_paths(tls->context);
	} else {
		good = stat(tls->ca_file, &tls->seen) == 0 &&
		       SSL_CTX_load_verify_file(tls->context, tls->ca_file);
	}
	if (good)
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
	    "no CA certificates could be read from %s: a PEM file is "
	    "expected there (ca_file)",
	    tls->ca_file != NULL ? tls->ca_file : "the system's folder");
	ERR_clear_error();
	return false;
}

/* TLS 1.2 at most: with 1.3 session tickets make the socket readable before a
 * reply is there, and libESMTP then waits for it without sending the next
 * command. */
struct relay_tls *
relay_tls_new(const char *host, const char *ca_file, GError **error)
{
	struct relay_tls *tls = g_new0(struct relay_tls, 1);
	unsigned char bytes[16];

	g_atomic_ref_count_init(&tls->count);
	tls->host = g_strdup(host);
	tls->literal = inet_pton(AF_INET, host, bytes) == 1;
	tls->ca_file = g_strdup(ca_file);
	tls->context = SSL_CTX_new(TLS_client_method());
	g_assert(tls->context != NULL);
	SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(tls->context, TLS1_2_VERSION);
	SSL_CTX_set_options(
	    tls->context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, on_verify);
	SSL_CTX_set_app_data(tls->context, tls);
	SSL_CTX_set_info_callback(tls->context, on_state);
	if (load_authorities(tls, error))
		return tls;
	relay_tls_unref(tls);
	return NULL;
}

struct relay_tls *
relay_tls_ref(struct relay_tls *tls)
{
	if (tls != NULL)
		g_atomic_ref_count_inc(&tls->count);
	return tls;
}

void
relay_tls_unref(struct relay_tls *tls)
{
	if (tls == NULL || !g_atomic_ref_count_dec(&tls->count))
		return;
	SSL_CTX_free(tls->context);
	g_free(tls->host);
	g_free(tls->ca_file);
	g_free(tls);
}

bool
relay_tls_is_stale(const struct relay_tls *tls)
{
	struct stat now;

	if (tls->ca_file == NULL)
		return false;
	return stat(tls->ca_file, &now) != 0 ||
	       now.st_ino != tls->seen.st_ino ||
	       now.st_size != tls->seen.st_size ||
	       now.st_mtim.tv_sec != tls->seen.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != tls->seen.st_mtim.tv_nsec;
}

SSL_CTX *
relay_tls_context(const struct relay_tls *tls)
{
	return tls->context;
}

bool
relay_tls_matches(const struct relay_tls *tls, SSL *ssl)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	if (certificate == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
		return false;
	if (tls->literal)
		return X509_check_ip_asc(certificate, tls->host, 0) == 1;
	return X509_check_host(certificate, tls->host, 0, 0, NULL) == 1;
}
