/* What is known of sessions that were taken over from other ledgers. */
#include "base/memory.h"
#include "ledger/store_parts.h"

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
					    "ledger %s: an origin is of no sessions", store->path);
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
