#include "support/http_world.h"

#include "base/memory.h"
#include "support/story.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char http_world_byte_at(uint64_t place)
{
	return (char)((place * 2654435761u >> 13) & 0xff);
}

static void serve(void *context, struct script_connection *connection,
		  const struct script_request *request)
{
	struct http_world *world = context;

	script_keep(world->head, sizeof(world->head), request->head);
	world->requests++;
	world->uploaded = request->body.size;
	world->upload_in_order = true;
	for (size_t i = 0; i < request->body.size; i++)
		world->upload_in_order =
		    world->upload_in_order && request->body.data[i] == http_world_byte_at(i);
	world->script(world, connection, request);
}

int http_world_set_up(void **state)
{
	struct http_world *world = lc_memory_zero(1, sizeof(*world));
	struct lc_http_options options = {.connect_timeout_ms = 2000};

	alarm(120);
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &options, NULL);
	world->server = script_server_new(world->loop, serve, world);
	world->in_order = true;
	*state = world;
	return 0;
}

int http_world_tear_down(void **state)
{
	struct http_world *world = *state;

	lc_http_free(world->http);
	script_server_free(world->server);
	lc_loop_timer_free(world->timer);
	lc_loop_free(world->loop);
	free(world);
	return 0;
}

static void on_status(void *context, unsigned status)
{
	struct http_world *world = context;

	assert_int_equal(world->status, 0);
	world->status = status;
}

static void on_header(void *context, struct lc_view name, struct lc_view value)
{
	struct http_world *world = context;

	if (lc_view_equal(name, lc_view_of("x-test")) && value.size < sizeof(world->header)) {
		memcpy(world->header, value.data, value.size);
		world->header[value.size] = '\0';
	}
}

void http_world_resume(void *context)
{
	struct http_world *world = context;

	world->paused = false;
	lc_http_resume(world->request);
}

static void on_body(void *context, struct lc_view piece)
{
	struct http_world *world = context;

	if (world->paused)
		world->pieces_while_paused++;
	for (size_t i = 0; i < piece.size; i++) {
		uint64_t place = world->received + i;

		world->in_order = world->in_order && piece.data[i] == http_world_byte_at(place);
		if (place < sizeof(world->body) - 1)
			world->body[place] = piece.data[i];
	}
	if (world->pause_every > 0 && (world->received + piece.size) / world->pause_every >
					  world->received / world->pause_every) {
		lc_http_pause(world->request);
		world->paused = true;
		world->pauses++;
		lc_loop_timer_start(world->timer, world->pauses % 3);
	}
	world->received += piece.size;
	if (world->cancel_at > 0 && world->received >= world->cancel_at) {
		lc_http_cancel(world->request);
		world->request = NULL;
		lc_loop_timer_start(world->timer, 20);
	}
}

static size_t read_body(void *context, char *place, size_t room)
{
	struct http_world *world = context;

	for (size_t i = 0; i < room; i++)
		place[i] = http_world_byte_at(world->body_offset + i);
	world->body_offset += room;
	return room;
}

static void rewind_body(void *context)
{
	struct http_world *world = context;

	world->rewinds++;
	world->body_offset = 0;
}

static void on_done(void *context, const struct lc_http_response *response)
{
	struct http_world *world = context;

	world->done++;
	world->response = *response;
	world->request = NULL;
	lc_loop_stop(world->loop);
}

const struct lc_http_callbacks HTTP_WORLD_CALLBACKS = {
    .on_status = on_status,
    .on_header = on_header,
    .on_body = on_body,
    .read_body = read_body,
    .rewind_body = rewind_body,
    .on_done = on_done,
};

struct lc_http_spec http_world_spec(struct http_world *world, const char *method)
{
	return (struct lc_http_spec){
	    .method = method,
	    .url = script_server_url(world->server),
	    .callbacks = &HTTP_WORLD_CALLBACKS,
	    .context = world,
	};
}

void http_world_run(struct http_world *world, const struct lc_http_spec *spec,
		    script_callback *script)
{
	world->script = script;
	world->status = 0;
	world->request = lc_http_start(world->http, spec);
	assert_int_equal(world->done, 0);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 1);
	world->done = 0;
}

void http_world_get(struct http_world *world, script_callback *script)
{
	struct lc_http_spec spec = http_world_spec(world, "GET");

	http_world_run(world, &spec, script);
}

void http_world_answer_ok(void *context, struct script_connection *connection,
			  const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\nX-Test:  one two \r\n"
				     "Content-Length: 5\r\n\r\nhello");
}

void http_world_stop(void *context)
{
	struct http_world *world = context;

	lc_loop_stop(world->loop);
}
