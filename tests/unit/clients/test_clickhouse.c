#include "clients/clickhouse.h"

#include "base/memory.h"
#include "support/query_world.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void a_whole_result_succeeds(void **state)
{
	struct query_world *world = *state;

	query_world_run(world, query_world_answer_rows);
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_int_equal(world->code, 0);
	assert_string_equal(world->body, "row1\nrow2\n");
	assert_string_equal(world->request_body, "SELECT 1");
	assert_non_null(strstr(world->head, "X-ClickHouse-User: courier\r\n"));
	assert_non_null(strstr(world->head, "X-ClickHouse-Key: p4ss\r\n"));
	assert_memory_equal(world->target, "/?database=logs&", 16);
	assert_null(strstr(world->target, "p4ss"));
}

static void an_insert_sends_its_rows_as_the_body(void **state)
{
	struct query_world *world = *state;
	struct lc_clickhouse_spec spec = query_world_spec(world);

	spec.sql = lc_view_of("INSERT INTO t FORMAT TSV");
	spec.data = lc_view_of("1\t2\n");
	query_world_run_spec(world, &spec, query_world_answer_rows);
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_string_equal(world->request_body, "1\t2\n");
	assert_non_null(strstr(world->target, "&query=INSERT%20INTO%20t%20FORMAT%20TSV"));
}

static void parameters_too_long_for_a_url_end_in_on_done(void **state)
{
	struct query_world *world = *state;
	char *large = lc_memory_zero(1, 400000);
	struct lc_clickhouse_parameter parameter = {
	    .name = "p",
	    .value = {.data = large, .size = 400000},
	};
	struct lc_clickhouse_spec spec = query_world_spec(world);

	spec.parameters = &parameter;
	spec.parameter_count = 1;
	query_world_run_spec(world, &spec, query_world_answer_rows);
	assert_int_equal(world->error.kind, LC_ERROR_LIMIT);
	world->query = lc_clickhouse_start(world->clickhouse, &spec);
	lc_clickhouse_cancel(world->query);
	free(large);
}

/* The three ways in which ClickHouse tells a failure after rows that it has already sent. */

QUERY_WORLD_SCRIPT(answer_endless_rows)
{
	char filler[1000];

	(void)context;
	(void)request;
	memset(filler, 'x', sizeof(filler));
	script_send_text(connection, QUERY_WORLD_CHUNKED "\r\n");
	for (int i = 0; i < 10000; i++)
		script_send_chunk(connection,
				  (struct lc_view){.data = filler, .size = sizeof(filler)});
}

static void a_refused_answer_is_not_read_for_ever(void **state)
{
	struct query_world *world = *state;

	world->refuse = true;
	query_world_run(world, answer_endless_rows);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	world->pause_ms = 100000; /* a reader that refuses and pauses */
	query_world_run(world, answer_endless_rows);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
}

static void a_paused_query_waits_without_a_time_out(void **state)
{
	struct query_world *world = *state;

	world->pause_ms = 700;
	query_world_run(world, query_world_answer_rows);
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_string_equal(world->body, "row1\nrow2\n");
}

static void a_query_may_be_cancelled_from_its_data(void **state)
{
	struct query_world *world = *state;
	struct lc_clickhouse_spec spec = query_world_spec(world);

	world->cancel = true;
	world->script = query_world_answer_rows;
	world->query = lc_clickhouse_start(world->clickhouse, &spec);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 0);
	assert_true(world->received > 0);
}

static void a_host_that_does_not_answer_is_left_aside(void **state)
{
	struct query_world *world = *state;
	struct lc_clickhouse_spec spec = query_world_spec(world);

	spec.seat = 1;
	query_world_run_spec(world, &spec, query_world_answer_rows);
	assert_int_equal(world->error.kind, LC_ERROR_UNREACHABLE);
	for (int i = 0; i < 5; i++)
		assert_int_equal(lc_clickhouse_take_seat(world->clickhouse), 0);
	assert_string_equal(lc_clickhouse_seat_url(world->clickhouse, 1), "http://127.0.0.1:1");
	lc_clickhouse_distrust_seat(world->clickhouse, 0);
	assert_int_equal(lc_clickhouse_take_seat(world->clickhouse), 1);
}

static void freeing_cancels_what_runs(void **state)
{
	struct query_world *world = *state;
	struct lc_clickhouse_spec spec = query_world_spec(world);

	world->script = script_answer_nothing;
	for (int i = 0; i < 3; i++)
		lc_clickhouse_start(world->clickhouse, &spec);
	assert_int_equal(world->done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    QUERY_STORY(a_whole_result_succeeds),
	    QUERY_STORY(an_insert_sends_its_rows_as_the_body),
	    QUERY_STORY(parameters_too_long_for_a_url_end_in_on_done),
	    QUERY_STORY(a_refused_answer_is_not_read_for_ever),
	    HURRIED_QUERY_STORY(a_paused_query_waits_without_a_time_out),
	    QUERY_STORY(a_query_may_be_cancelled_from_its_data),
	    QUERY_STORY(a_host_that_does_not_answer_is_left_aside),
	    QUERY_STORY(freeing_cancels_what_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
