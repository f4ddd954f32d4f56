#include "delivery/server_clock.h"

uint32_t lc_server_clock_now(const struct lc_server_clock *clock, uint64_t now_ms)
{
	return clock->told == 0 ? 0 : clock->told + (uint32_t)((now_ms - clock->told_at_ms) / 1000);
}

bool lc_server_clock_believe(struct lc_server_clock *clock, uint32_t now, uint64_t now_ms,
			     int64_t *difference)
{
	*difference = (int64_t)now - (int64_t)lc_server_clock_now(clock, now_ms);
	if (clock->told != 0 && clock->doubts < LC_SERVER_CLOCK_DOUBTS_MAX &&
	    (*difference > LC_SERVER_CLOCK_TOLERANCE || *difference < -LC_SERVER_CLOCK_TOLERANCE)) {
		clock->doubts++;
		return false;
	}
	*clock = (struct lc_server_clock){.told = now, .told_at_ms = now_ms};
	return true;
}
