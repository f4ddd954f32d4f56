#include "formats/record_stream.h"

#include "formats/row_hash.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 5, MAX_ROW_BYTES = LC_RECORD_STREAM_ROW_BYTES_MIN };

static const uint64_t MARKER = UINT64_C(0x8123456789abcdef);

/* What a stream has called back. */
struct taken {
	size_t count;
	uint64_t hash; /* of all rows, in order */
	size_t stop_after;
	size_t largest_key;
};

static bool take(void *context, const struct lc_record *record)
{
	struct taken *taken = context;

	taken->count++;
	taken->hash = taken->hash * 31 + lc_row_hash(record);
	if (record->object_key.size > taken->largest_key)
		taken->largest_key = record->object_key.size;
	return taken->count != taken->stop_after;
}

static struct lc_record row_number(unsigned number, char key[32])
{
	struct lc_record record = record_rows_example();

	snprintf(key, 32, "key %u", number);
	record.object_key = lc_view_of(key);
	record.bytes_sent.present = number % 2 == 0;
	return record;
}

/* Appends rows 0 to count - 1; returns where the last one begins. */
static size_t append_rows(struct lc_buffer *rows, unsigned count)
{
	size_t last = rows->size;

	for (unsigned i = 0; i < count; i++) {
		char key[32];
		struct lc_record record = row_number(i, key);

		last = rows->size;
		record_rows_append(rows, &record, MARKER);
	}
	return last;
}

/* Appends a block of rows 0 to count - 1; returns where it begins. */
static size_t append_block(struct lc_buffer *rows, unsigned count)
{
	struct lc_record *records = malloc(count * sizeof records[0]);
	char(*keys)[32] = malloc(count * sizeof keys[0]);
	size_t begin = rows->size;

	assert_non_null(records);
	assert_non_null(keys);
	for (unsigned i = 0; i < count; i++)
		records[i] = row_number(i, keys[i]);
	record_rows_append_block(rows, records, count, MARKER);
	free(records);
	free(keys);
	return begin;
}

/* Of these rows, so many times. */
static uint64_t hash_of_rows(unsigned count, unsigned times)
{
	struct taken taken = {.count = 0};

	for (unsigned i = 0; i < times * count; i++) {
		char key[32];
		struct lc_record record = row_number(i % count, key);

		take(&taken, &record);
	}
	return taken.hash;
}

/* Feeds bytes [from, to) from memory of their own, so that reading beyond a piece would be seen. */
static bool feed(struct lc_record_stream *stream, const struct lc_buffer *rows, size_t from,
		 size_t to, struct lc_error *error)
{
	size_t size = to - from;
	char *copy = malloc(size == 0 ? 1 : size);
	bool good;

	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, rows->data + from, size);
	good = lc_record_stream_feed(stream, (struct lc_view){.data = copy, .size = size}, error);
	free(copy);
	return good;
}

static void feed_in_pieces(struct lc_record_stream *stream, const struct lc_buffer *rows,
			   size_t piece)
{
	struct lc_error error;

	for (size_t at = 0; at < rows->size; at += piece) {
		size_t to = rows->size - at < piece ? rows->size : at + piece;

		assert_true(feed(stream, rows, at, to, &error));
	}
	assert_true(lc_record_stream_end(stream, &error));
}

static void rows_arrive_in_order_whatever_the_pieces(void **state)
{
	struct lc_buffer rows;

	(void)state;
	lc_buffer_init(&rows, SIZE_MAX);
	append_block(&rows, ROWS);
	record_rows_append_block(&rows, NULL, 0, MARKER);
	append_rows(&rows, ROWS);
	for (size_t piece = 1; piece <= rows.size; piece++) {
		struct taken taken = {.count = 0};
		struct lc_record_stream *stream =
		    lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);

		feed_in_pieces(stream, &rows, piece);
		assert_int_equal(taken.count, 2 * ROWS);
		assert_true(taken.hash == hash_of_rows(ROWS, 2));
		assert_int_equal(lc_record_stream_fields_shortened(stream), 0);
		lc_record_stream_free(stream);
	}
	lc_buffer_free(&rows);
}

