/* SPDX-License-Identifier: MIT */
#include "tls_identity.h"

#include "core/file.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

/* A chain with its key is a few kilobytes. */
#define FILE_MAX (1024 * 1024)

struct tls_identity {
	char *path;
	X509 *certificate;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
	GPtrArray *list; /* names, lower case, sorted */
	char *names;     /* the same in one piece */
};

static void
fail(GError **error, const char *path, const char *why)
{
	g_set_error(
	    error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s %s", path, why);
	ERR_clear_error();
}

/* Reads what follows the first certificate; false when it is damaged. */
static bool
read_chain(struct tls_identity *identity, BIO *bio)
{
	X509 *next;
	unsigned long error;

	while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(identity->chain, next);
	error = ERR_peek_last_error();
	ERR_clear_error();
	return ERR_GET_LIB(error) == ERR_LIB_PEM &&
	       ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static bool
read_certificate(
    struct tls_identity *identity, const struct file *file, GError **error)
{
	BIO *bio = BIO_new_mem_buf(file->text->str, (int)file->text->len);
	bool whole;

	identity->chain = sk_X509_new_null();
	identity->certificate = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	whole = identity->certificate != NULL && read_chain(identity, bio);
	BIO_free(bio);
	if (identity->certificate == NULL)
		fail(error, identity->path,
		    "holds no certificate that can be read; a file in PEM form "
		    "is expected, the server's own certificate first "
		    "(-----BEGIN CERTIFICATE-----)");
	else if (!whole)
		fail(error, identity->path,
		    "holds a damaged certificate behind the first; the chain "
		    "up to the authority is expected there, in PEM form");
	return whole;
}

/* A daemon has nobody to ask. */
static int
on_passphrase(char *buffer, int size, int writing, void *object)
{
	bool *asked = object;

	(void)buffer;
	(void)size;
	(void)writing;
	*asked = true;
	return -1;
}

/* Whoever can read a key can pose as us; whoever can write it decides who we
 * are.  Its group may read it: so do Debian's ssl-cert and service managers. */
static bool
check_mode(const struct file *file, const char *path, GError **error)
{
	if (!file_is_public(file) && (file->mode & S_IWOTH) == 0)
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM,
	    "%s holds a key and has mode %04o, so that everyone on this host "
	    "may %s it; 0600, or 0640 with a group of its own, is expected: "
	    "chmod o-rwx %s, and make a new key when others may have seen "
	    "this one",
	    path, file->mode & 07777, file_is_public(file) ? "read" : "change",
	    path);
	return false;
}

static bool
read_key(struct tls_identity *identity, const struct file *file,
    const char *path, GError **error)
{
	BIO *bio = BIO_new_mem_buf(file->text->str, (int)file->text->len);
	bool asked = false;

	identity->key =
	    PEM_read_bio_PrivateKey(bio, NULL, on_passphrase, &asked);
	BIO_free(bio);
	if (identity->key == NULL && asked)
		fail(error, path,
		    "holds a key with a passphrase, and nobody is there to "
		    "give it; take it off with: openssl pkey -in OLD -out NEW");
	else if (identity->key == NULL)
		fail(error, path,
		    "holds no private key that can be read; one in PEM form is "
		    "expected (-----BEGIN PRIVATE KEY-----)");
	else if (check_mode(file, path, error))
		return true;
	return false;
}

static bool
match_key(const struct tls_identity *identity, const char *path, GError **error)
{
	if (X509_check_private_key(identity->certificate, identity->key) == 1)
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
	    "the key in %s does not belong to the certificate in %s; the two "
	    "that were made together are expected (is the server's own "
	    "certificate the first in its file?)",
	    path, identity->path);
	ERR_clear_error();
	return false;
}

static void
add_name(struct tls_identity *identity, const ASN1_STRING *name)
{
	g_ptr_array_add(identity->list,
	    g_ascii_strdown((const char *)ASN1_STRING_get0_data(name),
		ASN1_STRING_length(name)));
}

