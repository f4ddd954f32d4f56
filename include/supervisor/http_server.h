/*
 * A small HTTP/1.1 server on the event loop, for the control socket and the metrics endpoint: one
 * request without body a connection, answered from memory, at once or later. It is not libevent's
 * evhttp because that cannot bound the number of connections, and takes far more of HTTP than
 * these two need.
 *
 * Bounds: so many connections at a time (further ones wait in the kernel's queue), a head of
 * LC_HTTP_REQUEST_HEAD_MAX bytes, and LC_HTTP_SERVER_SECONDS for a connection from its accept to
 * its end, however slowly its peer sends and reads; longer where the answer is known to take its
 * time.
 */
#ifndef LC_SUPERVISOR_HTTP_SERVER_H
#define LC_SUPERVISOR_HTTP_SERVER_H

#include "base/buffer.h"
#include "base/loop.h"
#include "formats/http_request.h"

enum {
	LC_HTTP_SERVER_CONNECTIONS_MAX = 32,
	LC_HTTP_SERVER_SECONDS = 10,
};

struct lc_http_server;
struct lc_http_server_later;

/* The answer that a handler fills in. It comes with status 404 and an empty body. */
struct lc_http_server_answer {
	int status;
	const char *content_type; /* a constant */
	const char *allow; /* NULL, or the methods that are allowed, a constant: with status 405 */
	struct lc_buffer body;
	struct lc_http_server_later *later; /* for lc_http_server_answer_later alone */
};

/* Called from the loop for each request that can be read, whatever its method. `request` is valid
 * during the call; `connection` is the connection's descriptor, for getsockopt alone. */
typedef void lc_http_server_handler(const struct lc_http_request *request, int connection,
				    struct lc_http_server_answer *answer, void *context);

/* From a handler: the answer comes later. What stands in `answer` is dropped. Either
 * lc_http_server_finish follows, or `on_gone`, when the connection ends before: then nobody waits
 * for the answer any more. */
struct lc_http_server_later *lc_http_server_answer_later(struct lc_http_server_answer *answer,
							 void (*on_gone)(void *context),
							 void *context);

/* An answer to be filled in, with the server's bound for the body. */
void lc_http_server_answer_init(const struct lc_http_server *server,
				struct lc_http_server_answer *answer);

/* The answer may take so many seconds; the rest of the connection has its own time besides. */
void lc_http_server_extend(struct lc_http_server_later *later, unsigned seconds);

/* Sends the answer that was to come later, and releases its body. */
void lc_http_server_finish(struct lc_http_server_later *later,
			   struct lc_http_server_answer *answer);

/* Serves on `listening`, a listening socket that now belongs to the server. `name` is for the log.
 */
struct lc_http_server *lc_http_server_new(struct lc_loop *loop, int listening, const char *name,
					  size_t body_max, lc_http_server_handler *handler,
					  void *context);

/* Closes the listening socket and every connection. NULL is allowed. */
void lc_http_server_free(struct lc_http_server *server);

#endif
