/* SPDX-License-Identifier: MIT */
/*
 * Certificates made for a test, and TLS clients for the stand: they say exactly
 * what they are told, as its plain ones do.
 */
#ifndef SECURE_H
#define SECURE_H

#include "stand.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#define DAY (24L * 60 * 60)

/* One to be made; what is 0 or NULL has a meaning that fits most. */
struct wanted {
	const char *file;    /* of the certificate, below the folder */
	const char *names;   /* "DNS:a,DNS:b"; NULL: only a common name */
	const char *key;     /* file of the key; NULL: in the same */
	const char *signer;  /* another's file with its key; NULL: itself */
	unsigned bits;       /* of an RSA key; 0: an EC key */
	long days;           /* of its life from now on; 0: 90 */
	const char *wrapped; /* passphrase of the key */
};

struct secure_folder {
	char *path;
};

/* Below a folder; new string. */
static inline char *
secure_path(const char *folder, const char *file)
{
	return g_build_filename(folder, file, NULL);
}

static inline void
secure_sign(X509 *certificate, EVP_PKEY *own, const char *signer)
{
	X509 *issuer;
	EVP_PKEY *key;
	BIO *bio;

	if (signer == NULL) {
		X509_set_issuer_name(
		    certificate, X509_get_subject_name(certificate));
		assert_true(X509_sign(certificate, own, EVP_sha256()) > 0);
		return;
	}
	bio = BIO_new_file(signer, "r");
	assert_non_null(bio);
	issuer = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	X509_free(issuer);
	EVP_PKEY_free(key);
	BIO_free(bio);
}

static inline void
secure_write_key(
    const char *path, const char *mode, EVP_PKEY *key, const char *passphrase)
{
	BIO *bio = BIO_new_file(path, mode);

	assert_non_null(bio);
	PEM_write_bio_PrivateKey(bio, key,
	    passphrase != NULL ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
	    (void *)passphrase);
	BIO_free(bio);
}

static inline void
secure_extend(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static inline X509 *
secure_make(const struct wanted *wanted, EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	long days = wanted->days != 0 ? wanted->days : 90;

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate),
	    1 + (long)g_random_int_range(0, G_MAXINT));
	X509_gmtime_adj(X509_getm_notBefore(certificate), -100 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(certificate), days * DAY);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)wanted->file, -1, -1, 0);
	X509_set_pubkey(certificate, key);
	if (wanted->names != NULL)
		secure_extend(certificate, NID_subject_alt_name, wanted->names);
	else
		secure_extend(certificate, NID_basic_constraints, "CA:TRUE");
	return certificate;
}

/* Makes it and its key in the folder; the file appears in one piece, as a
 * careful renewal has it. */
static inline void
secure_write(const char *folder, const struct wanted *wanted)
{
	EVP_PKEY *key =
	    wanted->bits != 0 ? EVP_RSA_gen(wanted->bits) : EVP_EC_gen("P-256");
	X509 *certificate = secure_make(wanted, key);
	g_autofree char *path = secure_path(folder, wanted->file);
	g_autofree char *fresh = g_strconcat(path, ".new", NULL);
	g_autofree char *key_path =
	    wanted->key != NULL ? secure_path(folder, wanted->key) : NULL;
	g_autofree char *signer =
	    wanted->signer != NULL ? secure_path(folder, wanted->signer) : NULL;
	BIO *bio = BIO_new_file(fresh, "w");

	assert_non_null(bio);
	secure_sign(certificate, key, signer);
	PEM_write_bio_X509(bio, certificate);
	BIO_free(bio);
	secure_write_key(key_path != NULL ? key_path : fresh,
	    key_path != NULL ? "w" : "a", key, wanted->wrapped);
	chmod(fresh, 0600);
	if (key_path != NULL)
		chmod(key_path, 0600);
	assert_int_equal(rename(fresh, path), 0);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static inline char *
secure_folder(void)
{
	char *folder = g_dir_make_tmp("secure-XXXXXX", NULL);

	assert_non_null(folder);
	return folder;
}

static inline void
secure_remove(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = secure_path(folder, name);

		g_unlink(path);
	}
	g_rmdir(folder);
}

/* ---- clients ---- */

struct secure_wish {
	const char *name;        /* SNI; NULL: none */
	const char *certificate; /* path, with its key; NULL: none */
	const char *ciphers;     /* of TLS 1.2 and before; NULL: all */
	int least, most;         /* TLS1_2_VERSION; 0: any */
};

struct secure {
	struct client *plain;
	SSL_CTX *context;
	SSL *ssl; /* NULL: not yet */
};

static inline struct secure *
secure_new(const struct stand *stand)
{
	struct secure *secure = g_new0(struct secure, 1);

	secure->plain = client_new(stand);
	return secure;
}

static inline void
secure_free(struct secure *secure)
{
	SSL_free(secure->ssl);
	SSL_CTX_free(secure->context);
	client_free(secure->plain);
	g_free(secure);
}

