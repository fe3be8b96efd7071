/* SPDX-License-Identifier: MIT */
/*
 * A parameter of a Content-* field that is text for people: a file name in
 * pieces and with a charset (RFC 2231), in encoded words (RFC 2047, which
 * forbids them there), or in plain 8-bit bytes.  Any thread.
 */
#ifndef MAIL_PARAMETER_H
#define MAIL_PARAMETER_H

/* The parameter's text as one clean line of UTF-8; NULL: the field has none of
 * the name.  field is the value of the field, folded or not.  Of one that is
 * written twice, that with a charset or in pieces counts, else the first.  New
 * string. */
char *parameter_find(const char *field, const char *name);

#endif
