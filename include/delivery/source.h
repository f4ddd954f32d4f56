/*
 * Sources: what a shard knows of each (raftSessionID, bucketName) with rows that are not yet
 * delivered and committed. A source with nothing left to do is forgotten; the next discovery, or
 * the reconcile, brings it back.
 *
 * The open ranges are the seconds of insertedAt that may hold rows not taken; the ledger holds the
 * same ones. A range is doubtful when some of its rows may be taken: it was opened again, a scan of
 * it was interrupted, or it comes from a ledger written by an earlier process. The rows of doubtful
 * ranges are compared with the ledger's row hashes before they are taken.
 */
#ifndef LC_DELIVERY_SOURCE_H
#define LC_DELIVERY_SOURCE_H

#include "base/view.h"
#include "delivery/mark.h"
#include "ledger/ledger_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct lc_backlog;
struct lc_ledger;
struct lc_object;
struct lc_source_table;

TAILQ_HEAD(lc_source_objects, lc_object);
TAILQ_HEAD(lc_source_backlogs, lc_backlog);

struct lc_source_range {
	uint32_t from; /* from <= insertedAt < to */
	uint32_t to;
	uint32_t since; /* ClickHouse's clock when it was opened; its age decides when it is read */
	bool doubtful;
	bool asked; /* the scan under way reads it */
	bool apart; /* it begins a piece of its own, though it follows another one closely */
};

struct lc_source {
	uint32_t raft_session_id;
	struct lc_view bucket; /* owned */

	struct lc_source_range *ranges; /* ascending, disjoint */
	size_t range_count;
	uint64_t open_rows; /* rows in these that are not taken, as far as was counted */
	bool flush;         /* the operator wants it read now, whatever the thresholds say */
	bool flush_asked;   /* the scan under way is to do that */

	struct lc_source_objects objects; /* built or under way, in the order of their beginning */
	uint64_t object_rows;             /* rows in these */

	uint64_t scanned_rows;    /* that the last scan has brought of it, or a count has told, */
	uint32_t scanned_seconds; /* of so many seconds; 0: none yet */

	struct lc_source_backlogs backlogs; /* intents whose bodies are not in memory, by target */

	unsigned read_failures; /* scans of it alone that failed, in a row */
	uint64_t read_at_ms;    /* monotonic; after a failure it is not read before */
	char *read_error;       /* of the last of these, owned; NULL: none */

	struct lc_mark complete;
	struct lc_mark committed; /* the last one handed to commit */
	bool commit_noted;        /* its delivered mark waits to be committed */
	bool committing;          /* its offset is being written */
};

struct lc_source_table *lc_source_table_new(void);
/* Releases the table and its sources, which have no objects and no backlogs any more. */
void lc_source_table_free(struct lc_source_table *table);

/* The source, or NULL if it is not known. */
struct lc_source *lc_source_find(struct lc_source_table *table, uint32_t raft_session_id,
				 struct lc_view bucket);

/* The source, new if it was not known. */
struct lc_source *lc_source_get(struct lc_source_table *table, uint32_t raft_session_id,
				struct lc_view bucket);

size_t lc_source_count(const struct lc_source_table *table);

/* Calls `visit` for each source; it may forget the one it is given. */
void lc_source_each(struct lc_source_table *table,
		    void (*visit)(void *context, struct lc_source *source), void *context);

/* The source as the ledger names it; valid as long as the source. */
struct lc_ledger_source lc_source_name(const struct lc_source *source);

/* Opens a range. It joins with neighbours that are alike; seconds that are open already stay so
 * (and are doubtful if either is). */
void lc_source_open(struct lc_source *source, struct lc_source_range range, uint64_t rows);

/* True if the source has open ranges. */
bool lc_source_is_open(const struct lc_source *source);

/* The first open second, and the end of its first piece; only for open sources. A piece is what one
 * scan reads: the first ranges, up to where more settled seconds follow than are read beside.
 * Reading these again costs what is in them. */
uint32_t lc_source_open_from(const struct lc_source *source);
uint32_t lc_source_piece_to(const struct lc_source *source);

/* So many settled seconds are read beside open ones, rather than asked around by one more query: as
 * far as the last scan of the source tells they hold as many rows as come in the time that a query
 * takes. */
uint32_t lc_source_spare_seconds(const struct lc_source *source);

/* Its first piece becomes at most so many seconds long; what comes after them is a piece of its own.
 * Nothing of it may be asked. */
void lc_source_cut_piece(struct lc_source *source, uint32_t seconds);

/* Its first piece becomes so short that it has about so many rows, if those that were counted are
 * spread evenly over the open seconds; what comes after them is a piece of its own. Nothing of it
 * may be asked. */
void lc_source_cut_turn(struct lc_source *source, uint64_t rows);

/* True if its first piece is the rest of one that was cut; false if nothing is open. */
bool lc_source_was_cut(const struct lc_source *source);

/* When the oldest of its ranges was opened; 0 if none is. */
uint32_t lc_source_open_since(const struct lc_source *source);

/* The asked range that holds this second, or NULL. */
const struct lc_source_range *lc_source_asked_range(const struct lc_source *source,
						    uint32_t second);

/* True if the second lies in any open range, or the slot of `size` seconds that begins there
 * touches one. */
bool lc_source_touches(const struct lc_source *source, uint32_t second, uint32_t size);

/* True if a scan under way reads ranges of it. */
bool lc_source_is_asked(const struct lc_source *source);

/* Opens what lies between its ranges and the bounds of slots of `size` seconds, before `until`: so
 * no slot that one of them touches has seconds that are settled. Nothing of it may be asked. */
void lc_source_widen(struct lc_source *source, uint32_t size, uint32_t until);

/* A scan of the source alone has failed: it is read again at `read_at_ms` (monotonic). */
void lc_source_note_unreadable(struct lc_source *source, const char *error, uint64_t read_at_ms);

/* Marks the ranges of the first piece as asked by a scan; `from` and `to` get the seconds that are
 * doubtful. False if none is. */
bool lc_source_ask(struct lc_source *source, uint32_t *from, uint32_t *to);

/* The bounds of what is asked. False if nothing is. */
bool lc_source_asked_bounds(const struct lc_source *source, uint32_t *from, uint32_t *to);

/* The scan has read the asked ranges whole: they are settled. */
void lc_source_settle_asked(struct lc_source *source);

/* The scan has taken one row. */
void lc_source_note_taken(struct lc_source *source);

/* The scan has taken all rows of asked seconds before `second`; of `second` itself some. What is
 * left of the asked ranges is doubtful. */
void lc_source_settle_before(struct lc_source *source, uint32_t second);

/* The scan is over: nothing is asked any more; ranges it did not come to stay as they are. */
void lc_source_unask(struct lc_source *source);

/* Writes the open ranges to the ledger. */
void lc_source_record_ranges(const struct lc_source *source, struct lc_ledger *ledger);

/* Rows up to this offset are taken: `complete` moves there unless it is further already. */
void lc_source_advance(struct lc_source *source, const struct lc_mark *mark);

/* Orders sources as the logs table does: by session, then by the bytes of the bucket's name. */
int lc_source_compare(const struct lc_source *a, const struct lc_source *b);

/* Forgets the source if nothing is left to do for it; true if so. */
bool lc_source_forget_if_idle(struct lc_source_table *table, struct lc_source *source);

#endif
