#include "ledger/store_objects.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/radix.h"
#include "formats/taken_rows.h"
#include "ledger/schema.h"
#include "ledger/sql.h"
#include "ledger/store_hours.h"
#include "ledger/store_sources.h"

#include <inttypes.h>
#include <stdlib.h>

/* An open intent without its object is damage. Returns false. */
static bool miss_object(const struct lc_store *store, uint64_t intent_id, struct lc_error *error)
{
	return lc_error_set(error, LC_ERROR_CORRUPT,
			    "ledger %s: open intent %" PRIu64 " has no object", store->path,
			    intent_id);
}

static struct lc_taken_summary summary_of(const struct lc_ledger_intent *intent)
{
	return (struct lc_taken_summary){.rows = intent->rows,
					 .first_second = intent->first_second,
					 .last_second = intent->last_second};
}

/* What is read from a blob must be what its object names: one with other rows, or one that is none,
 * would pass for an object that is smaller, or empty. Rows that were taken would be taken again,
 * and the body built from it would be another one. */
static bool check_blob(const struct lc_store *store, const char *owner, uint64_t id,
		       struct lc_view blob, const struct lc_taken_summary *summary,
		       struct lc_error *error)
{
	return lc_taken_rows_check(blob, summary, error) ||
	       lc_error_prefix(error, "ledger %s: %s %" PRIu64, store->path, owner, id);
}

/* The blob of a row of READ_BLOB or READ_BLOBS. */
static bool take_blob(const struct lc_store *store, sqlite3_stmt *row, struct lc_view *blob,
		      struct lc_error *error)
{
	struct lc_taken_summary summary = {
	    .first_second = lc_sql_second(row, 1),
	    .last_second = lc_sql_second(row, 2),
	    .rows = lc_sql_count(row, 3),
	};

	*blob = lc_sql_view(row, 4);
	return check_blob(store, "object", lc_sql_count(row, 0), *blob, &summary, error);
}

/* ---- intents are opened ---- */

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

static bool run_for_slot(struct lc_store *store, enum lc_store_statement name, uint32_t slot,
			 int64_t source_id, const uint64_t *rows, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, name, error);

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, slot);
	lc_sql_bind_number(statement, 2, source_id);
	if (rows != NULL)
		lc_sql_bind_number(statement, 3, (int64_t)*rows);
	return lc_sql_run(statement, store->path, error);
}

static bool add_to_slot(struct lc_store *store, int64_t source_id, uint32_t slot, uint64_t rows,
			struct lc_error *error)
{
	return run_for_slot(store, LC_STORE_ADD_TO_SLOT, slot, source_id, &rows, error);
}

static bool take_from_slot(struct lc_store *store, int64_t source_id, uint32_t slot, uint64_t rows,
			   struct lc_error *error)
{
	return run_for_slot(store, LC_STORE_TAKE_FROM_SLOT, slot, source_id, &rows, error) &&
	       run_for_slot(store, LC_STORE_DROP_EMPTY_SLOT, slot, source_id, NULL, error);
}

/* Changes the counts of all slots that the blob, which is whole, has rows of. */
static bool change_slots(struct lc_store *store, int64_t source_id, struct lc_view blob,
			 bool (*change)(struct lc_store *store, int64_t source_id, uint32_t slot,
					uint64_t rows, struct lc_error *error),
			 struct lc_error *error)
{
	struct lc_taken_second second = {0};
	size_t position = 0;
	uint64_t rows = 0;
	uint32_t slot = 0;

	while (lc_taken_rows_next(blob, &position, &second, NULL)) {
		if (rows > 0 && second.second / LC_LEDGER_SLOT_SECONDS != slot) {
			if (!change(store, source_id, slot, rows, error))
				return false;
			rows = 0;
		}
		slot = second.second / LC_LEDGER_SLOT_SECONDS;
		rows += second.count;
	}
	return change(store, source_id, slot, rows, error);
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
	struct lc_taken_summary summary = summary_of(intent);
	int64_t id;

	/* The blob comes from ourselves: one that does not fit its object is our bug. */
	LC_ASSERT(lc_taken_rows_check(intent->taken_rows, &summary, NULL));
	return lc_store_get_source(store, &intent->source, &id, error) &&
	       add_object(store, intent, id, error) && add_open_intent(store, intent, id, error) &&
	       change_slots(store, id, intent->taken_rows, add_to_slot, error) &&
	       set_last_second(store, id, intent->last_second, error) &&
	       lc_store_set_meta(store, LC_STORE_RAISE_META, "next_intent_id", intent->id + 1,
				 error);
}

