#include "support/script_server.h"

#include "base/assert.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct script_connection {
	struct script_server *server;
	LIST_ENTRY(script_connection) all;
	struct bufferevent *stream;
	bool closing;
	bool deaf; /* answered early */
	struct lc_loop_timer *drip_timer;
	char *drip;
	size_t drip_place;
	uint64_t drip_interval_ms;
};

struct script_server {
	struct lc_loop *loop;
	struct evconnlistener *listener;
	LIST_HEAD(, script_connection) connections;
	script_callback *callback;
	void *context;
	char url[64];
	uint16_t port;
	bool early;
	unsigned accepted;
	unsigned closed;
	unsigned requests;
};

static void connection_free(struct script_connection *connection)
{
	LIST_REMOVE(connection, all);
	bufferevent_free(connection->stream);
	lc_loop_timer_free(connection->drip_timer);
	free(connection->drip);
	free(connection);
}

void script_keep(char *place, size_t room, struct lc_view part)
{
	size_t size = part.size < room ? part.size : room - 1;

	memcpy(place, part.data, size);
	place[size] = '\0';
}

struct lc_view script_request_header(const struct script_request *request, const char *name)
{
	size_t size = strlen(name);
	const char *line = request->head.data;
	const char *end = line + request->head.size;

	while (line < end) {
		const char *next = memmem(line, (size_t)(end - line), "\r\n", 2);

		next = next == NULL ? end : next;
		if ((size_t)(next - line) > size && line[size] == ':' &&
		    strncasecmp(line, name, size) == 0) {
			const char *value = line + size + 1;

			while (value < next && *value == ' ')
				value++;
			return (struct lc_view){.data = value, .size = (size_t)(next - value)};
		}
		line = next + 2;
	}
	return (struct lc_view){.data = "", .size = 0};
}

static void split_first_line(struct script_request *request)
{
	const char *start = request->head.data;
	const char *space = memchr(start, ' ', request->head.size);
	const char *target = space + 1;
	const char *end;

	LC_ASSERT(space != NULL);
	end = memchr(target, ' ', request->head.size - (size_t)(target - start));
	LC_ASSERT(end != NULL);
	request->method = (struct lc_view){.data = start, .size = (size_t)(space - start)};
	request->target = (struct lc_view){.data = target, .size = (size_t)(end - target)};
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct script_connection *connection = context;
	struct script_server *server = connection->server;
	struct evbuffer *input = bufferevent_get_input(stream);

	while (!connection->closing && !connection->deaf) {
		size_t available = evbuffer_get_length(input);
		const char *bytes = (const char *)evbuffer_pullup(input, -1);
		const char *end = available == 0 ? NULL : memmem(bytes, available, "\r\n\r\n", 4);
		struct script_request request = {.number = server->requests + 1};
		size_t length;

		if (end == NULL)
			return;
		request.head = (struct lc_view){.data = bytes, .size = (size_t)(end - bytes) + 4};
		length = strtoul(script_request_header(&request, "content-length").data, NULL, 10);
		if (server->early)
			connection->deaf = true;
		else if (available < request.head.size + length)
			return;
		else
			request.body =
			    (struct lc_view){.data = bytes + request.head.size, .size = length};
		split_first_line(&request);
		server->requests++;
		server->callback(server->context, connection, &request);
		if (!connection->deaf)
			evbuffer_drain(input, request.head.size + length);
	}
}

static void on_written(struct bufferevent *stream, void *context)
{
	struct script_connection *connection = context;

	if (connection->closing && connection->drip == NULL &&
	    evbuffer_get_length(bufferevent_get_output(stream)) == 0)
		connection_free(connection);
}

