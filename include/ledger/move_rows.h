/*
 * Rows of one ledger on their way into another: read by a query, given other numbers, inserted.
 * What is copied, and in which order, is decided by ledger/move_copy.
 */
#ifndef LC_LEDGER_MOVE_ROWS_H
#define LC_LEDGER_MOVE_ROWS_H

#include "base/error.h"
#include "ledger/move_copy.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of the old ledger, ascending; what stands at place i gets the number base + 1 + i. */
struct lc_move_rows_numbers {
	int64_t *old;
	size_t count;
	size_t capacity;
	int64_t base;
};

/* The copying from one ledger. */
struct lc_move_rows {
	struct lc_move_copy *copy;
	sqlite3 *old;
	const char *path; /* of the old one */
	unsigned shard;
	unsigned shard_count;
	struct lc_move_rows_numbers sources;
	struct lc_move_rows_numbers objects;
	struct lc_error *error;
};

/* Sets the error (LC_ERROR_CORRUPT) that the old ledger is not what it should be; returns false. */
bool lc_move_rows_damaged(const struct lc_move_rows *rows, const char *what);

void lc_move_rows_add_number(struct lc_move_rows_numbers *numbers, int64_t old);
void lc_move_rows_sort_numbers(struct lc_move_rows_numbers *numbers);

/* Binds the new number of the old one in the row's column to the insert's parameter `column` + 1.
 * False, without an error, when there is no such number. */
bool lc_move_rows_renumber(const struct lc_move_rows_numbers *numbers, sqlite3_stmt *row,
			   int column, sqlite3_stmt *insert);

/* Calls `visit` for each row of a query of the old ledger; a query with parameters gets the new
 * ledger's shard count as ?1 and its shard as ?2, by which it can tell the sessions that are
 * wanted. */
bool lc_move_rows_each(struct lc_move_rows *rows, const char *query,
		       bool (*visit)(struct lc_move_rows *rows, sqlite3_stmt *row, void *context),
		       void *context);

/* Copies the rows of a query: column i becomes parameter i + 1 of the insert `sql`. `change`, which
 * may be NULL, puts other values in place of some of the row's. */
bool lc_move_rows_copy(struct lc_move_rows *rows, const char *query, const char *sql,
		       bool (*change)(struct lc_move_rows *rows, sqlite3_stmt *row,
				      sqlite3_stmt *insert));

#endif
