#include "http.h"

#include "history.h"
#include "profile.h"
#include "query.h"
#include "reply.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
	MAX_HEAD = 2 << 20,    /* request line with the query, and headers */
	READ_WINDOW = 4 << 20, /* bytes read ahead of what was parsed */
	LOW_WATER = EXCHANGE_WINDOW / 2,
};

static const uint64_t max_body = 4ULL << 30;

/* Where a connection stands. */
enum phase {
	PHASE_HEAD,      /* reads a request's head */
	PHASE_BODY,      /* reads `body_left` bytes of its body */
	PHASE_CHUNK,     /* reads the size line of a body's chunk */
	PHASE_CHUNK_END, /* reads the line end after a chunk, or after the last one */
	PHASE_ANSWER,    /* an exchange is answering */
	PHASE_CLOSING,   /* the answer is complete, closes when it is sent */
};

struct http_connection {
	struct bufferevent *bev;
	enum phase phase;
	struct request *request; /* being read */
	uint64_t body_left;
	bool body_chunked;
	bool last_chunk;
	bool keep_alive;
	bool chunked; /* the answer goes out in chunks */
	struct exchange *exchange;
};

static struct {
	uint64_t queries;
	uint64_t abandoned;
} totals;

static void read_more(struct http_connection *connection);

static void connection_close(struct http_connection *connection)
{
	if (connection->exchange != NULL) {
		connection->exchange->connection = NULL;
		exchange_abandon(connection->exchange);
		exchange_release(connection->exchange);
		totals.abandoned++;
	}
	request_free(connection->request);
	bufferevent_free(connection->bev);
	free(connection);
}

static void connection_reset(struct http_connection *connection)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	setsockopt(bufferevent_getfd(connection->bev), SOL_SOCKET, SO_LINGER, &at_once,
		   sizeof(at_once));
	connection_close(connection);
}

/* The answer is in the output buffer: on to the next request, or to the end. */
static void finish_answer(struct http_connection *connection)
{
	if (connection->exchange != NULL)
		exchange_release(connection->exchange);
	connection->exchange = NULL;
	if (connection->keep_alive) {
		connection->phase = PHASE_HEAD;
		read_more(connection);
		return;
	}
	connection->phase = PHASE_CLOSING;
}

/* An answer of the loop's own. */
static void answer(struct http_connection *connection, int status, struct evbuffer *body)
{
	struct evbuffer *out = bufferevent_get_output(connection->bev);

	reply_add_head(out, status, "text/plain; charset=UTF-8", connection->keep_alive);
	evbuffer_add_printf(out, "Content-Length: %zu\r\n\r\n", evbuffer_get_length(body));
	evbuffer_add_buffer(out, body);
	evbuffer_free(body);
	request_free(connection->request);
	connection->request = NULL;
	finish_answer(connection);
}

static void answer_text(struct http_connection *connection, int status, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	evbuffer_add_printf(body, "%s", text);
	answer(connection, status, body);
}

static void refuse(struct http_connection *connection, int status, const char *text)
{
	connection->keep_alive = false;
	answer_text(connection, status, text);
}

static void answer_admin(struct http_connection *connection)
{
	const struct request *request = connection->request;
	struct evbuffer *body = evbuffer_new();
	enum fault_style style;
	int status = 200;

	if (strcmp(request->path, "/admin/fault") == 0) {
		status = faults_administer(request, body);
		exchange_wake_all();
	} else if (strcmp(request->path, "/admin/profile") == 0) {
		status = profile_administer(request, body);
	} else if (strcmp(request->path, "/admin/queries") == 0) {
		status = history_administer(request, body);
	} else if (strcmp(request->path, "/admin/style") == 0 &&
		   faults_parse_style(request_parameter(request, "style"), &style)) {
		faults_set_style(style);
	} else if (strcmp(request->path, "/admin/stats") == 0) {
		evbuffer_add_printf(body, "queries %llu\nrunning %u\nabandoned %llu\n",
				    (unsigned long long)totals.queries, exchange_running(),
				    (unsigned long long)totals.abandoned);
	} else {
		status = 404;
		evbuffer_add_printf(body, "there is /admin/fault, /admin/profile, /admin/queries, "
					  "/admin/style?style= and /admin/stats\n");
	}
	answer(connection, status, body);
}

