#include "ledger/adoption.h"

#include "base/memory.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <stdlib.h>
#include <unistd.h>

enum { SLOT = LC_LEDGER_SLOT_SECONDS, NOON = 1700000000 / 86400 * 86400 + 43200 };

struct world {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_store *store;
	struct lc_error error;
};

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);
	struct lc_ledger_state ledger_state = {0};

	lc_ledger_case_make_path(world->path);
	world->store = lc_ledger_case_open_store(world->path, &ledger_state);
	assert_true(lc_store_begin(world->store, &world->error));
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_ledger_case_remove(world->path);
	free(world);
	return 0;
}

static void commit_second(struct world *world, const char *bucket, uint32_t second)
{
	struct lc_ledger_count offset = {.source = lc_ledger_case_source(bucket), .second = second};
	size_t count = 1;

	assert_true(lc_store_set_committed(world->store, &offset, &count, &world->error));
}

static uint64_t adopt(struct world *world)
{
	uint64_t rows = UINT64_MAX;

	assert_true(lc_store_commit(world->store, &world->error));
	lc_store_close(world->store);
	assert_true(lc_adoption_remove_ledger(world->path, &rows, &world->error));
	assert_int_equal(access(world->path, F_OK), -1);
	return rows;
}

static void rows_after_the_committed_offsets_may_be_delivered_again(void **state)
{
	struct world *world = *state;

	lc_ledger_case_store_intent(world->store, 1, "a", NOON, 2, 5, 100);
	lc_ledger_case_store_intent(world->store, 2, "a", NOON + SLOT, 3, 7, 200);
	lc_ledger_case_store_intent(world->store, 3, "b", NOON, 1, 4, 300);
	commit_second(world, "a", NOON + SLOT - 1);
	assert_int_equal(adopt(world), 21 + 4);
}

static void what_is_committed_is_not_delivered_again(void **state)
{
	struct world *world = *state;

	lc_ledger_case_store_intent(world->store, 1, "a", NOON, 2, 5, 100);
	commit_second(world, "a", NOON + SLOT - 1);
	assert_int_equal(adopt(world), 0);
}

static void an_empty_ledger_has_nothing_to_repeat(void **state)
{
	assert_int_equal(adopt(*state), 0);
}

static void a_damaged_ledger_is_left_where_it_is(void **state)
{
	struct world *world = *state;
	uint64_t rows;

	assert_true(lc_store_commit(world->store, &world->error));
	lc_store_close(world->store);
	assert_int_equal(truncate(world->path, 3000), 0);
	assert_false(lc_adoption_remove_ledger(world->path, &rows, &world->error));
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_int_equal(access(world->path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(rows_after_the_committed_offsets_may_be_delivered_again),
	    STORY(what_is_committed_is_not_delivered_again),
	    STORY(an_empty_ledger_has_nothing_to_repeat),
	    STORY(a_damaged_ledger_is_left_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
