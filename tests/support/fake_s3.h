/* An S3 that answers what the test says, in place of clients/s3.h. */
#ifndef LC_TESTS_SUPPORT_FAKE_S3_H
#define LC_TESTS_SUPPORT_FAKE_S3_H

#include "clients/retry.h"
#include "clients/s3.h"

#include <stddef.h>

struct lc_s3 *fake_s3_new(void);
/* All PUTs have ended. */
void fake_s3_free(struct lc_s3 *s3);

/* PUTs under way, and how many were started altogether. */
size_t fake_s3_active(const struct lc_s3 *s3);
size_t fake_s3_started(const struct lc_s3 *s3);

/* Of the oldest PUT under way; valid until it is answered. */
const char *fake_s3_bucket(const struct lc_s3 *s3);
const char *fake_s3_key(const struct lc_s3 *s3);
const char *fake_s3_body(const struct lc_s3 *s3);

/* Answers the oldest PUT. */
void fake_s3_answer(struct lc_s3 *s3, enum lc_retry_class answer);

#endif
