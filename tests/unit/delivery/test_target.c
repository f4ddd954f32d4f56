#include "delivery/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TARGETS = 5, ATTEMPTS = 3, CONCURRENCY = 4 };

static const struct lc_target_policy POLICY = {
    .attempts = ATTEMPTS,
    .concurrency = CONCURRENCY,
    .share_bytes = 1000,
    .slow_share_bytes = 100,
    .backoff = {.initial_ms = 1000, .maximum_ms = 60000, .jitter = 0},
};

static const enum lc_target_state STATES[] = {LC_TARGET_HEALTHY, LC_TARGET_SHAKY, LC_TARGET_ASIDE};

/* A bucket and some of its targets. */
struct story {
	struct lc_random random;
	struct lc_target_bucket bucket;
	struct lc_target targets[TARGETS];
};

static int begin(void **state)
{
	struct story *story = calloc(1, sizeof(*story));

	if (story == NULL)
		return -1;
	lc_random_seed(&story->random, 5);
	for (size_t i = 0; i < TARGETS; i++)
		story->targets[i].bucket = &story->bucket;
	*state = story;
	return 0;
}

static void forget(struct lc_standing *standing)
{
	free(standing->last_error);
	*standing = (struct lc_standing){.state = LC_TARGET_HEALTHY};
}

/* Nothing is known of any of them. */
static void forget_all(struct story *story)
{
	forget(&story->bucket.standing);
	story->bucket.refusals = 0;
	for (size_t i = 0; i < TARGETS; i++)
		forget(&story->targets[i].standing);
}

static int end(void **state)
{
	struct story *story = *state;

	forget_all(story);
	free(story);
	return 0;
}

/* An upload for the target has begun and ended. */
static unsigned answer_at(struct story *story, size_t target, enum lc_retry_class retry_class,
			  enum lc_retry_scope scope, uint64_t started_ms, uint64_t now_ms)
{
	const struct lc_target_answer answer = {
	    .retry_class = retry_class,
	    .scope = scope,
	    .started_ms = started_ms,
	    .error = retry_class == LC_RETRY_DONE ? NULL : "not stored",
	};

	return lc_target_note_answer(&story->targets[target], &POLICY, &answer, now_ms,
				     &story->random);
}

/* One that began after the failures that are known, and has ended with an answer that speaks of the
 * bucket. */
static unsigned answer(struct story *story, enum lc_retry_class retry_class, uint64_t now_ms)
{
	return answer_at(story, 0, retry_class, LC_RETRY_SCOPE_BUCKET, now_ms, now_ms);
}

static unsigned refuse(struct story *story, size_t target, uint64_t now_ms)
{
	return answer_at(story, target, LC_RETRY_WAIT, LC_RETRY_SCOPE_PREFIX, now_ms, now_ms);
}

static bool may_start(const struct story *story, size_t target, uint64_t now_ms)
{
	return lc_target_may_start(&story->targets[target], &POLICY, now_ms);
}

struct step {
	enum lc_target_state before;
	unsigned failures;
	enum lc_retry_class answer;
	enum lc_target_state after;
	bool refused;
};

static const struct step STEPS[] = {
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

/* The standing, of a bucket or a target, takes the step after an answer that speaks of it. */
static void expect_step(struct story *story, const struct step *step, struct lc_standing *standing,
			enum lc_retry_scope scope, unsigned change)
{
	/* What was refused before makes no difference. */
	for (int refused = 0; refused < 2; refused++) {
		unsigned changes;

		forget_all(story);
		standing->state = step->before;
		standing->failures = step->failures;
		standing->refused = refused == 1;
		changes = answer_at(story, 0, step->answer, scope, 0, 0);
		assert_int_equal(changes, step->before != step->after ? change : 0);
		assert_int_equal(standing->state, step->after);
		assert_int_equal(standing->refused, step->refused);
		assert_int_equal(standing->failures,
				 step->answer == LC_RETRY_DONE ? 0 : step->failures + 1);
		if (step->answer == LC_RETRY_DONE)
			assert_null(standing->last_error);
		else
			assert_string_equal(standing->last_error, "not stored");
	}
}

static void every_answer_in_every_state_leads_where_it_should(void **state)
{
	struct story *story = *state;

	for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
		expect_step(story, &STEPS[i], &story->bucket.standing, LC_RETRY_SCOPE_BUCKET,
			    LC_TARGET_BUCKET_CHANGED);
		expect_step(story, &STEPS[i], &story->targets[0].standing, LC_RETRY_SCOPE_PREFIX,
			    LC_TARGET_CHANGED);
	}
}

static void probes_come_later_and_later(void **state)
{
	static const uint64_t waits[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
	struct story *story = *state;
	const struct lc_target *target = &story->targets[0];
	uint64_t now_ms = 123456;

	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		answer(story, LC_RETRY_AGAIN, now_ms);
		assert_int_equal(lc_target_probe_at_ms(target), now_ms + waits[i]);
		assert_false(may_start(story, 0, lc_target_probe_at_ms(target) - 1));
		assert_true(may_start(story, 0, lc_target_probe_at_ms(target)));
		now_ms = lc_target_probe_at_ms(target);
	}
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_ASIDE);
	assert_int_equal(lc_target_standing(target)->failing_since_ms, 123456);

	/* One success, and the waits begin small again. */
	assert_int_equal(answer(story, LC_RETRY_DONE, now_ms), LC_TARGET_BUCKET_CHANGED);
	assert_true(may_start(story, 0, now_ms));
	answer(story, LC_RETRY_AGAIN, now_ms);
	assert_int_equal(lc_target_probe_at_ms(target), now_ms + 1000);
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_SHAKY);
	assert_int_equal(lc_target_standing(target)->failing_since_ms, now_ms);
}

