/* The small HTTP server on a real socket pair of clients, driven by its own loop. */
#include "supervisor/http_server.h"

#include "base/clock.h"
#include "support/story.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000, BODY_MAX = 1 << 20 };

struct fixture {
	struct lc_loop *loop;
	struct lc_http_server *server;
	struct sockaddr_in address;
	unsigned asked;
	struct lc_http_server_later *later; /* of the last /later */
	unsigned gone;                      /* connections that ended before their answer */
};

static void on_gone(void *context)
{
	struct fixture *fixture = context;

	fixture->gone++;
	fixture->later = NULL;
}

static void answer(const struct lc_http_request *request, int connection,
		   struct lc_http_server_answer *out, void *context)
{
	struct fixture *fixture = context;
	struct lc_view path = request->path;

	fixture->asked++;
	assert_true(connection >= 0);
	if (!lc_view_equal(request->method, lc_view_of("GET")) &&
	    !lc_view_equal(request->method, lc_view_of("HEAD"))) {
		out->status = 405;
		out->allow = "GET";
	} else if (lc_view_equal(path, lc_view_of("/later"))) {
		fixture->later = lc_http_server_answer_later(out, on_gone, fixture);
	} else if (lc_view_equal(path, lc_view_of("/hello"))) {
		out->status = 200;
		lc_buffer_append_text(&out->body, "hello\n");
	} else if (lc_view_equal(path, lc_view_of("/large"))) {
		out->status = 200;
		for (size_t i = 0; i < BODY_MAX / 16; i++)
			lc_buffer_append_text(&out->body, "0123456789abcdef");
	} else if (lc_view_equal(path, lc_view_of("/too-large"))) {
		out->status = 200;
		for (size_t i = 0; i <= BODY_MAX / 16; i++)
			lc_buffer_append_text(&out->body, "0123456789abcdef");
	}
}

static struct fixture FIXTURE;

static int set_up(void **state)
{
	socklen_t size = sizeof(FIXTURE.address);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	FIXTURE = (struct fixture){
	    .address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}}};
	assert_int_equal(
	    bind(listening, (struct sockaddr *)&FIXTURE.address, sizeof(FIXTURE.address)), 0);
	assert_int_equal(listen(listening, 64), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&FIXTURE.address, &size), 0);
	FIXTURE.loop = lc_loop_new(NULL);
	FIXTURE.server =
	    lc_http_server_new(FIXTURE.loop, listening, "test", BODY_MAX, answer, &FIXTURE);
	*state = &FIXTURE;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	lc_http_server_free(fixture->server);
	lc_loop_free(fixture->loop);
	return 0;
}

static int connect_to(const struct fixture *fixture)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(
	    connect(fd, (const struct sockaddr *)&fixture->address, sizeof(fixture->address)), 0);
	return fd;
}

static void turn(struct fixture *fixture)
{
	assert_true(event_base_loop(lc_loop_base(fixture->loop), EVLOOP_NONBLOCK) >= 0);
}

/* Lets the server work until the peer has closed; what came, as text of static storage. */
static const char *read_answer(struct fixture *fixture, int fd)
{
	static char text[BODY_MAX + 4096];
	uint64_t deadline = lc_clock_monotonic_ms() + DEADLINE_MS;
	size_t used = 0;

	while (lc_clock_monotonic_ms() < deadline) {
		ssize_t size = recv(fd, text + used, sizeof(text) - 1 - used, MSG_DONTWAIT);

		if (size > 0)
			used += (size_t)size;
		if (size == 0 || (size < 0 && errno != EAGAIN))
			break;
		turn(fixture);
	}
	text[used] = '\0';
	return text;
}

static const char *ask(struct fixture *fixture, const char *request)
{
	int fd = connect_to(fixture);
	const char *text;

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	text = read_answer(fixture, fd);
	close(fd);
	return text;
}

