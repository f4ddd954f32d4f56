#include "delivery/object.h"

#include "base/assert.h"
#include "base/memory.h"
#include "delivery/hash_set.h"
#include "formats/line.h"
#include "formats/object_key.h"

#include <stdlib.h>

enum {
	FIRST_CHUNK = 4 * 1024,
	KEY_MAX = 128 * 1024 * 1024, /* a prefix may be as long as a row; S3 then refuses the key */
};

struct lc_object *lc_object_new(struct lc_source *source, struct lc_target *target,
				const struct lc_mark *before, uint64_t now_ms)
{
	struct lc_object *object = lc_memory_zero(1, sizeof(*object));

	object->source = source;
	object->target = target;
	object->begun_ms = now_ms;
	lc_arena_init(&object->arena, FIRST_CHUNK);
	lc_mark_init(&object->before);
	if (before != NULL)
		lc_mark_copy(&object->before, before);
	lc_taken_rows_init(&object->taken);
	lc_buffer_init(&object->key, KEY_MAX);
	return object;
}

void lc_object_free(struct lc_object *object)
{
	LC_ASSERT(object->put == NULL);
	lc_mark_free(&object->before);
	lc_taken_rows_free(&object->taken);
	lc_buffer_free(&object->key);
	lc_arena_free(&object->arena);
	free(object->lines);
	free(object->pieces);
	free(object);
}

static struct lc_object_line *add_line(struct lc_object *object)
{
	object->lines = lc_memory_grow(object->lines, &object->line_capacity,
				       object->line_count + 1, sizeof(object->lines[0]));
	return &object->lines[object->line_count++];
}

void lc_object_append(struct lc_object *object, const struct lc_record *record, uint64_t hash,
		      struct lc_view region)
{
	size_t req_id_size = record->req_id.size;
	char *place =
	    lc_arena_reserve(&object->arena, req_id_size + lc_line_max_size(record, region));
	char *text = place + req_id_size;
	size_t size;

	if (req_id_size > 0)
		memcpy(place, record->req_id.data, req_id_size);
	size = lc_line_write(record, region, text);
	lc_arena_commit(&object->arena, req_id_size + size);
	if (object->line_count == 0 || record->start_time_ms < object->oldest_start_ms)
		object->oldest_start_ms = record->start_time_ms;
	if (object->line_count == 0)
		object->first_second = record->inserted_at;
	object->last_second = record->inserted_at;
	lc_taken_rows_add(&object->taken, record->inserted_at, hash);
	object->body_size += size;
	*add_line(object) = (struct lc_object_line){.start_time_ms = record->start_time_ms,
						    .text = text,
						    .size = (uint32_t)size,
						    .req_id_size = (uint32_t)req_id_size};
}

static struct lc_view req_id_of(const struct lc_object_line *line)
{
	return (struct lc_view){.data = line->text - line->req_id_size, .size = line->req_id_size};
}

static struct lc_view text_of(const struct lc_object_line *line)
{
	return (struct lc_view){.data = line->text, .size = line->size};
}

static int compare_lines(const void *a, const void *b)
{
	const struct lc_object_line *left = a;
	const struct lc_object_line *right = b;
	int order = (left->start_time_ms > right->start_time_ms) -
		    (left->start_time_ms < right->start_time_ms);

	if (order == 0)
		order = lc_view_compare(req_id_of(left), req_id_of(right));
	if (order == 0)
		order = lc_view_compare(text_of(left), text_of(right));
	return order;
}

uint64_t lc_object_unique(const struct lc_object *object)
{
	struct lc_object_key_subject subject = {
	    .raft_session_id = object->source->raft_session_id,
	    .bucket = object->source->bucket,
	    .target_bucket = object->target->bucket->name,
	    .target_prefix = object->target->prefix,
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
	qsort(object->lines, object->line_count, sizeof(object->lines[0]), compare_lines);
	object->pieces = lc_memory_zero(object->line_count, sizeof(object->pieces[0]));
	for (size_t i = 0; i < object->line_count; i++)
		object->pieces[i] = text_of(&object->lines[i]);
	object->body = (struct lc_s3_body){
	    .pieces = object->pieces, .piece_count = object->line_count, .size = object->body_size};
}

void lc_object_name(struct lc_object *object, uint64_t unique)
{
	LC_ASSERT(object->pieces != NULL);
	lc_object_key_append(&object->key, object->target->prefix, object->lines[0].start_time_ms,
			     unique);
	LC_ASSERT(!lc_buffer_failed(&object->key));
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

size_t lc_object_memory(const struct lc_object *object)
{
	size_t memory = sizeof(*object) + object->arena.allocated + object->key.capacity +
			object->before.req_id.capacity + object->taken.blob.capacity +
			object->line_capacity * sizeof(object->lines[0]);

	/* The pieces are counted from the start: sealing must not lift a full house over its cap.
	 */
	return memory + object->line_capacity * sizeof(object->pieces[0]);
}

/* Chunks, lists and buffers may grow to twice of what is needed. */
size_t lc_object_memory_for(uint64_t rows, uint64_t bytes)
{
	size_t row = sizeof(struct lc_object_line) + sizeof(struct lc_view) + sizeof(uint64_t);

	return sizeof(struct lc_object) + FIRST_CHUNK + LC_MEMORY_GROW_FIRST * row +
	       2 * (rows * row + bytes);
}
