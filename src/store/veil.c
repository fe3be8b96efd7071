/* SPDX-License-Identifier: MIT */
#include "veil.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/random.h>

#define FILE_NAME "records.key"
#define KEY_BYTES 32
#define KEY_MODE  0600

/* In an alias: enough that no two addresses of an installation share one. */
#define DIGITS 16

struct veil {
	struct veil_terms terms;
	bool keyed; /* the key is there */
	unsigned char key[KEY_BYTES];
};

/* ---- the key ---- */

static GQuark
veil_error(void)
{
	return g_quark_from_static_string("veil");
}

static bool
make_key(struct veil *veil, const char *path, GError **error)
{
	while (getrandom(veil->key, KEY_BYTES, 0) != KEY_BYTES)
		;
	veil->keyed =
	    g_file_set_contents_full(path, (const char *)veil->key, KEY_BYTES,
		G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
		KEY_MODE, error);
	return veil->keyed;
}

static bool
read_key(struct veil *veil, const char *path, GError **error)
{
	g_autofree char *bytes = NULL;
	gsize length;

	if (!g_file_get_contents(path, &bytes, &length, error))
		return false;
	if (length != KEY_BYTES) {
		g_set_error(error, veil_error(), 0,
		    "%s: it has %zu bytes, a key of %d is expected: restore "
		    "it, or remove it, and mails recorded under it are not "
		    "found by an address any more",
		    path, length, KEY_BYTES);
		return false;
	}
	memcpy(veil->key, bytes, KEY_BYTES);
	veil->keyed = true;
	return true;
}

struct veil *
veil_open(const char *directory, const struct veil_terms *terms, GError **error)
{
	g_autofree char *path = g_build_filename(directory, FILE_NAME, NULL);
	struct veil *veil = g_new0(struct veil, 1);
	bool good = true;

	veil->terms = *terms;
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		good = read_key(veil, path, error);
	else if (terms->addresses)
		good = make_key(veil, path, error);
	if (!good)
		g_clear_pointer(&veil, veil_free);
	return veil;
}

void
veil_free(struct veil *veil)
{
	if (veil != NULL)
		explicit_bzero(veil->key, KEY_BYTES);
	g_free(veil);
}

/* ---- aliases ---- */

char *
veil_alias(const struct veil *veil, const char *address)
{
	const char *domain = strrchr(address, '@');
	g_autofree char *lower = g_ascii_strdown(address, -1);
	g_autofree char *sum = NULL;

	if (!veil->keyed || domain == NULL)
		return NULL;
	sum = g_compute_hmac_for_string(
	    G_CHECKSUM_SHA256, veil->key, KEY_BYTES, lower, -1);
	return g_strdup_printf(STORE_HIDDEN "%.*s%s", DIGITS, sum, domain);
}

/* What an address in a sentence is made of, on either side of its @. */
static bool
is_word(char c)
{
	return g_ascii_isalnum(c) || (unsigned char)c >= 0x80 ||
	       strchr("._-+~%#!&*", c) != NULL;
}

static bool
is_domain(char c)
{
	return g_ascii_isalnum(c) || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr(".-", c) != NULL);
}

/* The @ of the next address at or behind the text, where it begins and where
 * it ends, but for the stop of the sentence; NULL: there is none. */
static const char *
find_address(const char *text, const char **begin, const char **end)
{
	const char *at = strchr(text, '@');

	for (; at != NULL; at = strchr(at + 1, '@')) {
		for (*begin = at; *begin > text && is_word((*begin)[-1]);)
			(*begin)--;
		for (*end = at + 1; is_domain(**end);)
			(*end)++;
		while ((*end)[-1] == '.' || (*end)[-1] == '-')
			(*end)--;
		if (*begin<at && * end> at + 1)
			return at;
	}
	return NULL;
}

char *
veil_text(const struct veil *veil, const char *text)
{
	const char *begin, *end;
	GString *out;

	if (text == NULL || !veil->terms.addresses)
		return g_strdup(text);
	out = g_string_new(NULL);
	while (find_address(text, &begin, &end) != NULL) {
		g_autofree char *address =
		    g_strndup(begin, (size_t)(end - begin));
		g_autofree char *alias = veil_alias(veil, address);

		g_string_append_len(out, text, begin - text);
		g_string_append(out, alias);
		text = end;
	}
	g_string_append(out, text);
	return g_string_free(out, FALSE);
}

/* ---- a mail ---- */

/* NULL stays NULL, and the null sender what it is. */
static void
hide(const struct veil *veil, char **address)
{
	char *alias = *address == NULL ? NULL : veil_alias(veil, *address);

	if (alias == NULL)
		return;
	g_free(*address);
	*address = alias;
}

static void
hide_in(const struct veil *veil, char **text)
{
	char *hidden = veil_text(veil, *text);

	g_free(*text);
	*text = hidden;
}

static void
hide_recipients(const struct veil *veil, struct store_mail *mail)
{
	for (unsigned i = 0; i < mail->recipients->len; i++) {
		struct store_recipient *one = mail->recipients->pdata[i];

		hide(veil, &one->address);
		hide_in(veil, &one->is.text);
		g_clear_pointer(&one->wish.original, g_free);
	}
}

/* What was done, and what was said of it. */
static void
hide_story(const struct veil *veil, struct store_mail *mail)
{
	for (unsigned i = 0; i < mail->attempts->len; i++) {
		struct journal_attempt *one = mail->attempts->pdata[i];

		hide(veil, &one->redirect);
		hide_in(veil, &one->text);
	}
	for (unsigned i = 0; i < mail->acts->len; i++) {
		struct store_act *one = mail->acts->pdata[i];

		hide_in(veil, &one->what);
	}
	for (unsigned i = 0; i < mail->events->len; i++) {
		struct store_event *one = mail->events->pdata[i];

		hide(veil, &one->recipient);
		hide_in(veil, &one->text);
	}
}

void
veil_mail(const struct veil *veil, struct store_mail *mail)
{
	if (veil->terms.subjects)
		g_clear_pointer(&mail->subject, g_free);
	if (!veil->terms.addresses)
		return;
	hide(veil, &mail->sender);
	g_clear_pointer(&mail->from, g_free);
	g_clear_pointer(&mail->envid, g_free);
	hide_recipients(veil, mail);
	hide_story(veil, mail);
}
