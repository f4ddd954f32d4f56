/*
 * Checkpoints of a shared ledger: its SQLite file as of a place in its chain, in S3, so that whoever
 * takes the shard over needs only the segments after it.
 *
 * In the shard's folder, <prefix>/g<generation>/s<shard>-of-<N>/, beside the
 * segments:
 *
 *	pack/<epoch>-<seq>-<nonce>         chunks of the file, each 64 KiB, that have changed since
 *	                                   the checkpoint before; 16 MiB at most, so that a
 *	                                   checkpoint is made of several
 *	checkpoint/<epoch>-<seq>-<nonce>   the manifest (ledger/manifest.h): for each chunk of the
 *	                                   file, in which pack it lies, and its hash
 *
 * Names are never used twice, and nothing is ever overwritten. A checkpoint counts once the head of
 * the shard (formats/shard_head.h) names its manifest; one that no head came to name is garbage, and
 * harms nobody.
 *
 * A manifest may name packs of any earlier checkpoint. How many these are is bounded when one is
 * taken (lc_manifest_reuse): chunks of a pack of which less than half is still needed are copied
 * into the next one, so that all packs together are at most about twice the file; and there are no
 * more packs than one for each 8 MiB of the file, and 64.
 *
 * All three run on the loop, in slices of a few milliseconds. Callbacks come from there, never from
 * within the call, once each, unless they are cancelled. What does not work in S3 is tried again,
 * and logged (ledger/remote.h).
 */
#ifndef LC_LEDGER_CHECKPOINT_H
#define LC_LEDGER_CHECKPOINT_H

#include "base/error.h"
#include "base/loop.h"
#include "base/random.h"
#include "formats/chain.h"

#include <stdint.h>

struct lc_ledger;
struct lc_s3;

enum {
	/* What no checkpoint needs any more is kept for so long all the same: for whoever restores
	 * from an earlier head, and for a head that was lost with its Keeper. */
	LC_CHECKPOINT_KEEP_SECONDS = 7 * 24 * 3600,
	/* While a checkpoint is taken the write-ahead log grows: it is given up after this. */
	LC_CHECKPOINT_TAKE_MAX_MS = 15 * 60 * 1000,
};

/* ---- taking one ---- */

struct lc_checkpoint_take_options {
	struct lc_s3 *s3;   /* outlives it, as all that follows */
	const char *bucket; /* copied, as the other texts */
	const char *folder; /* of the shard's objects, ending in a slash */
	const char *base;   /* the checkpoint that the head names; empty: there is none */
	struct lc_ledger *ledger;
	unsigned shard;
	unsigned shard_count;
	uint64_t generation;
	struct lc_random *random;
};

struct lc_checkpoint_taken {
	char name[LC_CHAIN_NAME_SIZE];     /* for the head */
	struct lc_chain_position position; /* what it holds: as the ledger itself says */
	uint64_t file_bytes;
	uint64_t stored_bytes; /* of new packs and the manifest */
	unsigned packs;        /* new ones */
};

/* `error` of kind NONE: it is stored, and counts once the head names it. Otherwise nothing has
 * happened: LC_ERROR_SYSTEM or LC_ERROR_CORRUPT, the file cannot be read; LC_ERROR_LIMIT, it took
 * too long. */
typedef void lc_checkpoint_taken_callback(void *context, const struct lc_error *error,
					  const struct lc_checkpoint_taken *taken);

struct lc_checkpoint_take;

/* Takes a checkpoint as of the ledger's next commit. One at a time for each ledger. The ledger goes
 * on meanwhile, into its write-ahead log alone. A base that cannot be read is done without: then all
 * of the file is stored. */
struct lc_checkpoint_take *lc_checkpoint_take(struct lc_loop *loop,
					      const struct lc_checkpoint_take_options *options,
					      lc_checkpoint_taken_callback *callback,
					      void *context);

/* Gives it up, without callback. Before the ledger is closed. NULL is allowed. */
void lc_checkpoint_take_cancel(struct lc_checkpoint_take *take);

/* ---- making the file from one ---- */

struct lc_checkpoint_restore_options {
	struct lc_s3 *s3;
	const char *bucket; /* texts are copied */
	const char *folder;
	const char *name; /* of the checkpoint, as the head has it */
	const char *path; /* of the ledger's file, which is not open */
	struct lc_random *random;
};

/* `error` of kind NONE: the file is there, whole and on the disk. LC_ERROR_CORRUPT: an object is not
 * there, or not what was stored, which it names; LC_ERROR_SYSTEM: the file cannot be written. The
 * file that was there before stays as it was then. */
typedef void lc_checkpoint_restored_callback(void *context, const struct lc_error *error);

struct lc_checkpoint_restore;

/* Makes the file at `path` from a checkpoint: beside it, as <path>.fetch, which takes its place once
 * it is whole. Chunks that the file at `path` holds already, or a <path>.fetch that was left by an
 * earlier restore, are not fetched. At most eight GETs of 2 MiB are under way. */
struct lc_checkpoint_restore *
lc_checkpoint_restore(struct lc_loop *loop, const struct lc_checkpoint_restore_options *options,
		      lc_checkpoint_restored_callback *callback, void *context);

/* Gives it up, without callback; what was fetched stays for the next restore. NULL is allowed. */
void lc_checkpoint_restore_cancel(struct lc_checkpoint_restore *restore);

/* ---- removing what is not needed ---- */

struct lc_checkpoint_collect_options {
	struct lc_s3 *s3;
	const char *bucket; /* texts are copied */
	const char *folder;
	const char *name; /* of the checkpoint that the head names */
	struct lc_random *random;
};

struct lc_checkpoint_collected {
	uint64_t deleted; /* objects */
	uint64_t failed;  /* that could not be deleted; or a list that could not be read: 1 */
};

typedef void lc_checkpoint_collected_callback(void *context,
					      const struct lc_checkpoint_collected *collected);

struct lc_checkpoint_collect;

/* Deletes the segments up to the checkpoint, and earlier manifests, and packs that it does not need,
 * all once they are older than LC_CHECKPOINT_KEEP_SECONDS, by S3's own clock; four at a time, the
 * oldest first. What fails is logged and left for the next time. */
struct lc_checkpoint_collect *
lc_checkpoint_collect(struct lc_loop *loop, const struct lc_checkpoint_collect_options *options,
		      lc_checkpoint_collected_callback *callback, void *context);

/* Ends it without callback. NULL is allowed. */
void lc_checkpoint_collect_cancel(struct lc_checkpoint_collect *collect);

#endif
