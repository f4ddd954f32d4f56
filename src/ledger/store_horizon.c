/* The horizon, and what is forgotten behind it. */
#include "ledger/schema.h"
#include "ledger/store_parts.h"

bool lc_store_set_horizon(struct lc_store *store, uint32_t horizon, struct lc_error *error)
{
	return lc_store_set_meta(store, LC_STORE_RAISE_META, "horizon", horizon, error);
}

/* From this second on, every row taken is known: none of the slots, floors and origins that were
 * dropped reaches there. A ledger that did not take note of that has dropped up to its bound. */
static bool read_gone_until(struct lc_store *store, uint64_t *gone_until, struct lc_error *error)
{
	return lc_store_read_meta(store, "expired_until", gone_until, error) &&
	       lc_store_find_meta(store, "gone_until", gone_until, error);
}

bool lc_store_lower_horizon(struct lc_store *store, uint32_t bound, uint32_t *horizon,
			    struct lc_error *error)
{
	uint64_t present;
	uint64_t gone_until;
	uint64_t lowest;

	if (!lc_store_read_meta(store, "horizon", &present, error) ||
	    !read_gone_until(store, &gone_until, error))
		return false;
	lowest = (gone_until + LC_LEDGER_SLOT_SECONDS - 1) / LC_LEDGER_SLOT_SECONDS *
		 LC_LEDGER_SLOT_SECONDS;
	if (lowest < bound)
		lowest = bound;
	*horizon = (uint32_t)(lowest < present ? lowest : present);
	return lowest >= present ||
	       lc_store_set_meta(store, LC_STORE_SET_META, "horizon", lowest, error);
}

/* Before anything is dropped. */
static bool note_gone(struct lc_store *store, uint32_t slot, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_SLOTS_TO_DROP, error);
	uint64_t gone_until;
	uint64_t dropped;

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, slot);
	lc_sql_bind_number(statement, 2, LC_LEDGER_SLOT_SECONDS);
	if (lc_sql_step(statement, store->path, error) != LC_SQL_ROW)
		return false;
	dropped = lc_sql_count(statement, 0) * LC_LEDGER_SLOT_SECONDS;
	sqlite3_reset(statement);
	if (!read_gone_until(store, &gone_until, error))
		return false;
	return lc_store_set_meta(store, LC_STORE_PUT_META, "gone_until",
				 dropped > gone_until ? dropped : gone_until, error);
}

static bool drop_before(struct lc_store *store, enum lc_store_statement what, uint32_t bound,
			struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, what, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, bound);
	return lc_sql_run(statement, store->path, error);
}

/* All but the hours' tables goes by whole slots, so that no slot loses a part of its count. */
static bool drop_counts(struct lc_store *store, uint32_t bound, struct lc_error *error)
{
	uint32_t slot = bound / LC_LEDGER_SLOT_SECONDS;

	return note_gone(store, slot, error) &&
	       drop_before(store, LC_STORE_DROP_SLOTS, slot, error) &&
	       lc_store_set_meta(store, LC_STORE_RAISE_META, "expired_until", bound, error);
}

static bool drop_names(struct lc_store *store, uint32_t bound, struct lc_error *error)
{
	uint32_t slot = bound / LC_LEDGER_SLOT_SECONDS;

	return drop_before(store, LC_STORE_DROP_FLOORS, slot * LC_LEDGER_SLOT_SECONDS, error) &&
	       drop_before(store, LC_STORE_DROP_SOURCES, slot * LC_LEDGER_SLOT_SECONDS, error) &&
	       lc_store_expire_origins(store, error);
}

/* The horizon may have come down since the bound was chosen: what is taken from there on stays. */
static bool keep_horizon(struct lc_store *store, uint32_t *bound, struct lc_error *error)
{
	uint64_t horizon;

	if (!lc_store_read_meta(store, "horizon", &horizon, error))
		return false;
	if (horizon != 0 && horizon < *bound)
		*bound = (uint32_t)horizon;
	return true;
}

/* A step is what an earlier bound, the end of its hour, would have dropped. Names are looked
 * through as a whole, in a step of their own. */
bool lc_store_expire(struct lc_store *store, uint32_t bound, uint32_t *hour, struct lc_error *error)
{
	uint32_t next = *hour;
	uint32_t end;
	bool found;

	if (!keep_horizon(store, &bound, error))
		return false;
	end = bound / LC_SCHEMA_HOUR_SECONDS;
	found = lc_store_next_hour(store, &next) && next < end;
	*hour = found ? next + 1 : 0;
	if (found)
		return drop_counts(store, (next + 1) * LC_SCHEMA_HOUR_SECONDS, error) &&
		       lc_store_expire_hour(store, next, error);
	return drop_counts(store, bound, error) && drop_names(store, bound, error);
}
