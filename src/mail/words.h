/* SPDX-License-Identifier: MIT */
/*
 * A header field whose raw bytes go beyond ASCII, written so that they do not:
 * as encoded words (RFC 2047) where text, a phrase or a comment stands, as an
 * extended value (RFC 2231) in a parameter, in IDNA form (RFC 5890) in the
 * domain of an address.  Read, all say the same.
 */
#ifndef MAIL_WORDS_H
#define MAIL_WORDS_H

#include "mail/header.h"

/* Appends the whole field, folded, with its CRLF.  Its bytes are UTF-8, or of
 * the charset, which is what the mail names; NULL: none.  False, and nothing
 * appended: they are neither, which nobody should guess, or stand where no
 * encoding exists (a local part, a Message-ID). */
bool words_encode(
    GString *out, const struct header_field *field, const char *charset);

#endif
