/* SPDX-License-Identifier: MIT */
/*
 * A record is one mail that a simulator accepted, as the request had it; the
 * records are all of them.  One thread.  A record is kept before its answer
 * leaves.
 */
#ifndef SIMULATE_RECORD_H
#define SIMULATE_RECORD_H

#include "piece.h"
#include <json-c/json.h>

/* What the provider says of one recipient. */
struct fate {
	char *address;
	char *status; /* "queued", "sent", "rejected", ... */
	char *reason; /* NULL: none */
	char *id;     /* the provider's; NULL: none */
};

struct record {
	uint64_t number; /* 1 is the first; set by records_keep() */
	int64_t time_ms; /* wall clock */
	const char *provider;
	const char *form;      /* "fields", "raw" or "smtp" */
	char *path;            /* of the request; NULL: SMTP */
	char *id;              /* the mail's, as answered; NULL: none */
	char *sender;          /* MAIL FROM; NULL: none was given */
	GPtrArray *recipients; /* struct fate * */
	GPtrArray *parts;      /* struct piece *: fields and files */
	struct blob *raw;      /* NULL: none */
	GPtrArray *notes;      /* char *: violations */
};

struct record *record_new(const char *provider, const char *form);
void record_free(struct record *record);

/* Adds a recipient; the texts are copied, NULL allowed. */
struct fate *record_add(
    struct record *record, const char *address, const char *status);

/* Sets texts of a fate. */
void record_set_fate(struct fate *fate, const char *reason, const char *id);

/* All that is known of it, but for the bytes of files. */
struct json_object *record_json(const struct record *record);

/* The same without its fields: for lists. */
struct json_object *record_summary(const struct record *record);

struct records;

/* directory: where each is written to as NNNNNN.json with NNNNNN.mime and
 * NNNNNN-K.part beside it; NULL: none.  Made when it is not there. */
struct records *records_new(const char *directory, GError **error);
void records_free(struct records *records);

const char *records_directory(const struct records *records);

/* Takes the record over, numbers and writes it.  False when it cannot be
 * written; the record is gone then. */
bool records_keep(
    struct records *records, struct record *record, GError **error);

/* Mails kept since the start, also those forgotten meanwhile. */
uint64_t records_count(const struct records *records);

/* The record of that number, or NULL. */
struct record *records_find(const struct records *records, uint64_t number);

/* Summaries of those with a higher number, oldest first, at most limit. */
struct json_object *records_list(
    const struct records *records, uint64_t after, unsigned limit);

/* Forgets all there are; the numbers go on. */
void records_clear(struct records *records);

#endif
