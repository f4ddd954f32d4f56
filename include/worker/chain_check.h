/*
 * Checking the ledgers that machines share (ledger/share.h), while they use them: whether another
 * machine could take each shard over. Nothing is changed.
 */
#ifndef LC_WORKER_CHAIN_CHECK_H
#define LC_WORKER_CHAIN_CHECK_H

#include "config/settings.h"

#include <stdio.h>

/* Reads the head of one shard after the other, walks the chain of its segments back to the checkpoint,
 * makes the ledger of both in a directory of its own below the state directory, and proves it as
 * log-courier-ctl ledger check does. Says on `out` what each shard is like. LC_EXIT_OK if all are
 * sound, LC_EXIT_FAILURE if one is not or cannot be read, LC_EXIT_USAGE if the settings cannot be
 * worked with. */
int lc_chain_check(const struct lc_settings *settings, FILE *out);

#endif
