/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <errno.h>

struct query
query_open(struct database *database, const char *table, const char *sql)
{
	struct query query = {
		.database = database,
		.statement = database_statement(database, sql),
		.table = table,
	};

	g_assert(
	    query.statement == NULL || sqlite3_stmt_busy(query.statement) == 0);
	return query;
}

/* True when the query may go on. */
static bool
is_well(const struct query *query)
{
	return query->statement != NULL && query->database->result == ENGINE_OK;
}

/* What SQLite said to a parameter. */
static void
check_put(struct query *query, int code)
{
	if (code != SQLITE_OK)
		database_fail(query->database, code);
}

void
query_put_number(struct query *query, int64_t number)
{
	if (is_well(query))
		check_put(query,
		    sqlite3_bind_int64(query->statement, ++query->put, number));
}

void
query_put_null(struct query *query)
{
	if (is_well(query))
		check_put(
		    query, sqlite3_bind_null(query->statement, ++query->put));
}

void
query_put_text(struct query *query, const char *text)
{
	char *valid;

	if (!is_well(query))
		return;
	if (text == NULL) {
		query_put_null(query);
		return;
	}
	if (g_utf8_validate(text, -1, NULL)) {
		check_put(query, sqlite3_bind_text(query->statement,
				     ++query->put, text, -1, SQLITE_STATIC));
		return;
	}
	valid = g_utf8_make_valid(text, -1);
	check_put(query, sqlite3_bind_text(query->statement, ++query->put,
			     valid, -1, g_free));
}

void
query_put_bytes(struct query *query, const void *bytes, size_t length)
{
	if (is_well(query))
		check_put(
		    query, sqlite3_bind_blob64(query->statement, ++query->put,
			       bytes, length, SQLITE_STATIC));
}

void
query_end(struct query *query)
{
	if (query->statement == NULL)
		return;
	/* What it returns was returned by the step already. */
	sqlite3_reset(query->statement);
	sqlite3_clear_bindings(query->statement);
	query->statement = NULL;
}

bool
query_next(struct query *query)
{
	int code = SQLITE_DONE;

	query->read = 0;
	errno = 0;
	if (is_well(query))
		code = sqlite3_step(query->statement);
	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		database_fail(query->database, code);
	query_end(query);
	return false;
}

int
query_run(struct query *query)
{
	bool row = query_next(query);

	g_assert(!row);
	if (query->database->result != ENGINE_OK)
		return -1;
	return sqlite3_changes(query->database->handle);
}

/* It makes no sense: says where. */
static void
tell_damage(struct query *query, int column, const char *expected)
{
	sqlite3_stmt *statement = query->statement;
	g_autofree char *row =
	    g_strdup((const char *)sqlite3_column_text(statement, 0));
	g_autofree char *value = g_utf8_make_valid(
	    sqlite3_column_type(statement, column) == SQLITE_NULL
		? "NULL"
		: (const char *)sqlite3_column_text(statement, column),
	    -1);

	database_damage(query->database,
	    "table %s, row %s: %s is %.100s, expected %s", query->table,
	    row == NULL ? "NULL" : row, sqlite3_column_name(statement, column),
	    value, expected);
}

int64_t
query_number(struct query *query, int64_t least, int64_t most)
{
	g_autofree char *expected = NULL;
	int column = query->read++;
	int64_t number;

	if (!is_well(query))
		return least;
	number = sqlite3_column_int64(query->statement, column);
	if (sqlite3_column_type(query->statement, column) == SQLITE_INTEGER &&
	    number >= least && number <= most)
		return number;
	expected = g_strdup_printf(
	    "%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, least, most);
	tell_damage(query, column, expected);
	return least;
}

int64_t
query_number_or(struct query *query, int64_t instead, int64_t most)
{
	if (!is_well(query) ||
	    sqlite3_column_type(query->statement, query->read) != SQLITE_NULL)
		return query_number(query, 0, most);
	query->read++;
	return instead;
}

bool
query_bool(struct query *query)
{
	return query_number(query, 0, 1) != 0;
}

char *
query_string_or_null(struct query *query)
{
	int column = query->read++;
	const char *text;

	if (!is_well(query) ||
	    sqlite3_column_type(query->statement, column) == SQLITE_NULL)
		return NULL;
	text = (const char *)sqlite3_column_text(query->statement, column);
	if (text == NULL)
		database_fail(query->database, SQLITE_NOMEM);
	else if (!g_utf8_validate_len(text,
		     (size_t)sqlite3_column_bytes(query->statement, column),
		     NULL))
		tell_damage(query, column, "text in UTF-8");
	return query->database->result == ENGINE_OK ? g_strdup(text) : NULL;
}

char *
query_string(struct query *query)
{
	int column = query->read;
	char *text = query_string_or_null(query);

	if (text != NULL)
		return text;
	if (is_well(query))
		tell_damage(query, column, "text");
	return g_strdup("");
}

const void *
query_bytes(struct query *query, size_t *length)
{
	int column = query->read++;
	const void *bytes;

	*length = 0;
	if (!is_well(query))
		return "";
	bytes = sqlite3_column_blob(query->statement, column);
	*length = (size_t)sqlite3_column_bytes(query->statement, column);
	return bytes == NULL ? "" : bytes;
}
