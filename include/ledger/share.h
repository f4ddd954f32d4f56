/*
 * A shard's ledger as several machines share it. The writes of each group commit go to S3 as a
 * segment (ledger/segment.h) before they are committed to the local file, and the head of the
 * shard's chain (formats/shard_head.h) is moved to that segment by compare-and-swap. So what the
 * local file holds can be made again anywhere from the chain that the head names, and whoever wants
 * to go on has to move the head first: a machine that was replaced cannot commit any more, whatever
 * it believes, however late it wakes up.
 *
 * The life of a share:
 *
 *	claim    the head is read, and moved to a new epoch that is ours;
 *	restore  the local file is brought to where the head is: from itself, if it stands on the
 *	         chain, or else from the head's checkpoint, by the segments that follow;
 *	append   a segment is PUT, and once S3 has confirmed it the head is moved; one at a time;
 *	release  the head says that nobody owns the shard.
 *
 * Why it holds: a segment is confirmed before a head names it, so whoever reads the head can read
 * the chain; nothing that depends on a commit starts before the head names its segment; and a head
 * that has moved to a later epoch never comes back. No clock, lease, listing or conditional PUT has
 * a part in it. Assumed is that the register's swap is one, and that S3 keeps what it has
 * confirmed.
 *
 * Runs on the loop; callbacks come from there, never from within these functions.
 */
#ifndef LC_LEDGER_SHARE_H
#define LC_LEDGER_SHARE_H

#include "base/error.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/view.h"
#include "formats/chain.h"
#include "formats/shard_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_counters;
struct lc_register;
struct lc_s3;
struct lc_segment_header;
struct lc_share;

struct lc_share_options {
	struct lc_register *heads; /* outlives the share, as all that follows */
	struct lc_s3 *s3;
	const char *bucket; /* for the ledgers */
	const char *prefix;
	const char *path; /* of the local file; copied */
	unsigned shard;
	unsigned shard_count;
	const char *machine; /* the name that the head tells */
	uint64_t current_ms; /* for so long what the head was seen to say is relied upon */
	struct lc_random *random;
	struct lc_counters *counters; /* may be NULL */
};

struct lc_share_callbacks {
	/* The shard is ours, and the local file is the ledger as the head has it, or is not there
	 * because the ledger has yet to begin. Once. */
	void (*on_ready)(void *context);
	/* There is no way on: LC_ERROR_TAKEN_OVER, another machine has the shard;
	 * LC_ERROR_USAGE, the shard has no head, or one of another layout; LC_ERROR_CORRUPT, the
	 * chain is damaged, or the head went back; LC_ERROR_SYSTEM, the local file cannot be
	 * written. Once, and nothing after it. */
	void (*on_failed)(void *context, const struct lc_error *error);
	/* What is under way cannot be done at present, and is tried again, or has been waiting for an
	 * answer for 10 s; NULL: it can again. */
	void (*on_trouble)(void *context, const struct lc_error *error);
};

/* Nothing is sent before lc_share_claim. */
struct lc_share *lc_share_new(struct lc_loop *loop, const struct lc_share_options *options,
			      const struct lc_share_callbacks *callbacks, void *context);

/* Cancels what is under way. NULL is allowed. */
void lc_share_free(struct lc_share *share);

/* Takes the shard, whoever has it, and restores its ledger. But if another machine has it in a later
 * epoch than this one, it is that machine which has taken it over. */
void lc_share_claim(struct lc_share *share, uint64_t epoch);

/* The head as it is known: as it was read, or as it was last moved. */
const struct lc_shard_head *lc_share_head(const struct lc_share *share);

/* ---- once it is ready ---- */

/* What the next segment has to say of itself. Stays the same from one append to the next, so that
 * another thread may read it meanwhile. */
const struct lc_segment_header *lc_share_next(const struct lc_share *share);

/* Appends a segment, encoded with lc_share_next. `done` is called once the head names it: from then
 * on lc_share_next speaks of the one after. The bytes must stay until then, or until
 * lc_share_cancel. One at a time; after a release, or when the share has failed, nothing is done. */
void lc_share_append(struct lc_share *share, struct lc_view segment,
		     const struct lc_chain_hash *hash, lc_loop_callback *done, void *context);

/* Whether the head was seen to be ours in the last `current_ms`, time that the machine was suspended
 * included. If it was not, it is looked at, and whoever asks again is told. This keeps a machine that
 * stood still for long from sending what another one has sent, and somebody may have removed, since;
 * that no row is delivered twice does not depend on it. */
bool lc_share_is_current(struct lc_share *share);

/* The head names this checkpoint of the shard (ledger/checkpoint.h), which is stored, from the next
 * segment on. */
void lc_share_record_checkpoint(struct lc_share *share, const char *name,
				const struct lc_chain_position *position);

/* The folder of a shard's objects, ending in a slash. */
void lc_share_format_folder(const char *prefix, uint64_t generation, unsigned shard,
			    unsigned shard_count, char *folder, size_t size);

/* That of this one. */
const char *lc_share_folder(const struct lc_share *share);

/* Nobody is called back any more; whether a segment that was under way has become part of the chain
 * is unknown. Only lc_share_free may follow. */
void lc_share_cancel(struct lc_share *share);

/* True from the moment that the head names us until the share is released or has failed. */
bool lc_share_is_claimed(const struct lc_share *share);

/* Tells in the head that nobody owns the shard, so that another machine may take it at once. To be
 * called while it is claimed; `released` is called when that is done. Nothing is appended after it: a
 * segment that is being PUT is given up, one that the head is being moved to is part of the chain
 * then, and whoever has appended it is not called back. */
void lc_share_release(struct lc_share *share, lc_loop_callback *released, void *context);

/* Tells in the head that no machine may take the shard any more but this one: the local file is the ledger, of one machine alone
 * once lc_store_set_shared has made it so. Only between two appends. */
void lc_share_withdraw(struct lc_share *share, lc_loop_callback *withdrawn, void *context);

#endif
