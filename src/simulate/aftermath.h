/* SPDX-License-Identifier: MIT */
/*
 * The aftermath of a mail: what a provider tells of each recipient after it
 * took it.  The local part of the address chooses it: bounce@anywhere bounces.
 */
#ifndef SIMULATE_AFTERMATH_H
#define SIMULATE_AFTERMATH_H

/* One event. */
struct aftermath {
	const char *mailgun;  /* its name there; NULL: the end of the list */
	const char *severity; /* of "failed"; NULL: none */
	const char *reason;   /* NULL: none */
	unsigned code;        /* 0: none */
	const char *enhanced, *text; /* NULL: none */
	const char *mandrill;        /* its name there; NULL: it has none */
	const char *state; /* Mandrill: of the mail from then on; NULL: as it
			    * was */
};

/* What becomes of a mail to that address, in order. */
const struct aftermath *aftermath_of(const char *address);

#endif
