#include "config/settings.h"
#include "delivery/object.h"

#include "base/counters.h"
#include "base/memory.h"
#include "base/random.h"
#include "delivery/source.h"
#include "delivery/target_table.h"
#include "formats/row_hash.h"
#include "ledger/ledger_types.h"
#include "support/decompression.h"
#include "support/line_check.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 500, UNIQUE_SIZE = 16, TEXT_MAX = 32 };

/* Rows that differ in little: few start times, few request ids. */
struct rows {
	struct lc_record records[ROWS];
	char req_ids[ROWS][TEXT_MAX];
	char keys[ROWS][TEXT_MAX];
};

/* Whom the objects are for. */
struct story {
	struct lc_source_table *sources;
	struct lc_source *source;
	struct lc_target_table *targets;
	struct lc_counters counters;
	struct lc_object_table objects;
	const char *target_bucket;
	struct lc_mark before;
	struct lc_random random;
	struct rows rows;
};

static const struct lc_settings SETTINGS = {.entry = 0};
static const struct lc_target_policy POLICY = {.attempts = 1};

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	story->sources = lc_source_table_new();
	story->source = lc_source_get(story->sources, 7, lc_view_of("amzn-s3-demo-bucket"));
	story->targets = lc_target_table_new(&POLICY, &SETTINGS);
	lc_object_table_init(&story->objects, story->targets, &story->counters);
	story->target_bucket = "amzn-s3-demo-logs";
	lc_mark_init(&story->before);
	lc_random_seed(&story->random, 11);
	for (size_t i = 0; i < ROWS; i++) {
		struct lc_record *record = &story->rows.records[i];

		*record = record_rows_example();
		record->start_time_ms += (int64_t)(lc_random_next(&story->random) % 20);
		snprintf(story->rows.req_ids[i], TEXT_MAX, "REQ%u",
			 (unsigned)(lc_random_next(&story->random) % 10));
		snprintf(story->rows.keys[i], TEXT_MAX, "key%zu", i / 2);
		record->req_id = lc_view_of(story->rows.req_ids[i]);
		record->object_key = lc_view_of(story->rows.keys[i]);
	}
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_mark_free(&story->before);
	lc_source_table_free(story->sources);
	lc_target_table_free(story->targets);
	free(story);
	return 0;
}

static struct lc_target *target_of(struct story *story, const char *prefix)
{
	return lc_target_table_get(story->targets, lc_view_of(story->target_bucket),
				   lc_view_of(prefix));
}

static struct lc_object *object_new(struct story *story, const char *prefix)
{
	return lc_object_new(&story->objects, story->source, target_of(story, prefix),
			     &story->before, 5);
}

static void append(struct lc_object *object, const struct lc_record *record)
{
	lc_object_append(object, record, lc_row_hash(record), &(struct lc_line_style){0});
}

/* A sealed object of the first `count` rows. */
static struct lc_object *object_of(struct story *story, const char *prefix, size_t count)
{
	struct lc_object *object = object_new(story, prefix);

	for (size_t i = 0; i < count; i++)
		append(object, &story->rows.records[i]);
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	return object;
}

static void shuffle(struct story *story)
{
	for (size_t i = ROWS - 1; i > 0; i--) {
		size_t other = lc_random_next(&story->random) % (i + 1);
		struct lc_record record = story->rows.records[i];

		story->rows.records[i] = story->rows.records[other];
		story->rows.records[other] = record;
	}
}

static void append_body(struct lc_buffer *text, const struct lc_object *object)
{
	for (size_t i = 0; i < object->body.piece_count; i++)
		lc_buffer_append_view(text, object->body.pieces[i]);
	assert_false(lc_buffer_failed(text));
}

static struct lc_view unique_of(const struct lc_object *object)
{
	assert_true(object->key.size >= UNIQUE_SIZE);
	return (struct lc_view){.data = object->key.data + object->key.size - UNIQUE_SIZE,
				.size = UNIQUE_SIZE};
}

