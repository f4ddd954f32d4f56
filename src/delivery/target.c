#include "delivery/target.h"

#include "base/memory.h"
#include "base/random.h"
#include "config/settings.h"

#include <stdlib.h>

/* So many prefixes refused one after the other, and none that was taken: the bucket refuses. */
enum { REFUSALS_MAX = 3 };

/* Before an upload tries without having been told whether there are credentials now. */
enum { KEYLESS_MS = 30 * 1000 };

struct lc_target_policy lc_target_policy_of(const struct lc_settings *settings)
{
	size_t cap = (size_t)lc_settings_inflight_bytes(settings);

	return (struct lc_target_policy){
	    .attempts = (unsigned)settings->s3_max_retry_attempts,
	    .concurrency = (unsigned)settings->limits_max_concurrent_uploads_per_target,
	    .cap_bytes = cap,
	    /* Room for four uploads of the default size and an object that is being built. */
	    .share_bytes = cap / 8 * 6,
	    .slow_share_bytes = cap / 8,
	    .backoff = {.initial_ms = (uint64_t)settings->retry_initial_backoff_seconds * 1000,
			.maximum_ms = (uint64_t)settings->s3_max_backoff_delay_seconds * 1000,
			.jitter = settings->retry_backoff_jitter_factor},
	};
}

const struct lc_standing *lc_target_standing(const struct lc_target *target)
{
	const struct lc_standing *bucket = &target->bucket->standing;

	return bucket->state >= target->standing.state ? bucket : &target->standing;
}

bool lc_target_aside(const struct lc_target *target)
{
	return lc_target_standing(target)->state == LC_TARGET_ASIDE;
}

enum lc_ledger_given_up lc_target_given_up(const struct lc_target *target)
{
	enum lc_ledger_given_up bucket = target->bucket->standing.given_up;

	return bucket > target->standing.given_up ? bucket : target->standing.given_up;
}

bool lc_target_bucket_prompt(const struct lc_target_bucket *bucket)
{
	return bucket->standing.state == LC_TARGET_HEALTHY && !bucket->slow;
}

bool lc_target_bucket_slow(const struct lc_target_bucket *bucket)
{
	return bucket->slow || bucket->keyless || bucket->standing.state == LC_TARGET_ASIDE;
}

uint64_t lc_target_probe_at_ms(const struct lc_target *target)
{
	if (target->bucket->standing.state != LC_TARGET_HEALTHY)
		return target->bucket->standing.probe_at_ms;
	return target->standing.state == LC_TARGET_HEALTHY ? 0 : target->standing.probe_at_ms;
}

/* While the bucket does not work, it says when the next probe is, and the probes go through its
 * targets in turn, whatever is known of each. */
bool lc_target_may_start(const struct lc_target *target, const struct lc_target_policy *policy,
			 uint64_t now_ms)
{
	if (target->bucket->standing.state != LC_TARGET_HEALTHY)
		return target->bucket->active == 0 && now_ms >= lc_target_probe_at_ms(target);
	if (target->bucket->active >= policy->concurrency)
		return false;
	return target->standing.state == LC_TARGET_HEALTHY ||
	       (target->active == 0 && now_ms >= target->standing.probe_at_ms);
}

bool lc_target_crowded(const struct lc_target *target, const struct lc_target_policy *policy)
{
	bool slow = lc_target_bucket_slow(target->bucket);

	return target->bucket->bytes >= (slow ? policy->slow_share_bytes : policy->share_bytes);
}

/* ---- answers ---- */

static bool succeed(struct lc_standing *standing)
{
	bool changed = standing->state != LC_TARGET_HEALTHY;

	standing->state = LC_TARGET_HEALTHY;
	standing->refused = false;
	standing->failures = 0;
	free(standing->last_error);
	standing->last_error = NULL;
	return changed;
}

