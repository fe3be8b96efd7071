/* SPDX-License-Identifier: MIT */
#include "parameters.h"

#include "auth.h"
#include "dsn.h"
#include "xtext.h"
#include <errno.h>
#include <string.h>

/* Digits of SIZE=n that RFC 1870 3 allows. */
#define SIZE_DIGITS 20

/* What a parameter comes to: REPLY_NONE, or why it is refused. */
typedef enum reply_name (*parameter_fn)(
    struct parameters *parameters, const char *value);

struct parameter {
	const char *word; /* NULL: no more */
	parameter_fn take;
	/* NULL: always */
	bool (*offered)(const struct session *session);
	const char *form; /* what is told to whom got it wrong */
};

/* size-value of RFC 1870 3 */
static enum reply_name
take_size(struct parameters *parameters, const char *value)
{
	const struct session *session = parameters->session;
	struct envelope *envelope = parameters->envelope;
	size_t digits = strspn(value, "0123456789");

	if (digits == 0 || digits > SIZE_DIGITS || value[digits] != '\0')
		return REPLY_ARGUMENT;
	errno = 0;
	envelope->size_declared = g_ascii_strtoull(value, NULL, 10);
	return errno == ERANGE || envelope->size_declared >
				      session->rules->limits.mail_bytes
		   ? REPLY_SIZE
		   : REPLY_NONE;
}

/* body-value of RFC 6152 2 */
static enum reply_name
take_body(struct parameters *parameters, const char *value)
{
	struct envelope *envelope = parameters->envelope;

	envelope->eightbit = g_ascii_strcasecmp(value, "8BITMIME") == 0;
	return envelope->eightbit || g_ascii_strcasecmp(value, "7BIT") == 0
		   ? REPLY_NONE
		   : REPLY_ARGUMENT;
}

/* No value (RFC 6531 3.4). */
static enum reply_name
take_utf8(struct parameters *parameters, const char *value)
{
	parameters->envelope->utf8 = true;
	return *value == '\0' ? REPLY_NONE : REPLY_ARGUMENT;
}

static enum reply_name
take_ret(struct parameters *parameters, const char *value)
{
	return dsn_read_ret(value, &parameters->envelope->returned)
		   ? REPLY_NONE
		   : REPLY_ARGUMENT;
}

static enum reply_name
take_envid(struct parameters *parameters, const char *value)
{
	parameters->envelope->id = dsn_read_envid(value);
	return parameters->envelope->id != NULL ? REPLY_NONE : REPLY_ARGUMENT;
}

static enum reply_name
take_notify(struct parameters *parameters, const char *value)
{
	return dsn_read_notify(value, &parameters->wish.notify)
		   ? REPLY_NONE
		   : REPLY_ARGUMENT;
}

static enum reply_name
take_orcpt(struct parameters *parameters, const char *value)
{
	parameters->wish.original =
	    dsn_read_orcpt(value, parameters->envelope->utf8);
	return parameters->wish.original != NULL ? REPLY_NONE : REPLY_ARGUMENT;
}

/* Who is said to have submitted it first (RFC 4954 5) is believed nobody. */
static enum reply_name
take_auth(struct parameters *parameters, const char *value)
{
	g_autofree char *mailbox = xtext_decode(value, strlen(value));

	(void)parameters;
	return mailbox != NULL && *mailbox != '\0' ? REPLY_NONE
						   : REPLY_ARGUMENT;
}

static const struct parameter mail_parameters[] = {
	{ "SIZE", take_size, NULL, "SIZE=octets" },
	{ "BODY", take_body, NULL, "BODY=7BIT or BODY=8BITMIME" },
	{ "SMTPUTF8", take_utf8, NULL, "SMTPUTF8, without a value" },
	{ "AUTH", take_auth, auth_offered, "AUTH=<> or AUTH=mailbox" },
	{ "RET", take_ret, dsn_offered, DSN_FORM_RET },
	{ "ENVID", take_envid, dsn_offered, DSN_FORM_ENVID },
	{ .word = NULL },
};

static const struct parameter rcpt_parameters[] = {
	{ "NOTIFY", take_notify, dsn_offered, DSN_FORM_NOTIFY },
	{ "ORCPT", take_orcpt, dsn_offered, DSN_FORM_ORCPT },
	{ .word = NULL },
};

static const struct parameter *
find_parameter(
    const struct session *session, const struct parameter *known, char *word)
{
	for (; known->word != NULL; known++)
		if (g_ascii_strcasecmp(known->word, word) == 0)
			return known->offered == NULL || known->offered(session)
				   ? known
				   : NULL;
	return NULL;
}

/* Takes one keyword [ "=" value ] (RFC 5321 4.1.2); false when it was
 * refused. */
static bool
take_parameter(
    struct parameters *parameters, const struct parameter *rows, char *word)
{
	struct session *session = parameters->session;
	char *value = strchr(word, '=');
	const struct parameter *row;
	enum reply_name refused;

	if (value != NULL)
		*value++ = '\0';
	row = find_parameter(session, rows, word);
	if (row == NULL) {
		session_reply(session, REPLY_PARAMETER, NULL);
		return false;
	}
	if ((parameters->seen & 1u << (row - rows)) != 0) {
		session_reply(session, REPLY_TWICE, row->word);
		return false;
	}
	parameters->seen |= 1u << (row - rows);
	refused = row->take(parameters, value == NULL ? "" : value);
	if (refused != REPLY_NONE)
		session_reply(session, refused,
		    refused == REPLY_ARGUMENT ? row->form : NULL);
	return refused == REPLY_NONE;
}

/* Takes all; false when one was refused. */
static bool
take_parameters(struct parameters *parameters, const struct parameter *rows,
    const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (char **word = words; *word != NULL; word++)
		if (**word != '\0' && !take_parameter(parameters, rows, *word))
			return false;
	return true;
}

bool
parameters_take_mail(struct parameters *parameters, const char *text)
{
	return take_parameters(parameters, mail_parameters, text);
}

bool
parameters_take_rcpt(struct parameters *parameters, const char *text)
{
	return take_parameters(parameters, rcpt_parameters, text);
}
