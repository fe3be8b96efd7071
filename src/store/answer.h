/* SPDX-License-Identifier: MIT */
/* What an answer of the store is made of; the structs are in store.h. */
#ifndef STORE_ANSWER_H
#define STORE_ANSWER_H

#include "store.h"

/* With empty lists of recipients, attempts, acts and events, which own what
 * they hold. */
struct store_mail *store_mail_new(void);
void store_mail_free(struct store_mail *mail);

/* A list that owns its mails. */
GPtrArray *store_mails_new(void);

/* One with these texts copied; the mail owns it. */
struct store_recipient *store_mail_add_recipient(
    struct store_mail *mail, const char *address);
void store_mail_add_act(struct store_mail *mail, const struct store_act *act);

#endif
