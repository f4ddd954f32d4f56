#include "delivery/rebuild.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/counters.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "clients/clickhouse.h"
#include "clients/diagnose.h"
#include "config/settings.h"
#include "delivery/attempts.h"
#include "delivery/build.h"
#include "delivery/hash_set.h"
#include "delivery/inflight.h"
#include "delivery/mark.h"
#include "delivery/object.h"
#include "delivery/query.h"
#include "delivery/rows.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "delivery/target_table.h"
#include "delivery/upload.h"
#include "formats/row_hash.h"
#include "formats/taken_rows.h"
#include "ledger/ledger.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	INTENTS_MAX = 256, /* of one pass */
	MISSING_WAIT_MS = 60 * 1000,
	MISSING_WAIT_MAX_MS = 3600 * 1000,
	FAILURE_WAIT_MS = 5 * 1000,
	NARROW_WAIT_MS = 1000,
};

/* ---- an intent whose body is built again ---- */

/* An object that takes exactly the rows the intent names, by their hashes, from a stream that holds
 * others too. */
struct item {
	struct lc_source *source;
	struct lc_object *object;  /* NULL once it was handed on */
	struct lc_hash_set hashes; /* its rows, sorted */
	struct lc_hash_subtraction subtraction;
	uint32_t first_second;
	uint32_t last_second;
	struct lc_buffer key;
	struct lc_mark last; /* offset of the last row found */
};

enum item_answer {
	ITEM_REFUSED,    /* the row is none of the intent's, or it has it already */
	ITEM_TAKEN,      /* the row's line stands in the object */
	ITEM_DISORDERED, /* its second lies before that of a row taken earlier */
};

/* An item whose object is rebuilt. False with `error` (LC_ERROR_CORRUPT), and nothing to release,
 * when the intent's blob does not hold the rows that the intent names: what would be built from it
 * is another object, which must not get the recorded key. */
static bool item_init(struct item *item, struct lc_object_table *objects, struct lc_source *source,
		      struct lc_target *target, const struct lc_ledger_intent *intent,
		      uint64_t now_ms, struct lc_error *error)
{
	struct lc_taken_summary expected = {.rows = intent->rows,
					    .first_second = intent->first_second,
					    .last_second = intent->last_second};
	struct lc_taken_second second;
	size_t position = 0;

	if (!lc_taken_rows_check(intent->taken_rows, &expected, error))
		return lc_error_prefix(error, "the ledger is damaged: open intent %" PRIu64,
				       intent->id);
	*item = (struct item){.source = source,
			      .first_second = intent->first_second,
			      .last_second = intent->last_second};
	while (lc_taken_rows_next(intent->taken_rows, &position, &second, NULL)) {
		for (uint32_t i = 0; i < second.count; i++)
			lc_hash_set_add(&item->hashes, lc_taken_rows_hash(&second, i));
	}
	lc_hash_set_sort(&item->hashes);
	lc_mark_init(&item->last);
	lc_buffer_init(&item->key, SIZE_MAX / 2);
	lc_buffer_append_view(&item->key, intent->key);
	item->object =
	    lc_object_new_of_intent(objects, source, target, intent, item->hashes.count, now_ms);
	return true;
}

/* To be called once the item has its final place in memory, before it is offered rows. */
static void item_begin(struct item *item)
{
	lc_hash_subtraction_init(&item->subtraction, &item->hashes);
}

/* Releases all but the source; the object, if it is still here, stays unbuilt. */
static void item_free(struct item *item)
{
	if (item->object != NULL)
		lc_object_enter(item->object, LC_OBJECT_UNBUILT);
	lc_hash_subtraction_free(&item->subtraction);
	lc_hash_set_free(&item->hashes);
	lc_buffer_free(&item->key);
	lc_mark_free(&item->last);
}

