#include "delivery/steady_clock.h"

/* The time that has passed at least. A smaller reading than the last one is of a machine that was
 * started again since: then all of it has passed. A larger one never shows more than the truth
 * either, whether or not the machine was started again between. */
static uint64_t passed_ms(const struct lc_steady_clock *clock, uint64_t now_ms)
{
	return now_ms < clock->at_ms ? now_ms : now_ms - clock->at_ms;
}

void lc_steady_clock_follow(struct lc_steady_clock *clock, uint32_t told, uint64_t now_ms)
{
	uint64_t told_ms = (uint64_t)told * 1000;
	uint64_t passed = passed_ms(clock, now_ms);
	uint64_t most_ms = clock->shows_ms + passed + passed / 4;

	clock->shows_ms = clock->shows_ms == 0 || told_ms < most_ms ? told_ms : most_ms;
	clock->at_ms = now_ms;
}

uint32_t lc_steady_clock_second(const struct lc_steady_clock *clock)
{
	return (uint32_t)(clock->shows_ms / 1000);
}
