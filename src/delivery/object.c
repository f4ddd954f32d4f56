#include "delivery/object.h"

#include "base/assert.h"
#include "base/counters.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/radix.h"
#include "config/settings.h"
#include "delivery/hash_set.h"
#include "delivery/source.h"
#include "delivery/target_table.h"
#include "formats/compression.h"
#include "formats/object_key.h"
#include "formats/record.h"
#include "ledger/ledger_types.h"

#include <stddef.h>
#include <stdlib.h>

enum {
	FIRST_CHUNK = 4 * 1024,
	COMPRESSED_AT_ONCE = 1024 * 1024, /* bytes of lines */
	COMPRESSED_ROOM = 4 * 1024,       /* bytes, for what comes next of the compressed body */
	COMPRESSED_MORE = 128,            /* bytes that it may take more than the lines */
	KEY_MAX = 128 * 1024 * 1024, /* a prefix may be as long as a row; S3 then refuses the key */
};

/* ---- its life ---- */

/* Where the rows of an object are counted. */
enum rows {
	ROWS_NOWHERE,
	ROWS_OF_SOURCE, /* built, not recorded yet */
	ROWS_OF_TARGET, /* of both: recorded and in memory */
	ROWS_UNBUILT,   /* the intents without a body of the source at the target */
};

#define BIT(state) (1U << LC_OBJECT_##state)

/* The second of two bodies, while it is made of the first. */
struct lc_object_compression {
	struct lc_compressor *compressor;
	struct lc_arena arena;
	struct lc_view *pieces;
	size_t piece_count;
	size_t piece_capacity;
	size_t lines_done;
	uint64_t size; /* of all pieces */
};

static const struct {
	const char *name;
	enum rows rows;
	unsigned next; /* bits of the states that may follow; 0: it is released */
} STATES[LC_OBJECT_STATE_COUNT] = {
    [LC_OBJECT_OPEN] = {"open", ROWS_OF_SOURCE, BIT(RECORDING) | BIT(DROPPED)},
    [LC_OBJECT_RECORDING] = {"recording", ROWS_OF_SOURCE,
			     BIT(COMPRESSING) | BIT(WAITING) | BIT(DISCARDED) | BIT(DROPPED)},
    [LC_OBJECT_REBUILDING] = {"rebuilding", ROWS_UNBUILT,
			      BIT(COMPRESSING) | BIT(WAITING) | BIT(DISCARDED) | BIT(UNBUILT) |
				  BIT(CLOSED)},
    [LC_OBJECT_COMPRESSING] = {"compressing", ROWS_OF_TARGET,
			       BIT(WAITING) | BIT(DISCARDED) | BIT(UNBUILT)},
    [LC_OBJECT_WAITING] = {"waiting", ROWS_OF_TARGET,
			   BIT(UPLOADING) | BIT(DISCARDED) | BIT(UNBUILT)},
    [LC_OBJECT_UPLOADING] = {"uploading", ROWS_OF_TARGET,
			     BIT(WAITING) | BIT(DELIVERED) | BIT(DISCARDED) | BIT(WITHDRAWN) |
				 BIT(UNBUILT)},
    [LC_OBJECT_DELIVERED] = {"delivered", ROWS_OF_TARGET, BIT(CLOSED) | BIT(DROPPED)},
    [LC_OBJECT_DISCARDED] = {"discarded", ROWS_OF_TARGET, BIT(CLOSED) | BIT(DROPPED)},
    [LC_OBJECT_WITHDRAWN] = {"withdrawn", ROWS_OF_TARGET, BIT(CLOSED) | BIT(DROPPED)},
    [LC_OBJECT_DROPPED] = {"dropped", ROWS_NOWHERE, 0},
    [LC_OBJECT_UNBUILT] = {"unbuilt", ROWS_UNBUILT, 0},
    [LC_OBJECT_CLOSED] = {"closed", ROWS_NOWHERE, 0},
};

void lc_object_table_init(struct lc_object_table *table, struct lc_target_table *targets,
			  struct lc_counters *counters)
{
	*table = (struct lc_object_table){.targets = targets, .counters = counters};
	for (int state = 0; state < LC_OBJECT_STATE_COUNT; state++)
		TAILQ_INIT(&table->in[state]);
}

/* Brings the sums up to what the object takes now. */
static void count_bytes(struct lc_object *object, size_t memory)
{
	struct lc_object_table *table = object->table;
	size_t more = memory - object->memory;

	if (more == 0)
		return;
	LC_ASSERT(object->target->bucket->bytes >= object->memory);
	object->memory = memory;
	object->target->bucket->bytes += more;
	table->bytes += more;
	lc_counters_set(table->counters, LC_COUNTERS_INFLIGHT_BYTES, table->bytes);
}

