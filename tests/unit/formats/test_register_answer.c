#include "formats/register_answer.h"

#include "base/buffer.h"
#include "formats/row_binary.h"
#include "support/story.h"

#include <string.h>

enum { MARKER = 77, SIZE_MAX_OF_ANSWER = 1000000 };

static void append_count(struct lc_buffer *answer, uint64_t count)
{
	char size[LC_ROW_BINARY_LEB128_SIZE_MAX];

	lc_buffer_append(answer, size, lc_row_binary_leb128_write(count, size));
}

static void append_end(struct lc_buffer *answer)
{
	lc_row_binary_append_number(answer, lc_register_answer_last_marker(MARKER), 8);
}

/* Two rows. */
static void append_answer(struct lc_buffer *answer)
{
	lc_row_binary_append_number(answer, MARKER, 8);
	append_count(answer, 2);
	lc_row_binary_append_text(answer, lc_view_of("s0"));
	lc_row_binary_append_text(answer, lc_view_of("first"));
	lc_row_binary_append_text(answer, lc_view_of("s1"));
	lc_row_binary_append_text(answer, lc_view_of(""));
	append_end(answer);
}

static void assert_corrupt(struct lc_view answer, const char *words)
{
	struct lc_register_rows rows;
	struct lc_error error = {0};

	assert_false(lc_register_answer_read(answer, MARKER, &rows, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(error.message, words));
	assert_null(rows.rows);
	assert_int_equal(rows.count, 0);
}

static void rows_are_read(void **state)
{
	struct lc_register_rows rows;
	struct lc_error error = {0};
	struct lc_buffer answer;

	(void)state;
	lc_buffer_init(&answer, SIZE_MAX_OF_ANSWER);
	append_answer(&answer);
	assert_true(lc_register_answer_read(lc_buffer_view(&answer), MARKER, &rows, &error));
	assert_int_equal(rows.count, 2);
	assert_true(lc_view_equal(rows.rows[0].name, lc_view_of("s0")));
	assert_true(lc_view_equal(rows.rows[0].value, lc_view_of("first")));
	assert_true(lc_view_equal(rows.rows[1].name, lc_view_of("s1")));
	assert_int_equal(rows.rows[1].value.size, 0);
	lc_register_rows_free(&rows);
	lc_buffer_free(&answer);
}

static void an_answer_that_is_cut_anywhere_is_none(void **state)
{
	struct lc_buffer answer;

	(void)state;
	lc_buffer_init(&answer, SIZE_MAX_OF_ANSWER);
	append_answer(&answer);
	for (size_t size = 0; size < answer.size; size++)
		assert_corrupt((struct lc_view){.data = answer.data, .size = size}, "answer");
	lc_buffer_append_char(&answer, 'x');
	assert_corrupt(lc_buffer_view(&answer), "does not end where its rows do");
	assert_corrupt(lc_view_of("<html>Please sign in</html>"), "not what was asked for");
	lc_buffer_free(&answer);
}

static void hostile_counts_and_lengths_are_refused(void **state)
{
	static const uint64_t counts[] = {3, LC_REGISTER_ROWS_MAX + 1, UINT64_C(1) << 29,
					  UINT64_MAX};
	static const char filler[LC_REGISTER_VALUE_MAX + 1];
	struct lc_buffer answer;

	(void)state;
	lc_buffer_init(&answer, SIZE_MAX_OF_ANSWER);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		lc_buffer_clear(&answer);
		lc_row_binary_append_number(&answer, MARKER, 8);
		append_count(&answer, counts[i]);
		lc_row_binary_append_text(&answer, lc_view_of("s0"));
		assert_corrupt(lc_buffer_view(&answer), "");
	}
	for (size_t name = 0; name < 2; name++) {
		size_t most = name == 1 ? LC_REGISTER_NAME_MAX : LC_REGISTER_VALUE_MAX;
		struct lc_view too_long = {.data = filler, .size = most + 1};

		lc_buffer_clear(&answer);
		lc_row_binary_append_number(&answer, MARKER, 8);
		append_count(&answer, 1);
		lc_row_binary_append_text(&answer, name == 1 ? too_long : lc_view_of("s0"));
		lc_row_binary_append_text(&answer, name == 1 ? lc_view_of("v") : too_long);
		append_end(&answer);
		assert_corrupt(lc_buffer_view(&answer), "more than any of ours");
	}
	lc_buffer_free(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_are_read),
	    cmocka_unit_test(an_answer_that_is_cut_anywhere_is_none),
	    cmocka_unit_test(hostile_counts_and_lengths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
