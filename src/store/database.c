/* SPDX-License-Identifier: MIT */
#include "database.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

/* Pages of the WAL after which they are brought into the file. */
#define CHECKPOINT_PAGES 4000

/* The locking mode comes first: with it WAL needs no shared memory, and
 * nobody else can open the file. */
static const char *const alone = "PRAGMA locking_mode = EXCLUSIVE";

/* Before anything is written, so before WAL; once, for it writes whatever it
 * was. */
static const char *const vacuum = "PRAGMA auto_vacuum = INCREMENTAL";

static const char *const pragmas[] = {
	"PRAGMA journal_mode = WAL",
	"PRAGMA journal_size_limit = 67108864",
	"PRAGMA secure_delete = OFF",
	"PRAGMA foreign_keys = ON",
	"PRAGMA cell_size_check = ON",
	"PRAGMA trusted_schema = OFF",
	"PRAGMA mmap_size = 0",
	"PRAGMA temp_store = MEMORY",
	"PRAGMA cache_size = -16000",
};

static GQuark
database_error(void)
{
	return g_quark_from_static_string("database");
}

static void
remember(struct database *database, enum engine_result result, char *error)
{
	database->result = result;
	g_free(database->error);
	database->error = error;
}

/* A sync that finds no space has perhaps written half of what it was asked to,
 * and will not tell again: that is no full disk but an unknown one.  errno is
 * of the call that failed: sqlite3_system_errno() knows nothing of those of a
 * commit, and keeps those of older errors. */
static bool
is_full(int code, int reason)
{
	if (code == SQLITE_FULL)
		return true;
	return (code & 0xff) == SQLITE_IOERR && code != SQLITE_IOERR_FSYNC &&
	       code != SQLITE_IOERR_DIR_FSYNC &&
	       (reason == ENOSPC || reason == EDQUOT);
}

/* What to do about it. */
static const char *
advise(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
		return ": another process has it open; end that one";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ": it is damaged or no database";
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return ": state_dir and its files must be writable for the "
		       "user of postferry";
	default:
		return "";
	}
}

/* "; what to do", or "". */
static char *
print_remedy(const struct database *database)
{
	return database->remedy != NULL
		   ? g_strconcat("; ", database->remedy, NULL)
		   : g_strdup("");
}

static bool
is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT ||
	       (code & 0xff) == SQLITE_NOTADB;
}

static char *
describe(struct database *database, int code, int reason)
{
	bool told = reason != 0 && ((code & 0xff) == SQLITE_IOERR ||
				       (code & 0xff) == SQLITE_CANTOPEN);

	g_autofree char *remedy =
	    is_damage(code) ? print_remedy(database) : g_strdup("");

	return g_strdup_printf("%s: %s (SQLite %d)%s%s%s%s", database->path,
	    sqlite3_errmsg(database->handle), code, told ? ": " : "",
	    told ? strerror(reason) : "", advise(code), remedy);
}

bool
database_fail(struct database *database, int code)
{
	int reason = errno;

	if (database->result != ENGINE_OK)
		return false;
	database->damaged = is_damage(code);
	remember(database, is_full(code, reason) ? ENGINE_FULL : ENGINE_BAD,
	    describe(database, code, reason));
	return false;
}

void
database_damage(struct database *database, const char *format, ...)
{
	g_autofree char *remedy = print_remedy(database);
	g_autofree char *what = NULL;
	va_list arguments;

	if (database->result != ENGINE_OK)
		return;
	va_start(arguments, format);
	what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	database->damaged = true;
	remember(database, ENGINE_BAD,
	    g_strdup_printf(
		"%s: it is damaged: %s%s", database->path, what, remedy));
}

static bool
run(struct database *database, const char *sql)
{
	int code;

	errno = 0;
	code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
	return code == SQLITE_OK || database_fail(database, code);
}

bool
database_begin(struct database *database)
{
	if (database->result == ENGINE_FULL)
		database->result = ENGINE_OK;
	return database->result == ENGINE_OK &&
	       run(database, "BEGIN IMMEDIATE");
}

bool
database_commit(struct database *database)
{
	return database->result == ENGINE_OK && run(database, "COMMIT");
}