static void a_block_cut_in_the_middle_waits_for_more(void **state)
{
	struct lc_buffer rows;
	size_t second;

	(void)state;
	lc_buffer_init(&rows, SIZE_MAX);
	append_block(&rows, 2);
	second = append_block(&rows, ROWS);
	for (size_t cut = 0; cut <= rows.size; cut++) {
		struct taken taken = {.count = 0};
		struct lc_error error;
		struct lc_record_stream *stream =
		    lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);
		bool between = cut == 0 || cut == second || cut == rows.size;

		assert_true(feed(stream, &rows, 0, cut, &error));
		assert_int_equal(taken.count,
				 (cut >= second ? 2 : 0) + (cut == rows.size ? ROWS : 0));
		assert_true(feed(stream, &rows, 0, 0, &error));
		if (between) {
			assert_true(lc_record_stream_end(stream, &error));
		} else {
			assert_false(lc_record_stream_end(stream, &error));
			assert_int_equal(error.kind, LC_ERROR_CORRUPT);
			assert_non_null(strstr(error.message, "inside a block of rows"));
		}
		assert_true(feed(stream, &rows, cut, rows.size, &error));
		assert_true(lc_record_stream_end(stream, &error));
		assert_int_equal(taken.count, 2 + ROWS);
		lc_record_stream_free(stream);
	}
	lc_buffer_free(&rows);
}

static void a_stream_of_nothing_is_good(void **state)
{
	struct taken taken = {.count = 0};
	struct lc_error error;
	struct lc_record_stream *stream = lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);

	(void)state;
	assert_true(
	    lc_record_stream_feed(stream, (struct lc_view){.data = NULL, .size = 0}, &error));
	assert_true(lc_record_stream_end(stream, &error));
	assert_int_equal(taken.count, 0);
	lc_record_stream_free(stream);
	lc_record_stream_free(NULL);
}

/* The three ways in which ClickHouse fails in the middle of an answer that began with 200. */
static const char *const MESSAGES[] = {
    "Code: 241. DB::Exception: Memory limit (for query) exceeded",
    "__exception__\r\nCode: 241. DB::Exception: Memory limit (for query) exceeded",
    ("\r\n__exception__\r\nPU1FNUFH\r\nCode: 241. DB::Exception: Memory limit (for query) exceeded"
     "\r\n75 PU1FNUFH\r\n__exception__\r\n"),
};

static void a_message_after_a_row_is_an_error_and_no_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof MESSAGES / sizeof MESSAGES[0]; i++) {
		for (size_t piece = 1; piece < 200; piece++) {
			struct taken taken = {.count = 0};
			struct lc_error error = {.kind = LC_ERROR_NONE};
			struct lc_record_stream *stream =
			    lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);
			struct lc_buffer rows;
			bool good = true;

			lc_buffer_init(&rows, SIZE_MAX);
			append_rows(&rows, 2);
			lc_buffer_append_text(&rows, MESSAGES[i]);
			for (size_t at = 0; at < rows.size && good; at += piece)
				good =
				    feed(stream, &rows, at,
					 rows.size - at < piece ? rows.size : at + piece, &error);
			assert_false(good);
			assert_int_equal(error.kind, LC_ERROR_CORRUPT);
			assert_int_equal(taken.count, 2);
			assert_true(taken.hash == hash_of_rows(2, 1));
			assert_false(lc_record_stream_end(stream, &error));
			assert_int_equal(error.kind, LC_ERROR_CORRUPT);
			lc_record_stream_free(stream);
			lc_buffer_free(&rows);
		}
	}
}

static void a_message_inside_a_block_is_an_error_and_no_row(void **state)
{
	struct lc_buffer whole;
	size_t second;

	(void)state;
	lc_buffer_init(&whole, SIZE_MAX);
	append_rows(&whole, 1);
	second = append_block(&whole, 2);
	for (size_t i = 0; i < sizeof MESSAGES / sizeof MESSAGES[0]; i++) {
		for (size_t cut = second + 1; cut < whole.size; cut++) {
			struct taken taken = {.count = 0};
			struct lc_error error = {.kind = LC_ERROR_NONE};
			struct lc_record_stream *stream =
			    lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);
			bool good = feed(stream, &whole, 0, cut, &error) &&
				    lc_record_stream_feed(stream, lc_view_of(MESSAGES[i]), &error);

			good = lc_record_stream_end(stream, good ? &error : NULL) && good;
			assert_false(good);
			assert_int_equal(error.kind, LC_ERROR_CORRUPT);
			assert_int_equal(taken.count, 1);
			lc_record_stream_free(stream);
		}
	}
	lc_buffer_free(&whole);
}

