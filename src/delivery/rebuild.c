#include "delivery/rebuild.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/memory.h"
#include "delivery/ending.h"
#include "delivery/object.h"
#include "delivery/query.h"
#include "delivery/rebuild_item.h"
#include "formats/record_stream.h"
#include "formats/row_hash.h"
#include "ledger/question.h"

#include <stdlib.h>

enum {
	INTENTS_MAX = 256, /* of one pass */
	MISSING_WAIT_MS = 60 * 1000,
	FAILURE_WAIT_MS = 5 * 1000,
};

struct lc_rebuild {
	struct lc_parts parts;
	void (*on_settled)(void *context, struct lc_source *source);
	void *context;
	size_t room; /* bytes of bodies that one pass may build */

	struct lc_target *target; /* of this pass, NULL: none is under way */
	struct lc_ledger_question question;
	uint32_t now;

	struct lc_rebuild_item *items; /* by source as the table orders them, then by id */
	size_t item_count;
	size_t at; /* first item of the source that the stream is in */
	struct lc_clickhouse_query *query;
	struct lc_record_stream *stream;
	bool disordered; /* the stream goes back in time: it is not what was asked for */
	unsigned seat;
	uint32_t from; /* bounds of what is asked */
	uint32_t until;
	struct lc_ending_place place; /* of the last row */
	struct lc_ending ending;
};

struct lc_rebuild *lc_rebuild_new(const struct lc_parts *parts,
				  void (*on_settled)(void *context, struct lc_source *source),
				  void *context)
{
	struct lc_rebuild *rebuild = lc_memory_zero(1, sizeof(*rebuild));

	rebuild->parts = *parts;
	rebuild->on_settled = on_settled;
	rebuild->context = context;
	rebuild->room = (size_t)parts->settings->limits_max_inflight_bytes / 4;
	return rebuild;
}

static void release_item(struct lc_rebuild *rebuild, struct lc_rebuild_item *item)
{
	if (item->object != NULL)
		lc_upload_account(rebuild->parts.upload, rebuild->target,
				  -(ptrdiff_t)lc_object_memory(item->object));
	lc_rebuild_item_free(item);
}

static void end_pass(struct lc_rebuild *rebuild)
{
	for (size_t i = 0; i < rebuild->item_count; i++)
		release_item(rebuild, &rebuild->items[i]);
	free(rebuild->items);
	rebuild->items = NULL;
	rebuild->item_count = 0;
	lc_record_stream_free(rebuild->stream);
	rebuild->stream = NULL;
	rebuild->query = NULL;
	rebuild->target = NULL;
}

void lc_rebuild_cancel(struct lc_rebuild *rebuild)
{
	if (rebuild->query != NULL)
		lc_clickhouse_cancel(rebuild->query);
	lc_ending_cancel(&rebuild->ending);
	lc_ledger_question_give_up(&rebuild->question);
	end_pass(rebuild);
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
	struct lc_view region = lc_view_of(rebuild->parts.settings->consumer_source_region);

	while (rebuild->at < rebuild->item_count &&
	       lc_rebuild_item_compare_source(&rebuild->items[rebuild->at], record) < 0)
		rebuild->at++;
	if (rebuild->at < rebuild->item_count)
		lc_ending_place_pass(&rebuild->place, rebuild->items[rebuild->at].source,
				     record->inserted_at);
	for (size_t i = rebuild->at; i < rebuild->item_count; i++) {
		struct lc_rebuild_item *item = &rebuild->items[i];
		size_t before = lc_object_memory(item->object);
		enum lc_rebuild_item_answer answer;

		if (lc_rebuild_item_compare_source(item, record) != 0)
			break;
		answer = lc_rebuild_item_offer(item, record, hash, region);
		if (answer == LC_REBUILD_ITEM_REFUSED)
			continue;
		lc_upload_account(rebuild->parts.upload, rebuild->target,
				  (ptrdiff_t)(lc_object_memory(item->object) - before));
		rebuild->disordered = answer == LC_REBUILD_ITEM_DISORDERED;
		return !rebuild->disordered;
	}
	return true;
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_rebuild *rebuild = context;

	if (!lc_record_stream_feed(rebuild->stream, piece, error))
		return false;
	if (rebuild->disordered)
		return lc_error_set(error, LC_ERROR_CORRUPT, "rows out of order");
	return true;
}

static void bodiless_gone(struct lc_rebuild *rebuild, struct lc_source *source, uint64_t rows)
{
	LC_ASSERT(source->bodiless > 0);
	source->bodiless--;
	source->bodiless_rows -= rows < source->bodiless_rows ? rows : source->bodiless_rows;
	lc_upload_bodiless_gone(rebuild->parts.upload, rebuild->target, rows);
}

