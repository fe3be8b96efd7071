/* SPDX-License-Identifier: MIT */
#include "translators.h"

const struct translator *const registry[] = { &mailgun, &mandrill, &upstream,
	NULL };
