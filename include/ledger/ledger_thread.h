/*
 * What runs a ledger: opens it, takes commands in the order of the calls, has them executed and
 * called back, and closes it. The program does that with a thread; the simulation, and measurements
 * that leave the disk out, define these functions another way.
 */
#ifndef LC_LEDGER_LEDGER_THREAD_H
#define LC_LEDGER_LEDGER_THREAD_H

#include "base/counters.h"
#include "base/error.h"
#include "base/loop.h"
#include "ledger/ledger_types.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_ledger;

/* What to gather for with a ledger on this machine's disk, where a transaction costs a sync. */
enum { LC_LEDGER_GATHER_MS = 25 };

/* A call that calls back, for lc_ledger_cancel: valid until the callback returns, it is cancelled,
 * or the ledger is closed. */
struct lc_ledger_command;

/* Opens or creates the ledger, blocking; `state`'s callbacks are set by the caller. NULL with
 * `error`: LC_ERROR_CORRUPT when the file is no ledger, damaged, of another shard or of a newer
 * schema; LC_ERROR_SYSTEM when it cannot be opened or made; LC_ERROR_USAGE when it is shared with
 * other machines, and `options` have no share. `on_corrupt` may be called later from
 * the loop. `counters` may be NULL. */
struct lc_ledger *lc_ledger_open(struct lc_loop *loop, const struct lc_ledger_options *options,
				 struct lc_counters *counters, struct lc_ledger_state *state,
				 void (*on_corrupt)(void *context, const struct lc_error *error),
				 void *context, struct lc_error *error);

/* After a change of the number of shards: rows of the session before this second were seen by the
 * ledger that it came from, though our own windows begin earlier; what is not taken of them is
 * open. 0: nothing was. Stays the same while the ledger is open. */
uint32_t lc_ledger_seen_until(const struct lc_ledger *ledger, uint32_t raft_session_id);

/* Whether the ledger was seen to be ours a moment ago: always, unless machines share it
 * (lc_share_is_current). No PUT starts while it was not. */
bool lc_ledger_is_current(struct lc_ledger *ledger);

/* Writes what was called before, as far as that is possible at once, and closes; no callback runs
 * any more. NULL is allowed. */
void lc_ledger_close(struct lc_ledger *ledger);

/* Takes a command over (ledger/ledger_command.h). For ledger/ledger.h, whose calls it carries. */
void lc_ledger_push(struct lc_ledger *ledger, struct lc_ledger_command *command);

#endif
