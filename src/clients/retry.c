#include "clients/retry.h"

#include "base/assert.h"

#include <stddef.h>
#include <string.h>

struct code_class {
	const char *code;
	enum lc_retry_class retry_class;
};

/* What S3's <Code> says goes before the status. A body that was damaged on its way (BadDigest, ...)
 * is whole again at the next attempt. */
static const struct code_class S3_CODES[] = {
    {"AccessDenied", LC_RETRY_WAIT},
    {"AllAccessDisabled", LC_RETRY_WAIT},
    {"InvalidAccessKeyId", LC_RETRY_WAIT},
    {"NoSuchBucket", LC_RETRY_WAIT},
    {"QuotaExceeded", LC_RETRY_WAIT},
    {"SignatureDoesNotMatch", LC_RETRY_WAIT},
    {"BadDigest", LC_RETRY_AGAIN},
    {"IncompleteBody", LC_RETRY_AGAIN},
    {"InternalError", LC_RETRY_AGAIN},
    {"RequestTimeout", LC_RETRY_AGAIN},
    {"ServiceUnavailable", LC_RETRY_AGAIN},
    {"SlowDown", LC_RETRY_AGAIN},
    {"XAmzContentSHA256Mismatch", LC_RETRY_AGAIN},
    {"RequestTimeTooSkewed", LC_RETRY_CLOCK},
};

/* Error codes of ClickHouse (its src/Common/ErrorCodes.cpp) that no later attempt mends: what is
 * asked for does not exist, is not allowed, or is not understood. */
static const int CLICKHOUSE_WAIT_CODES[] = {
    8,   /* THERE_IS_NO_COLUMN */
    16,  /* NO_SUCH_COLUMN_IN_TABLE */
    36,  /* BAD_ARGUMENTS */
    42,  /* NUMBER_OF_ARGUMENTS_DOESNT_MATCH */
    43,  /* ILLEGAL_TYPE_OF_ARGUMENT */
    46,  /* UNKNOWN_FUNCTION */
    47,  /* UNKNOWN_IDENTIFIER */
    48,  /* NOT_IMPLEMENTED */
    50,  /* UNKNOWN_TYPE */
    53,  /* TYPE_MISMATCH */
    60,  /* UNKNOWN_TABLE */
    62,  /* SYNTAX_ERROR */
    73,  /* UNKNOWN_FORMAT */
    81,  /* UNKNOWN_DATABASE */
    115, /* UNKNOWN_SETTING */
    164, /* READONLY */
    192, /* UNKNOWN_USER */
    193, /* WRONG_PASSWORD */
    194, /* REQUIRED_PASSWORD */
    195, /* IP_ADDRESS_NOT_ALLOWED */
    291, /* DATABASE_ACCESS_DENIED */
    452, /* SETTING_CONSTRAINT_VIOLATION */
    456, /* UNKNOWN_QUERY_PARAMETER */
    457, /* BAD_QUERY_PARAMETER */
    497, /* ACCESS_DENIED */
    516, /* AUTHENTICATION_FAILED */
};

static enum lc_retry_class class_of_status(unsigned status)
{
	if (status == 0 || status == 408 || status == 429)
		return LC_RETRY_AGAIN;
	if (status == 501 || status == 505)
		return LC_RETRY_WAIT;
	return status >= 500 && status < 600 ? LC_RETRY_AGAIN : LC_RETRY_WAIT;
}

enum lc_retry_class lc_retry_classify_s3(unsigned status, const char *code, bool *certain)
{
	if (certain != NULL)
		*certain = status >= 400 && status < 500;
	if (status >= 200 && status < 300)
		return LC_RETRY_DONE;
	if (status >= 400 && status < 600) {
		for (size_t i = 0; i < sizeof(S3_CODES) / sizeof(S3_CODES[0]); i++) {
			if (strcmp(S3_CODES[i].code, code) == 0)
				return S3_CODES[i].retry_class;
		}
	}
	return class_of_status(status);
}

bool lc_retry_refuses_credentials(const char *code)
{
	return strcmp(code, "InvalidAccessKeyId") == 0 ||
	       strcmp(code, "SignatureDoesNotMatch") == 0;
}

enum lc_retry_class lc_retry_classify_clickhouse(unsigned status, int exception_code)
{
	size_t count = sizeof(CLICKHOUSE_WAIT_CODES) / sizeof(CLICKHOUSE_WAIT_CODES[0]);

	if (exception_code == 0)
		return status == 200 ? LC_RETRY_DONE : class_of_status(status);
	for (size_t i = 0; i < count; i++) {
		if (CLICKHOUSE_WAIT_CODES[i] == exception_code)
			return LC_RETRY_WAIT;
	}
	return LC_RETRY_AGAIN;
}

const char *lc_retry_class_name(enum lc_retry_class retry_class)
{
	switch (retry_class) {
	case LC_RETRY_DONE:
		return "done";
	case LC_RETRY_AGAIN:
		return "again";
	case LC_RETRY_CLOCK:
		return "clock";
	case LC_RETRY_WAIT:
		return "wait";
	}
	LC_ASSERT(false);
	return "";
}
