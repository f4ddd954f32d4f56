/*
 * Whether S3 as a whole takes nothing, told from one target's trouble. A target that is refused, or
 * hangs, among others that work must not look like an outage; but when nothing is confirmed, that
 * is one, whatever the answers are.
 *
 * Each client of S3 is judged for itself: targets may have an endpoint or an access key of their
 * own, and those of one say nothing about those of another. For a client, a failure is an outage
 * when no upload was confirmed since the start; or when its fault reaches all
 * (include/tbl/faults.h); or when each target that has been tried failed last; or when, since the
 * last confirmation, two targets that worked before, or were new, have failed in a way that may
 * reach all; or when the last confirmation is an hour old. A bucket that nothing was uploaded to
 * for an hour may be forgotten, and is new then.
 */
#ifndef LC_DELIVERY_OUTAGE_H
#define LC_DELIVERY_OUTAGE_H

#include "base/view.h"

#include <stdint.h>

struct lc_counters;
struct lc_outage;
struct lc_s3;
struct lc_s3_answer;

/* Shows what it finds in the counters: LC_COUNTERS_S3_FAILING_SINCE, ..._S3_REFUSING_SINCE, the
 * time of the last confirmation, and S3's complaint. */
struct lc_outage *lc_outage_new(struct lc_counters *counters);
void lc_outage_free(struct lc_outage *outage);

/* An upload by this client, for this endpoint, into the bucket has been answered, or not. A bucket
 * has one client; both it and the endpoint must outlive `outage`. now_ms: monotonic. */
void lc_outage_note(struct lc_outage *outage, const struct lc_s3 *client, const char *endpoint,
		    struct lc_view bucket, const struct lc_s3_answer *answer, uint64_t now_ms);

#endif
