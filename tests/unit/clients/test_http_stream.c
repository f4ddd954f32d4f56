#include "clients/http.h"

#include "base/memory.h"
#include "support/http_world.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE_SIZE = 41943040, PIECE_SIZE = 100000 };

static void answer_once_then_reset(void *context, struct script_connection *connection,
				   const struct script_request *request)
{
	if (request->number % 2 == 0)
		script_reset(connection);
	else
		http_world_answer_ok(context, connection, request);
}

static void expect_second_sending(struct http_world *world, uint64_t size, unsigned rewinds)
{
	struct lc_http_spec spec = http_world_spec(world, "PUT");

	spec.body_from_callback = true;
	spec.body_size = size;
	http_world_run(world, &spec, answer_once_then_reset);
	assert_int_equal(world->response.sends, 1);
	world->body_offset = 0;
	http_world_run(world, &spec, answer_once_then_reset);
	assert_true(world->response.complete);
	assert_int_equal(world->response.sends, 2);
	assert_int_equal(world->rewinds, rewinds);
	assert_int_equal(world->uploaded, size);
	assert_true(world->upload_in_order);
}

static void a_kept_connection_that_broke_is_counted_as_a_second_sending(void **state)
{
	expect_second_sending(*state, 1000 * 1000, 1);
}

static void a_small_body_is_read_once_for_both_sendings(void **state)
{
	expect_second_sending(*state, 100, 0);
}

static void a_server_that_never_answers_is_given_up(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "GET");

	spec.stall_timeout_ms = 100;
	http_world_run(world, &spec, script_answer_nothing);
	assert_int_equal(world->response.error.kind, LC_ERROR_UNREACHABLE);
	assert_non_null(strstr(world->response.error.message, "no byte for "));
	assert_in_range(world->response.elapsed_ms, 100, 2000);

	spec.stall_timeout_ms = 0;
	spec.timeout_ms = 100;
	http_world_run(world, &spec, script_answer_nothing);
	assert_int_equal(world->response.error.kind, LC_ERROR_UNREACHABLE);
	assert_in_range(world->response.elapsed_ms, 100, 2000);
}

static void answer_slowly(void *context, struct script_connection *connection,
			  const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n");
	script_drip(connection, "01234567890123456789", 20);
}

static void a_slow_answer_is_not_a_stalled_one(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "GET");

	spec.stall_timeout_ms = 200;
	http_world_run(world, &spec, answer_slowly);
	assert_true(world->response.complete);
	assert_true(world->response.elapsed_ms >= 400);
	assert_string_equal(world->body, "01234567890123456789");
}

static void send_large(struct script_connection *connection, bool chunked)
{
	char *piece = lc_memory_zero(1, PIECE_SIZE);
	char head[100];

	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE_SIZE);
	if (chunked)
		snprintf(head, sizeof(head),
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	script_send_text(connection, head);
	for (uint64_t sent = 0; sent < LARGE_SIZE;) {
		uint64_t size = LARGE_SIZE - sent < PIECE_SIZE ? LARGE_SIZE - sent : PIECE_SIZE;
		struct lc_view view = {.data = piece, .size = (size_t)size};

		for (uint64_t i = 0; i < size; i++)
			piece[i] = http_world_byte_at(sent + i);
		if (chunked)
			script_send_chunk(connection, view);
		else
			script_send(connection, view);
		sent += size;
	}
	if (chunked)
		script_send_chunk(connection, lc_view_of(""));
	free(piece);
}

static void answer_large(void *context, struct script_connection *connection,
			 const struct script_request *request)
{
	(void)context;
	(void)request;
	send_large(connection, false);
}

static void answer_large_chunked(void *context, struct script_connection *connection,
				 const struct script_request *request)
{
	(void)context;
	(void)request;
	send_large(connection, true);
}

static void pausing_loses_no_byte_and_doubles_none(void **state)
{
	struct http_world *world = *state;
	script_callback *const scripts[] = {answer_large, answer_large_chunked};

	world->timer = lc_loop_timer_new(world->loop, http_world_resume, world);
	for (size_t i = 0; i < 2; i++) {
		world->received = 0;
		world->pauses = 0;
		world->pause_every = 300000;
		http_world_get(world, scripts[i]);
		assert_true(world->response.complete);
		assert_true(world->received == LARGE_SIZE);
		assert_true(world->in_order);
		assert_int_equal(world->pieces_while_paused, 0);
		assert_true(world->pauses > 100);
	}
}

static void time_spent_paused_is_not_a_stall(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "GET");
	uint64_t start;

	world->timer = lc_loop_timer_new(world->loop, http_world_resume, world);
	spec.stall_timeout_ms = 500; /* a busy machine needs some of it itself */
	world->script = answer_large_chunked;
	world->request = lc_http_start(world->http, &spec);
	lc_http_pause(world->request);
	world->paused = true;
	lc_loop_timer_start(world->timer, 1500);
	start = lc_loop_now_ms(world->loop);
	lc_loop_run(world->loop);
	assert_true(lc_loop_now_ms(world->loop) - start >= 1500);
	assert_true(world->response.complete);
	assert_true(world->received == LARGE_SIZE);
	assert_int_equal(world->pieces_while_paused, 0);
}

