/* SPDX-License-Identifier: MIT */
/*
 * The commands of SMTP (RFC 5321 4.1) as the sink takes them.
 */
#include "people.h"
#include "talk.h"
#include <string.h>

#define MOST_BYTES      52428800
#define MOST_RECIPIENTS 1000
#define MANY_LINES      20000u

static void
note(struct talk *talk, const char *what, const char *line)
{
	g_autofree char *text = g_strdup_printf("%s: %s", what, line);

	house_note(talk->house, NULL, text);
}

/* Says the code of a fault with a text that fits. */
static void
say_fault(struct talk *talk, const struct fault *fault)
{
	unsigned code = (unsigned)fault->number;

	talk_say(talk, "%u %u.7.1 Simulated", code, code / 100);
	if (code == 421)
		talk_end(talk);
}

static bool
offers_tls(const struct talk *talk)
{
	return sink_tls(talk->sink) != NULL && !talk->encrypted &&
	       !talk_fails(talk, FAULT_NO_STARTTLS);
}

/* A password is not asked for in clear where TLS can be had. */
static bool
offers_auth(const struct talk *talk)
{
	return talk->house->username != NULL && !offers_tls(talk);
}

static void
take_hello(struct talk *talk, const char *rest)
{
	if (talk_fails(talk, FAULT_EHLO)) {
		say_fault(talk, talk->fault);
		return;
	}
	if (rest[0] == '\0') {
		talk_say(talk, "501 5.5.4 EHLO wants a name");
		return;
	}
	parcel_clear(talk);
	talk->greeted = true;
	talk->eightbit = !talk_fails(talk, FAULT_NO_8BITMIME);
	for (unsigned i = 0;
	     talk_fails(talk, FAULT_EHLO_LINES) && i < MANY_LINES; i++)
		talk_say(talk, "250-X-LINE-%u", i);
	if (talk_fails(talk, FAULT_EHLO_LINES)) {
		talk->state = TALK_SILENT;
		return;
	}
	talk_say(talk, "250-sink.example");
	talk_say(talk, "250-PIPELINING");
	talk_say(talk, "250-SIZE %d", MOST_BYTES);
	if (talk->eightbit)
		talk_say(talk, "250-8BITMIME");
	if (talk_fails(talk, FAULT_CHUNKING))
		talk_say(talk, "250-CHUNKING");
	if (offers_tls(talk))
		talk_say(talk, "250-STARTTLS");
	if (offers_auth(talk))
		talk_say(talk, "250-AUTH PLAIN LOGIN");
	talk_say(talk, "250 ENHANCEDSTATUSCODES");
}

static void
take_helo(struct talk *talk, const char *rest)
{
	if (talk_fails(talk, FAULT_EHLO)) {
		say_fault(talk, talk->fault);
		return;
	}
	(void)rest;
	parcel_clear(talk);
	talk->greeted = true;
	talk->eightbit = false;
	talk_say(talk, "250 sink.example");
}

static void
take_starttls(struct talk *talk, const char *rest)
{
	(void)rest;
	if (!offers_tls(talk)) {
		talk_say(talk, "502 5.5.1 Not offered");
		return;
	}
	if (talk_has_input(talk)) {
		note(talk, "input behind a command", "STARTTLS");
		talk_say(talk, "554 5.5.0 Input behind STARTTLS");
		talk_end(talk);
		return;
	}
	if (talk_fails(talk, FAULT_STARTTLS)) {
		say_fault(talk, talk->fault);
		return;
	}
	talk_say(talk, "220 2.0.0 Ready");
	if (talk_fails(talk, FAULT_TLS_GARBAGE)) {
		talk_say(talk, "no TLS here, and never was");
		talk->state = TALK_SILENT;
		return;
	}
	if (talk_fails(talk, FAULT_STARTTLS_INJECTION))
		talk_say(talk, "250 2.0.0 Injected");
	parcel_clear(talk);
	talk->greeted = false;
	talk_encrypt(talk);
}

