/* SPDX-License-Identifier: MIT */
/*
 * Looks through each block that is freed for what should have been wiped
 * before. Not with the sanitizers, which have a free() of their own.
 */
#ifndef WIPED_H
#define WIPED_H

#include <malloc.h>
#include <stddef.h>
#include <string.h>

/* What is looked for; NULL: nothing more. */
static const char *wiped_secrets[4];

/* Blocks that were freed with one of them inside. */
static unsigned wiped_found;

extern void __libc_free(void *block);

void
free(void *block)
{
	size_t size = block != NULL ? malloc_usable_size(block) : 0;

	for (const char **secret = wiped_secrets; *secret != NULL; secret++)
		if (memmem(block, size, *secret, strlen(*secret)) != NULL)
			wiped_found++;
	__libc_free(block);
}

#endif
