/*
 * The ledger without its thread: the same writes and reads as ledger/ledger.h, done at once by
 * whoever calls, inside a transaction that he begins and commits.
 *
 * Every function that returns false has set `error`: LC_ERROR_CORRUPT when the file is damaged,
 * LC_ERROR_SYSTEM when it can not be read or written now. After either the transaction must be
 * rolled back; what it did is undone and may be done again in another one.
 *
 * One thread at a time.
 */
#ifndef LC_LEDGER_STORE_H
#define LC_LEDGER_STORE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/view.h"
#include "ledger/ledger_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_store;

/* As lc_ledger_open; `retry_ms` is not used. */
struct lc_store *lc_store_open(const struct lc_ledger_options *options,
			       struct lc_ledger_state *state, struct lc_error *error);

/* Rolls back a transaction that is open, and closes. NULL is allowed. */
void lc_store_close(struct lc_store *store);

/* As lc_ledger_seen_until; may be called from any thread while the store is open. */
uint32_t lc_store_seen_until(const struct lc_store *store, uint32_t raft_session_id);

/* ---- transactions ---- */

bool lc_store_begin(struct lc_store *store, struct lc_error *error);

/* True when all of the transaction is on disk. */
bool lc_store_commit(struct lc_store *store, struct lc_error *error);

/* Undoes the transaction; none being open is fine. */
void lc_store_roll_back(struct lc_store *store);

/* Whether the files that were opened are still those which their names lead to, so that the next
 * start finds what is written; false with `error` set (LC_ERROR_CORRUPT). */
bool lc_store_in_place(const struct lc_store *store, struct lc_error *error);

/* Moves the write-ahead log into the file once it is long; call it outside of a transaction, every
 * now and then. An error leaves everything as it was: what is committed stays on disk. */
bool lc_store_checkpoint(struct lc_store *store, struct lc_error *error);

/* Size of the file and of its write-ahead log. */
uint64_t lc_store_bytes(struct lc_store *store);

/* ---- writes; see ledger/ledger.h ---- */

bool lc_store_set_until(struct lc_store *store, uint32_t until, struct lc_error *error);
bool lc_store_set_horizon(struct lc_store *store, uint32_t horizon, struct lc_error *error);
bool lc_store_set_steady_clock(struct lc_store *store, uint64_t shows_ms, uint64_t at_ms,
			       struct lc_error *error);
bool lc_store_lower_horizon(struct lc_store *store, uint32_t bound, uint32_t *horizon,
			    struct lc_error *error);
bool lc_store_set_ranges(struct lc_store *store, const struct lc_ledger_source *source,
			 const struct lc_ledger_range *ranges, size_t count,
			 struct lc_error *error);
bool lc_store_set_floor(struct lc_store *store, const struct lc_ledger_source *source,
			const struct lc_offset *floor, struct lc_error *error);
/* The offsets that may be written move to the front, in their order; the others are lost. *count
 * becomes their number. */
bool lc_store_set_committed(struct lc_store *store, struct lc_ledger_count *offsets, size_t *count,
			    struct lc_error *error);
bool lc_store_add_intent(struct lc_store *store, const struct lc_ledger_intent *intent,
			 struct lc_error *error);
bool lc_store_set_delivered(struct lc_store *store, uint64_t intent_id, struct lc_error *error);
bool lc_store_set_lost(struct lc_store *store, uint64_t intent_id, uint32_t last_second,
		       enum lc_ledger_loss loss, struct lc_error *error);
bool lc_store_withdraw_intent(struct lc_store *store, uint64_t intent_id, uint32_t last_second,
			      struct lc_error *error);
bool lc_store_set_target(struct lc_store *store, const struct lc_ledger_target *target,
			 struct lc_error *error);
/* A step of lc_ledger_expire: the first hour from *hour on; 0 in the first step. *hour becomes the
 * one to go on with, 0 after the last step. */
bool lc_store_expire(struct lc_store *store, uint32_t bound, uint32_t *hour,
		     struct lc_error *error);

/* ---- reads ---- */

/* `hashes->hashes` is the caller's, to free(); the floor's bytes stand in the arena. */
bool lc_store_read_hashes(struct lc_store *store, const struct lc_ledger_source *source,
			  uint32_t from, uint32_t to, struct lc_arena *arena,
			  struct lc_ledger_hashes *hashes, struct lc_error *error);

/* The array and its bytes stand in the arena. */
bool lc_store_read_intents(struct lc_store *store,
			   const struct lc_ledger_intents_question *question,
			   struct lc_arena *arena, struct lc_ledger_intents *answer,
			   struct lc_error *error);
bool lc_store_read_objects(struct lc_store *store, const struct lc_ledger_source *source,
			   size_t limit, struct lc_arena *arena, struct lc_ledger_object **objects,
			   size_t *count, struct lc_error *error);
bool lc_store_read_deliveries(struct lc_store *store, struct lc_view bucket, size_t limit,
			      struct lc_arena *arena, struct lc_ledger_object **objects,
			      size_t *count, struct lc_error *error);

/* Those of the counts that are larger than ours move to the front, in their order, `rows` becoming
 * the difference (lc_store_find_ahead leaves it); the others are lost. *count becomes their number.
 */
bool lc_store_find_surplus_slots(struct lc_store *store, struct lc_ledger_count *counts,
				 size_t *count, struct lc_error *error);
bool lc_store_find_surplus_seconds(struct lc_store *store, struct lc_ledger_count *counts,
				   size_t *count, struct lc_error *error);
bool lc_store_find_ahead(struct lc_store *store, struct lc_ledger_count *offsets, size_t *count,
			 struct lc_error *error);

#endif