/* ---- intents are closed ---- */

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

	if (hour == NULL)
		return miss_object(store, intent_id, error);
	if (!lc_store_set_delivered(store, intent_id, error))
		return false;
	statement = lc_store_take_of_hour(store, hour, LC_STORE_HOUR_CLOSE, error);
	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, (int64_t)intent_id);
	lc_sql_bind_number(statement, 2, loss);
	if (!lc_sql_run(statement, store->path, error))
		return false;
	return sqlite3_changes(store->db) == 1 || miss_object(store, intent_id, error);
}

/* ---- withdrawal ---- */

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
	    lc_store_take_of_hour(store, hour, LC_STORE_HOUR_READ_BLOB, error);
	enum lc_sql_step step;
	struct lc_view blob;
	bool uncounted;

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, (int64_t)intent_id);
	step = lc_sql_step(statement, store->path, error);
	if (step == LC_SQL_DONE)
		return miss_object(store, intent_id, error);
	uncounted =
	    step == LC_SQL_ROW && take_blob(store, statement, &blob, error) &&
	    change_slots(store, sqlite3_column_int64(statement, 5), blob, take_from_slot, error);
	sqlite3_reset(statement);
	return uncounted;
}

bool lc_store_withdraw_intent(struct lc_store *store, uint64_t intent_id, uint32_t last_second,
			      struct lc_error *error)
{
	struct lc_store_hour *hour =
	    lc_store_find_hour(store, last_second / LC_SCHEMA_HOUR_SECONDS);

	if (hour == NULL)
		return miss_object(store, intent_id, error);
	return uncount_object(store, hour, intent_id, error) &&
	       drop_object(store, hour, intent_id, error) &&
	       lc_store_set_delivered(store, intent_id, error);
}

/* ---- blobs ---- */

static bool each_blob_of_hour(struct lc_store *store, struct lc_store_hour *hour, int64_t source_id,
			      uint32_t from, uint32_t to,
			      void (*visit)(void *context, struct lc_view blob), void *context,
			      struct lc_error *error)
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
		struct lc_view blob;

		if (!take_blob(store, statement, &blob, error)) {
			sqlite3_reset(statement);
			return false;
		}
		visit(context, blob);
	}
	return step == LC_SQL_DONE;
}

bool lc_store_each_blob(struct lc_store *store, int64_t source_id, uint32_t from, uint32_t to,
			void (*visit)(void *context, struct lc_view blob), void *context,
			struct lc_error *error)
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

/* ---- hashes ---- */

struct gathered {
	struct lc_ledger_hashes *hashes;
	size_t capacity;
	uint32_t from;
	uint32_t to;
};

static void gather_second(struct gathered *gathered, const struct lc_taken_second *second)
{
	struct lc_ledger_hashes *hashes = gathered->hashes;

	hashes->hashes = lc_memory_grow(hashes->hashes, &gathered->capacity,
					hashes->count + second->count, sizeof(hashes->hashes[0]));
	for (uint32_t i = 0; i < second->count; i++)
		hashes->hashes[hashes->count++] = lc_taken_rows_hash(second, i);
}

static void gather_blob(void *context, struct lc_view blob)
{
	struct gathered *gathered = context;
	struct lc_taken_second second = {0};
	size_t position = 0;

	while (lc_taken_rows_next(blob, &position, &second, NULL)) {
		if (second.second >= gathered->from && second.second < gathered->to)
			gather_second(gathered, &second);
	}
}

bool lc_store_read_hashes(struct lc_store *store, const struct lc_ledger_source *source,
			  uint32_t from, uint32_t to, struct lc_arena *arena,
			  struct lc_ledger_hashes *hashes, struct lc_error *error)
{
	struct gathered gathered = {.hashes = hashes, .from = from, .to = to};
	struct lc_store_source found;

	*hashes = (struct lc_ledger_hashes){0};
	if (!lc_store_find_source(store, source, &found, error))
		return false;
	hashes->has_floor = found.has_floor;
	hashes->floor = found.floor;
	hashes->floor.req_id = lc_arena_copy(arena, found.floor.req_id);
	if (found.id == 0 || from >= to)
		return true;
	if (!lc_store_each_blob(store, found.id, from, to, gather_blob, &gathered, error)) {
		free(hashes->hashes);
		*hashes = (struct lc_ledger_hashes){0};
		return false;
	}
	lc_radix_sort(hashes->hashes, hashes->count, sizeof hashes->hashes[0], 0);
	return true;
}

/* ---- open intents ---- */

