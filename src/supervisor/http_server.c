#include "supervisor/http_server.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"
#include "formats/http_status.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	ANSWER_SECONDS = 5,     /* to send an answer that has taken its time */
	ACCEPT_PAUSE_MS = 1000, /* after an accept that failed, for want of descriptors as a rule */
};

/* A connection whose handler answers later. */
struct lc_http_server_later {
	void (*on_gone)(void *context); /* NULL: it does not */
	void *context;
};

struct connection {
	struct lc_http_server_later later; /* first, so that it leads back here */
	struct lc_http_server *server;
	size_t place; /* among the server's connections */
	struct bufferevent *stream;
	struct lc_loop_timer *deadline;
	bool head_only; /* the answer goes without its body */
	bool answered;  /* from then on what the peer sends is read and dropped, until it closes */
	bool peer_closed;
};

struct lc_http_server {
	struct lc_loop *loop;
	struct evconnlistener *listener;
	struct lc_loop_timer *accept_pause;
	const char *name;
	size_t body_max;
	lc_http_server_handler *handler;
	void *context;
	struct connection *connections[LC_HTTP_SERVER_CONNECTIONS_MAX]; /* NULL: free place */
	unsigned connection_count;
};

static const char *reason_of(int status)
{
	switch (status) {
#define LC_HTTP_STATUS(name, number, reason) \
	case LC_HTTP_##name:                 \
		return reason;
#include "tbl/http_statuses.h"
	default:
		return "Refused";
	}
}

static void connection_free(struct connection *connection)
{
	struct lc_http_server *server = connection->server;

	if (connection->later.on_gone != NULL)
		connection->later.on_gone(connection->later.context);
	server->connections[connection->place] = NULL;
	server->connection_count--;
	lc_loop_timer_free(connection->deadline);
	bufferevent_free(connection->stream);
	free(connection);
	if (!lc_loop_timer_running(server->accept_pause))
		evconnlistener_enable(server->listener);
}

static void on_deadline(void *context)
{
	connection_free(context);
}

static void send_answer(struct connection *connection, struct lc_http_server_answer *answer)
{
	struct evbuffer *output = bufferevent_get_output(connection->stream);
	const char *allow = answer->allow;

	if (lc_buffer_failed(&answer->body)) {
		lc_log(LC_LOG_ERROR, "answer is too large",
		       LC_LOG_TEXT("server", connection->server->name));
		lc_buffer_clear(&answer->body);
		answer->status = LC_HTTP_INTERNAL_SERVER_ERROR;
	}
	connection->answered = true;
	LC_ASSERT(evbuffer_add_printf(output,
				      "HTTP/1.1 %d %s\r\n"
				      "Content-Type: %s\r\n"
				      "Content-Length: %zu\r\n"
				      "Cache-Control: no-store\r\n"
				      "X-Content-Type-Options: nosniff\r\n"
				      "%s%s%s"
				      "Connection: close\r\n\r\n",
				      answer->status, reason_of(answer->status),
				      answer->content_type, answer->body.size,
				      allow == NULL ? "" : "Allow: ", allow == NULL ? "" : allow,
				      allow == NULL ? "" : "\r\n") > 0);
	if (!connection->head_only)
		LC_ASSERT(evbuffer_add(output, answer->body.data, answer->body.size) == 0);
}

void lc_http_server_answer_init(const struct lc_http_server *server,
				struct lc_http_server_answer *answer)
{
	*answer = (struct lc_http_server_answer){
	    .status = LC_HTTP_NOT_FOUND,
	    .content_type = "text/plain; charset=utf-8",
	};
	lc_buffer_init(&answer->body, server->body_max);
}

struct lc_http_server_later *lc_http_server_answer_later(struct lc_http_server_answer *answer,
							 void (*on_gone)(void *context),
							 void *context)
{
	*answer->later = (struct lc_http_server_later){.on_gone = on_gone, .context = context};
	return answer->later;
}

void lc_http_server_extend(struct lc_http_server_later *later, unsigned seconds)
{
	struct connection *connection = (struct connection *)(void *)later;

	if (seconds + ANSWER_SECONDS <= LC_HTTP_SERVER_SECONDS)
		return;
	lc_loop_timer_start(connection->deadline, ((uint64_t)seconds + ANSWER_SECONDS) * 1000);
}

void lc_http_server_finish(struct lc_http_server_later *later, struct lc_http_server_answer *answer)
{
	struct connection *connection = (struct connection *)(void *)later;

	LC_ASSERT(later->on_gone != NULL);
	later->on_gone = NULL;
	send_answer(connection, answer);
	lc_buffer_free(&answer->body);
}

