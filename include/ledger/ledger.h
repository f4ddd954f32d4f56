/*
 * The ledger: a shard's durable record of what it has taken and what is delivered. One SQLite file,
 * written by one thread, in the order in which the functions below were called; whatever has queued
 * up meanwhile goes into one transaction (group commit), so that no fsync holds up the event loop
 * and many log objects share one.
 *
 * Writes return at once and are certain only when lc_ledger_when_durable has called back. Reads see
 * all writes that were called before them. Callbacks run from the loop, in the order of the calls.
 *
 * When the file cannot be written (disk full), writes are tried again until they succeed; nothing
 * called after them is called back meanwhile, so that no PUT starts and nothing is committed;
 * LC_COUNTERS_LEDGER_FAILING_SINCE tells since when. When the file turns out corrupt, or its name
 * no longer leads to it, on_corrupt is called, and nothing after it.
 *
 * What it holds:
 *
 * - the end of the last window, the lower bound of the horizon, the clock that this follows;
 * - per source: its open ranges of seconds, its floor, the second that was committed last;
 * - log objects: from the moment their intent is on disk their rows are taken. Row hashes stand in
 *   one blob per object (formats/taken_rows.h), in tables by the hour of the object's last second,
 *   which are dropped whole when they are older than the horizon and nothing open needs them;
 * - how many rows of each source and slot are taken;
 * - targets and target buckets that are blocked, with the state of their backoff, or given up;
 * - after a change of the number of shards: how far the former ledgers were (ledger/origin.h).
 */
#ifndef LC_LEDGER_LEDGER_H
#define LC_LEDGER_LEDGER_H

#include "base/view.h"
#include "formats/offset.h"
#include "ledger/ledger_thread.h"
#include "ledger/ledger_types.h"

#include <stddef.h>
#include <stdint.h>

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
 * happens to a source of which lc_ledger_seen_until tells, as long as the ledger itself has not come
 * that far: it knows it better. */
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

/* Drops what is older than `bound`: log objects by whole hours, but for those with open intents and
 * those of sources with ranges open there; slot counts; floors; sources that nothing refers to.
 * That is done in steps, an hour's objects each, in transactions of their own or with what is
 * called meanwhile; closing the ledger ends it early. Only what is older than the horizon is
 * dropped, where that has come down before a step. */
void lc_ledger_expire(struct lc_ledger *ledger, uint32_t bound);

/* The horizon comes down to `bound`, a slot's beginning, or as near to it as every row taken is
 * still known: before that, rows that are taken could not be told from new ones. Calls back with
 * the horizon that holds from now on, which is never higher than before. */
struct lc_ledger_command *lc_ledger_lower_horizon(struct lc_ledger *ledger, uint32_t bound,
						  lc_ledger_horizon_callback *callback,
						  void *context);

/* Calls back once everything written so far is on disk. */
void lc_ledger_when_durable(struct lc_ledger *ledger, lc_ledger_callback *callback, void *context);

/* Lets the file stand still from the end of a transaction on, so that it can be read
 * (ledger/checkpoint.h): it holds all that was written before this call, and what is written later
 * goes to the write-ahead log alone, which grows until lc_ledger_thaw. Where a freeze fails, nothing
 * has changed. A cancelled one is to be followed by a thaw, too. */
struct lc_ledger_command *lc_ledger_freeze(struct lc_ledger *ledger,
					   lc_ledger_frozen_callback *callback, void *context);
void lc_ledger_thaw(struct lc_ledger *ledger);

/* ---- reads ---- */

/* The callback of this call will not run; what it writes is written all the same. NULL is allowed.
 */
void lc_ledger_cancel(struct lc_ledger_command *command);

/* The hashes of the source's taken rows with from <= insertedAt < to. */
struct lc_ledger_command *lc_ledger_read_hashes(struct lc_ledger *ledger,
						const struct lc_ledger_source *source,
						uint32_t from, uint32_t to,
						lc_ledger_hashes_callback *callback, void *context);

/* Open intents of a target. */
struct lc_ledger_command *lc_ledger_read_intents(struct lc_ledger *ledger,
						 const struct lc_ledger_intents_question *question,
						 lc_ledger_intents_callback *callback,
						 void *context);

/* Those of the counts, of slots or of seconds, that are larger than what is taken. */
struct lc_ledger_command *
lc_ledger_find_surplus_slots(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			     size_t count, lc_ledger_surplus_callback *callback, void *context);
struct lc_ledger_command *
lc_ledger_find_surplus_seconds(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			       size_t count, lc_ledger_surplus_callback *callback, void *context);

/* Offsets (`second`; rows unused) are about to be written to ClickHouse. Calls back, once they are
 * on record, with those that may be written: not those older than what is on record already, as
 * after late rows of a source that was idle. `callback` may be NULL. */
void lc_ledger_set_committed(struct lc_ledger *ledger, const struct lc_ledger_count *offsets,
			     size_t count, lc_ledger_surplus_callback *callback, void *context);

/* Committed seconds that the ledger knows, for comparison with ClickHouse's offsets: those of
 * `offsets` (`second`: what ClickHouse says, rows unused) that cannot be ours: they are newer than
 * what is on record and not older than the bound of the last lc_ledger_expire, where what was on
 * record may be forgotten. */
struct lc_ledger_command *lc_ledger_find_ahead(struct lc_ledger *ledger,
					       const struct lc_ledger_count *offsets, size_t count,
					       lc_ledger_surplus_callback *callback, void *context);

/* Log objects of the source, newest first. */
struct lc_ledger_command *lc_ledger_read_objects(struct lc_ledger *ledger,
						 const struct lc_ledger_source *source,
						 size_t limit, lc_ledger_objects_callback *callback,
						 void *context);

/* The same for all log objects of sources with this bucket, and those for this target bucket: those
 * with the latest rows. The whole file is looked through. */
struct lc_ledger_command *lc_ledger_read_deliveries(struct lc_ledger *ledger, struct lc_view bucket,
						    size_t limit,
						    lc_ledger_objects_callback *callback,
						    void *context);

#endif
