#include "delivery/target.h"

#include "base/memory.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

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

static int tear_down(void **state)
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

static unsigned take(struct story *story, size_t target)
{
	return answer_at(story, target, LC_RETRY_DONE, LC_RETRY_SCOPE_BUCKET, 0, 0);
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
	    {LC_TARGET_SHAKY, false, 999, false},     {LC_TARGET_SHAKY, false, 1000, true},
	    {LC_TARGET_SHAKY, true, 99, false},       {LC_TARGET_SHAKY, true, 100, true},
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

/* An answer as S3 gives it. */
static unsigned answer_as(struct story *story, size_t target, unsigned status, const char *code,
			  uint64_t now_ms)
{
	return answer_at(story, target, lc_retry_classify_s3(status, code, NULL),
			 lc_retry_scope_s3(status, code), now_ms, now_ms);
}

static void a_refused_prefix_leaves_its_bucket(void **state)
{
	struct story *story = *state;

	assert_int_equal(answer_as(story, 0, 403, "AccessDenied", 500), LC_TARGET_CHANGED);
	assert_true(lc_target_aside(&story->targets[0]));
	assert_true(lc_target_standing(&story->targets[0])->refused);
	assert_false(may_start(story, 0, 500));
	assert_int_equal(story->bucket.standing.state, LC_TARGET_HEALTHY);
	assert_true(lc_target_bucket_prompt(&story->bucket));

	/* Other prefixes go on at once. */
	assert_false(lc_target_aside(&story->targets[1]));
	assert_true(may_start(story, 1, 500));
	assert_int_equal(take(story, 1), 0);
	assert_true(lc_target_aside(&story->targets[0]));
}

static void what_is_said_of_a_bucket_concerns_all_its_prefixes(void **state)
{
	/* status 0: no answer */
	static const struct {
		unsigned status;
		const char *code;
		enum lc_target_state state;
	} cases[] = {
	    {404, "NoSuchBucket", LC_TARGET_ASIDE},
	    {301, "PermanentRedirect", LC_TARGET_ASIDE},
	    {301, "", LC_TARGET_ASIDE},
	    {307, "TemporaryRedirect", LC_TARGET_ASIDE},
	    {400, "InvalidBucketName", LC_TARGET_ASIDE},
	    {403, "InvalidAccessKeyId", LC_TARGET_ASIDE},
	    {403, "SignatureDoesNotMatch", LC_TARGET_ASIDE},
	    {403, "QuotaExceeded", LC_TARGET_ASIDE},
	    {501, "NotImplemented", LC_TARGET_ASIDE},
	    {0, "", LC_TARGET_SHAKY},
	    {503, "SlowDown", LC_TARGET_SHAKY},
	    {500, "", LC_TARGET_SHAKY},
	    {429, "", LC_TARGET_SHAKY},
	    {400, "BadDigest", LC_TARGET_SHAKY},
	};
	struct story *story = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		forget_all(story);
		assert_int_equal(answer_as(story, 0, cases[i].status, cases[i].code, 500),
				 LC_TARGET_BUCKET_CHANGED);
		assert_int_equal(story->bucket.standing.state, cases[i].state);
		assert_int_equal(story->targets[0].standing.state, LC_TARGET_HEALTHY);
		for (size_t target = 0; target < TARGETS; target++) {
			assert_ptr_equal(lc_target_standing(&story->targets[target]),
					 &story->bucket.standing);
			assert_false(may_start(story, target, 500));
		}
	}
}

