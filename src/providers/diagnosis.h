/* SPDX-License-Identifier: MIT */
/* A diagnosis is what the recipient's server said, as a provider repeats it in
 * some words of its own.  Any thread. */
#ifndef PROVIDERS_DIAGNOSIS_H
#define PROVIDERS_DIAGNOSIS_H

/* The reply code in "smtp;550 5.1.1 No such user" (RFC 5321 4.2), 0: none. */
unsigned diagnosis_status(const char *text);

/* The enhanced code (RFC 3463 2), a new string; NULL: none. */
char *diagnosis_enhanced(const char *text);

#endif