/* For qsort: by source as the logs table orders them, then by intent. */
static int item_compare(const void *a, const void *b)
{
	const struct item *left = a;
	const struct item *right = b;
	int order = lc_source_compare(left->source, right->source);

	if (order != 0)
		return order;
	return (left->object->intent_id > right->object->intent_id) -
	       (left->object->intent_id < right->object->intent_id);
}

/* Where the record's source lies: 0, it is the item's; less, the item's comes before. */
static int item_compare_source(const struct item *item, const struct lc_record *record)
{
	struct lc_source wanted = {.raft_session_id = record->raft_session_id,
				   .bucket = record->bucket};

	return lc_source_compare(item->source, &wanted);
}

static void note_offset(struct item *item, const struct lc_record *record)
{
	struct lc_offset offset = {.inserted_at = record->inserted_at,
				   .start_time_ms = record->start_time_ms,
				   .req_id = record->req_id};

	if (!lc_mark_covers(&item->last, &offset))
		lc_mark_set(&item->last, &offset);
}

/* Offers a row of the item's source, in the order of a scan. */
static enum item_answer item_offer(struct item *item, const struct lc_record *record, uint64_t hash,
				   const struct lc_line_style *style)
{
	struct lc_object *object = item->object;

	if (record->inserted_at < item->first_second || record->inserted_at > item->last_second ||
	    !lc_view_equal(object->target->prefix, record->target_prefix) ||
	    !lc_hash_subtraction_take(&item->subtraction, hash, NULL))
		return ITEM_REFUSED;
	if (object->line_count > 0 && record->inserted_at < object->last_second)
		return ITEM_DISORDERED;
	note_offset(item, record);
	lc_object_append(object, record, hash, style);
	return ITEM_TAKEN;
}

/* True when all its rows were found. */
static bool item_is_whole(const struct item *item)
{
	return item->object->line_count == item->hashes.count;
}

/* ---- a pass ---- */

/* Where a pass is. */
enum step {
	STEP_IDLE,
	STEP_INTENTS, /* the ledger is read for intents of the target, */
	STEP_ROWS,    /* ClickHouse for their rows, */
	STEP_ENDING,  /* and asked whether these came to their end */
};

static const char *const STEP_NAMES[] = {"idle", "reading intents", "reading rows",
					 "checking the end"};

struct lc_rebuild {
	const struct lc_delivery *delivery;
	struct lc_line_style style;
	size_t room; /* bytes of bodies that one pass may build */
	size_t most; /* intents of the next pass; fewer once a pass could not be read */

	enum step step;
	struct lc_ledger_command *read; /* in STEP_INTENTS */
	struct lc_rows rows;            /* in STEP_ROWS and STEP_ENDING */
	struct lc_target *target;       /* of this pass */
	uint32_t now;

	struct item *items; /* by source as the table orders them, then by id */
	size_t item_count;
	size_t at;       /* first item of the source that the stream is in */
	bool disordered; /* the stream goes back in time: it is not what was asked for */
};

struct lc_rebuild *lc_rebuild_new(const struct lc_delivery *delivery)
{
	struct lc_rebuild *rebuild = lc_memory_zero(1, sizeof(*rebuild));

	rebuild->delivery = delivery;
	rebuild->style = lc_object_line_style(delivery->settings);
	rebuild->room = (size_t)lc_settings_inflight_bytes(delivery->settings) / 8;
	rebuild->most = INTENTS_MAX;
	return rebuild;
}

static void release_pass(struct lc_rebuild *rebuild)
{
	for (size_t i = 0; i < rebuild->item_count; i++)
		item_free(&rebuild->items[i]);
	free(rebuild->items);
	rebuild->items = NULL;
	rebuild->item_count = 0;
	lc_rows_release(&rebuild->rows);
	rebuild->target = NULL;
}

static void enter(struct lc_rebuild *rebuild, enum step step)
{
	if (rebuild->step != step)
		lc_log(LC_LOG_DEBUG, "rebuild", LC_LOG_TEXT("from", STEP_NAMES[rebuild->step]),
		       LC_LOG_TEXT("to", STEP_NAMES[step]));
	rebuild->step = step;
	rebuild->read = NULL;
	if (step == STEP_IDLE)
		release_pass(rebuild);
}

