/* Log objects: intents opened and closed, their blobs. */
#include "base/assert.h"
#include "formats/taken_rows.h"
#include "ledger/schema.h"
#include "ledger/store_parts.h"

static bool add_object(struct lc_store *store, const struct lc_ledger_intent *intent,
		       int64_t source_id, struct lc_error *error)
{
	struct lc_store_hour *hour = lc_store_get_hour(
	    store, intent->last_second / LC_SCHEMA_HOUR_SECONDS, intent->first_second, error);
	sqlite3_stmt *statement;

	if (hour == NULL)
		return false;
	statement = lc_store_take_of_hour(store, hour, LC_STORE_HOUR_ADD, error);
	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, (int64_t)intent->id);
	lc_sql_bind_number(statement, 2, source_id);
	lc_sql_bind_number(statement, 3, intent->first_second);
	lc_sql_bind_number(statement, 4, intent->last_second);
	lc_sql_bind_number(statement, 5, (int64_t)intent->rows);
	lc_sql_bind_number(statement, 6, (int64_t)intent->bytes);
	lc_sql_bind_view(statement, 7, intent->target_bucket);
	lc_sql_bind_view(statement, 8, intent->target_prefix);
	lc_sql_bind_view(statement, 9, intent->key);
	lc_sql_bind_view(statement, 10, intent->taken_rows);
	return lc_sql_run(statement, store->path, error);
}

static bool add_open_intent(struct lc_store *store, const struct lc_ledger_intent *intent,
			    int64_t source_id, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_ADD_OPEN_INTENT, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, (int64_t)intent->id);
	lc_sql_bind_number(statement, 2, intent->last_second / LC_SCHEMA_HOUR_SECONDS);
	lc_sql_bind_number(statement, 3, source_id);
	lc_sql_bind_view(statement, 4, intent->target_bucket);
	lc_sql_bind_number(statement, 5, intent->first_second);
	lc_sql_bind_number(statement, 6, (int64_t)intent->rows);
	lc_sql_bind_view(statement, 7, intent->target_prefix);
	return lc_sql_run(statement, store->path, error);
}

static bool add_to_slot(struct lc_store *store, int64_t source_id, uint32_t slot, uint64_t rows,
			struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_ADD_TO_SLOT, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, slot);
	lc_sql_bind_number(statement, 2, source_id);
	lc_sql_bind_number(statement, 3, (int64_t)rows);
	return lc_sql_run(statement, store->path, error);
}

/* The blob comes from ourselves: one that does not fit its object is our bug. */
static bool count_rows(struct lc_store *store, const struct lc_ledger_intent *intent,
		       int64_t source_id, struct lc_error *error)
{
	struct lc_taken_second second = {0};
	struct lc_error fault;
	size_t position = 0;
	uint64_t total = 0;
	uint64_t rows = 0;
	uint32_t slot = intent->first_second / LC_LEDGER_SLOT_SECONDS;

	while (lc_taken_rows_next(intent->taken_rows, &position, &second, &fault)) {
		LC_ASSERT(total > 0 || second.second == intent->first_second);
		if (second.second / LC_LEDGER_SLOT_SECONDS != slot) {
			if (!add_to_slot(store, source_id, slot, rows, error))
				return false;
			slot = second.second / LC_LEDGER_SLOT_SECONDS;
			rows = 0;
		}
		rows += second.count;
		total += second.count;
	}
	LC_ASSERT(fault.kind == LC_ERROR_NONE);
	LC_ASSERT(total == intent->rows && second.second == intent->last_second);
	return add_to_slot(store, source_id, slot, rows, error);
}

static bool set_last_second(struct lc_store *store, int64_t source_id, uint32_t second,
			    struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_SET_LAST_SECOND, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, source_id);
	lc_sql_bind_number(statement, 2, second);
	return lc_sql_run(statement, store->path, error);
}

bool lc_store_add_intent(struct lc_store *store, const struct lc_ledger_intent *intent,
			 struct lc_error *error)
{
	int64_t id;

	return lc_store_get_source(store, &intent->source, &id, error) &&
	       add_object(store, intent, id, error) && add_open_intent(store, intent, id, error) &&
	       count_rows(store, intent, id, error) &&
	       set_last_second(store, id, intent->last_second, error) &&
	       lc_store_set_meta(store, LC_STORE_RAISE_META, "next_intent_id", intent->id + 1,
				 error);
}

bool lc_store_set_delivered(struct lc_store *store, uint64_t intent_id, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_CLOSE_INTENT, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, (int64_t)intent_id);
	return lc_sql_run(statement, store->path, error);
}

bool lc_store_set_lost(struct lc_store *store, uint64_t intent_id, uint32_t last_second,
		       enum lc_ledger_loss loss, struct lc_error *error)
{
	struct lc_store_hour *hour =
	    lc_store_find_hour(store, last_second / LC_SCHEMA_HOUR_SECONDS);
	sqlite3_stmt *statement;

