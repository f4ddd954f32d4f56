/*
 * Sources: what a shard knows of each (raftSessionID, bucketName) with rows that are not yet
 *delivered and committed. A source with nothing left to do is forgotten; the next discovery brings
 *it back.
 *
 * Progress of one source, in whole seconds of insertedAt:
 *
 *	committed   complete                     open_from            scan's bound
 *	----|----------|----------------------------|-------------------|------>
 *	     delivered   taken: in log objects that    open: not yet read
 *	                 are built or under way
 *
 * Rows are read in the order of their offsets, so each log object remembers `before`, the last
 *offset of the seconds before its first row: all rows up to there stand in older objects. What may
 *be committed is the `before` of the oldest object not delivered, or `complete` when there is none.
 *
 * When a scan ends in the middle of a source (the connection broke, a target stepped aside), the
 *next one begins at the same second; `taken` holds the hashes of this second's rows that were
 *taken.
 */
#ifndef LC_DELIVERY_SOURCE_H
#define LC_DELIVERY_SOURCE_H

#include "base/view.h"
#include "delivery/hash_set.h"
#include "delivery/mark.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct lc_object;
struct lc_target;
struct lc_source_table;

TAILQ_HEAD(lc_source_objects, lc_object);

struct lc_source {
	uint32_t raft_session_id;
	struct lc_view bucket; /* owned */

	bool open;                /* rows wait to be read from ClickHouse */
	uint32_t open_from;       /* the second to read from */
	uint64_t open_rows;       /* how many, as far as discoveries have counted */
	struct lc_hash_set taken; /* rows of second open_from that were taken, sorted */
	struct lc_mark floor; /* rows at or before it were delivered before this process began */

	struct lc_source_objects objects; /* built or under way, oldest first */
	uint64_t object_rows;             /* rows in these */
	struct lc_mark complete;
	struct lc_mark committed; /* the last one handed to commit */

	struct lc_target *held_by; /* target that has no room for more of our rows, or NULL */
	bool commit_noted;         /* its delivered mark waits to be committed */
	bool committing;           /* its offset is being written */
};

struct lc_source_table *lc_source_table_new(void);
/* Releases the table and its sources, which have no objects any more. */
void lc_source_table_free(struct lc_source_table *table);

/* The source, new if it was not known. */
struct lc_source *lc_source_get(struct lc_source_table *table, uint32_t raft_session_id,
				struct lc_view bucket);

size_t lc_source_count(const struct lc_source_table *table);

/* Calls `visit` for each source; it may forget the one it is given. */
void lc_source_each(struct lc_source_table *table,
		    void (*visit)(void *context, struct lc_source *source), void *context);

/* A discovery has found `rows` rows from second `oldest` on. */
void lc_source_add_open(struct lc_source *source, uint64_t rows, uint32_t oldest);

/* The source is read up to second `until` (not included). */
void lc_source_close(struct lc_source *source, uint32_t until);

/* The source has to be read again from `second`, of which the rows in `taken` were taken. */
void lc_source_reopen(struct lc_source *source, uint32_t second, const struct lc_hash_set *taken);

/* Rows up to this offset are taken: `complete` moves there unless it is further already. */
void lc_source_advance(struct lc_source *source, const struct lc_mark *mark);

/* Rows behind this mark (unset: all rows) are not taken after all: `complete` goes back there. */
void lc_source_retract(struct lc_source *source, const struct lc_mark *mark);

/* Orders sources as the logs table does: by session, then by the bytes of the bucket's name. */
int lc_source_compare(const struct lc_source *a, const struct lc_source *b);

/* The offset up to which everything is delivered, or NULL if there is none to speak of. */
const struct lc_mark *lc_source_delivered_mark(const struct lc_source *source);

/* The insertedAt of its oldest row not delivered; 0 if there is none. */
uint32_t lc_source_oldest_undelivered(const struct lc_source *source);

/* Forgets the source if nothing is left to do for it; true if so. */
bool lc_source_forget_if_idle(struct lc_source_table *table, struct lc_source *source);

#endif
