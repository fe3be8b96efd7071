/* SPDX-License-Identifier: MIT */
/*
 * What a mail loses by SMTP, which has no form but the mail itself: nearly
 * nothing.
 */
#include "carry.h"

const struct carry carry_upstream[] = {
	{ TRAIT_SECOND_FIELD, CARRY_NEITHER, "only the first is sent",
	    "libESMTP, headers.c" },
	{ TRAIT_LONG_WORD, CARRY_NEITHER, "a line is cut at 998 octets",
	    "RFC 5322 2.1.1" },
	{ TRAIT_LONG_LINE, CARRY_NEITHER, "a line is cut at 998 octets",
	    "RFC 5322 2.1.1" },
	{ TRAIT_DKIM, CARRY_RAW,
	    "a header beyond ASCII is encoded anew, for libESMTP knows no SMTPUTF8",
	    "RFC 6531 3.2" },
	{ TRAIT_EIGHTBIT_FIELD, CARRY_RAW,
	    "what cannot be encoded leaves as it is, and a server may refuse it",
	    "RFC 6531 3.2" },
	{ TRAIT_UNQUALIFIED, CARRY_NEITHER,
	    "DKIM speaks of the field as it is written", "RFC 6376 3.7" },
	{ TRAIT_ALL & ~(uint64_t)(TRAIT_SECOND_FIELD | TRAIT_LONG_WORD |
				  TRAIT_LONG_LINE | TRAIT_DKIM |
				  TRAIT_EIGHTBIT_FIELD | TRAIT_UNQUALIFIED),
	    CARRY_RAW, "the mail goes as it is", "RFC 5321" },
	{ 0 },
};
