#include "ledger/store_sources.h"

#include "base/assert.h"
#include "base/memory.h"
#include "ledger/origin.h"
#include "ledger/sql.h"

/* ---- origins ---- */

static void add(struct lc_store *store, const struct lc_origin *origin, size_t *capacity)
{
	store->origins = lc_memory_grow(store->origins, capacity, store->origin_count + 1,
					sizeof(store->origins[0]));
	store->origins[store->origin_count++] = *origin;
}

bool lc_store_load_origins(struct lc_store *store, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_READ_ORIGINS, error);
	enum lc_sql_step step;
	size_t capacity = 0;

	if (statement == NULL)
		return false;
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		struct lc_origin origin = {
		    .modulus = lc_sql_count(statement, 0),
		    .remainder = lc_sql_count(statement, 1),
		    .until = lc_sql_second(statement, 2),
		    .horizon = lc_sql_second(statement, 3),
		};

		if (origin.remainder >= origin.modulus) {
			sqlite3_reset(statement);
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "ledger %s: an origin belongs to no sessions",
					    store->path);
		}
		add(store, &origin, &capacity);
	}
	return step == LC_SQL_DONE;
}

uint32_t lc_store_seen_until(const struct lc_store *store, uint32_t raft_session_id)
{
	uint32_t until = 0;

	for (size_t i = 0; i < store->origin_count; i++) {
		const struct lc_origin *origin = &store->origins[i];

		if (origin->until > until && lc_origin_covers(origin, raft_session_id))
			until = origin->until;
	}
	return until;
}

uint32_t lc_store_kept_from(const struct lc_store *store, uint32_t raft_session_id)
{
	uint32_t horizon = 0;

	for (size_t i = 0; i < store->origin_count; i++) {
		const struct lc_origin *origin = &store->origins[i];

		if (origin->horizon > horizon && lc_origin_covers(origin, raft_session_id))
			horizon = origin->horizon;
	}
	return horizon;
}

bool lc_store_expire_origins(struct lc_store *store, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_DROP_ORIGINS, error);

	return statement != NULL && lc_sql_run(statement, store->path, error);
}

/* ---- sources ---- */

static void bind_source(sqlite3_stmt *statement, const struct lc_ledger_source *source)
{
	lc_sql_bind_number(statement, 1, source->raft_session_id);
	lc_sql_bind_view(statement, 2, source->bucket);
}

bool lc_store_find_source(struct lc_store *store, const struct lc_ledger_source *source,
			  struct lc_store_source *found, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_FIND_SOURCE, error);
	enum lc_sql_step step;

	*found = (struct lc_store_source){0};
	if (statement == NULL)
		return false;
	bind_source(statement, source);
	step = lc_sql_step(statement, store->path, error);
	if (step != LC_SQL_ROW)
		return step == LC_SQL_DONE;
	found->id = sqlite3_column_int64(statement, 0);
	found->has_floor = sqlite3_column_type(statement, 1) != SQLITE_NULL;
	found->floor.inserted_at = lc_sql_second(statement, 1);
	found->floor.start_time_ms = sqlite3_column_int64(statement, 2);
	found->committed = lc_sql_second(statement, 4);
	lc_buffer_clear(&store->floor_req_id);
	lc_buffer_append_view(&store->floor_req_id, lc_sql_view(statement, 3));
	found->floor.req_id = lc_buffer_view(&store->floor_req_id);
	sqlite3_reset(statement);
	return true;
}

static bool add_unless_found(struct lc_store *store, const struct lc_ledger_source *source,
			     const struct lc_store_source *found, int64_t *id,
			     struct lc_error *error)
{
	sqlite3_stmt *statement;

	*id = found->id;
	if (found->id != 0)
		return true;
	statement = lc_store_take(store, LC_STORE_ADD_SOURCE, error);
	if (statement == NULL)
		return false;
	bind_source(statement, source);
	if (!lc_sql_run(statement, store->path, error))
		return false;
	*id = sqlite3_last_insert_rowid(store->db);
	return true;
}

