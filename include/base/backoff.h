/*
 * Exponential backoff with jitter, as a pure rule: attempt 0 waits about `initial_ms`, each further
 * one twice as long, never over `maximum_ms`; jitter spreads the waits so that many who failed
 * together do not return together.
 */
#ifndef LC_BASE_BACKOFF_H
#define LC_BASE_BACKOFF_H

#include "base/random.h"

#include <stdint.h>

struct lc_backoff {
	uint64_t initial_ms;
	uint64_t maximum_ms;
	double jitter; /* fraction, 0 to 1 */
};

/* How long to wait, in ms, after failure number `attempt` (0 is the first), jitter left out. */
uint64_t lc_backoff_plain_ms(const struct lc_backoff *backoff, unsigned attempt);

/* The same with jitter. */
uint64_t lc_backoff_delay_ms(const struct lc_backoff *backoff, unsigned attempt,
			     struct lc_random *random);

#endif