static void the_message_at_the_end_of_a_cut_block_is_shown(void **state)
{
	struct taken taken = {.count = 0};
	struct lc_error error;
	struct lc_record_stream *stream = lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);
	struct lc_record record = record_rows_example();
	char key[2000];
	struct lc_buffer rows;
	const char *found;

	(void)state;
	memset(key, 'k', sizeof key);
	record.object_key = (struct lc_view){.data = key, .size = sizeof key};
	lc_buffer_init(&rows, SIZE_MAX);
	record_rows_append(&rows, &record, MARKER);
	found = memmem(rows.data, rows.size, "kkkk", 4);
	assert_true(feed(stream, &rows, 0, (size_t)(found - rows.data) + 100, &error));
	assert_true(lc_record_stream_feed(stream, lc_view_of(MESSAGES[0]), &error));
	assert_false(lc_record_stream_end(stream, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(error.message, MESSAGES[0]));
	lc_record_stream_free(stream);
	lc_buffer_free(&rows);
}

static void a_failed_stream_stays_failed(void **state)
{
	struct taken taken = {.count = 0};
	struct lc_error error = {.kind = LC_ERROR_NONE};
	struct lc_record_stream *stream = lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);
	struct lc_buffer rows;

	(void)state;
	lc_buffer_init(&rows, SIZE_MAX);
	append_rows(&rows, 1);
	assert_false(lc_record_stream_feed(stream, lc_view_of("<html>"), NULL));
	assert_false(feed(stream, &rows, 0, rows.size, &error));
	assert_non_null(strstr(error.message, "<html>"));
	error.message[0] = '\0';
	assert_false(lc_record_stream_end(stream, &error));
	assert_non_null(strstr(error.message, "<html>"));
	assert_int_equal(taken.count, 0);
	lc_record_stream_free(stream);
	lc_buffer_free(&rows);
}

static void a_taker_that_has_enough_gets_no_more(void **state)
{
	struct lc_buffer rows;

	(void)state;
	lc_buffer_init(&rows, SIZE_MAX);
	append_rows(&rows, 4);
	for (size_t piece = 1; piece < rows.size + 1; piece += 50) {
		struct taken taken = {.stop_after = 2};
		struct lc_error error;
		struct lc_record_stream *stream =
		    lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);

		for (size_t at = 0; at < rows.size; at += piece)
			assert_true(feed(stream, &rows, at,
					 rows.size - at < piece ? rows.size : at + piece, &error));
		assert_int_equal(taken.count, 2);
		assert_false(lc_record_stream_end(stream, &error));
		assert_int_equal(error.kind, LC_ERROR_CANCELLED);
		lc_record_stream_free(stream);
	}
	lc_buffer_free(&rows);
}

static void append_long_row(struct lc_buffer *rows, size_t key_size)
{
	struct lc_record record = record_rows_example();
	char *key = malloc(key_size);

	assert_non_null(key);
	memset(key, 'k', key_size);
	record.object_key = (struct lc_view){.data = key, .size = key_size};
	record_rows_append(rows, &record, MARKER);
	free(key);
}

/* Of so many rows one has its key cut; the hash of the last. */
static uint64_t cut_one(const struct lc_buffer *rows, size_t piece, unsigned count)
{
	struct taken taken = {.count = 0};
	struct lc_record_stream *stream = lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);

	feed_in_pieces(stream, rows, piece);
	assert_int_equal(taken.count, count);
	assert_int_equal(lc_record_stream_fields_shortened(stream), 1);
	assert_in_range(taken.largest_key, 2048, 4096);
	lc_record_stream_free(stream);
	return taken.hash;
}

static void a_row_over_the_limit_becomes_the_same_whatever_the_pieces(void **state)
{
	static const size_t pieces[] = {1, 7, 100, 4096, 4097, 16384, 65535, 65536, 1000000};
	struct lc_buffer rows;
	uint64_t hash = 0;

	(void)state;
	lc_buffer_init(&rows, SIZE_MAX);
	append_rows(&rows, 1);
	append_long_row(&rows, MAX_ROW_BYTES);
	append_rows(&rows, 1);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		uint64_t before = hash;

		hash = cut_one(&rows, pieces[i], 3);
		assert_true(i == 0 || hash == before);
	}
	lc_buffer_free(&rows);
}

/* A row too large for a block is cut as it streams by. */
static void a_row_over_the_limit_of_blocks_becomes_the_same(void **state)
{
	static const size_t pieces[] = {1000, 65536, 100001, 10000000};
	enum { KEY_SIZE = LC_RECORD_STREAM_BLOCK_BYTES + 1000 };
	struct lc_buffer rows;

	(void)state;
	lc_buffer_init(&rows, SIZE_MAX);
	append_block(&rows, 2);
	append_long_row(&rows, KEY_SIZE);
	append_block(&rows, 2);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		(void)cut_one(&rows, pieces[i], 5);
	}
	lc_buffer_free(&rows);
}

