/*
 * Commits: offsets into ClickHouse's offsets table, many in one insert, one insert at a time. The
 * table is a copy for others to read and for a start without our own state; being late with it
 * costs nothing but repeated work.
 */
#ifndef LC_DELIVERY_COMMIT_H
#define LC_DELIVERY_COMMIT_H

#include "delivery/delivery.h"

#include <stdbool.h>

struct lc_commit;
struct lc_source;

enum lc_commit_reason {
	LC_COMMIT_BY_COUNT,
	LC_COMMIT_BY_TIME,
	LC_COMMIT_BY_CYCLE,
	LC_COMMIT_BY_SHUTDOWN,
};

/* Tells `committed` and `commits_ended`. */
struct lc_commit *lc_commit_new(const struct lc_delivery *delivery);
void lc_commit_free(struct lc_commit *commit);

/* The source's delivered mark may have moved: if so it is written with one of the next inserts.
 * True if an offset of the source waits or is being written, and `committed` follows. */
bool lc_commit_note(struct lc_commit *commit, struct lc_source *source);

/* Writes what waits now (or as soon as the insert under way has ended). */
void lc_commit_flush(struct lc_commit *commit, enum lc_commit_reason reason);

/* True if nothing waits and no insert is under way. */
bool lc_commit_idle(const struct lc_commit *commit);

#endif
