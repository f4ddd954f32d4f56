/*
 * ClickHouse's clock, as its servers tell it: a pure rule. All bounds of the delivery use it. A
 * server whose clock is far from what was told before would open windows too early, so it is not
 * believed at once; when several answers in a row say so, it is our memory that is wrong.
 */
#ifndef LC_DELIVERY_SERVER_CLOCK_H
#define LC_DELIVERY_SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LC_SERVER_CLOCK_TOLERANCE = 5, /* seconds that an answer may differ from what is expected */
	LC_SERVER_CLOCK_DOUBTS_MAX = 3, /* so many answers in a row that differ are believed */
};

/* All zero: nothing was told yet. */
struct lc_server_clock {
	uint32_t told;       /* seconds since 1970; 0: nothing yet */
	uint64_t told_at_ms; /* when that was, on our monotonic clock */
	unsigned doubts;     /* answers in a row that did not fit */
};

/* What the clock shows now, as far as we know; 0 while nothing was told. */
uint32_t lc_server_clock_now(const struct lc_server_clock *clock, uint64_t now_ms);

/* A server tells `now`. True if that is believed; else `difference` is by how many seconds it is
 * ahead of what was expected. */
bool lc_server_clock_believe(struct lc_server_clock *clock, uint32_t now, uint64_t now_ms,
			     int64_t *difference);

#endif
