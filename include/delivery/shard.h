/*
 * The shard: everything that one worker delivers. It discovers, scans, builds, uploads and commits,
 * cycle after cycle, until it is drained.
 *
 * Runs on the loop it is given; callbacks run from the loop, never from within these functions.
 */
#ifndef LC_DELIVERY_SHARD_H
#define LC_DELIVERY_SHARD_H

#include <stdbool.h>
#include <stdint.h>

struct lc_counters;
struct lc_delivery;
struct lc_error;
struct lc_loop;
struct lc_settings;
struct lc_shard;
struct lc_share;

struct lc_shard_callbacks {
	/* The first discovery has succeeded, or is being retried against a server that cannot be
	 * reached. Once. */
	void (*on_ready)(void *context);
	/* After lc_shard_drain or lc_shard_abandon: nothing is under way any more; what was
	 * delivered is committed and in the ledger, or could not be. Once. */
	void (*on_drained)(void *context);
	/* The shard cannot go on: LC_ERROR_CORRUPT, the ledger is damaged; LC_ERROR_CONFLICT,
	 * another courier delivers it as well; LC_ERROR_OUTDATED, ClickHouse's offsets are ahead of
	 * its ledger, so that another one has delivered it. Nothing more happens. */
	void (*on_failed)(void *context, const struct lc_error *error);
};

/* A shard that delivers the raft sessions with raftSessionID % shard_count == shard. Nothing is
 * sent before lc_shard_start. `share`: of a ledger that machines share, which is ready (ledger/
 * share.h); NULL: the ledger is this machine's alone. Settings, share, counters and callbacks must
 * outlive it. NULL with `error`:
 * LC_ERROR_USAGE when a setting cannot be used, for instance a CA file that does not load; as
 * lc_ledger_open when the ledger cannot be opened. */
struct lc_shard *lc_shard_new(struct lc_loop *loop, const struct lc_settings *settings,
			      unsigned shard, unsigned shard_count, struct lc_share *share,
			      struct lc_counters *counters,
			      const struct lc_shard_callbacks *callbacks, void *context,
			      struct lc_error *error);

/* Begins the first cycle. */
void lc_shard_start(struct lc_shard *shard);

/* Stops discovering and scanning, lets uploads end, commits. on_drained follows. */
void lc_shard_drain(struct lc_shard *shard);

/* The time for draining is over: uploads are cancelled, what was delivered is committed if that
 * ends within a second. on_drained follows. */
void lc_shard_abandon(struct lc_shard *shard);

/* What the shard has made, for lc_inspect and nobody else. Valid as long as the shard. */
const struct lc_delivery *lc_shard_delivery(const struct lc_shard *shard);

/* True while it delivers: it was started, and is not draining, drained or failed. */
bool lc_shard_delivering(const struct lc_shard *shard);

/* Cancels all without callback and releases it. */
void lc_shard_free(struct lc_shard *shard);

/* After LC_ERROR_OUTDATED, when the shard is freed: a new one begins at ClickHouse's offsets, as at a
 * first start. *rows: as lc_adoption_remove_ledger. */
bool lc_shard_adopt_offsets(const struct lc_settings *settings, unsigned shard,
			    unsigned shard_count, uint64_t *rows, struct lc_error *error);

#endif
