/* SPDX-License-Identifier: MIT */
/*
 * A mailgun form is what POST /v3/DOMAIN/messages and messages.mime carry: it
 * is judged as strictly as the real one does, and accepted.
 */
#ifndef SIMULATE_MAILGUN_FORM_H
#define SIMULATE_MAILGUN_FORM_H

#include "door.h"
#include "house.h"
#include "multipart.h"

struct mailgun_form {
	struct multipart *parts;
	const char *domain;
	bool mime; /* messages.mime */
};

/* All of it has come: sets the answer, the record when it is accepted, and
 * notes.  The record takes what it needs out of the parts. */
void mailgun_form_take(struct house *house, struct request *request,
    const struct mailgun_form *form);

#endif
