/*
 * Adoption: a shard whose ledger is older than ClickHouse's offsets, because another courier
 * has delivered it in the meantime, takes these offsets for the truth. Its ledger is of no use then: the
 * rows that the other one has taken are not in it, and would all count as late.
 */
#ifndef LC_LEDGER_ADOPTION_H
#define LC_LEDGER_ADOPTION_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Removes a ledger that nobody has open, so that the next start of its shard is a first one, which
 * begins at ClickHouse's offsets. *rows becomes how many of the rows that it has taken stand after
 * the offsets that it has written, at most: these may be delivered again. False with `error`, and
 * the ledger still there, as lc_schema_open_for_check, or if a file cannot be removed. */
bool lc_adoption_remove_ledger(const char *path, uint64_t *rows, struct lc_error *error);

#endif
