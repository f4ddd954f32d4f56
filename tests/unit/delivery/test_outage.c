/* When S3 as a whole takes nothing, and when only some targets fail. */
#include "base/counters.h"
#include "clients/s3.h"
#include "delivery/outage.h"

#include "base/memory.h"
#include "formats/document_names.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000, HOUR = 3600 * SECOND };

/* Clients, of which only the addresses count. */
static const char HERE[1];
static const char THERE[1];

struct story {
	struct lc_counters counters;
	struct lc_outage *outage;
	const char *client; /* whose uploads are answered */
	uint64_t now_ms;
};

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	story->outage = lc_outage_new(&story->counters);
	story->client = HERE;
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_outage_free(story->outage);
	free(story);
	return 0;
}

static void note(struct story *story, const char *target, const struct lc_s3_answer *answer)
{
	lc_outage_note(story->outage, (const void *)story->client,
		       story->client == HERE ? "http://here" : "http://there", lc_view_of(target),
		       answer, story->now_ms += SECOND);
}

static void confirm(struct story *story, const char *target)
{
	struct lc_s3_answer answer = {
	    .retry_class = LC_RETRY_DONE, .certain = true, .status = 200, .code = ""};

	note(story, target, &answer);
}

static void fail_with(struct story *story, const char *target, unsigned status, const char *code)
{
	struct lc_s3_answer answer = {
	    .retry_class = LC_RETRY_WAIT, .certain = true, .status = status, .code = code};

	lc_error_set(&answer.error, status == 0 ? LC_ERROR_UNREACHABLE : LC_ERROR_REFUSED, "%s",
		     code);
	note(story, target, &answer);
}

static void refuse(struct story *story, const char *target)
{
	fail_with(story, target, 404, "NoSuchBucket");
}

static bool out(const struct story *story)
{
	char words[LC_COUNTERS_WORDS_SIZE];
	bool failing = lc_counters_get(&story->counters, LC_COUNTERS_S3_FAILING_SINCE) > 0;
	unsigned fault = lc_counters_complaint(&story->counters, LC_COUNTERS_COMPLAINT_S3, words);

	assert_int_equal(fault != LC_FAULT_NONE, failing);
	assert_int_equal(words[0] != '\0', failing);
	return failing;
}

static void nothing_confirmed_since_the_start_is_an_outage_whatever_the_answer(void **state)
{
	struct story *story = *state;
	char words[LC_COUNTERS_WORDS_SIZE];

	assert_false(out(story));
	refuse(story, "a");
	assert_true(out(story));
	refuse(story, "b");
	assert_true(out(story));
	fail_with(story, "b", 400, "AuthorizationHeaderMalformed");
	assert_int_equal(lc_counters_complaint(&story->counters, LC_COUNTERS_COMPLAINT_S3, words),
			 LC_FAULT_S3_REGION);
	assert_string_equal(words, "AuthorizationHeaderMalformed");
	assert_int_equal(lc_counters_get(&story->counters, LC_COUNTERS_S3_CONFIRMED_AT), 0);
	confirm(story, "c");
	assert_false(out(story));
	assert_true(lc_counters_get(&story->counters, LC_COUNTERS_S3_CONFIRMED_AT) > 0);
}

/* However often it is probed while the others have nothing to upload. */
static void one_target_that_is_refused_is_none(void **state)
{
	struct story *story = *state;

	confirm(story, "good");
	for (unsigned i = 0; i < 100; i++) {
		refuse(story, "deleted");
		assert_false(out(story));
	}
	confirm(story, "good");
	fail_with(story, "slow", 503, "SlowDown");
	fail_with(story, "slow", 503, "SlowDown");
	refuse(story, "deleted");
	assert_false(out(story));
}

/* Those that failed before prove nothing; several that are deleted are their owners' doing. */
static void many_that_failed_before_are_none(void **state)
{
	struct story *story = *state;
	static const char *const names[] = {"a", "b", "c", "d", "e"};

	confirm(story, "good");
	for (size_t i = 0; i < 5; i++) {
		refuse(story, names[i]);
		assert_false(out(story));
	}
	for (size_t i = 0; i < 5; i++) {
		fail_with(story, names[i], 503, "SlowDown");
		confirm(story, "good");
		assert_false(out(story));
	}
	for (size_t i = 0; i < 5; i++) {
		fail_with(story, names[i], 503, "SlowDown");
		assert_false(out(story));
	}
}