/* Names in the subject count only where no other is (RFC 6125 6.4.4). */
static void
add_common_name(struct tls_identity *identity)
{
	X509_NAME *subject = X509_get_subject_name(identity->certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at >= 0)
		add_name(identity,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

static int
compare_names(const void *one, const void *other)
{
	return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static void
read_names(struct tls_identity *identity)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(
	    identity->certificate, NID_subject_alt_name, NULL, NULL);

	identity->list = g_ptr_array_new_with_free_func(g_free);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			add_name(identity, name->d.dNSName);
	}
	GENERAL_NAMES_free(names);
	if (identity->list->len == 0)
		add_common_name(identity);
	g_ptr_array_sort(identity->list, compare_names);
	g_ptr_array_add(identity->list, NULL);
	identity->names =
	    g_strjoinv(", ", (char **)(void *)identity->list->pdata);
	ERR_clear_error();
}

static bool
read_parts(struct tls_identity *identity, const char *key_path, bool *of_key,
    GError **error)
{
	struct file *file = file_read(identity->path, FILE_MAX, error);
	struct file *other = NULL;
	bool good = file != NULL && read_certificate(identity, file, error);

	*of_key = good;
	if (good && key_path != NULL) {
		other = file_read(key_path, FILE_MAX, error);
		good =
		    other != NULL && read_key(identity, other, key_path, error);
	} else if (good) {
		key_path = identity->path;
		good = read_key(identity, file, key_path, error);
	}
	file_free(file);
	file_free(other);
	return good && match_key(identity, key_path, error);
}

struct tls_identity *
tls_identity_read(
    const char *path, const char *key_path, bool *of_key, GError **error)
{
	struct tls_identity *identity = g_new0(struct tls_identity, 1);

	ERR_clear_error();
	identity->path = g_strdup(path);
	if (!read_parts(identity, key_path, of_key, error)) {
		tls_identity_free(identity);
		return NULL;
	}
	read_names(identity);
	return identity;
}

void
tls_identity_free(struct tls_identity *identity)
{
	if (identity == NULL)
		return;
	X509_free(identity->certificate);
	sk_X509_pop_free(identity->chain, X509_free);
	EVP_PKEY_free(identity->key);
	g_clear_pointer(&identity->list, g_ptr_array_unref);
	g_free(identity->names);
	g_free(identity->path);
	g_free(identity);
}

bool
tls_identity_use(const struct tls_identity *identity,
    struct ssl_ctx_st *context, GError **error)
{
	const char *why;

	ERR_clear_error();
	if (SSL_CTX_use_cert_and_key(context, identity->certificate,
		identity->key, identity->chain, 1) == 1)
		return true;
	why = ERR_reason_error_string(ERR_peek_last_error());
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
	    "the certificate in %s cannot be used: %s; an RSA key of 2048 bits "
	    "or more, or an EC key, signed with SHA-256 or better, is expected",
	    identity->path, why != NULL ? why : "OpenSSL does not say why");
	ERR_clear_error();
	return false;
}

bool
tls_identity_serves(const struct tls_identity *identity, const char *name)
{
	return X509_check_host(identity->certificate, name, 0, 0, NULL) == 1;
}

bool
tls_identity_like(
    const struct tls_identity *one, const struct tls_identity *other)
{
	return strcmp(one->names, other->names) == 0;
}

const char *
tls_identity_kind(const struct tls_identity *identity)
{
	return EVP_PKEY_get0_type_name(identity->key);
}

const char *
tls_identity_path(const struct tls_identity *identity)
{
	return identity->path;
}

const char *
tls_identity_names(const struct tls_identity *identity)
{
	return identity->names;
}

int64_t
tls_identity_ends(const struct tls_identity *identity)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;

	ASN1_TIME_diff(
	    &days, &seconds, epoch, X509_get0_notAfter(identity->certificate));
	ASN1_TIME_free(epoch);
	return INT64_C(86400) * days + seconds;
}
