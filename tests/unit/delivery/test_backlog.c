/* Backlogs: the log objects of a source at a target that are without a body. */
#include "base/memory.h"
#include "config/settings.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "delivery/target_table.h"
#include "support/story.h"

#include <stdlib.h>

struct story {
	struct lc_source_table *sources;
	struct lc_source *a;
	struct lc_source *b;
	struct lc_target_table *targets;
	struct lc_target *one;
	struct lc_target *two;
};

static const struct lc_settings SETTINGS = {.entry = 0};
static const struct lc_target_policy POLICY = {.attempts = 1};

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	story->sources = lc_source_table_new();
	story->a = lc_source_get(story->sources, 7, lc_view_of("a"));
	story->b = lc_source_get(story->sources, 7, lc_view_of("b"));
	story->targets = lc_target_table_new(&POLICY, &SETTINGS);
	story->one = lc_target_table_get(story->targets, lc_view_of("logs"), lc_view_of("one"));
	story->two = lc_target_table_get(story->targets, lc_view_of("logs"), lc_view_of("two"));
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_target_table_free(story->targets);
	lc_source_table_free(story->sources);
	free(story);
	return 0;
}

static void expect(struct lc_backlog_sum sum, uint64_t intents, uint64_t rows, uint32_t oldest)
{
	assert_int_equal(sum.intents, intents);
	assert_int_equal(sum.rows, rows);
	assert_int_equal(sum.oldest, oldest);
}

static void there_is_none_at_first(void **state)
{
	struct story *story = *state;

	expect(lc_target_table_backlog_of_source(story->a), 0, 0, 0);
	expect(lc_target_table_backlog_of(story->one), 0, 0, 0);
}

static void a_source_and_a_target_share_one_backlog(void **state)
{
	struct story *story = *state;

	lc_target_table_add_backlog(story->targets, story->a, story->one, 1, 10, 500);
	lc_target_table_add_backlog(story->targets, story->a, story->one, 3, 20, 600);
	expect(lc_target_table_backlog_of_source(story->a), 4, 30, 500);
	expect(lc_target_table_backlog_of(story->one), 4, 30, 500);
	lc_target_table_add_backlog(story->targets, story->a, story->one, 1, 5, 400);
	expect(lc_target_table_backlog_of_source(story->a), 5, 35, 400);
	expect(lc_target_table_backlog_of_source(story->b), 0, 0, 0);
	expect(lc_target_table_backlog_of(story->two), 0, 0, 0);
}

static void backlogs_are_summed_up_either_way(void **state)
{
	struct story *story = *state;

	lc_target_table_add_backlog(story->targets, story->a, story->one, 1, 10, 500);
	lc_target_table_add_backlog(story->targets, story->a, story->two, 2, 20, 300);
	lc_target_table_add_backlog(story->targets, story->b, story->two, 4, 40, 400);
	expect(lc_target_table_backlog_of_source(story->a), 3, 30, 300);
	expect(lc_target_table_backlog_of_source(story->b), 4, 40, 400);
	expect(lc_target_table_backlog_of(story->one), 1, 10, 500);
	expect(lc_target_table_backlog_of(story->two), 6, 60, 300);
}

static void the_last_intent_takes_the_backlog_with_it(void **state)
{
	struct story *story = *state;

	lc_target_table_add_backlog(story->targets, story->a, story->one, 2, 30, 500);
	lc_target_table_add_backlog(story->targets, story->a, story->two, 1, 7, 600);
	lc_target_table_remove_backlog(story->targets, story->a, story->one, 10);
	expect(lc_target_table_backlog_of(story->one), 1, 20, 500);
	assert_false(lc_source_forget_if_idle(story->sources, story->a));
	lc_target_table_remove_backlog(story->targets, story->a, story->one, 20);
	assert_true(TAILQ_EMPTY(&story->one->backlogs));
	expect(lc_target_table_backlog_of_source(story->a), 1, 7, 600);
	lc_target_table_remove_backlog(story->targets, story->a, story->two, 7);
	assert_true(TAILQ_EMPTY(&story->a->backlogs));

	/* The next one begins with nothing known of it. */
	lc_target_table_add_backlog(story->targets, story->a, story->one, 1, 1, 900);
	expect(lc_target_table_backlog_of_source(story->a), 1, 1, 900);
}

static void what_is_oldest_follows_what_the_ledger_tells(void **state)
{
	struct story *story = *state;

	lc_target_table_add_backlog(story->targets, story->a, story->one, 2, 30, 500);
	lc_target_table_add_backlog(story->targets, story->b, story->one, 2, 30, 800);
	lc_target_table_add_backlog(story->targets, story->a, story->two, 1, 7, 100);
	lc_target_table_raise_oldest(story->one, 700);
	expect(lc_target_table_backlog_of(story->one), 4, 60, 700);

	/* Never backwards, and of this target alone. */
	lc_target_table_raise_oldest(story->one, 600);
	expect(lc_target_table_backlog_of(story->one), 4, 60, 700);
	expect(lc_target_table_backlog_of_source(story->b), 2, 30, 800);
	expect(lc_target_table_backlog_of_source(story->a), 3, 37, 100);
}

static void backlogs_end_with_the_process(void **state)
{
	struct story *story = *state;

	lc_target_table_add_backlog(story->targets, story->a, story->one, 2, 30, 500);
	lc_target_table_add_backlog(story->targets, story->a, story->two, 2, 30, 500);
	lc_target_table_add_backlog(story->targets, story->b, story->two, 2, 30, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(there_is_none_at_first),
	    STORY(a_source_and_a_target_share_one_backlog),
	    STORY(backlogs_are_summed_up_either_way),
	    STORY(the_last_intent_takes_the_backlog_with_it),
	    STORY(what_is_oldest_follows_what_the_ledger_tells),
	    STORY(backlogs_end_with_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
