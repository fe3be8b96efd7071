/* SPDX-License-Identifier: MIT */
/*
 * A small model of RFC 5321, 2033 (LMTP), 3207 (STARTTLS) and 4954 (AUTH): what
 * a client may say, where the session is after it, and how each line that it
 * hears begins.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "authority.h"
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define ERRORS_HARD 9
#define IDLE_FREE   6
#define RECIPIENTS  3
#define AUTH_TRIES  3

enum where {
	FRESH,
	READY,
	SENDER,
	RECIPIENT,
	CONTENT,
	EXCHANGE, /* AUTH: a response is waited for */
	SHAKE,    /* STARTTLS was taken */
	CLOSED
};

#define IN(place) (1U << (place))
#define ANYWHERE  (IN(FRESH) | IN(READY) | IN(SENDER) | IN(RECIPIENT))
#define BETWEEN   (IN(FRESH) | IN(READY))
#define IN_MAIL   (IN(SENDER) | IN(RECIPIENT))

/* A listener. */
struct machine_kind {
	const char *settings;
	bool lmtp, any, users;       /* auth = any, auth = users */
	bool offered, required, tls; /* STARTTLS; tls: from the first byte */
};

struct model {
	const struct machine_kind *kind;
	enum where where;
	bool named, esmtp, trusted, secure;
	bool utf8;                          /* of the mail */
	char recipients[RECIPIENTS + 1];    /* a digit each */
	unsigned owed, owed_to[RECIPIENTS]; /* LMTP: a reply each, by number */
	unsigned errors, idle;
	bool user, anyone;        /* logged in as ann; as whoever */
	bool tied;                /* ann may send as a@x.y alone */
	bool nobody;              /* the sender is the null one */
	unsigned failures;        /* of AUTH */
	bool login;               /* the exchange is LOGIN, not PLAIN */
	bool second;              /* and the name was said */
	const char *name;         /* NULL: none that anybody can have */
	bool asked, right;        /* the authority is; the password is ann's */
	enum authority_word word; /* what it will say */
	bool ties;
	GString *told; /* what must be heard: the start of each line */
};

/* What a response of AUTH comes to. */
enum result {
	ASKS,      /* 334 */
	RIGHT,     /* a name and its password */
	WRONG,     /* a name and another password */
	NOBODY,    /* what nobody can have: 535 */
	GARBLED,   /* 501 5.5.2 */
	CANCELLED, /* 501 5.7.0 */
	LONG,      /* 500 5.5.6 */
	TOGETHER,  /* with the next command: 554 and the end */
	BARE       /* 500 5.5.2 and the end */
};

struct act;
typedef void (*act_fn)(struct model *model, const struct act *act);

struct act {
	const char *text; /* with its end; a '%' is a digit of 0 to 4 */
	unsigned where;   /* else 503 */
	bool idle;
	act_fn fn;
	const char *reply;  /* of fn */
	bool late;          /* 530 as long as TLS is required */
	enum result result; /* of AUTH */
	const char *name;   /* that AUTH said; NULL: none that anybody has */
};

/* ---- what happens ---- */

static inline void
tell(struct model *model, const char *reply)
{
	g_string_append_printf(model->told, "%s\n", reply);
}

static inline void
finish(struct model *model, const char *reply)
{
	tell(model, reply);
	model->where = CLOSED;
}

static inline void
count_error(struct model *model)
{
	if (++model->errors >= ERRORS_HARD && model->where != CLOSED)
		finish(model, "421 4.7.0");
}

static inline void
refuse(struct model *model, const char *reply)
{
	tell(model, reply);
	if (*reply == '5')
		count_error(model);
}

static inline void
forget(struct model *model)
{
	model->recipients[0] = '\0';
	model->owed = 0;
	model->utf8 = false;
	if (model->where != CLOSED)
		model->where = model->named ? READY : FRESH;
}

static inline bool
may_relay(const struct model *model)
{
	return model->trusted || model->user;
}

static inline bool
has_starttls(const struct model *model)
{
	return (model->kind->offered || model->kind->required) &&
	       !model->secure;
}

static inline bool
has_auth(const struct model *model)
{
	return (model->kind->any && model->trusted) ||
	       (model->kind->users && model->secure);
}

/* ---- commands ---- */

static inline void
do_say(struct model *model, const struct act *act)
{
	refuse(model, act->reply);
}

static inline void
greet(struct model *model, bool esmtp)
{
	model->named = true;
	model->esmtp = esmtp;
	forget(model);
}

static inline void
do_helo(struct model *model, const struct act *act)
{
	(void)act;
	if (model->kind->lmtp) {
		refuse(model, "500 5.5.1");
		return;
	}
	greet(model, false);
	tell(model, "250 ");
}

static inline void
offer(struct model *model)
{
	greet(model, true);
	tell(model, "250-");
	tell(model, "250-PIPELINING");
	tell(model, "250-SIZE 4096");
	tell(model, "250-8BITMIME");
	tell(model, "250-SMTPUTF8");
	if (has_starttls(model))
		tell(model, "250-STARTTLS");
	if (has_auth(model))
		tell(model, "250-AUTH PLAIN LOGIN");
	tell(model, "250 ENHANCEDSTATUSCODES");
}

static inline void
do_ehlo(struct model *model, const struct act *act)
{
	(void)act;
	if (model->kind->lmtp)
		refuse(model, "500 5.5.1");
	else
		offer(model);
}

static inline void
do_lhlo(struct model *model, const struct act *act)
{
	(void)act;
	if (model->kind->lmtp)
		offer(model);
	else
		refuse(model, "500 5.5.1");
}

static inline void
do_rset(struct model *model, const struct act *act)
{
	forget(model);
	tell(model, act->reply);
}

