/*
 * Presence: finds out whether another courier delivers the same shard, for instance a machine that
 * was cloned, or an old one that was not stopped.
 *
 * Each life of a shard writes a row of its own into the offsets table, again and again, and reads
 * those of others. The row is for a bucket that cannot be (LC_QUERY_PRESENCE_BUCKET), and for second
 * 0, so that nobody takes it for an offset. A row that moves twice is of a courier that lives: one
 * move may be a statement of a life that has ended, carried out late. No clock is trusted for this.
 *
 * Of two that see each other, the one that has begun later stops. That limits the damage, and does
 * not prevent it: rows that both have taken until then are delivered twice.
 */
#ifndef LC_DELIVERY_PRESENCE_H
#define LC_DELIVERY_PRESENCE_H

#include "delivery/delivery.h"

struct lc_presence;

struct lc_presence *lc_presence_new(const struct lc_delivery *delivery);
/* Cancels what is under way. NULL is allowed. */
void lc_presence_free(struct lc_presence *presence);

/* Looks for others and shows itself, at once and then every 15 s, or every N seconds if there are more
 * than 15 shards: one insert a second is the most that all shards together cause. Does nothing when it has
 * begun already. The event `rivalled` tells of a courier that has begun earlier. */
void lc_presence_begin(struct lc_presence *presence);

/* Does not show itself any more. */
void lc_presence_stop(struct lc_presence *presence);

#endif
