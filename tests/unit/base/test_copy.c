#include "base/copy.h"

#include "support/page_end.h"
#include "support/story.h"

enum { SIZE_MAX_TESTED = 100, SLACK = LC_COPY_SLACK };

/* Both places end where a page does, and begin where nothing else may be written. */
static void any_number_of_bytes_is_copied_and_no_other(void **state)
{
	struct page_end from;
	struct page_end to;

	(void)state;
	page_end_make(&from);
	page_end_make(&to);
	for (size_t i = 1; i <= SIZE_MAX_TESTED; i++)
		from.end[-(ptrdiff_t)i] = (char)i;
	for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
		to.end[-(ptrdiff_t)size - 1] = '!';
		lc_copy_bytes(to.end - size, from.end - size, size);
		assert_memory_equal(to.end - size, from.end - size, size);
		assert_int_equal(to.end[-(ptrdiff_t)size - 1], '!');
	}
	page_end_free(&from);
	page_end_free(&to);
}

/* Both places end where a page does, the slack included. */
static void a_spacious_copy_keeps_to_its_slack(void **state)
{
	struct page_end from;
	struct page_end to;

	(void)state;
	page_end_make(&from);
	page_end_make(&to);
	for (size_t i = 1; i <= SIZE_MAX_TESTED + SLACK; i++)
		from.end[-(ptrdiff_t)i] = (char)i;
	for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
		char *copy = to.end - size - SLACK;

		copy[-1] = '!';
		lc_copy_spacious(copy, from.end - size - SLACK, size);
		assert_memory_equal(copy, from.end - size - SLACK, size);
		assert_int_equal(copy[-1], '!');
	}
	page_end_free(&from);
	page_end_free(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_number_of_bytes_is_copied_and_no_other),
	    cmocka_unit_test(a_spacious_copy_keeps_to_its_slack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
