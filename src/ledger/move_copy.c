#include "ledger/move_copy.h"

#include "ledger/move_rows.h"
#include "ledger/origin.h"
#include "ledger/schema.h"
#include "ledger/sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SQL_SIZE = 768 };

/* Of the tables that name a source: rows of sources that belong to the new ledger. */
#define WANTED "source IN (SELECT id FROM source WHERE session % ?1 = ?2)"

/* ---- sources and what belongs to them ---- */

static bool change_source(struct lc_move_rows *rows, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	if (lc_sql_second(row, 1) % rows->shard_count != rows->shard)
		return lc_move_rows_damaged(rows, "a source is of another shard's raft session");
	lc_move_rows_add_number(&rows->sources, sqlite3_column_int64(row, 0));
	lc_sql_bind_number(insert, 1, ++rows->copy->sources);
	return true;
}

static bool change_owner(struct lc_move_rows *rows, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	return lc_move_rows_renumber(&rows->sources, row, 0, insert) ||
	       lc_move_rows_damaged(rows, "a source is missing");
}

static bool change_object(struct lc_move_rows *rows, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	return change_owner(rows, row, insert) &&
	       (lc_move_rows_renumber(&rows->objects, row, 1, insert) ||
		lc_move_rows_damaged(rows, "an open intent has no log object"));
}