static void a_block_over_the_limit_is_an_error_unless_it_is_one_row(void **state)
{
	static const size_t pieces[] = {1000, 65536, 10000000};
	enum { MANY = 100 };
	struct lc_record records[MANY];
	struct lc_buffer rows;
	char *key = malloc(MAX_ROW_BYTES);

	(void)state;
	assert_non_null(key);
	memset(key, 'k', MAX_ROW_BYTES);
	for (size_t i = 0; i < MANY; i++) {
		records[i] = record_rows_example();
		records[i].object_key = (struct lc_view){.data = key, .size = MAX_ROW_BYTES / 2};
	}
	lc_buffer_init(&rows, SIZE_MAX);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		for (size_t size = MANY; size <= 2 * MANY; size += MANY) {
			struct taken taken = {.count = 0};
			struct lc_error error = {.kind = LC_ERROR_NONE};
			struct lc_record_stream *stream =
			    lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);
			bool good = true;

			for (size_t j = 0; j < MANY; j++)
				records[j].object_key.size = MAX_ROW_BYTES / 3 * size / MANY;
			lc_buffer_clear(&rows);
			append_block(&rows, 2);
			record_rows_append_block(&rows, records, MANY, MARKER);
			append_block(&rows, 2);
			for (size_t at = 0; at < rows.size && good; at += pieces[i])
				good = feed(stream, &rows, at,
					    rows.size - at < pieces[i] ? rows.size : at + pieces[i],
					    &error);
			assert_int_equal(good, size == MANY);
			assert_int_equal(lc_record_stream_too_large(stream), good ? 0 : MANY);
			assert_int_equal(taken.count, good ? MANY + 4 : 2);
			assert_int_equal(error.kind, good ? LC_ERROR_NONE : LC_ERROR_LIMIT);
			assert_true(lc_record_stream_has_room(stream, 1));
			assert_int_equal(lc_record_stream_has_room(stream, 2), !good);
			lc_record_stream_free(stream);
		}
	}
	lc_buffer_free(&rows);
	free(key);
}

/* Texts of a row that is too large, each NULL, short, or longer than its share. */
static struct lc_record large_row(unsigned number, struct lc_view text)
{
	static const size_t sizes[] = {0, 1, 127, 128, 3000, 4095, 4096, 4097, 70000};
	struct lc_record record = record_rows_example();
	size_t at = number;

#define LC_FIELD_TEXT(name, expression)                                                         \
	record.name =                                                                           \
	    (struct lc_view){.data = text.data + at % 7, .size = sizes[(at * 7 + number) % 9]}; \
	at++;
#define LC_FIELD_UINT(name, expression) record.name.present = at++ % 2 == 0;
#define LC_FIELD_FLOAT(name, expression) record.name.present = at++ % 2 == 0;
#include "tbl/record_fields.h"
	return record;
}

/* What a row takes beside the bytes of its texts, at most. */
enum {
	OVERHEAD = 2 * (1 + 8)
#define LC_FIELD_TIME(name, expression) +1 + 8
#define LC_FIELD_NUMBER(name, expression) +1 + 4
#define LC_FIELD_TEXT(name, expression) +1 + 10
#define LC_FIELD_UINT(name, expression) +1 + 8
#define LC_FIELD_FLOAT(name, expression) +1 + 4
#include "tbl/record_fields.h"
};

static size_t texts_of(const struct lc_record *record)
{
	size_t texts = 0;

#define LC_FIELD_TEXT(name, expression) texts += record->name.size;
#include "tbl/record_fields.h"
	return texts;
}

