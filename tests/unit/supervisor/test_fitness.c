#include "supervisor/fitness.h"

#include "support/story.h"

/* Looks every second; when the machine has changed, after how many. */
static uint64_t run_until_changed(struct lc_fitness *fitness, const char *trouble, uint64_t *now_ms)
{
	uint64_t begun_ms = *now_ms;
	bool before = fitness->unfit;

	while (fitness->unfit == before) {
		lc_fitness_look(fitness, trouble, false, *now_ms);
		*now_ms += 1000;
		assert_true(*now_ms - begun_ms < UINT64_C(100) * 3600 * 1000);
	}
	return *now_ms - 1000 - begun_ms;
}

static void trouble_that_lasts_makes_a_machine_unfit(void **state)
{
	struct lc_fitness fitness = {.unfit = false};
	uint64_t now_ms = 12345;

	(void)state;
	assert_int_equal(run_until_changed(&fitness, "the disk is full", &now_ms),
			 LC_FITNESS_PATIENCE_MS);
	assert_string_equal(fitness.reason, "the disk is full");
	assert_int_equal(run_until_changed(&fitness, NULL, &now_ms), LC_FITNESS_REST_MS);
	assert_string_equal(fitness.reason, "");
}

static void trouble_that_comes_and_goes_changes_nothing(void **state)
{
	struct lc_fitness fitness = {.unfit = false};

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		lc_fitness_look(&fitness, i % 20 == 0 ? NULL : "no answer", false, i * 1000);
	assert_false(fitness.unfit);
}

static void a_machine_whose_workers_work_again_is_fit_at_once(void **state)
{
	struct lc_fitness fitness = {.unfit = false};
	uint64_t now_ms = 1000;

	(void)state;
	run_until_changed(&fitness, "no answer", &now_ms);
	lc_fitness_look(&fitness, "no answer", true, now_ms);
	assert_true(fitness.unfit);
	lc_fitness_look(&fitness, NULL, true, now_ms + 1000);
	assert_false(fitness.unfit);
}

static void a_machine_that_relapses_rests_longer_each_time(void **state)
{
	struct lc_fitness fitness = {.unfit = false};
	uint64_t expected_ms = LC_FITNESS_REST_MS;
	uint64_t now_ms = 1000;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		run_until_changed(&fitness, "no answer", &now_ms);
		assert_int_equal(run_until_changed(&fitness, NULL, &now_ms), expected_ms);
		expected_ms = expected_ms * 2 < LC_FITNESS_REST_MAX_MS ? expected_ms * 2
								       : LC_FITNESS_REST_MAX_MS;
	}
	/* Well for an hour: as if nothing had been. */
	now_ms += LC_FITNESS_WELL_MS;
	run_until_changed(&fitness, "no answer", &now_ms);
	assert_int_equal(run_until_changed(&fitness, NULL, &now_ms), LC_FITNESS_REST_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(trouble_that_lasts_makes_a_machine_unfit),
	    cmocka_unit_test(trouble_that_comes_and_goes_changes_nothing),
	    cmocka_unit_test(a_machine_whose_workers_work_again_is_fit_at_once),
	    cmocka_unit_test(a_machine_that_relapses_rests_longer_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