/* The intent's object, of which `intent` holds id, source and target bucket already. */
static bool read_intent(struct lc_store *store, uint32_t hour_number, struct lc_arena *arena,
			struct lc_ledger_intent *intent, struct lc_error *error)
{
	struct lc_store_hour *hour = lc_store_find_hour(store, hour_number);
	sqlite3_stmt *statement = NULL;
	enum lc_sql_step step = LC_SQL_DONE;
	struct lc_taken_summary summary;

	if (hour != NULL) {
		statement = lc_store_take_of_hour(store, hour, LC_STORE_HOUR_READ, error);
		if (statement == NULL)
			return false;
		lc_sql_bind_number(statement, 1, (int64_t)intent->id);
		step = lc_sql_step(statement, store->path, error);
	}
	if (step == LC_SQL_DONE)
		miss_object(store, intent->id, error);
	if (step != LC_SQL_ROW)
		return false;
	intent->first_second = lc_sql_second(statement, 0);
	intent->last_second = lc_sql_second(statement, 1);
	intent->rows = lc_sql_count(statement, 2);
	intent->bytes = lc_sql_count(statement, 3);
	intent->target_prefix = lc_arena_copy(arena, lc_sql_view(statement, 4));
	intent->key = lc_arena_copy(arena, lc_sql_view(statement, 5));
	intent->taken_rows = lc_arena_copy(arena, lc_sql_view(statement, 6));
	sqlite3_reset(statement);
	summary = summary_of(intent);
	return check_blob(store, "open intent", intent->id, intent->taken_rows, &summary, error);
}

/* The least second of all open intents of the target. */
static bool read_oldest(struct lc_store *store, const struct lc_ledger_intents_question *question,
			uint32_t *oldest_second, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_OLDEST_OPEN_INTENT, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	lc_sql_bind_view(statement, 1, question->bucket);
	lc_sql_bind_view(statement, 2, question->prefix);
	step = lc_sql_step(statement, store->path, error);
	if (step == LC_SQL_ROW)
		*oldest_second = lc_sql_second(statement, 0);
	sqlite3_reset(statement);
	return step != LC_SQL_FAILED;
}

static sqlite3_stmt *ask_intents(struct lc_store *store,
				 const struct lc_ledger_intents_question *question,
				 struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_READ_OPEN_INTENTS, error);

	if (statement == NULL)
		return NULL;
	lc_sql_bind_view(statement, 1, question->bucket);
	lc_sql_bind_view(statement, 2, question->prefix);
	lc_sql_bind_number(statement, 3, (int64_t)question->after_id);
	/* One more than is asked for tells whether there are more. */
	lc_sql_bind_number(statement, 4, (int64_t)question->limit + 1);
	return statement;
}

bool lc_store_read_intents(struct lc_store *store,
			   const struct lc_ledger_intents_question *question,
			   struct lc_arena *arena, struct lc_ledger_intents *answer,
			   struct lc_error *error)
{
	struct lc_view bucket = lc_arena_copy(arena, question->bucket);
	enum lc_sql_step step;
	sqlite3_stmt *statement;
	uint64_t bytes = 0;

	LC_ASSERT(question->limit < SIZE_MAX / sizeof(struct lc_ledger_intent));
	*answer = (struct lc_ledger_intents){
	    .intents = lc_arena_alloc(arena, question->limit * sizeof(struct lc_ledger_intent))};
	if (!read_oldest(store, question, &answer->oldest_second, error))
		return false;
	statement = ask_intents(store, question, error);
	if (statement == NULL)
		return false;
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		struct lc_ledger_intent *intent = &answer->intents[answer->count];

		if (answer->count == question->limit ||
		    (answer->count > 0 && bytes >= question->max_bytes)) {
			answer->more = true;
			sqlite3_reset(statement);
			return true;
		}
		*intent = (struct lc_ledger_intent){
		    .id = lc_sql_count(statement, 0),
		    .source = {.raft_session_id = lc_sql_second(statement, 2),
			       .bucket = lc_arena_copy(arena, lc_sql_view(statement, 3))},
		    .target_bucket = bucket,
		};
		if (!read_intent(store, lc_sql_second(statement, 1), arena, intent, error)) {
			sqlite3_reset(statement);
			return false;
		}
		bytes += intent->taken_rows.size;
		answer->count++;
	}
	return step == LC_SQL_DONE;
}

/* ---- log objects, for people to read ---- */

struct object_list {
	struct lc_ledger_object *objects;
	size_t count;
	size_t capacity;
};

static enum lc_ledger_loss loss_of(int number)
{
	if (number == LC_LEDGER_NOT_LOST || number == LC_LEDGER_LOST_DISCARDED)
		return (enum lc_ledger_loss)number;
	return LC_LEDGER_LOST_EXPIRED;
}

