#include "ledger/move_copy.h"

#include "base/memory.h"
#include "ledger/origin.h"
#include "ledger/schema.h"
#include "ledger/sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SQL_SIZE = 768 };

/* Of the tables that name a source: rows of sources that belong to the new ledger. */
#define WANTED "source IN (SELECT id FROM source WHERE session % ?1 = ?2)"

/* Numbers of the old ledger, ascending; what stands at place i gets the number base + 1 + i. */
struct numbers {
	int64_t *old;
	size_t count;
	size_t capacity;
	int64_t base;
};

/* The copying from one ledger. */
struct pass {
	struct lc_move_copy *copy;
	sqlite3 *old;
	const char *path;
	unsigned shard;
	unsigned shard_count;
	struct numbers sources;
	struct numbers objects;
	struct lc_error *error;
};

static bool damaged(const struct pass *pass, const char *what)
{
	return lc_error_set(pass->error, LC_ERROR_CORRUPT, "ledger %s: %s", pass->path, what);
}

/* ---- numbers ---- */

static void add_number(struct numbers *numbers, int64_t old)
{
	if (numbers->count == numbers->capacity) {
		numbers->capacity = numbers->capacity * 2 + 256;
		numbers->old =
		    lc_memory_resize(numbers->old, numbers->capacity, sizeof numbers->old[0]);
	}
	numbers->old[numbers->count++] = old;
}

static int compare_numbers(const void *a, const void *b)
{
	const int64_t *left = a;
	const int64_t *right = b;

	return (*left > *right) - (*left < *right);
}

static bool renumber(const struct numbers *numbers, sqlite3_stmt *row, int column,
		     sqlite3_stmt *insert)
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

/* ---- rows ---- */

