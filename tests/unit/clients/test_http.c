#include "clients/http.h"

#include "base/memory.h"
#include "support/http_world.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void an_answer_arrives_whole(void **state)
{
	struct http_world *world = *state;

	http_world_get(world, http_world_answer_ok);
	assert_true(world->response.complete);
	assert_true(world->response.framed);
	assert_int_equal(world->response.error.kind, LC_ERROR_NONE);
	assert_int_equal(world->response.status, 200);
	assert_int_equal(world->response.sends, 1);
	assert_int_equal(world->status, 200);
	assert_string_equal(world->header, "one two");
	assert_string_equal(world->body, "hello");
}

static void requests_in_a_row_share_a_connection(void **state)
{
	struct http_world *world = *state;

	for (unsigned i = 0; i < 20; i++)
		http_world_get(world, http_world_answer_ok);
	assert_int_equal(script_server_accepted(world->server), 1);
	assert_int_equal(world->requests, 20);
}

static void a_request_says_only_what_it_should(void **state)
{
	struct http_world *world = *state;
	struct lc_http_header headers[] = {
	    {lc_view_of("X-Empty"), lc_view_of("")},
	    {lc_view_of("X-Full"), lc_view_of("a: b")},
	};
	struct lc_http_spec spec = http_world_spec(world, "POST");

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	spec.headers = headers;
	spec.header_count = 2;
	spec.body = lc_view_of("x");
	http_world_run(world, &spec, http_world_answer_ok);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	assert_true(world->response.complete);
	assert_non_null(strstr(world->head, "POST / HTTP/1.1\r\n"));
	assert_non_null(strstr(world->head, "User-Agent: log-courier\r\n"));
	assert_non_null(strstr(world->head, "X-Empty:\r\n"));
	assert_non_null(strstr(world->head, "X-Full: a: b\r\n"));
	assert_non_null(strstr(world->head, "Content-Length: 1\r\n"));
	assert_null(strcasestr(world->head, "expect:"));
	assert_null(strcasestr(world->head, "content-type:"));
	assert_null(strcasestr(world->head, "proxy"));
}

/* A body and a method, however the client gives them. */
struct shape {
	const char *method;
	uint64_t size;
	bool from_callback;
};

static void answer_without_body(void *context, struct script_connection *connection,
				const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void run_shape(struct http_world *world, const struct shape *shape, const char *bytes)
{
	struct lc_http_spec spec = http_world_spec(world, shape->method);
	char expected[64];

	world->body_offset = 0;
	spec.body_from_callback = shape->from_callback;
	spec.body_size = shape->size;
	if (!shape->from_callback)
		spec.body = (struct lc_view){.data = bytes, .size = shape->size};
	http_world_run(world, &spec, answer_without_body);
	assert_true(world->response.complete);
	assert_int_equal(world->response.status, 200);
	assert_int_equal(world->response.sends, 1);
	assert_int_equal(world->uploaded, shape->size);
	assert_true(world->upload_in_order);
	snprintf(expected, sizeof(expected), "%s / HTTP/1.1\r\n", shape->method);
	assert_memory_equal(world->head, expected, strlen(expected));
	snprintf(expected, sizeof(expected), "Content-Length: %llu\r\n",
		 (unsigned long long)shape->size);
	if (shape->size > 0)
		assert_non_null(strstr(world->head, expected));
	assert_null(strcasestr(world->head, "transfer-encoding:"));
	assert_null(strcasestr(world->head, "content-type:"));
	assert_null(strcasestr(world->head, "expect:"));
}

static void a_request_is_the_same_whatever_was_asked_before(void **state)
{
	enum { LARGE = 300 * 1000 };
	static const struct shape shapes[] = {
	    {"PUT", 0, true},   {"PUT", 5000, true},   {"PUT", LARGE, true},   {"PUT", 5000, false},
	    {"POST", 0, false}, {"POST", 5000, false}, {"POST", LARGE, false}, {"GET", 0, false},
	    {"HEAD", 0, false}, {"DELETE", 0, false},
	};
	enum { COUNT = sizeof(shapes) / sizeof(shapes[0]) };
	struct http_world *world = *state;
	char *bytes = lc_memory_zero(LARGE, 1);

	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = http_world_byte_at(i);
	for (size_t before = 0; before < COUNT; before++) {
		for (size_t then = 0; then < COUNT; then++) {
			run_shape(world, &shapes[before], bytes);
			run_shape(world, &shapes[then], bytes);
		}
	}
	assert_int_equal(script_server_accepted(world->server), 1);
	free(bytes);
}

static void a_path_is_sent_as_it_is(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "GET");
	char url[200];

	snprintf(url, sizeof(url), "%s/a/../b//./c%%2F?q=%%20", script_server_url(world->server));
	spec.url = url;
	http_world_run(world, &spec, http_world_answer_ok);
	assert_non_null(strstr(world->head, "GET /a/../b//./c%2F?q=%20 HTTP/1.1\r\n"));
}

