/*
 * A new ledger that is filled from others: sessions, with all that is known of them, are copied row
 * by row from ledgers of another number of shards. What becomes of the numbers that are one for a
 * whole ledger is told in ledger/move.h.
 */
#ifndef LC_LEDGER_MOVE_COPY_H
#define LC_LEDGER_MOVE_COPY_H

#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct lc_move_copy {
	sqlite3 *db; /* the new ledger; the caller's */
	const char *path;
	unsigned shard;
	unsigned shard_count;
	bool began;      /* something was copied */
	int64_t sources; /* copied so far: the last source's id */
	int64_t objects; /* copied so far: the last log object's id */
	uint32_t until;
	uint32_t doubtful_until;
	uint32_t horizon;
	uint32_t expired_until;
	uint32_t gone_until;
	int64_t steady_ms;
	int64_t steady_at_ms;
};

/* Copies what the ledger `old`, of shard `shard` of `shard_count`, has of the new one's sessions;
 * in a transaction of the new one that the caller has begun. LC_ERROR_CORRUPT: the old one is
 * damaged, or of another shard. */
bool lc_move_copy_from(struct lc_move_copy *copy, sqlite3 *old, const char *old_path,
		       unsigned shard, unsigned shard_count, struct lc_error *error);

/* All has been copied: sets the numbers that are one for the whole ledger. */
bool lc_move_copy_finish(struct lc_move_copy *copy, struct lc_error *error);

#endif
