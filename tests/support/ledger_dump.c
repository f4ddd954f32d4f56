#include "support/ledger_dump.h"

#include "base/assert.h"

#include <sqlite3.h>
#include <stdint.h>

static void dump_table(sqlite3 *db, const char *table, struct lc_buffer *out)
{
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\" ORDER BY 1, 2", table);
	sqlite3_stmt *statement;

	lc_buffer_append_format(out, "== %s\n", table);
	LC_ASSERT(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			const char *bytes = sqlite3_column_blob(statement, i);

			lc_buffer_append(out, bytes == NULL ? "" : bytes,
					 (size_t)sqlite3_column_bytes(statement, i));
			lc_buffer_append_char(out, '|');
		}
		lc_buffer_append_char(out, '\n');
	}
	sqlite3_finalize(statement);
	sqlite3_free(sql);
}

void ledger_dump(const char *path, struct lc_buffer *out)
{
	static const char TABLES[] =
	    "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
	sqlite3_stmt *tables;
	sqlite3 *db;

	lc_buffer_init(out, SIZE_MAX / 2);
	LC_ASSERT(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
	LC_ASSERT(sqlite3_prepare_v2(db, TABLES, -1, &tables, NULL) == SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW)
		dump_table(db, (const char *)sqlite3_column_text(tables, 0), out);
	sqlite3_finalize(tables);
	LC_ASSERT(sqlite3_close(db) == SQLITE_OK);
}

bool ledger_dumps_equal(struct lc_buffer *one, struct lc_buffer *other)
{
	bool equal = one->size > 0 && lc_view_equal(lc_buffer_view(one), lc_buffer_view(other));

	lc_buffer_free(one);
	lc_buffer_free(other);
	return equal;
}
