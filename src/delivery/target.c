#include "delivery/target.h"

bool lc_target_may_start(const struct lc_target *target, const struct lc_target_policy *policy,
			 uint64_t now_ms)
{
	if (target->state == LC_TARGET_HEALTHY)
		return target->active < policy->concurrency;
	return target->active == 0 && now_ms >= target->probe_at_ms;
}

bool lc_target_crowded(const struct lc_target *target, const struct lc_target_policy *policy)
{
	return target->state != LC_TARGET_ASIDE && target->bytes >= policy->share_bytes;
}

bool lc_target_note_answer(struct lc_target *target, const struct lc_target_policy *policy,
			   enum lc_retry_class answer, uint64_t now_ms, struct lc_random *random)
{
	enum lc_target_state before = target->state;

	if (answer == LC_RETRY_DONE) {
		target->state = LC_TARGET_HEALTHY;
		target->refused = false;
		target->failures = 0;
		return before != LC_TARGET_HEALTHY;
	}
	if (target->failures == 0)
		target->failing_since_ms = now_ms;
	target->refused = answer == LC_RETRY_WAIT;
	target->probe_at_ms =
	    now_ms + lc_backoff_delay_ms(&policy->backoff, target->failures, random);
	target->failures++;
	if (target->refused || target->failures >= policy->attempts)
		target->state = LC_TARGET_ASIDE;
	else if (target->state == LC_TARGET_HEALTHY)
		target->state = LC_TARGET_SHAKY;
	return target->state != before;
}

const char *lc_target_state_name(enum lc_target_state state)
{
	switch (state) {
	case LC_TARGET_HEALTHY:
		return "healthy";
	case LC_TARGET_SHAKY:
		return "shaky";
	case LC_TARGET_ASIDE:
		return "aside";
	}
	return "unknown";
}