bool lc_store_get_source(struct lc_store *store, const struct lc_ledger_source *source, int64_t *id,
			 struct lc_error *error)
{
	struct lc_store_source found;

	return lc_store_find_source(store, source, &found, error) &&
	       add_unless_found(store, source, &found, id, error);
}

static bool drop_ranges(struct lc_store *store, int64_t source_id, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_DROP_RANGES, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, source_id);
	return lc_sql_run(statement, store->path, error);
}

static bool add_range(struct lc_store *store, int64_t source_id,
		      const struct lc_ledger_range *range, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_ADD_RANGE, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, source_id);
	lc_sql_bind_number(statement, 2, range->from);
	lc_sql_bind_number(statement, 3, range->to);
	lc_sql_bind_number(statement, 4, range->since);
	return lc_sql_run(statement, store->path, error);
}

bool lc_store_set_ranges(struct lc_store *store, const struct lc_ledger_source *source,
			 const struct lc_ledger_range *ranges, size_t count, struct lc_error *error)
{
	struct lc_store_source found;
	int64_t id;

	if (count == 0) {
		if (!lc_store_find_source(store, source, &found, error))
			return false;
		return found.id == 0 || drop_ranges(store, found.id, error);
	}
	if (!lc_store_get_source(store, source, &id, error) || !drop_ranges(store, id, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		LC_ASSERT(ranges[i].from < ranges[i].to);
		LC_ASSERT(i == 0 || ranges[i - 1].to <= ranges[i].from);
		if (!add_range(store, id, &ranges[i], error))
			return false;
	}
	return true;
}

/* As lc_store_seen_until, by what the transaction finds: what is written must not depend on when
 * the ledger was opened. */
static bool is_seen_elsewhere(struct lc_store *store, uint32_t raft_session_id, bool *seen,
			      struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_IS_SEEN_ELSEWHERE, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, raft_session_id);
	step = lc_sql_step(statement, store->path, error);
	*seen = step == LC_SQL_ROW;
	sqlite3_reset(statement);
	return step != LC_SQL_FAILED;
}

bool lc_store_set_floor(struct lc_store *store, const struct lc_ledger_source *source,
			const struct lc_offset *floor, struct lc_error *error)
{
	sqlite3_stmt *statement;
	int64_t id;
	bool seen;

	if (!is_seen_elsewhere(store, source->raft_session_id, &seen, error))
		return false;
	if (seen)
		return true;
	if (!lc_store_get_source(store, source, &id, error))
		return false;
	statement = lc_store_take(store, LC_STORE_SET_FLOOR, error);
	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, id);
	lc_sql_bind_number(statement, 2, floor->inserted_at);
	lc_sql_bind_number(statement, 3, floor->start_time_ms);
	lc_sql_bind_view(statement, 4, floor->req_id);
	return lc_sql_run(statement, store->path, error);
}

static bool commit_second(struct lc_store *store, const struct lc_ledger_count *offset,
			  bool *forward, struct lc_error *error)
{
	struct lc_store_source found;
	sqlite3_stmt *statement;
	int64_t id;

	if (!lc_store_find_source(store, &offset->source, &found, error))
		return false;
	*forward = offset->second >= found.committed;
	if (!*forward)
		return true;
	if (!add_unless_found(store, &offset->source, &found, &id, error))
		return false;
	statement = lc_store_take(store, LC_STORE_SET_COMMITTED, error);
	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, id);
	lc_sql_bind_number(statement, 2, offset->second);
	return lc_sql_run(statement, store->path, error);
}

bool lc_store_set_committed(struct lc_store *store, struct lc_ledger_count *offsets, size_t *count,
			    struct lc_error *error)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		bool forward;

		if (!commit_second(store, &offsets[i], &forward, error))
			return false;
		if (forward)
			offsets[kept++] = offsets[i];
	}
	*count = kept;
	return true;
}
