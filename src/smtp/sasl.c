/* SPDX-License-Identifier: MIT */
#include "sasl.h"

#include <string.h>

/* What an exchange does with a decoded response. */
typedef enum sasl_step (*take_fn)(
    struct sasl *sasl, const char *bytes, size_t length);

struct mechanism {
	const char *name;
	const char *challenges[2]; /* base64, in order; NULL: no more */
	take_fn take;
};

struct sasl {
	const struct mechanism *mechanism;
	unsigned taken; /* responses so far */
	bool asked;     /* what comes is no initial response */
	char *name;
	char *password;
};

static enum sasl_step take_plain(
    struct sasl *sasl, const char *bytes, size_t length);
static enum sasl_step take_login(
    struct sasl *sasl, const char *bytes, size_t length);

/* "Username:", "Password:": what all clients of LOGIN wait for */
static const struct mechanism mechanisms[] = {
	{ "PLAIN", { "", NULL }, take_plain },
	{ "LOGIN", { "VXNlcm5hbWU6", "UGFzc3dvcmQ6" }, take_login },
};

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	g_free(text);
}

struct sasl *
sasl_new(const char *mechanism)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
		if (g_ascii_strcasecmp(mechanisms[i].name, mechanism) != 0)
			continue;
		struct sasl *sasl = g_new0(struct sasl, 1);

		sasl->mechanism = &mechanisms[i];
		return sasl;
	}
	return NULL;
}

void
sasl_forget(struct sasl *sasl)
{
	wipe(sasl->password);
	sasl->password = NULL;
}

void
sasl_free(struct sasl *sasl)
{
	if (sasl == NULL)
		return;
	sasl_forget(sasl);
	/* who has lost the thread says his password there */
	wipe(sasl->name);
	g_free(sasl);
}

/* The bytes of strict base64 (RFC 4648 3.3, 3.5): whatever does not come out
 * the same when it is encoded again was not.  A NUL follows them; NULL: it is
 * none. */
static char *
decode(const char *text, size_t *length)
{
	char *bytes = (char *)g_base64_decode(text, length);
	char *again = g_base64_encode((const guchar *)bytes, *length);
	bool same = strcmp(text, again) == 0;

	wipe(again);
	if (same)
		return bytes;
	explicit_bzero(bytes, *length);
	g_free(bytes);
	return NULL;
}

/* A name or password with control characters is nobody's, and one with CR or
 * LF or NUL wants to be two. */
static bool
is_text(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
			return false;
	return true;
}

/* A copy of what was said, or NULL when nobody can have it. */
static char *
copy_text(const char *bytes, size_t length)
{
	return is_text(bytes, length) ? g_strndup(bytes, length) : NULL;
}

/* message = [authzid] NUL authcid NUL passwd (RFC 4616 2) */
static enum sasl_step
take_plain(struct sasl *sasl, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	const char *name = memchr(bytes, '\0', length), *password;
	size_t other;

	if (name++ == NULL)
		return SASL_BAD;
	password = memchr(name, '\0', (size_t)(end - name));
	if (password++ == NULL)
		return SASL_BAD;
	other = (size_t)(name - 1 - bytes);
	if (other > 0 && strcmp(bytes, name) != 0)
		return SASL_REFUSED;
	sasl->name = copy_text(name, strlen(name));
	sasl->password = copy_text(password, (size_t)(end - password));
	if (memchr(password, '\0', (size_t)(end - password)) != NULL)
		return SASL_BAD;
	return SASL_DONE;
}

static enum sasl_step
take_login(struct sasl *sasl, const char *bytes, size_t length)
{
	if (sasl->taken == 0) {
		sasl->name = copy_text(bytes, length);
		return SASL_ASKS;
	}
	sasl->password = copy_text(bytes, length);
	return SASL_DONE;
}

/* All was said: it is somebody's, or could be. */
static enum sasl_step
finish(const struct sasl *sasl, enum sasl_step step)
{
	if (step == SASL_DONE && (sasl->name == NULL || *sasl->name == '\0' ||
				     sasl->password == NULL))
		return SASL_REFUSED;
	return step;
}

enum sasl_step
sasl_take(struct sasl *sasl, const char *response)
{
	bool initial = !sasl->asked;
	enum sasl_step step;
	size_t length;
	char *bytes;

	sasl->asked = true;
	if (response == NULL)
		return SASL_ASKS;
	if (strcmp(response, "*") == 0)
		return SASL_CANCELLED;
	if (initial && strcmp(response, "=") == 0)
		response = "";
	bytes = decode(response, &length);
	if (bytes == NULL)
		return SASL_BAD;
	step = finish(sasl, sasl->mechanism->take(sasl, bytes, length));
	sasl->taken++;
	explicit_bzero(bytes, length);
	g_free(bytes);
	return step;
}

const char *
sasl_challenge(const struct sasl *sasl)
{
	return sasl->mechanism->challenges[sasl->taken];
}

const char *
sasl_name(const struct sasl *sasl)
{
	return sasl->name;
}

const char *
sasl_password(const struct sasl *sasl)
{
	return sasl->password;
}