static void measure(struct lc_object *object)
{
	size_t memory = sizeof(*object) + object->arena.allocated + object->key.capacity +
			object->before.req_id.capacity + object->taken.blob.capacity +
			object->line_capacity * sizeof(object->lines[0]);

	if (object->compression != NULL)
		memory += object->compression->arena.allocated;
	/* The pieces are counted from the start: sealing must not lift memory over its cap. */
	count_bytes(object, memory + object->line_capacity * sizeof(object->pieces[0]));
}

static uint64_t rows_of(const struct lc_object *object)
{
	return object->state == LC_OBJECT_REBUILDING ? object->intent_rows : object->line_count;
}

/* The object's rows are counted there from now on, or no more. */
static void count_rows(struct lc_object *object, enum rows where, bool counted)
{
	struct lc_target_table *targets = object->table->targets;
	struct lc_source *source = object->source;
	struct lc_target *target = object->target;
	uint64_t rows = rows_of(object);
	uint64_t more = counted ? rows : -rows;

	switch (where) {
	case ROWS_NOWHERE:
		break;
	case ROWS_OF_SOURCE:
		source->object_rows += more;
		break;
	case ROWS_OF_TARGET:
		source->object_rows += more;
		target->object_rows += more;
		break;
	case ROWS_UNBUILT:
		if (counted)
			lc_target_table_add_backlog(targets, source, target, 1, rows,
						    object->first_second);
		else
			lc_target_table_remove_backlog(targets, source, target, rows);
		break;
	}
}

static void count_uploads(const struct lc_object_table *table)
{
	lc_counters_set(table->counters, LC_COUNTERS_INFLIGHT_UPLOADS,
			table->count[LC_OBJECT_UPLOADING]);
}

static void leave(struct lc_object *object)
{
	struct lc_object_table *table = object->table;
	struct lc_target *target = object->target;

	table->count[object->state]--;
	if (object->state == LC_OBJECT_WAITING) {
		TAILQ_REMOVE(&target->waiting, object, of_list);
		if (TAILQ_EMPTY(&target->waiting))
			lc_target_table_leave_queue(table->targets, target);
		return;
	}
	TAILQ_REMOVE(&table->in[object->state], object, of_list);
	if (object->state == LC_OBJECT_UPLOADING) {
		object->put = NULL;
		target->active--;
		target->bucket->active--;
		count_uploads(table);
	}
}

/* What was tried already is the next to be tried. */
static void join(struct lc_object *object, bool tried)
{
	struct lc_object_table *table = object->table;
	struct lc_target *target = object->target;
	struct lc_target_queue *list = &table->in[object->state];

	table->count[object->state]++;
	if (object->state == LC_OBJECT_WAITING) {
		list = &target->waiting;
		if (TAILQ_EMPTY(list))
			lc_target_table_join_queue(table->targets, target);
	}
	if (tried || object->state == LC_OBJECT_OPEN)
		TAILQ_INSERT_HEAD(list, object, of_list);
	else
		TAILQ_INSERT_TAIL(list, object, of_list);
	if (object->state == LC_OBJECT_UPLOADING) {
		target->active++;
		target->bucket->active++;
		count_uploads(table);
	}
}

static void free_compression(struct lc_object *object)
{
	struct lc_object_compression *compression = object->compression;

	object->compression = NULL;
	if (compression == NULL)
		return;
	lc_compressor_free(compression->compressor);
	lc_arena_free(&compression->arena);
	free(compression->pieces);
	free(compression);
}

static void release(struct lc_object *object)
{
	free_compression(object);
	count_bytes(object, 0);
	TAILQ_REMOVE(&object->source->objects, object, of_source);
	lc_mark_free(&object->before);
	lc_taken_rows_free(&object->taken);
	lc_buffer_free(&object->key);
	lc_arena_free(&object->arena);
	free(object->lines);
	free(object->pieces);
	free(object);
}

