/*
 * Which of several ClickHouse URLs serves next, as a pure rule over time. A URL that failed is left
 * aside for 1 s, twice as long with each further failure, at most 60 s; one that then stayed good
 * for two minutes starts again at 1 s.
 */
#ifndef LC_CLIENTS_CLICKHOUSE_SEATS_H
#define LC_CLIENTS_CLICKHOUSE_SEATS_H

#include "base/random.h"

#include <stdbool.h>
#include <stdint.h>

enum { LC_CLICKHOUSE_SEATS_MAX = 64 };

struct lc_clickhouse_seat {
	unsigned failures; /* in a row */
	uint64_t aside_since_ms;
	uint64_t aside_until_ms; /* not used before, unless all are left aside */
};

struct lc_clickhouse_seats {
	unsigned count;
	unsigned next; /* where the round goes on */
	struct lc_clickhouse_seat seats[LC_CLICKHOUSE_SEATS_MAX];
};

/* `count` seats (1 to LC_CLICKHOUSE_SEATS_MAX), all good; the round begins at `first` modulo count,
 * so that many couriers do not all begin with the same one. */
void lc_clickhouse_seats_init(struct lc_clickhouse_seats *seats, unsigned count, uint64_t first);

/* The next seat that is not left aside, in rounds; when all are, the one that has been for
 * longest. `now_ms` is monotonic here and below. */
unsigned lc_clickhouse_seats_take(struct lc_clickhouse_seats *seats, uint64_t now_ms);

/* Leaves a seat aside. Failures of other requests while it already is change nothing: many queries
 * that break together are one failure. */
void lc_clickhouse_seats_fail(struct lc_clickhouse_seats *seats, unsigned seat, uint64_t now_ms,
			      struct lc_random *random);

/* True while the seat is left aside. */
bool lc_clickhouse_seats_aside(const struct lc_clickhouse_seats *seats, unsigned seat,
			       uint64_t now_ms);

#endif
