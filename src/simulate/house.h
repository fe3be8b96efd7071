/* SPDX-License-Identifier: MIT */
/*
 * The house is what the doors of one simulator share: its options, its faults,
 * what it accepted and what it noticed.  On the simulator's loop, but for the
 * count of accepted mails.
 */
#ifndef SIMULATE_HOUSE_H
#define SIMULATE_HOUSE_H

#include "catalog.h"
#include "fault.h"
#include "record.h"
#include "simulate/simulator.h"
#include <stdatomic.h>

/* Told of each record that was kept. */
typedef void (*house_fn)(void *object);

struct house {
	enum fault_kind kind;
	const char *name; /* "mailgun", ... */

	/* options, NULL as in struct simulator_options */
	char **domains;
	char *key;
	char *lookup_key; /* then key may only send */
	char *username, *password;

	char *asked; /* Mailgun: the domain that the request answered now is
		      * about; NULL: none */

	struct faults *faults;
	struct records *records;
	struct catalog *catalog; /* what lookups find; empty of SMTP */
	struct teller *teller;   /* NULL: no webhook */
	GArray *searches;  /* int64_t: when Mandrill's were, monotonic ms */
	GQueue violations; /* struct violation *, oldest first */

	atomic_ullong accepted;
	uint64_t requests; /* all; of HTTP the sum of the next three */
	uint64_t sends, lookups, probes;
	unsigned busy;      /* HTTP: sends under way */
	unsigned most_busy; /* the most there were at once */
	uint64_t opened;    /* connections */
	uint64_t violation_count;

	house_fn on_record; /* NULL: nobody listens */
	void *on_record_object;
};

struct violation {
	uint64_t number;
	int64_t time_ms;
	char *path; /* NULL: SMTP */
	char *text;
};

/* NULL and error when the options make no sense. */
struct house *house_new(
    const struct simulator_options *options, GError **error);
void house_free(struct house *house);

/* Notes what should not have been, with the path of its request. */
void house_note(struct house *house, const char *path, const char *text);

/* Keeps the record, its notes as violations.  False: it could not be written.
 * The record is the house's either way. */
bool house_keep(struct house *house, struct record *record, GError **error);

/* Takes the faults over; NULL: all is well. */
void house_set_faults(struct house *house, struct faults *faults);

/* The kind of that name ("mailgun"), 0: none. */
int house_kind(const char *name);

#endif