static void handle(struct connection *connection, const struct lc_http_request *request)
{
	struct lc_http_server *server = connection->server;
	struct lc_http_server_answer answer;

	lc_http_server_answer_init(server, &answer);
	answer.later = &connection->later;
	connection->head_only = lc_view_equal(request->method, lc_view_of("HEAD"));
	if (request->refusal != 0)
		answer.status = request->refusal;
	else
		server->handler(request, bufferevent_getfd(connection->stream), &answer,
				server->context);
	if (connection->later.on_gone == NULL)
		send_answer(connection, &answer);
	lc_buffer_free(&answer.body);
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;
	struct evbuffer *input = bufferevent_get_input(stream);
	size_t size = evbuffer_get_length(input);
	struct lc_http_request request;

	if (!connection->answered && connection->later.on_gone == NULL) {
		struct lc_view bytes = {(const char *)evbuffer_pullup(input, -1), size};

		if (lc_http_request_decode(bytes, &request) == LC_HTTP_REQUEST_INCOMPLETE)
			return;
		handle(connection, &request);
	}
	evbuffer_drain(input, size);
}

/* The whole answer is sent. The peer may still be sending: closing now could make the kernel reset
 * the connection before the peer has read the answer, so its end is awaited. */
static void on_written(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;

	if (!connection->answered)
		return;
	if (connection->peer_closed || shutdown(bufferevent_getfd(stream), SHUT_WR) < 0)
		connection_free(connection);
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
	struct connection *connection = context;
	bool unsent = evbuffer_get_length(bufferevent_get_output(stream)) > 0;
	bool awaited = connection->later.on_gone != NULL;

	connection->peer_closed = true;
	if ((what & BEV_EVENT_ERROR) != 0 || (!connection->answered && !awaited) ||
	    (connection->answered && !unsent))
		connection_free(connection);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
		      int peer_size, void *context)
{
	struct lc_http_server *server = context;
	struct connection *connection = lc_memory_zero(1, sizeof(*connection));

	(void)peer;
	(void)peer_size;
	connection->server = server;
	connection->stream =
	    bufferevent_socket_new(lc_loop_base(server->loop), fd, BEV_OPT_CLOSE_ON_FREE);
	LC_ASSERT(connection->stream != NULL);
	connection->deadline = lc_loop_timer_new(server->loop, on_deadline, connection);
	lc_loop_timer_start(connection->deadline, (uint64_t)LC_HTTP_SERVER_SECONDS * 1000);
	/* The listener is disabled while all places are taken, and stops at once when it is. */
	LC_ASSERT(server->connection_count < LC_HTTP_SERVER_CONNECTIONS_MAX);
	while (server->connections[connection->place] != NULL)
		connection->place++;
	server->connections[connection->place] = connection;
	if (++server->connection_count == LC_HTTP_SERVER_CONNECTIONS_MAX)
		evconnlistener_disable(listener);
	bufferevent_setwatermark(connection->stream, EV_READ, 0, LC_HTTP_REQUEST_HEAD_MAX);
	bufferevent_setcb(connection->stream, on_read, on_written, on_event, connection);
	LC_ASSERT(bufferevent_enable(connection->stream, EV_READ | EV_WRITE) == 0);
}

static void on_accept_failed(struct evconnlistener *listener, void *context)
{
	struct lc_http_server *server = context;
	struct lc_error error;

	lc_error_set_errno(&error, errno, "no connection could be accepted");
	lc_log(LC_LOG_ERROR, "server pauses", LC_LOG_TEXT("server", server->name),
	       LC_LOG_FAULT(&error));
	evconnlistener_disable(listener);
	lc_loop_timer_start(server->accept_pause, ACCEPT_PAUSE_MS);
}

static void on_accept_pause_over(void *context)
{
	struct lc_http_server *server = context;

	if (server->connection_count < LC_HTTP_SERVER_CONNECTIONS_MAX)
		evconnlistener_enable(server->listener);
}

struct lc_http_server *lc_http_server_new(struct lc_loop *loop, int listening, const char *name,
					  size_t body_max, lc_http_server_handler *handler,
					  void *context)
{
	struct lc_http_server *server = lc_memory_zero(1, sizeof(*server));

	server->loop = loop;
	server->name = name;
	server->body_max = body_max;
	server->handler = handler;
	server->context = context;
	server->accept_pause = lc_loop_timer_new(loop, on_accept_pause_over, server);
	server->listener =
	    evconnlistener_new(lc_loop_base(loop), on_accept, server,
			       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, listening);
	LC_ASSERT(server->listener != NULL);
	evconnlistener_set_error_cb(server->listener, on_accept_failed);
	return server;
}

void lc_http_server_free(struct lc_http_server *server)
{
	if (server == NULL)
		return;
	for (size_t i = 0; i < LC_HTTP_SERVER_CONNECTIONS_MAX; i++) {
		if (server->connections[i] != NULL)
			connection_free(server->connections[i]);
	}
	evconnlistener_free(server->listener);
	lc_loop_timer_free(server->accept_pause);
	free(server);
}
