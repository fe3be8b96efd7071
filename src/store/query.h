/* SPDX-License-Identifier: MIT */
/*
 * A query is one kept statement in use: parameters are put in order, then it is
 * run, or its rows are read, column by column in order.  When anything has gone
 * wrong in the database before, it does nothing and has no rows.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "database.h"
#include <stddef.h>

struct query {
	struct database *database;
	sqlite3_stmt *statement; /* NULL: it does nothing */
	const char *table;       /* for errors; column 0 names the row */
	int put;                 /* parameters so far */
	int read;                /* columns so far */
};

/* sql is a literal; its statement must not be in use. */
struct query query_open(
    struct database *database, const char *table, const char *sql);

void query_put_number(struct query *query, int64_t number);
void query_put_null(struct query *query);
/* Borrowed until the end of the query; NULL is NULL; what is no UTF-8 is made
 * so. */
void query_put_text(struct query *query, const char *text);
void query_put_bytes(struct query *query, const void *bytes, size_t length);

/* Runs a query without rows.  Returns how many rows it changed, -1 when it
 * failed. */
int query_run(struct query *query);

/* Steps to the next row; false at the end, which ends the query. */
bool query_next(struct query *query);

/* Before its last row. */
void query_end(struct query *query);

/* The next column; damage when it is no number from least to most. */
int64_t query_number(struct query *query, int64_t least, int64_t most);
/* NULL is `instead`. */
int64_t query_number_or(struct query *query, int64_t instead, int64_t most);
bool query_bool(struct query *query);
/* New string; damage when it is NULL or no UTF-8.  Never NULL. */
char *query_string(struct query *query);
/* NULL is NULL. */
char *query_string_or_null(struct query *query);
/* Borrowed until the next step. */
const void *query_bytes(struct query *query, size_t *length);

#endif
