/* The reconcile in a delivery_world, whose ledger has a horizon. */
#ifndef LC_TESTS_SUPPORT_RECONCILE_STORY_H
#define LC_TESTS_SUPPORT_RECONCILE_STORY_H

#include "delivery/discovery.h"
#include "delivery/reconcile.h"
#include "support/delivery_world.h"
#include "support/story.h"

enum {
	RECONCILE_STORY_SHARD = 3,
	RECONCILE_STORY_SHARD_COUNT = 4,
	RECONCILE_STORY_SLOT = LC_LEDGER_SLOT_SECONDS,
	RECONCILE_STORY_STEP = 8 * RECONCILE_STORY_SLOT, /* seconds of one question */
	RECONCILE_STORY_HORIZON = 1500000,               /* lower bound, as the ledger has it */
	RECONCILE_STORY_INTERVAL_MS = 60 * 1000,
	RECONCILE_STORY_FULL_INTERVAL_MS = 1800 * 1000,
	RECONCILE_STORY_FAILURE_WAIT_MS = 10 * 1000,
	RECONCILE_STORY_REACH = 6 * RECONCILE_STORY_SLOT, /* how far the horizon reaches back */
};

struct reconcile_story {
	struct delivery_world world;
	struct lc_discovery *discovery; /* of the delivery */
	struct lc_reconcile *reconcile;
};

/* A story in such a world. */
#define RECONCILE_STORY(name) \
	cmocka_unit_test_setup_teardown(name, reconcile_story_set_up, reconcile_story_tear_down)
int reconcile_story_set_up(void **state);
int reconcile_story_tear_down(void **state);

/* Starts a pass if one is due: with the window ended at `until`, and ClickHouse's clock at
 * `now`. */
void reconcile_story_start_if_due_at(struct reconcile_story *story, uint32_t until, uint32_t now);

/* The same with a clock that shows ten seconds more. */
void reconcile_story_start_if_due(struct reconcile_story *story, uint32_t until);

/* The source has a range open. */
void reconcile_story_open_seconds(struct reconcile_story *story, const char *bucket, uint32_t from,
				  uint32_t to);

/* A pass in which ClickHouse shows nothing, to its end. */
void reconcile_story_settle_pass(struct reconcile_story *story);

/* ClickHouse is asked about these seconds. */
void reconcile_story_expect_bounds(const struct reconcile_story *story, uint32_t from,
				   uint32_t until);

/* A step in which ClickHouse shows nothing. */
void reconcile_story_pass_step(struct reconcile_story *story);

#endif
