#include "ledger/store_hours.h"

#include "base/assert.h"
#include "base/memory.h"
#include "ledger/schema.h"
#include "ledger/sql.h"
#include "ledger/store_sources.h"

#include <stdio.h>
#include <string.h>

static const char *const SQL[LC_STORE_HOUR_STATEMENT_COUNT] = {
#define LC_HOUR_STATEMENT(name, sql) [LC_STORE_HOUR_##name] = (sql),
#include "tbl/ledger_statements.h"
};

sqlite3_stmt *lc_store_take_of_hour(struct lc_store *store, struct lc_store_hour *hour,
				    enum lc_store_hour_statement name, struct lc_error *error)
{
	sqlite3_stmt **statement = &hour->statements[name];
	char table[LC_SCHEMA_TABLE_NAME_SIZE];
	const char *placeholder = strstr(SQL[name], "%s");
	char sql[512];
	int size;

	if (*statement != NULL) {
		sqlite3_reset(*statement);
		return *statement;
	}
	lc_schema_table_name(hour->hour, table);
	LC_ASSERT(placeholder != NULL);
	size = snprintf(sql, sizeof sql, "%.*s%s%s", (int)(placeholder - SQL[name]), SQL[name],
			table, placeholder + 2);
	LC_ASSERT(size > 0 && (size_t)size < sizeof sql);
	lc_sql_prepare(store->db, store->path, sql, statement, error);
	return *statement;
}

static void finalize(struct lc_store_hour *hour)
{
	for (size_t i = 0; i < LC_STORE_HOUR_STATEMENT_COUNT; i++)
		sqlite3_finalize(hour->statements[i]);
}

void lc_store_forget_hours(struct lc_store *store)
{
	for (size_t i = 0; i < store->hour_count; i++)
		finalize(&store->hours[i]);
	store->hour_count = 0;
}

/* Where the hour is, or where it would have to stand. */
static size_t place_of(const struct lc_store *store, uint32_t hour)
{
	size_t low = 0;
	size_t high = store->hour_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (store->hours[middle].hour < hour)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct lc_store_hour *insert(struct lc_store *store, uint32_t hour, uint32_t oldest_second)
{
	size_t place = place_of(store, hour);

	store->hours = lc_memory_grow(store->hours, &store->hour_capacity, store->hour_count + 1,
				      sizeof(store->hours[0]));
	memmove(&store->hours[place + 1], &store->hours[place],
		(store->hour_count - place) * sizeof store->hours[0]);
	store->hour_count++;
	store->hours[place] = (struct lc_store_hour){.hour = hour, .oldest_second = oldest_second};
	return &store->hours[place];
}

bool lc_store_load_hours(struct lc_store *store, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_READ_HOURS, error);
	enum lc_sql_step step;

	lc_store_forget_hours(store);
	if (statement == NULL)
		return false;
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW)
		insert(store, lc_sql_second(statement, 0), lc_sql_second(statement, 1));
	return step == LC_SQL_DONE;
}

static bool next_hour(const struct lc_store *store, uint32_t *hour)
{
	size_t place = place_of(store, *hour);

	if (place == store->hour_count)
		return false;
	*hour = store->hours[place].hour;
	return true;
}

struct lc_store_hour *lc_store_find_hour(struct lc_store *store, uint32_t hour)
{
	size_t place = place_of(store, hour);

	if (place == store->hour_count || store->hours[place].hour != hour)
		return NULL;
	return &store->hours[place];
}

static bool write_hour(struct lc_store *store, enum lc_store_statement how, uint32_t hour,
		       uint32_t oldest_second, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, how, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, hour);
	lc_sql_bind_number(statement, 2, oldest_second);
	return lc_sql_run(statement, store->path, error);
}

struct lc_store_hour *lc_store_get_hour(struct lc_store *store, uint32_t hour,
					uint32_t first_second, struct lc_error *error)
{
	struct lc_store_hour *found = lc_store_find_hour(store, hour);

	if (found == NULL) {
		if (!lc_schema_add_hour(store->db, store->path, hour, error) ||
		    !write_hour(store, LC_STORE_ADD_HOUR, hour, first_second, error))
			return NULL;
		return insert(store, hour, first_second);
	}
	if (first_second < found->oldest_second) {
		if (!write_hour(store, LC_STORE_LOWER_HOUR, hour, first_second, error))
			return NULL;
		found->oldest_second = first_second;
	}
	return found;
}

/* Binds what decides whether an object older than the bound is needed: its hour, and the hour's
 * end. */
static void bind_need(sqlite3_stmt *statement, uint32_t hour)
{
	lc_sql_bind_number(statement, 1, hour);
	lc_sql_bind_number(statement, 2, ((int64_t)hour + 1) * LC_SCHEMA_HOUR_SECONDS);
}

static bool is_needed(struct lc_store *store, uint32_t hour, bool *needed, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_HOUR_IS_NEEDED, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	bind_need(statement, hour);
	step = lc_sql_step(statement, store->path, error);
	*needed = step == LC_SQL_ROW;
	sqlite3_reset(statement);
	return step != LC_SQL_FAILED;
}

/* One target that refuses for days must not keep the hashes of all sources for as long. */
static bool thin_out(struct lc_store *store, struct lc_store_hour *hour, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take_of_hour(store, hour, LC_STORE_HOUR_THIN_OUT, error);

	if (statement == NULL)
		return false;
	bind_need(statement, hour->hour);
	return lc_sql_run(statement, store->path, error);
}

static bool drop(struct lc_store *store, struct lc_store_hour *hour, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_DROP_HOUR, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, hour->hour);
	if (!lc_sql_run(statement, store->path, error) ||
	    !lc_schema_drop_hour(store->db, store->path, hour->hour, error))
		return false;
	finalize(hour);
	store->hour_count--;
	memmove(hour, hour + 1, (store->hour_count - (size_t)(hour - store->hours)) * sizeof *hour);
	return true;
}

static bool expire_hour(struct lc_store *store, uint32_t hour, struct lc_error *error)
{
	struct lc_store_hour *found = lc_store_find_hour(store, hour);
	bool needed;

	if (found == NULL)
		return true;
	if (!is_needed(store, hour, &needed, error))
		return false;
	return needed ? thin_out(store, found, error) : drop(store, found, error);
}

/* ---- the horizon ---- */

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
	found = next_hour(store, &next) && next < end;
	*hour = found ? next + 1 : 0;
	if (found)
		return drop_counts(store, (next + 1) * LC_SCHEMA_HOUR_SECONDS, error) &&
		       expire_hour(store, next, error);
	return drop_counts(store, bound, error) && drop_names(store, bound, error);
}