static void list_object(struct object_list *list, const struct lc_ledger_source *source,
			sqlite3_stmt *statement, struct lc_arena *arena)
{
	enum lc_ledger_loss loss = loss_of(sqlite3_column_int(statement, 8));
	bool open = sqlite3_column_int(statement, 9) != 0;

	list->objects = lc_memory_grow(list->objects, &list->capacity, list->count + 1,
				       sizeof(list->objects[0]));
	list->objects[list->count++] = (struct lc_ledger_object){
	    .intent = {.id = lc_sql_count(statement, 0),
		       .source = *source,
		       .target_bucket = lc_arena_copy(arena, lc_sql_view(statement, 5)),
		       .target_prefix = lc_arena_copy(arena, lc_sql_view(statement, 6)),
		       .key = lc_arena_copy(arena, lc_sql_view(statement, 7)),
		       .first_second = lc_sql_second(statement, 1),
		       .last_second = lc_sql_second(statement, 2),
		       .rows = lc_sql_count(statement, 3),
		       .bytes = lc_sql_count(statement, 4)},
	    .delivered = loss == LC_LEDGER_NOT_LOST && !open,
	    .loss = loss,
	};
}

static bool read_newest(struct lc_store *store, struct lc_store_hour *hour, int64_t source_id,
			const struct lc_ledger_source *source, size_t limit, struct lc_arena *arena,
			struct object_list *list, struct lc_error *error)
{
	sqlite3_stmt *statement =
	    lc_store_take_of_hour(store, hour, LC_STORE_HOUR_READ_NEWEST, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, source_id);
	lc_sql_bind_number(statement, 2, (int64_t)limit);
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW)
		list_object(list, source, statement, arena);
	return step == LC_SQL_DONE;
}

static int newest_first(const void *a, const void *b)
{
	const struct lc_ledger_object *left = a;
	const struct lc_ledger_object *right = b;

	return (left->intent.id < right->intent.id) - (left->intent.id > right->intent.id);
}

/* Hands over the first objects of the list and releases it. */
static void keep_first(struct object_list *list, size_t limit, struct lc_arena *arena,
		       struct lc_ledger_object **objects, size_t *count)
{
	*count = list->count < limit ? list->count : limit;
	*objects = lc_arena_alloc(arena, *count * sizeof list->objects[0]);
	for (size_t i = 0; i < *count; i++)
		(*objects)[i] = list->objects[i];
	free(list->objects);
}

/* Late rows stand in tables of older hours, so each hour gives its newest, and those are sorted. */
bool lc_store_read_objects(struct lc_store *store, const struct lc_ledger_source *source,
			   size_t limit, struct lc_arena *arena, struct lc_ledger_object **objects,
			   size_t *count, struct lc_error *error)
{
	struct object_list list = {0};
	struct lc_store_source found;
	struct lc_ledger_source kept = *source;
	bool read = lc_store_find_source(store, source, &found, error);

	kept.bucket = lc_arena_copy(arena, source->bucket);
	for (size_t i = 0; read && found.id != 0 && i < store->hour_count; i++)
		read = read_newest(store, &store->hours[i], found.id, &kept, limit, arena, &list,
				   error);
	if (read && list.count > 0)
		qsort(list.objects, list.count, sizeof list.objects[0], newest_first);
	keep_first(&list, limit, arena, objects, count);
	return read;
}

static bool read_deliveries(struct lc_store *store, struct lc_store_hour *hour,
			    struct lc_view bucket, size_t limit, struct lc_arena *arena,
			    struct object_list *list, struct lc_error *error)
{
	sqlite3_stmt *statement =
	    lc_store_take_of_hour(store, hour, LC_STORE_HOUR_READ_DELIVERIES, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	lc_sql_bind_view(statement, 1, bucket);
	lc_sql_bind_number(statement, 2, (int64_t)limit);
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		struct lc_ledger_source source = {
		    .raft_session_id = lc_sql_second(statement, 10),
		    .bucket = lc_arena_copy(arena, lc_sql_view(statement, 11))};

		list_object(list, &source, statement, arena);
	}
	return step == LC_SQL_DONE;
}

/* Hour by hour, the latest first. */
bool lc_store_read_deliveries(struct lc_store *store, struct lc_view bucket, size_t limit,
			      struct lc_arena *arena, struct lc_ledger_object **objects,
			      size_t *count, struct lc_error *error)
{
	struct object_list list = {0};
	bool read = true;

	for (size_t i = store->hour_count; read && i-- > 0 && list.count < limit;)
		read = read_deliveries(store, &store->hours[i], bucket, limit - list.count, arena,
				       &list, error);
	keep_first(&list, limit, arena, objects, count);
	return read;
}
