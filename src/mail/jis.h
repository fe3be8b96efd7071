/* SPDX-License-Identifier: MIT */
/*
 * ISO-2022-JP as mailers write it: with the rows of NEC and IBM, and half-width
 * katakana by an escape or by SO (RFC 1468 has none of them).
 */
#ifndef MAIL_JIS_H
#define MAIL_JIS_H

#include <glib.h>

/* The same text in EUC-JP-MS.  What is no text of either is left as it is.
 * New string. */
GString *jis_to_euc(const char *bytes, size_t length);

#endif
