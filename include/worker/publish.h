/*
 * Publishing: the ledgers of this machine become those of a whole deployment (ledger/share.h). It is
 * done once, while the service does not run: a checkpoint of each ledger is stored, and then the
 * head of its shard is made, which is there from then on. A head is never made by a service that
 * starts, so that a table that was emptied, or the wrong one, does not make it begin again.
 */
#ifndef LC_WORKER_PUBLISH_H
#define LC_WORKER_PUBLISH_H

#include "config/settings.h"

#include <stdbool.h>
#include <stdio.h>

/* Publishes the ledgers in the state directory, which nobody else uses, and says on `out` what has
 * become of each shard. `fresh`: a shard that has neither a ledger here nor a head is published as
 * one that begins: at the offsets in ClickHouse, or, where there are none, with the oldest row.
 * Shards that have a head are left as they are, so that it can be done again, and on one machine
 * after the other. LC_EXIT_OK if all shards have a head in the end, LC_EXIT_FAILURE if not, with the
 * reason on `out` or stderr, LC_EXIT_USAGE if the settings cannot be worked with. */
int lc_publish(const struct lc_settings *settings, bool fresh, FILE *out);

#endif
