/*
 * Brings the local file of a shared ledger to where the head of its chain is (ledger/share.h).
 *
 * The chain is walked back from the head's last segment, each segment naming the one before it,
 * until it reaches the place where the local file stands, or the head's checkpoint, or the beginning.
 * There the file is taken as it is, or made from the checkpoint, or removed; then the segments that
 * were passed are executed in their order, a transaction each, so that a process that dies meanwhile
 * leaves a file that stands on the chain as well.
 *
 * A local file that does not stand on the chain between the checkpoint and the head is of no use any
 * more, whatever it holds, and is replaced: what it has beyond the chain was never confirmed to
 * anybody.
 */
#ifndef LC_LEDGER_CHAIN_RESTORE_H
#define LC_LEDGER_CHAIN_RESTORE_H

#include "base/error.h"
#include "base/loop.h"
#include "base/random.h"
#include "clients/s3.h"
#include "formats/shard_head.h"

struct lc_chain_restore;

struct lc_chain_restore_options {
	struct lc_s3 *s3;
	const char *bucket;
	const char *folder; /* of the shard's objects, ending in a slash */
	const char *path;   /* of the local file */
	unsigned shard;
	unsigned shard_count;
	const struct lc_shard_head *head; /* all pointers outlive the restore */
	struct lc_random *random;
};

/* Once: kind NONE, and the file is as the head says, or not there because the ledger has yet to
 * begin. LC_ERROR_CORRUPT: an object of the chain is not there or not what it was;
 * LC_ERROR_SYSTEM: the file cannot be written. */
typedef void lc_chain_restore_done(void *context, const struct lc_error *error);

/* What cannot be done at present is tried again; NULL: it can again. */
typedef void lc_chain_restore_trouble(void *context, const struct lc_error *error);

/* Begins; callbacks come from the loop. */
struct lc_chain_restore *lc_chain_restore_new(struct lc_loop *loop,
					      const struct lc_chain_restore_options *options,
					      lc_chain_restore_done *on_done,
					      lc_chain_restore_trouble *on_trouble, void *context);

/* Cancels what is under way. NULL is allowed. */
void lc_chain_restore_free(struct lc_chain_restore *restore);

#endif
