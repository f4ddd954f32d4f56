#include "clients/clickhouse_seats.h"

#include "base/assert.h"
#include "base/backoff.h"

#include <string.h>

enum { FORGET_MS = 120000, ASIDE_MIN_MS = 1000, ASIDE_MAX_MS = 60000 };

static const struct lc_backoff BACKOFF = {
    .initial_ms = ASIDE_MIN_MS,
    .maximum_ms = ASIDE_MAX_MS,
    .jitter = 0.1,
};

void lc_clickhouse_seats_init(struct lc_clickhouse_seats *seats, unsigned count, uint64_t first)
{
	LC_ASSERT(count >= 1 && count <= LC_CLICKHOUSE_SEATS_MAX);
	memset(seats, 0, sizeof(*seats));
	seats->count = count;
	seats->next = (unsigned)(first % count);
}

bool lc_clickhouse_seats_aside(const struct lc_clickhouse_seats *seats, unsigned seat,
			       uint64_t now_ms)
{
	LC_ASSERT(seat < seats->count);
	return seats->seats[seat].failures > 0 && now_ms < seats->seats[seat].aside_until_ms;
}

unsigned lc_clickhouse_seats_take(struct lc_clickhouse_seats *seats, uint64_t now_ms)
{
	unsigned longest = seats->next;

	for (unsigned i = 0; i < seats->count; i++) {
		unsigned seat = (seats->next + i) % seats->count;

		if (!lc_clickhouse_seats_aside(seats, seat, now_ms)) {
			seats->next = (seat + 1) % seats->count;
			return seat;
		}
		if (seats->seats[seat].aside_since_ms < seats->seats[longest].aside_since_ms)
			longest = seat;
	}
	/* It counts as left aside again, so that the next one to ask gets another. */
	seats->seats[longest].aside_since_ms = now_ms;
	return longest;
}

void lc_clickhouse_seats_fail(struct lc_clickhouse_seats *seats, unsigned seat, uint64_t now_ms,
			      struct lc_random *random)
{
	struct lc_clickhouse_seat *failed;

	LC_ASSERT(seat < seats->count);
	failed = &seats->seats[seat];
	if (lc_clickhouse_seats_aside(seats, seat, now_ms))
		return;
	if (failed->failures > 0 && now_ms - failed->aside_until_ms >= FORGET_MS)
		failed->failures = 0;
	failed->aside_since_ms = now_ms;
	failed->aside_until_ms = now_ms + lc_backoff_delay_ms(&BACKOFF, failed->failures, random);
	failed->failures++;
}
