#include "formats/record_block.h"

#include "base/copy.h"
#include "base/random.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdlib.h>

enum { ROWS = 3, TEXT_SIZE = 300 };

static const uint64_t MARKER = UINT64_C(0x8123456789abcdef);

/* Three rows that differ in every field: the example, one without values, one with long texts. */
static const struct lc_record *three_rows(void)
{
	static struct lc_record rows[ROWS];
	static char text[TEXT_SIZE];
	size_t size = 100;

	memset(text, '\xFF', sizeof text); /* no length begins like that */
	rows[0] = record_rows_example();
	rows[1] = (struct lc_record){.start_time_ms = INT64_MIN};
	rows[2] = record_rows_example();
#define LC_FIELD_TEXT(name, expression) \
	rows[2].name = (struct lc_view){.data = text, .size = size += 8};
#define LC_FIELD_UINT(name, expression) rows[2].name.value += size;
#define LC_FIELD_FLOAT(name, expression) rows[2].name.value += (float)size;
#include "tbl/record_fields.h"
	rows[2].inserted_at++;
	rows[2].start_time_ms++;
	return rows;
}

static int set_up(void **state)
{
	static struct lc_buffer bytes;

	lc_buffer_init(&bytes, SIZE_MAX);
	record_rows_append_block(&bytes, three_rows(), ROWS, MARKER);
	*state = &bytes;
	return 0;
}

static int tear_down(void **state)
{
	lc_buffer_free(*state);
	return 0;
}

static void assert_corrupt(struct lc_view bytes, const char *message)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	struct lc_record_block block;

	lc_record_block_begin(&block, MARKER);
	assert_int_equal(lc_record_block_walk(&block, bytes, &error), LC_RECORD_BLOCK_CORRUPT);
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	if (strstr(error.message, message) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, message);
	lc_record_block_begin(&block, MARKER);
	assert_int_equal(lc_record_block_walk(&block, bytes, NULL), LC_RECORD_BLOCK_CORRUPT);
}

/* Where a column's parts are in the block, its NULL flags first. */
static size_t place_of(const struct lc_buffer *bytes, const char *name)
{
	const char *found = memmem(bytes->data, bytes->size, name, strlen(name));

	assert_non_null(found);
	found += strlen(name);
	return (size_t)(found - bytes->data) + 1 + (unsigned char)*found;
}

static void expect_three_rows(struct lc_record_block *block, const char *bytes)
{
	assert_int_equal(block->rows, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		struct lc_record record;
		struct lc_error error;

		assert_true(lc_record_block_take(block, bytes, &record, &error));
		assert_true(record_rows_equal(&record, &three_rows()[i]));
		assert_true(record.spacious);
		assert_false(record.shortened);
		assert_non_null(record.error_code.data);
	}
}

static void rows_are_taken_as_views_into_the_block(void **state)
{
	struct lc_buffer *bytes = *state;
	const size_t size = bytes->size;
	struct lc_record_block block;
	struct lc_record record;
	struct lc_error error;

	lc_buffer_append_text(bytes, "the next block, or any bytes of no account");
	lc_record_block_begin(&block, MARKER);
	assert_int_equal(lc_record_block_walk(&block, lc_buffer_view(bytes), &error),
			 LC_RECORD_BLOCK_WHOLE);
	assert_int_equal(block.size, size);
	assert_true(lc_record_block_take(&block, bytes->data, &record, &error));
	assert_ptr_equal(record.bucket.data, bytes->data + place_of(bytes, "bucket") + ROWS + 1);
	lc_record_block_begin(&block, MARKER);
	lc_record_block_walk(&block, lc_buffer_view(bytes), &error);
	expect_three_rows(&block, bytes->data);
}

static void a_block_without_rows_is_good(void **state)
{
	struct lc_record_block block;
	struct lc_buffer bytes;

	(void)state;
	lc_buffer_init(&bytes, 4096);
	record_rows_append_block(&bytes, NULL, 0, MARKER);
	lc_record_block_begin(&block, MARKER);
	assert_int_equal(lc_record_block_walk(&block, lc_buffer_view(&bytes), NULL),
			 LC_RECORD_BLOCK_WHOLE);
	assert_int_equal(block.rows, 0);
	assert_int_equal(block.size, bytes.size);
	lc_buffer_free(&bytes);
}

static void a_block_may_come_in_two_pieces_and_be_moved_between(void **state)
{
	struct lc_buffer *bytes = *state;

	for (size_t cut = 0; cut < bytes->size; cut++) {
		/* Of its own size, so that reading on would be seen. */
		char *piece = malloc(cut == 0 ? 1 : cut);
		struct lc_record_block block;
		struct lc_error error;
		size_t good;

		assert_non_null(piece);
		memcpy(piece, bytes->data, cut);
		lc_record_block_begin(&block, MARKER);
		assert_int_equal(lc_record_block_walk(
				     &block, (struct lc_view){.data = piece, .size = cut}, NULL),
				 LC_RECORD_BLOCK_INCOMPLETE);
		assert_true(block.size <= cut);
		free(piece);
		good = block.size;
		assert_int_equal(lc_record_block_walk(&block, lc_buffer_view(bytes), &error),
				 LC_RECORD_BLOCK_WHOLE);
		assert_true(block.size >= good);
		expect_three_rows(&block, bytes->data);
	}
}

