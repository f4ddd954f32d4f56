/* A world to test PUTs in: one at a time against a server that answers as the test's script says,
 * and a record of what both sides saw. */
#ifndef LC_TESTS_SUPPORT_PUT_WORLD_H
#define LC_TESTS_SUPPORT_PUT_WORLD_H

#include "clients/s3.h"
#include "support/script_server.h"
#include "support/story.h"

enum { PUT_WORLD_PIECES = 5000, PUT_WORLD_PIECE_SIZE = 997 };

/* One PUT against a server that answers as the script says. */
struct put_world {
	struct lc_loop *loop;
	struct lc_http *http;
	struct script_server *server;
	struct lc_credentials_provider *credentials; /* AKID, secret */
	struct lc_s3 *s3;
	struct lc_loop_timer *timer;
	script_callback *script;
	const char *text; /* for answer_text */

	char *bytes;
	struct lc_view pieces[PUT_WORLD_PIECES];
	struct lc_s3_body body;
	uint64_t timeout_ms; /* of the client */
	enum lc_s3_conditional conditional;
	bool look_first;
	uint64_t part_size;
	enum lc_s3_checksum checksum;
	const struct lc_s3_headers *headers; /* of the PUT; NULL: none */

	unsigned done;
	struct lc_s3_answer answer;
	char code[100];

	char target[4096]; /* what the server saw */
	char head[8192];
	char methods[200]; /* of all requests: "HEAD PUT " */
	bool body_was_whole;
	unsigned requests;
};

/* A story in such a world. */
#define PUT_STORY(name) cmocka_unit_test_setup_teardown(name, put_world_set_up, put_world_tear_down)
int put_world_set_up(void **state);
int put_world_tear_down(void **state);

/* The same with a client of little patience: for a server that does not answer. */
#define HURRIED_PUT_STORY(name) \
	cmocka_unit_test_setup_teardown(name, put_world_set_up_hurried, put_world_tear_down)
int put_world_set_up_hurried(void **state);

/* A client for an endpoint; world->s3 is one for the server in path style. */
struct lc_s3 *put_world_s3_of(struct put_world *world, const char *endpoint,
			      enum lc_s3_addressing addressing);

/* Starts a PUT of world->body; the answer goes to put_world_on_answer. */
struct lc_s3_put *put_world_start(struct put_world *world, const char *bucket, const char *key);

/* PUTs world->body and runs until the answer is there. */
void put_world_put(struct put_world *world, const char *bucket, const char *key,
		   script_callback *script);

/* PUTs and is answered with this status line, these headers and this body. */
void put_world_put_and_fail(struct put_world *world, const char *status, const char *headers,
			    const char *body);

void put_world_on_answer(void *context, const struct lc_s3_answer *answer);

/* The script that sends world->text. */
void put_world_answer_text(void *context, struct script_connection *connection,
			   const struct script_request *request);

/* What S3 says when the object is stored. */
#define PUT_WORLD_OK "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 0\r\n\r\n"

#endif