static void a_bucket_that_refuses_prefix_after_prefix_steps_aside(void **state)
{
	struct story *story = *state;

	refuse(story, 0, 100);
	refuse(story, 1, 200);

	/* The same one again says nothing new. */
	refuse(story, 0, 5000);
	refuse(story, 0, 10000);
	assert_int_equal(story->bucket.standing.state, LC_TARGET_HEALTHY);
	assert_int_equal(refuse(story, 2, 20000), LC_TARGET_CHANGED | LC_TARGET_BUCKET_CHANGED);
	assert_int_equal(story->bucket.standing.state, LC_TARGET_ASIDE);
	assert_true(story->bucket.standing.refused);
	for (size_t i = 0; i < TARGETS; i++) {
		assert_true(lc_target_aside(&story->targets[i]));
		assert_false(may_start(story, i, 20999));

		/* The next probe may be with any of them, one that was not tried too. */
		assert_true(may_start(story, i, 21000));
	}

	/* It is a failure of the bucket, and its probes come later and later. */
	assert_int_equal(refuse(story, 4, 21000), LC_TARGET_CHANGED);
	assert_int_equal(story->bucket.standing.failures, 2);
	assert_int_equal(story->bucket.standing.probe_at_ms, 23000);
	assert_int_equal(refuse(story, 0, 23000), 0);
	assert_int_equal(story->bucket.standing.probe_at_ms, 27000);

	/* One that is taken shows that the bucket works, and these prefixes alone do not. */
	assert_int_equal(answer_as(story, 3, 200, "", 27000), LC_TARGET_BUCKET_CHANGED);
	assert_false(lc_target_aside(&story->targets[3]));
	for (size_t i = 0; i < 3; i++)
		assert_true(lc_target_aside(&story->targets[i]));
}

static void a_success_between_refusals_says_that_the_bucket_works(void **state)
{
	struct story *story = *state;

	refuse(story, 0, 0);
	refuse(story, 1, 0);
	take(story, 2);
	refuse(story, 3, 0);
	refuse(story, 4, 0);
	assert_int_equal(story->bucket.standing.state, LC_TARGET_HEALTHY);
	take(story, 2);
	refuse(story, 2, 0);
	refuse(story, 0, 0);
	refuse(story, 1, 0);
	assert_int_equal(story->bucket.standing.state, LC_TARGET_HEALTHY);
	for (size_t i = 0; i < TARGETS; i++)
		assert_true(lc_target_aside(&story->targets[i]));
}

/* A bucket of which one prefix works among many that do not: whenever that one is taken, the bucket
 * works again, and those known to refuse do not put it aside again. */
static void a_bucket_that_works_for_one_prefix_is_not_aside_again_for_the_others(void **state)
{
	struct story *story = *state;

	for (size_t i = 1; i < TARGETS; i++)
		refuse(story, i, 0);
	assert_int_equal(story->bucket.standing.state, LC_TARGET_ASIDE);
	take(story, 0);
	for (uint64_t now_ms = 1000; now_ms < 10000; now_ms += 1000) {
		for (size_t i = 1; i < TARGETS; i++)
			refuse(story, i, now_ms);
		assert_int_equal(story->bucket.standing.state, LC_TARGET_HEALTHY);
	}
}

static void uploads_that_fail_together_are_one_failure(void **state)
{
	struct story *story = *state;
	const struct lc_standing *standing = &story->bucket.standing;

	/* Four began before anything was known, of two prefixes. */
	for (size_t i = 0; i < CONCURRENCY; i++)
		answer_at(story, i % 2, LC_RETRY_AGAIN, LC_RETRY_SCOPE_BUCKET, 50 + i, 100 + i);
	assert_int_equal(standing->failures, 1);
	assert_int_equal(standing->state, LC_TARGET_SHAKY);
	assert_int_equal(standing->failing_since_ms, 100);
	assert_int_equal(standing->probe_at_ms, 1100);

	/* One that began after that counts. */
	answer_at(story, 0, LC_RETRY_AGAIN, LC_RETRY_SCOPE_BUCKET, 1100, 1200);
	assert_int_equal(standing->failures, 2);

	/* A late one of the first four still says what it says. */
	answer_at(story, 0, LC_RETRY_WAIT, LC_RETRY_SCOPE_BUCKET, 60, 1300);
	assert_int_equal(standing->failures, 2);
	assert_int_equal(standing->state, LC_TARGET_ASIDE);
}

