/*
 * A server on loopback that does what the test's callback writes, byte by byte: for the answers
 * that no real server can be made to give. It reads HTTP/1.1 requests with a Content-Length and
 * leaves the whole answer, status line included, to the callback.
 */
#ifndef LC_TESTS_SUPPORT_SCRIPT_SERVER_H
#define LC_TESTS_SUPPORT_SCRIPT_SERVER_H

#include "base/loop.h"
#include "base/view.h"

#include <stddef.h>
#include <stdint.h>

struct script_server;
struct script_connection;

struct script_request {
	struct lc_view method;
	struct lc_view target;
	struct lc_view head; /* the whole head, status line included */
	struct lc_view body;
	unsigned number; /* of all requests to this server, from 1 */
};

/* Runs from the loop when a request has come in whole. Views are valid until return. */
typedef void script_callback(void *context, struct script_connection *connection,
			     const struct script_request *request);

struct script_server *script_server_new(struct lc_loop *loop, script_callback *callback,
					void *context);
void script_server_free(struct script_server *server);

/* Answers as soon as the head is there; the body is then never read. */
void script_server_answer_early(struct script_server *server);

/* "http://127.0.0.1:<port>", valid as long as the server. */
const char *script_server_url(const struct script_server *server);
uint16_t script_server_port(const struct script_server *server);
/* How many connections have been accepted, and how many clients have closed. */
unsigned script_server_accepted(const struct script_server *server);
unsigned script_server_closed(const struct script_server *server);

/* Keeps a part of a request as a text, as much as there is room for. */
void script_keep(char *place, size_t room, struct lc_view part);

/* The value of a request's header (name in lower case), empty when it has none. */
struct lc_view script_request_header(const struct script_request *request, const char *name);

void script_send(struct script_connection *connection, struct lc_view bytes);
void script_send_text(struct script_connection *connection, const char *text);
/* One chunk of a chunked body; an empty one is the last. */
void script_send_chunk(struct script_connection *connection, struct lc_view bytes);
/* Sends bytes one at a time. */
void script_drip(struct script_connection *connection, const char *text, uint64_t interval_ms);
/* A script that answers nothing, ever. */
void script_answer_nothing(void *context, struct script_connection *connection,
			   const struct script_request *request);

/* Closes once everything has been sent. */
void script_close(struct script_connection *connection);
/* Closes at once with a reset. */
void script_reset(struct script_connection *connection);

#endif
