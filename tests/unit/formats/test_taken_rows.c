#include "formats/taken_rows.h"

#include "support/story.h"

#include <stdlib.h>

static void a_blob_is_what_its_format_says(void **state)
{
	static const char expected[] = "\1\4\3\2\1\2\0\0\0\x08\7\6\5\4\3\2\1\1\0\0\0\0\0\0\0"
				       "\5\3\2\1\1\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
	struct lc_taken_rows rows;
	struct lc_view blob;

	(void)state;
	lc_taken_rows_init(&rows);
	lc_taken_rows_add(&rows, 0x01020304, 0x0102030405060708);
	lc_taken_rows_add(&rows, 0x01020304, 1);
	lc_taken_rows_add(&rows, 0x01020305, UINT64_MAX);
	blob = lc_taken_rows_blob(&rows);
	assert_int_equal(blob.size, sizeof expected - 1);
	assert_memory_equal(blob.data, expected, blob.size);
	assert_int_equal(rows.total, 3);
	lc_taken_rows_free(&rows);
	assert_int_equal(lc_taken_rows_blob(&rows).size, 0);
}

static void rows_come_back_by_second(void **state)
{
	struct lc_taken_second second = {0};
	struct lc_taken_rows rows;
	struct lc_error error;
	size_t position = 0;

	(void)state;
	lc_taken_rows_init(&rows);
	for (uint32_t s = 0; s < 100; s++) {
		for (uint32_t i = 0; i <= s; i++)
			lc_taken_rows_add(&rows, s * 7, s * 1000 + i);
	}
	for (uint32_t s = 0; s < 100; s++) {
		assert_true(
		    lc_taken_rows_next(lc_taken_rows_blob(&rows), &position, &second, &error));
		assert_int_equal(second.second, s * 7);
		assert_int_equal(second.count, s + 1);
		for (uint32_t i = 0; i <= s; i++)
			assert_int_equal(lc_taken_rows_hash(&second, i), s * 1000 + i);
	}
	assert_false(lc_taken_rows_next(lc_taken_rows_blob(&rows), &position, &second, &error));
	assert_int_equal(error.kind, LC_ERROR_NONE);
	assert_int_equal(position, lc_taken_rows_blob(&rows).size);
	lc_taken_rows_free(&rows);
}

static void the_first_and_the_last_second_there_is_are_seconds(void **state)
{
	struct lc_taken_second second = {0};
	struct lc_taken_rows rows;
	struct lc_error error;
	size_t position = 0;

	(void)state;
	lc_taken_rows_init(&rows);
	lc_taken_rows_add(&rows, 0, 0);
	lc_taken_rows_add(&rows, UINT32_MAX, 1);
	assert_true(lc_taken_rows_next(lc_taken_rows_blob(&rows), &position, &second, &error));
	assert_int_equal(second.second, 0);
	assert_true(lc_taken_rows_next(lc_taken_rows_blob(&rows), &position, &second, &error));
	assert_int_equal(second.second, UINT32_MAX);
	lc_taken_rows_free(&rows);
}

/* Reads all; the kind of error at the end. */
static enum lc_error_kind read_all(const char *bytes, size_t size)
{
	/* A copy of its own size, so that a sanitizer sees a byte read past it. */
	char *copy = malloc(size == 0 ? 1 : size);
	struct lc_taken_second second = {0};
	struct lc_error error;
	size_t position = 0;

	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, bytes, size);
	while (lc_taken_rows_next((struct lc_view){.data = copy, .size = size}, &position, &second,
				  &error))
		assert_true(second.count > 0);
	free(copy);
	return error.kind;
}

static void a_blob_cut_anywhere_but_between_seconds_is_corrupt(void **state)
{
	struct lc_taken_rows rows;
	struct lc_view blob;

	(void)state;
	lc_taken_rows_init(&rows);
	lc_taken_rows_add(&rows, 5, 1);
	lc_taken_rows_add(&rows, 5, 2);
	lc_taken_rows_add(&rows, 6, 3);
	blob = lc_taken_rows_blob(&rows);
	for (size_t size = 0; size < blob.size; size++) {
		bool whole = size == 1 + 8 + 16;

		assert_int_equal(read_all(blob.data, size),
				 whole ? LC_ERROR_NONE : LC_ERROR_CORRUPT);
	}
	assert_int_equal(read_all(blob.data, blob.size), LC_ERROR_NONE);
	lc_taken_rows_free(&rows);
}

static void a_blob_is_compared_with_what_is_known_of_it(void **state)
{
	struct lc_taken_summary whole = {.rows = 3, .first_second = 5, .last_second = 6};
	struct lc_taken_summary others[] = {whole, whole, whole};
	struct lc_taken_rows rows;
	struct lc_error error;
	struct lc_view blob;

	(void)state;
	lc_taken_rows_init(&rows);
	lc_taken_rows_add(&rows, 5, 1);
	lc_taken_rows_add(&rows, 5, 2);
	lc_taken_rows_add(&rows, 6, 3);
	blob = lc_taken_rows_blob(&rows);
	assert_true(lc_taken_rows_check(blob, &whole, &error));
	others[0].rows = 4;
	others[1].first_second = 4;
	others[2].last_second = 7;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		assert_false(lc_taken_rows_check(blob, &others[i], &error));
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	}
	assert_string_equal(error.message, "it names 3 rows of seconds 5 to 7, its blob holds 3 "
					   "of 5 to 6");
	/* A cut between seconds leaves a blob that is whole, but for what is known of it. */
	for (size_t size = 0; size < blob.size; size++) {
		struct lc_view cut = {.data = blob.data, .size = size};

		assert_false(lc_taken_rows_check(cut, &whole, &error));
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	}
	lc_taken_rows_free(&rows);
}

static void what_is_no_blob_is_corrupt(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} cases[] = {
#define BYTES(text) {text, sizeof(text) - 1}
	    BYTES(""),
	    BYTES("\1"),
	    BYTES("\2\5\0\0\0\1\0\0\0hashhash"),                             /* version */
	    BYTES("\0\5\0\0\0\1\0\0\0hashhash"),                             /* version */
	    BYTES("\1\5\0\0\0\0\0\0\0hashhash"),                             /* no row */
	    BYTES("\1\5\0\0\0\2\0\0\0hashhash"),                             /* too few */
	    BYTES("\1\5\0\0\0\xFF\xFF\xFF\xFFhashhash"),                     /* far too few */
	    BYTES("\1\5\0\0\0\1\0\0\0hashhash\5\0\0\0\1\0\0\0hashhash"),     /* twice */
	    BYTES("\1\5\0\0\0\1\0\0\0hashhash\4\0\0\0\1\0\0\0hashhash"),     /* back */
	    BYTES("\1\5\0\0\0\1\0\0\0hashhash\6\0\0\0\0\0\0\0"),             /* no row */
	    BYTES("\1\5\0\0\0\1\0\0\0hashhash\6\0\0\0\1\0\0\0hashhashmore"), /* tail */
#undef BYTES
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(read_all(cases[i].bytes, cases[i].size), LC_ERROR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_blob_is_what_its_format_says),
	    cmocka_unit_test(rows_come_back_by_second),
	    cmocka_unit_test(the_first_and_the_last_second_there_is_are_seconds),
	    cmocka_unit_test(a_blob_cut_anywhere_but_between_seconds_is_corrupt),
	    cmocka_unit_test(a_blob_is_compared_with_what_is_known_of_it),
	    cmocka_unit_test(what_is_no_blob_is_corrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
