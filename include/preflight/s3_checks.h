/*
 * What the preflight checks about S3, each a pure rule that judges an answer.
 */
#ifndef LC_PREFLIGHT_S3_CHECKS_H
#define LC_PREFLIGHT_S3_CHECKS_H

#include "clients/s3.h"
#include "preflight/verdict.h"

#include <stdbool.h>

/* Of lc_s3_list_buckets: whether the service takes the access key and its secret. `second`: it is
 * the answer to a second request, signed by S3's clock because the first one was refused for ours. */
void lc_s3_checks_judge_keys(const struct lc_s3_answer *answer, const char *endpoint, bool second,
			     struct lc_verdict *verdict);

/* Of a PUT of a small object. */
void lc_s3_checks_judge_put(const struct lc_s3_answer *answer, const char *key,
			    struct lc_verdict *verdict);

/* The same in parts. `sees_leftovers`: what failed attempts leave could be looked for. */
void lc_s3_checks_judge_parts(const struct lc_s3_answer *answer, const char *key,
			      bool sees_leftovers, struct lc_verdict *verdict);

/* Of its DELETE, which log-courier itself never sends. */
void lc_s3_checks_judge_delete(const struct lc_s3_answer *answer, const char *key,
			       struct lc_verdict *verdict);

#endif
