/* Whose turn it is when a request has failed. */
#include "clients/diagnose.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static struct lc_s3_answer answer_of(unsigned status, const char *code)
{
	struct lc_s3_answer answer = {.status = status, .code = code};

	lc_error_set(&answer.error, LC_ERROR_REFUSED, "not stored");
	return answer;
}

static void each_answer_of_s3_shows_its_fault(void **state)
{
	static const struct {
		unsigned status;
		const char *code;
		enum lc_fault fault;
	} cases[] = {
	    {400, "AuthorizationHeaderMalformed", LC_FAULT_S3_REGION},
	    {301, "PermanentRedirect", LC_FAULT_S3_REDIRECT},
	    {307, "TemporaryRedirect", LC_FAULT_S3_REDIRECT},
	    {301, "", LC_FAULT_S3_REDIRECT},
	    {307, "", LC_FAULT_S3_REDIRECT},
	    {308, "", LC_FAULT_S3_REDIRECT},
	    {200, "", LC_FAULT_S3_NO_ETAG},
	    {404, "", LC_FAULT_S3_NOT_S3},
	    {403, "", LC_FAULT_S3_NOT_S3},
	    {405, "", LC_FAULT_S3_NOT_S3},
	    {413, "", LC_FAULT_S3_OBJECT},
	    {429, "", LC_FAULT_S3_BUSY},
	    {502, "", LC_FAULT_S3_BUSY},
	    {503, "SlowDown", LC_FAULT_S3_BUSY},
	    {403, "InvalidAccessKeyId", LC_FAULT_S3_KEY},
	    {403, "SignatureDoesNotMatch", LC_FAULT_S3_SIGNATURE},
	    {403, "RequestTimeTooSkewed", LC_FAULT_S3_CLOCK},
	    {403, "AccessDenied", LC_FAULT_S3_RIGHTS},
	    {404, "NoSuchBucket", LC_FAULT_S3_NO_BUCKET},
	    {400, "KeyTooLongError", LC_FAULT_S3_OBJECT},
	    {400, "AccessControlListNotSupported", LC_FAULT_S3_HEADER},
	    {400, "InvalidArgument", LC_FAULT_S3_HEADER},
	    {400, "InvalidStorageClass", LC_FAULT_S3_HEADER},
	    {400, "KMS.NotFoundException", LC_FAULT_S3_HEADER},
	    {501, "NotImplemented", LC_FAULT_S3_HEADER},
	    {400, "InvalidRequest", LC_FAULT_S3_REQUEST},
	    {400, "BadDigest", LC_FAULT_S3_OTHER},
	    {400, "SomethingNew", LC_FAULT_S3_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lc_s3_answer answer = answer_of(cases[i].status, cases[i].code);

		assert_int_equal(lc_diagnose_s3(&answer), cases[i].fault);
	}
}

static void no_answer_of_s3_is_told_by_how_far_it_came(void **state)
{
	struct lc_s3_answer answer = answer_of(0, "");

	(void)state;
	answer.error.kind = LC_ERROR_UNREACHABLE;
	answer.unanswered = false; /* no connection */
	assert_int_equal(lc_diagnose_s3(&answer), LC_FAULT_S3_UNREACHABLE);
	answer.unanswered = true;
	assert_int_equal(lc_diagnose_s3(&answer), LC_FAULT_S3_SILENT);
	answer.error.kind = LC_ERROR_UNTRUSTED;
	assert_int_equal(lc_diagnose_s3(&answer), LC_FAULT_S3_TLS);
	answer.error.kind = LC_ERROR_CORRUPT;
	assert_int_equal(lc_diagnose_s3(&answer), LC_FAULT_S3_NOT_S3);
	answer.error.kind = LC_ERROR_REFUSED; /* a name that cannot be sent */
	answer.unanswered = false;
	assert_int_equal(lc_diagnose_s3(&answer), LC_FAULT_S3_OBJECT);
}

static void each_exception_of_clickhouse_shows_its_fault(void **state)
{
	static const struct {
		int code;
		enum lc_fault fault;
	} cases[] = {
	    {192, LC_FAULT_CLICKHOUSE_USER},    {516, LC_FAULT_CLICKHOUSE_USER},
	    {497, LC_FAULT_CLICKHOUSE_USER},    {60, LC_FAULT_CLICKHOUSE_SCHEMA},
	    {81, LC_FAULT_CLICKHOUSE_SCHEMA},   {47, LC_FAULT_CLICKHOUSE_SCHEMA},
	    {16, LC_FAULT_CLICKHOUSE_SCHEMA},   {164, LC_FAULT_CLICKHOUSE_PROFILE},
	    {704, LC_FAULT_CLICKHOUSE_PROFILE}, {201, LC_FAULT_CLICKHOUSE_QUOTA},
	    {158, LC_FAULT_CLICKHOUSE_LIMIT},   {159, LC_FAULT_CLICKHOUSE_LIMIT},
	    {241, LC_FAULT_CLICKHOUSE_LIMIT},   {396, LC_FAULT_CLICKHOUSE_LIMIT},
	    {202, LC_FAULT_CLICKHOUSE_BUSY},    {279, LC_FAULT_CLICKHOUSE_CLUSTER},
	    {242, LC_FAULT_CLICKHOUSE_CLUSTER}, {40, LC_FAULT_CLICKHOUSE_STORAGE},
	    {469, LC_FAULT_CLICKHOUSE_OTHER},   {100000, LC_FAULT_CLICKHOUSE_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lc_error error;

		lc_error_set(&error, LC_ERROR_REFUSED, "an exception");
		error.code = cases[i].code;
		assert_int_equal(lc_diagnose_clickhouse(&error), cases[i].fault);
	}
}

static void a_clickhouse_that_answers_nothing_is_told_from_one_that_makes_no_sense(void **state)
{
	struct lc_error error;

	(void)state;
	lc_error_set(&error, LC_ERROR_UNREACHABLE, "connection refused");
	assert_int_equal(lc_diagnose_clickhouse(&error), LC_FAULT_CLICKHOUSE_UNREACHABLE);
	lc_error_set(&error, LC_ERROR_UNTRUSTED, "certificate");
	assert_int_equal(lc_diagnose_clickhouse(&error), LC_FAULT_CLICKHOUSE_TLS);
	lc_error_set(&error, LC_ERROR_REFUSED, "HTTP 404, not an answer of ClickHouse");
	assert_int_equal(lc_diagnose_clickhouse(&error), LC_FAULT_CLICKHOUSE_NONSENSE);
	lc_error_set(&error, LC_ERROR_CORRUPT, "HTTP 200, not an answer of ClickHouse");
	assert_int_equal(lc_diagnose_clickhouse(&error), LC_FAULT_CLICKHOUSE_NONSENSE);
}

static void every_fault_has_a_word_of_its_own_and_says_what_to_do(void **state)
{
	(void)state;
	for (unsigned i = LC_FAULT_NONE + 1; i < LC_FAULT_COUNT; i++) {
		const struct lc_fault_description *fault = &LC_FAULT_DESCRIPTIONS[i];

		for (unsigned other = 0; other < i; other++)
			assert_string_not_equal(LC_FAULT_NAMES.texts[i],
						LC_FAULT_NAMES.texts[other]);
		assert_true(strlen(fault->what) > 20 && strlen(fault->advice) > 20);
	}
	assert_string_equal(LC_FAULT_NAMES.texts[LC_FAULT_NONE], "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_answer_of_s3_shows_its_fault),
	    cmocka_unit_test(no_answer_of_s3_is_told_by_how_far_it_came),
	    cmocka_unit_test(each_exception_of_clickhouse_shows_its_fault),
	    cmocka_unit_test(
		a_clickhouse_that_answers_nothing_is_told_from_one_that_makes_no_sense),
	    cmocka_unit_test(every_fault_has_a_word_of_its_own_and_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
