/*
 * Proving a ledger's invariants. Everything is read once, object by object; what has to be compared
 * over all objects (keys, sums of slots) is kept in temporary tables, which SQLite puts on disk
 * when they get large.
 */
#include "ledger/ledger_check.h"

#include "base/assert.h"
#include "formats/taken_rows.h"
#include "ledger/ledger_types.h"
#include "ledger/schema.h"
#include "ledger/sql.h"

#include <inttypes.h>
#include <stdio.h>

enum { FAULT_SIZE = 512 };

struct check {
	sqlite3 *db;
	const char *path;
	void (*on_fault)(void *context, const char *fault);
	void *context;
	int64_t next_intent_id;
	int64_t kept_from; /* what is older may be forgotten in part */
	sqlite3_stmt *add_key;
	sqlite3_stmt *add_rows;
	struct lc_error error;
};

static void report(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void report(struct check *check, const char *format, ...)
{
	char fault[FAULT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fault, sizeof fault, format, arguments);
	va_end(arguments);
	check->on_fault(check->context, fault);
}

/* Calls `visit` for each row of a query. */
static bool each_row(struct check *check, const char *sql,
		     bool (*visit)(struct check *check, sqlite3_stmt *row))
{
	sqlite3_stmt *statement = NULL;
	enum lc_sql_step step;

	if (!lc_sql_prepare(check->db, check->path, sql, &statement, &check->error))
		return false;
	while ((step = lc_sql_step(statement, check->path, &check->error)) == LC_SQL_ROW) {
		if (!visit(check, statement)) {
			step = LC_SQL_FAILED;
			break;
		}
	}
	sqlite3_finalize(statement);
	return step == LC_SQL_DONE;
}

/* For queries whose rows are faults: the sentence stands in the first column. */
static bool report_row(struct check *check, sqlite3_stmt *row)
{
	report(check, "%s", (const char *)sqlite3_column_text(row, 0));
	return true;
}

/* ---- objects ---- */

/* What the blob says of each slot's rows, as far as it can be read. */
static bool add_rows(struct check *check, int64_t source, struct lc_view blob)
{
	struct lc_taken_second second = {0};
	size_t position = 0;

	while (lc_taken_rows_next(blob, &position, &second, NULL)) {
		lc_sql_bind_number(check->add_rows, 1, second.second / LC_LEDGER_SLOT_SECONDS);
		lc_sql_bind_number(check->add_rows, 2, source);
		lc_sql_bind_number(check->add_rows, 3, second.count);
		if (!lc_sql_run(check->add_rows, check->path, &check->error))
			return false;
	}
	return true;
}

static bool check_blob(struct check *check, sqlite3_stmt *row)
{
	struct lc_view blob = lc_sql_view(row, 7);
	struct lc_taken_summary expected = {
	    .first_second = lc_sql_second(row, 2),
	    .last_second = lc_sql_second(row, 3),
	    .rows = lc_sql_count(row, 4),
	};
	struct lc_error fault;

	if (!lc_taken_rows_check(blob, &expected, &fault))
		report(check, "object %" PRId64 ": %s", (int64_t)sqlite3_column_int64(row, 0),
		       fault.message);
	return add_rows(check, sqlite3_column_int64(row, 1), blob);
}

static bool check_key(struct check *check, sqlite3_stmt *row)
{
	int64_t id = sqlite3_column_int64(row, 0);

	lc_sql_bind_view(check->add_key, 1, lc_sql_view(row, 5));
	lc_sql_bind_view(check->add_key, 2, lc_sql_view(row, 6));
	if (!lc_sql_run(check->add_key, check->path, &check->error))
		return false;
	if (sqlite3_changes(check->db) == 0)
		report(check, "object %" PRId64 ": another one has its key", id);
	return true;
}

static bool check_object(struct check *check, sqlite3_stmt *row)
{
	int64_t id = sqlite3_column_int64(row, 0);
	bool known = sqlite3_column_int(row, 8) != 0;

	if (id <= 0 || id >= check->next_intent_id)
		report(check, "object %" PRId64 ": the next one is %" PRId64, id,
		       check->next_intent_id);
	if (!known && sqlite3_column_int64(row, 3) >= check->kept_from)
		report(check, "object %" PRId64 ": its source is not known", id);
	return check_key(check, row) && check_blob(check, row);
}

/* Objects in the wrong table, and open intents without their object. */
static bool check_place(struct check *check, uint32_t hour, uint32_t oldest, const char *table)
{
	char sql[1024];

	snprintf(sql, sizeof sql,
		 "SELECT 'object ' || id || ': it does not belong to hour %u' FROM %s"
		 " WHERE last_second / %d <> %u OR first_second < %u"
		 " UNION ALL SELECT 'open intent ' || o.id || ': there is no such object' "
		 "FROM open_intent o WHERE o.hour = %u AND NOT EXISTS (SELECT 1 FROM %s b"
		 " WHERE b.id = o.id AND b.source = o.source AND b.rows = o.rows"
		 " AND b.first_second = o.first_second AND b.target_bucket = o.target_bucket"
		 " AND b.target_prefix = o.target_prefix AND b.expired = 0)",
		 hour, table, (int)LC_SCHEMA_HOUR_SECONDS, hour, oldest, hour, table);
	return each_row(check, sql, report_row);
}

static bool check_hour(struct check *check, sqlite3_stmt *row)
{
	uint32_t hour = lc_sql_second(row, 0);
	char table[LC_SCHEMA_TABLE_NAME_SIZE];
	char sql[512];

	lc_schema_table_name(hour, table);
	snprintf(sql, sizeof sql,
		 "SELECT id, source, first_second, last_second, rows, target_bucket, key,"
		 " taken_rows, source IN (SELECT id FROM source) FROM %s ORDER BY id",
		 table);
	return check_place(check, hour, lc_sql_second(row, 1), table) &&
	       each_row(check, sql, check_object);
}

/* ---- everything ---- */

static bool report_integrity(struct check *check, sqlite3_stmt *row)
{
	const char *text = (const char *)sqlite3_column_text(row, 0);

	if (text != NULL && sqlite3_stricmp(text, "ok") != 0)
		report(check, "the file is damaged: %s", text);
	return true;
}

static bool read_numbers(struct check *check)
{
	int64_t expired;

	if (!lc_sql_number(check->db, check->path,
			   "SELECT value FROM meta WHERE name = 'next_intent_id'",
			   &check->next_intent_id, &check->error) ||
	    !lc_sql_number(check->db, check->path,
			   "SELECT value FROM meta WHERE name = 'expired_until'", &expired,
			   &check->error) ||
	    !lc_sql_number(check->db, check->path, "SELECT value FROM meta WHERE name = 'horizon'",
			   &check->kept_from, &check->error))
		return false;
	if (expired > check->kept_from)
		check->kept_from = expired;
	return true;
}

static bool prepare(struct check *check)
{
	return lc_sql_execute(
		   check->db, check->path,
		   "CREATE TEMP TABLE seen_key (target BLOB, key BLOB, PRIMARY KEY (target, key))"
		   " WITHOUT ROWID;"
		   "CREATE TEMP TABLE sum (slot INTEGER, source INTEGER, rows INTEGER,"
		   " PRIMARY KEY (slot, source)) WITHOUT ROWID",
		   &check->error) &&
	       lc_sql_prepare(check->db, check->path,
			      "INSERT OR IGNORE INTO seen_key (target, key) VALUES (?1, ?2)",
			      &check->add_key, &check->error) &&
	       lc_sql_prepare(
		   check->db, check->path,
		   "INSERT INTO sum (slot, source, rows) VALUES (?1, ?2, ?3) "
		   "ON CONFLICT (slot, source) DO UPDATE SET rows = rows + excluded.rows",
		   &check->add_rows, &check->error);
}

/* Of slots that lie whole within what is kept. */
static bool check_slots(struct check *check)
{
	char sql[1024];
	int64_t first = (check->kept_from + LC_LEDGER_SLOT_SECONDS - 1) / LC_LEDGER_SLOT_SECONDS;

	snprintf(sql, sizeof sql,
		 "SELECT 'slot ' || (c.slot * %d) || ' of source ' || c.source || ': ' || c.rows ||"
		 " ' rows are counted, ' || coalesce(s.rows, 0) || ' are taken' FROM slot c"
		 " LEFT JOIN sum s ON s.slot = c.slot AND s.source = c.source"
		 " WHERE c.slot >= %" PRId64 " AND c.rows <> coalesce(s.rows, 0)"
		 " UNION ALL SELECT 'slot ' || (s.slot * %d) || ' of source ' || s.source ||"
		 " ': no rows are counted, ' || s.rows || ' are taken' FROM sum s"
		 " WHERE s.slot >= %" PRId64 " AND NOT EXISTS"
		 " (SELECT 1 FROM slot c WHERE c.slot = s.slot AND c.source = s.source)",
		 (int)LC_LEDGER_SLOT_SECONDS, first, (int)LC_LEDGER_SLOT_SECONDS, first);
	return each_row(check, sql, report_row);
}

static const char RANGES[] =
    "SELECT 'source ' || source || ': the range from second ' || first_second ||"
    " ' is empty or overlaps the next one' FROM (SELECT source, first_second, until,"
    " lead(first_second) OVER (PARTITION BY source ORDER BY first_second) AS next"
    " FROM open_range) WHERE first_second >= until OR until > next"
    " UNION ALL SELECT 'source ' || source || ': it has a range and is not known'"
    " FROM open_range WHERE source NOT IN (SELECT id FROM source)"
    " UNION ALL SELECT 'source ' || source || ': it has an open intent and is not known'"
    " FROM open_intent WHERE source NOT IN (SELECT id FROM source)";

static const char TABLES[] =
    "SELECT 'open intent ' || id || ': its hour has no table' FROM open_intent"
    " WHERE hour NOT IN (SELECT hour FROM hour)"
    " UNION ALL SELECT name || ': the table belongs to no hour' FROM sqlite_master"
    " WHERE type = 'table' AND name LIKE 'objects\\_%' ESCAPE '\\'"
    " AND name NOT IN (SELECT 'objects_' || hour FROM hour)";

static bool check_all(struct check *check)
{
	return each_row(check, "PRAGMA integrity_check", report_integrity) && read_numbers(check) &&
	       prepare(check) &&
	       each_row(check, "SELECT hour, oldest_second FROM hour ORDER BY hour", check_hour) &&
	       check_slots(check) && each_row(check, RANGES, report_row) &&
	       each_row(check, TABLES, report_row);
}

bool lc_ledger_check(const char *path, void (*on_fault)(void *context, const char *fault),
		     void *context, struct lc_error *error)
{
	struct check check = {.path = path, .on_fault = on_fault, .context = context};
	bool read;

	check.db = lc_schema_open_for_check(path, error);
	if (check.db == NULL)
		return false;
	read = check_all(&check);
	sqlite3_finalize(check.add_key);
	sqlite3_finalize(check.add_rows);
	LC_ASSERT(sqlite3_close(check.db) == SQLITE_OK);
	if (read)
		return true;
	if (check.error.kind == LC_ERROR_CORRUPT) {
		report(&check, "%s", check.error.message);
		return true;
	}
	*error = check.error;
	return false;
}
