/*
 * A scan: one query that reads the open rows of many sources in the order of their offsets and
 * gives them to the build. What the stream says is checked: rows of sources that were not asked
 * for, or out of order, end it.
 */
#ifndef LC_DELIVERY_SCAN_H
#define LC_DELIVERY_SCAN_H

#include "base/error.h"
#include "delivery/delivery.h"
#include "delivery/source.h"

#include <stdbool.h>
#include <stddef.h>

struct lc_scan;

/* How a scan has ended. */
struct lc_scan_end {
	struct lc_error error; /* kind NONE: the asked ranges of all sources are settled */
	bool answered;         /* ClickHouse sent rows or said what is wrong */
	bool resized;          /* rows were too large for their blocks: smaller ones come next */
	/* After an error: the sources that were not finished, which stay open from where they were
	 * read to. Valid until the callback returns. */
	struct lc_source **unread;
	size_t unread_count;
	bool broke_in_first; /* the stream had rows of the first of these when it broke */
};
typedef void lc_scan_callback(void *context, const struct lc_scan_end *end);

/* The scan has left this source: it is closed, or open from further on; `whole`: all that was asked
 * of it is settled. The scan does not look at it any more. */
typedef void lc_scan_progress(void *context, struct lc_source *source, bool whole);

struct lc_scan *lc_scan_new(const struct lc_delivery *delivery);
/* Cancels a scan that is under way. */
void lc_scan_free(struct lc_scan *scan);

/* Reads the open ranges of these sources; the list is copied, the sources must stay until the end.
 * One at a time. */
void lc_scan_start(struct lc_scan *scan, unsigned seat, struct lc_source *const *sources,
		   size_t count, lc_scan_progress *on_progress, lc_scan_callback *on_end,
		   void *context);

/* Ends it at once, without its callback, at the end of a process: objects still open are dropped,
 * their rows are read again after the next start. */
void lc_scan_cancel(struct lc_scan *scan);

bool lc_scan_running(const struct lc_scan *scan);

/* Pauses or resumes by the bytes in flight; closes an object early when nothing else can make room.
 * To be called when there may be more room. */
void lc_scan_update_flow(struct lc_scan *scan);

#endif
