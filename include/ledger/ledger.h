/*
 * The ledger: a shard's durable record of what it has taken and what is delivered. One SQLite file,
 * written by one thread, in the order in which the functions below were called; whatever has queued
 * up meanwhile goes into one transaction (group commit), so that no fsync holds up the event loop
 * and many log objects share one.
 *
 * Writes return at once and are certain only when lc_ledger_when_durable has called back. Reads see
 * all writes that were called before them. Callbacks run from the loop, in the order of the calls.
 *
 * When the file can not be written (disk full), writes are tried again until they succeed; nothing
 * behind them is called back meanwhile, so that no PUT starts and nothing is committed;
 * LC_COUNTERS_LEDGER_FAILING_SINCE tells since when. When the file turns out corrupt, or its name
 * no longer leads to it, on_corrupt is called, and nothing after it.
 *
 * What it holds:
 *
 * - the end of the last window, the lower bound of the horizon, the clock that this follows;
 * - per source: its open ranges of seconds, its floor, the second that was committed last;
 * - log objects: from the moment their intent is on disk their rows are taken. Row hashes stand in
 * one blob per object (formats/taken_rows.h), in tables by the hour of the object's last second,
 * which are dropped whole when they lie behind the horizon and nothing open needs them;
 * - how many rows of each source and slot are taken;
 * - targets and target buckets that are blocked, with the state of their backoff, or given up;
 * - after a change of the number of shards: how far the former ledgers were (ledger/origin.h).
 */
#ifndef LC_LEDGER_LEDGER_H
#define LC_LEDGER_LEDGER_H

#include "base/counters.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/view.h"
#include "formats/offset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LC_LEDGER_SLOT_SECONDS = 300, /* slots that counts are kept by */
	LC_LEDGER_SCHEMA_VERSION = 2,
};

struct lc_ledger;

struct lc_ledger_source {
	uint32_t raft_session_id;
	struct lc_view bucket;
};

/* Some seconds of a source that may hold rows not taken: from <= insertedAt < to. */
struct lc_ledger_range {
	uint32_t from;
	uint32_t to;
	uint32_t since; /* ClickHouse's clock when it was opened (again) */
};

/* A log object's intent. Whoever keeps one keeps the bytes of its views. */
struct lc_ledger_intent {
	uint64_t id; /* given by the caller, ascending, never used twice in one ledger */
	struct lc_ledger_source source;
	struct lc_view target_bucket;
	struct lc_view target_prefix;
	struct lc_view key;
	uint32_t first_second;
	uint32_t last_second;
	uint64_t rows;
	uint64_t bytes;            /* of the body */
	struct lc_view taken_rows; /* blob */
};

/* What an operator has decided about a target that does not take its log objects. */
enum lc_ledger_given_up {
	LC_LEDGER_KEPT,
	LC_LEDGER_IGNORED,   /* its log objects wait, and nobody is told of their age */
	LC_LEDGER_DISCARDED, /* its log objects are closed without delivery */
};

/* A target (a prefix in a target bucket), or a target bucket as a whole. */
struct lc_ledger_target {
	struct lc_view bucket;
	struct lc_view prefix;
	bool whole; /* the bucket, whatever the prefix; `prefix` is empty */
	bool refused;
	unsigned failures;   /* in a row; 0: not blocked */
	int64_t probe_at_ms; /* wall clock, ms since 1970: earliest next attempt */
	enum lc_ledger_given_up given_up;
};

/* Open intents of a source for a target. */
struct lc_ledger_backlog {
	struct lc_ledger_source source;
	struct lc_view target_bucket;
	struct lc_view target_prefix;
	uint64_t intents;
	uint64_t rows;
	uint32_t oldest_second; /* of these rows */
};

/* Why a log object is closed though nobody has it. */
enum lc_ledger_loss {
	LC_LEDGER_NOT_LOST,
	LC_LEDGER_LOST_EXPIRED,   /* its rows were lost to the end of their retention */
	LC_LEDGER_LOST_DISCARDED, /* its target was given up */
};

/* ---- opening ---- */

struct lc_ledger_options {
	const char *path; /* of the file; ":memory:" keeps all in memory (measurements only) */
	unsigned shard;
	unsigned shard_count;
	uint64_t retry_ms; /* between two attempts to write to a file that can not be written */
};