static inline void
do_mail(struct model *model, const struct act *act)
{
	model->where = SENDER;
	model->nobody = false;
	tell(model, act->reply);
}

/* From another than who is tied may be. */
static inline void
do_mail_other(struct model *model, const struct act *act)
{
	if (model->tied)
		refuse(model, "553 5.7.1");
	else
		do_mail(model, act);
}

static inline void
do_mail_utf8(struct model *model, const struct act *act)
{
	model->utf8 = !model->tied;
	do_mail_other(model, act);
}

static inline void
do_mail_null(struct model *model, const struct act *act)
{
	if (!may_relay(model)) {
		refuse(model, "553 5.7.1");
		return;
	}
	do_mail(model, act);
	model->nobody = true;
}

static inline void
do_mail_auth(struct model *model, const struct act *act)
{
	if (has_auth(model))
		do_mail(model, act);
	else
		refuse(model, "555 5.5.4");
}

static inline void
add_recipient(struct model *model, char digit)
{
	size_t count = strlen(model->recipients);
	const char *known = strchr(model->recipients, digit);

	if (known == NULL) {
		known = &model->recipients[count];
		model->recipients[count] = digit;
		model->recipients[count + 1] = '\0';
	}
	if (model->kind->lmtp)
		model->owed_to[model->owed++] =
		    (unsigned)(known - model->recipients);
}

static inline void
do_rcpt(struct model *model, const struct act *act)
{
	bool login =
	    model->kind->users && (has_auth(model) || has_starttls(model));

	if (!may_relay(model)) {
		refuse(model, login ? "530 5.7.0" : "554 5.7.1");
	} else if (MAX(strlen(model->recipients), model->owed) >= RECIPIENTS) {
		refuse(model, "452 4.5.3");
	} else if (act->reply[0] != '2') {
		refuse(model, act->reply);
	} else {
		add_recipient(model, strpbrk(act->text, "01234")[0]);
		model->where = RECIPIENT;
		tell(model, act->reply);
	}
}

static inline void
do_data(struct model *model, const struct act *act)
{
	(void)act;
	if (model->recipients[0] == '\0') {
		refuse(model, model->kind->lmtp ? "503 5.5.1" : "554 5.5.1");
		return;
	}
	model->where = CONTENT;
	tell(model, "354 ");
}

static inline void
do_close(struct model *model, const struct act *act)
{
	finish(model, act->reply);
}

/* Several commands that may not come together. */
static inline void
do_break(struct model *model, const struct act *act)
{
	finish(model, act->reply);
}

static inline void
do_starttls(struct model *model, const struct act *act)
{
	if (model->secure)
		refuse(model, "554 5.5.1");
	else if (!has_starttls(model))
		refuse(model, "502 5.5.1");
	else {
		tell(model, act->reply);
		model->where = SHAKE;
	}
}

/* The handshake came to a good end: all that was said before is forgotten (RFC
 * 3207 4.2), but not how often it was wrong. */
static inline void
shake(struct model *model)
{
	model->secure = true;
	model->named = model->esmtp = false;
	model->user = model->anyone = model->tied = false;
	model->where = FRESH;
	forget(model);
}

/* ---- AUTH ---- */

static inline void
fail(struct model *model)
{
	model->where = READY;
	if (++model->failures >= AUTH_TRIES)
		finish(model, "421 4.7.0");
	else
		refuse(model, "535 5.7.8");
}

/* Whoever is whoever he says, or the authority knows. */
static inline void
take_credentials(struct model *model, bool right)
{
	model->where = READY;
	if (model->kind->any) {
		model->anyone = true;
		tell(model, "235 2.7.0");
		return;
	}
	model->asked = true;
	model->right = right;
	if (!right && model->word == AUTHORITY_RIGHT)
		model->word = AUTHORITY_WRONG;
	if (model->word == AUTHORITY_RIGHT) {
		model->user = true;
		model->tied = model->ties;
		tell(model, "235 2.7.0");
	} else if (model->word == AUTHORITY_LATER) {
		tell(model, "454 4.7.0");
	} else if (model->word == AUTHORITY_TOO_OFT) {
		finish(model, "421 4.7.0");
	} else {
		fail(model);
	}
}

static inline void
take_result(struct model *model, enum result result)
{
	static const char *const replies[] = { [GARBLED] = "501 5.5.2",
		[CANCELLED] = "501 5.7.0",
		[LONG] = "500 5.5.6" };

	if (result == ASKS) {
		model->where = EXCHANGE;
		tell(model, "334 ");
	} else if (result == RIGHT || result == WRONG) {
		take_credentials(model, result == RIGHT);
	} else if (result == NOBODY) {
		fail(model);
	} else if (result == TOGETHER) {
		finish(model, "554 5.5.0");
	} else if (result == BARE) {
		finish(model, "500 5.5.2");
	} else {
		model->where = READY;
		refuse(model, replies[result]);
	}
}

/* True when AUTH may begin. */
static inline bool
may_begin(struct model *model)
{
	if (!has_auth(model))
		refuse(model, model->kind->users ? "538 5.7.11" : "502 5.5.1");
	else if (model->user || model->anyone)
		refuse(model, "503 5.5.1");
	else
		return true;
	return false;
}

static inline void
do_plain(struct model *model, const struct act *act)
{
	if (!may_begin(model))
		return;
	model->login = model->second = false;
	model->name = "ann";
	take_result(model, act->result);
}

static inline void
do_login(struct model *model, const struct act *act)
{
	if (!may_begin(model))
		return;
	model->login = true;
	model->second = strchr(act->text, ' ') != strrchr(act->text, ' ');
	model->name = act->name;
	take_result(model, ASKS);
}

static inline void
do_mechanism(struct model *model, const struct act *act)
{
	if (may_begin(model))
		refuse(model, act->reply);
}

#endif
