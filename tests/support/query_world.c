#include "support/query_world.h"

#include "base/memory.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATIENT_MS = 60000, HURRIED_MS = 300 };

static void serve(void *context, struct script_connection *connection,
		  const struct script_request *request)
{
	struct query_world *world = context;

	script_keep(world->target, sizeof(world->target), request->target);
	script_keep(world->head, sizeof(world->head), request->head);
	script_keep(world->request_body, sizeof(world->request_body), request->body);
	world->script(world, connection, request);
}

static void resume(void *context)
{
	struct query_world *world = context;

	if (world->query != NULL)
		lc_clickhouse_resume(world->query);
	else
		lc_loop_stop(world->loop);
}

static void set_up(void **state, uint64_t timeout_ms)
{
	struct query_world *world = lc_memory_zero(1, sizeof(*world));
	struct lc_http_options http_options = {.connect_timeout_ms = 2000};
	struct lc_clickhouse_options options = {
	    .database = "logs",
	    .username = "courier",
	    .password = "p4ss",
	    .timeout_ms = timeout_ms,
	};
	char urls[200];

	alarm(120);
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &http_options, NULL);
	world->server = script_server_new(world->loop, serve, world);
	world->timer = lc_loop_timer_new(world->loop, resume, world);
	snprintf(urls, sizeof(urls), "%s/, http://127.0.0.1:1", script_server_url(world->server));
	options.urls = urls;
	world->clickhouse = lc_clickhouse_new(world->loop, world->http, &options);
	*state = world;
}

int query_world_set_up(void **state)
{
	set_up(state, PATIENT_MS);
	return 0;
}

int query_world_set_up_hurried(void **state)
{
	set_up(state, HURRIED_MS);
	return 0;
}

int query_world_tear_down(void **state)
{
	struct query_world *world = *state;

	lc_clickhouse_free(world->clickhouse);
	lc_http_free(world->http);
	script_server_free(world->server);
	lc_loop_timer_free(world->timer);
	lc_loop_free(world->loop);
	free(world);
	return 0;
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct query_world *world = context;

	if (world->received < sizeof(world->body))
		script_keep(world->body + world->received, sizeof(world->body) - world->received,
			    piece);
	world->received += piece.size;
	if (world->pieces_after_refusal++ > 0 && world->refuse)
		assert_false("on_data ran again");
	if (world->pause_ms > 0) {
		lc_clickhouse_pause(world->query);
		lc_loop_timer_start(world->timer, world->pause_ms);
	}
	if (world->cancel) {
		lc_clickhouse_cancel(world->query);
		world->query = NULL;
		lc_loop_timer_start(world->timer, 20);
	}
	if (world->refuse)
		return lc_error_set(error, LC_ERROR_CORRUPT, "no row");
	return true;
}

static void on_done(void *context, const struct lc_error *error)
{
	struct query_world *world = context;

	world->done++;
	world->error = *error;
	world->code = error->code;
	world->query = NULL;
	lc_loop_stop(world->loop);
}

struct lc_clickhouse_spec query_world_spec(struct query_world *world)
{
	return (struct lc_clickhouse_spec){
	    .sql = lc_view_of("SELECT 1"),
	    .seat = 0,
	    .on_data = on_data,
	    .on_done = on_done,
	    .context = world,
	};
}

void query_world_run_spec(struct query_world *world, const struct lc_clickhouse_spec *spec,
			  script_callback *script)
{
	world->script = script;
	world->done = 0;
	world->received = 0;
	world->pieces_after_refusal = 0;
	world->query = lc_clickhouse_start(world->clickhouse, spec);
	assert_int_equal(world->done, 0);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 1);
}

void query_world_run(struct query_world *world, script_callback *script)
{
	struct lc_clickhouse_spec spec = query_world_spec(world);

	query_world_run_spec(world, &spec, script);
}

void query_world_send_rows(struct script_connection *connection, const char *head)
{
	script_send_text(connection, head);
	script_send_chunk(connection, lc_view_of("row1\n"));
	script_send_chunk(connection, lc_view_of("row2\n"));
}

void query_world_send_last_chunk(struct script_connection *connection)
{
	script_send_chunk(connection, lc_view_of(""));
}

void query_world_answer_rows(void *context, struct script_connection *connection,
			     const struct script_request *request)
{
	(void)context;
	(void)request;
	query_world_send_rows(connection, QUERY_WORLD_CHUNKED
			      "X-ClickHouse-Exception-Tag: bptjmkstjczjxhsn\r\n\r\n");
	query_world_send_last_chunk(connection);
}
