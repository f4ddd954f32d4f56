/*
 * The replays of a shard: ordered, carried out one after the other, and remembered for a while.
 * Each is a file in the state directory (ledger/replay_file.h), so that a restart, or another
 * worker, goes on with them. After a change of the number of shards the replays of former shard i
 * go on in shard i modulo the number of shards.
 */
#ifndef LC_DELIVERY_REPLAYS_H
#define LC_DELIVERY_REPLAYS_H

#include "base/error.h"
#include "delivery/delivery.h"
#include "ledger/replay_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_replays;

enum {
	LC_REPLAYS_UNFINISHED_MAX = 16, /* in a shard */
	LC_REPLAYS_ENDED_MAX = 16,      /* that are remembered */
	LC_REPLAYS_SOURCES_MAX = 10000, /* of one replay */
};

/* Finds the files; what cannot be read is said and left alone. `main` is the shard's delivery, and
 * must outlive them. */
struct lc_replays *lc_replays_new(const struct lc_delivery *main);
/* Cancels what is under way: an order is never called back, replays go on after the next start. */
void lc_replays_free(struct lc_replays *replays);

/* Once a second while the shard delivers: carries them out. */
void lc_replays_tend(struct lc_replays *replays);

/* Nothing is carried out any more until the next start. Not from within a callback of a part of a
 * replay. */
void lc_replays_stop(struct lc_replays *replays);

/* ---- orders ---- */

/* What an order has found. */
struct lc_replays_answer {
	struct lc_error error;          /* kind NONE, or why nothing was counted, or made */
	struct lc_replay_record record; /* what it is about, and how much; `id` is empty unless it
					   was made: with nothing to deliver it is not */
	uint64_t objects;               /* about so many log objects */
	uint32_t complete_to;           /* rows of seconds before it are known; 0: of none yet */
	uint32_t retained_from; /* what is older may be gone, by consumer.retention-seconds */
};
typedef void lc_replays_callback(void *context, const struct lc_replays_answer *answer);

/* Asks ClickHouse how much the replay is about, and makes it unless it is `only_counted`. Of the
 * record what it is about is used: of_target to `to`. The callback runs once, perhaps before this
 * returns. One order at a time. */
void lc_replays_order(struct lc_replays *replays, const struct lc_replay_record *record,
		      bool only_counted, lc_replays_callback *callback, void *context);

/* Ends an unfinished replay for good: what it has delivered stays. False when none has this
 * identity, with kind NONE, or with `error` when that could not be recorded. */
bool lc_replays_cancel(struct lc_replays *replays, struct lc_view id, struct lc_error *error);

/* ---- looking ---- */

/* Calls `visit` for each, the oldest first, with how far it is. `running`: it is being carried out;
 * `trouble`: what keeps it from going on, or why it has failed. */
void lc_replays_each(const struct lc_replays *replays,
		     void (*visit)(void *context, const struct lc_replay_record *record,
				   bool running, const char *trouble),
		     void *context);

#endif