	if (!lc_store_set_delivered(store, intent_id, error))
		return false;
	if (hour == NULL)
		return true;
	statement = lc_store_take_of_hour(store, hour, LC_STORE_HOUR_CLOSE, error);
	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, (int64_t)intent_id);
	lc_sql_bind_number(statement, 2, loss);
	return lc_sql_run(statement, store->path, error);
}

/* ---- withdrawal ---- */

static bool change_slot(struct lc_store *store, enum lc_store_statement how, int64_t source_id,
			uint32_t slot, uint32_t rows, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, how, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, slot);
	lc_sql_bind_number(statement, 2, source_id);
	if (how == LC_STORE_TAKE_FROM_SLOT)
		lc_sql_bind_number(statement, 3, rows);
	return lc_sql_run(statement, store->path, error);
}

/* The blob comes from the file. */
static bool uncount_rows(struct lc_store *store, int64_t source_id, struct lc_view blob,
			 struct lc_error *error)
{
	struct lc_taken_second second = {0};
	struct lc_error fault;
	size_t position = 0;

	while (lc_taken_rows_next(blob, &position, &second, &fault)) {
		uint32_t slot = second.second / LC_LEDGER_SLOT_SECONDS;

		if (!change_slot(store, LC_STORE_TAKE_FROM_SLOT, source_id, slot, second.count,
				 error) ||
		    !change_slot(store, LC_STORE_DROP_EMPTY_SLOT, source_id, slot, 0, error))
			return false;
	}
	if (fault.kind != LC_ERROR_NONE)
		return lc_error_set(error, LC_ERROR_CORRUPT, "ledger %s: %s", store->path,
				    fault.message);
	return true;
}

static bool drop_object(struct lc_store *store, struct lc_store_hour *hour, uint64_t intent_id,
			struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take_of_hour(store, hour, LC_STORE_HOUR_WITHDRAW, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, (int64_t)intent_id);
	return lc_sql_run(statement, store->path, error);
}

static bool uncount_object(struct lc_store *store, struct lc_store_hour *hour, uint64_t intent_id,
			   struct lc_error *error)
{
	sqlite3_stmt *statement =
	    lc_store_take_of_hour(store, hour, LC_STORE_HOUR_READ_TAKEN, error);
	enum lc_sql_step step;
	bool uncounted;

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, (int64_t)intent_id);
	step = lc_sql_step(statement, store->path, error);
	if (step == LC_SQL_DONE)
		return lc_store_miss_object(store, intent_id, error);
	uncounted = step == LC_SQL_ROW && uncount_rows(store, sqlite3_column_int64(statement, 0),
						       lc_sql_view(statement, 1), error);
	sqlite3_reset(statement);
	return uncounted;
}

bool lc_store_withdraw_intent(struct lc_store *store, uint64_t intent_id, uint32_t last_second,
			      struct lc_error *error)
{
	struct lc_store_hour *hour =
	    lc_store_find_hour(store, last_second / LC_SCHEMA_HOUR_SECONDS);

	if (hour == NULL)
		return lc_store_miss_object(store, intent_id, error);
	return uncount_object(store, hour, intent_id, error) &&
	       drop_object(store, hour, intent_id, error) &&
	       lc_store_set_delivered(store, intent_id, error);
}

bool lc_store_miss_object(const struct lc_store *store, uint64_t intent_id, struct lc_error *error)
{
	return lc_error_set(error, LC_ERROR_CORRUPT, "ledger %s: open intent %llu has no object",
			    store->path, (unsigned long long)intent_id);
}

/* ---- blobs ---- */

static bool each_blob_of_hour(struct lc_store *store, struct lc_store_hour *hour, int64_t source_id,
			      uint32_t from, uint32_t to,
			      bool (*visit)(void *context, struct lc_view blob,
					    struct lc_error *error),
			      void *context, struct lc_error *error)
{
	sqlite3_stmt *statement =
	    lc_store_take_of_hour(store, hour, LC_STORE_HOUR_READ_BLOBS, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, source_id);
	lc_sql_bind_number(statement, 2, from);
	lc_sql_bind_number(statement, 3, to);
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		if (!visit(context, lc_sql_view(statement, 0), error)) {
			sqlite3_reset(statement);
			return lc_error_prefix(error, "ledger %s", store->path);
		}
	}
	return step == LC_SQL_DONE;
}

bool lc_store_each_blob(struct lc_store *store, int64_t source_id, uint32_t from, uint32_t to,
			bool (*visit)(void *context, struct lc_view blob, struct lc_error *error),
			void *context, struct lc_error *error)
{
	for (size_t i = 0; i < store->hour_count; i++) {
		struct lc_store_hour *hour = &store->hours[i];

		if (hour->hour < from / LC_SCHEMA_HOUR_SECONDS || hour->oldest_second >= to)
			continue;
		if (!each_blob_of_hour(store, hour, source_id, from, to, visit, context, error))
			return false;
	}
	return true;
}