static void the_only_target_is_all_there_is(void **state)
{
	struct story *story = *state;

	confirm(story, "central");
	refuse(story, "central");
	assert_true(out(story));
	confirm(story, "central");
	assert_false(out(story));
}

static void two_that_begin_to_fail_alike_are_one(void **state)
{
	struct story *story = *state;

	confirm(story, "a");
	confirm(story, "b");
	confirm(story, "c");
	fail_with(story, "a", 503, "SlowDown");
	assert_false(out(story));
	fail_with(story, "b", 503, "SlowDown");
	assert_true(out(story));
	confirm(story, "c");
	assert_false(out(story));
}

static void no_connection_and_a_wrong_key_are_one_at_once(void **state)
{
	struct story *story = *state;

	confirm(story, "a");
	confirm(story, "b");
	fail_with(story, "a", 0, "connection refused");
	assert_true(out(story));
	/* it answers again, though not as a would like it */
	refuse(story, "a");
	assert_false(out(story));
	fail_with(story, "a", 403, "InvalidAccessKeyId");
	assert_true(out(story));
	assert_true(lc_counters_get(&story->counters, LC_COUNTERS_S3_REFUSING_SINCE) > 0);
	confirm(story, "b");
	assert_int_equal(lc_counters_get(&story->counters, LC_COUNTERS_S3_REFUSING_SINCE), 0);
}

static void a_confirmation_of_an_hour_ago_says_nothing(void **state)
{
	struct story *story = *state;

	confirm(story, "good");
	refuse(story, "deleted");
	story->now_ms += HOUR;
	refuse(story, "deleted");
	assert_true(out(story));
}

/* Of a million buckets that come and go, a shard remembers those of the last hour. One that failed
 * before that is new when it fails again. */
static void a_bucket_that_has_had_nothing_for_an_hour_is_forgotten(void **state)
{
	struct story *story = *state;
	char name[16];

	confirm(story, "good");
	fail_with(story, "a", 503, "SlowDown");
	fail_with(story, "b", 503, "SlowDown");
	confirm(story, "good");
	fail_with(story, "a", 503, "SlowDown");
	fail_with(story, "b", 503, "SlowDown");
	assert_false(out(story));
	story->now_ms += HOUR;
	for (unsigned i = 0; i < 1100; i++) {
		snprintf(name, sizeof(name), "new-%u", i);
		confirm(story, name);
	}
	fail_with(story, "a", 503, "SlowDown");
	assert_false(out(story));
	fail_with(story, "b", 503, "SlowDown");
	assert_true(out(story));
}

/* What targets here take says nothing about an endpoint that others have of their own. */
static void each_client_is_judged_for_itself(void **state)
{
	struct story *story = *state;
	char words[LC_COUNTERS_WORDS_SIZE];
	uint64_t since;

	confirm(story, "a");
	story->client = THERE;
	fail_with(story, "acme", 403, "InvalidAccessKeyId");
	assert_true(out(story));
	lc_counters_complaint(&story->counters, LC_COUNTERS_COMPLAINT_S3, words);
	assert_string_equal(words, "http://there: InvalidAccessKeyId");
	since = lc_counters_get(&story->counters, LC_COUNTERS_S3_FAILING_SINCE);

	/* nor do they end its outage, or have one of their own for what fails there */
	story->client = HERE;
	confirm(story, "a");
	confirm(story, "b");
	assert_int_equal(lc_counters_get(&story->counters, LC_COUNTERS_S3_FAILING_SINCE), since);
	fail_with(story, "a", 503, "SlowDown");
	lc_counters_complaint(&story->counters, LC_COUNTERS_COMPLAINT_S3, words);
	assert_string_equal(words, "http://there: InvalidAccessKeyId");
	assert_true(lc_counters_get(&story->counters, LC_COUNTERS_S3_REFUSING_SINCE) > 0);

	story->client = THERE;
	confirm(story, "acme");
	assert_false(out(story));
	assert_int_equal(lc_counters_get(&story->counters, LC_COUNTERS_S3_REFUSING_SINCE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(nothing_confirmed_since_the_start_is_an_outage_whatever_the_answer),
	    STORY(one_target_that_is_refused_is_none),
	    STORY(many_that_failed_before_are_none),
	    STORY(the_only_target_is_all_there_is),
	    STORY(two_that_begin_to_fail_alike_are_one),
	    STORY(no_connection_and_a_wrong_key_are_one_at_once),
	    STORY(a_confirmation_of_an_hour_ago_says_nothing),
	    STORY(a_bucket_that_has_had_nothing_for_an_hour_is_forgotten),
	    STORY(each_client_is_judged_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