void
database_rollback(struct database *database)
{
	int code;

	/* SQLite may have rolled it back by itself. */
	if (sqlite3_get_autocommit(database->handle) != 0)
		return;
	errno = 0;
	code = sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
	if (code != SQLITE_OK && database->result != ENGINE_BAD)
		remember(database, ENGINE_BAD, describe(database, code, errno));
}

bool
database_shrink(struct database *database, unsigned pages)
{
	g_autofree char *sql =
	    g_strdup_printf("PRAGMA incremental_vacuum(%u)", pages);

	return run(database, sql);
}

sqlite3_stmt *
database_statement(struct database *database, const char *sql)
{
	sqlite3_stmt *statement = g_hash_table_lookup(database->kept, sql);
	int code;

	if (database->result != ENGINE_OK)
		return NULL;
	if (statement != NULL)
		return statement;
	errno = 0;
	code = sqlite3_prepare_v3(database->handle, sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &statement, NULL);
	if (code != SQLITE_OK) {
		database_fail(database, code);
		return NULL;
	}
	g_hash_table_insert(database->kept, (void *)sql, statement);
	return statement;
}

/* SQLite's own hook would forget a failed sync of a checkpoint.  That there is
 * no space for one is no harm: the WAL has it all. */
static int
on_wal(void *object, sqlite3 *handle, const char *name, int pages)
{
	int code;

	(void)object;
	errno = 0;
	if (pages < CHECKPOINT_PAGES)
		return SQLITE_OK;
	code = sqlite3_wal_checkpoint_v2(
	    handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (code == SQLITE_OK || code == SQLITE_BUSY || is_full(code, errno))
		return SQLITE_OK;
	return code;
}

/* Tables without a rowid are not told of: what happens to a recipient or an
 * attempt changes the mail's row, too. */
static void
on_change(void *object, int what, const char *name, const char *table,
    sqlite3_int64 row)
{
	static const char *const tables[] = { "mail", "act", "event" };
	struct database *database = object;

	(void)what;
	(void)name;
	(void)row;
	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
		if (strcmp(table, tables[i]) == 0)
			database->changes++;
}

/* One number or word that a pragma answers; "" when it fails. */
static char *
ask(struct database *database, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	char *answer = NULL;
	int code =
	    sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		answer =
		    g_strdup((const char *)sqlite3_column_text(statement, 0));
	else if (code != SQLITE_DONE)
		database_fail(database, code);
	sqlite3_finalize(statement);
	return answer == NULL ? g_strdup("") : answer;
}

static int64_t
ask_number(struct database *database, const char *sql)
{
	g_autofree char *answer = ask(database, sql);

	return g_ascii_strtoll(answer, NULL, 10);
}

static bool
refuse(struct database *database, char *why)
{
	if (database->result == ENGINE_OK)
		remember(database, ENGINE_BAD, why);
	else
		g_free(why);
	return false;
}

/* Whose it is, and of which version; nothing is written yet. */
static bool
check_version(
    struct database *database, const struct schema *schema, int *version)
{
	int64_t application = ask_number(database, "PRAGMA application_id");
	int64_t have = ask_number(database, "PRAGMA user_version");
	bool made =
	    application != 0 || have != 0 ||
	    ask_number(database, "SELECT count(*) FROM sqlite_schema") != 0;

	if (database->result != ENGINE_OK)
		return false;
	if (made && application != schema->application_id)
		return refuse(database,
		    g_strdup_printf("%s: it is a database of another program "
				    "(application_id %" G_GINT64_FORMAT
				    ", expected %u): move it away, or set "
				    "another state_dir",
			database->path, application, schema->application_id));
	if (have < 0 || have > schema->version)
		return refuse(database,
		    g_strdup_printf("%s: it is of version %" G_GINT64_FORMAT
				    ", this postferry knows versions up to %d:"
				    " run the newer postferry that made it; "
				    "nothing was changed",
			database->path, have, schema->version));
	*version = (int)have;
	return true;
}

static bool
set_pragmas(struct database *database, enum database_sync sync)
{
	g_autofree char *mode = NULL;

	if (ask_number(database, "PRAGMA auto_vacuum") == 0 &&
	    !run(database, vacuum))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(pragmas); i++)
		if (!run(database, pragmas[i]))
			return false;
	if (!run(database, sync == DATABASE_SYNC_ALL
			       ? "PRAGMA synchronous = FULL"
			       : "PRAGMA synchronous = NORMAL"))
		return false;
	mode = ask(database, "PRAGMA journal_mode");
	if (strcmp(mode, "wal") != 0)
		return refuse(database,
		    g_strdup_printf("%s: it has journal_mode %s, expected wal: "
				    "state_dir must be on a local file system",
			database->path, mode));
	sqlite3_wal_hook(database->handle, on_wal, NULL);
	sqlite3_update_hook(database->handle, on_change, database);
	return true;
}