static bool fail(struct lc_standing *standing, const struct lc_target_policy *policy,
		 const struct lc_target_answer *answer, uint64_t now_ms, struct lc_random *random)
{
	enum lc_target_state before = standing->state;

	free(standing->last_error);
	standing->last_error = lc_memory_copy_text(answer->error);
	standing->refused = answer->retry_class == LC_RETRY_WAIT;
	if (standing->failures == 0)
		standing->failing_since_ms = now_ms;
	if (standing->failures == 0 || answer->started_ms >= standing->counted_ms) {
		standing->probe_at_ms =
		    now_ms + lc_backoff_delay_ms(&policy->backoff, standing->failures, random);
		standing->counted_ms = now_ms;
		standing->failures++;
	}
	if (standing->refused || standing->failures >= policy->attempts)
		standing->state = LC_TARGET_ASIDE;
	else if (standing->state == LC_TARGET_HEALTHY)
		standing->state = LC_TARGET_SHAKY;
	return standing->state != before;
}

/* The bucket is there and answers; one that has refused a prefix after the other still may. */
static bool clear_bucket(struct lc_target_bucket *bucket)
{
	return !bucket->standing.refused && succeed(&bucket->standing);
}

/* A refusal that speaks of the target. */
static unsigned refuse(struct lc_target *target, const struct lc_target_policy *policy,
		       const struct lc_target_answer *answer, uint64_t now_ms,
		       struct lc_random *random)
{
	struct lc_target_bucket *bucket = target->bucket;
	bool new = !target->standing.refused;
	unsigned changes = 0;

	if (fail(&target->standing, policy, answer, now_ms, random))
		changes |= LC_TARGET_CHANGED;
	if (clear_bucket(bucket))
		changes |= LC_TARGET_BUCKET_CHANGED;
	if (new)
		bucket->refusals++;
	if ((bucket->standing.refused || bucket->refusals >= REFUSALS_MAX) &&
	    fail(&bucket->standing, policy, answer, now_ms, random))
		changes |= LC_TARGET_BUCKET_CHANGED;
	return changes;
}

/* Nothing is known against it. */
static unsigned wait_for_credentials(struct lc_target_bucket *bucket,
				     const struct lc_target_answer *answer, uint64_t now_ms)
{
	struct lc_standing *standing = &bucket->standing;
	bool new = standing->state == LC_TARGET_HEALTHY;

	bucket->keyless = true;
	free(standing->last_error);
	standing->last_error = lc_memory_copy_text(answer->error);
	standing->probe_at_ms = now_ms + KEYLESS_MS;
	if (new)
		standing->state = LC_TARGET_SHAKY;
	return new ? LC_TARGET_BUCKET_CHANGED : 0;
}

unsigned lc_target_note_answer(struct lc_target *target, const struct lc_target_policy *policy,
			       const struct lc_target_answer *answer, uint64_t now_ms,
			       struct lc_random *random)
{
	unsigned changes = 0;

	if (answer->retry_class == LC_RETRY_CREDENTIALS)
		return wait_for_credentials(target->bucket, answer, now_ms);
	target->bucket->keyless = false;
	if (answer->retry_class == LC_RETRY_DONE) {
		target->bucket->refusals = 0;
		target->bucket->proven = true;
		if (succeed(&target->standing))
			changes |= LC_TARGET_CHANGED;
		if (succeed(&target->bucket->standing))
			changes |= LC_TARGET_BUCKET_CHANGED;
		return changes;
	}
	switch (answer->scope) {
	case LC_RETRY_SCOPE_BUCKET:
		if (fail(&target->bucket->standing, policy, answer, now_ms, random))
			changes |= LC_TARGET_BUCKET_CHANGED;
		break;
	case LC_RETRY_SCOPE_PREFIX:
	case LC_RETRY_SCOPE_UNKNOWN:
		changes = refuse(target, policy, answer, now_ms, random);
		break;
	case LC_RETRY_SCOPE_OBJECT:
		if (clear_bucket(target->bucket))
			changes |= LC_TARGET_BUCKET_CHANGED;
		break;
	}
	return changes;
}

void lc_target_retry_now(struct lc_target *target, uint64_t now_ms)
{
	target->standing.probe_at_ms = now_ms;
	target->bucket->standing.probe_at_ms = now_ms;
	target->rebuild_at_ms = 0;
}
