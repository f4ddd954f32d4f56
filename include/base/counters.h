/*
 * The numbers that a worker shows: counters, gauges and histograms of include/tbl/counters.h. They
 * live in memory that the supervisor shares with the worker, so that they survive the worker's
 * death; one process writes, another reads, without locks.
 */
#ifndef LC_BASE_COUNTERS_H
#define LC_BASE_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_counters_name {
#define LC_COUNTER(name, family, labels, help) LC_COUNTERS_##name,
#define LC_GAUGE(name, family, labels, help) LC_COUNTERS_##name,
#include "tbl/counters.h"
	LC_COUNTERS_COUNT
};

enum lc_counters_histogram {
#define LC_HISTOGRAM(name, family, bounds, help) LC_COUNTERS_HISTOGRAM_##name,
#include "tbl/counters.h"
	LC_COUNTERS_HISTOGRAM_COUNT
};

enum { LC_COUNTERS_BOUNDS_MAX = 12 };

struct lc_counters_buckets {
	_Atomic uint64_t
	    buckets[LC_COUNTERS_BOUNDS_MAX + 1]; /* not cumulative; last: over all bounds */
	_Atomic uint64_t sum_millionths;
};

struct lc_counters {
	_Atomic uint64_t values[LC_COUNTERS_COUNT];
	struct lc_counters_buckets histograms[LC_COUNTERS_HISTOGRAM_COUNT];
};

enum lc_counters_kind {
	LC_COUNTERS_KIND_COUNTER,
	LC_COUNTERS_KIND_GAUGE,
};

struct lc_counters_description {
	const char *family;
	const char *labels; /* without braces; may be empty */
	const char *help;
	enum lc_counters_kind kind;
};

struct lc_counters_histogram_description {
	const char *family;
	const char *help;
	double bounds[LC_COUNTERS_BOUNDS_MAX];
	size_t bound_count;
};

/* The tables, in the order of the enumerations. */
extern const struct lc_counters_description LC_COUNTERS_DESCRIPTIONS[LC_COUNTERS_COUNT];
extern const struct lc_counters_histogram_description
    LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[LC_COUNTERS_HISTOGRAM_COUNT];

/* Whether the row is its family's first, whose help is the family's; and "counter" or "gauge". */
bool lc_counters_begins_family(enum lc_counters_name name);
const char *lc_counters_type(enum lc_counters_name name);

/* Adds to a counter. */
void lc_counters_add(struct lc_counters *counters, enum lc_counters_name name, uint64_t amount);

/* Sets a gauge. */
void lc_counters_set(struct lc_counters *counters, enum lc_counters_name name, uint64_t value);

/* A gauge that tells since when something fails: the wall clock's seconds at which that began, 0
 * while it does not. */
void lc_counters_set_failing(struct lc_counters *counters, enum lc_counters_name name,
			     bool failing);

uint64_t lc_counters_get(const struct lc_counters *counters, enum lc_counters_name name);

/* Counts one observation, in the histogram's unit (seconds, bytes, rows); not negative. */
void lc_counters_observe(struct lc_counters *counters, enum lc_counters_histogram histogram,
			 double value);

#endif
