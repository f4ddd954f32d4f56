/*
 * A clock that follows ClickHouse's and cannot be led astray: it never shows more than ClickHouse
 * tells, and gains at most a quarter on the time that really passes. The horizon follows it. So a
 * clock that is ahead for a while (ClickHouse's, this machine's, or both) has to be so for four
 * times the length of the horizon before what comes once it is right again lies before the horizon;
 * and after a long outage this clock is right again by itself.
 *
 * A pure rule. What passes is measured on the monotonic clock, which begins with the machine.
 */
#ifndef LC_DELIVERY_STEADY_CLOCK_H
#define LC_DELIVERY_STEADY_CLOCK_H

#include <stdint.h>

/* All zero: it has not begun. It is kept in the ledger from one life to the next. */
struct lc_steady_clock {
	uint64_t shows_ms; /* since 1970 */
	uint64_t at_ms;    /* when it showed that, on the monotonic clock */
};

/* ClickHouse's clock tells `told`, in seconds since 1970. To be called often. */
void lc_steady_clock_follow(struct lc_steady_clock *clock, uint32_t told, uint64_t now_ms);

/* What it showed when it followed last, in seconds since 1970; 0 before it has begun. */
uint32_t lc_steady_clock_second(const struct lc_steady_clock *clock);

#endif
