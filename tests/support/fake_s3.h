/* An S3 that answers what the test says, in place of clients/s3.h. */
#ifndef LC_TESTS_SUPPORT_FAKE_S3_H
#define LC_TESTS_SUPPORT_FAKE_S3_H

#include "clients/retry.h"
#include "clients/s3.h"

#include <stddef.h>
#include <stdint.h>

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
bool fake_s3_looks_first(const struct lc_s3 *s3);
uint64_t fake_s3_part_size(const struct lc_s3 *s3);

/* Answers the oldest PUT, by a status and code of this class: of the bucket, when it fails. */
void fake_s3_answer(struct lc_s3 *s3, enum lc_retry_class retry_class);

/* The same: it was not sent, for want of credentials. */
void fake_s3_answer_unsigned(struct lc_s3 *s3);

/* The same: a connection broke while parts were sent, and some may be left. */
void fake_s3_answer_leftover(struct lc_s3 *s3);

/* Answers the oldest PUT into this bucket. */
void fake_s3_answer_as(struct lc_s3 *s3, const char *bucket, unsigned status, const char *code);

/* So many bytes more have left, of each PUT into this bucket. */
void fake_s3_send(struct lc_s3 *s3, const char *bucket, uint64_t bytes);

#endif
