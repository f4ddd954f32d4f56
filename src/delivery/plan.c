#include "delivery/plan.h"

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

size_t lc_plan_group(struct lc_source *const *sources, size_t count)
{
	/* Reading settled seconds again costs what is in them: a source may start up to one minute
	 * after the oldest one of its group, or, when its own ranges are long, by their length. */
	const uint32_t near = 60;
	size_t bytes = 0;
	size_t group = 0;

	/* One that could not be read is asked for alone. */
	while (group < count && (group == 0 || sources[group]->read_failures == 0)) {
		uint32_t own = lc_source_open_from(sources[group]);
		uint32_t length = lc_source_piece_to(sources[group]) - own;
		uint32_t early = own - lc_source_open_from(sources[0]);

		bytes += list_bytes(sources[group]);
		if (group > 0 && bytes > LC_PLAN_LIST_BYTES)
			break;
		if (early > near && early > length)
			break;
		group++;
		if (sources[0]->read_failures > 0)
			break;
	}
	return group;
}
