#include "delivery/slice.h"

#include "base/assert.h"
#include "clients/diagnose.h"

enum {
	/* So the price of trying more is at most a failure in nine questions. */
	ANSWERS_BEFORE_GROWTH = 8,
	WORKED_ON_MS = 1000, /* refused connections and broken ones end sooner */
};

struct lc_slice lc_slice_of(uint32_t seconds, uint32_t least, uint32_t most)
{
	LC_ASSERT(least <= seconds && seconds <= most && seconds % least == 0);
	return (struct lc_slice){.seconds = seconds, .least = least, .most = most};
}

uint32_t lc_slice_end(const struct lc_slice *slice, uint32_t from, uint32_t until)
{
	LC_ASSERT(from < until);
	return until - from <= slice->seconds ? until : from + slice->seconds;
}

bool lc_slice_was_too_much(const struct lc_error *error, uint64_t elapsed_ms)
{
	if (lc_diagnose_clickhouse(error) == LC_FAULT_CLICKHOUSE_LIMIT)
		return true;
	/* Ours, or a proxy's patience that ended. */
	return error->code == 0 && elapsed_ms >= WORKED_ON_MS &&
	       (error->kind == LC_ERROR_UNREACHABLE || error->kind == LC_ERROR_REFUSED);
}

bool lc_slice_shrink(struct lc_slice *slice, uint32_t asked)
{
	uint32_t half = asked / 2 - asked / 2 % slice->least;

	slice->pause = ANSWERS_BEFORE_GROWTH;
	slice->seconds = half > slice->least ? half : slice->least;
	return asked > slice->least;
}

void lc_slice_grow(struct lc_slice *slice, uint32_t asked)
{
	if (slice->pause > 0)
		slice->pause--;
	else if (asked >= slice->seconds)
		slice->seconds =
		    slice->seconds > slice->most / 2 ? slice->most : slice->seconds * 2;
}
