#include "ledger/move_rows.h"

#include "base/memory.h"
#include "ledger/sql.h"

#include <stdlib.h>

bool lc_move_rows_damaged(const struct lc_move_rows *rows, const char *what)
{
	return lc_error_set(rows->error, LC_ERROR_CORRUPT, "ledger %s: %s", rows->path, what);
}

void lc_move_rows_add_number(struct lc_move_rows_numbers *numbers, int64_t old)
{
	numbers->old = lc_memory_grow(numbers->old, &numbers->capacity, numbers->count + 1,
				      sizeof(numbers->old[0]));
	numbers->old[numbers->count++] = old;
}

static int compare_numbers(const void *a, const void *b)
{
	const int64_t *left = a;
	const int64_t *right = b;

	return (*left > *right) - (*left < *right);
}

void lc_move_rows_sort_numbers(struct lc_move_rows_numbers *numbers)
{
	if (numbers->count > 0)
		qsort(numbers->old, numbers->count, sizeof numbers->old[0], compare_numbers);
}

bool lc_move_rows_renumber(const struct lc_move_rows_numbers *numbers, sqlite3_stmt *row,
			   int column, sqlite3_stmt *insert)
{
	int64_t old = sqlite3_column_int64(row, column);
	const int64_t *found = numbers->count == 0 ? NULL
						   : bsearch(&old, numbers->old, numbers->count,
							     sizeof old, compare_numbers);

	if (found == NULL)
		return false;
	lc_sql_bind_number(insert, column + 1, numbers->base + 1 + (found - numbers->old));
	return true;
}

bool lc_move_rows_each(struct lc_move_rows *rows, const char *query,
		       bool (*visit)(struct lc_move_rows *rows, sqlite3_stmt *row, void *context),
		       void *context)
{
	sqlite3_stmt *row = NULL;
	enum lc_sql_step step;

	if (!lc_sql_prepare(rows->old, rows->path, query, &row, rows->error))
		return false;
	if (sqlite3_bind_parameter_count(row) > 0) {
		lc_sql_bind_number(row, 1, rows->copy->shard_count);
		lc_sql_bind_number(row, 2, rows->copy->shard);
	}
	while ((step = lc_sql_step(row, rows->path, rows->error)) == LC_SQL_ROW) {
		if (!visit(rows, row, context)) {
			step = LC_SQL_FAILED;
			break;
		}
	}
	sqlite3_finalize(row);
	return step == LC_SQL_DONE;
}

struct insert {
	sqlite3_stmt *statement;
	/* Puts other values in place of some of the row's. */
	bool (*change)(struct lc_move_rows *rows, sqlite3_stmt *row, sqlite3_stmt *insert);
};

static bool copy_row(struct lc_move_rows *rows, sqlite3_stmt *row, void *context)
{
	const struct insert *insert = context;

	for (int i = 0; i < sqlite3_column_count(row); i++) {
		if (sqlite3_bind_value(insert->statement, i + 1, sqlite3_column_value(row, i)) !=
		    SQLITE_OK)
			return lc_sql_fail(rows->copy->db, rows->copy->path, "copying",
					   rows->error);
	}
	return (insert->change == NULL || insert->change(rows, row, insert->statement)) &&
	       lc_sql_run(insert->statement, rows->copy->path, rows->error);
}

bool lc_move_rows_copy(struct lc_move_rows *rows, const char *query, const char *sql,
		       bool (*change)(struct lc_move_rows *rows, sqlite3_stmt *row,
				      sqlite3_stmt *insert))
{
	struct insert insert = {.change = change};
	bool copied =
	    lc_sql_prepare(rows->copy->db, rows->copy->path, sql, &insert.statement, rows->error) &&
	    lc_move_rows_each(rows, query, copy_row, &insert);

	sqlite3_finalize(insert.statement);
	return copied;
}