static void an_object_refused_for_its_size_leaves_target_and_bucket_as_they_are(void **state)
{
	static const char *const codes[] = {"EntityTooLarge", "MaxMessageLengthExceeded", ""};
	struct story *story = *state;

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		unsigned status = codes[i][0] == '\0' ? 413 : 400;

		assert_int_equal(answer_as(story, 0, status, codes[i], 0), 0);
		assert_int_equal(story->targets[0].standing.state, LC_TARGET_HEALTHY);
		assert_int_equal(story->targets[0].standing.failures, 0);
		assert_int_equal(story->bucket.standing.state, LC_TARGET_HEALTHY);
		assert_int_equal(story->bucket.refusals, 0);
	}

	/* A target that refuses for another reason still does. */
	refuse(story, 0, 0);
	answer_as(story, 0, 413, "", 1000);
	assert_true(lc_target_aside(&story->targets[0]));
}

static void a_refusal_shows_that_the_bucket_answers(void **state)
{
	static const struct {
		unsigned status;
		const char *code;
	} cases[] = {{403, "AccessDenied"}, {413, "EntityTooLarge"}, {409, "Strange"}};
	struct story *story = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		forget_all(story);
		for (unsigned failure = 0; failure < ATTEMPTS; failure++)
			answer(story, LC_RETRY_AGAIN, failure * 10000);
		assert_int_equal(story->bucket.standing.state, LC_TARGET_ASIDE);
		assert_true(answer_as(story, 0, cases[i].status, cases[i].code, 90000) &
			    LC_TARGET_BUCKET_CHANGED);
		assert_int_equal(story->bucket.standing.state, LC_TARGET_HEALTHY);
		assert_true(may_start(story, 1, 90000));
	}

	/* But one that refused as a whole may still do so. */
	forget_all(story);
	answer_as(story, 0, 404, "NoSuchBucket", 0);
	answer_as(story, 0, 413, "EntityTooLarge", 1000);
	assert_int_equal(story->bucket.standing.state, LC_TARGET_ASIDE);
}

static void a_strange_refusal_counts_as_one_of_the_prefix(void **state)
{
	struct story *story = *state;

	assert_int_equal(answer_as(story, 0, 418, "Teapot", 0), LC_TARGET_CHANGED);
	assert_true(lc_target_aside(&story->targets[0]));
	assert_int_equal(story->bucket.standing.state, LC_TARGET_HEALTHY);
}

static void an_operator_gives_up_a_prefix_or_the_whole_bucket(void **state)
{
	struct story *story = *state;

	assert_int_equal(lc_target_given_up(&story->targets[0]), LC_LEDGER_KEPT);
	story->targets[0].standing.given_up = LC_LEDGER_DISCARDED;
	story->targets[1].standing.given_up = LC_LEDGER_IGNORED;
	assert_int_equal(lc_target_given_up(&story->targets[0]), LC_LEDGER_DISCARDED);
	assert_int_equal(lc_target_given_up(&story->targets[1]), LC_LEDGER_IGNORED);
	assert_int_equal(lc_target_given_up(&story->targets[2]), LC_LEDGER_KEPT);

	/* Of the whole bucket, whatever was said of a prefix; what goes further counts. */
	story->bucket.standing.given_up = LC_LEDGER_IGNORED;
	assert_int_equal(lc_target_given_up(&story->targets[0]), LC_LEDGER_DISCARDED);
	assert_int_equal(lc_target_given_up(&story->targets[2]), LC_LEDGER_IGNORED);
	story->bucket.standing.given_up = LC_LEDGER_DISCARDED;
	assert_int_equal(lc_target_given_up(&story->targets[1]), LC_LEDGER_DISCARDED);
	assert_int_equal(lc_target_given_up(&story->targets[2]), LC_LEDGER_DISCARDED);

	/* No answer changes it. */
	take(story, 0);
	refuse(story, 0, 0);
	assert_int_equal(story->targets[0].standing.given_up, LC_LEDGER_DISCARDED);
	assert_int_equal(story->bucket.standing.given_up, LC_LEDGER_DISCARDED);
}

