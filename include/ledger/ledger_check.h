/* A whole ledger is proved, offline. */
#ifndef LC_LEDGER_LEDGER_CHECK_H
#define LC_LEDGER_LEDGER_CHECK_H

#include "base/error.h"

#include <stdbool.h>

/* Proves the ledger's invariants, blocking, without changing it: integrity of the file, each blob
 * whole and in step with its object, slot counts equal to the blobs' sums (within the horizon),
 * ranges sorted and disjoint, no intent twice under one key, ids below next_intent_id. Calls
 * `on_fault` with a sentence for each fault. False when it cannot be read at all. */
bool lc_ledger_check(const char *path, void (*on_fault)(void *context, const char *fault),
		     void *context, struct lc_error *error);

#endif