static inline void
secure_prepare(struct secure *secure, const struct secure_wish *wish)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, wish->least);
	SSL_CTX_set_max_proto_version(context, wish->most);
	SSL_CTX_set_cipher_list(
	    context, wish->ciphers != NULL ? wish->ciphers : "ALL");
	if (wish->certificate != NULL) {
		assert_true(SSL_CTX_use_certificate_file(context,
				wish->certificate, SSL_FILETYPE_PEM) == 1);
		assert_true(SSL_CTX_use_PrivateKey_file(context,
				wish->certificate, SSL_FILETYPE_PEM) == 1);
	}
	secure->context = context;
	secure->ssl = SSL_new(context);
	if (wish->name != NULL)
		SSL_set_tlsext_host_name(secure->ssl, wish->name);
	SSL_set_connect_state(secure->ssl);
}

/* True when the handshake has come to its end. */
static inline bool
secure_shake(struct secure *secure, const struct secure_wish *wish)
{
	secure_prepare(secure, wish);
	SSL_set_fd(secure->ssl, secure->plain->fd);
	ERR_clear_error();
	return SSL_connect(secure->ssl) == 1;
}

static inline void
secure_say(struct secure *secure, const char *text)
{
	int length = (int)strlen(text);

	assert_int_equal(SSL_write(secure->ssl, text, length), length);
}

/* The next line without CR LF; NULL: the end.  New string. */
static inline char *
secure_line(struct secure *secure)
{
	GString *in = secure->plain->in;
	char *stop, *line;

	while ((stop = strstr(in->str, "\r\n")) == NULL) {
		char bytes[16384];
		int got;

		ERR_clear_error();
		got = SSL_read(secure->ssl, bytes, sizeof(bytes));
		if (got <= 0)
			return NULL;
		g_string_append_len(in, bytes, got);
	}
	line = g_strndup(in->str, (size_t)(stop - in->str));
	g_string_erase(in, 0, stop + 2 - in->str);
	return line;
}

static inline void
secure_expect(struct secure *secure, const char *name, const char *start)
{
	g_autofree char *line = secure_line(secure);

	if (line == NULL || !g_str_has_prefix(line, start))
		fail_msg("%s: \"%s\" came, \"%s\" was expected", name,
		    line == NULL ? "the end" : line, start);
}

/* As client_play(); "." is an end that close_notify has told. */
static inline void
secure_play(struct secure *secure, const char *name, const char *script)
{
	g_auto(GStrv) lines = g_strsplit(script, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		if (g_str_has_prefix(*line, "> ")) {
			g_autofree char *text =
			    g_strconcat(*line + 2, "\r\n", NULL);

			secure_say(secure, text);
		} else if (g_str_has_prefix(*line, "< ")) {
			secure_expect(secure, name, *line + 2);
		} else if (strcmp(*line, ".") == 0) {
			assert_null(secure_line(secure));
			if ((SSL_get_shutdown(secure->ssl) &
				SSL_RECEIVED_SHUTDOWN) == 0)
				fail_msg("%s: no close_notify", name);
		} else if (**line != '\0') {
			fail_msg("%s: bad script: %s", name, *line);
		}
	}
}

/* The name in the certificate that the server showed: the file it was made
 * as. */
static inline void
secure_expect_subject(struct secure *secure, const char *file)
{
	X509 *shown = SSL_get0_peer_certificate(secure->ssl);
	char text[256] = "";

	assert_non_null(shown);
	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(shown), NID_commonName, text, sizeof(text));
	assert_string_equal(text, file);
}

/* Says EHLO, in plain text before the handshake; what is offered, a line each.
 * New string. */
static inline char *
secure_ehlo(struct secure *secure)
{
	GString *offers = g_string_new("\n");
	char *line = NULL;

	if (secure->ssl != NULL)
		secure_say(secure, "EHLO c\r\n");
	else
		client_say(secure->plain, "EHLO c\r\n");
	do {
		g_free(line);
		line = secure->ssl != NULL ? secure_line(secure)
					   : client_line(secure->plain);
		assert_non_null(line);
		g_string_append_printf(offers, "%s\n", line);
	} while (g_str_has_prefix(line, "250-"));
	g_free(line);
	return g_string_free(offers, FALSE);
}

/* The same for a client that speaks no TLS. */
static inline char *
client_ehlo(struct client *client)
{
	return secure_ehlo(&(struct secure){ .plain = client });
}

/* From the banner to the end of STARTTLS. */
static inline struct secure *
secure_start(const struct stand *stand)
{
	struct secure *secure = secure_new(stand);

	client_expect(secure->plain, "banner", "220 ");
	g_free(secure_ehlo(secure));
	client_play(
	    secure->plain, "starttls", "> STARTTLS\n< 220 2.0.0 Ready\n");
	return secure;
}

/* The same, with the handshake, which comes to a good end. */
static inline struct secure *
secure_open(const struct stand *stand, const struct secure_wish *wish)
{
	struct secure *secure = secure_start(stand);

	if (!secure_shake(secure, wish))
		fail_msg("no handshake: %s",
		    ERR_reason_error_string(ERR_peek_last_error()));
	return secure;
}

#endif
