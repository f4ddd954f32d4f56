/*
 * What of a source is not delivered: how much, how old, what keeps it, and up to where all is.
 *
 * What may be committed: rows are mostly read in the order of their offsets, so each log object
 * remembers `before`, the last offset of the seconds before its first row. All rows up to there
 * stand in older objects: it may be committed once these are delivered. `complete` is the mark when
 * no object is left. Objects of late rows lie before what is complete and have no such mark:
 * nothing is committed until they are delivered.
 */
#ifndef LC_DELIVERY_UNDELIVERED_H
#define LC_DELIVERY_UNDELIVERED_H

#include <stdbool.h>
#include <stdint.h>

struct lc_counters;
struct lc_mark;
struct lc_source;
struct lc_source_table;

/* Its rows: in open ranges, in log objects, and of intents without a body. */
uint64_t lc_undelivered_rows(const struct lc_source *source);

/* The insertedAt of its oldest row not delivered; 0 if there is none. */
uint32_t lc_undelivered_oldest(const struct lc_source *source);

/* True if log objects of the source wait for a target that does not take them, or it cannot be
 * read. */
bool lc_undelivered_blocked(const struct lc_source *source);

/* The offset up to which everything is delivered, or NULL if there is none to speak of. */
const struct lc_mark *lc_undelivered_mark(const struct lc_source *source);

/* What the sources that can be read have to read. */
struct lc_undelivered_open {
	uint32_t from; /* the oldest second; 0: nothing */
	uint64_t rows;
};

/* Counts what all sources have undelivered into the gauges SOURCES, SOURCES_BLOCKED,
 * SOURCES_UNREADABLE, PENDING_RECORDS, OLDEST_UNDELIVERED_INSERTED_AT and
 * OLDEST_BLOCKED_INSERTED_AT. */
struct lc_undelivered_open lc_undelivered_survey(struct lc_source_table *table,
						 struct lc_counters *counters);

#endif