static void without_credentials_a_bucket_waits_and_nothing_counts_against_it(void **state)
{
	struct story *story = *state;

	assert_int_equal(answer(story, LC_RETRY_CREDENTIALS, 1000), LC_TARGET_BUCKET_CHANGED);
	for (uint64_t now_ms = 2000; now_ms < 200000; now_ms += 1000)
		assert_int_equal(answer(story, LC_RETRY_CREDENTIALS, now_ms), 0);
	assert_int_equal(story->bucket.standing.failures, 0);
	assert_false(story->bucket.standing.refused);
	assert_false(lc_target_aside(&story->targets[0]));
	assert_int_equal(story->targets[0].standing.state, LC_TARGET_HEALTHY);
	/* Its bodies may go when memory is short. */
	assert_true(lc_target_bucket_slow(&story->bucket));
	assert_false(may_start(story, 0, 199000 + 29999));
	assert_true(may_start(story, 0, 199000 + 30000));
	lc_target_retry_now(&story->targets[0], 200000);
	assert_true(may_start(story, 0, 200000));
	assert_int_equal(answer(story, LC_RETRY_DONE, 200000), LC_TARGET_BUCKET_CHANGED);
	assert_false(lc_target_bucket_slow(&story->bucket));
	assert_true(lc_target_bucket_prompt(&story->bucket));
}

static void a_bucket_that_had_failed_before_stays_as_it_is_without_credentials(void **state)
{
	struct story *story = *state;

	(void)answer(story, LC_RETRY_WAIT, 1000);
	assert_int_equal(answer(story, LC_RETRY_CREDENTIALS, 2000), 0);
	assert_true(lc_target_aside(&story->targets[0]));
	assert_int_equal(story->bucket.standing.failures, 1);
	(void)answer(story, LC_RETRY_AGAIN, 40000);
	assert_int_equal(story->bucket.standing.failures, 2);
	assert_false(story->bucket.keyless);
}

static void one_that_is_to_be_tried_at_once_is(void **state)
{
	struct story *story = *state;

	refuse(story, 0, 0);
	refuse(story, 1, 0);
	answer(story, LC_RETRY_WAIT, 0);
	story->targets[0].rebuild_at_ms = 60000;
	lc_target_retry_now(&story->targets[0], 10);
	assert_true(may_start(story, 0, 10));
	assert_int_equal(story->targets[0].rebuild_at_ms, 0);

	/* It stays aside until it is seen to work. */
	assert_true(lc_target_aside(&story->targets[0]));
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
	    STORY(every_answer_in_every_state_leads_where_it_should),
	    STORY(probes_come_later_and_later),
	    STORY(a_healthy_bucket_takes_as_many_uploads_as_allowed),
	    STORY(a_bucket_that_failed_is_probed_by_one_upload_at_a_time),
	    STORY(a_target_that_refused_is_probed_by_one_upload_at_a_time),
	    STORY(one_attempt_alone_puts_it_aside_when_that_is_all),
	    STORY(a_bucket_is_crowded_by_its_share),
	    STORY(answers_do_not_touch_what_is_in_flight),
	    STORY(a_refused_prefix_leaves_its_bucket),
	    STORY(what_is_said_of_a_bucket_concerns_all_its_prefixes),
	    STORY(a_bucket_that_refuses_prefix_after_prefix_steps_aside),
	    STORY(a_success_between_refusals_says_that_the_bucket_works),
	    STORY(a_bucket_that_works_for_one_prefix_is_not_aside_again_for_the_others),
	    STORY(uploads_that_fail_together_are_one_failure),
	    STORY(an_object_refused_for_its_size_leaves_target_and_bucket_as_they_are),
	    STORY(a_refusal_shows_that_the_bucket_answers),
	    STORY(a_strange_refusal_counts_as_one_of_the_prefix),
	    STORY(an_operator_gives_up_a_prefix_or_the_whole_bucket),
	    STORY(without_credentials_a_bucket_waits_and_nothing_counts_against_it),
	    STORY(a_bucket_that_had_failed_before_stays_as_it_is_without_credentials),
	    STORY(one_that_is_to_be_tried_at_once_is),
	    STORY(states_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
