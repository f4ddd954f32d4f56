#include "support/reconcile_story.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

int reconcile_story_set_up(void **state)
{
	struct reconcile_story *story = lc_memory_zero(1, sizeof(*story));
	struct lc_settings *settings = &story->world.settings;

	delivery_world_prepare(&story->world);
	settings->consumer_max_object_bytes = 65536;
	settings->reconcile_interval_seconds = RECONCILE_STORY_INTERVAL_MS / 1000;
	settings->reconcile_full_interval_seconds = RECONCILE_STORY_FULL_INTERVAL_MS / 1000;
	settings->reconcile_horizon_seconds = RECONCILE_STORY_REACH;
	story->world.delivery.shard = RECONCILE_STORY_SHARD;
	story->world.delivery.shard_count = RECONCILE_STORY_SHARD_COUNT;
	delivery_world_begin(&story->world, 1);
	story->world.delivery.state.horizon = RECONCILE_STORY_HORIZON;
	story->world.delivery.state.until = RECONCILE_STORY_HORIZON;
	story->discovery = lc_discovery_new(&story->world.delivery);
	story->world.delivery.discovery = story->discovery;
	story->reconcile = lc_reconcile_new(&story->world.delivery);
	*state = story;
	return 0;
}

int reconcile_story_tear_down(void **state)
{
	struct reconcile_story *story = *state;

	lc_reconcile_free(story->reconcile);
	lc_discovery_free(story->discovery);
	delivery_world_end(&story->world);
	free(story);
	return 0;
}

void reconcile_story_start_if_due_at(struct reconcile_story *story, uint32_t until, uint32_t now)
{
	lc_reconcile_follow_clock(story->reconcile, now, UINT32_MAX);
	lc_reconcile_start_if_due(story->reconcile, until, now);
}

void reconcile_story_start_if_due(struct reconcile_story *story, uint32_t until)
{
	reconcile_story_start_if_due_at(story, until, until + 10);
}

void reconcile_story_open_seconds(struct reconcile_story *story, const char *bucket, uint32_t from,
				  uint32_t to)
{
	lc_source_open(lc_source_get(story->world.sources, 7, lc_view_of(bucket)),
		       (struct lc_source_range){.from = from, .to = to, .since = to}, 1);
}

void reconcile_story_settle_pass(struct reconcile_story *story)
{
	while (fake_clickhouse_is_asked(story->world.clickhouse)) {
		fake_clickhouse_end(story->world.clickhouse);
		fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	}
}

void reconcile_story_expect_bounds(const struct reconcile_story *story, uint32_t from,
				   uint32_t until)
{
	char bounds[128];

	snprintf(bounds, sizeof bounds,
		 "insertedAt >= toDateTime(%u) AND insertedAt < toDateTime(%u)", (unsigned)from,
		 (unsigned)until);
	assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
	if (!fake_clickhouse_sql_has(story->world.clickhouse, bounds))
		assert_string_equal(fake_clickhouse_sql(story->world.clickhouse), bounds);
}

void reconcile_story_pass_step(struct reconcile_story *story)
{
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
}
