/*
 * Fetching: the way back from ledgers that machines share (worker/publish.h). The ledgers of all
 * shards are brought to this machine, which is the only one that delivers them from then on.
 */
#ifndef LC_WORKER_FETCH_H
#define LC_WORKER_FETCH_H

#include "config/settings.h"

#include <stdio.h>

/* Claims one shard after the other, restores its ledger in the state directory, which nobody else
 * uses, and tells in its head that no machine may take it any more. Services that still have a shard
 * lose it. Shards that were fetched before are left as they are, so that it can be done again. Says
 * on `out` what has become of each. LC_EXIT_OK, LC_EXIT_FAILURE if a shard could not be fetched,
 * LC_EXIT_USAGE if the settings cannot be worked with. */
int lc_fetch(const struct lc_settings *settings, FILE *out);

#endif
