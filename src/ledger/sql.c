#include "ledger/sql.h"

#include "base/assert.h"

#include <string.h>

static enum lc_error_kind kind_of(int code)
{
	switch (code & 0xFF) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_CONSTRAINT: /* our statements keep to them: an index contradicts its table */
	case SQLITE_ERROR:      /* a table or a column is missing */
	case SQLITE_SCHEMA:
		return LC_ERROR_CORRUPT;
	default:
		return LC_ERROR_SYSTEM;
	}
}

/* What the operating system said last; it may have said it a while ago, so only of some errors. */
static bool has_reason(int code)
{
	code &= 0xFF;
	return code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_FULL;
}

bool lc_sql_fail(sqlite3 *db, const char *path, const char *doing, struct lc_error *error)
{
	int code = db == NULL ? SQLITE_NOMEM : sqlite3_extended_errcode(db);
	const char *text = db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db);
	int reason = db != NULL && has_reason(code) ? sqlite3_system_errno(db) : 0;
	char buffer[128];

	if ((code & 0xFF) == SQLITE_BUSY)
		return lc_error_set(error, LC_ERROR_SYSTEM,
				    "ledger %s: %s: another process has it open", path, doing);
	return lc_error_set(error, kind_of(code), "ledger %s: %s: %s%s%s (SQLite error %d)", path,
			    doing, text, reason == 0 ? "" : ": ",
			    reason == 0 ? "" : strerror_r(reason, buffer, sizeof buffer), code);
}

bool lc_sql_execute(sqlite3 *db, const char *path, const char *sql, struct lc_error *error)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return lc_sql_fail(db, path, "running a statement", error);
	return true;
}

bool lc_sql_prepare(sqlite3 *db, const char *path, const char *sql, sqlite3_stmt **statement,
		    struct lc_error *error)
{
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) !=
	    SQLITE_OK)
		return lc_sql_fail(db, path, "preparing a statement", error);
	return true;
}

bool lc_sql_number(sqlite3 *db, const char *path, const char *sql, int64_t *number,
		   struct lc_error *error)
{
	sqlite3_stmt *statement = NULL;
	enum lc_sql_step step;

	*number = 0;
	if (!lc_sql_prepare(db, path, sql, &statement, error))
		return false;
	step = lc_sql_step(statement, path, error);
	if (step == LC_SQL_ROW)
		*number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return step != LC_SQL_FAILED;
}

enum lc_sql_step lc_sql_step(sqlite3_stmt *statement, const char *path, struct lc_error *error)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return LC_SQL_ROW;
	if (code == SQLITE_DONE) {
		sqlite3_reset(statement);
		return LC_SQL_DONE;
	}
	lc_sql_fail(sqlite3_db_handle(statement), path, "reading or writing", error);
	sqlite3_reset(statement);
	return LC_SQL_FAILED;
}

bool lc_sql_run(sqlite3_stmt *statement, const char *path, struct lc_error *error)
{
	enum lc_sql_step step = lc_sql_step(statement, path, error);

	LC_ASSERT(step != LC_SQL_ROW);
	return step == LC_SQL_DONE;
}

void lc_sql_bind_number(sqlite3_stmt *statement, int parameter, int64_t value)
{
	LC_ASSERT(sqlite3_bind_int64(statement, parameter, value) == SQLITE_OK);
}

void lc_sql_bind_view(sqlite3_stmt *statement, int parameter, struct lc_view view)
{
	/* A null pointer would become NULL, which equals nothing. */
	const char *data = view.size == 0 ? "" : view.data;

	LC_ASSERT(sqlite3_bind_blob64(statement, parameter, data, view.size, SQLITE_STATIC) ==
		  SQLITE_OK);
}

struct lc_view lc_sql_view(sqlite3_stmt *statement, int column)
{
	const char *data = sqlite3_column_blob(statement, column);

	return (struct lc_view){
	    .data = data,
	    .size = data == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, column),
	};
}

uint32_t lc_sql_second(sqlite3_stmt *statement, int column)
{
	int64_t value = sqlite3_column_int64(statement, column);

	if (value < 0)
		return 0;
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

uint64_t lc_sql_count(sqlite3_stmt *statement, int column)
{
	int64_t value = sqlite3_column_int64(statement, column);

	return value < 0 ? 0 : (uint64_t)value;
}