static void
judge_secret(struct talk *talk, const char *username, const char *password)
{
	const struct house *house = talk->house;

	talk->state = TALK_COMMAND;
	if (talk_fails(talk, FAULT_AUTH)) {
		say_fault(talk, talk->fault);
		return;
	}
	if (g_strcmp0(username, house->username) != 0 ||
	    g_strcmp0(password, house->password) != 0) {
		talk_say(talk, "535 5.7.8 Wrong name or password");
		return;
	}
	talk->authenticated = true;
	talk_say(talk, "235 2.7.0 Welcome");
}

static char *
decode(const char *text)
{
	size_t length;
	g_autofree guchar *bytes = g_base64_decode(text, &length);

	return g_strndup((const char *)bytes, length);
}

/* identity NUL name NUL password */
static void
judge_plain(struct talk *talk, const char *text)
{
	size_t length;
	g_autofree guchar *bytes = g_base64_decode(text, &length);
	GString *all = g_string_new_len((const char *)bytes, (gssize)length);
	const char *name = all->str + strlen(all->str) + 1;
	const char *end = all->str + all->len;

	if (name < end && name + strlen(name) + 1 <= end)
		judge_secret(talk, name, name + strlen(name) + 1);
	else
		judge_secret(talk, NULL, NULL);
	g_string_free(all, TRUE);
}

void
verb_take_secret(struct talk *talk, const char *line)
{
	g_autofree char *password = NULL;

	switch (talk->state) {
	case TALK_PLAIN:
		judge_plain(talk, line);
		return;
	case TALK_USER:
		g_free(talk->username);
		talk->username = decode(line);
		talk->state = TALK_PASSWORD;
		talk_say(talk, "334 UGFzc3dvcmQ6");
		return;
	default:
		password = decode(line);
		judge_secret(talk, talk->username, password);
	}
}

static void
take_auth(struct talk *talk, const char *rest)
{
	if (!offers_auth(talk) || talk->authenticated) {
		talk_say(talk, "503 5.5.1 Not now");
	} else if (g_ascii_strncasecmp(rest, "PLAIN ", 6) == 0) {
		judge_plain(talk, rest + 6);
	} else if (g_ascii_strcasecmp(rest, "PLAIN") == 0) {
		talk->state = TALK_PLAIN;
		talk_say(talk, "334 ");
	} else if (g_ascii_strcasecmp(rest, "LOGIN") == 0) {
		talk->state = TALK_USER;
		talk_say(talk, "334 VXNlcm5hbWU6");
	} else if (g_ascii_strncasecmp(rest, "LOGIN ", 6) == 0) {
		talk->state = TALK_USER;
		verb_take_secret(talk, rest + 6);
	} else {
		talk_say(talk, "504 5.5.4 PLAIN or LOGIN");
	}
}

/* Reads "FROM:<path> parameters"; NULL: it is not that. */
static char *
read_path(const char *rest, const char *word, const char **parameters)
{
	size_t length = strlen(word);

	if (g_ascii_strncasecmp(rest, word, length) != 0 || rest[length] != '<')
		return NULL;
	const char *begin = rest + length + 1;
	const char *end = strchr(begin, '>');
	if (end == NULL || (end[1] != '\0' && end[1] != ' '))
		return NULL;
	*parameters = end + 1;
	return g_strndup(begin, (size_t)(end - begin));
}

static bool
take_parameter(struct talk *talk, const char *word)
{
	struct parcel *parcel = &talk->parcel;

	if (g_ascii_strncasecmp(word, "SIZE=", 5) == 0)
		return g_ascii_string_to_unsigned(
		    word + 5, 10, 0, G_MAXINT64, &parcel->size_bytes, NULL);
	if (g_ascii_strcasecmp(word, "BODY=7BIT") == 0)
		return !talk_fails(talk, FAULT_NO_8BITMIME);
	if (g_ascii_strcasecmp(word, "BODY=8BITMIME") == 0) {
		parcel->eightbit = true;
		return !talk_fails(talk, FAULT_NO_8BITMIME);
	}
	return g_ascii_strncasecmp(word, "AUTH=", 5) == 0 &&
	       talk->house->username != NULL;
}