/* Reads rows of the old ledger; ?1 and ?2 of a query that has them say which sessions. */
static bool each_row(struct pass *pass, const char *query,
		     bool (*visit)(struct pass *pass, sqlite3_stmt *row, void *context),
		     void *context)
{
	sqlite3_stmt *row = NULL;
	enum lc_sql_step step;

	if (!lc_sql_prepare(pass->old, pass->path, query, &row, pass->error))
		return false;
	if (sqlite3_bind_parameter_count(row) > 0) {
		lc_sql_bind_number(row, 1, pass->copy->shard_count);
		lc_sql_bind_number(row, 2, pass->copy->shard);
	}
	while ((step = lc_sql_step(row, pass->path, pass->error)) == LC_SQL_ROW) {
		if (!visit(pass, row, context)) {
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
	bool (*change)(struct pass *pass, sqlite3_stmt *row, sqlite3_stmt *insert);
};

static bool copy_row(struct pass *pass, sqlite3_stmt *row, void *context)
{
	const struct insert *insert = context;

	for (int i = 0; i < sqlite3_column_count(row); i++) {
		if (sqlite3_bind_value(insert->statement, i + 1, sqlite3_column_value(row, i)) !=
		    SQLITE_OK)
			return lc_sql_fail(pass->copy->db, pass->copy->path, "copying",
					   pass->error);
	}
	return (insert->change == NULL || insert->change(pass, row, insert->statement)) &&
	       lc_sql_run(insert->statement, pass->copy->path, pass->error);
}

/* Copies the rows of a query: column i becomes parameter i + 1 of the insert. */
static bool copy_rows(struct pass *pass, const char *query, const char *sql,
		      bool (*change)(struct pass *pass, sqlite3_stmt *row, sqlite3_stmt *insert))
{
	struct insert insert = {.change = change};
	bool copied =
	    lc_sql_prepare(pass->copy->db, pass->copy->path, sql, &insert.statement, pass->error) &&
	    each_row(pass, query, copy_row, &insert);

	sqlite3_finalize(insert.statement);
	return copied;
}

/* ---- sources and what belongs to them ---- */

static bool change_source(struct pass *pass, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	if (lc_sql_second(row, 1) % pass->shard_count != pass->shard)
		return damaged(pass, "a source is of another shard's raft session");
	add_number(&pass->sources, sqlite3_column_int64(row, 0));
	lc_sql_bind_number(insert, 1, ++pass->copy->sources);
	return true;
}

static bool change_owner(struct pass *pass, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	return renumber(&pass->sources, row, 0, insert) || damaged(pass, "a source is missing");
}

static bool change_object(struct pass *pass, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	return change_owner(pass, row, insert) &&
	       (renumber(&pass->objects, row, 1, insert) ||
		damaged(pass, "an open intent has no log object"));
}

static bool copy_sources(struct pass *pass)
{
	return copy_rows(pass,
			 "SELECT id, session, bucket, floor_second, floor_start_ms, floor_req_id,"
			 " committed_second, last_second FROM source WHERE session % ?1 = ?2"
			 " ORDER BY id",
			 "INSERT INTO source (id, session, bucket, floor_second, floor_start_ms,"
			 " floor_req_id, committed_second, last_second)"
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			 change_source) &&
	       copy_rows(pass,
			 "SELECT source, first_second, until, since FROM open_range WHERE " WANTED,
			 "INSERT INTO open_range (source, first_second, until, since)"
			 " VALUES (?1, ?2, ?3, ?4)",
			 change_owner) &&
	       copy_rows(pass, "SELECT source, slot, rows FROM slot WHERE " WANTED,
			 "INSERT INTO slot (source, slot, rows) VALUES (?1, ?2, ?3)", change_owner);
}

/* ---- log objects ---- */

static bool note_object(struct pass *pass, sqlite3_stmt *row, void *context)
{
	uint32_t *oldest = context;

	add_number(&pass->objects, sqlite3_column_int64(row, 0));
	if (lc_sql_second(row, 1) < *oldest)
		*oldest = lc_sql_second(row, 1);
	return true;
}

/* An hour's table in the new ledger, which has rows from `oldest` on. */
static bool add_hour(struct pass *pass, uint32_t hour, uint32_t oldest)
{
	struct lc_move_copy *copy = pass->copy;
	char sql[SQL_SIZE];
	int64_t known;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM hour WHERE hour = %" PRIu32, hour);
	if (!lc_sql_number(copy->db, copy->path, sql, &known, pass->error) ||
	    (known == 0 && !lc_schema_add_hour(copy->db, copy->path, hour, pass->error)))
		return false;
	snprintf(sql, sizeof sql,
		 "INSERT INTO hour (hour, oldest_second) VALUES (%" PRIu32 ", %" PRIu32 ")"
		 " ON CONFLICT (hour) DO UPDATE"
		 " SET oldest_second = min(oldest_second, excluded.oldest_second)",
		 hour, oldest);
	return lc_sql_execute(copy->db, copy->path, sql, pass->error);
}

/* The numbers of all objects are known before the first one is copied, so that they keep their
 * order over all hours. */
static bool prepare_hour(struct pass *pass, sqlite3_stmt *row, void *context)
{
	uint32_t hour = lc_sql_second(row, 0);
	uint32_t oldest = UINT32_MAX;
	size_t before = pass->objects.count;
	char table[LC_SCHEMA_TABLE_NAME_SIZE];
	char sql[SQL_SIZE];

	(void)context;
	lc_schema_table_name(hour, table);
	snprintf(sql, sizeof sql, "SELECT id, first_second FROM %s WHERE %s", table, WANTED);
	return each_row(pass, sql, note_object, &oldest) &&
	       (pass->objects.count == before || add_hour(pass, hour, oldest));
}

static bool copy_hour(struct pass *pass, sqlite3_stmt *row, void *context)
{
	uint32_t hour = lc_sql_second(row, 0);
	char table[LC_SCHEMA_TABLE_NAME_SIZE];
	char query[SQL_SIZE];
	char insert[SQL_SIZE];
	int64_t known;

	(void)context;
	lc_schema_table_name(hour, table);
	snprintf(query, sizeof query, "SELECT count(*) FROM hour WHERE hour = %" PRIu32, hour);
	if (!lc_sql_number(pass->copy->db, pass->copy->path, query, &known, pass->error))
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
	return copy_rows(pass, query, insert, change_object);
}

static bool copy_objects(struct pass *pass)
{
	static const char HOURS[] = "SELECT hour FROM hour ORDER BY hour";

	if (!each_row(pass, HOURS, prepare_hour, NULL))
		return false;
	if (pass->objects.count > 0)
		qsort(pass->objects.old, pass->objects.count, sizeof pass->objects.old[0],
		      compare_numbers);
	pass->copy->objects += (int64_t)pass->objects.count;
	return each_row(pass, HOURS, copy_hour, NULL) &&
	       copy_rows(pass,
			 "SELECT source, id, hour, target_bucket, first_second, rows"
			 " FROM open_intent WHERE " WANTED,
			 "INSERT INTO open_intent (source, id, hour, target_bucket, first_second,"
			 " rows) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			 change_object);
}

/* ---- what is known of targets ---- */

/* Shards learn for themselves whether a target works: what the later probe is waiting for was
 * learnt last. */
static bool copy_targets(struct pass *pass)
{
	return copy_rows(pass, "SELECT bucket, refused, failures, probe_at_ms FROM target",
			 "INSERT INTO target (bucket, refused, failures, probe_at_ms)"
			 " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (bucket) DO UPDATE SET"
			 " refused = excluded.refused, failures = excluded.failures,"
			 " probe_at_ms = excluded.probe_at_ms"
			 " WHERE excluded.probe_at_ms > probe_at_ms",
			 NULL);
}

/* ---- numbers of the whole ledger ---- */

static bool add_origin(struct pass *pass, const struct lc_origin *origin)
{
	struct lc_move_copy *copy = pass->copy;
	char sql[SQL_SIZE];

	if (!lc_origin_meets(origin->modulus, origin->remainder, copy->shard_count, copy->shard))
		return true;
	snprintf(sql, sizeof sql,
		 "INSERT INTO origin (modulus, remainder, until, horizon)"
		 " VALUES (%" PRIu64 ", %" PRIu64 ", %" PRIu32 ", %" PRIu32 ")"
		 " ON CONFLICT (modulus, remainder) DO UPDATE SET"
		 " until = max(until, excluded.until), horizon = max(horizon, excluded.horizon)",
		 origin->modulus, origin->remainder, origin->until, origin->horizon);
	return lc_sql_execute(copy->db, copy->path, sql, pass->error);
}

/* An older origin holds here for the sessions alone that went through the old ledger: what others
 * have gone through since, a loss of their ledger for instance, stands elsewhere. */
static bool copy_origin(struct pass *pass, sqlite3_stmt *row, void *context)
{
	struct lc_origin origin = {
	    .modulus = lc_sql_count(row, 0),
	    .remainder = lc_sql_count(row, 1),
	    .until = lc_sql_second(row, 2),
	    .horizon = lc_sql_second(row, 3),
	};

	(void)context;
	if (origin.modulus > LC_ORIGIN_MODULUS_MAX || origin.remainder >= origin.modulus)
		return damaged(pass, "an origin is of no sessions");
	return !lc_origin_narrow(&origin, pass->shard, pass->shard_count) ||
	       add_origin(pass, &origin);
}

static bool read_meta(struct pass *pass, const char *name, uint32_t *value)
{
	char sql[SQL_SIZE];
	int64_t number;

	snprintf(sql, sizeof sql, "SELECT coalesce((SELECT value FROM meta WHERE name = '%s'), -1)",
		 name);
	if (!lc_sql_number(pass->old, pass->path, sql, &number, pass->error))
		return false;
	if (number < 0 || number > UINT32_MAX)
		return damaged(pass, "one of its numbers is missing or out of bounds");
	*value = (uint32_t)number;
	return true;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static bool copy_numbers(struct pass *pass)
{
	struct lc_move_copy *copy = pass->copy;
	struct lc_origin own = {.modulus = pass->shard_count, .remainder = pass->shard};
	uint32_t doubtful_until = 0;
	uint32_t expired_until = 0;

	if (!read_meta(pass, "until", &own.until) || !read_meta(pass, "horizon", &own.horizon) ||
	    !read_meta(pass, "doubtful_until", &doubtful_until) ||
	    !read_meta(pass, "expired_until", &expired_until))
		return false;
	if (!copy->began || own.until < copy->until)
		copy->until = own.until;
	if (copy->horizon == 0 || (own.horizon != 0 && own.horizon < copy->horizon))
		copy->horizon = own.horizon;
	copy->doubtful_until = greater(copy->doubtful_until, greater(doubtful_until, own.until));
	copy->expired_until = greater(copy->expired_until, expired_until);
	copy->began = true;
	return add_origin(pass, &own) &&
	       each_row(pass, "SELECT modulus, remainder, until, horizon FROM origin", copy_origin,
			NULL);
}

/* ---- the whole ---- */

static bool check_shard(struct pass *pass)
{
	uint32_t shard = 0;
	uint32_t shard_count = 0;

	if (!read_meta(pass, "shard", &shard) || !read_meta(pass, "shard_count", &shard_count))
		return false;
	return (shard == pass->shard && shard_count == pass->shard_count) ||
	       damaged(pass, "it belongs to another shard than its name says");
}

bool lc_move_copy_from(struct lc_move_copy *copy, sqlite3 *old, const char *old_path,
		       unsigned shard, unsigned shard_count, struct lc_error *error)
{
	struct pass pass = {
	    .copy = copy,
	    .old = old,
	    .path = old_path,
	    .shard = shard,
	    .shard_count = shard_count,
	    .sources = {.base = copy->sources},
	    .objects = {.base = copy->objects},
	    .error = error,
	};
	bool copied = check_shard(&pass) && copy_sources(&pass) && copy_objects(&pass) &&
		      copy_targets(&pass) && copy_numbers(&pass);

	free(pass.sources.old);
	free(pass.objects.old);
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
		 "DELETE FROM origin WHERE until <= %" PRIu32 " AND horizon <= %" PRIu32,
		 copy->until, copy->doubtful_until, copy->horizon, copy->expired_until,
		 copy->objects + 1, copy->until, copy->horizon);
	return lc_sql_execute(copy->db, copy->path, sql, error);
}
