#include "delivery/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct lc_target_policy POLICY = {
    .attempts = 3,
    .concurrency = 4,
    .share_bytes = 1000,
    .backoff = {.initial_ms = 1000, .maximum_ms = 60000, .jitter = 0},
};

static const enum lc_target_state STATES[] = {LC_TARGET_HEALTHY, LC_TARGET_SHAKY, LC_TARGET_ASIDE};

static struct lc_random random_numbers;

static int seed(void **state)
{
	(void)state;
	lc_random_seed(&random_numbers, 5);
	return 0;
}

static bool answer(struct lc_target *target, enum lc_retry_class answer_class, uint64_t now_ms)
{
	return lc_target_note_answer(target, &POLICY, answer_class, now_ms, &random_numbers);
}

static void every_answer_in_every_state_leads_where_it_should(void **state)
{
	static const struct {
		enum lc_target_state before;
		unsigned failures;
		enum lc_retry_class answer;
		enum lc_target_state after;
		bool refused;
	} steps[] = {
	    {LC_TARGET_HEALTHY, 0, LC_RETRY_DONE, LC_TARGET_HEALTHY, false},
	    {LC_TARGET_HEALTHY, 0, LC_RETRY_AGAIN, LC_TARGET_SHAKY, false},
	    {LC_TARGET_HEALTHY, 0, LC_RETRY_CLOCK, LC_TARGET_SHAKY, false},
	    {LC_TARGET_HEALTHY, 0, LC_RETRY_WAIT, LC_TARGET_ASIDE, true},
	    {LC_TARGET_SHAKY, 1, LC_RETRY_DONE, LC_TARGET_HEALTHY, false},
	    {LC_TARGET_SHAKY, 1, LC_RETRY_AGAIN, LC_TARGET_SHAKY, false},
	    {LC_TARGET_SHAKY, 1, LC_RETRY_CLOCK, LC_TARGET_SHAKY, false},
	    {LC_TARGET_SHAKY, 1, LC_RETRY_WAIT, LC_TARGET_ASIDE, true},
	    {LC_TARGET_SHAKY, 2, LC_RETRY_DONE, LC_TARGET_HEALTHY, false},
	    {LC_TARGET_SHAKY, 2, LC_RETRY_AGAIN, LC_TARGET_ASIDE, false},
	    {LC_TARGET_SHAKY, 2, LC_RETRY_CLOCK, LC_TARGET_ASIDE, false},
	    {LC_TARGET_SHAKY, 2, LC_RETRY_WAIT, LC_TARGET_ASIDE, true},
	    {LC_TARGET_ASIDE, 1, LC_RETRY_AGAIN, LC_TARGET_ASIDE, false},
	    {LC_TARGET_ASIDE, 5, LC_RETRY_DONE, LC_TARGET_HEALTHY, false},
	    {LC_TARGET_ASIDE, 5, LC_RETRY_AGAIN, LC_TARGET_ASIDE, false},
	    {LC_TARGET_ASIDE, 5, LC_RETRY_CLOCK, LC_TARGET_ASIDE, false},
	    {LC_TARGET_ASIDE, 5, LC_RETRY_WAIT, LC_TARGET_ASIDE, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		/* What was refused before makes no difference. */
		for (int refused = 0; refused < 2; refused++) {
			struct lc_target target = {.state = steps[i].before,
						   .failures = steps[i].failures,
						   .refused = refused == 1};

			assert_int_equal(answer(&target, steps[i].answer, 0),
					 steps[i].before != steps[i].after);
			assert_int_equal(target.state, steps[i].after);
			assert_int_equal(target.refused, steps[i].refused);
			assert_int_equal(target.failures, steps[i].answer == LC_RETRY_DONE
							      ? 0
							      : steps[i].failures + 1);
		}
	}
}

static void probes_come_later_and_later(void **state)
{
	static const uint64_t waits[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
	struct lc_target target = {.state = LC_TARGET_HEALTHY};
	uint64_t now_ms = 123456;

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		answer(&target, LC_RETRY_AGAIN, now_ms);
		assert_int_equal(target.probe_at_ms, now_ms + waits[i]);
		assert_false(lc_target_may_start(&target, &POLICY, target.probe_at_ms - 1));
		assert_true(lc_target_may_start(&target, &POLICY, target.probe_at_ms));
		now_ms = target.probe_at_ms;
	}
	assert_int_equal(target.state, LC_TARGET_ASIDE);

	/* One success, and the waits begin small again. */
	assert_true(answer(&target, LC_RETRY_DONE, now_ms));
	assert_true(lc_target_may_start(&target, &POLICY, now_ms));
	answer(&target, LC_RETRY_AGAIN, now_ms);
	assert_int_equal(target.probe_at_ms, now_ms + 1000);
	assert_int_equal(target.state, LC_TARGET_SHAKY);
}

static void a_healthy_target_takes_as_many_uploads_as_allowed(void **state)
{
	struct lc_target target = {.state = LC_TARGET_HEALTHY, .probe_at_ms = UINT64_MAX};

	(void)state;
	for (unsigned active = 0; active < 6; active++) {
		target.active = active;
		assert_int_equal(lc_target_may_start(&target, &POLICY, 0), active < 4);
	}
}

static void a_target_that_failed_is_probed_by_one_upload_at_a_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct lc_target target = {.state = STATES[i], .probe_at_ms = 500};

		if (STATES[i] == LC_TARGET_HEALTHY)
			continue;
		assert_false(lc_target_may_start(&target, &POLICY, 499));
		assert_true(lc_target_may_start(&target, &POLICY, 500));
		assert_true(lc_target_may_start(&target, &POLICY, UINT64_MAX));
		target.active = 1;
		assert_false(lc_target_may_start(&target, &POLICY, 500));
		assert_false(lc_target_may_start(&target, &POLICY, UINT64_MAX));
	}
}

