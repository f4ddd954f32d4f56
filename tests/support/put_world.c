#include "support/put_world.h"

#include "base/memory.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENT_MS = 60000, HURRIED_MS = 500 };

static void serve(void *context, struct script_connection *connection,
		  const struct script_request *request)
{
	struct put_world *world = context;
	size_t used = strlen(world->methods);

	world->requests++;
	snprintf(world->methods + used, sizeof(world->methods) - used, "%.*s ",
		 (int)request->method.size, request->method.data);
	script_keep(world->target, sizeof(world->target), request->target);
	script_keep(world->head, sizeof(world->head), request->head);
	world->body_was_whole = request->body.size == world->body.size &&
				memcmp(request->body.data, world->bytes, world->body.size) == 0;
	world->script(world, connection, request);
}

static void stop(void *context)
{
	struct put_world *world = context;

	lc_loop_stop(world->loop);
}

struct lc_s3 *put_world_s3_of(struct put_world *world, const char *endpoint,
			      enum lc_s3_addressing addressing)
{
	struct lc_s3_options options = {
	    .endpoint = endpoint,
	    .region = "us-east-1",
	    .credentials = world->credentials,
	    .addressing = addressing,
	    .timeout_ms = world->timeout_ms,
	    .conditional = world->conditional,
	};

	return lc_s3_new(world->loop, world->http, &options, NULL);
}

static void set_up(void **state, uint64_t timeout_ms)
{
	struct put_world *world = lc_memory_zero(1, sizeof(*world));
	struct lc_http_options options = {.connect_timeout_ms = 2000};
	const struct lc_credentials_options keys = {.access_key_id = "AKID",
						    .secret_access_key = "secret"};

	alarm(120);
	world->timeout_ms = timeout_ms;
	world->conditional = LC_S3_CONDITIONAL_OFF;
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &options, NULL);
	world->server = script_server_new(world->loop, serve, world);
	world->timer = lc_loop_timer_new(world->loop, stop, world);
	world->credentials = lc_credentials_provider_new(world->loop, world->http, &keys);
	world->s3 = put_world_s3_of(world, script_server_url(world->server), LC_S3_ADDRESSING_PATH);
	world->bytes = lc_memory_zero(PUT_WORLD_PIECES, PUT_WORLD_PIECE_SIZE);
	for (size_t i = 0; i < (size_t)PUT_WORLD_PIECES * PUT_WORLD_PIECE_SIZE; i++)
		world->bytes[i] = (char)(i * 2654435761u >> 11);
	for (size_t i = 0; i < PUT_WORLD_PIECES; i++)
		world->pieces[i] = (struct lc_view){
		    .data = world->bytes + i * PUT_WORLD_PIECE_SIZE,
		    .size = PUT_WORLD_PIECE_SIZE,
		};
	world->body = (struct lc_s3_body){.pieces = world->pieces, .piece_count = 3};
	world->body.size = (uint64_t)3 * PUT_WORLD_PIECE_SIZE;
	*state = world;
}

int put_world_set_up(void **state)
{
	set_up(state, PATIENT_MS);
	return 0;
}

int put_world_set_up_hurried(void **state)
{
	set_up(state, HURRIED_MS);
	return 0;
}

int put_world_tear_down(void **state)
{
	struct put_world *world = *state;

	lc_s3_free(world->s3);
	lc_credentials_provider_free(world->credentials);
	lc_http_free(world->http);
	script_server_free(world->server);
	lc_loop_timer_free(world->timer);
	lc_loop_free(world->loop);
	free(world->bytes);
	free(world);
	return 0;
}

void put_world_on_answer(void *context, const struct lc_s3_answer *answer)
{
	struct put_world *world = context;

	world->done++;
	world->answer = *answer;
	snprintf(world->code, sizeof(world->code), "%s", answer->code);
	lc_loop_stop(world->loop);
}

struct lc_s3_put *put_world_start(struct put_world *world, const char *bucket, const char *key)
{
	struct lc_s3_put_spec spec = {.bucket = lc_view_of(bucket),
				      .key = lc_view_of(key),
				      .body = &world->body,
				      .checksum = world->checksum,
				      .headers = world->headers,
				      .part_size = world->part_size,
				      .look_first = world->look_first};

	return lc_s3_put(world->s3, &spec, put_world_on_answer, world);
}

void put_world_put(struct put_world *world, const char *bucket, const char *key,
		   script_callback *script)
{
	world->script = script;
	world->done = 0;
	(void)put_world_start(world, bucket, key);
	assert_int_equal(world->done, 0);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 1);
}

void put_world_answer_text(void *context, struct script_connection *connection,
			   const struct script_request *request)
{
	struct put_world *world = context;

	(void)request;
	script_send_text(connection, world->text);
}

/* An answer with an XML error. */
void put_world_put_and_fail(struct put_world *world, const char *status, const char *headers,
			    const char *body)
{
	char text[2000];

	snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status,
		 headers, strlen(body), body);
	world->text = text;
	put_world_put(world, "logs", "a key", put_world_answer_text);
}
