#include "base/backoff.h"

uint64_t lc_backoff_plain_ms(const struct lc_backoff *backoff, unsigned attempt)
{
	uint64_t delay = backoff->initial_ms;

	while (attempt-- > 0 && delay > 0 && delay < backoff->maximum_ms)
		delay = delay > backoff->maximum_ms / 2 ? backoff->maximum_ms : delay * 2;
	return delay > backoff->maximum_ms ? backoff->maximum_ms : delay;
}

uint64_t lc_backoff_delay_ms(const struct lc_backoff *backoff, unsigned attempt,
			     struct lc_random *random)
{
	uint64_t delay =
	    lc_random_jitter(random, lc_backoff_plain_ms(backoff, attempt), backoff->jitter);

	return delay > backoff->maximum_ms ? backoff->maximum_ms : delay;
}
