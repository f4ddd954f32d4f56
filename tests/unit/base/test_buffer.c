#include "base/buffer.h"

#include "support/stderr_capture.h"
#include "support/story.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

static void expect_content(const struct lc_buffer *buffer, const char *bytes, size_t size)
{
	assert_false(lc_buffer_failed(buffer));
	assert_int_equal(buffer->size, size);
	if (size > 0)
		assert_memory_equal(buffer->data, bytes, size);
	assert_true(
	    lc_view_equal(lc_buffer_view(buffer), (struct lc_view){.data = bytes, .size = size}));
}

static void bytes_of_every_kind_stand_one_after_the_other(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 1000);
	lc_buffer_append(&buffer, "a\0b", 3);
	lc_buffer_append_text(&buffer, "text");
	lc_buffer_append_view(&buffer, lc_view_of("view"));
	lc_buffer_append_char(&buffer, '\n');
	lc_buffer_append_format(&buffer, "%d-%s", 42, "x");
	expect_content(&buffer, "a\0btextview\n42-x", 16);
	lc_buffer_free(&buffer);
}

static void a_new_buffer_has_allocated_nothing(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 1000);
	assert_null(buffer.data);
	assert_int_equal(buffer.capacity, 0);
	lc_buffer_append(&buffer, NULL, 0);
	lc_buffer_append_view(&buffer, (struct lc_view){.data = NULL, .size = 0});
	lc_buffer_append_text(&buffer, "");
	lc_buffer_consume(&buffer, 0);
	assert_null(buffer.data);
	expect_content(&buffer, "", 0);
}

static void a_buffer_takes_its_cap_to_the_last_byte(void **state)
{
	static const size_t caps[] = {0, 1, 2, 10, 255, 256, 257, 511, 512, 513, 5000};

	(void)state;
	for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
		struct lc_buffer buffer;
		const char *text;

		lc_buffer_init(&buffer, caps[i]);
		for (size_t used = 0; used < caps[i]; used++)
			lc_buffer_append_char(&buffer, 'x');
		assert_false(lc_buffer_failed(&buffer));
		assert_int_equal(buffer.size, caps[i]);

		/* The terminator of the text is not counted. */
		text = lc_buffer_text(&buffer);
		assert_non_null(text);
		assert_int_equal(strlen(text), caps[i]);
		assert_false(lc_buffer_failed(&buffer));

		lc_buffer_append_char(&buffer, 'x');
		assert_true(lc_buffer_failed(&buffer));
		assert_int_equal(buffer.size, caps[i]);
		lc_buffer_free(&buffer);
	}
}

static void a_formatted_text_may_fill_the_cap(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 5);
	lc_buffer_append_format(&buffer, "%05d", 7);
	expect_content(&buffer, "00007", 5);
	lc_buffer_append_format(&buffer, "%s", "");
	expect_content(&buffer, "00007", 5);
	lc_buffer_append_format(&buffer, "%d", 8);
	assert_true(lc_buffer_failed(&buffer));
	assert_memory_equal(buffer.data, "00007", 5);
	lc_buffer_free(&buffer);
}

static void what_does_not_fit_is_not_appended_at_all(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 10);
	lc_buffer_append_text(&buffer, "12345678");
	lc_buffer_append_text(&buffer, "abc");
	assert_true(lc_buffer_failed(&buffer));
	assert_int_equal(buffer.size, 8);
	assert_memory_equal(buffer.data, "12345678", 8);
	lc_buffer_free(&buffer);
}

static void a_failure_is_remembered_until_the_buffer_is_cleared(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 10);
	lc_buffer_append_text(&buffer, "0123456789a");
	assert_true(lc_buffer_failed(&buffer));

	lc_buffer_append_char(&buffer, 'b');
	lc_buffer_append_text(&buffer, "c");
	lc_buffer_append_format(&buffer, "%d", 1);
	assert_null(lc_buffer_reserve(&buffer, 1));
	assert_null(lc_buffer_text(&buffer));
	assert_true(lc_buffer_failed(&buffer));
	assert_int_equal(buffer.size, 0);

	lc_buffer_clear(&buffer);
	lc_buffer_append_text(&buffer, "again");
	expect_content(&buffer, "again", 5);
	lc_buffer_free(&buffer);
}

static void sizes_near_the_end_of_memory_are_refused(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	for (size_t less = 0; less < 3; less++) {
		lc_buffer_init(&buffer, SIZE_MAX);
		lc_buffer_append_text(&buffer, "some");
		assert_null(lc_buffer_reserve(&buffer, SIZE_MAX - less));
		assert_true(lc_buffer_failed(&buffer));
		lc_buffer_free(&buffer);

		lc_buffer_init(&buffer, 1000);
		lc_buffer_append_text(&buffer, "some");
		assert_null(lc_buffer_reserve(&buffer, SIZE_MAX - less));
		assert_true(lc_buffer_failed(&buffer));
		assert_int_equal(buffer.size, 4);
		lc_buffer_free(&buffer);
	}
}

