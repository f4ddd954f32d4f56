#include "base/view.h"

#include "support/story.h"

#include <stdint.h>
#include <stdio.h>

static const struct lc_view NOTHING = {.data = NULL, .size = 0};

static struct lc_view view(const char *bytes, size_t size)
{
	return (struct lc_view){.data = bytes, .size = size};
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static void a_text_is_viewed_without_its_terminator(void **state)
{
	static const char text[] = "amzn-s3-demo-bucket";

	(void)state;
	assert_ptr_equal(lc_view_of(text).data, text);
	assert_int_equal(lc_view_of(text).size, sizeof text - 1);
	assert_int_equal(lc_view_of("").size, 0);
}

static void views_are_equal_when_their_bytes_are(void **state)
{
	(void)state;
	assert_true(lc_view_equal(view("a\0b", 3), view("a\0bc", 3)));
	assert_false(lc_view_equal(view("a\0b", 3), view("a\0c", 3)));
	assert_false(lc_view_equal(view("ab", 2), view("abc", 3)));
	assert_true(lc_view_equal(NOTHING, lc_view_of("")));
	assert_true(lc_view_equal(NOTHING, NOTHING));
	assert_false(lc_view_equal(NOTHING, view("\0", 1)));
}

static void views_stand_in_the_order_of_their_bytes(void **state)
{
	/* Bytes compare unsigned, and a prefix comes first: the order of ClickHouse's String. */
	const struct lc_view ascending[] = {
	    NOTHING,         view("\0", 1),       view("\0\0", 2), view("\0a", 2), view("A", 1),
	    view("a", 1),    view("a\0", 2),      view("ab", 2),   view("b", 1),   view("\x7F", 1),
	    view("\x80", 1), view("\xC3\xA9", 2), view("\xFF", 1),
	};
	const size_t count = sizeof ascending / sizeof ascending[0];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			int expected = (i > j) - (i < j);

			assert_int_equal(sign(lc_view_compare(ascending[i], ascending[j])),
					 expected);
			assert_int_equal(lc_view_equal(ascending[i], ascending[j]), i == j);
		}
	}
}

static void a_view_begins_and_ends_with_others(void **state)
{
	(void)state;
	assert_true(lc_view_begins_with(view("a\0bc", 4), view("a\0b", 3)));
	assert_false(lc_view_begins_with(view("a\0bc", 4), view("a\0c", 3)));
	assert_false(lc_view_begins_with(view("a", 1), view("ab", 2)));
	assert_true(lc_view_begins_with(view("a", 1), NOTHING));
	assert_true(lc_view_begins_with(NOTHING, NOTHING));
	assert_true(lc_view_ends_with(view("ab\0c", 4), view("b\0c", 3)));
	assert_false(lc_view_ends_with(view("ab\0c", 4), view("a\0c", 3)));
	assert_false(lc_view_ends_with(view("c", 1), view("bc", 2)));
	assert_true(lc_view_ends_with(view("a", 1), NOTHING));
	assert_true(lc_view_ends_with(NOTHING, NOTHING));
}

static void a_view_is_trimmed_at_both_ends(void **state)
{
	(void)state;
	assert_true(
	    lc_view_equal(lc_view_trimmed(lc_view_of(" \t a b\t"), " \t"), lc_view_of("a b")));
	assert_true(lc_view_equal(lc_view_trimmed(lc_view_of("a"), " "), lc_view_of("a")));
	assert_true(lc_view_equal(lc_view_trimmed(view("\0 ", 2), " "), view("\0", 1)));
	assert_int_equal(lc_view_trimmed(lc_view_of("   "), " ").size, 0);
	assert_int_equal(lc_view_trimmed(NOTHING, " ").size, 0);
}

static void long_views_are_shown_in_part(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(lc_view_shown(view("abc", 3), 4), 3);
	assert_int_equal(lc_view_shown(view("abcd", 4), 4), 4);
	assert_int_equal(lc_view_shown(view("abcde", 5), 4), 4);
	assert_int_equal(lc_view_shown(NOTHING, 4), 0);
	snprintf(text, sizeof text, "%.*s", lc_view_shown(view("abc", 3), 2), "abc");
	assert_string_equal(text, "ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_is_viewed_without_its_terminator),
	    cmocka_unit_test(views_are_equal_when_their_bytes_are),
	    cmocka_unit_test(views_stand_in_the_order_of_their_bytes),
	    cmocka_unit_test(a_view_begins_and_ends_with_others),
	    cmocka_unit_test(a_view_is_trimmed_at_both_ends),
	    cmocka_unit_test(long_views_are_shown_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
