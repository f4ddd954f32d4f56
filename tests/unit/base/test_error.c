#include "base/error.h"

#include "support/story.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static char long_text[2 * LC_ERROR_MESSAGE_SIZE];

static int fill_long_text(void **state)
{
	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	return 0;
}

static void an_error_says_what_happened_and_of_which_kind(void **state)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	(void)state;
	assert_false(lc_error_set(&error, LC_ERROR_REFUSED, "bucket %s answered %d", "logs", 403));
	assert_int_equal(error.kind, LC_ERROR_REFUSED);
	assert_string_equal(error.message, "bucket logs answered 403");
	assert_false(lc_error_set(&error, LC_ERROR_LIMIT, "%s", ""));
	assert_int_equal(error.kind, LC_ERROR_LIMIT);
	assert_string_equal(error.message, "");
}

static void the_systems_reason_stands_after_the_message(void **state)
{
	struct lc_error error;

	(void)state;
	assert_false(lc_error_set_errno(&error, ENOENT, "%s", "/etc/courier.yml"));
	assert_int_equal(error.kind, LC_ERROR_SYSTEM);
	assert_string_equal(error.message, "/etc/courier.yml: No such file or directory");
	assert_false(lc_error_set_errno(&error, 123456, "odd"));
	assert_string_equal(error.message, "odd: Unknown error 123456");
}

static void context_is_put_before_the_message_on_the_way_up(void **state)
{
	struct lc_error error;

	(void)state;
	lc_error_set(&error, LC_ERROR_CORRUPT, "row %d", 7);
	assert_false(lc_error_prefix(&error, "scan of %s", "bucket"));
	assert_false(lc_error_prefix(&error, "shard %u", 3U));
	assert_string_equal(error.message, "shard 3: scan of bucket: row 7");
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
}

static void a_message_that_is_too_long_is_cut_at_its_end(void **state)
{
	struct lc_error error;

	(void)state;
	memset(&error, 'y', sizeof error);
	lc_error_set(&error, LC_ERROR_LIMIT, "begin %s", long_text);
	assert_int_equal(strlen(error.message), LC_ERROR_MESSAGE_SIZE - 1);
	assert_memory_equal(error.message, "begin xxx", 9);

	lc_error_prefix(&error, "outer");
	assert_int_equal(strlen(error.message), LC_ERROR_MESSAGE_SIZE - 1);
	assert_memory_equal(error.message, "outer: begin xxx", 16);

	lc_error_prefix(&error, "%s", long_text);
	assert_int_equal(strlen(error.message), LC_ERROR_MESSAGE_SIZE - 1);
	assert_memory_equal(error.message, "xxxxxxxx", 8);

	lc_error_set_errno(&error, ENOENT, "%s", long_text);
	assert_int_equal(strlen(error.message), LC_ERROR_MESSAGE_SIZE - 1);
	assert_int_equal(error.kind, LC_ERROR_SYSTEM);
}

static void a_message_of_just_the_right_size_is_kept_whole(void **state)
{
	struct lc_error error;

	(void)state;
	lc_error_set(&error, LC_ERROR_LIMIT, "%.*s", LC_ERROR_MESSAGE_SIZE - 1, long_text);
	assert_int_equal(strlen(error.message), LC_ERROR_MESSAGE_SIZE - 1);
	lc_error_set(&error, LC_ERROR_LIMIT, "%.*s", LC_ERROR_MESSAGE_SIZE - 4, long_text);
	lc_error_prefix(&error, "a");
	assert_int_equal(strlen(error.message), LC_ERROR_MESSAGE_SIZE - 1);
	assert_memory_equal(error.message, "a: x", 4);
}

static void bytes_of_any_kind_are_kept_as_they_are(void **state)
{
	struct lc_error error;

	(void)state;
	lc_error_set(&error, LC_ERROR_REFUSED, "%s", "100%s\n\x01\xFF\"\\");
	assert_string_equal(error.message, "100%s\n\x01\xFF\"\\");
	lc_error_prefix(&error, "%s", "%n%s");
	assert_string_equal(error.message, "%n%s: 100%s\n\x01\xFF\"\\");
}

static void who_does_not_want_the_error_need_not_take_it(void **state)
{
	(void)state;
	assert_false(lc_error_set(NULL, LC_ERROR_USAGE, "x %d", 1));
	assert_false(lc_error_set_errno(NULL, EIO, "x %d", 1));
	assert_false(lc_error_prefix(NULL, "x %d", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_error_says_what_happened_and_of_which_kind),
	    cmocka_unit_test(the_systems_reason_stands_after_the_message),
	    cmocka_unit_test(context_is_put_before_the_message_on_the_way_up),
	    cmocka_unit_test(a_message_that_is_too_long_is_cut_at_its_end),
	    cmocka_unit_test(a_message_of_just_the_right_size_is_kept_whole),
	    cmocka_unit_test(bytes_of_any_kind_are_kept_as_they_are),
	    cmocka_unit_test(who_does_not_want_the_error_need_not_take_it),
	};

	return cmocka_run_group_tests(tests, fill_long_text, NULL);
}