static void submit(struct lc_rebuild *rebuild, struct lc_rebuild_item *item)
{
	struct lc_object *object = item->object;
	size_t before = lc_object_memory(object);

	lc_object_seal(object);
	/* The name it was recorded under. */
	lc_buffer_append_view(&object->key, lc_buffer_view(&item->key));
	lc_upload_account(rebuild->parts.upload, rebuild->target,
			  (ptrdiff_t)(lc_object_memory(object) - before));
	/* A process that has read none of the source's rows since its start learns here how far
	 * they go: once nothing of the source is undelivered, that is what is to be committed. */
	lc_source_advance(item->source, &item->last);
	item->object = NULL;
	item->source->object_rows += object->line_count;
	bodiless_gone(rebuild, item->source, object->line_count);
	lc_counters_add(rebuild->parts.counters, LC_COUNTERS_INTENTS_REBUILT, 1);
	LC_CRASH_POINT(REBUILD_BEFORE_SUBMIT);
	lc_upload_submit(rebuild->parts.upload, object);
}

/* ClickHouse does not show all rows of the intent. */
static void miss(struct lc_rebuild *rebuild, struct lc_rebuild_item *item)
{
	uint64_t missing = item->hashes.count - item->object->line_count;
	uint64_t retention = (uint64_t)rebuild->parts.settings->consumer_retention_seconds;
	struct lc_source *source = item->source;

	if (rebuild->now <= item->last_second + retention) {
		rebuild->target->rebuild_at_ms =
		    lc_loop_now_ms(rebuild->parts.loop) + MISSING_WAIT_MS;
		lc_log(LC_LOG_WARNING, "rows of a log object are not to be seen in ClickHouse",
		       LC_LOG_VIEW("bucket", source->bucket),
		       LC_LOG_TEXT("target", rebuild->target->bucket),
		       LC_LOG_VIEW("key", lc_buffer_view(&item->key)),
		       LC_LOG_UINT("missing", missing));
		return;
	}
	lc_log(LC_LOG_ERROR, "rows were lost: their retention ended before they were delivered",
	       LC_LOG_VIEW("bucket", source->bucket),
	       LC_LOG_TEXT("target", rebuild->target->bucket),
	       LC_LOG_VIEW("key", lc_buffer_view(&item->key)),
	       LC_LOG_UINT("rows", item->hashes.count));
	lc_counters_add(rebuild->parts.counters, LC_COUNTERS_ROWS_EXPIRED, item->hashes.count);
	lc_ledger_set_expired(rebuild->parts.ledger, item->object->intent_id, item->last_second);
	bodiless_gone(rebuild, source, item->hashes.count);
	release_item(rebuild, item);
	*item = (struct lc_rebuild_item){.source = NULL};
	rebuild->on_settled(rebuild->context, source);
}

static void finish(void *context, const struct lc_error *error)
{
	struct lc_rebuild *rebuild = context;
	struct lc_error failure = *error;

	for (size_t i = 0; i < rebuild->item_count; i++) {
		struct lc_rebuild_item *item = &rebuild->items[i];

		if (lc_rebuild_item_whole(item))
			submit(rebuild, item);
		else if (failure.kind == LC_ERROR_NONE)
			miss(rebuild, item);
	}
	if (failure.kind != LC_ERROR_NONE) {
		rebuild->target->rebuild_at_ms =
		    lc_loop_now_ms(rebuild->parts.loop) + FAILURE_WAIT_MS;
		rebuild->target->looked_to = 0;
		lc_log(LC_LOG_WARNING, "rebuilding log objects failed and is tried again",
		       LC_LOG_TEXT("target", rebuild->target->bucket), LC_LOG_FAULT(&failure));
	}
	end_pass(rebuild);
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
		if (!lc_rebuild_item_whole(&rebuild->items[i]))
			return false;
	}
	return true;
}

/* Only an answer that came to its end says that a row is not there. */
static void on_done(void *context, const struct lc_error *error, int exception_code)
{
	struct lc_rebuild *rebuild = context;
	struct lc_error failure = *error;
	struct lc_source **sources;
	size_t count;

	(void)exception_code;
	rebuild->query = NULL;
	if (failure.kind != LC_ERROR_NONE || !lc_record_stream_end(rebuild->stream, &failure) ||
	    all_whole(rebuild)) {
		finish(rebuild, &failure);
		return;
	}
	sources = sources_from(rebuild, rebuild->at, &count);
	lc_ending_ask(&rebuild->ending, &rebuild->parts, rebuild->seat, sources, count,
		      rebuild->from, rebuild->until, &rebuild->place, finish, rebuild);
	free(sources);
}

/* ---- intents ---- */

