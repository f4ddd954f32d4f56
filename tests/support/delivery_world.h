/* A world to test what reads rows in: the parts of a shard below the one that is tested, over a
 * ClickHouse, a ledger and an S3 that answer as the test says, and time that passes when it does.
 */
#ifndef LC_TESTS_SUPPORT_DELIVERY_WORLD_H
#define LC_TESTS_SUPPORT_DELIVERY_WORLD_H

#include "delivery/build.h"
#include "delivery/parts.h"
#include "delivery/upload.h"
#include "support/fake_clickhouse.h"
#include "support/fake_ledger.h"
#include "support/fake_loop.h"
#include "support/fake_s3.h"

#include <stdint.h>

struct delivery_world {
	struct lc_loop *loop;
	struct lc_clickhouse *clickhouse;
	struct lc_ledger *ledger;
	struct lc_s3 *s3;
	struct lc_settings settings;
	struct lc_counters counters;
	struct lc_random random;
	struct lc_source_table *sources;
	struct lc_upload *upload;
	struct lc_build *build;
	struct lc_parts parts; /* the above, for a shard that has all sessions */
	unsigned delivered;    /* log objects */
};

/* Makes the fakes and default settings, for the test to change. `world` is zero before. */
void delivery_world_prepare(struct delivery_world *world);

/* Makes the parts. The first intent of this process has this id. */
void delivery_world_begin(struct delivery_world *world, uint64_t first_intent_id);

/* Frees all but `world` itself; what is tested is freed before. */
void delivery_world_end(struct delivery_world *world);

#endif
