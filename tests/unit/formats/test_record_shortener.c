#include "formats/record_shortener.h"

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

static void feed_all(struct lc_record_shortener *shortener, struct lc_view row, size_t piece_size)
{
	bool complete = false;

	lc_record_shortener_begin(shortener);
	for (size_t at = 0; at < row.size; at += piece_size) {
		size_t size = row.size - at < piece_size ? row.size - at : piece_size;

		assert_false(complete);
		assert_int_equal(
		    lc_record_shortener_feed(shortener,
					     (struct lc_view){.data = row.data + at, .size = size},
					     &complete),
		    size);
	}
	assert_true(complete);
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
	size_t used;

	(void)state;
	record.object_key = long_text();
	record.user_agent = long_text();
	lc_buffer_init(&row, SIZE_MAX);
	record_rows_append(&row, &record, MARKER);
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	for (size_t piece = 1; piece < 700; piece += 3) {
		feed_all(&shortener, lc_buffer_view(&row), piece);
		assert_int_equal(shortener.shortened, 2);
		assert_true(shortener.row.size <= MAX_ROW_BYTES);
		assert_int_equal(
		    lc_record_decode(lc_buffer_view(&shortener.row), MARKER, &read, &used, NULL),
		    LC_RECORD_DECODED);
		assert_int_equal(used, shortener.row.size);
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
	struct lc_buffer row;

	(void)state;
#define LC_FIELD_TEXT(name, expression) record.name = long_text();
#include "tbl/record_fields.h"
	lc_buffer_init(&row, SIZE_MAX);
	record_rows_append(&row, &record, MARKER);
	lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
	feed_all(&shortener, lc_buffer_view(&row), 4096);
	assert_true(shortener.row.size <= MAX_ROW_BYTES);
	assert_true(shortener.row.size > MAX_ROW_BYTES * 9 / 10);
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

static void what_is_no_row_is_left_to_the_decoder(void **state)
{
	static const char *const faults[] = {"\x02",
					     "\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"};
	static const size_t sizes[] = {1, 11};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lc_record_shortener shortener;
		struct lc_record record;
		struct lc_buffer row;
		size_t used;
		bool complete;

		lc_buffer_init(&row, SIZE_MAX);
		lc_buffer_append(&row, "\5\0\0\0\0\0\0\0\7\0\0\0", 12); /* up to the bucket */
		lc_buffer_append(&row, faults[i], sizes[i]);
		lc_buffer_append_text(&row, "and more");
		lc_record_shortener_init(&shortener, MAX_ROW_BYTES);
		lc_record_shortener_begin(&shortener);
		assert_int_equal(
		    lc_record_shortener_feed(&shortener, lc_buffer_view(&row), &complete),
		    12 + sizes[i]);
		assert_true(complete);
		assert_int_equal(
		    lc_record_decode(lc_buffer_view(&shortener.row), MARKER, &record, &used, NULL),
		    LC_RECORD_CORRUPT);
		lc_record_shortener_free(&shortener);
		lc_buffer_free(&row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_without_long_texts_is_copied),
	    cmocka_unit_test(long_texts_keep_an_equal_share_and_end_in_dots),
	    cmocka_unit_test(a_text_of_exactly_the_limit_is_kept),
	    cmocka_unit_test(even_a_row_of_long_texts_alone_stays_within_the_limit),
	    cmocka_unit_test(it_takes_the_bytes_of_one_row_and_no_more),
	    cmocka_unit_test(what_is_no_row_is_left_to_the_decoder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
