/* What S3's answers say of the set-up. */
#include "preflight/s3_checks.h"

#include "support/story.h"

static struct lc_s3_answer answer_of(unsigned status, const char *code)
{
	struct lc_s3_answer answer = {.status = status, .code = code, .retry_class = LC_RETRY_WAIT};

	lc_error_set(&answer.error, LC_ERROR_REFUSED, "GET /: HTTP %u %s", status, code);
	return answer;
}

static const struct lc_s3_answer DONE = {.status = 200, .code = "", .retry_class = LC_RETRY_DONE};

static void keys_are_taken_if_buckets_are_listed_or_may_not_be(void **state)
{
	struct lc_s3_answer denied = answer_of(403, "AccessDenied");
	struct lc_verdict verdict;

	(void)state;
	lc_s3_checks_judge_keys(&DONE, "http://s3", false, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_OK);
	lc_s3_checks_judge_keys(&denied, "http://s3", false, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_OK);
	assert_non_null(strstr(verdict.text, "may not list buckets"));
}

static void keys_fail(const char *code, const char *advice)
{
	struct lc_s3_answer answer = answer_of(403, code);
	struct lc_verdict verdict;

	lc_s3_checks_judge_keys(&answer, "http://s3", false, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_FAIL);
	assert_non_null(strstr(verdict.text, code));
	assert_non_null(strstr(verdict.text, advice));
}

static void keys_that_are_refused_say_which_setting_is_wrong(void **state)
{
	(void)state;
	keys_fail("InvalidAccessKeyId", "Correct s3.access-key-id");
	keys_fail("SignatureDoesNotMatch", "Correct s3.secret-access-key");
	keys_fail("RequestTimeTooSkewed", "NTP");
	keys_fail("AuthorizationHeaderMalformed", "Set s3.region");
	keys_fail("", "Set s3.endpoint to the address of the S3 API");
}

static void a_clock_that_s3_refuses_is_a_warning_if_the_keys_are_taken(void **state)
{
	struct lc_s3_answer denied = answer_of(403, "AccessDenied");
	struct lc_s3_answer refused = answer_of(403, "InvalidAccessKeyId");
	struct lc_verdict verdict;

	(void)state;
	lc_s3_checks_judge_keys(&DONE, "http://s3", true, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_WARN);
	assert_non_null(strstr(verdict.text, "NTP"));
	lc_s3_checks_judge_keys(&denied, "http://s3", true, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_WARN);
	lc_s3_checks_judge_keys(&refused, "http://s3", true, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_FAIL);
}

static void a_service_that_lists_no_buckets_tells_nothing(void **state)
{
	struct lc_s3_answer answer = answer_of(501, "NotImplemented");
	struct lc_verdict verdict;

	(void)state;
	lc_s3_checks_judge_keys(&answer, "http://s3", false, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_WARN);
	assert_non_null(strstr(verdict.text, "--preflight-bucket"));
}

static void a_success_without_a_list_is_not_s3(void **state)
{
	struct lc_s3_answer answer = {.status = 200, .code = "", .retry_class = LC_RETRY_WAIT};
	struct lc_verdict verdict;

	(void)state;
	lc_error_set(&answer.error, LC_ERROR_CORRUPT, "without a list");
	lc_s3_checks_judge_keys(&answer, "http://s3", false, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_FAIL);
	assert_non_null(strstr(verdict.text, "Set s3.endpoint"));
}

static void an_upload_that_is_refused_fails(void **state)
{
	struct lc_s3_answer answer = answer_of(404, "NoSuchBucket");
	struct lc_verdict verdict;

	(void)state;
	lc_s3_checks_judge_put(&DONE, "key", &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_OK);
	assert_string_equal(verdict.text, "stored key");
	lc_s3_checks_judge_put(&answer, "key", &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_FAIL);
	assert_non_null(strstr(verdict.text, "Create the target buckets"));
}

static void an_upload_in_parts_should_see_what_is_left(void **state)
{
	struct lc_s3_answer answer = answer_of(501, "NotImplemented");
	struct lc_verdict verdict;

	(void)state;
	lc_s3_checks_judge_parts(&DONE, "key", true, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_OK);
	lc_s3_checks_judge_parts(&DONE, "key", false, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_WARN);
	assert_non_null(strstr(verdict.text, "s3:ListBucketMultipartUploads"));
	lc_s3_checks_judge_parts(&answer, "key", false, &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_FAIL);
	assert_non_null(strstr(verdict.text, "s3.multipart-threshold-bytes"));
}

static void what_cannot_be_deleted_is_named(void **state)
{
	struct lc_s3_answer answer = answer_of(403, "AccessDenied");
	struct lc_verdict verdict;

	(void)state;
	lc_s3_checks_judge_delete(&DONE, "key", &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_OK);
	lc_s3_checks_judge_delete(&answer, "key", &verdict);
	assert_int_equal(verdict.grade, LC_VERDICT_WARN);
	assert_non_null(strstr(verdict.text, "key is left there"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_taken_if_buckets_are_listed_or_may_not_be),
	    cmocka_unit_test(keys_that_are_refused_say_which_setting_is_wrong),
	    cmocka_unit_test(a_clock_that_s3_refuses_is_a_warning_if_the_keys_are_taken),
	    cmocka_unit_test(a_service_that_lists_no_buckets_tells_nothing),
	    cmocka_unit_test(a_success_without_a_list_is_not_s3),
	    cmocka_unit_test(an_upload_that_is_refused_fails),
	    cmocka_unit_test(an_upload_in_parts_should_see_what_is_left),
	    cmocka_unit_test(what_cannot_be_deleted_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