static bool
take_parameters(struct talk *talk, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (char **word = words; *word != NULL; word++) {
		if (**word != '\0' && !take_parameter(talk, *word))
			return false;
	}
	return true;
}

static bool
is_sender_fine(struct talk *talk, const char *sender)
{
	if (sender != NULL && g_str_is_ascii(sender) &&
	    (sender[0] == '\0' || people_is_address(sender)))
		return true;
	talk_say(talk, "501 5.1.7 Bad sender");
	return false;
}

static void
take_mail(struct talk *talk, const char *rest)
{
	const char *parameters = "";
	g_autofree char *sender = read_path(rest, "FROM:", &parameters);

	talk->house->requests++;
	talk->house->sends++;
	if (!is_sender_fine(talk, sender)) {
		note(talk, "bad sender", rest);
		return;
	}
	talk->parcel.fault = faults_pick(talk->house->faults, FAULT_AT_REQUEST);
	if (parcel_fails(talk, FAULT_BLACKHOLE)) {
		talk_swallow(talk);
	} else if (parcel_fails(talk, FAULT_MAIL)) {
		say_fault(talk, talk->parcel.fault);
		parcel_clear(talk);
	} else if (!take_parameters(talk, parameters)) {
		note(talk, "parameters that were not offered", rest);
		talk_say(talk, "555 5.5.4 Parameter not known");
		parcel_clear(talk);
	} else if (talk->parcel.size_bytes > MOST_BYTES) {
		talk_say(talk, "552 5.3.4 Too large");
		parcel_clear(talk);
	} else {
		parcel_begin(talk, sender);
		talk_say(talk, "250 2.1.0 Ok");
	}
}

static void
take_rcpt(struct talk *talk, const char *rest)
{
	const char *parameters = "";
	g_autofree char *address = read_path(rest, "TO:", &parameters);
	struct record *record = talk->parcel.record;

	if (address == NULL || !g_str_is_ascii(address) ||
	    !people_is_address(address) || parameters[0] != '\0') {
		note(talk, "bad recipient", rest);
		talk_say(talk, "501 5.1.3 Bad recipient");
	} else if (parcel_fails(talk, FAULT_RCPT)) {
		say_fault(talk, talk->parcel.fault);
	} else if (fault_refuses(
		       talk->parcel.fault, address, record->recipients->len)) {
		talk_say(talk, fault_has(talk->parcel.fault, "too-many")
				   ? "452 4.5.3 Too many recipients"
				   : "550 5.1.1 No such user");
	} else if (record->recipients->len == MOST_RECIPIENTS) {
		talk_say(talk, "452 4.5.3 Too many recipients");
	} else {
		record_add(record, address, "accepted");
		talk_say(talk, "250 2.1.5 Ok");
	}
}

static bool
is_ready(struct talk *talk)
{
	if (talk->parcel.record->recipients->len > 0)
		return true;
	talk_say(talk, "554 5.5.1 No valid recipients");
	return false;
}

static void
take_data(struct talk *talk, const char *rest)
{
	(void)rest;
	if (!is_ready(talk))
		return;
	if (parcel_fails(talk, FAULT_DATA)) {
		say_fault(talk, talk->parcel.fault);
		parcel_clear(talk);
	} else if (parcel_fails(talk, FAULT_RESET_BEFORE_BODY)) {
		talk_break(talk);
	} else {
		talk->state = TALK_DATA;
		talk_say(talk, "354 Go on");
	}
}

