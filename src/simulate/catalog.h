/* SPDX-License-Identifier: MIT */
/*
 * The catalog is what a provider finds when it is asked which mail it took: an
 * entry for each, seen through the standing faults (late, never, in part, in
 * the wrong order, twice).  On the house's loop.
 */
#ifndef SIMULATE_CATALOG_H
#define SIMULATE_CATALOG_H

#include "fault.h"
#include "record.h"

struct catalog;

/* One mail. */
struct entry {
	int64_t time_ms;      /* wall clock, when it was recorded */
	char *domain;         /* Mailgun: of the path, lower case; NULL: none */
	char *message_id;     /* without <>; "" for none */
	char *from, *subject; /* "" for none */
	uint64_t size_bytes;
	struct json_object *metadata; /* Mandrill: an object */
	GPtrArray *people;            /* struct entry_person * */
};

struct entry_person {
	char *address;
	char *status; /* "queued", "sent", "rejected", ... */
	char *id;     /* unique; Mandrill's _id */
};

/* One recipient of one mail. */
struct hit {
	const struct entry *entry;
	const struct entry_person *person;
};

typedef bool (*catalog_fn)(const void *question, const struct hit *hit);

struct catalog *catalog_new(void);
/* NULL is fine. */
void catalog_free(struct catalog *catalog);

/* Adds a record that was kept: borrowed until the next. */
const struct entry *catalog_add(
    struct catalog *catalog, const struct record *record);

/* All that fit the question (struct hit), oldest first unless a fault says
 * otherwise.  Entries are borrowed: until the next catalog_add(). */
GArray *catalog_find(struct catalog *catalog, struct faults *faults,
    catalog_fn fits, const void *question);

#endif
