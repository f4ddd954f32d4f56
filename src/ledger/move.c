#include "ledger/move.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/file.h"
#include "base/memory.h"
#include "ledger/file_name.h"
#include "ledger/ledger_check.h"
#include "ledger/origin.h"
#include "ledger/schema.h"
#include "ledger/sql.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define DRAFT ".part"

/* Of the tables that name a source: rows of sources that belong to the new ledger. */
#define WANTED "source IN (SELECT id FROM source WHERE session % ?1 = ?2)"

enum { SQL_SIZE = 768 };

/* A new ledger that is filled from others. What becomes of the numbers that are one for a whole
 * ledger is told in ledger/move.h. */
struct draft {
	sqlite3 *db;
	const char *path;
	unsigned shard;
	unsigned shard_count;
	bool began;      /* something was copied */
	int64_t sources; /* copied so far: the last source's id */
	int64_t objects; /* copied so far: the last log object's id */
	uint32_t until;
	uint32_t doubtful_until;
	uint32_t horizon;
	uint32_t expired_until;
	uint32_t gone_until;
	int64_t steady_ms;
	int64_t steady_at_ms;
};

/* Numbers of an old ledger, ascending; what stands at place i gets the number base + 1 + i. */
struct numbers {
	int64_t *old;
	size_t count;
	size_t capacity;
	int64_t base;
};

/* The copying from one old ledger. */
struct copying {
	struct draft *draft;
	sqlite3 *old;
	const char *path; /* of the old one */
	unsigned shard;
	unsigned shard_count;
	struct numbers sources;
	struct numbers objects;
	struct lc_error *error;
};

static bool meets(const struct lc_move *move, unsigned old_shard, unsigned new_shard)
{
	return lc_origin_meets(move->from, old_shard, move->to, new_shard);
}

bool lc_move_needs(const struct lc_move *move, unsigned old_shard)
{
	for (unsigned shard = 0; shard < move->to; shard++) {
		if (meets(move, old_shard, shard) && move->owns(move->context, shard))
			return true;
	}
	return false;
}

bool lc_move_takes_all(const struct lc_move *move, unsigned old_shard)
{
	for (unsigned shard = 0; shard < move->to; shard++) {
		if (meets(move, old_shard, shard) && !move->owns(move->context, shard))
			return false;
	}
	return true;
}

/* ---- rows on their way ---- */

/* The old ledger is not what it should be. Returns false. */
static bool damaged(const struct copying *copying, const char *what)
{
	return lc_error_set(copying->error, LC_ERROR_CORRUPT, "ledger %s: %s", copying->path, what);
}

static void add_number(struct numbers *numbers, int64_t old)
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

static void sort_numbers(struct numbers *numbers)
{
	if (numbers->count > 0)
		qsort(numbers->old, numbers->count, sizeof numbers->old[0], compare_numbers);
}

/* Binds the new number of the old one in the row's column to the insert's parameter `column` + 1.
 * False, without an error, when there is no such number. */
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

/* Calls `visit` for each row of a query of the old ledger; a query with parameters gets the new
 * ledger's shard count as ?1 and its shard as ?2, by which it can tell the sessions that are
 * wanted. */
