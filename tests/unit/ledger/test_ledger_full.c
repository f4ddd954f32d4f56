/* A disk without room: nothing is called back until there is some again, then everything is. */
#include "base/clock.h"
#include "base/memory.h"
#include "ledger/ledger.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { NOON = 1700000000 / 86400 * 86400 + 43200, LIMIT = 512 * 1024, WAIT_MS = 10000 };

struct world {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_loop *loop;
	struct lc_counters counters;
	struct lc_ledger *ledger;
	struct lc_ledger_state state;
	struct lc_error error;
	struct lc_loop_timer *look;
	uint64_t began_ms;
	unsigned called;
};

static void open_ledger(struct world *world)
{
	world->state = (struct lc_ledger_state){0};
	world->ledger =
	    lc_ledger_case_open(world->loop, world->path, &world->counters, &world->state);
}

static void limit_files_to(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void look(void *context);

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);

	signal(SIGXFSZ, SIG_IGN);
	lc_ledger_case_make_path(world->path);
	world->loop = lc_loop_new(&world->error);
	assert_non_null(world->loop);
	world->look = lc_loop_timer_new(world->loop, look, world);
	open_ledger(world);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	limit_files_to(RLIM_INFINITY);
	lc_loop_timer_free(world->look);
	lc_ledger_close(world->ledger);
	lc_loop_free(world->loop);
	lc_ledger_case_remove(world->path);
	free(world);
	return 0;
}

static uint64_t failing_since(const struct world *world)
{
	return lc_counters_get(&world->counters, LC_COUNTERS_LEDGER_FAILING_SINCE);
}

/* The thread tells by its gauge alone that it fails, so the test has to look. */
static void look(void *context)
{
	struct world *world = context;

	assert_true(lc_clock_monotonic_ms() - world->began_ms < WAIT_MS);
	if (failing_since(world) != 0)
		lc_loop_stop(world->loop);
	else
		lc_loop_timer_start(world->look, 5);
}

static void run_until_failing(struct world *world)
{
	world->began_ms = lc_clock_monotonic_ms();
	lc_loop_timer_start(world->look, 5);
	lc_loop_run(world->loop);
}

static void on_durable(void *context)
{
	struct world *world = context;

	world->called++;
}

/* Three times as much as there is room for. */
static void add_much(struct world *world)
{
	for (uint64_t id = 1; id <= 12; id++) {
		lc_ledger_case_add_intent(world->ledger, id, "b", NOON, 1, 16000, 100000 * id);
		lc_ledger_when_durable(world->ledger, on_durable, world);
	}
}

static void on_hashes(void *context, struct lc_ledger_hashes *hashes)
{
	size_t *count = context;

	*count = hashes->count;
}

static void writes_wait_for_room_and_then_succeed(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	size_t count = 0;
	unsigned called;

	limit_files_to(LIMIT);
	add_much(world);
	lc_ledger_read_hashes(world->ledger, &source, 0, UINT32_MAX, on_hashes, &count);
	run_until_failing(world);
	assert_true(failing_since(world) >= (uint64_t)(lc_clock_wall_ms() / 1000 - 60));
	called = world->called;
	assert_true(called < 12);
	assert_int_equal(count, 0);
	/* Several attempts later it is still so. */
	run_until_failing(world);
	assert_int_equal(world->called, called);

	limit_files_to(RLIM_INFINITY);
	lc_ledger_case_wait(world->loop, world->ledger);
	assert_int_equal(world->called, 12);
	assert_int_equal(count, 12 * 16000);
	assert_int_equal(failing_since(world), 0);
}

static void closing_does_not_wait_for_room(void **state)
{
	struct world *world = *state;
	unsigned called;

	lc_ledger_set_until(world->ledger, NOON);
	lc_ledger_case_wait(world->loop, world->ledger);
	limit_files_to(LIMIT);
	add_much(world);
	run_until_failing(world);
	called = world->called;
	lc_ledger_close(world->ledger);
	limit_files_to(RLIM_INFINITY);
	open_ledger(world);
	assert_int_equal(world->state.until, NOON);
	assert_true(world->state.next_intent_id > called);
	assert_true(world->state.next_intent_id <= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(writes_wait_for_room_and_then_succeed),
	    STORY(closing_does_not_wait_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
