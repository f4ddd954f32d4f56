#include "clients/clickhouse.h"

#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *url_of(struct lc_buffer *url, const char *base,
			  const struct lc_clickhouse_spec *spec)
{
	lc_buffer_init(url, LC_CLICKHOUSE_URL_MAX);
	lc_clickhouse_url_append(url, lc_view_of(base), "lo gs", spec);
	return lc_buffer_text(url);
}

static void every_query_keeps_a_stream_that_is_held_back(void **state)
{
	struct lc_clickhouse_spec spec = {.sql = lc_view_of("SELECT 1")};
	struct lc_buffer url;
	const char *text = url_of(&url, "http://a:8123", &spec);

	(void)state;
	assert_memory_equal(text, "http://a:8123/?database=lo%20gs&", 32);
	assert_non_null(strstr(text, "&send_timeout=3600&"));
	assert_non_null(strstr(text, "&send_progress_in_http_headers=0&"));
	assert_non_null(strstr(text, "&cancel_http_readonly_queries_on_client_close=1"));
	assert_null(strstr(text, "&query="));
	lc_buffer_free(&url);
}

/* ClickHouse looks whether the client is still there only for statements that cannot write. */
static void what_does_not_write_is_read_only(void **state)
{
	struct lc_clickhouse_spec reads = {.sql = lc_view_of("SELECT 1")};
	struct lc_clickhouse_spec inserts = {.sql = lc_view_of("INSERT INTO t FORMAT TSV"),
					     .data = lc_view_of("1\n")};
	struct lc_clickhouse_spec selects_rows = {.sql = lc_view_of("INSERT INTO t SELECT 1"),
						  .writes = true};
	struct lc_buffer url;

	(void)state;
	assert_non_null(strstr(url_of(&url, "http://a:8123", &reads), "&readonly=2"));
	lc_buffer_free(&url);
	assert_null(strstr(url_of(&url, "http://a:8123", &inserts), "&readonly="));
	lc_buffer_free(&url);
	assert_null(strstr(url_of(&url, "http://a:8123", &selects_rows), "&readonly="));
	lc_buffer_free(&url);
}

static void a_parameter_is_escaped_twice(void **state)
{
	static const char value[] = "a\tb\nc\\d'e\0f/\xc3\xa4 &=%+\r\b\f";
	struct lc_clickhouse_parameter parameter = {
	    .name = "bucket",
	    .value = {.data = value, .size = sizeof(value) - 1},
	};
	struct lc_clickhouse_spec spec = {.parameters = &parameter, .parameter_count = 1};
	struct lc_buffer url;
	const char *text = url_of(&url, "http://a:8123", &spec);

	(void)state;
	assert_non_null(strstr(text, "&param_bucket=a%5Ctb%5Cnc%5C%5Cd%5C%27e%5C0f%2F%C3%A4%20%26"
				     "%3D%25%2B%5Cr%5Cb%5Cf"));
	lc_buffer_free(&url);
}

static void an_inserts_sql_is_part_of_the_url(void **state)
{
	struct lc_clickhouse_spec spec = {
	    .sql = lc_view_of("INSERT INTO t FORMAT TSV"),
	    .data = lc_view_of("1\n"),
	};
	struct lc_buffer url;
	const char *text = url_of(&url, "https://a/x?y=z", &spec);

	(void)state;
	assert_non_null(strstr(text, "&query=INSERT%20INTO%20t%20FORMAT%20TSV"));
	assert_memory_equal(text, "https://a/x?y=z&database=", 25);
	lc_buffer_free(&url);
}

static void a_url_that_grows_too_long_fails(void **state)
{
	char *large = calloc(1, 500000);
	struct lc_clickhouse_parameter parameter = {
	    .name = "p",
	    .value = {.data = large, .size = 500000},
	};
	struct lc_clickhouse_spec spec = {.parameters = &parameter, .parameter_count = 1};
	struct lc_buffer url;

	(void)state;
	assert_null(url_of(&url, "http://a", &spec));
	lc_buffer_free(&url);
	free(large);
}

static void assert_shown(const char *url, const char *expected)
{
	struct lc_buffer out;

	lc_buffer_init(&out, 1000);
	lc_http_url_append_shown(&out, lc_view_of(url));
	assert_string_equal(lc_buffer_text(&out), expected);
	lc_buffer_free(&out);
}

static void a_url_is_shown_without_secrets(void **state)
{
	(void)state;
	assert_shown("http://a:8123", "http://a:8123");
	assert_shown("http://me:pa@ss@a:8123/x?password=y", "http://a:8123/x");
	assert_shown("http://a/x@y", "http://a/x@y");
	assert_shown("me:pass@a", "a");
	assert_shown("http://a?x@y", "http://a");
	assert_shown("http://", "http://");
	assert_shown("", "");
	assert_shown("?://", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_query_keeps_a_stream_that_is_held_back),
	    cmocka_unit_test(what_does_not_write_is_read_only),
	    cmocka_unit_test(a_parameter_is_escaped_twice),
	    cmocka_unit_test(an_inserts_sql_is_part_of_the_url),
	    cmocka_unit_test(a_url_that_grows_too_long_fails),
	    cmocka_unit_test(a_url_is_shown_without_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