/* All missing steps at once. */
static bool
migrate(struct database *database, const struct schema *schema, int version)
{
	g_autofree char *mark = g_strdup_printf(
	    "PRAGMA application_id = %u; PRAGMA user_version = %d",
	    schema->application_id, schema->version);

	if (version == schema->version)
		return true;
	if (!database_begin(database))
		return false;
	for (int i = version; i < schema->version; i++)
		if (!run(database, schema->steps[i]))
			return false;
	return run(database, mark) && database_commit(database);
}

/* SQLite would take an empty file for a new one, and throw the WAL beside it
 * away. */
static bool
check_file(struct database *database)
{
	g_autofree char *wal = g_strconcat(database->path, "-wal", NULL);
	g_autofree char *remedy = print_remedy(database);
	struct stat main_file, wal_file;

	if (stat(wal, &wal_file) != 0 || wal_file.st_size == 0)
		return true;
	if (stat(database->path, &main_file) == 0 && main_file.st_size > 0)
		return true;
	database->damaged = true;
	return refuse(
	    database, g_strdup_printf("%s: it is missing or empty, but %s "
				      "holds changes of it%s",
			  database->path, wal, remedy));
}

static bool
connect_file(struct database *database)
{
	int code;

	/* Nobody asks how much memory SQLite has: that is a lock for each
	 * piece.  Heard by the first alone, before it has any. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	errno = 0;
	code = sqlite3_open_v2(database->path, &database->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	    NULL);
	sqlite3_extended_result_codes(database->handle, 1);
	if (code != SQLITE_OK)
		return database_fail(database, code);
	/* Until we know that it is ours: closing changes nothing. */
	sqlite3_db_config(
	    database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return run(database, alone);
}

static bool
open_file(struct database *database, const struct schema *schema,
    enum database_sync sync)
{
	int version = 0;

	if (!check_file(database) || !connect_file(database) ||
	    !check_version(database, schema, &version))
		return false;
	return set_pragmas(database, sync) &&
	       migrate(database, schema, version);
}

static void
free_database(struct database *database)
{
	int code;

	g_hash_table_unref(database->kept);
	code = sqlite3_close(database->handle);
	g_assert(code == SQLITE_OK);
	g_free(database->path);
	g_free(database->error);
	g_free(database);
}

static void
on_statement_free(void *statement)
{
	sqlite3_finalize(statement);
}

struct database *
database_open(const char *directory, const struct schema *schema,
    enum database_sync sync, bool *damaged, GError **error)
{
	struct database *database = g_new0(struct database, 1);

	database->path = g_build_filename(directory, schema->file, NULL);
	database->remedy = schema->remedy;
	database->kept = g_hash_table_new_full(
	    g_direct_hash, g_direct_equal, NULL, on_statement_free);
	*damaged = false;
	if (open_file(database, schema, sync))
		return database;
	*damaged = database->damaged;
	g_set_error(
	    error, database_error(), 0, "cannot open %s", database->error);
	free_database(database);
	return NULL;
}

bool
database_spare(struct database *database)
{
	int code;

	errno = 0;
	code = sqlite3_wal_checkpoint_v2(
	    database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (code == SQLITE_OK || code == SQLITE_BUSY || is_full(code, errno))
		return true;
	database_fail(database, code);
	return false;
}

void
database_close(struct database *database)
{
	if (database == NULL)
		return;
	database_rollback(database);
	if (database->result != ENGINE_BAD)
		sqlite3_wal_checkpoint_v2(database->handle, NULL,
		    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	free_database(database);
}
