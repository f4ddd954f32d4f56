#include "clients/retry.h"

#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct s3_case {
	unsigned status;
	const char *code;
	enum lc_retry_class retry_class;
	bool certain;
};

static const struct s3_case S3_CASES[] = {
    {0, "", LC_RETRY_AGAIN, false},
    {200, "", LC_RETRY_DONE, false},
    {201, "", LC_RETRY_DONE, false},
    {204, "", LC_RETRY_DONE, false},
    {301, "PermanentRedirect", LC_RETRY_WAIT, false},
    {307, "TemporaryRedirect", LC_RETRY_WAIT, false},
    {307, "SlowDown", LC_RETRY_AGAIN, false},
    {400, "", LC_RETRY_WAIT, true},
    {400, "AuthorizationHeaderMalformed", LC_RETRY_WAIT, true},
    {400, "BadDigest", LC_RETRY_AGAIN, true},
    {400, "EntityTooSmall", LC_RETRY_WAIT, true},
    {400, "InvalidPart", LC_RETRY_AGAIN, true},
    {404, "NoSuchUpload", LC_RETRY_AGAIN, true},
    {400, "IncompleteBody", LC_RETRY_AGAIN, true},
    {400, "XAmzContentSHA256Mismatch", LC_RETRY_AGAIN, true},
    {400, "RequestTimeout", LC_RETRY_AGAIN, true},
    {403, "", LC_RETRY_WAIT, true},
    {403, "AccessDenied", LC_RETRY_WAIT, true},
    {403, "AllAccessDisabled", LC_RETRY_WAIT, true},
    {403, "InvalidAccessKeyId", LC_RETRY_WAIT, true},
    {403, "SignatureDoesNotMatch", LC_RETRY_WAIT, true},
    {403, "QuotaExceeded", LC_RETRY_WAIT, true},
    {403, "RequestTimeTooSkewed", LC_RETRY_CLOCK, true},
    {404, "NoSuchBucket", LC_RETRY_WAIT, true},
    {404, "", LC_RETRY_WAIT, true},
    {408, "", LC_RETRY_AGAIN, true},
    {409, "", LC_RETRY_WAIT, true},
    {412, "PreconditionFailed", LC_RETRY_WAIT, true},
    {418, "", LC_RETRY_WAIT, true},
    {429, "", LC_RETRY_AGAIN, true},
    {500, "", LC_RETRY_AGAIN, false},
    {500, "InternalError", LC_RETRY_AGAIN, false},
    {501, "NotImplemented", LC_RETRY_WAIT, false},
    {502, "", LC_RETRY_AGAIN, false},
    {503, "", LC_RETRY_AGAIN, false},
    {503, "SlowDown", LC_RETRY_AGAIN, false},
    {503, "ServiceUnavailable", LC_RETRY_AGAIN, false},
    {504, "", LC_RETRY_AGAIN, false},
    {505, "", LC_RETRY_WAIT, false},
    {507, "", LC_RETRY_AGAIN, false},
    {600, "", LC_RETRY_WAIT, false},
    {999, "InternalError", LC_RETRY_WAIT, false},
};

static void each_answer_of_s3_has_its_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(S3_CASES) / sizeof(S3_CASES[0]); i++) {
		const struct s3_case *one = &S3_CASES[i];
		bool certain = !one->certain;

		assert_int_equal(lc_retry_classify_s3(one->status, one->code, &certain),
				 one->retry_class);
		assert_int_equal(certain, one->certain);
		assert_int_equal(lc_retry_classify_s3(one->status, one->code, NULL),
				 one->retry_class);
	}
}

