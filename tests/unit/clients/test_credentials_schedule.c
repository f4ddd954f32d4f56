#include "clients/credentials_schedule.h"

#include "support/story.h"

static void what_does_not_expire_is_not_asked_for_again(void **state)
{
	const struct lc_credentials_schedule schedule = {.obtained = 1000, .asked = 1000};

	(void)state;
	assert_true(lc_credentials_schedule_due(&schedule) == INT64_MAX);
	assert_true(lc_credentials_schedule_usable(&schedule, INT64_MAX));
}

static void new_ones_are_asked_for_before_the_old_ones_expire(void **state)
{
	struct lc_credentials_schedule schedule = {
	    .obtained = 1000, .asked = 1000, .expires = 1000 + 6 * 3600};

	(void)state;
	assert_int_equal(lc_credentials_schedule_due(&schedule), schedule.expires - 900);
	schedule.spread = 0.5;
	assert_int_equal(lc_credentials_schedule_due(&schedule), schedule.expires - 945);
	schedule.spread = 0;
	schedule.expires = 1000 + 900;
	assert_int_equal(lc_credentials_schedule_due(&schedule), schedule.expires - 225);
	schedule.expires = 1000 + 4;
	assert_int_equal(lc_credentials_schedule_due(&schedule), schedule.expires - 1);
}

static void a_source_that_still_gives_the_old_ones_is_not_pestered(void **state)
{
	struct lc_credentials_schedule schedule = {
	    .obtained = 1000, .expires = 1000 + 3600, .asked = 1000 + 3600 - 600};

	(void)state;
	assert_int_equal(lc_credentials_schedule_due(&schedule), schedule.asked + 91);
	/* Given after they had expired, by this machine's clock. */
	schedule =
	    (struct lc_credentials_schedule){.obtained = 9000, .expires = 100, .asked = 9000};
	assert_int_equal(lc_credentials_schedule_due(&schedule), 9010);
}

static void after_a_failure_it_is_asked_later_and_later(void **state)
{
	struct lc_credentials_schedule schedule = {
	    .obtained = 1000, .expires = 4600, .asked = 4000, .failures = 1};

	(void)state;
	assert_int_equal(lc_credentials_schedule_due(&schedule), 4001);
	schedule.failures = 2;
	assert_int_equal(lc_credentials_schedule_due(&schedule), 4002);
	schedule.failures = 5;
	assert_int_equal(lc_credentials_schedule_due(&schedule), 4016);
	schedule.failures = 1000;
	assert_int_equal(lc_credentials_schedule_due(&schedule), 4060);
	/* What never expires and cannot be read any more is tried again, too. */
	schedule = (struct lc_credentials_schedule){.asked = 50, .failures = 1};
	assert_int_equal(lc_credentials_schedule_due(&schedule), 51);
}

static void the_old_ones_are_used_until_they_expire(void **state)
{
	struct lc_credentials_schedule schedule = {
	    .obtained = 1000, .expires = 4600, .asked = 4000, .failures = 3};

	(void)state;
	assert_true(lc_credentials_schedule_usable(&schedule, 4599));
	assert_false(lc_credentials_schedule_usable(&schedule, 4600));
	schedule.expires = 0;
	assert_true(lc_credentials_schedule_usable(&schedule, 1000000));
}

static void what_was_just_given_is_used_whatever_our_clock_says(void **state)
{
	const struct lc_credentials_schedule schedule = {
	    .obtained = 9000, .expires = 4600, .asked = 9000};

	(void)state;
	assert_true(lc_credentials_schedule_usable(&schedule, 9000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_does_not_expire_is_not_asked_for_again),
	    cmocka_unit_test(new_ones_are_asked_for_before_the_old_ones_expire),
	    cmocka_unit_test(a_source_that_still_gives_the_old_ones_is_not_pestered),
	    cmocka_unit_test(after_a_failure_it_is_asked_later_and_later),
	    cmocka_unit_test(the_old_ones_are_used_until_they_expire),
	    cmocka_unit_test(what_was_just_given_is_used_whatever_our_clock_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
