#include "ledger/adoption.h"

#include "ledger/file_name.h"
#include "ledger/ledger_types.h"
#include "ledger/schema.h"
#include "ledger/sql.h"

#include <stdio.h>

enum { SQL_MAX = 256 };

/* Slots are counted whole. */
static bool count_uncommitted(sqlite3 *db, const char *path, uint64_t *rows, struct lc_error *error)
{
	char sql[SQL_MAX];
	int64_t sum;

	snprintf(
	    sql, sizeof(sql),
	    "SELECT coalesce(sum(slot.rows), 0) FROM slot JOIN source ON source.id = slot.source "
	    "WHERE (slot.slot + 1) * %d > source.committed_second + 1",
	    (int)LC_LEDGER_SLOT_SECONDS);
	if (!lc_sql_number(db, path, sql, &sum, error))
		return false;
	*rows = sum > 0 ? (uint64_t)sum : 0;
	return true;
}

bool lc_adoption_remove_ledger(const char *path, uint64_t *rows, struct lc_error *error)
{
	sqlite3 *db = lc_schema_open_for_check(path, error);
	bool counted;

	if (db == NULL)
		return false;
	counted = count_uncommitted(db, path, rows, error);
	sqlite3_close(db);
	return counted && lc_file_name_remove_all(path, error);
}