void lc_object_enter(struct lc_object *object, enum lc_object_state state)
{
	bool tried = object->state == LC_OBJECT_UPLOADING && state == LC_OBJECT_WAITING;
	bool moved = STATES[object->state].rows != STATES[state].rows;

	LC_ASSERT(STATES[object->state].next & 1U << state);
	lc_log(LC_LOG_DEBUG, "log object", LC_LOG_UINT("intent", object->intent_id),
	       LC_LOG_VIEW("source", object->source->bucket),
	       LC_LOG_VIEW("bucket", object->target->bucket->name),
	       LC_LOG_UINT("rows", rows_of(object)),
	       LC_LOG_TEXT("from", STATES[object->state].name),
	       LC_LOG_TEXT("to", STATES[state].name));
	leave(object);
	if (moved)
		count_rows(object, STATES[object->state].rows, false);
	object->state = state;
	if (moved)
		count_rows(object, STATES[state].rows, true);
	if (STATES[state].next == 0)
		release(object);
	else
		join(object, tried);
}

void lc_object_move_to_front(struct lc_object *object)
{
	struct lc_target_queue *list = &object->table->in[object->state];

	if (object == TAILQ_FIRST(list))
		return;
	TAILQ_REMOVE(list, object, of_list);
	TAILQ_INSERT_HEAD(list, object, of_list);
}

struct lc_object *lc_object_find(const struct lc_source *source, uint64_t intent_id)
{
	struct lc_object *object;

	TAILQ_FOREACH(object, &source->objects, of_source)
	{
		if (object->intent_id == intent_id)
			return object;
	}
	return NULL;
}

/* An empty object; its state counts no rows yet, or has counted them before. */
static struct lc_object *make(struct lc_object_table *table, struct lc_source *source,
			      struct lc_target *target, enum lc_object_state state,
			      const struct lc_mark *before, uint64_t now_ms)
{
	struct lc_object *object = lc_memory_zero(1, sizeof(*object));

	object->table = table;
	object->state = state;
	object->source = source;
	object->target = target;
	object->begun_ms = now_ms;
	lc_arena_init(&object->arena, FIRST_CHUNK);
	lc_mark_init(&object->before);
	if (before != NULL)
		lc_mark_copy(&object->before, before);
	lc_taken_rows_init(&object->taken);
	lc_buffer_init(&object->key, KEY_MAX);
	TAILQ_INSERT_TAIL(&source->objects, object, of_source);
	join(object, false);
	measure(object);
	return object;
}

struct lc_object *lc_object_new(struct lc_object_table *table, struct lc_source *source,
				struct lc_target *target, const struct lc_mark *before,
				uint64_t now_ms)
{
	return make(table, source, target, LC_OBJECT_OPEN, before, now_ms);
}

struct lc_object *lc_object_new_of_intent(struct lc_object_table *table, struct lc_source *source,
					  struct lc_target *target,
					  const struct lc_ledger_intent *intent, uint64_t rows,
					  uint64_t now_ms)
{
	struct lc_object *object = make(table, source, target, LC_OBJECT_REBUILDING, NULL, now_ms);

	object->intent_id = intent->id;
	object->first_second = intent->first_second;
	object->intent_rows = rows;
	return object;
}

/* ---- its lines ---- */

static struct lc_object_line *add_line(struct lc_object *object)
{
	object->lines = lc_memory_grow(object->lines, &object->line_capacity,
				       object->line_count + 1, sizeof(object->lines[0]));
	return &object->lines[object->line_count++];
}

struct lc_line_style lc_object_line_style(const struct lc_settings *settings)
{
	return (struct lc_line_style){.region = lc_view_of(settings->consumer_source_region),
				      .fractional_times = settings->consumer_fractional_times};
}

void lc_object_append(struct lc_object *object, const struct lc_record *record, uint64_t hash,
		      const struct lc_line_style *style)
{
	size_t req_id_size = record->req_id.size;
	char *place =
	    lc_arena_reserve(&object->arena, req_id_size + lc_line_max_size(record, style));
	char *text = place + req_id_size;
	size_t size;

	if (req_id_size > 0)
		memcpy(place, record->req_id.data, req_id_size);
	size = lc_line_write(record, style, text);
	lc_arena_commit(&object->arena, req_id_size + size);
	if (object->line_count == 0 || record->start_time_ms < object->oldest_start_ms)
		object->oldest_start_ms = record->start_time_ms;
	if (object->line_count == 0 || record->start_time_ms > object->newest_start_ms)
		object->newest_start_ms = record->start_time_ms;
	if (object->line_count == 0)
		object->first_second = record->inserted_at;
	object->last_second = record->inserted_at;
	lc_taken_rows_add(&object->taken, record->inserted_at, hash);
	object->body_size += size;
	*add_line(object) = (struct lc_object_line){.start_time_ms = record->start_time_ms,
						    .text = text,
						    .size = (uint32_t)size,
						    .req_id_size = (uint32_t)req_id_size};
	if (object->state == LC_OBJECT_OPEN)
		object->source->object_rows++;
	measure(object);
}

