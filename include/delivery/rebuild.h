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

#include "base/counters.h"
#include "base/loop.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "config/settings.h"
#include "delivery/build.h"
#include "delivery/parts.h"
#include "delivery/source.h"
#include "delivery/upload.h"
#include "ledger/ledger.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_rebuild;

/* `on_settled`: an intent of this source was closed without delivery. */
struct lc_rebuild *lc_rebuild_new(const struct lc_parts *parts,
				  void (*on_settled)(void *context, struct lc_source *source),
				  void *context);
/* Cancels what is under way. */
void lc_rebuild_free(struct lc_rebuild *rebuild);

/* Begins the next pass if none is under way, there is something to rebuild and room for it. `now`:
 * ClickHouse's clock, 0 when it is not known yet. To be called when there may be something to do.
 */
void lc_rebuild_start_if_due(struct lc_rebuild *rebuild, uint32_t now);

/* Ends what is under way; its intents stay as they are. */
void lc_rebuild_cancel(struct lc_rebuild *rebuild);

#endif
