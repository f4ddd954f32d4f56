/*
 * A thin coat over SQLite: errors told apart, values bound and read.
 *
 * Two kinds of error come out of it. LC_ERROR_CORRUPT: the file is not what it should be, and
 * trying again is of no use. LC_ERROR_SYSTEM: it cannot be read or written now (disk full, I/O,
 * permissions, lock); trying again may help.
 */
#ifndef LC_LEDGER_SQL_H
#define LC_LEDGER_SQL_H

#include "base/error.h"
#include "base/view.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Sets `error` from the database's last one; `path` names the file, `doing` says what failed
 * ("opening"). Returns false. `db` may be NULL: memory was short. */
bool lc_sql_fail(sqlite3 *db, const char *path, const char *doing, struct lc_error *error);

/* Runs SQL that gives no rows, one or several statements. */
bool lc_sql_execute(sqlite3 *db, const char *path, const char *sql, struct lc_error *error);

/* Prepares one statement, to be kept. */
bool lc_sql_prepare(sqlite3 *db, const char *path, const char *sql, sqlite3_stmt **statement,
		    struct lc_error *error);

/* The integer in the first column of the first row of a query; 0 if there is none. */
bool lc_sql_number(sqlite3 *db, const char *path, const char *sql, int64_t *number,
		   struct lc_error *error);

enum lc_sql_step {
	LC_SQL_FAILED, /* `error` is set and the statement reset */
	LC_SQL_ROW,
	LC_SQL_DONE, /* and the statement is reset */
};
enum lc_sql_step lc_sql_step(sqlite3_stmt *statement, const char *path, struct lc_error *error);

/* Steps a statement that gives no rows. */
bool lc_sql_run(sqlite3_stmt *statement, const char *path, struct lc_error *error);

/* Parameters count from 1. The view's bytes must stay until the statement is reset. */
void lc_sql_bind_number(sqlite3_stmt *statement, int parameter, int64_t value);
void lc_sql_bind_view(sqlite3_stmt *statement, int parameter, struct lc_view view);

/* Columns count from 0. The view is valid until the next step or reset. A second that is none
 * becomes the nearest one. */
struct lc_view lc_sql_view(sqlite3_stmt *statement, int column);
uint32_t lc_sql_second(sqlite3_stmt *statement, int column);
uint64_t lc_sql_count(sqlite3_stmt *statement, int column);

#endif
