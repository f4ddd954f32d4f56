/*
 * A replay that is under way: rows that were delivered before are delivered again, because somebody
 * has asked for it, under keys that say so (formats/object_key.h).
 *
 * It is a delivery like that of the shard (delivery/delivery.h), made of the same parts, with a
 * ledger of its own (ledger/replay_file.h) and without those that follow new rows: it discovers,
 * commits and compares nothing. So each of its rows stands in exactly one object of the replay,
 * whatever dies, and nothing of the shard's ranges, counts and offsets knows of it.
 *
 * It gives way to the shard's own delivery. It has a small part of the memory and few uploads
 * at a time, beside those of the shard; it reads a piece of its seconds at a time, and begins the
 * next one while the shard reads nothing and has memory free, or after a while if that never is so.
 */
#ifndef LC_DELIVERY_REPLAY_H
#define LC_DELIVERY_REPLAY_H

#include "base/error.h"
#include "delivery/delivery.h"
#include "ledger/replay_file.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_replay;

/* Goes on with the replay from where its ledger is, at `path`. `shard` and `shard_count`: whose
 * ledger it is. `main` is the shard's delivery: loop, settings and clients are taken from it, and
 * it must outlive the replay. `record` is copied. NULL with `error`: as lc_ledger_open. */
struct lc_replay *lc_replay_new(const struct lc_delivery *main,
				const struct lc_replay_record *record, const char *path,
				unsigned shard, unsigned shard_count, struct lc_error *error);

/* Cancels what is under way and releases it: the ledger knows all that is needed to go on. NULL is
 * allowed. Not from within a callback of one of its parts. */
void lc_replay_free(struct lc_replay *replay);

/* Once a second. `now`: ClickHouse's clock, 0 when it is not known yet. */
void lc_replay_tend(struct lc_replay *replay, uint32_t now);

/* How it is. */
struct lc_replay_progress {
	bool done;           /* nothing is left to do */
	bool damaged;        /* its ledger is: there is no way on */
	uint64_t delivered;  /* rows, those of earlier processes included */
	const char *trouble; /* what keeps it from going on, for people; empty: nothing */
};

/* Valid until the next call. */
struct lc_replay_progress lc_replay_look(const struct lc_replay *replay);

#endif
