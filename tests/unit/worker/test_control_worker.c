/* Control requests in a worker, with a shard that answers when the test says so. */
#include "worker/control_worker.h"

#include "delivery/inspect.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static struct world {
	struct lc_control_worker *control;
	struct lc_inspect *begun[LC_CONTROL_WORKER_REQUESTS_MAX];
	size_t begun_count;
	unsigned answers;
	uint32_t id; /* of the last answer */
	unsigned status;
	struct lc_inspection document;
} WORLD;

void lc_inspect_begin(struct lc_inspect *inspect)
{
	assert_int_equal(inspect->number, 5);
	lc_inspection_init(&inspect->document);
	WORLD.begun[WORLD.begun_count++] = inspect;
}

static void on_answer(void *context, uint32_t id, unsigned status, struct lc_view document)
{
	struct world *world = context;

	world->answers++;
	world->id = id;
	world->status = status;
	lc_inspection_free(&world->document);
	assert_true(lc_inspection_decode(document, &world->document, NULL));
}

static int set_up(void **state)
{
	WORLD = (struct world){.answers = 0};
	/* Nobody looks into the shard. */
	WORLD.control =
	    lc_control_worker_new((struct lc_shard *)(void *)&WORLD, 5, on_answer, &WORLD);
	*state = &WORLD;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_control_worker_free(world->control);
	lc_inspection_free(&world->document);
	return 0;
}

static void take(struct world *world, uint32_t id, const char *text)
{
	lc_control_worker_take(world->control, id, lc_view_of(text));
}

static void finish(struct world *world, size_t index, uint64_t affected)
{
	world->begun[index]->document.affected = affected;
	world->begun[index]->done(world->begun[index]);
}

static void answers_go_to_who_asked_in_any_order(void **state)
{
	struct world *world = *state;

	take(world, 11, "/v1/sources");
	take(world, 12, "/v1/targets?blocked=1");
	assert_int_equal(world->answers, 0);
	assert_int_equal(world->begun[1]->request.command, LC_CONTROL_REQUEST_TARGETS);
	finish(world, 1, 22);
	assert_true(world->id == 12 && world->status == 200);
	assert_int_equal(world->document.affected, 22);
	finish(world, 0, 11);
	assert_true(world->id == 11 && world->status == 200);
	assert_int_equal(world->document.affected, 11);
}

static void what_is_no_request_is_answered_with_a_problem(void **state)
{
	struct world *world = *state;

	take(world, 1, "");
	assert_int_equal(world->status, 400);
	assert_int_equal(world->document.lists[LC_INSPECTION_PROBLEMS].count, 1);
	take(world, 2, "/v1/source?source=\xFF\xFF");
	assert_int_equal(world->status, 400);
	assert_int_equal(world->answers, 2);
	assert_int_equal(world->begun_count, 0);
}

static void without_a_shard_all_are_turned_away(void **state)
{
	struct world *world = *state;

	lc_control_worker_free(world->control);
	world->control = lc_control_worker_new(NULL, 5, on_answer, world);
	take(world, 7, "/v1/sources");
	assert_true(world->id == 7 && world->status == 503);
	assert_int_equal(world->document.lists[LC_INSPECTION_PROBLEMS].count, 1);
	assert_int_equal(world->begun_count, 0);
}

static void too_many_at_a_time_are_turned_away(void **state)
{
	struct world *world = *state;

	for (uint32_t i = 0; i < LC_CONTROL_WORKER_REQUESTS_MAX; i++)
		take(world, i, "/v1/source?source=7/photos");
	assert_int_equal(world->answers, 0);
	take(world, 1000, "/v1/sources");
	assert_true(world->id == 1000 && world->status == 503);
	assert_int_equal(world->document.lists[LC_INSPECTION_PROBLEMS].count, 1);
	finish(world, 3, 0);
	assert_true(world->id == 3 && world->status == 200);
	world->begun_count = 0;
	take(world, 1001, "/v1/sources");
	assert_int_equal(world->begun_count, 1);
	/* The others never end: the shard is freed first, then the control. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(answers_go_to_who_asked_in_any_order),
	    STORY(what_is_no_request_is_answered_with_a_problem),
	    STORY(without_a_shard_all_are_turned_away),
	    STORY(too_many_at_a_time_are_turned_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
