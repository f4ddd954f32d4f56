#include "delivery/plan.h"

#include "delivery/source.h"

#include <stdlib.h>

bool lc_plan_ready(const struct lc_source *source, const struct lc_plan_thresholds *thresholds,
		   uint32_t now)
{
	uint32_t since;

	if (!lc_source_is_open(source))
		return false;
	if (source->flush || source->open_rows >= thresholds->rows)
		return true;
	since = lc_source_open_since(source);
	/* One that was opened by a clock that was ahead does not wait until it is right. */
	return (now > since ? now - since : since - now) > thresholds->age_seconds;
}

/* What decides the order among those that could not be read: each has its turn. */
static uint64_t due_ms(const struct lc_source *source)
{
	return source->read_failures == 0 || source->flush ? 0 : source->read_at_ms;
}

static int compare_sources(const void *a, const void *b)
{
	const struct lc_source *left = *(struct lc_source *const *)a;
	const struct lc_source *right = *(struct lc_source *const *)b;
	uint32_t left_from = lc_source_open_from(left);
	uint32_t right_from = lc_source_open_from(right);

	if ((left->read_failures > 0) != (right->read_failures > 0))
		return left->read_failures > 0 ? 1 : -1;
	if (due_ms(left) != due_ms(right))
		return due_ms(left) > due_ms(right) ? 1 : -1;
	return (left_from > right_from) - (left_from < right_from);
}

void lc_plan_sort(struct lc_source **sources, size_t count)
{
	if (count > 1)
		qsort(sources, count, sizeof(struct lc_source *), compare_sources);
}

static int compare_names(const void *a, const void *b)
{
	return lc_source_compare(*(struct lc_source *const *)a, *(struct lc_source *const *)b);
}

void lc_plan_sort_by_name(struct lc_source **sources, size_t count)
{
	if (count > 1)
		qsort(sources, count, sizeof(struct lc_source *), compare_names);
}

/* Bytes that a source takes in the query's list at most: every byte of its name escaped, the
 * session, brackets and commas around. */
static size_t list_bytes(const struct lc_source *source)
{
	return source->bucket.size * 2 + 32;
}

/* What the sources of a group are asked for, each for all of it. */
struct span {
	uint32_t from;
	uint32_t until;
	uint32_t bound; /* what `until` may become before it is too much for one of them */
};

/* Takes the source into the group, unless that makes one of them read too much beside its piece:
 * more than lies in it already, and more than another query costs. */
static bool join(struct span *span, const struct lc_source *source)
{
	uint32_t from = lc_source_open_from(source);
	uint32_t to = lc_source_piece_to(source);
	uint32_t until = to > span->until ? to : span->until;
	uint32_t spare = lc_source_spare_seconds(source);

	if (spare < to - from)
		spare = to - from;
	if (from - span->from > spare || until - to > spare || until > span->bound)
		return false;
	span->until = until;
	if (to < span->bound && spare < span->bound - to)
		span->bound = to + spare;
	return true;
}

size_t lc_plan_group(struct lc_source *const *sources, size_t count)
{
	struct span span = {.bound = UINT32_MAX};
	size_t bytes = 0;
	size_t group = 0;

	if (count > 0)
		span.from = lc_source_open_from(sources[0]);
	while (group < count) {
		/* One that could not be read is asked for alone. */
		if (group > 0 &&
		    (sources[0]->read_failures > 0 || sources[group]->read_failures > 0))
			break;
		bytes += list_bytes(sources[group]);
		if (group > 0 && bytes > LC_PLAN_LIST_BYTES)
			break;
		if (!join(&span, sources[group]))
			break;
		group++;
	}
	return group;
}
