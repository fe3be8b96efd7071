/* SPDX-License-Identifier: MIT */
#include "core/log.h"

#include <stdatomic.h>
#include <string.h>

#define SECRET_BYTES 8
#define REDACTED     "<redacted>"

/* Secrets are only ever added, in front: whoever writes a line walks the list
 * without a lock. */
struct secret {
	struct secret *next;
	char *text;
};

static _Atomic(struct secret *) secrets;

static bool
is_hidden(const struct secret *first, const char *text)
{
	for (const struct secret *s = first; s != NULL; s = s->next)
		if (strcmp(s->text, text) == 0)
			return true;
	return false;
}

void
log_hide(const char *text)
{
	struct secret *first = atomic_load(&secrets);

	if (strlen(text) < SECRET_BYTES || is_hidden(first, text))
		return;
	struct secret *secret = g_new(struct secret, 1);
	secret->text = g_strdup(text);
	secret->next = first;
	while (!atomic_compare_exchange_weak(&secrets, &secret->next, secret))
		;
}

static void
hide_coded(const char *bytes, size_t length)
{
	g_autofree char *coded =
	    g_base64_encode((const unsigned char *)bytes, length);

	log_hide(coded);
}

void
log_hide_login(const char *username, const char *password)
{
	g_autoptr(GString) both = g_string_new(NULL);

	hide_coded(password, strlen(password)); /* AUTH LOGIN */
	g_string_printf(both, "%s:%s", username, password);
	hide_coded(both->str, both->len); /* Basic */
	g_string_printf(both, "%c%s%c%s", '\0', username, '\0', password);
	hide_coded(both->str, both->len); /* AUTH PLAIN */
}

/* The length of the longest secret that the text begins with; 0: with none. */
static size_t
measure_secret(const char *text)
{
	size_t longest = 0;

	for (const struct secret *secret = atomic_load(&secrets);
	     secret != NULL; secret = secret->next)
		if (g_str_has_prefix(text, secret->text))
			longest = MAX(longest, strlen(secret->text));
	return longest;
}

static bool
holds_secret(const char *text)
{
	for (const struct secret *secret = atomic_load(&secrets);
	     secret != NULL; secret = secret->next)
		if (strstr(text, secret->text) != NULL)
			return true;
	return false;
}

char *
log_redact(const char *value)
{
	GString *clean;
	size_t secret;

	if (!holds_secret(value))
		return NULL;
	clean = g_string_new(NULL);
	for (; *value != '\0'; value += MAX(secret, 1)) {
		secret = measure_secret(value);
		if (secret > 0)
			g_string_append(clean, REDACTED);
		else
			g_string_append_c(clean, *value);
	}
	return g_string_free(clean, FALSE);
}