static void starts_with(const char *text, const char *start)
{
	if (strncmp(text, start, strlen(start)) != 0)
		fail_msg("came instead: %.80s", text);
}

static void a_get_is_answered(void **state)
{
	const char *text = ask(*state, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");

	starts_with(text, "HTTP/1.1 200 OK\r\n");
	assert_non_null(strstr(text, "\r\nContent-Length: 6\r\n"));
	assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
	assert_non_null(strstr(text, "\r\n\r\nhello\n"));
}

static void a_large_answer_comes_whole(void **state)
{
	const char *text = ask(*state, "GET /large HTTP/1.1\r\n\r\n");

	starts_with(text, "HTTP/1.1 200 OK\r\n");
	assert_int_equal(strlen(strstr(text, "\r\n\r\n") + 4), BODY_MAX);
}

static void an_answer_over_its_bound_is_an_error(void **state)
{
	starts_with(ask(*state, "GET /too-large HTTP/1.1\r\n\r\n"), "HTTP/1.1 500 ");
}

/* A handler that answers HEAD as GET need not know: the head tells of the body, which stays away.
 */
static void a_head_is_answered_without_its_body(void **state)
{
	const char *text = ask(*state, "HEAD /hello HTTP/1.1\r\n\r\n");

	starts_with(text, "HTTP/1.1 200 OK\r\n");
	assert_non_null(strstr(text, "\r\nContent-Length: 6\r\n"));
	assert_null(strstr(text, "hello"));
}

static void what_is_not_served_is_refused(void **state)
{
	starts_with(ask(*state, "GET /other HTTP/1.1\r\n\r\n"), "HTTP/1.1 404 ");
	starts_with(ask(*state, "DELETE /hello HTTP/1.1\r\n\r\n"), "HTTP/1.1 405 ");
	assert_non_null(strstr(ask(*state, "POST /hello HTTP/1.1\r\n\r\n"), "\r\nAllow: GET\r\n"));
	starts_with(ask(*state, "nonsense\r\n\r\n"), "HTTP/1.1 400 ");
	starts_with(ask(*state, "POST /hello HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"),
		    "HTTP/1.1 413 ");
}

static void a_head_too_long_is_refused(void **state)
{
	static char request[20000];

	memset(request, 'x', sizeof(request) - 1);
	memcpy(request, "GET /", sizeof("GET /") - 1);
	starts_with(ask(*state, request), "HTTP/1.1 431 ");
}

static void a_request_in_pieces_is_awaited(void **state)
{
	static const char request[] = "GET /hello HTTP/1.1\r\n\r\n";
	struct fixture *fixture = *state;
	int fd = connect_to(fixture);

	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		assert_int_equal(fixture->asked, 0);
		assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
		turn(fixture);
	}
	starts_with(read_answer(fixture, fd), "HTTP/1.1 200 OK\r\n");
	close(fd);
}

static void a_client_that_closes_its_side_first_is_answered(void **state)
{
	static const char request[] = "GET /large HTTP/1.1\r\n\r\n";
	struct fixture *fixture = *state;
	int fd = connect_to(fixture);

	assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	starts_with(read_answer(fixture, fd), "HTTP/1.1 200 OK\r\n");
	close(fd);
}

static void one_connection_carries_one_request(void **state)
{
	struct fixture *fixture = *state;

	starts_with(ask(fixture, "GET /hello HTTP/1.1\r\n\r\nGET /hello HTTP/1.1\r\n\r\n"),
		    "HTTP/1.1 200 OK\r\n");
	assert_int_equal(fixture->asked, 1);
}

