#include "formats/record.h"

#include "base/copy.h"
#include "base/random.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdlib.h>

static const uint64_t MARKER = UINT64_C(0x8123456789abcdef);

/* Where things stand in a row of record_rows_append. */
enum { SESSION_AT = 8, BUCKET_AT = 12 };

static int set_up(void **state)
{
	static struct lc_buffer row;
	struct lc_record record = record_rows_example();

	lc_buffer_init(&row, SIZE_MAX);
	record_rows_append(&row, &record, MARKER);
	*state = &row;
	return 0;
}

static int tear_down(void **state)
{
	lc_buffer_free(*state);
	return 0;
}

static void assert_corrupt(struct lc_view bytes, const char *message)
{
	struct lc_record record;
	struct lc_error error = {.kind = LC_ERROR_NONE};
	size_t used;

	assert_int_equal(lc_record_decode(bytes, MARKER, &record, &used, &error),
			 LC_RECORD_CORRUPT);
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	if (strstr(error.message, message) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, message);
	assert_int_equal(lc_record_decode(bytes, MARKER, &record, &used, NULL), LC_RECORD_CORRUPT);
}

static void the_columns_stand_between_markers_and_have_one_type_each(void **state)
{
	struct lc_buffer sql;
	const char *text;

	(void)state;
	lc_buffer_init(&sql, 65536);
	lc_record_append_columns(&sql, UINT64_MAX);
	text = lc_buffer_text(&sql);
	assert_non_null(text);
	assert_ptr_equal(strstr(text, "toUInt64(18446744073709551615), toUInt32(raftSessionID), "
				      "CAST(bucketName, 'Nullable(String)'), "),
			 text);
	assert_string_equal(strstr(text, ", CAST(awsAccessKeyID"),
			    ", CAST(awsAccessKeyID, 'Nullable(String)'), "
			    "toUInt64(18446744073709551615)");
	lc_buffer_free(&sql);
}

static void a_row_decodes_to_views_into_its_bytes(void **state)
{
	struct lc_buffer *row = *state;
	struct lc_record expected = record_rows_example();
	struct lc_record record;
	struct lc_error error;
	size_t used;

	lc_buffer_append_text(row, "the next row");
	assert_int_equal(lc_record_decode(lc_buffer_view(row), MARKER, &record, &used, &error),
			 LC_RECORD_DECODED);
	assert_int_equal(used, row->size - strlen("the next row"));
	assert_true(record_rows_equal(&record, &expected));
	assert_ptr_equal(record.bucket.data, row->data + BUCKET_AT + 2);
	assert_int_equal(record.error_code.size, 0);
	assert_non_null(record.error_code.data);
}

static void a_row_is_spacious_if_enough_bytes_follow_it(void **state)
{
	struct lc_buffer *row = *state;
	const size_t size = row->size;

	for (size_t more = 0; more <= LC_COPY_SLACK + 1; more++) {
		struct lc_view bytes = {.data = row->data, .size = size + more};
		struct lc_record record;
		size_t used;

		assert_int_equal(lc_record_decode(bytes, MARKER, &record, &used, NULL),
				 LC_RECORD_DECODED);
		assert_int_equal(used, size);
		assert_int_equal(record.spacious, more >= LC_COPY_SLACK);
		lc_buffer_append_char(row, '"');
	}
}

static void a_row_without_values_decodes(void **state)
{
	struct lc_record empty = {.start_time_ms = INT64_MIN};
	struct lc_record record;
	struct lc_buffer row;
	size_t used;

	(void)state;
	lc_buffer_init(&row, 4096);
	record_rows_append(&row, &empty, MARKER);
	assert_int_equal(lc_record_decode(lc_buffer_view(&row), MARKER, &record, &used, NULL),
			 LC_RECORD_DECODED);
	assert_true(record_rows_equal(&record, &empty));
	assert_false(record.http_code.present);
	assert_true(record.http_code.value == 0);
	lc_buffer_free(&row);
}

static void an_empty_text_that_is_not_null_is_the_same_as_null(void **state)
{
	struct lc_buffer *row = *state;
	struct lc_record record;
	struct lc_buffer changed;
	size_t bucket_size = record_rows_example().bucket.size;
	size_t used;

	lc_buffer_init(&changed, 4096);
	lc_buffer_append(&changed, row->data, BUCKET_AT);
	lc_buffer_append(&changed, "\0\0", 2);
	lc_buffer_append(&changed, row->data + BUCKET_AT + 2 + bucket_size,
			 row->size - BUCKET_AT - 2 - bucket_size);
	assert_int_equal(lc_record_decode(lc_buffer_view(&changed), MARKER, &record, &used, NULL),
			 LC_RECORD_DECODED);
	assert_int_equal(record.bucket.size, 0);
	lc_buffer_free(&changed);
}