/* What was in the ledger when it was opened. */
struct lc_ledger_state {
	bool fresh;              /* it was created just now */
	uint32_t until;          /* end of the last window; 0: none yet */
	uint32_t doubtful_until; /* rows before it may be taken though a window is new: after a
				    change of N, or because they are not behind a floor */
	uint32_t horizon;        /* lower bound: behind it nothing is looked for; 0: none yet */
	uint64_t steady_ms;      /* see lc_ledger_set_steady_clock; 0: none yet */
	uint64_t steady_at_ms;
	uint64_t next_intent_id;
	/* Called by lc_ledger_open before it returns, for each source with open ranges. None
	 * reaches past the last window (or lc_ledger_seen_until). */
	void (*on_source)(void *context, const struct lc_ledger_source *source,
			  const struct lc_ledger_range *ranges, size_t range_count);
	/* For each source whose committed second is before the second of its last row. Nobody
	 * knows the offset of that row any more: it is to be read again. */
	void (*on_uncommitted)(void *context, const struct lc_ledger_source *source,
			       uint32_t last_second);
	/* For each target, and target bucket, with something on record. */
	void (*on_target)(void *context, const struct lc_ledger_target *target);
	/* For each source and target with open intents. */
	void (*on_intents)(void *context, const struct lc_ledger_backlog *backlog);
	void *context;
};

/* Opens or creates the ledger, blocking; `state`'s callbacks are set by the caller. NULL with
 * `error`: LC_ERROR_CORRUPT when the file is no ledger, damaged, of another shard or of a newer
 * schema; LC_ERROR_SYSTEM when it can not be opened or made. `on_corrupt` may be called later from
 * the loop. `counters` may be NULL. */
struct lc_ledger *lc_ledger_open(struct lc_loop *loop, const struct lc_ledger_options *options,
				 struct lc_counters *counters, struct lc_ledger_state *state,
				 void (*on_corrupt)(void *context, const struct lc_error *error),
				 void *context, struct lc_error *error);

/* After a change of the number of shards: rows of the session before this second were seen by the
 * ledger that it came from, though our own windows begin earlier; what is not taken of them is
 * open. 0: nothing was. Stays the same while the ledger is open. */
uint32_t lc_ledger_seen_until(const struct lc_ledger *ledger, uint32_t raft_session_id);

/* Writes what was called before, as far as that is possible at once, and closes; no callback runs
 * any more. NULL is allowed. */
void lc_ledger_close(struct lc_ledger *ledger);

/* ---- writes; all views are copied ---- */

/* The window up to `until` is in the ledger: call it after the sources' ranges. */
void lc_ledger_set_until(struct lc_ledger *ledger, uint32_t until);

/* Only moves forward; lc_ledger_lower_horizon is the way back. */
void lc_ledger_set_horizon(struct lc_ledger *ledger, uint32_t horizon);

/* What the clock that the horizon follows showed, and when; both in milliseconds. */
void lc_ledger_set_steady_clock(struct lc_ledger *ledger, uint64_t shows_ms, uint64_t at_ms);

/* Replaces the open ranges of a source; none: all its ranges are settled. Sorted, disjoint. */
void lc_ledger_set_ranges(struct lc_ledger *ledger, const struct lc_ledger_source *source,
			  const struct lc_ledger_range *ranges, size_t count);

/* Rows of the source at or before `floor` count as taken. Also sets the committed second. Nothing
 * happens to a source of which lc_ledger_seen_until tells: the ledger knows it better. */
void lc_ledger_set_floor(struct lc_ledger *ledger, const struct lc_ledger_source *source,
			 const struct lc_offset *floor);

/* The intent's rows are taken. */
void lc_ledger_add_intent(struct lc_ledger *ledger, const struct lc_ledger_intent *intent);

/* S3 has confirmed the object. `last_second` as in the intent. */
void lc_ledger_set_delivered(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second);

/* The intent is closed without delivery; its rows stay taken. */
void lc_ledger_set_lost(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second,
			enum lc_ledger_loss loss);

/* The intent was refused with certainty at every attempt: it is as if it had never been, and its
 * rows are not taken any more. Write the ranges that they are to be read with first. */
void lc_ledger_withdraw_intent(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second);

/* failures 0 and given up LC_LEDGER_KEPT: forgets the target. */
void lc_ledger_set_target(struct lc_ledger *ledger, const struct lc_ledger_target *target);

/* Drops what lies behind `bound`: log objects by whole hours, but for those with open intents and
 * those of sources with ranges open there; slot counts; floors; sources that nothing refers to.
 * That is done in steps, an hour's objects each, in transactions of their own or with what is
 * called meanwhile; closing the ledger ends it early. What lies behind the horizon alone is
 * dropped, where that has come down before a step. */
void lc_ledger_expire(struct lc_ledger *ledger, uint32_t bound);

/* The horizon comes down to `bound`, a slot's beginning, or as near to it as every row taken is
 * still known: behind that, rows that are taken could not be told from new ones. Calls back with
 * the horizon that holds from now on, which is never higher than before. */
typedef void lc_ledger_horizon_callback(void *context, uint32_t horizon);
void lc_ledger_lower_horizon(struct lc_ledger *ledger, uint32_t bound,
			     lc_ledger_horizon_callback *callback, void *context);

