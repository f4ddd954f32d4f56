/*
 * Changing the number of shards: the ledgers of N shards are copied to those of M, each raft
 * session with all that is known of it, and take their names once all of them are whole and on
 * disk. The old ones are only read. The caller decides when the new ones are in force, and removes
 * what is not (supervisor/layout.h); killed before that, it may begin again.
 *
 * By raft session go sources with floor and committed second, open ranges, log objects with row
 * hashes, intents, and slot counts. Each new ledger gives sources and log objects numbers of its
 * own, in the order that they had in each old one. What is known of targets goes to every new
 * ledger; where the old ones differ, the one with the later probe has learnt more.
 *
 * What is one for a whole ledger could be different in the old ones:
 *
 *	until            The least, so that no window is left out. It is 0, which means a first
 *	                 start, if one of the old ledgers had no window yet: its sessions still need
 *	                 it.
 *	horizon          The least of those that there are, so that late rows are looked for as far
 *	                 back as any of the old ledgers would have. The greatest would lose the late
 *	                 rows of a ledger that had come less far than the others.
 *	doubtful_until   The greatest of these and of each until.
 *	expired_until    The greatest: what is older may be forgotten in part.
 *	next_intent_id   The one after the last log object.
 *
 * Alone, the least would do things twice: of the sessions of a ledger that had come further, the
 * window finds rows again that were seen, and comparisons find rows older than that ledger's own
 * horizon, whose hashes and counts were dropped. Neither can be told from new rows by what is kept.
 * That is why each of the old ledgers leaves an origin (ledger/origin.h): of its sessions no window
 * opens anything before its own `until`, no comparison finds anything before its own horizon, and a
 * first start sets no floor. What was open or had come late before these stands in the open ranges,
 * which are copied as they are. So each session goes on from where its own ledger was.
 */
#ifndef LC_LEDGER_MOVE_H
#define LC_LEDGER_MOVE_H

#include "base/error.h"

#include <stdbool.h>

struct lc_move {
	const char *directory;
	unsigned from; /* number of shards of the old ledgers; 0: there are none, all begin empty */
	unsigned to;
	/* Whether this machine has the new shard; ledgers of others are not made. */
	bool (*owns)(const void *context, unsigned shard);
	const void *context;
};

/* True if some of the old shard's sessions belong to new shards that this machine has. */
bool lc_move_needs(const struct lc_move *move, unsigned old_shard);

/* True if all of them do: the old ledger is of no use to other machines. */
bool lc_move_takes_all(const struct lc_move *move, unsigned old_shard);

/* Makes the new ledgers, blocking. Every old one that is needed is proved first (lc_ledger_check).
 * False with LC_ERROR_CORRUPT when one is missing or damaged, LC_ERROR_SYSTEM when the disk is full
 * or refuses; no ledger has changed then, but drafts and new ledgers may remain. */
bool lc_move_run(const struct lc_move *move, struct lc_error *error);

#endif