static void add_item(struct lc_rebuild *rebuild, const struct lc_ledger_intent *intent)
{
	struct lc_rebuild_item *item = &rebuild->items[rebuild->item_count++];
	struct lc_source *source = lc_source_get(
	    rebuild->parts.sources, intent->source.raft_session_id, intent->source.bucket);

	lc_rebuild_item_init(item, source, rebuild->target, intent,
			     lc_loop_now_ms(rebuild->parts.loop));
	lc_upload_account(rebuild->parts.upload, rebuild->target,
			  (ptrdiff_t)lc_object_memory(item->object));
}

static void start_query(struct lc_rebuild *rebuild)
{
	static const struct lc_clickhouse_setting settings[] = {{"max_block_size", "8192"}};
	uint64_t marker = lc_random_next(rebuild->parts.random);
	struct lc_source **sources;
	struct lc_clickhouse_spec spec = {
	    .settings = settings,
	    .setting_count = sizeof(settings) / sizeof(settings[0]),
	    .seat = lc_clickhouse_take_seat(rebuild->parts.clickhouse),
	    .on_data = on_data,
	    .on_done = on_done,
	    .context = rebuild,
	};
	uint32_t first = UINT32_MAX;
	uint32_t last = 0;
	size_t count;
	struct lc_buffer sql;

	qsort(rebuild->items, rebuild->item_count, sizeof(rebuild->items[0]),
	      lc_rebuild_item_compare);
	for (size_t i = 0; i < rebuild->item_count; i++) {
		struct lc_rebuild_item *item = &rebuild->items[i];

		lc_rebuild_item_begin(item);
		first = item->first_second < first ? item->first_second : first;
		last = item->last_second > last ? item->last_second : last;
	}
	rebuild->seat = spec.seat;
	rebuild->from = first;
	rebuild->until = last + 1;
	rebuild->place = (struct lc_ending_place){.source = NULL};
	sources = sources_from(rebuild, 0, &count);
	lc_buffer_init(&sql, SIZE_MAX / 2);
	lc_query_append_scan(&sql, &rebuild->parts, marker, sources, count, rebuild->from,
			     rebuild->until);
	LC_ASSERT(!lc_buffer_failed(&sql));
	free(sources);
	spec.sql = lc_buffer_view(&sql);
	rebuild->at = 0;
	rebuild->disordered = false;
	rebuild->stream = lc_record_stream_new(
	    marker, (size_t)rebuild->parts.settings->limits_max_row_bytes, on_record, rebuild);
	rebuild->query = lc_clickhouse_start(rebuild->parts.clickhouse, &spec);
	lc_buffer_free(&sql);
}

/* Takes as many of the intents as there is room for; those with a body are left out. */
static void on_intents(void *context, const struct lc_ledger_intent *intents, size_t count)
{
	struct lc_rebuild *rebuild = context;
	struct lc_target *target = rebuild->target;
	uint64_t bytes = 0;

	if (!lc_ledger_question_answered(&rebuild->question))
		return;
	rebuild->items = lc_memory_zero(count, sizeof(rebuild->items[0]));
	for (size_t i = 0; i < count; i++) {
		bool one = target->state != LC_TARGET_HEALTHY && rebuild->item_count == 1;

		/* Younger ones have their bodies: they are on their way to the uploads. */
		if (intents[i].id >= lc_build_submitted_to(rebuild->parts.build)) {
			count = i;
			break;
		}
		if (lc_upload_has(rebuild->parts.upload, target, intents[i].id)) {
			target->looked_to = intents[i].id;
			continue;
		}
		bytes += lc_object_memory_for(intents[i].rows, intents[i].bytes);
		if (one || (rebuild->item_count > 0 && bytes > rebuild->room))
			break;
		target->looked_to = intents[i].id;
		add_item(rebuild, &intents[i]);
	}
	if (rebuild->item_count > 0) {
		start_query(rebuild);
		return;
	}
	/* At the end of the list it begins anew, a little later: with what could not be rebuilt. */
	if (count < INTENTS_MAX) {
		target->looked_to = 0;
		target->rebuild_at_ms = lc_loop_now_ms(rebuild->parts.loop) + FAILURE_WAIT_MS;
	}
	end_pass(rebuild);
}

void lc_rebuild_poke(struct lc_rebuild *rebuild, uint32_t now)
{
	struct lc_target *target;
	size_t cap = (size_t)rebuild->parts.settings->limits_max_inflight_bytes;

	if (rebuild->target != NULL || now == 0 ||
	    lc_upload_bytes(rebuild->parts.upload) > cap - rebuild->room)
		return;
	target = lc_upload_next_bodiless(rebuild->parts.upload);
	if (target == NULL)
		return;
	rebuild->target = target;
	rebuild->now = now;
	lc_ledger_question_ask(&rebuild->question);
	lc_ledger_read_intents(rebuild->parts.ledger, lc_view_of(target->bucket), target->looked_to,
			       INTENTS_MAX, on_intents, rebuild);
}
