/* SPDX-License-Identifier: MIT */
#include "tls_keys.h"

#include "core/file.h"
#include "rules.h"
#include "tls_identity.h"
#include "tls_socket.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

/* Mozilla's intermediate set, version 6.0.  Our order counts, which keeps an
 * old client from the worst that it knows, but for one: who puts ChaCha20 first
 * has no AES in hardware, and gets it. */
#define SUITES                                          \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384" \
	":TLS_CHACHA20_POLY1305_SHA256"
#define CIPHERS                                                      \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"  \
	":ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384" \
	":ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256:P-384"

/* What printers of 2005 speak: SHA-1 signatures, CBC, RSA key exchange. */
#define OLD_CIPHERS                                    \
	CIPHERS ":ECDHE-ECDSA-AES128-SHA256"           \
		":ECDHE-RSA-AES128-SHA256"             \
		":ECDHE-ECDSA-AES128-SHA"              \
		":ECDHE-RSA-AES128-SHA"                \
		":ECDHE-RSA-AES256-SHA"                \
		":AES128-GCM-SHA256:AES256-GCM-SHA384" \
		":AES128-SHA256:AES256-SHA256"         \
		":AES128-SHA:AES256-SHA:@SECLEVEL=0"

/* Of a client's chain: who sends more wants our memory. */
#define CLIENT_CHAIN_MAX 32768

/* All that a system trusts is a quarter of it. */
#define AUTHORITIES_MAX (1024 * 1024)

struct tls_keys {
	gatomicrefcount count;
	GPtrArray *identities; /* struct tls_identity */
	GPtrArray *contexts;   /* SSL_CTX of each; two may share one */
	BIO_METHOD *method;
	X509_STORE *authorities; /* NULL: none */
	STACK_OF(X509_NAME) * authority_names;
	char **fingerprints; /* NULL: none */
};

static void
on_identity_free(void *object)
{
	tls_identity_free(object);
}

static void
on_context_free(void *object)
{
	SSL_CTX_free(object);
}

/* A certificate that proves nothing ends no handshake: the client is then as
 * any other, and SSL_get_verify_result() still tells. */
static int
on_certificate(X509_STORE_CTX *shown, void *object)
{
	(void)object;
	X509_verify_cert(shown);
	return 1;
}

/* The client asks for a name; the first certificate that is for it answers. */
static int
on_name(SSL *ssl, int *alert, void *object)
{
	const struct tls_keys *keys = object;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	for (unsigned i = 0; name != NULL && i < keys->identities->len; i++)
		if (tls_identity_serves(keys->identities->pdata[i], name)) {
			SSL_set_SSL_CTX(ssl, keys->contexts->pdata[i]);
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_NOACK;
}

/* No session is resumed: none is kept, and no ticket is given, whose key would
 * open all that went before. */
static void
set_options(SSL_CTX *context)
{
	SSL_CTX_set_options(context,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
		SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
		SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
				      SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_max_early_data(context, 0);
	SSL_CTX_set_read_ahead(context, 1);
}

static int
find_least(const struct rules *rules)
{
	if (strcmp(rules->tls.least, "1.0") == 0)
		return TLS1_VERSION;
	return strcmp(rules->tls.least, "1.3") == 0 ? TLS1_3_VERSION
						    : TLS1_2_VERSION;
}

/* The same for all of a listener: SSL_set_SSL_CTX() takes some of it over, and
 * leaves some. */
static SSL_CTX *
make_context(struct tls_keys *keys, const struct rules *rules)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	int least = find_least(rules);
	bool old = least == TLS1_VERSION, known;

	g_assert(context != NULL);
	set_options(context);
	SSL_CTX_set_min_proto_version(context, least);
	SSL_CTX_set_max_proto_version(context, 0);
	SSL_CTX_set_security_level(context, old ? 0 : 2);
	known = SSL_CTX_set_cipher_list(context, old ? OLD_CIPHERS : CIPHERS) &&
		SSL_CTX_set_ciphersuites(context, SUITES) &&
		SSL_CTX_set1_groups_list(context, GROUPS);
	g_assert(known);
	SSL_CTX_set_session_id_context(context,
	    (const unsigned char *)rules->listener,
	    (unsigned)MIN(strlen(rules->listener), SSL_MAX_SID_CTX_LENGTH));
	SSL_CTX_set_tlsext_servername_callback(context, on_name);
	SSL_CTX_set_tlsext_servername_arg(context, keys);
	return context;
}

/* Asks clients for certificates, where one can matter. */
static void
ask_clients(const struct tls_keys *keys, SSL_CTX *context)
{
	if (keys->authorities == NULL && keys->fingerprints == NULL)
		return;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, on_certificate, NULL);
	SSL_CTX_set_max_cert_list(context, CLIENT_CHAIN_MAX);
	if (keys->authorities != NULL)
		SSL_CTX_set1_cert_store(context, keys->authorities);
	/* a list would keep clients from showing one that we know by its
	 * fingerprint */
	if (keys->fingerprints == NULL)
		SSL_CTX_set_client_CA_list(
		    context, SSL_dup_CA_list(keys->authority_names));
}

/* Says where the file is named. */
static bool
locate(GError **error, const struct rules *rules, const char *key)
{
	g_autofree char *section =
	    g_strconcat("listener ", rules->listener, NULL);

	g_prefix_error(error,
	    "%s: [%s] %s: ", config_origin(rules->config, section, key),
	    section, key);
	return false;
}

