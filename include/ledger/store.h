/*
 * The ledger without its thread: opening, transactions, and what is one for the whole ledger. What
 * is done within a transaction is done at once by the caller, between lc_store_begin and
 * lc_store_commit; it stands here and in store_sources.h, store_objects.h, store_hours.h and
 * store_counts.h. Errors: see store_base.h.
 */
#ifndef LC_LEDGER_STORE_H
#define LC_LEDGER_STORE_H

#include "base/error.h"
#include "formats/chain.h"
#include "ledger/ledger_types.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_store;

/* As lc_ledger_open; `retry_ms` is not used. */
struct lc_store *lc_store_open(const struct lc_ledger_options *options,
			       struct lc_ledger_state *state, struct lc_error *error);

/* Rolls back a transaction that is open, and closes. NULL is allowed. */
void lc_store_close(struct lc_store *store);

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

/* Moves all of the write-ahead log into the file, outside of a transaction, and leaves it alone from
 * then on (lc_store_checkpoint does nothing): the file stands still, until lc_store_thaw, while
 * commits go on into the log. An error leaves everything as it was. */
bool lc_store_freeze(struct lc_store *store, struct lc_ledger_frozen *frozen,
		     struct lc_error *error);
void lc_store_thaw(struct lc_store *store);

/* Size of the file and of its write-ahead log. */
uint64_t lc_store_bytes(struct lc_store *store);

/* ---- the place in the chain of a shared ledger (ledger/share.h) ---- */

/* In the transaction that is open: what the file holds once it is committed is what the chain holds
 * up to there. */
bool lc_store_set_position(struct lc_store *store, const struct lc_chain_position *position,
			   struct lc_error *error);

/* Whether the ledger is, or was, part of a chain: one of this machine alone must not go on with it. */
bool lc_store_is_shared(struct lc_store *store, bool *shared, struct lc_error *error);

/* Makes the ledger of `options`, which is not open, part of a chain that has yet to begin, or one
 * machine's alone again. */
bool lc_store_set_shared(const struct lc_ledger_options *options, bool shared,
			 struct lc_error *error);

/* Where the ledger at `path`, which is not open, stands: seq 0 if it was never part of a chain, or
 * is not there. */
bool lc_store_find_position(const char *path, struct lc_chain_position *position,
			    struct lc_error *error);

/* ---- what is one for the whole ledger; see ledger/ledger.h ---- */

bool lc_store_set_until(struct lc_store *store, uint32_t until, struct lc_error *error);
bool lc_store_set_steady_clock(struct lc_store *store, uint64_t shows_ms, uint64_t at_ms,
			       struct lc_error *error);
bool lc_store_set_target(struct lc_store *store, const struct lc_ledger_target *target,
			 struct lc_error *error);

#endif