static bool each_row(struct copying *copying, const char *query,
		     bool (*visit)(struct copying *copying, sqlite3_stmt *row, void *context),
		     void *context)
{
	sqlite3_stmt *row = NULL;
	enum lc_sql_step step;

	if (!lc_sql_prepare(copying->old, copying->path, query, &row, copying->error))
		return false;
	if (sqlite3_bind_parameter_count(row) > 0) {
		lc_sql_bind_number(row, 1, copying->draft->shard_count);
		lc_sql_bind_number(row, 2, copying->draft->shard);
	}
	while ((step = lc_sql_step(row, copying->path, copying->error)) == LC_SQL_ROW) {
		if (!visit(copying, row, context)) {
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
	bool (*change)(struct copying *copying, sqlite3_stmt *row, sqlite3_stmt *insert);
};

static bool copy_row(struct copying *copying, sqlite3_stmt *row, void *context)
{
	const struct insert *insert = context;

	for (int i = 0; i < sqlite3_column_count(row); i++) {
		if (sqlite3_bind_value(insert->statement, i + 1, sqlite3_column_value(row, i)) !=
		    SQLITE_OK)
			return lc_sql_fail(copying->draft->db, copying->draft->path, "copying",
					   copying->error);
	}
	return (insert->change == NULL || insert->change(copying, row, insert->statement)) &&
	       lc_sql_run(insert->statement, copying->draft->path, copying->error);
}

/* Copies the rows of a query: column i becomes parameter i + 1 of the insert `sql`. `change` may be
 * NULL. */
static bool copy_rows(struct copying *copying, const char *query, const char *sql,
		      bool (*change)(struct copying *copying, sqlite3_stmt *row,
				     sqlite3_stmt *insert))
{
	struct insert insert = {.change = change};
	bool copied = lc_sql_prepare(copying->draft->db, copying->draft->path, sql,
				     &insert.statement, copying->error) &&
		      each_row(copying, query, copy_row, &insert);

	sqlite3_finalize(insert.statement);
	return copied;
}

/* ---- sources and what belongs to them ---- */

static bool change_source(struct copying *copying, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	if (lc_sql_second(row, 1) % copying->shard_count != copying->shard)
		return damaged(copying, "a source belongs to a raft session of another shard");
	add_number(&copying->sources, sqlite3_column_int64(row, 0));
	lc_sql_bind_number(insert, 1, ++copying->draft->sources);
	return true;
}

static bool change_owner(struct copying *copying, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	return renumber(&copying->sources, row, 0, insert) ||
	       damaged(copying, "a source is missing");
}

static bool change_object(struct copying *copying, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	return change_owner(copying, row, insert) &&
	       (renumber(&copying->objects, row, 1, insert) ||
		damaged(copying, "an open intent has no log object"));
}

static bool copy_sources(struct copying *copying)
{
	return copy_rows(copying,
			 "SELECT id, session, bucket, floor_second, floor_start_ms, floor_req_id,"
			 " committed_second, last_second FROM source WHERE session % ?1 = ?2"
			 " ORDER BY id",
			 "INSERT INTO source (id, session, bucket, floor_second, floor_start_ms,"
			 " floor_req_id, committed_second, last_second)"
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			 change_source) &&
	       copy_rows(copying,
			 "SELECT source, first_second, until, since FROM open_range WHERE " WANTED,
			 "INSERT INTO open_range (source, first_second, until, since)"
			 " VALUES (?1, ?2, ?3, ?4)",
			 change_owner) &&
	       copy_rows(copying, "SELECT source, slot, rows FROM slot WHERE " WANTED,
			 "INSERT INTO slot (source, slot, rows) VALUES (?1, ?2, ?3)", change_owner);
}

/* ---- log objects ---- */

static bool note_object(struct copying *copying, sqlite3_stmt *row, void *context)
{
	uint32_t *oldest = context;

	add_number(&copying->objects, sqlite3_column_int64(row, 0));
	if (lc_sql_second(row, 1) < *oldest)
		*oldest = lc_sql_second(row, 1);
	return true;
}

/* An hour's table in the new ledger, which has rows from `oldest` on. */
static bool add_hour(struct copying *copying, uint32_t hour, uint32_t oldest)
{
	struct draft *draft = copying->draft;
	char sql[SQL_SIZE];
	int64_t known;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM hour WHERE hour = %" PRIu32, hour);
	if (!lc_sql_number(draft->db, draft->path, sql, &known, copying->error) ||
	    (known == 0 && !lc_schema_add_hour(draft->db, draft->path, hour, copying->error)))
		return false;
	snprintf(sql, sizeof sql,
		 "INSERT INTO hour (hour, oldest_second) VALUES (%" PRIu32 ", %" PRIu32 ")"
		 " ON CONFLICT (hour) DO UPDATE"
		 " SET oldest_second = min(oldest_second, excluded.oldest_second)",
		 hour, oldest);
	return lc_sql_execute(draft->db, draft->path, sql, copying->error);
}

/* The numbers of all objects are known before the first one is copied, so that they keep their
 * order over all hours. */
static bool prepare_hour(struct copying *copying, sqlite3_stmt *row, void *context)
{
	uint32_t hour = lc_sql_second(row, 0);
	uint32_t oldest = UINT32_MAX;
	size_t before = copying->objects.count;
	char table[LC_SCHEMA_TABLE_NAME_SIZE];
	char sql[SQL_SIZE];

	(void)context;
	lc_schema_table_name(hour, table);
	snprintf(sql, sizeof sql, "SELECT id, first_second FROM %s WHERE %s", table, WANTED);
	return each_row(copying, sql, note_object, &oldest) &&
	       (copying->objects.count == before || add_hour(copying, hour, oldest));
}

static bool copy_hour(struct copying *copying, sqlite3_stmt *row, void *context)
{
	uint32_t hour = lc_sql_second(row, 0);
	char table[LC_SCHEMA_TABLE_NAME_SIZE];
	char query[SQL_SIZE];
	char insert[SQL_SIZE];
	int64_t known;

	(void)context;
	lc_schema_table_name(hour, table);
	snprintf(query, sizeof query, "SELECT count(*) FROM hour WHERE hour = %" PRIu32, hour);
	if (!lc_sql_number(copying->draft->db, copying->draft->path, query, &known, copying->error))
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
	return copy_rows(copying, query, insert, change_object);
}

static bool copy_objects(struct copying *copying)
{
	static const char HOURS[] = "SELECT hour FROM hour ORDER BY hour";

	if (!each_row(copying, HOURS, prepare_hour, NULL))
		return false;
	sort_numbers(&copying->objects);
	copying->draft->objects += (int64_t)copying->objects.count;
	return each_row(copying, HOURS, copy_hour, NULL) &&
	       copy_rows(copying,
			 "SELECT source, id, hour, target_bucket, first_second, rows, target_prefix"
			 " FROM open_intent WHERE " WANTED,
			 "INSERT INTO open_intent (source, id, hour, target_bucket, first_second,"
			 " rows, target_prefix) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			 change_object);
}

/* ---- what is known of targets ---- */

/* Shards learn for themselves whether a target works: what the later probe is waiting for was
 * learnt last. What an operator has given up was meant for all shards. */
static bool copy_targets(struct copying *copying)
{
	return copy_rows(
		   copying,
		   "SELECT bucket, whole, prefix, refused, failures, probe_at_ms FROM target",
		   "INSERT INTO target (bucket, whole, prefix, refused, failures, probe_at_ms)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (bucket, whole, prefix)"
		   " DO UPDATE SET refused = excluded.refused, failures = excluded.failures,"
		   " probe_at_ms = excluded.probe_at_ms WHERE excluded.probe_at_ms > probe_at_ms",
		   NULL) &&
	       copy_rows(copying, "SELECT bucket, whole, prefix, given_up FROM target",
			 "UPDATE target SET given_up = max(given_up, ?4)"
			 " WHERE bucket = ?1 AND whole = ?2 AND prefix = ?3",
			 NULL);
}

/* ---- numbers of the whole ledger ---- */

static bool add_origin(struct copying *copying, const struct lc_origin *origin)
{
	struct draft *draft = copying->draft;
	char sql[SQL_SIZE];

	if (!lc_origin_meets(origin->modulus, origin->remainder, draft->shard_count, draft->shard))
		return true;
	snprintf(sql, sizeof sql,
		 "INSERT INTO origin (modulus, remainder, until, horizon)"
		 " VALUES (%" PRIu64 ", %" PRIu64 ", %" PRIu32 ", %" PRIu32 ")"
		 " ON CONFLICT (modulus, remainder) DO UPDATE SET"
		 " until = max(until, excluded.until), horizon = max(horizon, excluded.horizon)",
		 origin->modulus, origin->remainder, origin->until, origin->horizon);
	return lc_sql_execute(draft->db, draft->path, sql, copying->error);
}

/* An older origin holds here for the sessions alone that went through the old ledger: what others
 * have gone through since, a loss of their ledger for instance, stands elsewhere. */
static bool copy_origin(struct copying *copying, sqlite3_stmt *row, void *context)
{
	struct lc_origin origin = {
	    .modulus = lc_sql_count(row, 0),
	    .remainder = lc_sql_count(row, 1),
	    .until = lc_sql_second(row, 2),
	    .horizon = lc_sql_second(row, 3),
	};

	(void)context;
	if (origin.modulus > LC_ORIGIN_MODULUS_MAX || origin.remainder >= origin.modulus)
		return damaged(copying, "an origin belongs to no sessions");
	return !lc_origin_narrow(&origin, copying->shard, copying->shard_count) ||
	       add_origin(copying, &origin);
}

/* `otherwise`: of one that an older ledger may lack; -1: none does. */
static bool find_meta(struct copying *copying, const char *name, int64_t otherwise, int64_t *value)
{
	char sql[SQL_SIZE];

	snprintf(sql, sizeof sql,
		 "SELECT coalesce((SELECT value FROM meta WHERE name = '%s'), %" PRId64 ")", name,
		 otherwise);
	return lc_sql_number(copying->old, copying->path, sql, value, copying->error);
}

static bool read_meta(struct copying *copying, const char *name, uint32_t *value)
{
	int64_t number;

	if (!find_meta(copying, name, -1, &number))
		return false;
	if (number < 0 || number > UINT32_MAX)
		return damaged(copying, "one of its numbers is missing or out of bounds");
	*value = (uint32_t)number;
	return true;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Of the clocks that the horizons follow, the one that shows least. */
static bool copy_steady_clock(struct copying *copying)
{
	struct draft *draft = copying->draft;
	int64_t shows_ms;
	int64_t at_ms;

	if (!find_meta(copying, "steady_ms", 0, &shows_ms) ||
	    !find_meta(copying, "steady_at_ms", 0, &at_ms))
		return false;
	if (shows_ms > 0 && (draft->steady_ms == 0 || shows_ms < draft->steady_ms)) {
		draft->steady_ms = shows_ms;
		draft->steady_at_ms = at_ms;
	}
	return true;
}

static bool copy_numbers(struct copying *copying)
{
	struct draft *draft = copying->draft;
	struct lc_origin own = {.modulus = copying->shard_count, .remainder = copying->shard};
	uint32_t doubtful_until = 0;
	uint32_t expired_until = 0;
	int64_t gone_until = 0;

	if (!read_meta(copying, "until", &own.until) ||
	    !read_meta(copying, "horizon", &own.horizon) ||
	    !read_meta(copying, "doubtful_until", &doubtful_until) ||
	    !read_meta(copying, "expired_until", &expired_until) ||
	    !find_meta(copying, "gone_until", expired_until, &gone_until) ||
	    !copy_steady_clock(copying))
		return false;
	if (!draft->began || own.until < draft->until)
		draft->until = own.until;
	if (draft->horizon == 0 || (own.horizon != 0 && own.horizon < draft->horizon))
		draft->horizon = own.horizon;
	draft->doubtful_until = greater(draft->doubtful_until, greater(doubtful_until, own.until));
	draft->expired_until = greater(draft->expired_until, expired_until);
	if (!draft->began || gone_until < draft->gone_until)
		draft->gone_until = (uint32_t)gone_until;
	draft->began = true;
	own.horizon = (uint32_t)gone_until;
	return add_origin(copying, &own) &&
	       each_row(copying, "SELECT modulus, remainder, until, horizon FROM origin",
			copy_origin, NULL);
}

/* ---- one old ledger ---- */

static bool check_shard(struct copying *copying)
{
	uint32_t shard = 0;
	uint32_t shard_count = 0;

	if (!read_meta(copying, "shard", &shard) ||
	    !read_meta(copying, "shard_count", &shard_count))
		return false;
	return (shard == copying->shard && shard_count == copying->shard_count) ||
	       damaged(copying, "it belongs to a different shard from the one in its name");
}

/* Copies what the ledger `old`, of shard `shard` of `shard_count`, has of the new one's sessions,
 * in a transaction of the new one. */
static bool copy_ledger(struct draft *draft, sqlite3 *old, const char *old_path, unsigned shard,
			unsigned shard_count, struct lc_error *error)
{
	struct copying copying = {
	    .draft = draft,
	    .old = old,
	    .path = old_path,
	    .shard = shard,
	    .shard_count = shard_count,
	    .sources = {.base = draft->sources},
	    .objects = {.base = draft->objects},
	    .error = error,
	};
	bool copied = check_shard(&copying) && copy_sources(&copying) && copy_objects(&copying) &&
		      copy_targets(&copying) && copy_numbers(&copying);

	free(copying.sources.old);
	free(copying.objects.old);
	return copied;
}

/* All has been copied: the numbers that are one for the whole ledger. */
static bool set_numbers(struct draft *draft, struct lc_error *error)
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
		 draft->until, draft->doubtful_until, draft->horizon, draft->expired_until,
		 draft->objects + 1, draft->gone_until, draft->steady_ms, draft->steady_at_ms,
		 draft->until, draft->gone_until);
	return lc_sql_execute(draft->db, draft->path, sql, error);
}

/* ---- the old ledgers ---- */

struct proof {
	unsigned faults;
	char first[LC_ERROR_MESSAGE_SIZE];
};

static void note_fault(void *context, const char *fault)
{
	struct proof *proof = context;

	if (proof->faults++ == 0)
		snprintf(proof->first, sizeof proof->first, "%s", fault);
}

static bool prove(const struct lc_move *move, unsigned shard, struct lc_error *error)
{
	struct proof proof = {.faults = 0};
	char path[PATH_MAX];

	if (!lc_file_name_path(path, move->directory, shard, move->from, "", error))
		return false;
	if (lc_file_is_missing(path))
		return lc_error_set(
		    error, LC_ERROR_CORRUPT,
		    "ledger %s is missing, but needed for the change from %u to %u "
		    "shards. Put it back, or run the service with supervisor.shards "
		    "%u again, where that shard begins again from ClickHouse's "
		    "offsets",
		    path, move->from, move->to, move->from);
	if (!lc_schema_upgrade(path, error) || !lc_ledger_check(path, note_fault, &proof, error))
		return false;
	if (proof.faults > 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "ledger %s is damaged: %s", path,
				    proof.first);
	return true;
}

static bool prove_all(const struct lc_move *move, struct lc_error *error)
{
	for (unsigned shard = 0; shard < move->from; shard++) {
		if (lc_move_needs(move, shard) && !prove(move, shard, error))
			return false;
	}
	return true;
}

/* ---- the new ledgers ---- */

static bool copy_from(const struct lc_move *move, unsigned old_shard, struct draft *draft,
		      struct lc_error *error)
{
	char path[PATH_MAX];
	sqlite3 *old;
	bool copied;

	if (!lc_file_name_path(path, move->directory, old_shard, move->from, "", error))
		return false;
	old = lc_schema_open_for_check(path, error);
	if (old == NULL)
		return false;
	copied = copy_ledger(draft, old, path, old_shard, move->from, error);
	sqlite3_close(old);
	LC_CRASH_POINT(MOVE_COPIED);
	return copied;
}

/* A draft needs neither a log nor a journal on disk: whatever happens to it, it is made again. */
static bool fill(const struct lc_move *move, struct draft *draft, struct lc_error *error)
{
	if (!lc_sql_execute(draft->db, draft->path,
			    "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN", error))
		return false;
	for (unsigned shard = 0; shard < move->from; shard++) {
		if (meets(move, shard, draft->shard) && !copy_from(move, shard, draft, error))
			return false;
	}
	return set_numbers(draft, error) && lc_sql_execute(draft->db, draft->path, "COMMIT", error);
}

static bool build(const struct lc_move *move, unsigned shard, struct lc_error *error)
{
	struct draft draft = {.shard = shard, .shard_count = move->to};
	char path[PATH_MAX];
	bool fresh;
	bool filled;

	if (!lc_file_name_path(path, move->directory, shard, move->to, DRAFT, error) ||
	    !lc_file_name_remove_all(path, error))
		return false;
	draft.path = path;
	draft.db = lc_schema_open(path, shard, move->to, &fresh, error);
	if (draft.db == NULL)
		return false;
	filled = fill(move, &draft, error);
	sqlite3_close(draft.db);
	if (!filled || !lc_file_sync(path, error))
		return false;
	LC_CRASH_POINT(MOVE_BUILT);
	return true;
}

/* ---- their names ---- */

/* What an earlier layout of as many shards has left must not become part of the new ledger. */
static bool clear_name(const struct lc_move *move, unsigned shard, struct lc_error *error)
{
	char path[PATH_MAX];

	return lc_file_name_path(path, move->directory, shard, move->to, "", error) &&
	       lc_file_name_remove_all(path, error);
}

static bool give_name(const struct lc_move *move, unsigned shard, struct lc_error *error)
{
	char draft[PATH_MAX];
	char path[PATH_MAX];

	if (!lc_file_name_path(draft, move->directory, shard, move->to, DRAFT, error) ||
	    !lc_file_name_path(path, move->directory, shard, move->to, "", error))
		return false;
	if (rename(draft, path) != 0)
		return lc_error_set_errno(error, errno, "ledger %s cannot be renamed", path);
	LC_CRASH_POINT(MOVE_RENAMED);
	return true;
}

static bool each_new(const struct lc_move *move,
		     bool (*step)(const struct lc_move *move, unsigned shard,
				  struct lc_error *error),
		     struct lc_error *error)
{
	for (unsigned shard = 0; shard < move->to; shard++) {
		if (move->owns(move->context, shard) && !step(move, shard, error))
			return false;
	}
	return lc_file_sync(move->directory, error);
}

bool lc_move_run(const struct lc_move *move, struct lc_error *error)
{
	LC_ASSERT(move->from != move->to);
	if (!prove_all(move, error) || !each_new(move, build, error))
		return false;
	LC_CRASH_POINT(MOVE_ALL_BUILT);
	return each_new(move, clear_name, error) && each_new(move, give_name, error);
}
