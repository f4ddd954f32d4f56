/*
 * The cycle: discover what is new, read the ready sources group after group, wait, again. It goes
 * on while uploads, commits, rebuilds and the reconcile have their own pace beside it. When
 * ClickHouse fails it begins again after a backoff, with the next URL.
 */
#ifndef LC_DELIVERY_CYCLE_H
#define LC_DELIVERY_CYCLE_H

#include "delivery/delivery.h"
#include "formats/document_names.h"
#include "ledger/ledger_types.h"

#include <stdint.h>

struct lc_cycle;

/* Tells `discovered` and `scanned`. */
struct lc_cycle *lc_cycle_new(const struct lc_delivery *delivery);
/* Stops and releases it. */
void lc_cycle_free(struct lc_cycle *cycle);

/* Begins the next cycle now, unless one is under way or ClickHouse is being left alone after a
 * failure. */
void lc_cycle_begin(struct lc_cycle *cycle);

/* Has the source's rows read by a cycle that begins now, or as soon as the one under way has ended,
 * whatever its thresholds say; rows that are yet to be discovered included. NULL: those of all
 * sources. The number of sources known to have rows to read; 1 for a named one. */
uint64_t lc_cycle_flush(struct lc_cycle *cycle, const struct lc_ledger_source *one);

/* Ends it for good; objects still open are dropped. */
void lc_cycle_stop(struct lc_cycle *cycle);

enum lc_cycle_step lc_cycle_current_step(const struct lc_cycle *cycle);

/* How long until the next cycle begins; -1 unless it is waited for. */
int64_t lc_cycle_begins_in_ms(const struct lc_cycle *cycle);

#endif
