/* Which sources are ready, and which of them share a scan: pure rules. */
#ifndef LC_DELIVERY_PLAN_H
#define LC_DELIVERY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_source;

struct lc_plan_thresholds {
	uint64_t rows;        /* open rows that make a source ready */
	uint32_t age_seconds; /* since its oldest range was opened, that make it ready; also until
				 then, when the clock was set back */
};

/* True if the source is to be read now. `now`: ClickHouse's clock, seconds since 1970. */
bool lc_plan_ready(const struct lc_source *source, const struct lc_plan_thresholds *thresholds,
		   uint32_t now);

/* Puts the sources in order: oldest open second first; after the others those that could not be
 * read, the one that waits for it the longest first. */
void lc_plan_sort(struct lc_source **sources, size_t count);

/* Puts the sources in the order of the table, in which a scan reads them. */
void lc_plan_sort_by_name(struct lc_source **sources, size_t count);

enum {
	/* ClickHouse reads 262,144 bytes of query text (max_query_size); a fifth is left for the
	   rest. */
	LC_PLAN_LIST_BYTES = 200 * 1024,
};

/* How many of the sorted sources the next scan asks for, from the first on: as many as have similar
 * starts and ends (what is read twice stays below what is new, or below what a query costs) and fit
 * into the query's text; one that could not be read alone. At least 1 if count is. */
size_t lc_plan_group(struct lc_source *const *sources, size_t count);

#endif