/* GET / without a query asks whether the server is there, as /ping does. */
static bool is_hello(const struct request *request)
{
	return strcmp(request->path, "/") == 0 && strcmp(request->method, "GET") == 0 &&
	       request_parameter(request, "query") == NULL;
}

static void handle_request(struct http_connection *connection)
{
	struct request *request = connection->request;

	connection->phase = PHASE_ANSWER;
	connection->keep_alive = request->keep_alive;
	connection->chunked = request->chunked;
	if (strcmp(request->path, "/ping") == 0 || is_hello(request)) {
		answer_text(connection, 200, "Ok.\n");
	} else if (strncmp(request->path, "/admin/", strlen("/admin/")) == 0) {
		answer_admin(connection);
	} else if (strcmp(request->path, "/") != 0 && strcmp(request->path, "/query") != 0) {
		answer_text(connection, 404,
			    "There is no handle for this path.\nUse / or /ping.\n");
	} else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "POST") != 0) {
		answer_text(connection, 501, "Use GET or POST.\n");
	} else {
		struct fault fault = query_choose_fault(request);

		totals.queries++;
		connection->request = NULL;
		connection->exchange = exchange_submit(request, &fault, connection);
	}
}

void http_send(struct exchange *exchange)
{
	struct http_connection *connection = exchange->connection;
	const struct exchange_head *head = exchange_head(exchange);
	struct evbuffer *body, *out;
	enum exchange_end end;
	size_t length;

	if (connection == NULL)
		return;
	out = bufferevent_get_output(connection->bev);
	body = evbuffer_new();
	end = exchange_take(exchange, body);
	length = evbuffer_get_length(body);
	if (head != NULL && !exchange->head_sent)
		reply_add_exchange_head(out, head, connection->keep_alive, connection->chunked);
	exchange->head_sent = head != NULL;
	if (length > 0 && connection->chunked)
		evbuffer_add_printf(out, "%zx\r\n", length);
	evbuffer_add_buffer(out, body);
	evbuffer_free(body);
	if (length > 0 && connection->chunked)
		evbuffer_add(out, "\r\n", 2);
	if (end == EXCHANGE_OPEN)
		return;
	if (end == EXCHANGE_RESET) {
		connection_reset(connection);
		return;
	}
	if (end == EXCHANGE_CLEAN && connection->chunked)
		evbuffer_add(out, "0\r\n\r\n", 5);
	if (end == EXCHANGE_CUT || !connection->chunked)
		connection->keep_alive = false;
	exchange->connection = NULL;
	finish_answer(connection);
	if (connection->phase == PHASE_CLOSING && evbuffer_get_length(out) == 0)
		connection_close(connection);
}

static void start_body(struct http_connection *connection)
{
	const char *length = request_header(connection->request, "Content-Length");
	const char *encoding = request_header(connection->request, "Transfer-Encoding");
	const char *expect = request_header(connection->request, "Expect");

	connection->body_chunked = encoding != NULL && strcasecmp(encoding, "chunked") == 0;
	connection->body_left = length != NULL ? strtoull(length, NULL, 10) : 0;
	connection->phase = connection->body_chunked ? PHASE_CHUNK : PHASE_BODY;
	if (connection->body_left > max_body) {
		refuse(connection, 413, "The body is too large.\n");
		return;
	}
	if (expect != NULL && strcasecmp(expect, "100-continue") == 0)
		evbuffer_add_printf(bufferevent_get_output(connection->bev),
				    "HTTP/1.1 100 Continue\r\n\r\n");
	if (!connection->body_chunked && connection->body_left == 0)
		handle_request(connection);
}