/* Takes one after the other; false when there is none, or one is damaged. */
static bool
take_authorities(struct tls_keys *keys, const struct file *file)
{
	BIO *bio = BIO_new_mem_buf(file->text->str, (int)file->text->len);
	X509 *next;
	unsigned long error;

	while ((next = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)) != NULL) {
		sk_X509_NAME_push(keys->authority_names,
		    X509_NAME_dup(X509_get_subject_name(next)));
		X509_STORE_add_cert(keys->authorities, next);
		X509_free(next);
	}
	BIO_free(bio);
	error = ERR_peek_last_error();
	ERR_clear_error();
	return sk_X509_NAME_num(keys->authority_names) > 0 &&
	       ERR_GET_LIB(error) == ERR_LIB_PEM &&
	       ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/* Not by OpenSSL: for a FIFO it would wait, and all clients with it. */
static bool
read_authorities(
    struct tls_keys *keys, const struct rules *rules, GError **error)
{
	const char *path = rules->tls.client_ca;
	struct file *file;
	bool taken;

	if (path == NULL)
		return true;
	file = file_read(path, AUTHORITIES_MAX, error);
	if (file == NULL)
		return locate(error, rules, "tls_client_ca");
	ERR_clear_error();
	keys->authorities = X509_STORE_new();
	keys->authority_names = sk_X509_NAME_new_null();
	taken = take_authorities(keys, file);
	file_free(file);
	if (taken)
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
	    "no certificates could be read from %s; a file with those of the "
	    "authorities, in PEM form, is expected",
	    path);
	return locate(error, rules, "tls_client_ca");
}

/* The context of an earlier certificate for the same names, with another kind
 * of key: the client's ciphers then say which is used.  NULL: there is none.
 * False when both have the same kind. */
static bool
find_context(const struct tls_keys *keys, const struct tls_identity *identity,
    SSL_CTX **context, GError **error)
{
	*context = NULL;
	for (unsigned i = 0; i < keys->contexts->len; i++) {
		const struct tls_identity *other = keys->identities->pdata[i];

		if (!tls_identity_like(other, identity))
			continue;
		if (strcmp(tls_identity_kind(other),
			tls_identity_kind(identity)) == 0) {
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "%s and %s are certificates for the same names "
			    "(%s) with the same kind of key (%s), so that one "
			    "would never be used: leave one out",
			    tls_identity_path(other),
			    tls_identity_path(identity),
			    tls_identity_names(identity),
			    tls_identity_kind(identity));
			return false;
		}
		*context = keys->contexts->pdata[i];
	}
	return true;
}

/* With the setting that is at fault named. */
static struct tls_identity *
read_identity(const struct rules *rules, unsigned i, GError **error)
{
	const char *const *paths = rules->tls.keys;
	const char *path = paths != NULL ? paths[i] : NULL;
	bool of_key;
	struct tls_identity *identity =
	    tls_identity_read(rules->tls.certificates[i], path, &of_key, error);

	if (identity == NULL)
		locate(error, rules,
		    of_key && path != NULL ? "tls_key" : "tls_certificate");
	return identity;
}

static bool
add_identity(struct tls_keys *keys, const struct rules *rules, unsigned i,
    GError **error)
{
	struct tls_identity *identity = read_identity(rules, i, error);
	SSL_CTX *context;

	if (identity == NULL)
		return false;
	g_ptr_array_add(keys->identities, identity);
	if (!find_context(keys, identity, &context, error))
		return locate(error, rules, "tls_certificate");
	if (context != NULL)
		SSL_CTX_up_ref(context);
	else
		context = make_context(keys, rules);
	g_ptr_array_add(keys->contexts, context);
	ask_clients(keys, context);
	return tls_identity_use(identity, context, error) ||
	       locate(error, rules, "tls_certificate");
}

static bool
fill_keys(struct tls_keys *keys, const struct rules *rules, GError **error)
{
	if (!read_authorities(keys, rules, error))
		return false;
	for (unsigned i = 0; rules->tls.certificates[i] != NULL; i++)
		if (!add_identity(keys, rules, i, error))
			return false;
	return true;
}

struct tls_keys *
tls_keys_new(const struct rules *rules, GError **error)
{
	struct tls_keys *keys = g_new0(struct tls_keys, 1);

	g_atomic_ref_count_init(&keys->count);
	keys->identities = g_ptr_array_new_with_free_func(on_identity_free);
	keys->contexts = g_ptr_array_new_with_free_func(on_context_free);
	keys->method = tls_socket_method();
	keys->fingerprints = g_strdupv(rules->tls.client_fingerprints);
	if (fill_keys(keys, rules, error))
		return keys;
	tls_keys_unref(keys);
	return NULL;
}

struct tls_keys *
tls_keys_ref(struct tls_keys *keys)
{
	if (keys != NULL)
		g_atomic_ref_count_inc(&keys->count);
	return keys;
}

void
tls_keys_unref(struct tls_keys *keys)
{
	if (keys == NULL || !g_atomic_ref_count_dec(&keys->count))
		return;
	g_ptr_array_unref(keys->contexts);
	g_ptr_array_unref(keys->identities);
	X509_STORE_free(keys->authorities);
	sk_X509_NAME_pop_free(keys->authority_names, X509_NAME_free);
	BIO_meth_free(keys->method);
	g_strfreev(keys->fingerprints);
	g_free(keys);
}

const GPtrArray *
tls_keys_identities(const struct tls_keys *keys)
{
	return keys->identities;
}

bool
tls_keys_trust(const struct tls_keys *keys, const char *fingerprint)
{
	return keys->fingerprints != NULL &&
	       g_strv_contains(
		   (const char *const *)keys->fingerprints, fingerprint);
}

bool
tls_keys_has_authorities(const struct tls_keys *keys)
{
	return keys->authorities != NULL;
}

struct ssl_ctx_st *
tls_keys_context(const struct tls_keys *keys)
{
	return keys->contexts->pdata[0];
}

const struct bio_method_st *
tls_keys_method(const struct tls_keys *keys)
{
	return keys->method;
}
