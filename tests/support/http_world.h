/* A world to test the HTTP client in: loop, client, a server that answers as the test's script
 * says, and a record of what both saw. Bodies follow a pattern, so that each byte can be told from
 * its place. */
#ifndef LC_TESTS_SUPPORT_HTTP_WORLD_H
#define LC_TESTS_SUPPORT_HTTP_WORLD_H

#include "clients/http.h"
#include "support/script_server.h"
#include "support/story.h"

/* One test's world: a loop, a client, a server whose answer is `script`, and what came of it. */
struct http_world {
	struct lc_loop *loop;
	struct lc_http *http;
	struct script_server *server;
	script_callback *script;
	struct lc_http_request *request;
	struct lc_loop_timer *timer;

	/* seen by the client */
	unsigned status;
	unsigned done;
	struct lc_http_response response;
	uint64_t received;
	bool in_order;
	char body[256];
	char header[64];
	unsigned rewinds;
	uint64_t body_offset;

	/* what the client does */
	uint64_t pause_every; /* bytes; 0: never */
	uint64_t cancel_at;   /* bytes; 0: never */
	unsigned pieces_while_paused;
	bool paused;
	unsigned pauses;

	/* seen by the server */
	char head[2048];
	uint64_t uploaded;
	bool upload_in_order;
	uint64_t left_to_send;
	unsigned requests;
};

/* The byte at a place of a body: a pattern with a long period. */
char http_world_byte_at(uint64_t place);

/* A story in such a world. */
#define HTTP_STORY(name) \
	cmocka_unit_test_setup_teardown(name, http_world_set_up, http_world_tear_down)
int http_world_set_up(void **state);
int http_world_tear_down(void **state);

extern const struct lc_http_callbacks HTTP_WORLD_CALLBACKS;

/* A request to the server with the callbacks above. */
struct lc_http_spec http_world_spec(struct http_world *world, const char *method);

/* Runs a request until it is done. */
void http_world_run(struct http_world *world, const struct lc_http_spec *spec,
		    script_callback *script);
void http_world_get(struct http_world *world, script_callback *script);

/* Answers 200 with the body "hello" and "X-Test: one two". */
void http_world_answer_ok(void *context, struct script_connection *connection,
			  const struct script_request *request);

/* Timer callbacks: lc_http_resume of a paused request; lc_loop_stop. */
void http_world_resume(void *context);
void http_world_stop(void *context);

#endif
