#include "support/clickhouse_world.h"

#include "base/memory.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RESULT_MAX = 67108864 };

const char *clickhouse_world_setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value == NULL ? otherwise : value;
}

struct lc_clickhouse *clickhouse_world_client_of(struct clickhouse_world *world, const char *urls,
						 const char *password)
{
	struct lc_clickhouse_options options = {
	    .urls = urls,
	    .database = clickhouse_world_setting("LOG_COURIER_CLICKHOUSE_DATABASE", "logs"),
	    .username = clickhouse_world_setting("LOG_COURIER_CLICKHOUSE_USERNAME", "default"),
	    .password = password,
	    .timeout_ms = 20000,
	};

	return lc_clickhouse_new(world->loop, world->http, &options);
}

static void resume(void *context)
{
	struct clickhouse_world *world = context;

	lc_clickhouse_resume(world->query);
}

int clickhouse_world_set_up(void **state)
{
	const char *url = getenv("LOG_COURIER_CLICKHOUSE_URL");
	struct lc_http_options options = {.connect_timeout_ms = 2000};
	struct clickhouse_world *world;

	*state = NULL;
	if (url == NULL)
		return 0;
	alarm(120);
	world = lc_memory_zero(1, sizeof(*world));
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &options, NULL);
	world->timer = lc_loop_timer_new(world->loop, resume, world);
	world->clickhouse = clickhouse_world_client_of(
	    world, url, clickhouse_world_setting("LOG_COURIER_CLICKHOUSE_PASSWORD", ""));
	lc_buffer_init(&world->result, RESULT_MAX);
	*state = world;
	return 0;
}

int clickhouse_world_tear_down(void **state)
{
	struct clickhouse_world *world = *state;

	if (world == NULL)
		return 0;
	lc_clickhouse_free(world->clickhouse);
	lc_http_free(world->http);
	lc_loop_timer_free(world->timer);
	lc_loop_free(world->loop);
	lc_buffer_free(&world->result);
	free(world);
	return 0;
}

struct clickhouse_world *clickhouse_world_of(void **state)
{
	if (*state == NULL) {
		print_message("no ClickHouse: LOG_COURIER_CLICKHOUSE_URL is not set\n");
		skip();
	}
	return *state;
}

size_t clickhouse_world_keep_body(char *bytes, size_t size, size_t count, void *context)
{
	lc_buffer_append(context, bytes, size * count);
	return size * count;
}

bool clickhouse_world_are_numbers(const struct lc_buffer *result, size_t from)
{
	for (size_t i = from / sizeof(uint64_t); (i + 1) * sizeof(uint64_t) <= result->size; i++) {
		uint64_t number;

		memcpy(&number, result->data + i * sizeof(number), sizeof(number));
		if (number != i)
			return false;
	}
	return true;
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct clickhouse_world *world = context;
	size_t before = world->result.size;

	lc_buffer_append_view(&world->result, piece);
	if (world->expect_numbers && !clickhouse_world_are_numbers(&world->result, before))
		return lc_error_set(error, LC_ERROR_CORRUPT, "not the next number");
	if (world->pause_every > 0 &&
	    world->result.size / world->pause_every > before / world->pause_every) {
		lc_clickhouse_pause(world->query);
		world->pauses++;
		lc_loop_timer_start(world->timer, 1);
	}
	return true;
}

static void on_done(void *context, const struct lc_error *error)
{
	struct clickhouse_world *world = context;

	world->done++;
	world->error = *error;
	world->code = error->code;
	lc_loop_stop(world->loop);
}

void clickhouse_world_run_spec(struct clickhouse_world *world, struct lc_clickhouse_spec *spec)
{
	spec->on_data = on_data;
	spec->on_done = on_done;
	spec->context = world;
	world->done = 0;
	lc_buffer_clear(&world->result);
	world->query = lc_clickhouse_start(world->clickhouse, spec);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 1);
}

void clickhouse_world_run(struct clickhouse_world *world, const char *sql)
{
	struct lc_clickhouse_spec spec = {.sql = lc_view_of(sql)};

	clickhouse_world_run_spec(world, &spec);
}

void clickhouse_world_assert_result(struct clickhouse_world *world, const char *expected)
{
	assert_string_equal(world->error.message, "");
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_string_equal(lc_buffer_text(&world->result), expected);
}
