/* SPDX-License-Identifier: MIT */
/*
 * The one validated mail address: what the listener's grammar (RFC 5321 4.1.2)
 * let through, in a form that both exits may print without looking again.  No
 * control character, no space outside quotes, no byte over 0x7e; the domain in
 * its IDNA form, lower case.  Immutable; any thread.
 */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* RFC 5321 4.5.3.1, in octets. */
#define ADDRESS_LOCAL_MAX  64
#define ADDRESS_DOMAIN_MAX 255
#define ADDRESS_PATH_MAX   256

enum address_fault {
	ADDRESS_OK,
	ADDRESS_SYNTAX,    /* not the grammar: 501 5.1.3 (5.1.7 for MAIL) */
	ADDRESS_LONG,      /* over a length of RFC 5321 4.5.3.1 */
	ADDRESS_NON_ASCII, /* its local part is, or it is no UTF-8: 553 5.6.7 */
	ADDRESS_IDNA,      /* its domain has no IDNA form: 553 5.6.7 */
	ADDRESS_UNQUALIFIED, /* no domain, and none to add */
	ADDRESS_BRACKET,     /* < or > in quotes: APIs want a bare address, and
			      * a server may see its end in it */
	ADDRESS_LITERAL,     /* an address literal: not taken */
};

struct address {
	char *text;         /* local@domain as it is printed, re-quoted */
	const char *domain; /* within text, after the @ */
	size_t local_length;
};

/* Reads what stands between < and > of MAIL or RCPT: a source route is
 * accepted and dropped, the local part re-quoted only where it must be.  A
 * domain in UTF-8 (RFC 6531 3.3) is taken in its IDNA form; whether the client
 * may say one is for the caller to know.  domain_default (may be NULL) is added
 * to an unqualified address.  Result: a new address, or NULL and *fault. */
struct address *address_parse(const char *path, size_t length,
    const char *domain_default, enum address_fault *fault);

/* A new copy of the same address. */
struct address *address_copy(const struct address *address);
void address_free(struct address *address);

/* The same mailbox: domain without case, local part to the letter. */
bool address_equal(const struct address *a, const struct address *b);

/* The same mailbox as providers answer it: both without case. spec is foreign
 * text as found in an answer or a header. */
bool address_matches(const struct address *address, const char *spec);

/* True when it is one of these, NULL-terminated: addresses, and "@domain" for
 * all of a domain. */
bool address_is_among(
    const struct address *address, const char *const *allowed);

/* A hash that agrees with address_matches(): for GHashTable keys made of
 * address->text. */
unsigned address_hash(const char *text);

/* A domain in its IDNA (ASCII, lower case) form: labels in Unicode by UTS #46,
 * nontransitional, with STD3 rules; one that is ASCII as it is.  NULL when it
 * is none.  New string. */
char *address_domain_to_ascii(const char *domain);

/* One sentence for people: what is wrong. */
const char *address_fault_text(enum address_fault fault);

#endif