void lc_rebuild_cancel(struct lc_rebuild *rebuild)
{
	lc_ledger_cancel(rebuild->read);
	enter(rebuild, STEP_IDLE);
}

void lc_rebuild_free(struct lc_rebuild *rebuild)
{
	if (rebuild == NULL)
		return;
	lc_rebuild_cancel(rebuild);
	free(rebuild);
}

/* ---- rows ---- */

/* Gives the row to an intent that still misses one like it; most rows belong to none. */
static bool on_record(void *context, const struct lc_record *record)
{
	struct lc_rebuild *rebuild = context;
	uint64_t hash = lc_row_hash(record);

	while (rebuild->at < rebuild->item_count &&
	       item_compare_source(&rebuild->items[rebuild->at], record) < 0)
		rebuild->at++;
	if (rebuild->at < rebuild->item_count)
		lc_rows_pass(&rebuild->rows, rebuild->items[rebuild->at].source,
			     record->inserted_at);
	for (size_t i = rebuild->at; i < rebuild->item_count; i++) {
		struct item *item = &rebuild->items[i];
		enum item_answer answer;

		if (item_compare_source(item, record) != 0)
			break;
		answer = item_offer(item, record, hash, &rebuild->style);
		if (answer == ITEM_REFUSED)
			continue;
		rebuild->disordered = answer == ITEM_DISORDERED;
		return !rebuild->disordered;
	}
	return true;
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_rebuild *rebuild = context;

	if (!lc_rows_feed(&rebuild->rows, piece, error))
		return false;
	if (rebuild->disordered)
		return lc_error_set(error, LC_ERROR_CORRUPT, "rows out of order");
	return true;
}

static void submit(struct lc_rebuild *rebuild, struct item *item)
{
	struct lc_object *object = item->object;

	lc_object_seal(object);
	lc_object_set_key(object, lc_buffer_view(&item->key));
	/* A process that has read none of the source's rows since its start learns here how far
	 * they go: once nothing of the source is undelivered, that is what is to be committed. */
	lc_source_advance(item->source, &item->last);
	item->object = NULL;
	lc_counters_add(rebuild->delivery->counters, LC_COUNTERS_INTENTS_REBUILT, 1);
	LC_CRASH_POINT(REBUILD_BEFORE_SUBMIT);
	lc_upload_submit(rebuild->delivery->upload, object);
}

static void hold(struct lc_rebuild *rebuild, const struct item *item)
{
	lc_attempts_hold(rebuild->delivery->attempts, item->object->intent_id,
			 lc_loop_now_ms(rebuild->delivery->loop), MISSING_WAIT_MS,
			 MISSING_WAIT_MAX_MS);
}

/* ClickHouse does not show all rows of the intent. */
static void miss(struct lc_rebuild *rebuild, struct item *item)
{
	uint64_t missing = item->hashes.count - item->object->line_count;
	uint64_t retention = (uint64_t)rebuild->delivery->settings->consumer_retention_seconds;
	struct lc_source *source = item->source;

	if (rebuild->now <= item->last_second + retention) {
		hold(rebuild, item);
		lc_log(LC_LOG_WARNING, "rows of a log object are not visible in ClickHouse",
		       LC_LOG_VIEW("bucket", source->bucket),
		       LC_LOG_VIEW("target", rebuild->target->bucket->name),
		       LC_LOG_VIEW("key", lc_buffer_view(&item->key)),
		       LC_LOG_UINT("missing", missing));
		return;
	}
	lc_log(LC_LOG_ERROR, "rows were lost: their retention ended before they were delivered",
	       LC_LOG_VIEW("bucket", source->bucket),
	       LC_LOG_VIEW("target", rebuild->target->bucket->name),
	       LC_LOG_VIEW("key", lc_buffer_view(&item->key)),
	       LC_LOG_UINT("rows", item->hashes.count));
	lc_counters_add(rebuild->delivery->counters, LC_COUNTERS_ROWS_EXPIRED, item->hashes.count);
	lc_ledger_set_lost(rebuild->delivery->ledger, item->object->intent_id, item->last_second,
			   LC_LEDGER_LOST_EXPIRED);
	lc_attempts_forget(rebuild->delivery->attempts, item->object->intent_id);
	lc_object_enter(item->object, LC_OBJECT_CLOSED);
	item->object = NULL;
	item_free(item);
	*item = (struct item){.source = NULL};
	rebuild->delivery->events->lost(rebuild->delivery->context, source);
}