static void a_healthy_bucket_takes_as_many_uploads_as_allowed(void **state)
{
	struct story *story = *state;

	story->bucket.standing.probe_at_ms = UINT64_MAX;
	story->targets[0].standing.probe_at_ms = UINT64_MAX;
	for (unsigned active = 0; active < 6; active++) {
		story->bucket.active = active;
		assert_int_equal(may_start(story, 0, 0), active < CONCURRENCY);
	}
	story->bucket.active = 0;
}

static void a_bucket_that_failed_is_probed_by_one_upload_at_a_time(void **state)
{
	struct story *story = *state;

	for (size_t i = 0; i < 3; i++) {
		story->bucket.standing.state = STATES[i];
		story->bucket.standing.probe_at_ms = 500;
		story->bucket.active = 0;
		if (STATES[i] == LC_TARGET_HEALTHY)
			continue;
		assert_false(may_start(story, 0, 499));
		assert_true(may_start(story, 0, 500));
		assert_true(may_start(story, 0, UINT64_MAX));

		/* Of which of its targets it is makes no difference. */
		story->targets[1].active = 1;
		story->bucket.active = 1;
		assert_false(may_start(story, 0, 500));
		assert_false(may_start(story, 0, UINT64_MAX));
	}
}

static void a_target_that_refused_is_probed_by_one_upload_at_a_time(void **state)
{
	struct story *story = *state;

	refuse(story, 0, 0);
	assert_false(may_start(story, 0, 999));
	assert_true(may_start(story, 0, 1000));
	story->bucket.active = 1;
	story->targets[1].active = 1;
	assert_true(may_start(story, 0, 1000));
	story->targets[0].active = 1;
	assert_false(may_start(story, 0, UINT64_MAX));
	story->targets[0].active = 0;
	story->bucket.active = CONCURRENCY;
	assert_false(may_start(story, 0, UINT64_MAX));
}

static void one_attempt_alone_puts_it_aside_when_that_is_all(void **state)
{
	struct story *story = *state;
	struct lc_target_policy policy = POLICY;
	const struct lc_target_answer failure = {
	    .retry_class = LC_RETRY_AGAIN, .scope = LC_RETRY_SCOPE_BUCKET, .error = "no"};

	policy.attempts = 1;
	assert_int_equal(
	    lc_target_note_answer(&story->targets[0], &policy, &failure, 0, &story->random),
	    LC_TARGET_BUCKET_CHANGED);
	assert_int_equal(story->bucket.standing.state, LC_TARGET_ASIDE);
	assert_true(lc_target_aside(&story->targets[0]));
}

static void a_bucket_is_crowded_by_its_share(void **state)
{
	static const struct {
		enum lc_target_state state;
		bool slow;
		size_t bytes;
		bool crowded;
	} cases[] = {
	    {LC_TARGET_HEALTHY, false, 0, false},     {LC_TARGET_HEALTHY, false, 999, false},
	    {LC_TARGET_HEALTHY, false, 1000, true},   {LC_TARGET_HEALTHY, false, SIZE_MAX, true},
	    {LC_TARGET_HEALTHY, true, 0, false},      {LC_TARGET_HEALTHY, true, 99, false},
	    {LC_TARGET_HEALTHY, true, 100, true},     {LC_TARGET_HEALTHY, true, SIZE_MAX, true},
	    {LC_TARGET_SHAKY, false, 0, false},       {LC_TARGET_SHAKY, false, 99, false},
	    {LC_TARGET_SHAKY, false, 100, true},      {LC_TARGET_SHAKY, true, SIZE_MAX, true},
	    {LC_TARGET_ASIDE, false, 0, false},       {LC_TARGET_ASIDE, false, 99, false},
	    {LC_TARGET_ASIDE, false, SIZE_MAX, true},
	};
	struct story *story = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		story->bucket.standing.state = cases[i].state;
		story->bucket.slow = cases[i].slow;
		story->bucket.bytes = cases[i].bytes;
		assert_int_equal(lc_target_crowded(&story->targets[0], &POLICY), cases[i].crowded);
		assert_int_equal(lc_target_bucket_prompt(&story->bucket),
				 cases[i].state == LC_TARGET_HEALTHY && !cases[i].slow);
	}
}

static void answers_do_not_touch_what_is_in_flight(void **state)
{
	struct story *story = *state;
	struct lc_target *target = &story->targets[0];

	target->active = 2;
	target->object_rows = 33;
	story->bucket.active = 3;
	story->bucket.bytes = 77;
	answer(story, LC_RETRY_AGAIN, 10);
	answer(story, LC_RETRY_WAIT, 20);
	refuse(story, 0, 30);
	answer(story, LC_RETRY_DONE, 40);
	assert_int_equal(target->active, 2);
	assert_int_equal(target->object_rows, 33);
	assert_int_equal(story->bucket.active, 3);
	assert_int_equal(story->bucket.bytes, 77);
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(lc_target_state_name(LC_TARGET_HEALTHY), "healthy");
	assert_string_equal(lc_target_state_name(LC_TARGET_SHAKY), "shaky");
	assert_string_equal(lc_target_state_name(LC_TARGET_ASIDE), "aside");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(every_answer_in_every_state_leads_where_it_should),
	    STORY(probes_come_later_and_later),
	    STORY(a_healthy_bucket_takes_as_many_uploads_as_allowed),
	    STORY(a_bucket_that_failed_is_probed_by_one_upload_at_a_time),
	    STORY(a_target_that_refused_is_probed_by_one_upload_at_a_time),
	    STORY(one_attempt_alone_puts_it_aside_when_that_is_all),
	    STORY(a_bucket_is_crowded_by_its_share),
	    STORY(answers_do_not_touch_what_is_in_flight),
	    STORY(states_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