static void reserved_room_becomes_content_as_far_as_it_is_committed(void **state)
{
	struct lc_buffer buffer;
	char *room;

	(void)state;
	lc_buffer_init(&buffer, 10000);
	lc_buffer_append_text(&buffer, "head ");
	room = lc_buffer_reserve(&buffer, 9000);
	assert_non_null(room);
	memset(room, 'x', 9000);
	assert_int_equal(buffer.size, 5);
	lc_buffer_commit(&buffer, 3);
	lc_buffer_append_text(&buffer, " tail");
	expect_content(&buffer, "head xxx tail", 13);
	assert_null(lc_buffer_reserve(&buffer, 10000));
	lc_buffer_free(&buffer);
}

static void room_for_nothing_is_no_failure(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 0);
	assert_non_null(lc_buffer_reserve(&buffer, 0));
	lc_buffer_commit(&buffer, 0);
	assert_false(lc_buffer_failed(&buffer));
	assert_string_equal(lc_buffer_text(&buffer), "");
	lc_buffer_free(&buffer);
}

static void a_consumed_beginning_leaves_the_rest(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 20);
	lc_buffer_append_text(&buffer, "0123456789");
	lc_buffer_consume(&buffer, 0);
	expect_content(&buffer, "0123456789", 10);
	lc_buffer_consume(&buffer, 3);
	expect_content(&buffer, "3456789", 7);
	lc_buffer_append_text(&buffer, "abc");
	lc_buffer_consume(&buffer, 9);
	expect_content(&buffer, "c", 1);
	lc_buffer_consume(&buffer, 1);
	expect_content(&buffer, "", 0);

	/* The room is there again. */
	lc_buffer_append_text(&buffer, "01234567890123456789");
	expect_content(&buffer, "01234567890123456789", 20);
	lc_buffer_free(&buffer);
}

static void content_survives_growth(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 1000000);
	for (uint32_t i = 0; i < 100000; i++)
		lc_buffer_append(&buffer, &i, sizeof i);
	assert_false(lc_buffer_failed(&buffer));
	for (uint32_t i = 0; i < 100000; i++)
		assert_memory_equal(buffer.data + i * sizeof i, &i, sizeof i);
	assert_true(buffer.capacity <= buffer.cap + 1);
	lc_buffer_free(&buffer);
}

static void a_text_is_terminated_and_its_size_unchanged(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 100);
	assert_string_equal(lc_buffer_text(&buffer), "");
	lc_buffer_append_text(&buffer, "one");
	assert_string_equal(lc_buffer_text(&buffer), "one");
	assert_int_equal(buffer.size, 3);
	lc_buffer_append_text(&buffer, " two");
	assert_string_equal(lc_buffer_text(&buffer), "one two");
	lc_buffer_clear(&buffer);
	assert_string_equal(lc_buffer_text(&buffer), "");
	lc_buffer_free(&buffer);
}

static void a_freed_buffer_may_be_used_again(void **state)
{
	struct lc_buffer buffer;

	(void)state;
	lc_buffer_init(&buffer, 4);
	lc_buffer_append_text(&buffer, "1234");
	lc_buffer_append_text(&buffer, "5");
	lc_buffer_free(&buffer);
	assert_null(buffer.data);
	expect_content(&buffer, "", 0);
	lc_buffer_append_text(&buffer, "abcd");
	expect_content(&buffer, "abcd", 4);
	lc_buffer_append_text(&buffer, "e");
	assert_true(lc_buffer_failed(&buffer));
	lc_buffer_free(&buffer);
	lc_buffer_free(&buffer);
}

static void consume_too_much(void *context)
{
	lc_buffer_consume(context, 4);
}

static void commit_too_much(void *context)
{
	lc_buffer_commit(context, 8);
}

static void more_than_there_is_cannot_be_consumed_or_committed(void **state)
{
	struct lc_buffer buffer;
	struct lc_buffer said;
	int status;

	(void)state;
	lc_buffer_init(&buffer, 10);
	lc_buffer_init(&said, 100000);
	lc_buffer_append_text(&buffer, "abc");
	status = stderr_capture_child(&said, consume_too_much, &buffer);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	status = stderr_capture_child(&said, commit_too_much, &buffer);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	lc_buffer_free(&buffer);
	lc_buffer_free(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_of_every_kind_stand_one_after_the_other),
	    cmocka_unit_test(a_new_buffer_has_allocated_nothing),
	    cmocka_unit_test(a_buffer_takes_its_cap_to_the_last_byte),
	    cmocka_unit_test(a_formatted_text_may_fill_the_cap),
	    cmocka_unit_test(what_does_not_fit_is_not_appended_at_all),
	    cmocka_unit_test(a_failure_is_remembered_until_the_buffer_is_cleared),
	    cmocka_unit_test(sizes_near_the_end_of_memory_are_refused),
	    cmocka_unit_test(reserved_room_becomes_content_as_far_as_it_is_committed),
	    cmocka_unit_test(room_for_nothing_is_no_failure),
	    cmocka_unit_test(a_consumed_beginning_leaves_the_rest),
	    cmocka_unit_test(content_survives_growth),
	    cmocka_unit_test(a_text_is_terminated_and_its_size_unchanged),
	    cmocka_unit_test(a_freed_buffer_may_be_used_again),
	    cmocka_unit_test(more_than_there_is_cannot_be_consumed_or_committed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