/* The pass could not be read to its end. When ClickHouse was there, what it asked for may be the
 * reason: the next passes ask for fewer intents, until the one that cannot be read is left alone.
 */
static void fail_pass(struct lc_rebuild *rebuild, const struct lc_error *failure)
{
	struct lc_target *target = rebuild->target;
	bool answered = lc_diagnose_answered(failure);
	bool suspect = answered && !rebuild->rows.resized;

	if (suspect && rebuild->item_count == 1 && rebuild->items[0].object != NULL) {
		hold(rebuild, &rebuild->items[0]);
		rebuild->most = INTENTS_MAX;
	} else if (suspect && rebuild->item_count > 1) {
		rebuild->most = rebuild->item_count / 2;
	}
	target->rebuild_at_ms =
	    lc_loop_now_ms(rebuild->delivery->loop) + (answered ? NARROW_WAIT_MS : FAILURE_WAIT_MS);
	target->looked_to = 0;
	lc_log(LC_LOG_WARNING, "rebuilding log objects failed and is tried again",
	       LC_LOG_VIEW("target", target->bucket->name),
	       LC_LOG_UINT("intents", rebuild->item_count), LC_LOG_FAULT(failure));
}

static void finish(void *context, const struct lc_error *error)
{
	struct lc_rebuild *rebuild = context;
	struct lc_error failure = *error;

	for (size_t i = 0; i < rebuild->item_count; i++) {
		struct item *item = &rebuild->items[i];

		if (item_is_whole(item))
			submit(rebuild, item);
		else if (failure.kind == LC_ERROR_NONE)
			miss(rebuild, item);
	}
	if (failure.kind != LC_ERROR_NONE)
		fail_pass(rebuild, &failure);
	else if (rebuild->most < INTENTS_MAX)
		rebuild->most = rebuild->most * 2 < INTENTS_MAX ? rebuild->most * 2 : INTENTS_MAX;
	enter(rebuild, STEP_IDLE);
}

/* The sources of the items from `first` on, each once; to be freed. */
static struct lc_source **sources_from(const struct lc_rebuild *rebuild, size_t first,
				       size_t *count)
{
	struct lc_source **sources =
	    lc_memory_zero(rebuild->item_count, sizeof(struct lc_source *));

	*count = 0;
	for (size_t i = first; i < rebuild->item_count; i++) {
		if (*count == 0 || sources[*count - 1] != rebuild->items[i].source)
			sources[(*count)++] = rebuild->items[i].source;
	}
	return sources;
}

static bool all_whole(const struct lc_rebuild *rebuild)
{
	for (size_t i = 0; i < rebuild->item_count; i++) {
		if (!item_is_whole(&rebuild->items[i]))
			return false;
	}
	return true;
}

/* Only an answer that came to its end says that a row is not there. */
static void on_end(void *context, const struct lc_error *error)
{
	struct lc_rebuild *rebuild = context;
	struct lc_source **sources;
	size_t count;

	if (error->kind != LC_ERROR_NONE || all_whole(rebuild)) {
		finish(rebuild, error);
		return;
	}
	/* A row of no source that was asked for leads past the last item. */
	sources =
	    sources_from(rebuild, rebuild->at < rebuild->item_count ? rebuild->at : 0, &count);
	enter(rebuild, STEP_ENDING);
	lc_rows_check(&rebuild->rows, sources, count, finish);
	free(sources);
}

