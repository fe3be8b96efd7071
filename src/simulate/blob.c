/* SPDX-License-Identifier: MIT */
#include "blob.h"
#include "lines.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES   (64 * 1024)
#define MEMORY_BYTES (1024 * 1024)

struct blob {
	const char *directory;
	GString *bytes; /* all of it, or its head */
	uint64_t size;
	bool whole;              /* bytes is all of it */
	EVP_MD_CTX *digest;      /* from when it is not whole any more */
	char sha256[2 * 32 + 1]; /* "" until asked for */
	int fd;                  /* -1: no file */
	char *path;              /* of the file */
	bool stored;
	int failure;         /* errno of the first write that failed */
	struct lines *lines; /* NULL: not looked at */
};

struct blob *
blob_new(const char *directory)
{
	struct blob *blob = g_new0(struct blob, 1);

	blob->directory = directory;
	blob->bytes = g_string_new(NULL);
	blob->whole = true;
	blob->fd = -1;
	return blob;
}

void
blob_free(struct blob *blob)
{
	if (blob == NULL)
		return;
	if (blob->fd >= 0)
		close(blob->fd);
	if (blob->path != NULL && !blob->stored)
		unlink(blob->path);
	g_free(blob->path);
	EVP_MD_CTX_free(blob->digest);
	g_free(blob->lines);
	g_string_free(blob->bytes, TRUE);
	g_free(blob);
}

static void
write_file(struct blob *blob, const char *bytes, size_t length)
{
	while (length > 0 && blob->failure == 0) {
		ssize_t n = write(blob->fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			blob->failure = errno;
			return;
		}
		bytes += n;
		length -= (size_t)n;
	}
}

static void
open_file(struct blob *blob)
{
	blob->path = g_build_filename(blob->directory, ".part-XXXXXX", NULL);
	blob->fd = mkostemp(blob->path, O_CLOEXEC);
	if (blob->fd >= 0)
		return;
	blob->failure = errno;
	g_clear_pointer(&blob->path, g_free);
}

static void
feed_digest(struct blob *blob, const void *bytes, size_t length)
{
	g_assert(EVP_DigestUpdate(blob->digest, bytes, length) == 1);
}

/* From here on only the head stays in memory. */
static void
leave_memory(struct blob *blob)
{
	blob->digest = EVP_MD_CTX_new();
	g_assert(EVP_DigestInit_ex(blob->digest, EVP_sha256(), NULL) == 1);
	feed_digest(blob, blob->bytes->str, blob->bytes->len);
	blob->whole = false;
	if (blob->directory != NULL)
		open_file(blob);
	if (blob->fd >= 0)
		write_file(blob, blob->bytes->str, blob->bytes->len);
	if (blob->bytes->len <= HEAD_BYTES)
		return;
	GString *head = g_string_new_len(blob->bytes->str, HEAD_BYTES);
	g_string_free(blob->bytes, TRUE);
	blob->bytes = head;
}

void
blob_append(struct blob *blob, const void *bytes, size_t length)
{
	size_t limit = blob->directory != NULL ? HEAD_BYTES : MEMORY_BYTES;

	g_assert(blob->sha256[0] == '\0');
	if (blob->lines != NULL)
		lines_feed(blob->lines, bytes, length);
	blob->size += length;
	if (blob->whole && blob->size <= limit) {
		g_string_append_len(blob->bytes, bytes, (gssize)length);
		return;
	}
	if (blob->whole)
		leave_memory(blob);
	if (blob->bytes->len < HEAD_BYTES)
		g_string_append_len(blob->bytes, bytes,
		    (gssize)MIN(length, HEAD_BYTES - blob->bytes->len));
	feed_digest(blob, bytes, length);
	if (blob->fd >= 0)
		write_file(blob, bytes, length);
}

void
blob_watch(struct blob *blob)
{
	blob->lines = g_new0(struct lines, 1);
}

const struct lines *
blob_lines(const struct blob *blob)
{
	return blob->lines;
}

uint64_t
blob_size(const struct blob *blob)
{
	return blob->size;
}

size_t
blob_memory(const struct blob *blob)
{
	return blob->bytes->allocated_len;
}

const char *
blob_head(const struct blob *blob, size_t *length)
{
	*length = MIN(blob->bytes->len, HEAD_BYTES);
	return blob->bytes->str;
}

const char *
blob_text(const struct blob *blob)
{
	return blob->whole ? blob->bytes->str : NULL;
}

const char *
blob_sha256(struct blob *blob)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (blob->sha256[0] != '\0')
		return blob->sha256;
	if (blob->digest != NULL)
		g_assert(EVP_DigestFinal_ex(blob->digest, sum, &length) == 1);
	else
		g_assert(EVP_Digest(blob->bytes->str, blob->bytes->len, sum,
			     &length, EVP_sha256(), NULL) == 1);
	for (unsigned i = 0; i < length; i++)
		snprintf(blob->sha256 + 2 * i, 3, "%02x", sum[i]);
	return blob->sha256;
}

GBytes *
blob_read(const struct blob *blob, GError **error)
{
	if (blob->whole)
		return g_bytes_new(blob->bytes->str, blob->bytes->len);
	if (blob->path == NULL) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
		    "%" G_GUINT64_FORMAT " bytes were counted and hashed but "
		    "not kept: only --record keeps what is over 1 MiB, or old",
		    blob->size);
		return NULL;
	}
	GMappedFile *file = g_mapped_file_new(blob->path, FALSE, error);
	if (file == NULL)
		return NULL;
	GBytes *bytes = g_mapped_file_get_bytes(file);
	g_mapped_file_unref(file);
	return bytes;
}

static bool
report_failure(int failure, const char *path, GError **error)
{
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(failure),
	    "cannot write %s: %s", path, g_strerror(failure));
	return false;
}

static bool
write_new_file(struct blob *blob, const char *path)
{
	blob->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (blob->fd < 0) {
		blob->failure = errno;
		return false;
	}
	write_file(blob, blob->bytes->str, blob->bytes->len);
	return blob->failure == 0;
}

bool
blob_store(struct blob *blob, const char *path, GError **error)
{
	if (blob->failure == 0 && blob->path == NULL)
		write_new_file(blob, path);
	else if (blob->failure == 0 && rename(blob->path, path) != 0)
		blob->failure = errno;
	if (blob->failure != 0)
		return report_failure(blob->failure, path, error);
	close(blob->fd);
	blob->fd = -1;
	g_free(blob->path);
	blob->path = g_strdup(path);
	blob->stored = true;
	return true;
}

const char *
blob_path(const struct blob *blob)
{
	return blob->stored ? blob->path : NULL;
}

void
blob_forget(struct blob *blob)
{
	blob_sha256(blob);
	blob->whole = false;
	g_string_free(blob->bytes, TRUE);
	blob->bytes = g_string_sized_new(1);
}
