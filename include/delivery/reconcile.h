/*
 * The reconcile: finds rows that became visible after their second was settled. It compares the
 * numbers of rows in ClickHouse, per source and slot of 300 s, with the numbers taken, for slots
 * that no open range touches. Where ClickHouse has more the slot is asked by second, and the
 * seconds with a surplus become open ranges again: scan, subtraction and thresholds do the rest.
 * Where ClickHouse has fewer nothing follows (a stale replica, retention).
 *
 * Recent slots are compared often, all slots within the horizon now and then. The horizon's lower
 * bound advances only after a pass over all slots that has succeeded, so that an outage of ours
 * costs nothing. It follows a clock that a wrong one does not lead astray
 * (delivery/steady_clock.h), and comes back when this does, as far as the ledger still knows what
 * was taken.
 */
#ifndef LC_DELIVERY_RECONCILE_H
#define LC_DELIVERY_RECONCILE_H

#include "delivery/delivery.h"

#include <stdint.h>

struct lc_reconcile;

struct lc_reconcile *lc_reconcile_new(const struct lc_delivery *delivery);
/* Cancels a pass that is under way. */
void lc_reconcile_free(struct lc_reconcile *reconcile);

/* A first start: the horizon begins here. To be called after lc_reconcile_follow_clock. */
void lc_reconcile_set_horizon(struct lc_reconcile *reconcile, uint32_t horizon);

/* ClickHouse's clock is believed to show `now` (0: nothing is known yet); `least`: what a server
 * has told, believed or not, UINT32_MAX if none has. To be called about once a second. */
void lc_reconcile_follow_clock(struct lc_reconcile *reconcile, uint32_t now, uint32_t least);

/* Begins a pass if one is due and none is under way. `until`: the end of the last window; `now`:
 * ClickHouse's clock. To be called about once a second. */
void lc_reconcile_start_if_due(struct lc_reconcile *reconcile, uint32_t until, uint32_t now);

/* Ends a pass that is under way; nothing of it counts. */
void lc_reconcile_cancel(struct lc_reconcile *reconcile);

#endif