static bool copy_sources(struct lc_move_rows *rows)
{
	return lc_move_rows_copy(
		   rows,
		   "SELECT id, session, bucket, floor_second, floor_start_ms, floor_req_id,"
		   " committed_second, last_second FROM source WHERE session % ?1 = ?2"
		   " ORDER BY id",
		   "INSERT INTO source (id, session, bucket, floor_second, floor_start_ms,"
		   " floor_req_id, committed_second, last_second)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		   change_source) &&
	       lc_move_rows_copy(
		   rows, "SELECT source, first_second, until, since FROM open_range WHERE " WANTED,
		   "INSERT INTO open_range (source, first_second, until, since)"
		   " VALUES (?1, ?2, ?3, ?4)",
		   change_owner) &&
	       lc_move_rows_copy(rows, "SELECT source, slot, rows FROM slot WHERE " WANTED,
				 "INSERT INTO slot (source, slot, rows) VALUES (?1, ?2, ?3)",
				 change_owner);
}

/* ---- log objects ---- */

static bool note_object(struct lc_move_rows *rows, sqlite3_stmt *row, void *context)
{
	uint32_t *oldest = context;

	lc_move_rows_add_number(&rows->objects, sqlite3_column_int64(row, 0));
	if (lc_sql_second(row, 1) < *oldest)
		*oldest = lc_sql_second(row, 1);
	return true;
}

/* An hour's table in the new ledger, which has rows from `oldest` on. */
static bool add_hour(struct lc_move_rows *rows, uint32_t hour, uint32_t oldest)
{
	struct lc_move_copy *copy = rows->copy;
	char sql[SQL_SIZE];
	int64_t known;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM hour WHERE hour = %" PRIu32, hour);
	if (!lc_sql_number(copy->db, copy->path, sql, &known, rows->error) ||
	    (known == 0 && !lc_schema_add_hour(copy->db, copy->path, hour, rows->error)))
		return false;
	snprintf(sql, sizeof sql,
		 "INSERT INTO hour (hour, oldest_second) VALUES (%" PRIu32 ", %" PRIu32 ")"
		 " ON CONFLICT (hour) DO UPDATE"
		 " SET oldest_second = min(oldest_second, excluded.oldest_second)",
		 hour, oldest);
	return lc_sql_execute(copy->db, copy->path, sql, rows->error);
}

/* The numbers of all objects are known before the first one is copied, so that they keep their
 * order over all hours. */
static bool prepare_hour(struct lc_move_rows *rows, sqlite3_stmt *row, void *context)
{
	uint32_t hour = lc_sql_second(row, 0);
	uint32_t oldest = UINT32_MAX;
	size_t before = rows->objects.count;
	char table[LC_SCHEMA_TABLE_NAME_SIZE];
	char sql[SQL_SIZE];

	(void)context;
	lc_schema_table_name(hour, table);
	snprintf(sql, sizeof sql, "SELECT id, first_second FROM %s WHERE %s", table, WANTED);
	return lc_move_rows_each(rows, sql, note_object, &oldest) &&
	       (rows->objects.count == before || add_hour(rows, hour, oldest));
}

static bool copy_hour(struct lc_move_rows *rows, sqlite3_stmt *row, void *context)
{
	uint32_t hour = lc_sql_second(row, 0);
	char table[LC_SCHEMA_TABLE_NAME_SIZE];
	char query[SQL_SIZE];
	char insert[SQL_SIZE];
	int64_t known;

	(void)context;
	lc_schema_table_name(hour, table);
	snprintf(query, sizeof query, "SELECT count(*) FROM hour WHERE hour = %" PRIu32, hour);
	if (!lc_sql_number(rows->copy->db, rows->copy->path, query, &known, rows->error))
		return false;
	if (known == 0)
		return true;
	snprintf(query, sizeof query,
		 "SELECT source, id, first_second, last_second, rows, bytes, expired,"
		 " target_bucket, target_prefix, key, taken_rows FROM %s WHERE %s",
		 table, WANTED);
	snprintf(insert, sizeof insert,
		 "INSERT INTO %s (source, id, first_second, last_second, rows, bytes, expired,"
		 " target_bucket, target_prefix, key, taken_rows)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
		 table);
	return lc_move_rows_copy(rows, query, insert, change_object);
}

static bool copy_objects(struct lc_move_rows *rows)
{
	static const char HOURS[] = "SELECT hour FROM hour ORDER BY hour";

	if (!lc_move_rows_each(rows, HOURS, prepare_hour, NULL))
		return false;
	lc_move_rows_sort_numbers(&rows->objects);
	rows->copy->objects += (int64_t)rows->objects.count;
	return lc_move_rows_each(rows, HOURS, copy_hour, NULL) &&
	       lc_move_rows_copy(
		   rows,
		   "SELECT source, id, hour, target_bucket, first_second, rows, target_prefix"
		   " FROM open_intent WHERE " WANTED,
		   "INSERT INTO open_intent (source, id, hour, target_bucket, first_second,"
		   " rows, target_prefix) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		   change_object);
}

/* ---- what is known of targets ---- */

/* Shards learn for themselves whether a target works: what the later probe is waiting for was
 * learnt last. What an operator has given up was meant for all shards. */
static bool copy_targets(struct lc_move_rows *rows)
{
	return lc_move_rows_copy(
		   rows, "SELECT bucket, whole, prefix, refused, failures, probe_at_ms FROM target",
		   "INSERT INTO target (bucket, whole, prefix, refused, failures, probe_at_ms)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (bucket, whole, prefix)"
		   " DO UPDATE SET refused = excluded.refused, failures = excluded.failures,"
		   " probe_at_ms = excluded.probe_at_ms WHERE excluded.probe_at_ms > probe_at_ms",
		   NULL) &&
	       lc_move_rows_copy(rows, "SELECT bucket, whole, prefix, given_up FROM target",
				 "UPDATE target SET given_up = max(given_up, ?4)"
				 " WHERE bucket = ?1 AND whole = ?2 AND prefix = ?3",
				 NULL);
}

/* ---- numbers of the whole ledger ---- */

static bool add_origin(struct lc_move_rows *rows, const struct lc_origin *origin)
{
	struct lc_move_copy *copy = rows->copy;
	char sql[SQL_SIZE];

	if (!lc_origin_meets(origin->modulus, origin->remainder, copy->shard_count, copy->shard))
		return true;
	snprintf(sql, sizeof sql,
		 "INSERT INTO origin (modulus, remainder, until, horizon)"
		 " VALUES (%" PRIu64 ", %" PRIu64 ", %" PRIu32 ", %" PRIu32 ")"
		 " ON CONFLICT (modulus, remainder) DO UPDATE SET"
		 " until = max(until, excluded.until), horizon = max(horizon, excluded.horizon)",
		 origin->modulus, origin->remainder, origin->until, origin->horizon);
	return lc_sql_execute(copy->db, copy->path, sql, rows->error);
}

/* An older origin holds here for the sessions alone that went through the old ledger: what others
 * have gone through since, a loss of their ledger for instance, stands elsewhere. */
static bool copy_origin(struct lc_move_rows *rows, sqlite3_stmt *row, void *context)
{
	struct lc_origin origin = {
	    .modulus = lc_sql_count(row, 0),
	    .remainder = lc_sql_count(row, 1),
	    .until = lc_sql_second(row, 2),
	    .horizon = lc_sql_second(row, 3),
	};

	(void)context;
	if (origin.modulus > LC_ORIGIN_MODULUS_MAX || origin.remainder >= origin.modulus)
		return lc_move_rows_damaged(rows, "an origin is of no sessions");
	return !lc_origin_narrow(&origin, rows->shard, rows->shard_count) ||
	       add_origin(rows, &origin);
}

/* `otherwise`: of one that an older ledger may lack; -1: none does. */
static bool find_meta(struct lc_move_rows *rows, const char *name, int64_t otherwise,
		      int64_t *value)
{
	char sql[SQL_SIZE];

	snprintf(sql, sizeof sql,
		 "SELECT coalesce((SELECT value FROM meta WHERE name = '%s'), %" PRId64 ")", name,
		 otherwise);
	return lc_sql_number(rows->old, rows->path, sql, value, rows->error);
}

static bool read_meta(struct lc_move_rows *rows, const char *name, uint32_t *value)
{
	int64_t number;

	if (!find_meta(rows, name, -1, &number))
		return false;
	if (number < 0 || number > UINT32_MAX)
		return lc_move_rows_damaged(rows, "one of its numbers is missing or out of bounds");
	*value = (uint32_t)number;
	return true;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Of the clocks that the horizons follow, the one that shows least. */
static bool copy_steady_clock(struct lc_move_rows *rows)
{
	struct lc_move_copy *copy = rows->copy;
	int64_t shows_ms;
	int64_t at_ms;

	if (!find_meta(rows, "steady_ms", 0, &shows_ms) ||
	    !find_meta(rows, "steady_at_ms", 0, &at_ms))
		return false;
	if (shows_ms > 0 && (copy->steady_ms == 0 || shows_ms < copy->steady_ms)) {
		copy->steady_ms = shows_ms;
		copy->steady_at_ms = at_ms;
	}
	return true;
}

static bool copy_numbers(struct lc_move_rows *rows)
{
	struct lc_move_copy *copy = rows->copy;
	struct lc_origin own = {.modulus = rows->shard_count, .remainder = rows->shard};
	uint32_t doubtful_until = 0;
	uint32_t expired_until = 0;
	int64_t gone_until = 0;

	if (!read_meta(rows, "until", &own.until) || !read_meta(rows, "horizon", &own.horizon) ||
	    !read_meta(rows, "doubtful_until", &doubtful_until) ||
	    !read_meta(rows, "expired_until", &expired_until) ||
	    !find_meta(rows, "gone_until", expired_until, &gone_until) || !copy_steady_clock(rows))
		return false;
	if (!copy->began || own.until < copy->until)
		copy->until = own.until;
	if (copy->horizon == 0 || (own.horizon != 0 && own.horizon < copy->horizon))
		copy->horizon = own.horizon;
	copy->doubtful_until = greater(copy->doubtful_until, greater(doubtful_until, own.until));
	copy->expired_until = greater(copy->expired_until, expired_until);
	if (!copy->began || gone_until < copy->gone_until)
		copy->gone_until = (uint32_t)gone_until;
	copy->began = true;
	own.horizon = (uint32_t)gone_until;
	return add_origin(rows, &own) &&
	       lc_move_rows_each(rows, "SELECT modulus, remainder, until, horizon FROM origin",
				 copy_origin, NULL);
}

/* ---- the whole ---- */

static bool check_shard(struct lc_move_rows *rows)
{
	uint32_t shard = 0;
	uint32_t shard_count = 0;

	if (!read_meta(rows, "shard", &shard) || !read_meta(rows, "shard_count", &shard_count))
		return false;
	return (shard == rows->shard && shard_count == rows->shard_count) ||
	       lc_move_rows_damaged(rows, "it belongs to another shard than its name says");
}

bool lc_move_copy_from(struct lc_move_copy *copy, sqlite3 *old, const char *old_path,
		       unsigned shard, unsigned shard_count, struct lc_error *error)
{
	struct lc_move_rows rows = {
	    .copy = copy,
	    .old = old,
	    .path = old_path,
	    .shard = shard,
	    .shard_count = shard_count,
	    .sources = {.base = copy->sources},
	    .objects = {.base = copy->objects},
	    .error = error,
	};
	bool copied = check_shard(&rows) && copy_sources(&rows) && copy_objects(&rows) &&
		      copy_targets(&rows) && copy_numbers(&rows);

	free(rows.sources.old);
	free(rows.objects.old);
	return copied;
}

bool lc_move_copy_finish(struct lc_move_copy *copy, struct lc_error *error)
{
	char sql[SQL_SIZE];

	snprintf(sql, sizeof sql,
		 "UPDATE meta SET value = %" PRIu32 " WHERE name = 'until';"
		 "UPDATE meta SET value = %" PRIu32 " WHERE name = 'doubtful_until';"
		 "UPDATE meta SET value = %" PRIu32 " WHERE name = 'horizon';"
		 "UPDATE meta SET value = %" PRIu32 " WHERE name = 'expired_until';"
		 "UPDATE meta SET value = %" PRId64 " WHERE name = 'next_intent_id';"
		 "INSERT INTO meta (name, value) VALUES ('gone_until', %" PRIu32 "),"
		 " ('steady_ms', %" PRId64 "), ('steady_at_ms', %" PRId64 ");"
		 "DELETE FROM origin WHERE until <= %" PRIu32 " AND horizon <= %" PRIu32,
		 copy->until, copy->doubtful_until, copy->horizon, copy->expired_until,
		 copy->objects + 1, copy->gone_until, copy->steady_ms, copy->steady_at_ms,
		 copy->until, copy->gone_until);
	return lc_sql_execute(copy->db, copy->path, sql, error);
}
