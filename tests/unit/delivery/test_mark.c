#include "delivery/mark.h"

#include "support/story.h"

#include <stdlib.h>

static struct lc_offset offset(uint32_t inserted_at, int64_t start_time_ms, const char *req_id)
{
	return (struct lc_offset){.inserted_at = inserted_at,
				  .start_time_ms = start_time_ms,
				  .req_id = lc_view_of(req_id)};
}

static void expect_mark(const struct lc_mark *mark, struct lc_offset expected)
{
	struct lc_offset own;

	assert_true(mark->set);
	own = lc_mark_offset(mark);
	assert_int_equal(lc_offset_compare(&own, &expected), 0);
}

static void an_unset_mark_covers_nothing(void **state)
{
	const struct lc_offset least = offset(0, INT64_MIN, "");
	struct lc_mark mark;

	(void)state;
	lc_mark_init(&mark);
	assert_false(mark.set);
	assert_false(lc_mark_covers(&mark, &least));
	lc_mark_free(&mark);
}

static void a_mark_owns_its_req_id(void **state)
{
	char req_id[] = "3E57427F3EXAMPLE";
	struct lc_offset from = offset(100, -5, req_id);
	struct lc_mark mark;

	(void)state;
	lc_mark_init(&mark);
	lc_mark_set(&mark, &from);
	memset(req_id, 'x', sizeof req_id - 1);
	expect_mark(&mark, offset(100, -5, "3E57427F3EXAMPLE"));
	lc_mark_free(&mark);
}

static void a_req_id_may_be_any_bytes(void **state)
{
	char bytes[3000];
	struct lc_offset from = {.inserted_at = 1, .start_time_ms = 2};
	struct lc_mark mark;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)i;
	from.req_id = (struct lc_view){.data = bytes, .size = sizeof bytes};
	lc_mark_init(&mark);
	lc_mark_set(&mark, &from);
	expect_mark(&mark, from);
	from.req_id.size = 0;
	lc_mark_set(&mark, &from);
	expect_mark(&mark, from);
	lc_mark_free(&mark);
}

static void a_mark_covers_what_is_at_or_before_it(void **state)
{
	static const struct {
		uint32_t inserted_at;
		int64_t start_time_ms;
		const char *req_id;
		bool covered;
	} cases[] = {
	    {100, 5000, "m", true},      {100, 5000, "l", true},     {100, 5000, "", true},
	    {100, 5000, "lzzz", true},   {100, 4999, "z", true},     {100, INT64_MIN, "z", true},
	    {99, INT64_MAX, "z", true},  {0, 0, "", true},           {100, 5000, "n", false},
	    {100, 5000, "ma", false},    {100, 5000, "\xFF", false}, {100, 5001, "", false},
	    {101, INT64_MIN, "", false}, {UINT32_MAX, 0, "", false},
	};
	const struct lc_offset own = offset(100, 5000, "m");
	struct lc_mark mark;

	(void)state;
	lc_mark_init(&mark);
	lc_mark_set(&mark, &own);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lc_offset row =
		    offset(cases[i].inserted_at, cases[i].start_time_ms, cases[i].req_id);

		assert_int_equal(lc_mark_covers(&mark, &row), cases[i].covered);
	}
	lc_mark_free(&mark);
}

static void a_copy_goes_its_own_way(void **state)
{
	const struct lc_offset first = offset(100, 5000, "first");
	const struct lc_offset second = offset(200, 6000, "second");
	struct lc_mark one;
	struct lc_mark two;

	(void)state;
	lc_mark_init(&one);
	lc_mark_init(&two);
	lc_mark_set(&one, &first);
	lc_mark_copy(&two, &one);
	lc_mark_set(&one, &second);
	expect_mark(&two, first);
	expect_mark(&one, second);
	lc_mark_free(&one);
	expect_mark(&two, first);
	lc_mark_free(&two);
}

static void the_copy_of_an_unset_mark_is_unset(void **state)
{
	const struct lc_offset some = offset(100, 5000, "some");
	struct lc_mark unset;
	struct lc_mark mark;

	(void)state;
	lc_mark_init(&unset);
	lc_mark_init(&mark);
	lc_mark_set(&mark, &some);
	lc_mark_copy(&mark, &unset);
	assert_false(mark.set);
	assert_false(lc_mark_covers(&mark, &some));

	/* And may be set again. */
	lc_mark_set(&mark, &some);
	expect_mark(&mark, some);
	lc_mark_free(&mark);
	assert_false(mark.set);
	lc_mark_free(&mark);
	lc_mark_free(&unset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_unset_mark_covers_nothing),
	    cmocka_unit_test(a_mark_owns_its_req_id),
	    cmocka_unit_test(a_req_id_may_be_any_bytes),
	    cmocka_unit_test(a_mark_covers_what_is_at_or_before_it),
	    cmocka_unit_test(a_copy_goes_its_own_way),
	    cmocka_unit_test(the_copy_of_an_unset_mark_is_unset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