static void a_null_may_hold_anything(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_record expected = three_rows()[2];
	struct lc_record_block block;
	struct lc_record record;
	struct lc_error error;

	bytes->data[place_of(bytes, "user_agent") + 2] = 1;
	bytes->data[place_of(bytes, "http_code") + 2] = 1;
	bytes->data[place_of(bytes, "total_time") + 2] = 1;
	lc_record_block_begin(&block, MARKER);
	assert_int_equal(lc_record_block_walk(&block, lc_buffer_view(bytes), &error),
			 LC_RECORD_BLOCK_WHOLE);
	for (size_t i = 0; i < ROWS; i++)
		assert_true(lc_record_block_take(&block, bytes->data, &record, &error));
	expected.user_agent.size = 0;
	expected.http_code.present = false;
	expected.total_time.present = false;
	assert_true(record_rows_equal(&record, &expected));
	assert_int_equal(record.http_code.value, 0);
}

static void a_null_flag_is_0_or_1(void **state)
{
	struct lc_buffer *bytes = *state;

	bytes->data[place_of(bytes, "bucket") + 1] = 2;
	assert_corrupt(lc_buffer_view(bytes), "the NULL flags of bucket");
}

static void what_is_no_block_is_shown(void **state)
{
	struct lc_buffer *bytes = *state;

	assert_corrupt(lc_view_of("Code: 241. DB::Exception: Memory limit exceeded\n"),
		       "instead of a block of rows: "
		       "\"Code: 241. DB::Exception: Memory limit exceeded.\"");
	assert_corrupt(lc_view_of("<html>"), "<html>");
	assert_corrupt(lc_view_of("C"), "\"C\"");
	assert_corrupt(lc_view_of("\r\n__exception__"), "..__exception__");
	bytes->data[0]++;
	assert_corrupt(lc_buffer_view(bytes), "instead of a block of rows");
}

static void more_rows_than_any_block_has_are_corrupt(void **state)
{
	static const char *const counts[] = {
	    "\x81\x80\x80\x08",                         /* 2^24 + 1 */
	    "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", /* 2^64 - 1 */
	    "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"};

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct lc_buffer bytes;

		lc_buffer_init(&bytes, 4096);
		lc_buffer_append_char(&bytes, LC_RECORD_BLOCK_COLUMNS);
		lc_buffer_append_text(&bytes, counts[i]);
		assert_corrupt(lc_buffer_view(&bytes), "instead of a block of rows");
		lc_buffer_free(&bytes);
	}
}

static void a_column_has_the_type_that_was_asked_for(void **state)
{
	struct lc_buffer *bytes = *state;
	char *type = memmem(bytes->data, bytes->size, "Nullable(UInt64)", 16);

	assert_non_null(type);
	memcpy(type, "Nullable(UInt32)", 16);
	assert_corrupt(lc_buffer_view(bytes),
		       "instead of the column of http_code, of type Nullable(UInt64): "
		       "\".http_code.Nullable(UInt32)");
}

static void a_name_that_is_too_long_is_corrupt(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_buffer changed;

	lc_buffer_init(&changed, 4096);
	lc_buffer_append(&changed, bytes->data, 2);
	lc_buffer_append(&changed, "\x80\x02", 2); /* 256 bytes */
	assert_corrupt(lc_buffer_view(&changed), "instead of the column of first");
	lc_buffer_free(&changed);
}

static void each_row_has_the_marker_on_both_sides(void **state)
{
	struct lc_buffer *bytes = *state;
	size_t first = place_of(bytes, "marker");

	for (size_t i = 0; i < ROWS; i++) {
		bytes->data[first + 8 * i + 7] ^= 1;
		assert_corrupt(lc_buffer_view(bytes), "the first column of a block of rows");
		bytes->data[first + 8 * i + 7] ^= 1;
		bytes->data[bytes->size - 1 - 8 * i] ^= 1;
		assert_corrupt(lc_buffer_view(bytes), "the last column of a block of rows");
		bytes->data[bytes->size - 1 - 8 * i] ^= 1;
	}
}

