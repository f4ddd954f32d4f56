/* How long a question to ClickHouse is. */
#include "delivery/slice.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>

enum { PATIENCE = 8, LONG_MS = 5000, SHORT_MS = 10 };

static void a_slice_ends_where_the_window_ends(void **state)
{
	struct lc_slice slice = lc_slice_of(60, 1, UINT32_MAX);

	(void)state;
	assert_int_equal(lc_slice_end(&slice, 1000, 1059), 1059);
	assert_int_equal(lc_slice_end(&slice, 1000, 1060), 1060);
	assert_int_equal(lc_slice_end(&slice, 1000, 1061), 1060);
	assert_int_equal(lc_slice_end(&slice, UINT32_MAX - 2, UINT32_MAX), UINT32_MAX);
}

static void it_doubles_with_each_answer_to_a_whole_one(void **state)
{
	struct lc_slice slice = lc_slice_of(60, 1, UINT32_MAX);

	(void)state;
	lc_slice_grow(&slice, 60);
	assert_int_equal(slice.seconds, 120);
	lc_slice_grow(&slice, 120);
	assert_int_equal(slice.seconds, 240);
	lc_slice_grow(&slice, 30);
	assert_int_equal(slice.seconds, 240);
	for (unsigned i = 0; i < 100; i++)
		lc_slice_grow(&slice, slice.seconds);
	assert_int_equal(lc_slice_end(&slice, 1, 1800000000), 1800000000);
}

static void it_stays_within_its_bound(void **state)
{
	struct lc_slice slice = lc_slice_of(300, 300, 2400);

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		lc_slice_grow(&slice, slice.seconds);
	assert_int_equal(slice.seconds, 2400);
}

/* What was asked counts: a window may be shorter than a slice. */
static void it_is_halved_down_to_the_least(void **state)
{
	struct lc_slice slice = lc_slice_of(3600, 300, 3600);

	(void)state;
	assert_true(lc_slice_shrink(&slice, 3600));
	assert_int_equal(slice.seconds, 1800);
	assert_true(lc_slice_shrink(&slice, 900));
	assert_int_equal(slice.seconds, 300);
	assert_false(lc_slice_shrink(&slice, 300));
	assert_false(lc_slice_shrink(&slice, 30));
	assert_int_equal(slice.seconds, 300);
}

static void after_a_failure_it_grows_when_some_were_answered(void **state)
{
	struct lc_slice slice = lc_slice_of(64, 1, UINT32_MAX);

	(void)state;
	lc_slice_shrink(&slice, 64);
	for (unsigned i = 0; i < PATIENCE; i++) {
		lc_slice_grow(&slice, slice.seconds);
		assert_int_equal(slice.seconds, 32);
	}
	lc_slice_grow(&slice, slice.seconds);
	lc_slice_grow(&slice, slice.seconds);
	assert_int_equal(slice.seconds, 128);
}

static bool was_too_much(enum lc_error_kind kind, int code, uint64_t elapsed_ms)
{
	struct lc_error error;

	lc_error_set(&error, kind, "what was said");
	error.code = code;
	return lc_slice_was_too_much(&error, elapsed_ms);
}

static void limits_and_long_silence_are_reasons_to_ask_for_less(void **state)
{
	static const int limits[] = {158, 159, 160, 241, 290, 307, 396};

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		assert_true(was_too_much(LC_ERROR_REFUSED, limits[i], SHORT_MS));
	assert_true(was_too_much(LC_ERROR_UNREACHABLE, 0, LONG_MS));
	/* A proxy that did not wait: 504. */
	assert_true(was_too_much(LC_ERROR_REFUSED, 0, LONG_MS));
}

static void what_no_question_could_help_is_no_reason(void **state)
{
	static const int codes[] = {60, 192, 201, 202, 452, 516};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_false(was_too_much(LC_ERROR_REFUSED, codes[i], LONG_MS));
	assert_false(was_too_much(LC_ERROR_UNREACHABLE, 0, SHORT_MS));
	assert_false(was_too_much(LC_ERROR_REFUSED, 0, SHORT_MS));
	assert_false(was_too_much(LC_ERROR_UNTRUSTED, 0, LONG_MS));
	assert_false(was_too_much(LC_ERROR_CORRUPT, 0, LONG_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_slice_ends_where_the_window_ends),
	    cmocka_unit_test(it_doubles_with_each_answer_to_a_whole_one),
	    cmocka_unit_test(it_stays_within_its_bound),
	    cmocka_unit_test(it_is_halved_down_to_the_least),
	    cmocka_unit_test(after_a_failure_it_grows_when_some_were_answered),
	    cmocka_unit_test(limits_and_long_silence_are_reasons_to_ask_for_less),
	    cmocka_unit_test(what_no_question_could_help_is_no_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
