#include "formats/record_shortener.h"

#include "formats/record_block.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdlib.h>

enum { MAX_ROW_BYTES = 8192, LONG = 10000 };

static const uint64_t MARKER = 5;

static struct lc_view long_text(void)
{
	static char text[LONG];

	memset(text, 'k', sizeof text);
	return (struct lc_view){.data = text, .size = sizeof text};
}

static void feed_all(struct lc_record_shortener *shortener, struct lc_view block, size_t piece_size)
{
	bool complete = false;

	lc_record_shortener_begin(shortener);
	for (size_t at = 0; at < block.size; at += piece_size) {
		size_t size = block.size - at < piece_size ? block.size - at : piece_size;

		assert_false(complete);
		assert_int_equal(lc_record_shortener_feed(
				     shortener,
				     (struct lc_view){.data = block.data + at, .size = size},
				     &complete),
				 size);
	}
	assert_true(complete);
}

/* Takes the row of the copy. */
static struct lc_record read_copy(struct lc_record_shortener *shortener)
{
	struct lc_record_block block;
	struct lc_record record;

	lc_record_block_begin(&block, MARKER);
	assert_int_equal(lc_record_block_walk(&block, lc_buffer_view(&shortener->row), NULL),
			 LC_RECORD_BLOCK_WHOLE);
	assert_int_equal(block.size, shortener->row.size);
	assert_true(lc_record_block_take(&block, shortener->row.data, &record, NULL));
	return record;
}

static size_t texts_of(const struct lc_record *record)
{
	size_t texts = 0;

#define LC_FIELD_TEXT(name, expression) texts += record->name.size;
#include "tbl/record_fields.h"
	return texts;
}

static void a_row_without_long_texts_is_copied(void **state)
{
	struct lc_record_shortener shortener;
	struct lc_record record = record_rows_example();
	struct lc_buffer row;

	(void)state;
	lc_buffer_init(&row, SIZE_MAX);
	record_rows_append(&row, &record, MARKER);
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	for (size_t piece = 1; piece <= row.size; piece++) {
		feed_all(&shortener, lc_buffer_view(&row), piece);
		assert_int_equal(shortener.shortened, 0);
		assert_true(lc_view_equal(lc_buffer_view(&shortener.row), lc_buffer_view(&row)));
	}
	lc_record_shortener_free(&shortener);
	lc_buffer_free(&row);
}

static void long_texts_keep_an_equal_share_and_end_in_dots(void **state)
{
	struct lc_record_shortener shortener;
	struct lc_record record = record_rows_example();
	struct lc_record read;
	struct lc_buffer row;

	(void)state;
	record.object_key = long_text();
	record.user_agent = long_text();
	lc_buffer_init(&row, SIZE_MAX);
	record_rows_append(&row, &record, MARKER);
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	for (size_t piece = 1; piece < 700; piece += 3) {
		feed_all(&shortener, lc_buffer_view(&row), piece);
		assert_int_equal(shortener.shortened, 2);
		read = read_copy(&shortener);
		assert_true(texts_of(&read) <= shortener.room);
		assert_int_equal(read.object_key.size, shortener.text_limit);
		assert_memory_equal(read.object_key.data, long_text().data,
				    shortener.text_limit - 3);
		assert_memory_equal(read.object_key.data + shortener.text_limit - 3, "...", 3);
		assert_int_equal(read.user_agent.size, shortener.text_limit);
		assert_true(lc_view_equal(read.request_uri, record.request_uri));
	}
	lc_record_shortener_free(&shortener);
	lc_buffer_free(&row);
}

static void a_row_in_memory_becomes_what_it_becomes_streaming_by(void **state)
{
	struct lc_record_shortener streaming;
	struct lc_record_shortener shortener;
	struct lc_record record = record_rows_example();
	struct lc_record cut;
	struct lc_record read;
	struct lc_buffer row;

	(void)state;
	record.referer = long_text();
	record.host_header = long_text();
	record.bytes_sent.present = false;
	record.total_time.present = false;
	record.version_id.size = 0;
	lc_buffer_init(&row, SIZE_MAX);
	record_rows_append(&row, &record, MARKER);
	lc_record_shortener_init(&streaming, MAX_ROW_BYTES);
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	feed_all(&streaming, lc_buffer_view(&row), 1000);
	read = read_copy(&streaming);
	for (unsigned i = 0; i < 2; i++) {
		cut = record;
		assert_int_equal(lc_record_shortener_cut(&shortener, &cut), 2);
		assert_true(cut.shortened);
		assert_true(record_rows_equal(&cut, &read));
		assert_true(cut.hash == lc_row_hash(&record));
	}
	assert_true(lc_record_shortener_hash(&streaming) == cut.hash);
	lc_record_shortener_free(&streaming);
	lc_record_shortener_free(&shortener);
	lc_buffer_free(&row);
}

/* What a NULL holds is sent, and may be long: it is neither a part of the row nor of its hash. */
static void a_long_text_that_is_null_does_not_count(void **state)
{
	struct lc_record_shortener shortener;
	struct lc_record record = record_rows_example();
	struct lc_buffer row;
	uint64_t hash;
	char *flag;

	(void)state;
	record.referer = long_text();
	lc_buffer_init(&row, SIZE_MAX);
	record_rows_append(&row, &record, MARKER);
	flag = memmem(row.data, row.size, "\0\x90\x4Ekkkk", 7);
	assert_non_null(flag);
	*flag = 1;
	record.referer.size = 0;
	hash = lc_row_hash(&record);
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	for (size_t piece = 1; piece < 700; piece += 7) {
		struct lc_record read;

		feed_all(&shortener, lc_buffer_view(&row), piece);
		assert_int_equal(shortener.shortened, 0);
		read = read_copy(&shortener);
		assert_true(record_rows_equal(&read, &record));
		assert_true(lc_record_shortener_hash(&shortener) == hash);
	}
	lc_record_shortener_free(&shortener);
	lc_buffer_free(&row);
}