static struct lc_view req_id_of(const struct lc_object_line *line)
{
	return (struct lc_view){.data = line->text - line->req_id_size, .size = line->req_id_size};
}

static struct lc_view text_of(const struct lc_object_line *line)
{
	return (struct lc_view){.data = line->text, .size = line->size};
}

/* Lines of one start time. */
static int compare_lines(const void *a, const void *b)
{
	const struct lc_object_line *left = a;
	const struct lc_object_line *right = b;
	int order = lc_view_compare(req_id_of(left), req_id_of(right));

	return order != 0 ? order : lc_view_compare(text_of(left), text_of(right));
}

_Static_assert(offsetof(struct lc_object_line, start_time_ms) == 0,
	       "a line begins with the number that it is sorted by");

/* By start time, which few lines share. */
static void sort_lines(struct lc_object *object)
{
	struct lc_object_line *lines = object->lines;
	size_t end;

	lc_radix_sort(lines, object->line_count, sizeof(lines[0]),
		      (uint64_t)object->oldest_start_ms);
	for (size_t i = 0; i < object->line_count; i = end) {
		end = i + 1;
		while (end < object->line_count &&
		       lines[end].start_time_ms == lines[i].start_time_ms)
			end++;
		if (end - i > 1)
			qsort(&lines[i], end - i, sizeof(lines[0]), compare_lines);
	}
}

uint64_t lc_object_unique(const struct lc_object *object)
{
	struct lc_object_key_subject subject = {
	    .raft_session_id = object->source->raft_session_id,
	    .bucket = object->source->bucket,
	    .target_bucket = object->target->bucket->name,
	    .target_prefix = object->target->prefix,
	    .replay = object->table->replay,
	};
	struct lc_taken_second second;
	struct lc_hash_set hashes;
	size_t position = 0;
	uint64_t unique;

	lc_hash_set_init(&hashes);
	while (lc_taken_rows_next(lc_taken_rows_blob(&object->taken), &position, &second, NULL)) {
		for (uint32_t i = 0; i < second.count; i++)
			lc_hash_set_add(&hashes, lc_taken_rows_hash(&second, i));
	}
	lc_hash_set_sort(&hashes);
	unique = lc_object_key_unique(&subject, hashes.hashes, hashes.count);
	lc_hash_set_free(&hashes);
	return lc_object_key_repeated(unique, object->repeat);
}

void lc_object_seal(struct lc_object *object)
{
	LC_ASSERT(object->line_count > 0 && object->pieces == NULL);
	sort_lines(object);
	object->pieces = lc_memory_zero(object->line_count, sizeof(object->pieces[0]));
	for (size_t i = 0; i < object->line_count; i++)
		object->pieces[i] = text_of(&object->lines[i]);
	object->body = (struct lc_s3_body){
	    .pieces = object->pieces, .piece_count = object->line_count, .size = object->body_size};
}

/* The owner that a partitioned key tells: of the first line that has one. Rows of one bucket differ
 * where its owner has changed, or where some do not tell it. */
static struct lc_view owner_of(const struct lc_object *object)
{
	struct lc_view owner = lc_line_owner(object->pieces[0]);

	for (size_t i = 1; i < object->line_count && lc_view_equal(owner, lc_view_of("-")); i++)
		owner = lc_line_owner(object->pieces[i]);
	return owner;
}

void lc_object_name(struct lc_object *object, uint64_t unique, int64_t wall_ms)
{
	const struct lc_settings *settings = object->target->bucket->settings;
	struct lc_object_key key = {.format = settings->consumer_key_format,
				    .prefix = object->target->prefix,
				    .time_ms = object->lines[0].start_time_ms,
				    .replay = object->table->replay,
				    .unique = unique};

	LC_ASSERT(object->pieces != NULL);
	if (key.format != LC_OBJECT_KEY_SIMPLE) {
		key.account = owner_of(object);
		key.region = lc_view_of(lc_settings_source_region(settings));
		key.bucket = object->source->bucket;
	}
	if (key.format == LC_OBJECT_KEY_DELIVERY_TIME)
		key.time_ms = wall_ms;
	lc_object_key_append(&object->key, &key);
	lc_buffer_append_text(&object->key, lc_compression_suffix(settings->consumer_compression));
	LC_ASSERT(!lc_buffer_failed(&object->key));
	measure(object);
}