static const struct lc_rows_reader READER = {
    .on_record = on_record, .on_data = on_data, .on_end = on_end};

/* ---- intents ---- */

static bool add_item(struct lc_rebuild *rebuild, const struct lc_ledger_intent *intent,
		     struct lc_error *error)
{
	struct item *item = &rebuild->items[rebuild->item_count];
	struct lc_source *source = lc_source_get(
	    rebuild->delivery->sources, intent->source.raft_session_id, intent->source.bucket);

	if (!item_init(item, rebuild->delivery->objects, source, rebuild->target, intent,
		       lc_loop_now_ms(rebuild->delivery->loop), error))
		return false;
	rebuild->item_count++;
	return true;
}

/* In the order of the stream; `asked` gets the bounds of what is asked. */
static void order_items(struct lc_rebuild *rebuild, struct lc_query_rows *asked)
{
	qsort(rebuild->items, rebuild->item_count, sizeof(rebuild->items[0]), item_compare);
	asked->from = UINT32_MAX;
	asked->until = 0;
	for (size_t i = 0; i < rebuild->item_count; i++) {
		struct item *item = &rebuild->items[i];

		item_begin(item);
		if (item->first_second < asked->from)
			asked->from = item->first_second;
		if (item->last_second >= asked->until)
			asked->until = item->last_second + 1;
	}
}

static void start_query(struct lc_rebuild *rebuild)
{
	unsigned seat = lc_clickhouse_take_seat(rebuild->delivery->clickhouse);
	struct lc_query_rows asked = {.count = 0};
	struct lc_source **sources;

	order_items(rebuild, &asked);
	sources = sources_from(rebuild, 0, &asked.count);
	asked.sources = sources;
	rebuild->at = 0;
	rebuild->disordered = false;
	enter(rebuild, STEP_ROWS);
	lc_rows_start(&rebuild->rows, rebuild->delivery, seat, &asked, &READER, rebuild);
	free(sources);
}

/* The body of the intent is in memory. */
static bool has_body(const struct lc_rebuild *rebuild, const struct lc_ledger_intent *intent)
{
	const struct lc_source *source = lc_source_find(
	    rebuild->delivery->sources, intent->source.raft_session_id, intent->source.bucket);

	return source != NULL && lc_object_find(source, intent->id) != NULL;
}

/* Whether the intent is to be built now: its body is not there, and it is not left alone. */
static bool is_wanted(const struct lc_rebuild *rebuild, const struct lc_ledger_intent *intent)
{
	uint64_t held_ms = lc_attempts_held_until_ms(rebuild->delivery->attempts, intent->id);

	return held_ms <= lc_loop_now_ms(rebuild->delivery->loop) && !has_body(rebuild, intent);
}

/* Takes as many of the intents as there is room for; *at_end tells that it came to the end of the
 * answer. False with `error` when one of them is damaged. */
static bool choose_items(struct lc_rebuild *rebuild, const struct lc_ledger_intents *answer,
			 bool *at_end, struct lc_error *error)
{
	struct lc_target *target = rebuild->target;
	bool one = lc_target_standing(target)->state != LC_TARGET_HEALTHY;
	size_t room = lc_inflight_room(rebuild->delivery->objects, target);
	uint64_t bytes = 0;

	*at_end = false;
	rebuild->items = lc_memory_zero(answer->count, sizeof(rebuild->items[0]));
	for (size_t i = 0; i < answer->count; i++) {
		const struct lc_ledger_intent *intent = &answer->intents[i];

		/* Younger ones have their bodies: they are on their way to the uploads. */
		if (intent->id >= lc_build_submitted_to(rebuild->delivery->build)) {
			*at_end = true;
			return true;
		}
		if (is_wanted(rebuild, intent)) {
			bytes += lc_object_memory_for(intent->rows, intent->bytes);
			if (rebuild->item_count > 0 && (one || bytes > room))
				return true;
			if (!add_item(rebuild, intent, error))
				return false;
		}
		target->looked_to = intent->id;
	}
	*at_end = !answer->more;
	return true;
}