/* What an answer speaks of decides who steps aside for it. */
static void each_answer_of_s3_speaks_of_something(void **state)
{
	static const struct {
		unsigned status;
		const char *code;
		enum lc_retry_scope scope;
	} cases[] = {
	    /* nobody answers, or what answers is no S3 */
	    {0, "", LC_RETRY_SCOPE_BUCKET},
	    {200, "", LC_RETRY_SCOPE_BUCKET},
	    {301, "", LC_RETRY_SCOPE_BUCKET},
	    {302, "", LC_RETRY_SCOPE_BUCKET},
	    {999, "", LC_RETRY_SCOPE_BUCKET},
	    /* it passes */
	    {408, "", LC_RETRY_SCOPE_BUCKET},
	    {429, "", LC_RETRY_SCOPE_BUCKET},
	    {500, "", LC_RETRY_SCOPE_BUCKET},
	    {501, "NotImplemented", LC_RETRY_SCOPE_BUCKET},
	    {503, "SlowDown", LC_RETRY_SCOPE_BUCKET},
	    {400, "BadDigest", LC_RETRY_SCOPE_BUCKET},
	    {403, "RequestTimeTooSkewed", LC_RETRY_SCOPE_BUCKET},
	    /* the bucket, or the key that it is asked with */
	    {404, "NoSuchBucket", LC_RETRY_SCOPE_BUCKET},
	    {400, "InvalidBucketName", LC_RETRY_SCOPE_BUCKET},
	    {301, "PermanentRedirect", LC_RETRY_SCOPE_BUCKET},
	    {400, "AuthorizationHeaderMalformed", LC_RETRY_SCOPE_BUCKET},
	    {403, "InvalidAccessKeyId", LC_RETRY_SCOPE_BUCKET},
	    {403, "SignatureDoesNotMatch", LC_RETRY_SCOPE_BUCKET},
	    {403, "AllAccessDisabled", LC_RETRY_SCOPE_BUCKET},
	    {403, "QuotaExceeded", LC_RETRY_SCOPE_BUCKET},
	    /* what a policy may allow for some keys and not for others */
	    {403, "AccessDenied", LC_RETRY_SCOPE_PREFIX},
	    {403, "", LC_RETRY_SCOPE_PREFIX},
	    {403, "Forbidden", LC_RETRY_SCOPE_PREFIX},
	    {400, "KeyTooLongError", LC_RETRY_SCOPE_PREFIX},
	    /* the object */
	    {413, "", LC_RETRY_SCOPE_OBJECT},
	    {413, "Strange", LC_RETRY_SCOPE_OBJECT},
	    {400, "EntityTooLarge", LC_RETRY_SCOPE_OBJECT},
	    {400, "MaxMessageLengthExceeded", LC_RETRY_SCOPE_OBJECT},
	    /* who knows */
	    {400, "", LC_RETRY_SCOPE_UNKNOWN},
	    {404, "", LC_RETRY_SCOPE_UNKNOWN},
	    {409, "OperationAborted", LC_RETRY_SCOPE_UNKNOWN},
	    {418, "Teapot", LC_RETRY_SCOPE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(lc_retry_scope_s3(cases[i].status, cases[i].code), cases[i].scope);
}

static void a_code_counts_only_as_a_whole(void **state)
{
	static const char *const codes[] = {"accessdenied-x", "AccessDenied-x", "accessdenied",
					    "NoSuchBuckets",  "NoSuch",         " AccessDenied"};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_int_equal(lc_retry_classify_s3(503, codes[i], NULL), LC_RETRY_AGAIN);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_int_equal(lc_retry_scope_s3(400, codes[i]), LC_RETRY_SCOPE_UNKNOWN);
}

static void every_status_and_code_has_a_class(void **state)
{
	(void)state;
	for (unsigned status = 0; status < 1100; status++) {
		enum lc_retry_class s3 = lc_retry_classify_s3(status, "", NULL);

		assert_int_equal(s3 == LC_RETRY_DONE, status >= 200 && status < 300);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_answer_of_s3_has_its_class),
	    cmocka_unit_test(each_answer_of_s3_speaks_of_something),
	    cmocka_unit_test(a_code_counts_only_as_a_whole),
	    cmocka_unit_test(every_status_and_code_has_a_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