static void one_attempt_alone_puts_it_aside_when_that_is_all(void **state)
{
	struct lc_target_policy policy = POLICY;
	struct lc_target target = {.state = LC_TARGET_HEALTHY};

	(void)state;
	policy.attempts = 1;
	assert_true(lc_target_note_answer(&target, &policy, LC_RETRY_AGAIN, 0, &random_numbers));
	assert_int_equal(target.state, LC_TARGET_ASIDE);
}

static void a_target_is_crowded_by_its_share_while_its_bodies_are_kept(void **state)
{
	static const struct {
		enum lc_target_state state;
		size_t bytes;
		bool crowded;
	} cases[] = {
	    {LC_TARGET_HEALTHY, 0, false},      {LC_TARGET_HEALTHY, 999, false},
	    {LC_TARGET_HEALTHY, 1000, true},    {LC_TARGET_HEALTHY, SIZE_MAX, true},
	    {LC_TARGET_SHAKY, 0, false},        {LC_TARGET_SHAKY, 999, false},
	    {LC_TARGET_SHAKY, 1000, true},      {LC_TARGET_SHAKY, SIZE_MAX, true},
	    {LC_TARGET_ASIDE, 0, false},        {LC_TARGET_ASIDE, 1000, false},
	    {LC_TARGET_ASIDE, SIZE_MAX, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lc_target target = {.state = cases[i].state, .bytes = cases[i].bytes};

		assert_int_equal(lc_target_crowded(&target, &POLICY), cases[i].crowded);
	}
}

static void answers_do_not_touch_what_is_in_flight(void **state)
{
	struct lc_target target = {
	    .state = LC_TARGET_HEALTHY, .active = 2, .bytes = 77, .rows = 33};

	(void)state;
	answer(&target, LC_RETRY_AGAIN, 10);
	answer(&target, LC_RETRY_WAIT, 20);
	answer(&target, LC_RETRY_DONE, 30);
	assert_int_equal(target.active, 2);
	assert_int_equal(target.bytes, 77);
	assert_int_equal(target.rows, 33);
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(lc_target_state_name(LC_TARGET_HEALTHY), "healthy");
	assert_string_equal(lc_target_state_name(LC_TARGET_SHAKY), "shaky");
	assert_string_equal(lc_target_state_name(LC_TARGET_ASIDE), "aside");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_answer_in_every_state_leads_where_it_should),
	    cmocka_unit_test(probes_come_later_and_later),
	    cmocka_unit_test(a_healthy_target_takes_as_many_uploads_as_allowed),
	    cmocka_unit_test(a_target_that_failed_is_probed_by_one_upload_at_a_time),
	    cmocka_unit_test(one_attempt_alone_puts_it_aside_when_that_is_all),
	    cmocka_unit_test(a_target_is_crowded_by_its_share_while_its_bodies_are_kept),
	    cmocka_unit_test(answers_do_not_touch_what_is_in_flight),
	    cmocka_unit_test(states_have_names),
	};

	return cmocka_run_group_tests(tests, seed, NULL);
}
