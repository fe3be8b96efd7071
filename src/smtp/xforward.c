/* SPDX-License-Identifier: MIT */
#include "xforward.h"

#include "xtext.h"
#include <stddef.h>
#include <string.h>

/* Of a value, decoded. */
#define VALUE_MAX_OCTETS 255

static const struct {
	const char *name;
	size_t offset; /* of its value in struct xforward */
} attributes[] = {
	{ "NAME", offsetof(struct xforward, name) },
	{ "ADDR", offsetof(struct xforward, addr) },
	{ "PORT", offsetof(struct xforward, port) },
	{ "PROTO", offsetof(struct xforward, proto) },
	{ "HELO", offsetof(struct xforward, helo) },
	{ "IDENT", offsetof(struct xforward, ident) },
	{ "SOURCE", offsetof(struct xforward, source) },
};

/* The value of the attribute of this name; NULL: there is no such. */
static char **
find_value(struct xforward *forwarded, const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(attributes); i++)
		if (g_ascii_strcasecmp(attributes[i].name, name) == 0)
			return (char **)(void *)((char *)forwarded +
						 attributes[i].offset);
	return NULL;
}

/* The client of the client may have said what it likes; it goes into the log,
 * one line of ASCII.  False: nobody can mean it. */
static bool
clean(char *value)
{
	if (strlen(value) > VALUE_MAX_OCTETS)
		return false;
	for (char *c = value; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
		if ((unsigned char)*c > 0x7e)
			*c = '?';
	}
	return true;
}

static bool
is_unknown(const char *value)
{
	return g_ascii_strcasecmp(value, "[UNAVAILABLE]") == 0 ||
	       g_ascii_strcasecmp(value, "[TEMPUNAVAIL]") == 0;
}

/* Takes name "=" xtext; NULL, or what is wrong with it. */
static const char *
take_attribute(struct xforward *forwarded, char *text)
{
	char *equals = strchr(text, '=');
	g_autofree char *value = NULL;
	char **to;

	if (equals == NULL || equals == text)
		return "attribute=value is expected";
	*equals = '\0';
	to = find_value(forwarded, text);
	if (to == NULL)
		return "there is no such attribute";
	if (equals[1] != '\0' && !is_unknown(equals + 1)) {
		value = xtext_decode(equals + 1, strlen(equals + 1));
		if (value == NULL || !clean(value))
			return "the value is not printable xtext of 255 "
			       "characters at most";
	}
	g_free(*to);
	*to = g_steal_pointer(&value);
	return NULL;
}

static struct xforward *
copy(const struct xforward *forwarded)
{
	struct xforward *made = g_new0(struct xforward, 1);

	if (forwarded == NULL)
		return made;
	*made = *forwarded;
	for (unsigned i = 0; i < G_N_ELEMENTS(attributes); i++) {
		char **value = find_value(made, attributes[i].name);

		*value = g_strdup(*value);
	}
	return made;
}

/* NULL, or what is wrong with one of them. */
static const char *
take_attributes(struct xforward *forwarded, const char *argument)
{
	g_auto(GStrv) words = g_strsplit(argument, " ", -1);
	const char *wrong = NULL;

	for (char **word = words; *word != NULL && wrong == NULL; word++)
		if (**word != '\0')
			wrong = take_attribute(forwarded, *word);
	return wrong;
}

/* xforward = "XFORWARD" 1*( SP attribute "=" value ) CRLF
 *
 * One that is refused has said nothing. */
void
xforward_xforward(struct session *session, const char *argument)
{
	struct xforward *forwarded;
	const char *wrong;

	if (!session->peer.may_forward) {
		session_reply(session, REPLY_NOT_IMPLEMENTED, NULL);
		return;
	}
	forwarded = copy(session->forwarded);
	wrong = take_attributes(forwarded, argument);
	if (wrong != NULL) {
		xforward_free(forwarded);
		session_reply(session, REPLY_ARGUMENT, wrong);
		return;
	}
	xforward_free(session->forwarded);
	session->forwarded = forwarded;
	session_reply(session, REPLY_OK, NULL);
}

void
xforward_free(struct xforward *forwarded)
{
	if (forwarded == NULL)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(attributes); i++)
		g_free(*find_value(forwarded, attributes[i].name));
	g_free(forwarded);
}
