/* SPDX-License-Identifier: MIT */
/*
 * xtext: printable ASCII in which "+" with two hexadecimal digits stands for
 * any octet (RFC 3461 4; XFORWARD has its values in it, too).
 */
#ifndef SMTP_XTEXT_H
#define SMTP_XTEXT_H

#include <stddef.h>

/* The octets that so much text stands for, as a new string.  NULL: it is no
 * xtext (a "=" or a blank in it, a "+" without two digits in upper case), or it
 * holds a NUL.  They may be any other octets: the caller looks at them. */
char *xtext_decode(const char *text, size_t length);

#endif
