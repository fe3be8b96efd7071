/* SPDX-License-Identifier: MIT */
/*
 * A database is one file of SQLite, opened for us alone, with the settings that
 * make a commit true (WAL, synced) and damage seen.  It remembers the first
 * thing that went wrong: from then on every query of the transaction does
 * nothing, so that callers look once, at the end.  One thread at a time.
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include "engine.h"
#include "schema.h"
#include <sqlite3.h>

struct database {
	sqlite3 *handle;
	char *path;
	GHashTable *kept; /* SQL literal -> sqlite3_stmt */
	enum engine_result result;
	bool damaged;       /* result is BAD: what was read made no sense */
	const char *remedy; /* of the schema */
	char *error;        /* NULL: nothing went wrong yet */
	uint64_t changes;   /* rows of mails that were written, also in what was
			     * rolled back */
};

enum database_sync {
	DATABASE_SYNC_ALL,   /* a commit is on disk: FULL */
	DATABASE_SYNC_LATER, /* it may be lost with the power: NORMAL */
};

/* Opens directory/schema->file, or makes it, and brings it to the schema's
 * version.  NULL and error when it cannot be had; *damaged when that is because
 * it is no database or a broken one.  One of a newer version or another program
 * is not changed by a byte. */
struct database *database_open(const char *directory,
    const struct schema *schema, enum database_sync sync, bool *damaged,
    GError **error);

/* Brings everything into the one file, so that the other needs no room; that
 * there is none even for that is no failure.  False: it is BAD. */
bool database_spare(struct database *database);

/* Brings everything into the one file, closes.  NULL is fine. */
void database_close(struct database *database);

/* Transactions.  begin() forgets a FULL. */
bool database_begin(struct database *database);
bool database_commit(struct database *database);
/* Whatever went wrong; a rollback that fails is BAD. */
void database_rollback(struct database *database);

/* Inside a transaction: gives at most so many free pages back to the disk. */
bool database_shrink(struct database *database, unsigned pages);

/* SQLite said `code`: remembers what it means.  Always false. */
bool database_fail(struct database *database, int code);

/* What was read makes no sense: BAD. */
void database_damage(struct database *database, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* The statement of an SQL literal, made when first asked for; NULL when it
 * cannot be. */
sqlite3_stmt *database_statement(struct database *database, const char *sql);

#endif