static void a_shortened_row_has_the_hash_of_the_row_as_it_came(void **state)
{
	enum { TEXT_SIZE = 100000, NUMBERS = 9 };
	char *text = malloc(TEXT_SIZE);
	struct lc_buffer rows;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < TEXT_SIZE; i++)
		text[i] = (char)('a' + i % 26);
	lc_buffer_init(&rows, SIZE_MAX);
	for (unsigned number = 0; number < NUMBERS; number++) {
		struct lc_record record =
		    large_row(number, (struct lc_view){.data = text, .size = TEXT_SIZE});

		lc_buffer_clear(&rows);
		record_rows_append(&rows, &record, MARKER);
		for (size_t limit = MAX_ROW_BYTES; limit <= 16 * MAX_ROW_BYTES; limit *= 4) {
			struct taken taken = {.count = 0};
			struct lc_record_stream *stream =
			    lc_record_stream_new(MARKER, limit, take, &taken);

			feed_in_pieces(stream, &rows, 1 + 1000 * number);
			assert_int_equal(taken.count, 1);
			assert_int_equal(lc_record_stream_fields_shortened(stream) > 0,
					 texts_of(&record) > limit - OVERHEAD);
			assert_true(taken.hash == lc_row_hash(&record));
			lc_record_stream_free(stream);
		}
	}
	lc_buffer_free(&rows);
	free(text);
}

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void fifty_megabytes_in_a_field_take_little_memory(void **state)
{
	enum { FIELD_SIZE = 50000000, PIECE = 16384 };
	struct taken taken = {.count = 0};
	struct lc_record_stream *stream = lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);
	struct lc_buffer rows;
	struct lc_error error;
	size_t before;
	size_t most = 0;

	(void)state;
	lc_buffer_init(&rows, SIZE_MAX);
	append_long_row(&rows, FIELD_SIZE);
	append_rows(&rows, 1);
	before = allocated();
	for (size_t at = 0; at < rows.size; at += PIECE) {
		size_t size = rows.size - at < PIECE ? rows.size - at : PIECE;
		struct lc_view piece = {.data = rows.data + at, .size = size};
		size_t now;

		assert_true(lc_record_stream_feed(stream, piece, &error));
		now = allocated();
		if (now > before && now - before > most)
			most = now - before;
	}
	assert_true(lc_record_stream_end(stream, &error));
	assert_int_equal(taken.count, 2);
	assert_int_equal(lc_record_stream_fields_shortened(stream), 1);
	assert_true(taken.largest_key <= MAX_ROW_BYTES);
	/* Sanitizers count no memory here; the plain build does. */
	assert_true(most <= LC_RECORD_STREAM_BLOCK_BYTES + 4 * MAX_ROW_BYTES);
	lc_record_stream_free(stream);
	lc_buffer_free(&rows);
}

static void expect_a_long_row_to_break_off(size_t key_size)
{
	struct lc_buffer rows;

	lc_buffer_init(&rows, SIZE_MAX);
	append_long_row(&rows, key_size);
	for (size_t cut = 1; cut < rows.size; cut += rows.size / 17) {
		struct taken taken = {.count = 0};
		struct lc_error error;
		struct lc_record_stream *stream =
		    lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);

		assert_true(feed(stream, &rows, 0, cut, &error));
		assert_false(lc_record_stream_end(stream, &error));
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
		assert_int_equal(taken.count, 0);
		lc_record_stream_free(stream);
	}
	rows.data[rows.size - 1] ^= 1;
	for (size_t piece = key_size / 4; piece < 2 * key_size; piece += key_size / 4) {
		struct taken taken = {.count = 0};
		struct lc_error error;
		struct lc_record_stream *stream =
		    lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &taken);
		bool good = true;

		for (size_t at = 0; at < rows.size && good; at += piece)
			good = feed(stream, &rows, at,
				    rows.size - at < piece ? rows.size : at + piece, &error);
		assert_false(good);
		assert_non_null(strstr(error.message, "the last column"));
		assert_int_equal(taken.count, 0);
		lc_record_stream_free(stream);
	}
	lc_buffer_free(&rows);
}

static void a_long_row_that_breaks_off_is_no_row(void **state)
{
	(void)state;
	expect_a_long_row_to_break_off(200000);
	expect_a_long_row_to_break_off(LC_RECORD_STREAM_BLOCK_BYTES + 200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_arrive_in_order_whatever_the_pieces),
	    cmocka_unit_test(a_block_cut_in_the_middle_waits_for_more),
	    cmocka_unit_test(a_stream_of_nothing_is_good),
	    cmocka_unit_test(a_message_after_a_row_is_an_error_and_no_row),
	    cmocka_unit_test(a_message_inside_a_block_is_an_error_and_no_row),
	    cmocka_unit_test(the_message_at_the_end_of_a_cut_block_is_shown),
	    cmocka_unit_test(a_failed_stream_stays_failed),
	    cmocka_unit_test(a_taker_that_has_enough_gets_no_more),
	    cmocka_unit_test(a_row_over_the_limit_becomes_the_same_whatever_the_pieces),
	    cmocka_unit_test(a_row_over_the_limit_of_blocks_becomes_the_same),
	    cmocka_unit_test(a_block_over_the_limit_is_an_error_unless_it_is_one_row),
	    cmocka_unit_test(a_shortened_row_has_the_hash_of_the_row_as_it_came),
	    cmocka_unit_test(fifty_megabytes_in_a_field_take_little_memory),
	    cmocka_unit_test(a_long_row_that_breaks_off_is_no_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
