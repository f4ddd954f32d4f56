/*
 * What a worker shows: counters, gauges and histograms of include/tbl/counters.h, and its
 * complaints, the words for what fails. They live in memory that the supervisor shares with the
 * worker, so that they survive the worker's death; one process writes, another reads, without
 * locks.
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
#define LC_HISTOGRAM(name, family, labels, bounds, help) LC_COUNTERS_HISTOGRAM_##name,
#include "tbl/counters.h"
	LC_COUNTERS_HISTOGRAM_COUNT
};

enum { LC_COUNTERS_BOUNDS_MAX = 12 };

struct lc_counters_buckets {
	_Atomic uint64_t
	    buckets[LC_COUNTERS_BOUNDS_MAX + 1]; /* not cumulative; last: over all bounds */
	_Atomic uint64_t sum_millionths;
};

/* Whose words they are. */
enum lc_counters_complaint {
	LC_COUNTERS_COMPLAINT_CLICKHOUSE, /* to queries */
	LC_COUNTERS_COMPLAINT_OFFSETS,    /* to an insert of offsets */
	LC_COUNTERS_COMPLAINT_S3,
	LC_COUNTERS_COMPLAINT_TARGET, /* to uploads into the target blocked longest; no fault */
	LC_COUNTERS_COMPLAINT_CREDENTIALS, /* of their source, or on the way to it */
	LC_COUNTERS_COMPLAINT_SOURCE,      /* no complaint: which source of credentials that is */
	LC_COUNTERS_COMPLAINT_COUNT
};

enum { LC_COUNTERS_WORDS_SIZE = 400 }; /* bytes, terminator included */

struct lc_counters_complaint_place {
	_Atomic unsigned fault; /* enum lc_fault (formats/document_names.h); 0: none */
	_Atomic char words[LC_COUNTERS_WORDS_SIZE];
};

struct lc_counters {
	_Atomic uint64_t values[LC_COUNTERS_COUNT];
	struct lc_counters_buckets histograms[LC_COUNTERS_HISTOGRAM_COUNT];
	struct lc_counters_complaint_place complaints[LC_COUNTERS_COMPLAINT_COUNT];
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
	const char *labels;
	const char *help; /* "" unless the row is its family's first */
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

/* Keeps what was answered last and which fault it shows; 0 and "": all is well. Words that are too
 * long are cut. */
void lc_counters_complain(struct lc_counters *counters, enum lc_counters_complaint which,
			  unsigned fault, const char *words);

/* Returns the fault, whatever number stands there, and copies the words, terminated, with spaces
 * for control characters. Words that are being written meanwhile may be mixed. */
unsigned lc_counters_complaint(const struct lc_counters *counters, enum lc_counters_complaint which,
			       char words[LC_COUNTERS_WORDS_SIZE]);

#endif