/* Calls back once everything written so far is on disk. */
typedef void lc_ledger_callback(void *context);
void lc_ledger_when_durable(struct lc_ledger *ledger, lc_ledger_callback *callback, void *context);

/* ---- reads ---- */

/* The hashes of a source's taken rows with from <= insertedAt < to, and its floor. */
struct lc_ledger_hashes {
	/* Sorted ascending; the callback may keep it (free()) by setting it to NULL. */
	uint64_t *hashes;
	size_t count;
	bool has_floor;
	struct lc_offset floor; /* valid until the callback returns */
};
typedef void lc_ledger_hashes_callback(void *context, struct lc_ledger_hashes *hashes);
void lc_ledger_read_hashes(struct lc_ledger *ledger, const struct lc_ledger_source *source,
			   uint32_t from, uint32_t to, lc_ledger_hashes_callback *callback,
			   void *context);

/* Open intents of a target with id > after_id, ascending, blobs included; valid until the callback
 * returns. */
struct lc_ledger_intents_question {
	struct lc_view bucket;
	struct lc_view prefix;
	uint64_t after_id;
	size_t limit;       /* so many at most */
	uint64_t max_bytes; /* the answer ends with the intent whose blob reaches this sum */
};
struct lc_ledger_intents {
	struct lc_ledger_intent *intents;
	size_t count;
	bool more;              /* there are others with a greater id */
	uint32_t oldest_second; /* of the rows of all open intents of the target; 0: it has none */
};
typedef void lc_ledger_intents_callback(void *context, const struct lc_ledger_intents *answer);
void lc_ledger_read_intents(struct lc_ledger *ledger,
			    const struct lc_ledger_intents_question *question,
			    lc_ledger_intents_callback *callback, void *context);

/* A number of rows seen in ClickHouse: of the slot that begins at `second`, or of that second
 * alone. */
struct lc_ledger_count {
	struct lc_ledger_source source;
	uint32_t second;
	uint64_t rows;
};
/* Those of the counts that are larger than what is taken, `rows` being the difference. Slots
 * (seconds) that hold the floor of their source or lie before it never are. Valid until the
 * callback returns. */
typedef void lc_ledger_surplus_callback(void *context, const struct lc_ledger_count *surplus,
					size_t count);
void lc_ledger_find_surplus_slots(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
				  size_t count, lc_ledger_surplus_callback *callback,
				  void *context);
void lc_ledger_find_surplus_seconds(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
				    size_t count, lc_ledger_surplus_callback *callback,
				    void *context);

/* Offsets (`second`; rows unused) are about to be written to ClickHouse. Calls back, once they are
 * on record, with those that may be written: not those behind what is on record already, as after
 * late rows of a source that was idle. */
void lc_ledger_set_committed(struct lc_ledger *ledger, const struct lc_ledger_count *offsets,
			     size_t count, lc_ledger_surplus_callback *callback, void *context);

/* Committed seconds that the ledger knows, for comparison with ClickHouse's offsets: those of
 * `offsets` (`second`: what ClickHouse says, rows unused) that can not be ours: they are ahead of
 * what is on record and not behind the bound of the last lc_ledger_expire, where what was on record
 * may be forgotten. */
void lc_ledger_find_ahead(struct lc_ledger *ledger, const struct lc_ledger_count *offsets,
			  size_t count, lc_ledger_surplus_callback *callback, void *context);

/* Log objects of a source delivered last, or open, for people to read: newest first. */
struct lc_ledger_object {
	struct lc_ledger_intent intent; /* without the blob */
	bool delivered;                 /* S3 has confirmed it */
	enum lc_ledger_loss loss;       /* closed without delivery; neither: its intent is open */
};
typedef void lc_ledger_objects_callback(void *context, const struct lc_ledger_object *objects,
					size_t count);
void lc_ledger_read_objects(struct lc_ledger *ledger, const struct lc_ledger_source *source,
			    size_t limit, lc_ledger_objects_callback *callback, void *context);

/* The same for all log objects of sources with this bucket, and those for this target bucket: those
 * with the latest rows. The whole file is looked through. */
void lc_ledger_read_deliveries(struct lc_ledger *ledger, struct lc_view bucket, size_t limit,
			       lc_ledger_objects_callback *callback, void *context);

/* ---- the whole file, offline ---- */

/* Proves the ledger's invariants, blocking, without changing it: integrity of the file, each blob
 * whole and in step with its object, slot counts equal to the blobs' sums (within the horizon),
 * ranges sorted and disjoint, no intent twice under one key, ids below next_intent_id. Calls
 * `on_fault` with a sentence for each fault. False when it can not be read at all. */
bool lc_ledger_check(const char *path, void (*on_fault)(void *context, const char *fault),
		     void *context, struct lc_error *error);

#endif
