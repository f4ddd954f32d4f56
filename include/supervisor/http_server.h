/*
 * A small HTTP/1.1 server on the event loop, for the control socket and the metrics endpoint: GET
 * only, one request a connection, answered at once from memory. It is not libevent's evhttp because
 * that can not bound the number of connections, and takes far more of HTTP than these two need.
 *
 * Bounds: so many connections at a time (further ones wait in the kernel's queue), a head of
 * LC_HTTP_REQUEST_HEAD_MAX bytes, and LC_HTTP_SERVER_SECONDS for a connection from its accept to
 * its end, however slowly its peer sends and reads.
 */
#ifndef LC_SUPERVISOR_HTTP_SERVER_H
#define LC_SUPERVISOR_HTTP_SERVER_H

#include "base/buffer.h"
#include "base/loop.h"
#include "base/view.h"

enum {
	LC_HTTP_SERVER_CONNECTIONS_MAX = 32,
	LC_HTTP_SERVER_SECONDS = 10,
};

struct lc_http_server;

/* The answer that a handler fills in. It comes with status 404 and an empty body. */
struct lc_http_server_answer {
	int status;
	const char *content_type; /* a constant */
	struct lc_buffer body;
};

/* Called from the loop for each GET request. `path` is without query, and valid during the call;
 * `connection` is the connection's descriptor, for getsockopt alone. */
typedef void lc_http_server_handler(struct lc_view path, int connection,
				    struct lc_http_server_answer *answer, void *context);

/* Serves on `listening`, a listening socket that now belongs to the server. `name` is for the log.
 */
struct lc_http_server *lc_http_server_new(struct lc_loop *loop, int listening, const char *name,
					  size_t body_max, lc_http_server_handler *handler,
					  void *context);

/* Closes the listening socket and every connection. NULL is allowed. */
void lc_http_server_free(struct lc_http_server *server);

#endif