static void a_row_whose_texts_have_room_stays_as_it_is(void **state)
{
	struct lc_record_shortener shortener;
	struct lc_record record = record_rows_example();

	(void)state;
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	record.object_key = long_text();
	record.object_key.size = 0;
	record.object_key.size = shortener.room - texts_of(&record);
	assert_int_equal(lc_record_shortener_cut(&shortener, &record), 0);
	assert_false(record.shortened);
	record.object_key.size++;
	assert_int_equal(lc_record_shortener_cut(&shortener, &record), 1);
	assert_true(record.shortened);
	assert_int_equal(record.object_key.size, shortener.text_limit);
	lc_record_shortener_free(&shortener);
}

static void a_text_of_exactly_the_limit_is_kept(void **state)
{
	struct lc_record_shortener shortener;
	struct lc_record record = record_rows_example();
	struct lc_buffer row;

	(void)state;
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	for (size_t beyond = 0; beyond < 2; beyond++) {
		record.referer = long_text();
		record.referer.size = shortener.text_limit + beyond;
		lc_buffer_init(&row, SIZE_MAX);
		record_rows_append(&row, &record, MARKER);
		feed_all(&shortener, lc_buffer_view(&row), 100);
		assert_int_equal(shortener.shortened, beyond);
		assert_int_equal(shortener.row.size, row.size - beyond);
		lc_buffer_free(&row);
	}
	lc_record_shortener_free(&shortener);
}

static void even_a_row_of_long_texts_alone_stays_within_the_limit(void **state)
{
	struct lc_record_shortener shortener;
	struct lc_record record = record_rows_example();
	struct lc_record read;
	struct lc_buffer row;

	(void)state;
#define LC_FIELD_TEXT(name, expression) record.name = long_text();
#include "tbl/record_fields.h"
	lc_buffer_init(&row, SIZE_MAX);
	record_rows_append(&row, &record, MARKER);
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	feed_all(&shortener, lc_buffer_view(&row), 4096);
	read = read_copy(&shortener);
	assert_true(texts_of(&read) <= MAX_ROW_BYTES);
	assert_true(texts_of(&read) > MAX_ROW_BYTES * 9 / 10);
	lc_record_shortener_cut(&shortener, &record);
	assert_int_equal(texts_of(&record), texts_of(&read));
	lc_record_shortener_free(&shortener);
	lc_buffer_free(&row);
}

static void it_takes_the_bytes_of_one_row_and_no_more(void **state)
{
	struct lc_record_shortener shortener;
	struct lc_record record = record_rows_example();
	struct lc_buffer row;
	size_t row_size;
	bool complete;

	(void)state;
	lc_buffer_init(&row, SIZE_MAX);
	record_rows_append(&row, &record, MARKER);
	row_size = row.size;
	record_rows_append(&row, &record, MARKER);
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	lc_record_shortener_begin(&shortener);
	assert_int_equal(lc_record_shortener_feed(&shortener, lc_buffer_view(&row), &complete),
			 row_size);
	assert_true(complete);
	lc_record_shortener_free(&shortener);
	lc_buffer_free(&row);
}

static void what_is_no_block_is_left_to_the_walk(void **state)
{
	struct lc_record record = record_rows_example();
	const struct {
		const char *after; /* of the good block, this and what follows it is replaced */
		size_t skipped;
		const char *fault;
		size_t size;
	} faults[] = {
	    {"Nullable(String)", 16, "\2", 1}, /* a flag */
	    {"Nullable(String)", 16, "\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02",
	     11}, /* a length */
	    {"Nullable(String)", 16, "\0\x81\x80\x80\x80\x04", 6},
	    {"UInt64", 14, "\x80\x02", 2}, /* the next column's name */
	};

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct lc_record_shortener shortener;
		struct lc_record_block block;
		struct lc_buffer row;
		const char *found;
		size_t at;
		bool complete;

		lc_buffer_init(&row, SIZE_MAX);
		record_rows_append(&row, &record, MARKER);
		found = memmem(row.data, row.size, faults[i].after, strlen(faults[i].after));
		assert_non_null(found);
		at = (size_t)(found - row.data) + faults[i].skipped;
		row.size = at;
		lc_buffer_append(&row, faults[i].fault, faults[i].size);
		lc_buffer_append_text(&row, "and more");
		lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
		lc_record_shortener_begin(&shortener);
		assert_int_equal(
		    lc_record_shortener_feed(&shortener, lc_buffer_view(&row), &complete),
		    at + faults[i].size);
		assert_true(complete);
		lc_record_block_begin(&block, MARKER);
		assert_int_equal(lc_record_block_walk(&block, lc_buffer_view(&shortener.row), NULL),
				 LC_RECORD_BLOCK_CORRUPT);
		lc_record_shortener_free(&shortener);
		lc_buffer_free(&row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_without_long_texts_is_copied),
	    cmocka_unit_test(long_texts_keep_an_equal_share_and_end_in_dots),
	    cmocka_unit_test(a_row_in_memory_becomes_what_it_becomes_streaming_by),
	    cmocka_unit_test(a_long_text_that_is_null_does_not_count),
	    cmocka_unit_test(a_row_whose_texts_have_room_stays_as_it_is),
	    cmocka_unit_test(a_text_of_exactly_the_limit_is_kept),
	    cmocka_unit_test(even_a_row_of_long_texts_alone_stays_within_the_limit),
	    cmocka_unit_test(it_takes_the_bytes_of_one_row_and_no_more),
	    cmocka_unit_test(what_is_no_block_is_left_to_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
