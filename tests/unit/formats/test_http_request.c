#include "formats/http_request.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decodes a copy of exactly the text's size, so that a sanitizer sees a read past it.
 * What the request shows of the text is gone on return. */
static enum lc_http_request_result decode(const char *text, struct lc_http_request *request)
{
	size_t size = strlen(text);
	char *copy = malloc(size == 0 ? 1 : size);
	enum lc_http_request_result result;

	assert_non_null(copy);
	for (size_t i = 0; i < size; i++)
		copy[i] = text[i];
	result = lc_http_request_decode((struct lc_view){copy, size}, request);
	free(copy);
	return result;
}

static void expect_refusal(const char *text, int status)
{
	struct lc_http_request request;

	assert_int_equal(decode(text, &request), LC_HTTP_REQUEST_REFUSED);
	assert_int_equal(request.refusal, status);
}

static void a_request_is_read_up_to_its_query(void **state)
{
	static const char text[] = "GET /v1/status?x=1 HTTP/1.1\r\nHost: localhost\r\n"
				   "Accept:*/*\r\n\r\n";
	struct lc_http_request request;

	(void)state;
	assert_int_equal(lc_http_request_decode(lc_view_of(text), &request), LC_HTTP_REQUEST_WHOLE);
	assert_true(lc_view_equal(request.method, lc_view_of("GET")));
	assert_true(lc_view_equal(request.path, lc_view_of("/v1/status")));
	assert_int_equal(request.refusal, 0);
}

static void any_prefix_waits_for_more(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
	struct lc_http_request request;

	(void)state;
	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		char prefix[sizeof(text)] = {0};

		memcpy(prefix, text, size);
		assert_int_equal(decode(prefix, &request), LC_HTTP_REQUEST_INCOMPLETE);
	}
	assert_int_equal(decode(text, &request), LC_HTTP_REQUEST_WHOLE);
}

static void bare_line_feeds_and_old_versions_will_do(void **state)
{
	struct lc_http_request request;

	(void)state;
	assert_int_equal(decode("GET /metrics HTTP/1.0\n\n", &request), LC_HTTP_REQUEST_WHOLE);
}

static void what_is_no_request_is_refused(void **state)
{
	(void)state;
	expect_refusal("\r\n", 400);
	expect_refusal("GET\r\n", 400);
	expect_refusal("GET /\r\n", 400);
	expect_refusal(" / HTTP/1.1\r\n", 400);
	expect_refusal("GET  HTTP/1.1\r\n", 400);
	expect_refusal("G\x01T / HTTP/1.1\r\n", 400);
	expect_refusal("GET status HTTP/1.1\r\n", 400);
	expect_refusal("GET http://localhost/ HTTP/1.1\r\n", 400);
	expect_refusal("GET /\xC3\xA9 HTTP/1.1\r\n", 400);
	expect_refusal("GET / HTTP/2\r\n", 505);
	expect_refusal("GET / HTTP/1.1 \r\n", 505);
	expect_refusal("GET / HTTP/1.1\r\nno colon\r\n", 400);
	expect_refusal("GET / HTTP/1.1\r\n: x\r\n", 400);
	expect_refusal("GET / HTTP/1.1\r\nName : x\r\n", 400);
	expect_refusal("GET / HTTP/1.1\r\nA: b\r\n folded\r\n", 400);
	expect_refusal("\x16\x03\x01\x02\n", 400); /* a TLS hello */
}

static void bodies_are_refused(void **state)
{
	(void)state;
	expect_refusal("POST / HTTP/1.1\r\ncontent-LENGTH: 1\r\n", 413);
	expect_refusal("POST / HTTP/1.1\r\nContent-Length: -0\r\n", 413);
	expect_refusal("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 501);
}

static void a_head_without_end_is_refused(void **state)
{
	char text[LC_HTTP_REQUEST_HEAD_MAX + 2];
	struct lc_http_request request;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "GET /", 5);
	text[LC_HTTP_REQUEST_HEAD_MAX - 1] = '\0';
	assert_int_equal(decode(text, &request), LC_HTTP_REQUEST_INCOMPLETE);
	text[LC_HTTP_REQUEST_HEAD_MAX - 1] = 'x';
	text[LC_HTTP_REQUEST_HEAD_MAX] = '\0';
	expect_refusal(text, 431);
	text[LC_HTTP_REQUEST_HEAD_MAX] = '\n';
	text[LC_HTTP_REQUEST_HEAD_MAX + 1] = '\0';
	expect_refusal(text, 431);
}

/* As Prometheus asks, and as others may. */
static void a_media_type_is_preferred_when_it_is_named(void **state)
{
	static const struct {
		const char *accept;
		bool preferred;
	} cases[] = {
	    {"application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", true},
	    {"text/html, Application/OpenMetrics-Text", true},
	    {"application/openmetrics-text;q=0.5", true},
	    {"application/openmetrics-text; q=0.000, text/plain", false},
	    {"application/openmetrics-text;version=1.0.0;Q=0", false},
	    {"application/openmetrics-textual", false},
	    {"text/plain;x=application/openmetrics-text", false},
	    {"*/*", false},
	    {",;,", false},
	    {"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lc_http_request request;
		char head[256];

		snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nACCEPT:\t%s\r\n\r\n",
			 cases[i].accept);
		assert_int_equal(lc_http_request_decode(lc_view_of(head), &request),
				 LC_HTTP_REQUEST_WHOLE);
		assert_int_equal(lc_http_request_prefers(&request, "application/openmetrics-text"),
				 cases[i].preferred);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_is_read_up_to_its_query),
	    cmocka_unit_test(any_prefix_waits_for_more),
	    cmocka_unit_test(bare_line_feeds_and_old_versions_will_do),
	    cmocka_unit_test(what_is_no_request_is_refused),
	    cmocka_unit_test(bodies_are_refused),
	    cmocka_unit_test(a_head_without_end_is_refused),
	    cmocka_unit_test(a_media_type_is_preferred_when_it_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
