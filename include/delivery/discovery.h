/*
 * Discovery: asks ClickHouse for its clock, then, once per cycle, which sources have rows in the
 * window that closed since the last one. Windows never overlap and their end never goes back.
 *
 * One that is long, or that ClickHouse cannot answer for, is taken in slices (delivery/slice.h).
 * Each is a window of its own, and is kept when it was answered. The first one begins at the oldest
 * row.
 */
#ifndef LC_DELIVERY_DISCOVERY_H
#define LC_DELIVERY_DISCOVERY_H

#include "delivery/delivery.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_discovery;

/* It is over. When error kind is NONE the sources know of the window's rows. */
typedef void lc_discovery_callback(void *context, const struct lc_error *error);

struct lc_discovery *lc_discovery_new(const struct lc_delivery *delivery);
/* Cancels a discovery that is under way. */
void lc_discovery_free(struct lc_discovery *discovery);

/* Discovers the window up to now, or its first slice. One at a time. */
void lc_discovery_start(struct lc_discovery *discovery, unsigned seat,
			lc_discovery_callback *callback, void *context);

/* Cancels it without callback; nothing is kept of an answer that was not complete. */
void lc_discovery_cancel(struct lc_discovery *discovery);

/* The next discovery that has a window compares ClickHouse's offsets with the ledger, as the first
 * one does: it fails with LC_ERROR_OUTDATED if they are ahead, as another courier leaves them. */
void lc_discovery_read_offsets(struct lc_discovery *discovery);

/* The end of the last window, 0 before the first: rows with insertedAt < until are known. */
uint32_t lc_discovery_until(const struct lc_discovery *discovery);

/* What lies before it has closed and is discovered, or will be without waiting; 0 before the first
 * answer. */
uint32_t lc_discovery_closed(const struct lc_discovery *discovery);

/* True if there is more to discover at once: the last window was a slice of what has closed. */
bool lc_discovery_lags(const struct lc_discovery *discovery);

/* The ClickHouse URL that the last discovery used. */
unsigned lc_discovery_seat(const struct lc_discovery *discovery);

/* ClickHouse's clock, less what is left to discover: what it would show if windows had always been
 * discovered in time. Sources become ready by it, so that slices make no smaller objects. 0 before
 * the first answer. */
uint32_t lc_discovery_present(const struct lc_discovery *discovery);

/* ClickHouse's clock now, as far as the last answer tells; 0 before the first. */
uint32_t lc_discovery_clickhouse_now(const struct lc_discovery *discovery);

/* The least clock that a server has told since this was asked last, whether or not it was believed;
 * UINT32_MAX if none has. */
uint32_t lc_discovery_least_told(struct lc_discovery *discovery);

#endif
