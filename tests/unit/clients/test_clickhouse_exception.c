#include "clients/clickhouse_exception.h"

#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG "bptjmkstjczjxhsn"
#define TEXT "Code: 395. DB::Exception: Value passed to throwIf is non-zero. (FUNCTION_THROW)"

static struct lc_clickhouse_exception FOUND;

static bool find(const char *tail, const char *tag)
{
	memset(&FOUND, 0, sizeof(FOUND));
	return lc_clickhouse_exception_find(lc_view_of(tail), lc_view_of(tag), &FOUND);
}

static void assert_found(const char *text, int code, bool certain)
{
	assert_true(lc_view_equal(FOUND.text, lc_view_of(text)));
	assert_int_equal(FOUND.code, code);
	assert_int_equal(FOUND.certain, certain);
}

static void an_exception_with_the_answers_tag_is_certain(void **state)
{
	(void)state;
	assert_true(find(
	    "rows\r\n__exception__\r\n" TAG "\r\n" TEXT "\n81 " TAG "\r\n__exception__\r\n", TAG));
	assert_found(TEXT, 395, true);
}

static void a_tagged_message_of_several_lines_gives_its_first(void **state)
{
	(void)state;
	assert_true(find("\r\n__exception__\r\n" TAG "\r\n" TEXT "\nsecond\nthird\n99 " TAG
			 "\r\n__exception__\r\n",
			 TAG));
	assert_found(TEXT, 395, true);
}

static void a_tagged_exception_whose_start_is_gone_is_still_certain(void **state)
{
	(void)state;
	assert_true(find("... the end\n20000 " TAG "\r\n__exception__\r\n", TAG));
	assert_found("", 0, true);
}

static void another_tag_is_only_text(void **state)
{
	(void)state;
	assert_true(find("\r\n__exception__\r\naaaaaaaaaaaaaaaa\r\n" TEXT
			 "\n81 aaaaaaaaaaaaaaaa\r\n__exception__\r\n",
			 TAG));
	assert_false(FOUND.certain);
	assert_true(find("\r\n__exception__\r\n\r\n" TEXT "\n81 \r\n__exception__\r\n", ""));
	assert_false(FOUND.certain);
}

static void a_tagged_exception_in_the_middle_of_rows_is_not_certain(void **state)
{
	(void)state;
	assert_true(find("\r\n__exception__\r\n" TAG "\r\n" TEXT "\n81 " TAG
			 "\r\n__exception__\r\nmore rows",
			 TAG));
	assert_false(FOUND.certain);
}

static void an_exception_with_a_mark_alone_is_found(void **state)
{
	(void)state;
	assert_true(find("rows__exception__\r\n" TEXT "\n", ""));
	assert_found(TEXT, 395, false);
}

static void an_exception_as_plain_text_is_found(void **state)
{
	(void)state;
	assert_true(find("row\n\x01\x02" TEXT " (version 23.8)", ""));
	assert_found(TEXT " (version 23.8)", 395, false);
}

static void the_last_of_several_counts(void **state)
{
	(void)state;
	assert_true(find("Code: 1. DB::Exception: first\nCode: 2. DB::Exception: second\r\n", ""));
	assert_found("Code: 2. DB::Exception: second", 2, false);
	assert_true(find("Code: 2. DB::Exception: told\nCode: 3 of something else", ""));
	assert_found("Code: 2. DB::Exception: told", 2, false);
}

static void rows_are_not_an_exception(void **state)
{
	static const char *const tails[] = {
	    "",
	    "\n",
	    "__exception__\r\n",
	    "\r\n__exception__\r\n\r\n__exception__\r\n",
	    "Code: 12",
	    "Code: . DB::Exception: none",
	    "Code: 99999999999999999999. DB::Exception: none",
	    "DB::Exception: none",
	    "Code: 12. DB::Exceptio",
	    "GET /?q=Code:%2012.%20DB::Exception HTTP/1.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		assert_false(find(tails[i], ""));
		assert_false(find(tails[i], TAG));
	}
}

static bool read_body(const char *body)
{
	memset(&FOUND, 0, sizeof(FOUND));
	return lc_clickhouse_exception_read(lc_view_of(body), &FOUND);
}

static void an_errors_body_is_read_from_its_start(void **state)
{
	(void)state;
	assert_true(read_body("Code: 60. DB::Exception: no such table. (UNKNOWN_TABLE)\n"));
	assert_found("Code: 60. DB::Exception: no such table. (UNKNOWN_TABLE)", 60, false);
	assert_true(read_body("Code: 60, e.displayText() = DB::Exception: old style\n"));
	assert_int_equal(FOUND.code, 60);
	assert_false(read_body("<html>Code: 60. DB::Exception: no</html>"));
	assert_false(read_body(""));
	assert_false(read_body("Code: 60 is what you typed, and this page is long enough to hold "
			       "the name DB::Exception too late"));
}

static void the_tail_keeps_the_last_bytes_however_they_come(void **state)
{
	static const size_t sizes[] = {1, 7, 1000, 16384, 20480, 30000, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct lc_clickhouse_exception_tail tail;
		char *piece = malloc(sizes[i]);
		size_t total = 0;
		struct lc_view kept;

		lc_clickhouse_exception_tail_init(&tail);
		while (total < 300000) {
			for (size_t j = 0; j < sizes[i]; j++)
				piece[j] = (char)((total + j) * 31 >> 3);
			lc_clickhouse_exception_tail_add(
			    &tail, (struct lc_view){.data = piece, .size = sizes[i]});
			total += sizes[i];
		}
		kept = lc_clickhouse_exception_tail_view(&tail);
		assert_true(kept.size >= LC_CLICKHOUSE_EXCEPTION_TAIL_SIZE);
		for (size_t j = 0; j < kept.size; j++)
			assert_int_equal(kept.data[j], (char)((total - kept.size + j) * 31 >> 3));
		lc_clickhouse_exception_tail_free(&tail);
		free(piece);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_exception_with_the_answers_tag_is_certain),
	    cmocka_unit_test(a_tagged_message_of_several_lines_gives_its_first),
	    cmocka_unit_test(a_tagged_exception_whose_start_is_gone_is_still_certain),
	    cmocka_unit_test(another_tag_is_only_text),
	    cmocka_unit_test(a_tagged_exception_in_the_middle_of_rows_is_not_certain),
	    cmocka_unit_test(an_exception_with_a_mark_alone_is_found),
	    cmocka_unit_test(an_exception_as_plain_text_is_found),
	    cmocka_unit_test(the_last_of_several_counts),
	    cmocka_unit_test(rows_are_not_an_exception),
	    cmocka_unit_test(an_errors_body_is_read_from_its_start),
	    cmocka_unit_test(the_tail_keeps_the_last_bytes_however_they_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