static void a_header_with_a_line_break_is_never_sent(void **state)
{
	struct http_world *world = *state;
	struct lc_http_header header = {lc_view_of("X-Key"), lc_view_of("a\r\nX-Evil: b")};
	struct lc_http_spec spec = http_world_spec(world, "GET");

	spec.headers = &header;
	spec.header_count = 1;
	http_world_run(world, &spec, http_world_answer_ok);
	assert_int_equal(world->response.error.kind, LC_ERROR_USAGE);
	assert_int_equal(world->response.sends, 0);
	assert_int_equal(script_server_accepted(world->server), 0);
}

static void an_unusable_url_ends_in_on_done(void **state)
{
	static const char *const urls[] = {"",        "nonsense://x", "file:///etc/passwd",
					   "http://", "http://a b/",  "http://[::1/"};
	struct http_world *world = *state;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct lc_http_spec spec = http_world_spec(world, "GET");

		spec.url = urls[i];
		http_world_run(world, &spec, http_world_answer_ok);
		assert_false(world->response.complete);
		assert_int_equal(world->response.status, 0);
		assert_int_equal(world->response.sends, 0);
	}
}

static void a_refused_connection_says_so(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "GET");

	spec.url = "http://user:secret@127.0.0.1:1/path?query=secret";
	http_world_run(world, &spec, http_world_answer_ok);
	assert_int_equal(world->response.error.kind, LC_ERROR_UNREACHABLE);
	assert_int_equal(world->response.sends, 0);
	assert_non_null(strstr(world->response.error.message, "GET http://127.0.0.1:1/path: "));
	assert_null(strstr(world->response.error.message, "secret"));
}

/* It is not the server's fault, and somebody has to do something about it here. */
static void a_process_without_descriptors_says_so(void **state)
{
	struct http_world *world = *state;
	struct lc_http_spec spec = http_world_spec(world, "GET");
	int taken[1024];
	struct rlimit before;
	struct rlimit few;
	size_t count = 0;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 200;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (count < 1024 && (taken[count] = dup(STDERR_FILENO)) >= 0)
		count++;
	http_world_run(world, &spec, http_world_answer_ok);
	while (count > 0)
		close(taken[--count]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(world->response.error.kind, LC_ERROR_SYSTEM);
	assert_non_null(strstr(world->response.error.message, "as many files open as it may, 200"));
}

static void answer_cut(void *context, struct script_connection *connection,
		       const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
	script_close(connection);
}

static void a_body_cut_short_is_not_complete(void **state)
{
	struct http_world *world = *state;

	http_world_get(world, answer_cut);
	assert_false(world->response.complete);
	assert_int_equal(world->response.status, 200);
	assert_int_equal(world->response.error.kind, LC_ERROR_UNREACHABLE);
	assert_string_equal(world->body, "hello");
}

static void answer_cut_in_head(void *context, struct script_connection *connection,
			       const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Test: one");
	script_close(connection);
}

static void answer_cut_after_interim(void *context, struct script_connection *connection,
				     const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 100 Continue\r\n\r\n");
	script_close(connection);
}

static void a_head_cut_short_is_not_complete(void **state)
{
	script_callback *const scripts[] = {answer_cut_in_head, answer_cut_after_interim};
	struct http_world *world = *state;

	for (size_t i = 0; i < 2; i++) {
		http_world_get(world, scripts[i]);
		assert_false(world->response.complete);
		assert_int_equal(world->response.error.kind, LC_ERROR_UNREACHABLE);
		assert_string_equal(world->header, "");
	}
}

static void answer_without_last_chunk(void *context, struct script_connection *connection,
				      const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	script_send_chunk(connection, lc_view_of("hello"));
	script_close(connection);
}

static void a_missing_last_chunk_is_not_complete(void **state)
{
	struct http_world *world = *state;

	http_world_get(world, answer_without_last_chunk);
	assert_false(world->response.complete);
	assert_string_equal(world->body, "hello");
}

static void answer_until_close(void *context, struct script_connection *connection,
			       const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\n\r\nhello");
	script_close(connection);
}

static void an_answer_that_ends_with_its_connection_is_not_framed(void **state)
{
	struct http_world *world = *state;

	http_world_get(world, answer_until_close);
	assert_true(world->response.complete);
	assert_false(world->response.framed);
}

static void answer_reset(void *context, struct script_connection *connection,
			 const struct script_request *request)
{
	(void)context;
	(void)request;
	script_reset(connection);
}

static void a_reset_before_the_answer_is_unreachable(void **state)
{
	struct http_world *world = *state;

	http_world_get(world, answer_reset);
	assert_int_equal(world->response.error.kind, LC_ERROR_UNREACHABLE);
	assert_int_equal(world->response.sends, 1);
}

static void answer_continue(void *context, struct script_connection *connection,
			    const struct script_request *request)
{
	script_send_text(connection, "HTTP/1.1 100 Continue\r\nX-Test: early\r\n\r\n");
	http_world_answer_ok(context, connection, request);
}

static void an_interim_answer_is_not_the_answer(void **state)
{
	struct http_world *world = *state;

	http_world_get(world, answer_continue);
	assert_int_equal(world->response.status, 200);
	assert_string_equal(world->header, "one two");
}

static void answer_redirect(void *context, struct script_connection *connection,
			    const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\n"
				     "Content-Length: 0\r\n\r\n");
}

