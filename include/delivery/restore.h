/*
 * What a ledger tells when it is opened becomes known to the delivery again: open ranges of sources,
 * the standing of targets, and intents that wait for their upload.
 */
#ifndef LC_DELIVERY_RESTORE_H
#define LC_DELIVERY_RESTORE_H

#include "delivery/delivery.h"
#include "ledger/ledger_types.h"

/* For lc_ledger_open, which then fills the delivery's sources and targets: their tables are there,
 * and empty. `delivery` stays where it is until that returns. */
struct lc_ledger_state lc_restore_from_ledger(struct lc_delivery *delivery);

/* The same, and opens where sources end whose last offset was not committed: for a delivery that
 * commits. */
struct lc_ledger_state lc_restore_with_offsets(struct lc_delivery *delivery);

#endif