static void
take_bdat(struct talk *talk, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", 2);
	guint64 length;

	if (!talk_fails(talk, FAULT_CHUNKING) || words[0] == NULL ||
	    !g_ascii_string_to_unsigned(
		words[0], 10, 0, MOST_BYTES, &length, NULL)) {
		note(talk, "BDAT that was not offered", rest);
		talk_say(talk, "500 5.5.1 Not offered");
		talk_end(talk);
		return;
	}
	if (!is_ready(talk)) {
		talk_end(talk);
		return;
	}
	talk->chunk_bytes = length;
	talk->last_chunk =
	    words[1] != NULL && g_ascii_strcasecmp(words[1], "LAST") == 0;
	talk->parcel.chunked = true;
	talk->state = TALK_CHUNK;
	if (length == 0)
		parcel_take(talk, "", 0);
}

static void
take_rset(struct talk *talk, const char *rest)
{
	(void)rest;
	parcel_clear(talk);
	talk_say(talk, "250 2.0.0 Ok");
}

static void
take_noop(struct talk *talk, const char *rest)
{
	(void)rest;
	talk_say(talk, "250 2.0.0 Ok");
}

static void
take_vrfy(struct talk *talk, const char *rest)
{
	(void)rest;
	talk_say(talk, "252 2.5.2 Send some mail");
}

static void
take_quit(struct talk *talk, const char *rest)
{
	(void)rest;
	talk_say(talk, "221 2.0.0 Bye");
	talk_end(talk);
}

/* When a command may come. */
enum when {
	WHEN_ANY,
	WHEN_GREETED, /* after EHLO */
	WHEN_IDLE,    /* that, logged in where wanted, and no mail under way */
	WHEN_MAIL,    /* after MAIL */
};

typedef void (*verb_fn)(struct talk *talk, const char *rest);

struct verb {
	const char *word;
	enum when when;
	verb_fn fn;
};

static const struct verb verbs[] = {
	{ "EHLO", WHEN_ANY, take_hello },
	{ "HELO", WHEN_ANY, take_helo },
	{ "STARTTLS", WHEN_GREETED, take_starttls },
	{ "AUTH", WHEN_GREETED, take_auth },
	{ "MAIL", WHEN_IDLE, take_mail },
	{ "RCPT", WHEN_MAIL, take_rcpt },
	{ "DATA", WHEN_MAIL, take_data },
	{ "BDAT", WHEN_MAIL, take_bdat },
	{ "RSET", WHEN_ANY, take_rset },
	{ "NOOP", WHEN_ANY, take_noop },
	{ "VRFY", WHEN_ANY, take_vrfy },
	{ "QUIT", WHEN_ANY, take_quit },
};

static const struct verb *
find_verb(const char *word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (g_ascii_strcasecmp(verbs[i].word, word) == 0)
			return &verbs[i];
	}
	return NULL;
}

static bool
may(struct talk *talk, enum when when)
{
	if (when != WHEN_ANY && !talk->greeted) {
		talk_say(talk, "503 5.5.1 EHLO first");
		return false;
	}
	if (when == WHEN_IDLE && talk->house->username != NULL &&
	    !talk->authenticated) {
		talk_say(talk, "530 5.7.0 Authentication required");
		return false;
	}
	if ((when == WHEN_IDLE && talk->parcel.begun) ||
	    (when == WHEN_MAIL && !talk->parcel.begun)) {
		talk_say(talk, "503 5.5.1 Bad sequence");
		return false;
	}
	return true;
}

void
verb_take(struct talk *talk, char *line)
{
	char *space = strchr(line, ' ');
	const char *rest = space != NULL ? space + 1 : "";

	if (space != NULL)
		*space = '\0';
	const struct verb *verb = find_verb(line);
	if (talk_breaks_off(talk, line))
		return;
	if (verb == NULL) {
		note(talk, "a command that is none", line);
		talk_say(talk, "500 5.5.2 Not known");
	} else if (may(talk, verb->when)) {
		verb->fn(talk, rest);
	}
}