static void connections_beyond_the_bound_wait_for_a_place(void **state)
{
	static const char request[] = "GET /hello HTTP/1.1\r\n\r\n";
	struct fixture *fixture = *state;
	int idle[LC_HTTP_SERVER_CONNECTIONS_MAX];
	int last;

	for (size_t i = 0; i < LC_HTTP_SERVER_CONNECTIONS_MAX; i++)
		idle[i] = connect_to(fixture);
	last = connect_to(fixture);
	assert_int_equal(send(last, request, sizeof(request) - 1, MSG_NOSIGNAL),
			 sizeof(request) - 1);
	for (size_t i = 0; i < 100; i++)
		turn(fixture);
	assert_int_equal(fixture->asked, 0);
	close(idle[0]);
	starts_with(read_answer(fixture, last), "HTTP/1.1 200 OK\r\n");
	close(last);
	for (size_t i = 1; i < LC_HTTP_SERVER_CONNECTIONS_MAX; i++)
		close(idle[i]);
}

static int send_later(struct fixture *fixture)
{
	static const char request[] = "GET /later HTTP/1.1\r\n\r\n";
	int fd = connect_to(fixture);

	assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	for (unsigned i = 0; i < 1000 && fixture->later == NULL; i++)
		turn(fixture);
	assert_non_null(fixture->later);
	return fd;
}

static void finish(struct fixture *fixture)
{
	struct lc_http_server_answer late;

	lc_http_server_answer_init(fixture->server, &late);
	late.status = 200;
	lc_buffer_append_text(&late.body, "at last\n");
	lc_http_server_finish(fixture->later, &late);
}

static void an_answer_may_come_later(void **state)
{
	struct fixture *fixture = *state;
	int fd = send_later(fixture);
	const char *text;

	starts_with(ask(fixture, "GET /hello HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 OK\r\n");
	finish(fixture);
	text = read_answer(fixture, fd);
	starts_with(text, "HTTP/1.1 200 OK\r\n");
	assert_non_null(strstr(text, "\r\n\r\nat last\n"));
	assert_int_equal(fixture->gone, 0);
	close(fd);
}

static void what_comes_while_an_answer_is_awaited_is_dropped(void **state)
{
	struct fixture *fixture = *state;
	int fd = send_later(fixture);

	assert_int_equal(send(fd, "GET /later HTTP/1.1\r\n\r\n", 23, MSG_NOSIGNAL), 23);
	for (unsigned i = 0; i < 100; i++)
		turn(fixture);
	assert_int_equal(fixture->asked, 1);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (unsigned i = 0; i < 100; i++)
		turn(fixture);
	finish(fixture);
	starts_with(read_answer(fixture, fd), "HTTP/1.1 200 OK\r\n");
	close(fd);
}

static void who_waits_for_an_answer_is_told_of_a_broken_connection(void **state)
{
	static const struct linger at_once = {.l_onoff = 1};
	struct fixture *fixture = *state;
	int fd = send_later(fixture);

	/* closing then resets the connection */
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	close(fd);
	for (unsigned i = 0; i < 1000 && fixture->gone == 0; i++)
		turn(fixture);
	assert_int_equal(fixture->gone, 1);
}

static void a_server_that_closes_tells_who_waits(void **state)
{
	struct fixture *fixture = *state;
	int fd = send_later(fixture);

	lc_http_server_free(fixture->server);
	fixture->server = NULL;
	assert_int_equal(fixture->gone, 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_get_is_answered),
	    STORY(a_large_answer_comes_whole),
	    STORY(an_answer_over_its_bound_is_an_error),
	    STORY(a_head_is_answered_without_its_body),
	    STORY(what_is_not_served_is_refused),
	    STORY(a_head_too_long_is_refused),
	    STORY(a_request_in_pieces_is_awaited),
	    STORY(a_client_that_closes_its_side_first_is_answered),
	    STORY(one_connection_carries_one_request),
	    STORY(connections_beyond_the_bound_wait_for_a_place),
	    STORY(an_answer_may_come_later),
	    STORY(what_comes_while_an_answer_is_awaited_is_dropped),
	    STORY(who_waits_for_an_answer_is_told_of_a_broken_connection),
	    STORY(a_server_that_closes_tells_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
