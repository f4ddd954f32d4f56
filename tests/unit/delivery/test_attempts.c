#include "delivery/attempts.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	FIRST_ID = 100, /* of this process */
	MANY = 10000,
	INITIAL_MS = 60000,
	MAXIMUM_MS = 300000,
};

static int set_up(void **state)
{
	struct lc_attempts *attempts = lc_attempts_new(FIRST_ID);

	*state = attempts;
	return 0;
}

static int tear_down(void **state)
{
	lc_attempts_free(*state);
	return 0;
}

static void hold(struct lc_attempts *attempts, uint64_t intent_id, uint64_t now_ms)
{
	lc_attempts_hold(attempts, intent_id, now_ms, INITIAL_MS, MAXIMUM_MS);
}

static void an_intent_that_was_never_tried_is_certainly_not_stored(void **state)
{
	struct lc_attempts *attempts = *state;

	assert_true(lc_attempts_none_stored(attempts, FIRST_ID));
	assert_true(lc_attempts_none_stored(attempts, UINT64_MAX));
}

static void of_an_intent_of_an_earlier_process_nothing_is_certain(void **state)
{
	struct lc_attempts *attempts = *state;

	assert_false(lc_attempts_none_stored(attempts, FIRST_ID - 1));
	assert_false(lc_attempts_none_stored(attempts, 1));

	/* Not even when it is left alone for another reason. */
	hold(attempts, 1, 0);
	assert_false(lc_attempts_none_stored(attempts, 1));
}

static void a_doubt_stays_until_the_intent_is_closed(void **state)
{
	struct lc_attempts *attempts = *state;

	lc_attempts_note_doubt(attempts, FIRST_ID + 1);
	assert_false(lc_attempts_none_stored(attempts, FIRST_ID + 1));
	assert_true(lc_attempts_none_stored(attempts, FIRST_ID));
	assert_true(lc_attempts_none_stored(attempts, FIRST_ID + 2));
	hold(attempts, FIRST_ID + 1, 0);
	lc_attempts_release_all(attempts);
	assert_false(lc_attempts_none_stored(attempts, FIRST_ID + 1));
	lc_attempts_forget(attempts, FIRST_ID + 1);
	lc_attempts_forget(attempts, FIRST_ID + 1);
	assert_true(lc_attempts_none_stored(attempts, FIRST_ID + 1));
}

static void parts_that_are_left_are_no_doubt(void **state)
{
	struct lc_attempts *attempts = *state;

	assert_true(lc_attempts_no_trace(attempts, FIRST_ID));
	lc_attempts_note_leftover(attempts, FIRST_ID);
	assert_true(lc_attempts_none_stored(attempts, FIRST_ID));
	assert_false(lc_attempts_no_trace(attempts, FIRST_ID));
	lc_attempts_forget(attempts, FIRST_ID);
	assert_true(lc_attempts_no_trace(attempts, FIRST_ID));

	lc_attempts_note_doubt(attempts, FIRST_ID);
	assert_false(lc_attempts_no_trace(attempts, FIRST_ID));
	assert_false(lc_attempts_no_trace(attempts, FIRST_ID - 1));
}

static void an_intent_is_left_alone_for_longer_and_longer(void **state)
{
	static const uint64_t waits[] = {60000, 120000, 240000, 300000, 300000};
	struct lc_attempts *attempts = *state;
	uint64_t now_ms = 1000;

	assert_int_equal(lc_attempts_held_until_ms(attempts, FIRST_ID), 0);
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		hold(attempts, FIRST_ID, now_ms);
		assert_int_equal(lc_attempts_held_until_ms(attempts, FIRST_ID), now_ms + waits[i]);
		now_ms += waits[i];
	}
	for (int i = 0; i < 1000; i++)
		hold(attempts, FIRST_ID, now_ms);
	assert_int_equal(lc_attempts_held_until_ms(attempts, FIRST_ID), now_ms + MAXIMUM_MS);

	/* That says nothing about another, nor that it may have been stored. */
	assert_int_equal(lc_attempts_held_until_ms(attempts, FIRST_ID + 1), 0);
	assert_true(lc_attempts_none_stored(attempts, FIRST_ID));

	/* Once closed it is forgotten. */
	lc_attempts_forget(attempts, FIRST_ID);
	assert_int_equal(lc_attempts_held_until_ms(attempts, FIRST_ID), 0);
	hold(attempts, FIRST_ID, 0);
	assert_int_equal(lc_attempts_held_until_ms(attempts, FIRST_ID), INITIAL_MS);
}

static void the_operator_has_all_of_them_tried(void **state)
{
	struct lc_attempts *attempts = *state;

	hold(attempts, 1, 0);
	hold(attempts, FIRST_ID, 0);
	lc_attempts_release_all(attempts);
	assert_int_equal(lc_attempts_held_until_ms(attempts, 1), 0);
	assert_int_equal(lc_attempts_held_until_ms(attempts, FIRST_ID), 0);

	/* One that fails again waits twice as long as before. */
	hold(attempts, 1, 0);
	assert_int_equal(lc_attempts_held_until_ms(attempts, 1), 2 * INITIAL_MS);
}

static void many_intents_stay_apart(void **state)
{
	struct lc_attempts *attempts = *state;

	for (uint64_t id = 0; id < MANY; id++) {
		if (id % 3 == 0)
			lc_attempts_note_doubt(attempts, FIRST_ID + id);
		if (id % 5 == 0)
			hold(attempts, FIRST_ID + id, id);
	}
	for (uint64_t id = 0; id < MANY; id++) {
		assert_int_equal(lc_attempts_none_stored(attempts, FIRST_ID + id), id % 3 != 0);
		assert_int_equal(lc_attempts_held_until_ms(attempts, FIRST_ID + id),
				 id % 5 == 0 ? id + INITIAL_MS : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(an_intent_that_was_never_tried_is_certainly_not_stored),
	    STORY(of_an_intent_of_an_earlier_process_nothing_is_certain),
	    STORY(parts_that_are_left_are_no_doubt),
	    STORY(a_doubt_stays_until_the_intent_is_closed),
	    STORY(an_intent_is_left_alone_for_longer_and_longer),
	    STORY(the_operator_has_all_of_them_tried),
	    STORY(many_intents_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
