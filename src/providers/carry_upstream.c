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
	{ TRAIT_ALL & ~(uint64_t)(TRAIT_SECOND_FIELD | TRAIT_LONG_WORD |
				  TRAIT_LONG_LINE),
	    CARRY_RAW, "the mail goes as it is", "RFC 5321" },
	{ 0 },
};