static void a_request_cancelled_from_its_own_body_ends_in_silence(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "GET");

	world->timer = lc_loop_timer_new(world->loop, http_world_stop, world);
	world->cancel_at = 1000000;
	world->script = answer_large_chunked;
	world->request = lc_http_start(world->http, &spec);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 0);
	assert_true(world->received >= world->cancel_at);
	assert_true(world->received < LARGE_SIZE);
	assert_int_equal(script_server_closed(world->server), 1);
}

static void a_request_cancelled_from_outside_ends_in_silence(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "GET");

	world->timer = lc_loop_timer_new(world->loop, http_world_stop, world);
	world->script = script_answer_nothing;
	world->request = lc_http_start(world->http, &spec);
	lc_http_cancel(world->request);
	world->request = lc_http_start(world->http, &spec);
	lc_loop_timer_start(world->timer, 30);
	lc_loop_run(world->loop);
	lc_http_cancel(world->request);
	lc_loop_timer_start(world->timer, 30);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 0);
	assert_int_equal(world->requests, 1);
}

static void count_done(void *context, const struct lc_http_response *response)
{
	struct http_world *world = context;

	assert_true(response->complete);
	world->done++;
	if (world->done == 2)
		lc_loop_stop(world->loop);
}

static const struct lc_http_callbacks COUNTING_CALLBACKS = {.on_done = count_done};

/* Cancels one request and starts another, the first time that it runs. */
static void cancel_and_start(void *context, struct lc_view piece)
{
	struct http_world *world = context;
	struct lc_http_spec spec = http_world_spec(world, "GET");

	(void)piece;
	if (world->request == NULL)
		return;
	lc_http_cancel(world->request);
	world->request = NULL;
	spec.callbacks = &COUNTING_CALLBACKS;
	lc_http_start(world->http, &spec);
}

static void requests_may_be_started_and_cancelled_while_curl_runs(void **state)
{
	struct http_world *world = *state;
	struct lc_http_callbacks callbacks = {.on_body = cancel_and_start, .on_done = count_done};
	struct lc_http_spec spec = http_world_spec(world, "GET");

	world->script = answer_slowly;
	spec.callbacks = &COUNTING_CALLBACKS;
	world->request = lc_http_start(world->http, &spec);
	spec.callbacks = &callbacks;
	lc_http_start(world->http, &spec);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 2);
	assert_int_equal(world->requests, 3);
}

static void an_upload_arrives_in_order(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "PUT");

	spec.body_from_callback = true;
	spec.body_size = 5000000;
	http_world_run(world, &spec, http_world_answer_ok);
	assert_true(world->response.complete);
	assert_true(world->uploaded == spec.body_size);
	assert_true(world->upload_in_order);
	assert_null(strcasestr(world->head, "expect:"));

	spec.body_size = 0;
	world->body_offset = 0;
	http_world_run(world, &spec, http_world_answer_ok);
	assert_true(world->uploaded == 0);
	assert_non_null(strstr(world->head, "Content-Length: 0\r\n"));
}

static void answer_403(void *context, struct script_connection *connection,
		       const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n"
				     "Connection: close\r\n\r\nno");
}

static void an_upload_refused_early_gets_its_answer(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "PUT");

	script_server_answer_early(world->server);
	spec.body_from_callback = true;
	spec.body_size = 50000000;
	http_world_run(world, &spec, answer_403);
	assert_int_equal(world->response.status, 403);
	assert_true(world->response.complete);
	assert_true(world->body_offset < spec.body_size);
}

static void freeing_the_client_cancels_what_runs(void **state)
{
	struct http_world *world = *state;
	struct lc_http_options options = {.connect_timeout_ms = 0};
	struct lc_http_spec spec = http_world_spec(world, "GET");
	struct lc_http_header bad = {lc_view_of("X"), lc_view_of("\n")};

	world->timer = lc_loop_timer_new(world->loop, http_world_stop, world);
	world->script = script_answer_nothing;
	for (int i = 0; i < 5; i++)
		lc_http_start(world->http, &spec);
	lc_loop_timer_start(world->timer, 30);
	lc_loop_run(world->loop);
	spec.headers = &bad;
	spec.header_count = 1;
	lc_http_start(world->http, &spec);
	lc_http_free(world->http);
	world->http = lc_http_new(world->loop, &options, NULL);
	assert_int_equal(world->done, 0);
	assert_int_equal(world->requests, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HTTP_STORY(a_kept_connection_that_broke_is_counted_as_a_second_sending),
	    HTTP_STORY(a_small_body_is_read_once_for_both_sendings),
	    HTTP_STORY(a_server_that_never_answers_is_given_up),
	    HTTP_STORY(a_slow_answer_is_not_a_stalled_one),
	    HTTP_STORY(pausing_loses_no_byte_and_doubles_none),
	    HTTP_STORY(time_spent_paused_is_not_a_stall),
	    HTTP_STORY(a_request_cancelled_from_its_own_body_ends_in_silence),
	    HTTP_STORY(a_request_cancelled_from_outside_ends_in_silence),
	    HTTP_STORY(requests_may_be_started_and_cancelled_while_curl_runs),
	    HTTP_STORY(an_upload_arrives_in_order),
	    HTTP_STORY(an_upload_refused_early_gets_its_answer),
	    HTTP_STORY(freeing_the_client_cancels_what_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
