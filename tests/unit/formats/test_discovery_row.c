#include "formats/discovery_row.h"

#include "base/memory.h"
#include "formats/row_binary.h"
#include "support/story.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { MARKER = 4711, BYTES_MAX = 1024 * 1024 };

static void append_text(struct lc_buffer *bytes, const char *text)
{
	lc_row_binary_append_text(bytes, lc_view_of(text));
}

static void append_row(struct lc_buffer *bytes, const char *bucket, uint64_t rows, uint64_t end)
{
	lc_row_binary_append_number(bytes, MARKER, 8);
	lc_row_binary_append_number(bytes, 7, 4);
	append_text(bytes, bucket);
	lc_row_binary_append_number(bytes, rows, 8);
	lc_row_binary_append_number(bytes, 100, 4);
	lc_row_binary_append_number(bytes, 90, 4);
	lc_row_binary_append_number(bytes, 90001, 8);
	append_text(bytes, "request");
	lc_row_binary_append_number(bytes, end, 8);
}

static void append_last(struct lc_buffer *bytes, uint64_t rows)
{
	append_row(bytes, "", rows, lc_discovery_row_last_marker(MARKER));
}

struct taken {
	unsigned rows;
	uint64_t sum;
};

static void take(void *context, const struct lc_discovery_row *row)
{
	struct taken *taken = context;

	taken->rows++;
	taken->sum += row->rows;
	assert_int_equal(row->raft_session_id, 7);
	assert_int_equal(row->oldest, 100);
	assert_int_equal(row->floor.inserted_at, 90);
	assert_true(lc_view_equal(row->floor.req_id, lc_view_of("request")));
}

/* Feeds the bytes in pieces of `size`; true if they are a whole answer. */
static bool read_answer(const struct lc_buffer *bytes, size_t size, struct taken *taken,
			struct lc_error *error)
{
	struct lc_discovery_answer answer = {.rows = 0};
	bool good = true;

	*taken = (struct taken){.rows = 0};
	error->kind = LC_ERROR_NONE;
	lc_discovery_answer_begin(&answer, MARKER);
	for (size_t at = 0; good && at < bytes->size; at += size) {
		struct lc_view piece = {.data = bytes->data + at,
					.size = bytes->size - at < size ? bytes->size - at : size};

		good = lc_discovery_answer_feed(&answer, piece, take, taken, error);
	}
	good = good && lc_discovery_answer_end(&answer, error);
	assert_int_equal(good, error->kind == LC_ERROR_NONE);
	lc_discovery_answer_free(&answer);
	return good;
}

static int set_up(void **state)
{
	struct lc_buffer *bytes = lc_memory_zero(1, sizeof(*bytes));

	lc_buffer_init(bytes, BYTES_MAX);
	*state = bytes;
	return 0;
}

static int tear_down(void **state)
{
	lc_buffer_free(*state);
	free(*state);
	return 0;
}

static void an_answer_is_read_whole_whatever_its_pieces(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_error error;
	struct taken taken;

	append_row(bytes, "first", 2, MARKER);
	append_row(bytes, "second", 3, MARKER);
	append_last(bytes, 2);
	for (size_t size = 1; size <= bytes->size; size++) {
		assert_true(read_answer(bytes, size, &taken, &error));
		assert_int_equal(taken.rows, 2);
		assert_int_equal(taken.sum, 5);
	}
}

static void an_answer_of_nothing_says_so(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_error error;
	struct taken taken;

	assert_false(read_answer(bytes, 100, &taken, &error));
	assert_non_null(strstr(error.message, "before its last row"));
	append_last(bytes, 0);
	assert_true(read_answer(bytes, 100, &taken, &error));
	assert_int_equal(taken.rows, 0);
}

/* However few bytes are missing, and where a row ends, too. */
static void an_answer_that_was_cut_is_none(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_error error;
	struct taken taken;
	size_t whole;

	append_row(bytes, "first", 2, MARKER);
	append_row(bytes, "second", 3, MARKER);
	append_last(bytes, 2);
	whole = bytes->size;
	for (bytes->size = 0; bytes->size < whole; bytes->size++)
		assert_false(read_answer(bytes, 17, &taken, &error));
	bytes->size = whole;
}

static void an_answer_of_which_rows_were_left_out_is_none(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_error error;
	struct taken taken;

	append_row(bytes, "second", 3, MARKER);
	append_last(bytes, 2);
	assert_false(read_answer(bytes, 1000, &taken, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
}

static void nothing_comes_after_the_last_row(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_error error;
	struct taken taken;

	append_last(bytes, 0);
	append_row(bytes, "late", 3, MARKER);
	assert_false(read_answer(bytes, 1000, &taken, &error));
	assert_int_equal(taken.rows, 0);
}

static void a_strange_marker_is_refused(void **state)
{
	struct lc_buffer *bytes = *state;
	struct lc_error error;
	struct taken taken;

	append_row(bytes, "first", 2, MARKER + 1);
	append_last(bytes, 1);
	assert_false(read_answer(bytes, 1000, &taken, &error));
	assert_int_equal(taken.rows, 0);
}

static bool read_clock(struct lc_buffer *bytes, const char *settings, uint32_t *now,
		       struct lc_error *error)
{
	lc_buffer_clear(bytes);
	lc_row_binary_append_number(bytes, MARKER, 8);
	lc_row_binary_append_number(bytes, 1549411200, 4);
	append_text(bytes, settings);
	lc_row_binary_append_number(bytes, MARKER, 8);
	return lc_discovery_row_read_clock(lc_buffer_view(bytes), MARKER, now, error);
}

static void a_server_that_would_shorten_answers_tells_no_time(void **state)
{
	struct lc_error error;
	uint32_t now = 0;

	assert_true(read_clock(*state, "", &now, &error));
	assert_int_equal(now, 1549411200);
	assert_false(read_clock(*state, "some_mode=break", &now, &error));
	assert_int_equal(error.kind, LC_ERROR_REFUSED);
	assert_non_null(strstr(error.message, "has some_mode=break, which"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(an_answer_is_read_whole_whatever_its_pieces),
	    STORY(an_answer_of_nothing_says_so),
	    STORY(an_answer_that_was_cut_is_none),
	    STORY(an_answer_of_which_rows_were_left_out_is_none),
	    STORY(nothing_comes_after_the_last_row),
	    STORY(a_strange_marker_is_refused),
	    STORY(a_server_that_would_shorten_answers_tells_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
