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
