/*
 * How far a shard is that catches up: at a first start, or after a long outage. It is given a look
 * at the shard every second, and says what is left and, from the pace of the last minutes, for how
 * long. Pure.
 *
 * Of windows that are not discovered yet the rows are unknown: they are taken to be as many for
 * each second as in those that are.
 */
#ifndef LC_DELIVERY_CATCH_UP_H
#define LC_DELIVERY_CATCH_UP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LC_CATCH_UP_SAMPLES = 16,          /* kept of the pace, */
	LC_CATCH_UP_SAMPLE_MS = 10 * 1000, /* so far apart */
	LC_CATCH_UP_SLACK_SECONDS = 300,   /* that a shard which keeps up may need for its rows */
};

/* What there is to see. Seconds are those of insertedAt. */
struct lc_catch_up_look {
	uint64_t now_ms;           /* monotonic */
	uint32_t read_until;       /* rows before it are read, */
	uint32_t discovered_until; /* and before it known */
	uint32_t due;              /* what lies before it ought to be read, but for the slack */
	uint64_t rows_read;        /* ever */
	uint64_t rows_open;        /* known, and to be read */
};

struct lc_catch_up {
	bool active;
	uint64_t since_ms;
	uint32_t from;        /* what it has begun with */
	uint64_t rows_before; /* read before that */
	struct {
		uint64_t at_ms;
		uint64_t rows_read;
	} samples[LC_CATCH_UP_SAMPLES]; /* a ring */
	size_t sample_count;            /* ever */
};

struct lc_catch_up_progress {
	uint32_t read_until;       /* rows before it are read */
	uint32_t left_seconds;     /* from there to what is due */
	uint64_t rows_read;        /* since it began */
	uint64_t rows_to_come;     /* known or, of what is not discovered, expected */
	uint64_t estimate_seconds; /* that this takes; 0: it cannot be said */
};

/* Takes a look. True while the shard catches up; then `progress` is set. */
bool lc_catch_up_look(struct lc_catch_up *catch_up, const struct lc_catch_up_look *look,
		      struct lc_catch_up_progress *progress);

#endif