static void a_row_cut_anywhere_is_incomplete_and_says_how_much_it_needs(void **state)
{
	struct lc_buffer *row = *state;
	size_t needed_before = 0;

	for (size_t size = 0; size < row->size; size++) {
		/* A copy of its own size, so that reading on would be seen. */
		char *bytes = malloc(size == 0 ? 1 : size);
		struct lc_record record;
		size_t needed;

		assert_non_null(bytes);
		memcpy(bytes, row->data, size);
		assert_int_equal(lc_record_decode((struct lc_view){.data = bytes, .size = size},
						  MARKER, &record, &needed, NULL),
				 LC_RECORD_INCOMPLETE);
		assert_in_range(needed, size + 1, row->size);
		assert_true(needed >= needed_before);
		needed_before = needed;
		free(bytes);
	}
}

static void a_wrong_first_marker_shows_what_is_there(void **state)
{
	struct lc_buffer *row = *state;

	row->data[7] ^= 1;
	assert_corrupt(lc_buffer_view(row), "instead of a row's first marker");
	assert_corrupt(lc_view_of("Code: 241. DB::Exception: Memory limit exceeded\n"),
		       "Code: 241. DB::Exception: Memory limit exceeded.");
	assert_corrupt(lc_view_of("<html>"), "<html>");
	assert_corrupt(lc_view_of("C"), "\"C\"");
}

static void a_wrong_last_marker_is_corrupt(void **state)
{
	struct lc_buffer *row = *state;

	row->data[row->size - 1] ^= 1;
	assert_corrupt(lc_buffer_view(row), "instead of a row's last marker");
}

static void a_null_flag_is_0_or_1(void **state)
{
	struct lc_buffer *row = *state;

	row->data[BUCKET_AT] = 2;
	assert_corrupt(lc_buffer_view(row), "the NULL flag of bucket is 2");
	row->data[BUCKET_AT] = (char)0xFF;
	assert_corrupt(lc_buffer_view(row), "the NULL flag of bucket is 255");
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
	struct lc_buffer *row = *state;

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct lc_buffer changed;
		struct lc_record record;
		size_t needed;

		lc_buffer_init(&changed, 65536);
		lc_buffer_append(&changed, row->data, BUCKET_AT + 1);
		lc_buffer_append(&changed, lengths[i].length, lengths[i].size);
		lc_buffer_append(&changed, row->data, row->size);
		if (lengths[i].corrupt) {
			assert_corrupt(lc_buffer_view(&changed),
				       "the length of bucket is said to be");
		} else {
			assert_int_equal(lc_record_decode(lc_buffer_view(&changed), MARKER, &record,
							  &needed, NULL),
					 LC_RECORD_INCOMPLETE);
			assert_true(needed > (size_t)1 << 30);
		}
		lc_buffer_free(&changed);
	}
}

static void a_raft_session_has_16_bits(void **state)
{
	struct lc_buffer *row = *state;

	row->data[SESSION_AT + 2] = 1;
	assert_corrupt(lc_buffer_view(row), "there is no raft session 65543");
}

static void any_changed_byte_is_decoded_or_refused_within_bounds(void **state)
{
	struct lc_buffer *row = *state;
	struct lc_random random;

	lc_random_seed(&random, 3);
	for (unsigned i = 0; i < 20000; i++) {
		size_t at = (size_t)(lc_random_next(&random) % row->size);
		char before = row->data[at];
		struct lc_record record;
		size_t used;

		row->data[at] = (char)lc_random_next(&random);
		if (lc_record_decode(lc_buffer_view(row), MARKER, &record, &used, NULL) ==
		    LC_RECORD_DECODED)
			assert_int_equal(used, row->size);
		row->data[at] = before;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_columns_stand_between_markers_and_have_one_type_each),
	    STORY(a_row_decodes_to_views_into_its_bytes),
	    STORY(a_row_is_spacious_if_enough_bytes_follow_it),
	    cmocka_unit_test(a_row_without_values_decodes),
	    STORY(an_empty_text_that_is_not_null_is_the_same_as_null),
	    STORY(a_row_cut_anywhere_is_incomplete_and_says_how_much_it_needs),
	    STORY(a_wrong_first_marker_shows_what_is_there),
	    STORY(a_wrong_last_marker_is_corrupt),
	    STORY(a_null_flag_is_0_or_1),
	    STORY(a_length_that_no_memory_holds_is_corrupt),
	    STORY(a_raft_session_has_16_bits),
	    STORY(any_changed_byte_is_decoded_or_refused_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