/* Intents of a target that was discarded are closed as they stand. */
static void discard_all(struct lc_rebuild *rebuild, const struct lc_ledger_intents *answer)
{
	struct lc_target *target = rebuild->target;

	for (size_t i = 0; i < answer->count; i++) {
		const struct lc_ledger_intent *intent = &answer->intents[i];
		struct lc_source *source =
		    lc_source_find(rebuild->delivery->sources, intent->source.raft_session_id,
				   intent->source.bucket);

		if (intent->id >= lc_build_submitted_to(rebuild->delivery->build) ||
		    has_body(rebuild, intent))
			continue;
		LC_ASSERT(source != NULL);
		lc_counters_add(rebuild->delivery->counters, LC_COUNTERS_ROWS_DISCARDED,
				intent->rows);
		lc_ledger_set_lost(rebuild->delivery->ledger, intent->id, intent->last_second,
				   LC_LEDGER_LOST_DISCARDED);
		lc_attempts_forget(rebuild->delivery->attempts, intent->id);
		lc_target_table_remove_backlog(rebuild->delivery->targets, source, target,
					       intent->rows);
		rebuild->delivery->events->lost(rebuild->delivery->context, source);
	}
	/* After the last one come those that were passed over before it was discarded. */
	target->looked_to = answer->more ? answer->intents[answer->count - 1].id : 0;
	if (!answer->more)
		target->rebuild_at_ms = lc_loop_now_ms(rebuild->delivery->loop) + FAILURE_WAIT_MS;
	enter(rebuild, STEP_IDLE);
}

static void on_intents(void *context, const struct lc_ledger_intents *answer)
{
	struct lc_rebuild *rebuild = context;
	struct lc_target *target = rebuild->target;
	struct lc_error error;
	bool began_at_first;
	bool at_end;

	rebuild->read = NULL;
	if (answer->oldest_second > 0)
		lc_target_table_raise_oldest(target, answer->oldest_second);
	if (lc_target_given_up(target) == LC_LEDGER_DISCARDED) {
		discard_all(rebuild, answer);
		return;
	}
	began_at_first = target->looked_to == 0;
	if (!choose_items(rebuild, answer, &at_end, &error)) {
		enter(rebuild, STEP_IDLE);
		rebuild->delivery->events->damaged(rebuild->delivery->context, &error);
		return;
	}
	if (rebuild->item_count > 0) {
		start_query(rebuild);
		return;
	}
	/* After the last one comes the first one again; when there was none at all, a little later.
	 */
	if (at_end) {
		target->looked_to = 0;
		if (began_at_first)
			target->rebuild_at_ms =
			    lc_loop_now_ms(rebuild->delivery->loop) + FAILURE_WAIT_MS;
	}
	enter(rebuild, STEP_IDLE);
}

void lc_rebuild_start_if_due(struct lc_rebuild *rebuild, uint32_t now)
{
	struct lc_object_table *objects = rebuild->delivery->objects;
	size_t cap = lc_target_table_policy(rebuild->delivery->targets)->cap_bytes;
	struct lc_target *target;
	struct lc_ledger_intents_question question;

	if (rebuild->step != STEP_IDLE || now == 0 || objects->bytes > cap - rebuild->room)
		return;
	target = lc_inflight_next_backlog(objects, lc_loop_now_ms(rebuild->delivery->loop));
	if (target == NULL)
		return;
	rebuild->target = target;
	rebuild->now = now;
	question = (struct lc_ledger_intents_question){
	    .bucket = target->bucket->name,
	    .prefix = target->prefix,
	    .after_id = target->looked_to,
	    .limit = rebuild->most,
	    .max_bytes = rebuild->room,
	};
	enter(rebuild, STEP_INTENTS);
	rebuild->read =
	    lc_ledger_read_intents(rebuild->delivery->ledger, &question, on_intents, rebuild);
}
