/*
 * Numbers of rows, and offsets, seen in ClickHouse are compared with the store's. See
 * ledger/ledger.h.
 *
 * Those of the counts that are larger than ours move to the front, in their order, `rows` becoming
 * the difference (lc_store_find_ahead leaves it); the others are lost. *count becomes their number.
 */
#ifndef LC_LEDGER_STORE_COUNTS_H
#define LC_LEDGER_STORE_COUNTS_H

#include "base/error.h"
#include "ledger/ledger_types.h"
#include "ledger/store_base.h"

#include <stdbool.h>
#include <stddef.h>

bool lc_store_find_surplus_slots(struct lc_store *store, struct lc_ledger_count *counts,
				 size_t *count, struct lc_error *error);
bool lc_store_find_surplus_seconds(struct lc_store *store, struct lc_ledger_count *counts,
				   size_t *count, struct lc_error *error);
bool lc_store_find_ahead(struct lc_store *store, struct lc_ledger_count *offsets, size_t *count,
			 struct lc_error *error);

#endif
