/*
 * A world to test the parts of a delivery in: those of one shard, over a ClickHouse, a ledger and
 * an S3 that answer as the test says, and time that passes when it does.
 */
#ifndef LC_TESTS_SUPPORT_DELIVERY_WORLD_H
#define LC_TESTS_SUPPORT_DELIVERY_WORLD_H

#include "base/counters.h"
#include "base/random.h"
#include "config/settings.h"
#include "delivery/attempts.h"
#include "delivery/build.h"
#include "delivery/commit.h"
#include "delivery/delivery.h"
#include "delivery/object.h"
#include "delivery/source.h"
#include "delivery/target_table.h"
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
	struct lc_commit *commit;
	struct lc_object_table objects;
	struct lc_delivery delivery; /* all of the above */
	struct lc_source *source;    /* the one whose log objects are delivered; NULL: any */

	/* What the parts have told. */
	unsigned submitted;     /* log objects, by `build` */
	unsigned delivered;     /* log objects, by `upload` */
	unsigned room;          /* how often `upload` said that there is room */
	unsigned lost;          /* intents, by the rebuild */
	struct lc_error damage; /* of what the ledger told; kind NONE: none was found */
	unsigned idle;          /* how often `commit` was idle */
	char settled[256];      /* buckets of the sources that `commit` called settled */
};

/* Makes the fakes and default settings, for the test to change; the same for which shard this is,
 * in `delivery`: the only one. `world` is zero before. */
void delivery_world_prepare(struct delivery_world *world);

/* Makes the parts. The first intent of this process has this id. */
void delivery_world_begin(struct delivery_world *world, uint64_t first_intent_id);

/* The same with the settings as they are now, in place of the parts that there are; the sources
 * stay. */
void delivery_world_begin_again(struct delivery_world *world, uint64_t first_intent_id);

/* Frees all but `world` itself; what the test made of the parts is freed before. */
void delivery_world_end(struct delivery_world *world);

#endif
