/* SPDX-License-Identifier: MIT */
#include "authority.h"

struct authority *
authority_new(const struct config *config, struct users *users)
{
	(void)config;
	(void)users;
	return NULL;
}

void
authority_free(struct authority *authority)
{
	(void)authority;
}