static void a_length_that_no_memory_holds_is_corrupt(void **state)
{
	static const struct {
		const char *length;
		size_t size;
		bool corrupt;
	} lengths[] = {
	    {"\x80\x80\x80\x80\x04", 5, false}, /* 1 GiB */
	    {"\x81\x80\x80\x80\x04", 5, true},
	    {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, true}, /* 2^64 - 1 */
	    {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 10, true},
	    {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10, true},
	    {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, true},
	    {"\xF6\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, true}, /* wraps with its own size */
	};
	struct lc_buffer *bytes = *state;
	size_t at = place_of(bytes, "bucket") + ROWS;

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct lc_buffer changed;
		struct lc_record_block block;

		lc_buffer_init(&changed, 65536);
		lc_buffer_append(&changed, bytes->data, at);
		lc_buffer_append(&changed, lengths[i].length, lengths[i].size);
		lc_buffer_append(&changed, bytes->data, bytes->size);
		lc_record_block_begin(&block, MARKER);
		if (lengths[i].corrupt)
			assert_corrupt(lc_buffer_view(&changed),
				       "the length of bucket is said to be");
		else
			assert_int_equal(
			    lc_record_block_walk(&block, lc_buffer_view(&changed), NULL),
			    LC_RECORD_BLOCK_INCOMPLETE);
		lc_buffer_free(&changed);
	}
}

static void a_raft_session_has_16_bits(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_record_block block;
	struct lc_record record;
	struct lc_error error;

	bytes->data[place_of(bytes, "raft_session_id") + 4 + 2] = 1; /* of the second row */
	lc_record_block_begin(&block, MARKER);
	assert_int_equal(lc_record_block_walk(&block, lc_buffer_view(bytes), &error),
			 LC_RECORD_BLOCK_WHOLE);
	assert_true(lc_record_block_take(&block, bytes->data, &record, &error));
	assert_false(lc_record_block_take(&block, bytes->data, &record, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	assert_string_equal(error.message, "there is no raft session 65536");
}

/* No rows but the right ones are ever taken. */
static void expect_no_wrong_row(const struct lc_buffer *bytes)
{
	struct lc_record_block block;

	lc_record_block_begin(&block, MARKER);
	if (lc_record_block_walk(&block, lc_buffer_view(bytes), NULL) == LC_RECORD_BLOCK_WHOLE)
		expect_three_rows(&block, bytes->data);
}

/* What is left out, or put in, is found before any row is taken. After the last marker it is no
 * matter of this block. */
static void bytes_that_move_are_found(void **state)
{
	static const size_t sizes[] = {1, 2, 7, 8, 16, 24};
	struct lc_buffer *bytes = *state;
	struct lc_buffer changed;

	lc_buffer_init(&changed, SIZE_MAX);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (size_t at = 0; at + sizes[i] < bytes->size; at++) {
			lc_buffer_clear(&changed);
			lc_buffer_append(&changed, bytes->data, at);
			lc_buffer_append(&changed, bytes->data + at + sizes[i],
					 bytes->size - at - sizes[i]);
			record_rows_append_block(&changed, three_rows(), ROWS, MARKER);
			expect_no_wrong_row(&changed);
			lc_buffer_clear(&changed);
			lc_buffer_append(&changed, bytes->data, at + sizes[i]);
			lc_buffer_append(&changed, bytes->data + at, bytes->size - at);
			expect_no_wrong_row(&changed);
		}
	}
	lc_buffer_free(&changed);
}

static void any_changed_byte_is_taken_or_refused_within_bounds(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_random random;

	lc_random_seed(&random, 3);
	assert_non_null(lc_buffer_reserve(bytes, LC_COPY_SLACK));
	for (unsigned i = 0; i < 20000; i++) {
		size_t at = (size_t)(lc_random_next(&random) % bytes->size);
		char before = bytes->data[at];
		struct lc_record_block block;
		struct lc_record record;

		bytes->data[at] = (char)lc_random_next(&random);
		lc_record_block_begin(&block, MARKER);
		if (lc_record_block_walk(&block, lc_buffer_view(bytes), NULL) ==
		    LC_RECORD_BLOCK_WHOLE) {
			assert_int_equal(block.size, bytes->size);
			for (size_t row = 0; row < block.rows; row++)
				lc_record_block_take(&block, bytes->data, &record, NULL);
		}
		bytes->data[at] = before;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(rows_are_taken_as_views_into_the_block),
	    cmocka_unit_test(a_block_without_rows_is_good),
	    STORY(a_block_may_come_in_two_pieces_and_be_moved_between),
	    STORY(a_null_may_hold_anything),
	    STORY(a_null_flag_is_0_or_1),
	    STORY(what_is_no_block_is_shown),
	    cmocka_unit_test(more_rows_than_any_block_has_are_corrupt),
	    STORY(a_column_has_the_type_that_was_asked_for),
	    STORY(a_name_that_is_too_long_is_corrupt),
	    STORY(each_row_has_the_marker_on_both_sides),
	    STORY(a_length_that_no_memory_holds_is_corrupt),
	    STORY(a_raft_session_has_16_bits),
	    STORY(bytes_that_move_are_found),
	    STORY(any_changed_byte_is_taken_or_refused_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