static void expect_same(const struct lc_object *a, const struct lc_object *b)
{
	struct lc_buffer one;
	struct lc_buffer two;

	lc_buffer_init(&one, 16 * 1024 * 1024);
	lc_buffer_init(&two, 16 * 1024 * 1024);
	append_body(&one, a);
	append_body(&two, b);
	assert_true(lc_view_equal(lc_buffer_view(&one), lc_buffer_view(&two)));
	assert_true(lc_view_equal(lc_buffer_view(&a->key), lc_buffer_view(&b->key)));
	lc_buffer_free(&one);
	lc_buffer_free(&two);
}

static void an_object_begins_with_what_it_is_for(void **state)
{
	struct story *story = *state;
	const struct lc_offset offset = {.inserted_at = 9, .req_id = lc_view_of("before")};
	struct lc_object *object;

	lc_mark_set(&story->before, &offset);
	object = object_new(story, "logs/");
	assert_ptr_equal(object->source, story->source);
	assert_ptr_equal(object->target, target_of(story, "logs/"));
	assert_true(lc_mark_covers(&object->before, &offset));
	assert_int_equal(object->begun_ms, 5);
	assert_int_equal(object->line_count, 0);
	assert_int_equal(object->body_size, 0);

	/* The mark is a copy. */
	lc_mark_free(&story->before);
	assert_true(lc_mark_covers(&object->before, &offset));
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void each_row_becomes_one_line(void **state)
{
	struct story *story = *state;
	struct lc_object *object = object_of(story, "logs/", ROWS);
	uint64_t size = 0;

	assert_int_equal(object->line_count, ROWS);
	assert_int_equal(object->body.piece_count, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		struct lc_view fields[LINE_CHECK_FIELDS_MAX];

		assert_int_equal(line_check_split(object->body.pieces[i], fields), 26);
		size += object->body.pieces[i].size;
	}
	assert_int_equal(object->body_size, size);
	assert_int_equal(object->body.size, size);
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void the_region_is_written_when_there_is_one(void **state)
{
	struct story *story = *state;
	struct lc_object *object = object_new(story, "");
	struct lc_view fields[LINE_CHECK_FIELDS_MAX];

	lc_object_append(object, &story->rows.records[0], 1,
			 &(struct lc_line_style){.region = lc_view_of("eu-west-1")});
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	assert_int_equal(line_check_split(object->body.pieces[0], fields), 27);
	assert_true(lc_view_equal(fields[26], lc_view_of("eu-west-1")));
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void lines_stand_in_order_of_time_request_and_text(void **state)
{
	struct story *story = *state;
	struct lc_object *object = object_of(story, "", ROWS);

	for (size_t i = 1; i < ROWS; i++) {
		const struct lc_object_line *a = &object->lines[i - 1];
		const struct lc_object_line *b = &object->lines[i];
		int order =
		    (a->start_time_ms > b->start_time_ms) - (a->start_time_ms < b->start_time_ms);

		if (order == 0)
			order = lc_view_compare(
			    (struct lc_view){a->text - a->req_id_size, a->req_id_size},
			    (struct lc_view){b->text - b->req_id_size, b->req_id_size});
		if (order == 0)
			order = lc_view_compare(object->body.pieces[i - 1], object->body.pieces[i]);
		assert_true(order <= 0);
		assert_ptr_equal(object->body.pieces[i].data, b->text);
		assert_int_equal(object->body.pieces[i].size, b->size);
	}
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void request_ids_are_sorted_by_their_own_bytes(void **state)
{
	/* In the line these are percent-encoded, which would sort them otherwise. */
	static const char *const req_ids[] = {"\xFF", "\x80", "~", "a b", "a", " "};
	struct story *story = *state;
	struct lc_object *object = object_new(story, "");

	for (size_t i = 0; i < 6; i++) {
		struct lc_record record = record_rows_example();

		record.req_id = lc_view_of(req_ids[i]);
		append(object, &record);
	}
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	for (size_t i = 0; i < 6; i++) {
		const struct lc_object_line *line = &object->lines[i];

		assert_int_equal(line->req_id_size, strlen(req_ids[5 - i]));
		assert_memory_equal(line->text - line->req_id_size, req_ids[5 - i],
				    line->req_id_size);
	}
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void rows_of_any_time_are_sorted(void **state)
{
	static const int64_t times[] = {INT64_MAX, 0, -1, INT64_MIN, 1549411238123};
	struct story *story = *state;
	struct lc_object *object = object_new(story, "");

	for (size_t i = 0; i < 5; i++) {
		struct lc_record record = record_rows_example();

		record.start_time_ms = times[i];
		append(object, &record);
	}
	assert_true(object->oldest_start_ms == INT64_MIN);
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	for (size_t i = 1; i < 5; i++)
		assert_true(object->lines[i - 1].start_time_ms < object->lines[i].start_time_ms);
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void the_same_rows_in_any_order_give_the_same_object(void **state)
{
	struct story *story = *state;
	struct lc_object *first = object_of(story, "logs/", ROWS);

	for (int round = 0; round < 10; round++) {
		struct lc_object *again;

		shuffle(story);
		again = object_of(story, "logs/", ROWS);
		expect_same(first, again);
		lc_object_enter(again, LC_OBJECT_DROPPED);
	}
	lc_object_enter(first, LC_OBJECT_DROPPED);
}

/* A sealed object of the first rows, each of them `times` over, under such a key, on its way to be
 * uploaded. */
static struct lc_object *compressed(struct story *story, size_t times, const char *key)
{
	struct lc_object *object = object_new(story, "");

	for (size_t i = 0; i < times * ROWS; i++)
		append(object, &story->rows.records[i % ROWS]);
	lc_object_seal(object);
	lc_object_set_key(object, lc_view_of(key));
	lc_object_enter(object, LC_OBJECT_RECORDING);
	lc_object_enter(object, LC_OBJECT_COMPRESSING);
	return object;
}

static void a_compressed_body_holds_the_lines_and_takes_less_memory(void **state)
{
	static const char *const keys[] = {"a.gz", "a.zst"};
	struct story *story = *state;

	for (size_t i = 0; i < 2; i++) {
		struct lc_object *object = compressed(story, 1, keys[i]);
		uint64_t lines_size = object->body_size;
		size_t memory = object->memory;
		struct lc_buffer lines;
		struct lc_buffer body;
		struct lc_buffer again;

		lc_buffer_init(&lines, SIZE_MAX / 2);
		lc_buffer_init(&body, SIZE_MAX / 2);
		lc_buffer_init(&again, SIZE_MAX / 2);
		append_body(&lines, object);
		assert_true(lc_object_is_compressed(object));
		assert_true(lc_object_compress(object));
		append_body(&body, object);
		assert_int_equal(body.size, object->body.size);
		assert_true(decompression_append(lc_compression_of_key(lc_view_of(keys[i])),
						 lc_buffer_view(&body), &again));
		assert_true(lc_view_equal(lc_buffer_view(&again), lc_buffer_view(&lines)));
		assert_true(body.size < lines.size / 4);
		assert_true(object->memory < memory / 4);
		assert_int_equal(object->body_size, lines_size);
		assert_int_equal(object->line_count, ROWS);
		assert_int_equal(story->objects.bytes, object->memory);
		lc_buffer_free(&lines);
		lc_buffer_free(&body);
		lc_buffer_free(&again);
		lc_object_enter(object, LC_OBJECT_DISCARDED);
		lc_object_enter(object, LC_OBJECT_DROPPED);
	}
}

/* What it takes meanwhile is counted, and given back also if it ends there. */
static void a_large_body_is_compressed_in_parts(void **state)
{
	struct story *story = *state;
	struct lc_object *object = compressed(story, 20, "a.gz");
	size_t memory = object->memory;
	uint64_t parts = 1;

	assert_true(object->body_size > 4 * 1024 * 1024);
	assert_false(lc_object_compress(object));
	assert_true(object->memory > memory);
	assert_int_equal(story->objects.bytes, object->memory);
	while (!lc_object_compress(object))
		parts++;
	assert_in_range(parts, object->body_size / 1024 / 1024 / 2,
			object->body_size / 1024 / 1024 + 1);
	lc_object_enter(object, LC_OBJECT_DISCARDED);
	lc_object_enter(object, LC_OBJECT_DROPPED);

	object = compressed(story, 20, "a.zst");
	assert_false(lc_object_compress(object));
	lc_object_enter(object, LC_OBJECT_UNBUILT);
	assert_int_equal(story->objects.bytes, 0);
	lc_target_table_remove_backlog(story->targets, story->source, target_of(story, ""),
				       20 * (uint64_t)ROWS);
}

static void the_key_tells_that_a_body_is_compressed(void **state)
{
	static const struct lc_settings zstd = {.consumer_compression = LC_COMPRESSION_ZSTD};
	struct story *story = *state;
	struct lc_object *object;

	target_of(story, "")->bucket->settings = &zstd;
	object = object_of(story, "", 1);
	assert_true(lc_view_ends_with(lc_buffer_view(&object->key), lc_view_of(".zst")));
	assert_true(lc_object_is_compressed(object));
	lc_object_enter(object, LC_OBJECT_DROPPED);

	/* One that was recorded before the setting was changed stays as it was. */
	object = object_new(story, "");
	append(object, &story->rows.records[0]);
	lc_object_seal(object);
	lc_object_set_key(object, lc_view_of("2019-02-06-00-00-38-0123456789ABCDEF"));
	assert_false(lc_object_is_compressed(object));
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void the_key_names_prefix_and_first_time(void **state)
{
	struct story *story = *state;
	struct lc_object *object = object_new(story, "logs of/\xC3\xA9\"");
	struct lc_record record = record_rows_example();
	static const char begins[] = "logs of/\xC3\xA9\"2019-02-06-00-00-38-";

	record.start_time_ms += 60000;
	append(object, &record);
	record.start_time_ms -= 60000;
	append(object, &record);
	assert_int_equal(object->oldest_start_ms, record.start_time_ms);
	assert_int_equal(object->newest_start_ms, record.start_time_ms + 60000);
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	assert_int_equal(object->key.size, sizeof begins - 1 + UNIQUE_SIZE);
	assert_memory_equal(object->key.data, begins, sizeof begins - 1);
	for (size_t i = 0; i < UNIQUE_SIZE; i++)
		assert_non_null(memchr("0123456789ABCDEF", unique_of(object).data[i], 16));
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

/* The beginning of the key of an object with these two rows. */
static void expect_partition(struct story *story, const struct lc_record *early,
			     const struct lc_record *late, const char *begins)
{
	struct lc_object *object = object_new(story, "logs/");

	append(object, late);
	append(object, early);
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), INT64_C(1549501323999));
	assert_int_equal(object->key.size, strlen(begins) + UNIQUE_SIZE);
	assert_memory_equal(object->key.data, begins, strlen(begins));
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void a_partitioned_key_names_owner_region_and_source(void **state)
{
	char source_region[] = "eu-west-1";
	char s3_region[] = "us-west-2";
	char none[] = "";
	struct lc_settings settings = {.consumer_key_format = LC_OBJECT_KEY_EVENT_TIME,
				       .consumer_source_region = source_region,
				       .s3_region = s3_region};
	struct story *story = *state;
	struct lc_record early = record_rows_example();
	struct lc_record late = early;

	target_of(story, "logs/")->bucket->settings = &settings;
	early.bucket_owner = lc_view_of("early/owner");
	late.bucket_owner = lc_view_of("late");
	late.start_time_ms += 1000;
	expect_partition(story, &early, &late,
			 "logs/early%2Fowner/eu-west-1/amzn-s3-demo-bucket/2019/02/06/"
			 "2019-02-06-00-00-00-");
	settings.consumer_source_region = none;
	settings.consumer_key_format = LC_OBJECT_KEY_DELIVERY_TIME;
	expect_partition(story, &early, &late,
			 "logs/early%2Fowner/us-west-2/amzn-s3-demo-bucket/2019/02/07/"
			 "2019-02-07-01-02-03-");

	/* A row that does not tell its owner says nothing about the others. */
	early.bucket_owner = lc_view_of("-");
	expect_partition(story, &early, &late,
			 "logs/late/us-west-2/amzn-s3-demo-bucket/2019/02/07/"
			 "2019-02-07-01-02-03-");
	late.bucket_owner = lc_view_of("");
	expect_partition(story, &early, &late,
			 "logs/-/us-west-2/amzn-s3-demo-bucket/2019/02/07/"
			 "2019-02-07-01-02-03-");
}

static void other_rows_give_another_key(void **state)
{
	struct story *story = *state;
	struct lc_object *objects[6];

	objects[0] = object_of(story, "logs/", ROWS);
	objects[1] = object_of(story, "logs/", ROWS - 1);
	objects[2] = object_of(story, "logs/", 1);
	/* One row a second time. */
	objects[3] = object_new(story, "logs/");
	append(objects[3], &story->rows.records[0]);
	append(objects[3], &story->rows.records[0]);
	lc_object_seal(objects[3]);
	lc_object_name(objects[3], lc_object_unique(objects[3]), 0);
	/* A column that no line shows. */
	objects[4] = object_new(story, "logs/");
	story->rows.records[0].hostname = lc_view_of("connector-13.example.com");
	append(objects[4], &story->rows.records[0]);
	lc_object_seal(objects[4]);
	lc_object_name(objects[4], lc_object_unique(objects[4]), 0);
	/* A second of insertion. */
	objects[5] = object_new(story, "logs/");
	story->rows.records[0].inserted_at++;
	append(objects[5], &story->rows.records[0]);
	lc_object_seal(objects[5]);
	lc_object_name(objects[5], lc_object_unique(objects[5]), 0);
	for (size_t i = 0; i < 6; i++) {
		for (size_t j = 0; j < i; j++)
			assert_false(lc_view_equal(unique_of(objects[i]), unique_of(objects[j])));
	}
	for (size_t i = 0; i < 6; i++)
		lc_object_enter(objects[i], LC_OBJECT_DROPPED);
}

static void another_source_or_target_gives_another_key(void **state)
{
	struct story *story = *state;
	struct lc_object *objects[7];

	objects[0] = object_of(story, "logs/", ROWS);
	objects[1] = object_of(story, "log/s", ROWS);
	objects[2] = object_of(story, "", ROWS);
	story->source = lc_source_get(story->sources, 8, lc_view_of("amzn-s3-demo-bucket"));
	objects[3] = object_of(story, "logs/", ROWS);
	story->source = lc_source_get(story->sources, 7, lc_view_of("amzn-s3-demo-bucket2"));
	objects[4] = object_of(story, "logs/", ROWS);
	story->source = lc_source_get(story->sources, 7, lc_view_of("amzn-s3-demo-bucket"));
	story->target_bucket = "amzn-s3-demo-log";
	objects[5] = object_of(story, "logs/", ROWS);
	/* The same letters, divided otherwise between bucket and prefix. */
	objects[6] = object_of(story, "slogs/", ROWS);
	for (size_t i = 0; i < 7; i++) {
		for (size_t j = 0; j < i; j++)
			assert_false(lc_view_equal(unique_of(objects[i]), unique_of(objects[j])));
	}
	for (size_t i = 0; i < 7; i++)
		lc_object_enter(objects[i], LC_OBJECT_DROPPED);
}

static void what_stands_before_does_not_change_the_key(void **state)
{
	struct story *story = *state;
	const struct lc_offset offset = {.inserted_at = 9, .req_id = lc_view_of("before")};
	struct lc_object *first = object_of(story, "logs/", ROWS);
	struct lc_object *second;

	lc_mark_set(&story->before, &offset);
	second = object_of(story, "logs/", ROWS);
	expect_same(first, second);
	lc_object_enter(first, LC_OBJECT_DROPPED);
	lc_object_enter(second, LC_OBJECT_DROPPED);
}

static void the_first_and_last_row_give_first_and_last_second(void **state)
{
	struct story *story = *state;
	struct lc_object *object = object_new(story, "");
	struct lc_record record = record_rows_example();

	record.inserted_at = 100;
	append(object, &record);
	assert_int_equal(object->last_second, 100);
	record.inserted_at = 101;
	append(object, &record);
	record.inserted_at = 105;
	append(object, &record);
	append(object, &record);
	assert_int_equal(object->first_second, 100);
	assert_int_equal(object->last_second, 105);
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void nothing_need_stand_before_an_object(void **state)
{
	struct story *story = *state;
	struct lc_object *object =
	    lc_object_new(&story->objects, story->source, target_of(story, ""), NULL, 5);

	assert_false(object->before.set);
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void an_object_remembers_which_rows_of_which_second_it_takes(void **state)
{
	static const uint32_t seconds[] = {100, 100, 100, 101, 105, 105};
	struct story *story = *state;
	struct lc_object *object = object_new(story, "");
	struct lc_taken_second second;
	struct lc_error error;
	size_t position = 0;
	size_t row = 0;

	for (size_t i = 0; i < 6; i++) {
		struct lc_record record = story->rows.records[0];

		/* The first two are twins. */
		record.object_key = story->rows.records[i * 2 / 3].object_key;
		record.inserted_at = seconds[i];
		lc_object_append(object, &record, 1000 + i / 2, &(struct lc_line_style){0});
	}
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	while (lc_taken_rows_next(lc_taken_rows_blob(&object->taken), &position, &second, &error)) {
		for (uint32_t i = 0; i < second.count; i++, row++) {
			assert_int_equal(second.second, seconds[row]);
			assert_int_equal(lc_taken_rows_hash(&second, i), 1000 + row / 2);
		}
	}
	assert_int_equal(error.kind, LC_ERROR_NONE);
	assert_int_equal(row, 6);
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void the_intent_tells_the_ledger_all_of_a_sealed_object(void **state)
{
	struct story *story = *state;
	struct lc_object *object = object_new(story, "logs/");
	struct lc_ledger_intent intent;
	struct lc_record record = story->rows.records[0];

	for (uint32_t i = 0; i < 3; i++) {
		record.inserted_at = 2000 + i * 10;
		append(object, &record);
	}
	object->intent_id = 42;
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	intent = lc_object_intent(object);
	assert_int_equal(intent.id, 42);
	assert_int_equal(intent.source.raft_session_id, 7);
	assert_true(lc_view_equal(intent.source.bucket, lc_view_of("amzn-s3-demo-bucket")));
	assert_true(lc_view_equal(intent.target_bucket, lc_view_of("amzn-s3-demo-logs")));
	assert_true(lc_view_equal(intent.target_prefix, lc_view_of("logs/")));
	assert_true(lc_view_equal(intent.key, lc_buffer_view(&object->key)));
	assert_int_equal(intent.first_second, 2000);
	assert_int_equal(intent.last_second, 2020);
	assert_int_equal(intent.rows, 3);
	assert_int_equal(intent.bytes, object->body.size);
	assert_true(lc_view_equal(intent.taken_rows, lc_taken_rows_blob(&object->taken)));
	/* version, and for each of three seconds: second, count, one hash */
	assert_int_equal(intent.taken_rows.size, 1 + 3 * (4 + 4 + 8));
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void hostile_texts_make_lines_that_are_lines(void **state)
{
	struct story *story = *state;
	struct lc_object *object = object_new(story, "a\nb\"c d");
	char bytes[2000];

	for (size_t round = 0; round < 50; round++) {
		struct lc_record record = record_rows_example();
		struct lc_view text = {.data = bytes, .size = sizeof bytes - round};

		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (char)lc_random_next(&story->random);
		record.req_id = text;
		record.object_key = text;
		record.user_agent = text;
		record.requester = text;
		append(object, &record);
	}
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	for (size_t i = 0; i < object->body.piece_count; i++) {
		struct lc_view fields[LINE_CHECK_FIELDS_MAX];

		assert_int_equal(line_check_split(object->body.pieces[i], fields), 26);
	}
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

/* What the allocator has given for the object, its arena as the arena counts it. */
static size_t allocated(struct lc_object *object)
{
	return malloc_usable_size(object) + malloc_usable_size(object->lines) +
	       malloc_usable_size(object->pieces) + malloc_usable_size(object->key.data) +
	       malloc_usable_size(object->taken.blob.data) +
	       malloc_usable_size(object->before.req_id.data) + object->arena.allocated;
}

static void memory_is_what_it_takes_and_sealing_is_paid_before(void **state)
{
	/* The allocator rounds each of six pieces up. */
	const size_t rounding = 6 * 32;
	struct story *story = *state;
	const struct lc_offset offset = {.inserted_at = 9, .req_id = lc_view_of("before")};
	struct lc_object *object;
	size_t before;

	lc_mark_set(&story->before, &offset);
	object = object_new(story, "logs/");
	for (size_t i = 0; i < ROWS; i++) {
		size_t pieces = object->line_capacity * sizeof(object->pieces[0]);
		size_t memory = object->memory;

		assert_true(memory <= allocated(object) + pieces);
		assert_true(memory + rounding >= allocated(object) + pieces);
		append(object, &story->rows.records[i]);
		assert_true(object->memory >= memory);
		assert_true(object->memory > object->body_size);
	}
	before = object->memory;
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	assert_true(object->memory + rounding >= allocated(object));
	assert_int_equal(object->memory, before + object->key.capacity);
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void a_small_object_takes_little_memory(void **state)
{
	struct story *story = *state;
	struct lc_object *object = object_of(story, "logs/", 1);

	assert_true(object->memory < 8192);
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(an_object_begins_with_what_it_is_for),
	    STORY(each_row_becomes_one_line),
	    STORY(the_region_is_written_when_there_is_one),
	    STORY(lines_stand_in_order_of_time_request_and_text),
	    STORY(request_ids_are_sorted_by_their_own_bytes),
	    STORY(rows_of_any_time_are_sorted),
	    STORY(the_same_rows_in_any_order_give_the_same_object),
	    STORY(a_compressed_body_holds_the_lines_and_takes_less_memory),
	    STORY(a_large_body_is_compressed_in_parts),
	    STORY(the_key_tells_that_a_body_is_compressed),
	    STORY(the_key_names_prefix_and_first_time),
	    STORY(a_partitioned_key_names_owner_region_and_source),
	    STORY(other_rows_give_another_key),
	    STORY(another_source_or_target_gives_another_key),
	    STORY(what_stands_before_does_not_change_the_key),
	    STORY(the_first_and_last_row_give_first_and_last_second),
	    STORY(nothing_need_stand_before_an_object),
	    STORY(an_object_remembers_which_rows_of_which_second_it_takes),
	    STORY(the_intent_tells_the_ledger_all_of_a_sealed_object),
	    STORY(hostile_texts_make_lines_that_are_lines),
	    STORY(memory_is_what_it_takes_and_sealing_is_paid_before),
	    STORY(a_small_object_takes_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