static bool read_head(struct http_connection *connection, struct evbuffer *in)
{
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	size_t length;

	if (end.pos < 0) {
		if (evbuffer_get_length(in) > MAX_HEAD)
			refuse(connection, 400, "The request's head is too large.\n");
		return false;
	}
	length = (size_t)end.pos + 4;
	connection->request =
	    request_parse((const char *)evbuffer_pullup(in, (ev_ssize_t)length), length);
	evbuffer_drain(in, length);
	if (connection->request == NULL)
		refuse(connection, 400, "This is no HTTP request.\n");
	else
		start_body(connection);
	return connection->phase != PHASE_CLOSING;
}

static bool read_body(struct http_connection *connection, struct evbuffer *in)
{
	struct evbuffer *body = connection->request->body;
	size_t have = evbuffer_get_length(in);
	size_t take = have < connection->body_left ? have : (size_t)connection->body_left;

	evbuffer_remove_buffer(in, body, take);
	connection->body_left -= take;
	if (connection->body_left > 0)
		return false;
	if (connection->body_chunked)
		connection->phase = PHASE_CHUNK_END;
	else
		handle_request(connection);
	return true;
}

static bool read_chunk_line(struct http_connection *connection, struct evbuffer *in)
{
	size_t length;
	char *line = evbuffer_readln(in, &length, EVBUFFER_EOL_CRLF);

	if (line == NULL)
		return false;
	if (connection->phase == PHASE_CHUNK) {
		connection->body_left = strtoull(line, NULL, 16);
		connection->last_chunk = connection->body_left == 0;
		connection->phase = connection->last_chunk ? PHASE_CHUNK_END : PHASE_BODY;
		if (evbuffer_get_length(connection->request->body) + connection->body_left >
		    max_body)
			refuse(connection, 413, "The body is too large.\n");
	} else if (!connection->last_chunk) {
		connection->phase = PHASE_CHUNK;
	} else if (length == 0) { /* trailers end with an empty line */
		connection->last_chunk = false;
		handle_request(connection);
	}
	free(line);
	return connection->phase != PHASE_CLOSING;
}

/* Reads as far as the input goes; an answer in progress waits for its end. */
static void read_more(struct http_connection *connection)
{
	struct evbuffer *in = bufferevent_get_input(connection->bev);
	bool more = true;

	while (more && evbuffer_get_length(in) > 0) {
		switch (connection->phase) {
		case PHASE_HEAD:
			more = read_head(connection, in);
			break;
		case PHASE_BODY:
			more = read_body(connection, in);
			break;
		case PHASE_CHUNK:
		case PHASE_CHUNK_END:
			more = read_chunk_line(connection, in);
			break;
		case PHASE_ANSWER:
		case PHASE_CLOSING:
			return;
		}
	}
}

static void on_read(struct bufferevent *bev, void *connection)
{
	(void)bev;
	read_more(connection);
}

static void on_write(struct bufferevent *bev, void *argument)
{
	struct http_connection *connection = argument;
	size_t unsent = evbuffer_get_length(bufferevent_get_output(bev));

	if (connection->exchange != NULL)
		exchange_sent(connection->exchange, unsent);
	else if (connection->phase == PHASE_CLOSING && unsent == 0)
		connection_close(connection);
}

static void on_event(struct bufferevent *bev, short what, void *connection)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		connection_close(connection);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
		      int length, void *unused)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));
	int on = 1;

	(void)address;
	(void)length;
	(void)unused;
	if (connection == NULL)
		abort();
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	connection->bev =
	    bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
	if (connection->bev == NULL)
		abort();
	bufferevent_setcb(connection->bev, on_read, on_write, on_event, connection);
	bufferevent_setwatermark(connection->bev, EV_READ, 0, READ_WINDOW);
	bufferevent_setwatermark(connection->bev, EV_WRITE, LOW_WATER, 0);
	bufferevent_enable(connection->bev, EV_READ | EV_WRITE);
}

uint16_t http_listen(struct event_base *base, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct evconnlistener *listener;
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = evconnlistener_new_bind(base, on_accept, NULL,
					   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
					       LEV_OPT_REUSEABLE,
					   512, (struct sockaddr *)&address, sizeof(address));
	if (listener == NULL ||
	    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &length) != 0)
		return 0;
	return ntohs(address.sin_port);
}
