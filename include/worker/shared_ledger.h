/*
 * A shard's part in the ledgers that machines share: the connections that it takes, and what is done
 * with them: the shard is claimed and its ledger restored (ledger/share.h), and checkpoints of it
 * are taken every now and then (ledger/checkpoint.h). The connections are apart from the shard's
 * own, so that a commit never waits for a row or an upload.
 */
#ifndef LC_WORKER_SHARED_LEDGER_H
#define LC_WORKER_SHARED_LEDGER_H

#include "base/error.h"
#include "base/loop.h"
#include "config/settings.h"
#include "delivery/servers.h"
#include "ledger/share.h"

struct lc_counters;
struct lc_ledger;
struct lc_shared_ledger;

/* The connections to where the shared ledgers lie. */
struct lc_ledger_servers {
	struct lc_servers servers;
	struct lc_register *heads; /* on failover.heads-table */
	struct lc_s3 *s3;          /* for ledger.bucket */
};

/* Settings and loop outlive them. False with `error` (LC_ERROR_USAGE) when a setting cannot be used;
 * close what is open in any case. Those of all zeros may be closed, too. */
bool lc_ledger_servers_open(struct lc_ledger_servers *servers, struct lc_loop *loop,
			    const struct lc_settings *settings, struct lc_error *error);
void lc_ledger_servers_close(struct lc_ledger_servers *servers);

/* Nothing is sent before lc_share_claim. Settings, counters (may be NULL) and callbacks outlive it. NULL with
 * `error` (LC_ERROR_USAGE) when a setting cannot be used. */
struct lc_shared_ledger *lc_shared_ledger_new(struct lc_loop *loop,
					      const struct lc_settings *settings, unsigned shard,
					      unsigned shard_count, struct lc_counters *counters,
					      const struct lc_share_callbacks *callbacks,
					      void *context, struct lc_error *error);

/* Valid as long as the shared ledger. */
struct lc_share *lc_shared_ledger_share(const struct lc_shared_ledger *shared);

/* From now on checkpoints of the open ledger are taken, until lc_shared_ledger_end_checkpoints,
 * which has to come before it is closed. */
void lc_shared_ledger_begin_checkpoints(struct lc_shared_ledger *shared, struct lc_ledger *ledger);
void lc_shared_ledger_end_checkpoints(struct lc_shared_ledger *shared);

/* Cancels what is under way. Not from within a callback. NULL is allowed. */
void lc_shared_ledger_free(struct lc_shared_ledger *shared);

#endif