static void on_end(struct bufferevent *stream, short what, void *context)
{
	struct script_connection *connection = context;

	(void)stream;
	(void)what;
	connection->server->closed++;
	connection_free(connection);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
		      int peer_size, void *context)
{
	struct script_server *server = context;
	struct script_connection *connection = lc_memory_zero(1, sizeof(*connection));

	(void)listener;
	(void)peer;
	(void)peer_size;
	server->accepted++;
	connection->server = server;
	connection->stream =
	    bufferevent_socket_new(lc_loop_base(server->loop), fd, BEV_OPT_CLOSE_ON_FREE);
	LC_ASSERT(connection->stream != NULL);
	LIST_INSERT_HEAD(&server->connections, connection, all);
	bufferevent_setcb(connection->stream, on_read, on_written, on_end, connection);
	LC_ASSERT(bufferevent_enable(connection->stream, EV_READ | EV_WRITE) == 0);
}

struct script_server *script_server_new(struct lc_loop *loop, script_callback *callback,
					void *context)
{
	struct script_server *server = lc_memory_zero(1, sizeof(*server));
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);

	server->loop = loop;
	server->callback = callback;
	server->context = context;
	LIST_INIT(&server->connections);
	server->listener = evconnlistener_new_bind(
	    lc_loop_base(loop), on_accept, server, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 64,
	    (struct sockaddr *)&address, (int)sizeof(address));
	LC_ASSERT(server->listener != NULL);
	LC_ASSERT(getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address,
			      &size) == 0);
	server->port = ntohs(address.sin_port);
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", (unsigned)server->port);
	return server;
}

void script_server_free(struct script_server *server)
{
	struct script_connection *connection;

	while ((connection = LIST_FIRST(&server->connections)) != NULL) {
		connection_free(connection);
		LC_ASSERT(LIST_FIRST(&server->connections) != connection);
	}
	evconnlistener_free(server->listener);
	free(server);
}

void script_server_answer_early(struct script_server *server)
{
	server->early = true;
}

const char *script_server_url(const struct script_server *server)
{
	return server->url;
}

uint16_t script_server_port(const struct script_server *server)
{
	return server->port;
}

unsigned script_server_accepted(const struct script_server *server)
{
	return server->accepted;
}

unsigned script_server_closed(const struct script_server *server)
{
	return server->closed;
}

void script_send(struct script_connection *connection, struct lc_view bytes)
{
	LC_ASSERT(bufferevent_write(connection->stream, bytes.data, bytes.size) == 0);
}

void script_send_text(struct script_connection *connection, const char *text)
{
	script_send(connection, lc_view_of(text));
}

void script_send_chunk(struct script_connection *connection, struct lc_view bytes)
{
	char size[32];

	snprintf(size, sizeof(size), "%zx\r\n", bytes.size);
	script_send_text(connection, size);
	script_send(connection, bytes);
	script_send_text(connection, "\r\n");
}

static void on_drip(void *context)
{
	struct script_connection *connection = context;
	const char *place = connection->drip + connection->drip_place;

	if (*place == '\0') {
		free(connection->drip);
		connection->drip = NULL;
		on_written(connection->stream, connection);
		return;
	}
	script_send(connection, (struct lc_view){.data = place, .size = 1});
	connection->drip_place++;
	lc_loop_timer_start(connection->drip_timer, connection->drip_interval_ms);
}

void script_drip(struct script_connection *connection, const char *text, uint64_t interval_ms)
{
	LC_ASSERT(connection->drip_timer == NULL);
	connection->drip = lc_memory_copy_text(text);
	connection->drip_interval_ms = interval_ms;
	connection->drip_timer = lc_loop_timer_new(connection->server->loop, on_drip, connection);
	lc_loop_timer_start(connection->drip_timer, interval_ms);
}

void script_answer_nothing(void *context, struct script_connection *connection,
			   const struct script_request *request)
{
	(void)context;
	(void)connection;
	(void)request;
}

void script_close(struct script_connection *connection)
{
	connection->closing = true;
	if (connection->drip_timer == NULL)
		script_drip(connection, "", 0);
}

void script_reset(struct script_connection *connection)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	LC_ASSERT(setsockopt(bufferevent_getfd(connection->stream), SOL_SOCKET, SO_LINGER, &linger,
			     sizeof(linger)) == 0);
	script_close(connection);
}
