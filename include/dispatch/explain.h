/* SPDX-License-Identifier: MIT */
/*
 * Explain says beforehand what becomes of a mail: by which routes its
 * recipients go, and for each provider of them the form, what is lost, and the
 * request as it would be sent.  It plans and encodes as the dispatcher does and
 * sends nothing.  Any thread with 2 MiB of stack; opens no socket.
 */
#ifndef DISPATCH_EXPLAIN_H
#define DISPATCH_EXPLAIN_H

#include "mail/exchange.h"
#include "mail/submission.h"
#include "provider.h"

struct explain_loss {
	const char *text; /* what is lost; a literal */
	const char *why;  /* what becomes of it there; a literal */
};

/* One provider of a route. */
struct explain_way {
	const struct provider *provider;
	char *obstacle; /* why not by this one; NULL: it can carry it */
	enum delivery_form form;
	bool has_fields;      /* this kind of provider has a FIELDS form */
	GArray *losses;       /* struct explain_loss: in the form chosen */
	GArray *fields, *raw; /* likewise: what each form would lose */
	GPtrArray *changes;   /* char *: what becomes of the mail's options;
			       * NULL: they are all honoured */
	unsigned requests;    /* for so many recipients */
	struct exchange *exchange; /* the first of them; NULL: none is made */
};

/* The recipients that go by one route, in one way. */
struct explain_group {
	const char *route;     /* its name */
	GPtrArray *recipients; /* const struct address *, borrowed */
	char *dropped;         /* they get nothing, and why; NULL: they do */
	char *refusal;    /* nobody can carry it, and why; NULL: some can */
	GPtrArray *ways;  /* struct explain_way *, as in the route */
	GPtrArray *order; /* const char *: names of those that would be
			   * tried, the first first */
};

struct explain;

/* Takes the submission over, unless it returns NULL and error: the settings
 * make no sense or the mail cannot be read.  hostname outlives the result. */
struct explain *explain_new(struct config *config,
    struct submission *submission, const char *hostname, GError **error);
void explain_free(struct explain *explain);

/* struct explain_group *, owned; one at least. */
const GPtrArray *explain_groups(const struct explain *explain);

/* The mail as it was read; owned. */
const struct message *explain_message(const struct explain *explain);

#endif
