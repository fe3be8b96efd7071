/* SPDX-License-Identifier: MIT */
/*
 * The veil is what the records do not tell of a mail that is finished, as the
 * settings have it: its subject, or whose addresses they were.  An address
 * becomes the same alias each time, by a key of this installation
 * (state_dir/records.key), so that whoever knows it finds its mails, and nobody
 * learns it from them.  The domain stays.
 */
#ifndef STORE_VEIL_H
#define STORE_VEIL_H

#include "store.h"

struct veil_terms {
	bool subjects;  /* they are dropped */
	bool addresses; /* they are aliases */
};

struct veil;

/* Reads the key, or makes it when addresses are to be aliases.  NULL and error
 * when it cannot be had, or is none. */
struct veil *veil_open(
    const char *directory, const struct veil_terms *terms, GError **error);

/* NULL is fine. */
void veil_free(struct veil *veil);

/* Takes out of the mail what is not to be recorded. */
void veil_mail(const struct veil *veil, struct store_mail *mail);

/* "hidden-0123456789abcdef@example.org"; new.  NULL: there has never been one,
 * or it is no address. */
char *veil_alias(const struct veil *veil, const char *address);

/* A text with the aliases of all addresses in it, when addresses are to be
 * aliases; new; NULL is NULL. */
char *veil_text(const struct veil *veil, const char *text);

#endif
