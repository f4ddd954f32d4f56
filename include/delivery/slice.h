/*
 * How many seconds one question to ClickHouse is about, when there are more than it can answer for
 * at once: half of them after a question that was too much, twice as many after one that was
 * answered. After a failure some answers come first, so that most questions are answered. A pure
 * rule.
 */
#ifndef LC_DELIVERY_SLICE_H
#define LC_DELIVERY_SLICE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_slice {
	uint32_t seconds; /* of the next question at most; a multiple of `least`, or `most` */
	uint32_t least;
	uint32_t most;
	unsigned pause; /* answers still to come before it grows */
};

struct lc_slice lc_slice_of(uint32_t seconds, uint32_t least, uint32_t most);

/* The end of the next question, about [from, end); `until`: of what is left, after `from`. */
uint32_t lc_slice_end(const struct lc_slice *slice, uint32_t from, uint32_t until);

/* True if less might have been answered: ClickHouse named one of its limits, or nobody answered a
 * question that was worked on for a while. An unreachable server or a refused user is no such
 * failure. */
bool lc_slice_was_too_much(const struct lc_error *error, uint64_t elapsed_ms);

/* A question about so many seconds was too much. False if there is nothing shorter to ask for. */
bool lc_slice_shrink(struct lc_slice *slice, uint32_t asked);

/* A question about so many seconds was answered: only a whole slice shows that more may be. */
void lc_slice_grow(struct lc_slice *slice, uint32_t asked);

#endif
