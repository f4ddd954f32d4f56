/*
 * Rebuilding: bodies of recorded log objects, from ClickHouse, by their row hashes: after a crash,
 * or when the body was freed because its target did not work. The same rows give the same body
 * under the same key, so that it does not matter whether S3 has the object already.
 *
 * Works through the targets in turn, a few intents at a time. An intent whose rows ClickHouse does
 * not show is left alone for a while; when their retention is over they are lost, which is counted
 * and said.
 */
#ifndef LC_DELIVERY_REBUILD_H
#define LC_DELIVERY_REBUILD_H

#include "delivery/delivery.h"

#include <stdint.h>

struct lc_rebuild;

/* Tells `lost`. */
struct lc_rebuild *lc_rebuild_new(const struct lc_delivery *delivery);
/* Cancels what is under way. */
void lc_rebuild_free(struct lc_rebuild *rebuild);

/* Begins the next pass if none is under way, there is something to rebuild and room for it. `now`:
 * ClickHouse's clock, 0 when it is not known yet. To be called when there may be something to do.
 */
void lc_rebuild_start_if_due(struct lc_rebuild *rebuild, uint32_t now);

/* Ends what is under way; its intents stay as they are. */
void lc_rebuild_cancel(struct lc_rebuild *rebuild);

#endif
