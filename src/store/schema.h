/* SPDX-License-Identifier: MIT */
/*
 * The schemas are the SQL that makes the databases, in steps: a database of
 * version n has seen the first n of them.  A step that was released is never
 * changed; what changes is a step of its own behind it.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <stdint.h>

struct schema {
	const char *file;        /* its name in state_dir */
	uint32_t application_id; /* so that no other program's is taken */
	const char *const *steps;
	int version;        /* the number of steps */
	const char *remedy; /* when it is damaged: what a person can do; NULL:
			     * that is not asked of anybody */
};

extern const struct schema schema_queue;
extern const struct schema schema_records;

#endif
