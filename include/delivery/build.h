/*
 * Building log objects: rows of one source at a time, one open object per target or, where the keys
 * tell the day of the rows, per target and day. A closed object is recorded as an intent in the
 * ledger; when that is on disk it goes to the uploads.
 */
#ifndef LC_DELIVERY_BUILD_H
#define LC_DELIVERY_BUILD_H

#include "delivery/delivery.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_build;
struct lc_record;
struct lc_source;
struct lc_target;

/* Tells `submitted`. */
struct lc_build *lc_build_new(const struct lc_delivery *delivery);
/* Releases it and the objects that have not gone to the uploads. */
void lc_build_free(struct lc_build *build);

/* What came of a row that was taken. */
struct lc_build_answer {
	bool recorded; /* it closed the last open object: all rows taken so far are recorded */
	struct lc_target *crowded; /* its target, if the reading should wait for that; or NULL */
};

/* Appends the row to the source's open object for its target (and day); a row like it was taken `repeat`
 * times by earlier scans; objects that are full are closed. */
struct lc_build_answer lc_build_take(struct lc_build *build, struct lc_source *source,
				     const struct lc_record *record, uint64_t hash,
				     uint64_t repeat);

/* Closes all open objects: the source has no more rows for now. */
void lc_build_close_all(struct lc_build *build);

/* Releases all open objects: their rows are not taken after all. */
void lc_build_drop_open(struct lc_build *build);

/* Closes the largest open object; false if none is open. */
bool lc_build_close_largest(struct lc_build *build);

/* Intents below this number have gone to the uploads. */
uint64_t lc_build_submitted_to(const struct lc_build *build);

/* True while intents are being recorded. */
bool lc_build_recording(const struct lc_build *build);

#endif