static void redirects_are_not_followed(void **state)
{
	struct http_world *world = *state;

	http_world_get(world, answer_redirect);
	assert_int_equal(world->response.status, 307);
	assert_int_equal(world->requests, 1);
}

static void answer_endless_headers(void *context, struct script_connection *connection,
				   const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 20000; i++)
		script_send_text(connection, "X-Filler: 0123456789012345678901234567890123\r\n");
}

static void answer_garbage(void *context, struct script_connection *connection,
			   const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
	script_close(connection);
}

static void answer_bad_chunk(void *context, struct script_connection *connection,
			     const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection,
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n");
}

static void nonsense_is_an_error(void **state)
{
	script_callback *const scripts[] = {answer_endless_headers, answer_garbage,
					    answer_bad_chunk};
	struct http_world *world = *state;

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		http_world_get(world, scripts[i]);
		assert_false(world->response.complete);
		assert_int_not_equal(world->response.error.kind, LC_ERROR_NONE);
	}
}

static void a_missing_file_of_authorities_is_told_at_once(void **state)
{
	struct http_world *world = *state;
	struct lc_http_options options = {.ca_file = "/nonexistent/ca.pem"};
	struct lc_error error = {.kind = LC_ERROR_NONE};

	assert_null(lc_http_new(world->loop, &options, &error));
	assert_int_equal(error.kind, LC_ERROR_USAGE);
	assert_non_null(strstr(error.message, "/nonexistent/ca.pem"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HTTP_STORY(an_answer_arrives_whole),
	    HTTP_STORY(requests_in_a_row_share_a_connection),
	    HTTP_STORY(a_request_says_only_what_it_should),
	    HTTP_STORY(a_request_is_the_same_whatever_was_asked_before),
	    HTTP_STORY(a_path_is_sent_as_it_is),
	    HTTP_STORY(a_header_with_a_line_break_is_never_sent),
	    HTTP_STORY(an_unusable_url_ends_in_on_done),
	    HTTP_STORY(a_refused_connection_says_so),
	    HTTP_STORY(a_process_without_descriptors_says_so),
	    HTTP_STORY(a_body_cut_short_is_not_complete),
	    HTTP_STORY(a_head_cut_short_is_not_complete),
	    HTTP_STORY(a_missing_last_chunk_is_not_complete),
	    HTTP_STORY(an_answer_that_ends_with_its_connection_is_not_framed),
	    HTTP_STORY(a_reset_before_the_answer_is_unreachable),
	    HTTP_STORY(an_interim_answer_is_not_the_answer),
	    HTTP_STORY(redirects_are_not_followed),
	    HTTP_STORY(nonsense_is_an_error),
	    HTTP_STORY(a_missing_file_of_authorities_is_told_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