void lc_object_set_key(struct lc_object *object, struct lc_view key)
{
	LC_ASSERT(object->pieces != NULL);
	lc_buffer_append_view(&object->key, key);
	measure(object);
}

/* ---- its compressed body ---- */

static enum lc_compression compression_of(const struct lc_object *object)
{
	return lc_compression_of_key(lc_buffer_view(&object->key));
}

bool lc_object_is_compressed(const struct lc_object *object)
{
	return compression_of(object) != LC_COMPRESSION_NONE;
}

static struct lc_object_compression *begin_compression(const struct lc_object *object)
{
	struct lc_object_compression *compression = lc_memory_zero(1, sizeof(*compression));

	compression->compressor = lc_compressor_new(compression_of(object), object->body_size);
	lc_arena_init(&compression->arena, FIRST_CHUNK);
	return compression;
}

/* So many bytes were written to `place`, mostly right after the last ones. */
static void keep(struct lc_object_compression *compression, const char *place, size_t size)
{
	struct lc_view *last = compression->piece_count == 0
				   ? NULL
				   : &compression->pieces[compression->piece_count - 1];

	lc_arena_commit(&compression->arena, size);
	compression->size += size;
	if (size == 0)
		return;
	if (last != NULL && last->data + last->size == place) {
		last->size += size;
		return;
	}
	compression->pieces =
	    lc_memory_grow(compression->pieces, &compression->piece_capacity,
			   compression->piece_count + 1, sizeof(compression->pieces[0]));
	compression->pieces[compression->piece_count++] =
	    (struct lc_view){.data = place, .size = size};
}

static void compress_line(struct lc_object_compression *compression, struct lc_view line,
			  size_t room)
{
	while (line.size > 0) {
		char *place = lc_arena_reserve(&compression->arena, room);

		keep(compression, place,
		     lc_compressor_add(compression->compressor, &line, place, room));
	}
}

static void compress_end(struct lc_object_compression *compression, size_t room)
{
	bool ended = false;

	while (!ended) {
		char *place = lc_arena_reserve(&compression->arena, room);

		keep(compression, place,
		     lc_compressor_end(compression->compressor, place, room, &ended));
	}
}

/* The lines give way to what was made of them. */
static void take_compressed(struct lc_object *object)
{
	struct lc_object_compression *compression = object->compression;

	lc_arena_free(&object->arena);
	free(object->lines);
	free(object->pieces);
	object->lines = NULL;
	object->line_capacity = 0;
	object->arena = compression->arena;
	object->pieces = compression->pieces;
	object->body = (struct lc_s3_body){.pieces = object->pieces,
					   .piece_count = compression->piece_count,
					   .size = compression->size};
	lc_arena_init(&compression->arena, FIRST_CHUNK);
	compression->pieces = NULL;
	free_compression(object);
}

bool lc_object_compress(struct lc_object *object)
{
	struct lc_object_compression *compression = object->compression;
	size_t room = object->body_size < COMPRESSED_ROOM ? object->body_size + COMPRESSED_MORE
							  : COMPRESSED_ROOM;
	size_t done = 0;

	LC_ASSERT(object->state == LC_OBJECT_COMPRESSING);
	if (compression == NULL)
		compression = object->compression = begin_compression(object);
	while (compression->lines_done < object->line_count && done < COMPRESSED_AT_ONCE) {
		struct lc_view line = object->pieces[compression->lines_done++];

		done += line.size;
		compress_line(compression, line, room);
	}
	if (compression->lines_done == object->line_count) {
		compress_end(compression, room);
		take_compressed(object);
	}
	measure(object);
	return object->compression == NULL;
}

struct lc_ledger_intent lc_object_intent(const struct lc_object *object)
{
	return (struct lc_ledger_intent){.id = object->intent_id,
					 .source = lc_source_name(object->source),
					 .target_bucket = object->target->bucket->name,
					 .target_prefix = object->target->prefix,
					 .key = lc_buffer_view(&object->key),
					 .first_second = object->first_second,
					 .last_second = object->last_second,
					 .rows = object->line_count,
					 .bytes = object->body_size,
					 .taken_rows = lc_taken_rows_blob(&object->taken)};
}

/* Chunks, lists and buffers may grow to twice of what is needed. */
size_t lc_object_memory_for(uint64_t rows, uint64_t bytes)
{
	size_t row = sizeof(struct lc_object_line) + sizeof(struct lc_view) + sizeof(uint64_t);

	return sizeof(struct lc_object) + FIRST_CHUNK + LC_MEMORY_GROW_FIRST * row +
	       2 * (rows * row + bytes);
}
