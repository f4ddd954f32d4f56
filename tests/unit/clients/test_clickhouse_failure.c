#include "clients/clickhouse.h"

#include "support/query_world.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG "bptjmkstjczjxhsn"
#define TEXT "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)"

QUERY_WORLD_SCRIPT(answer_404)
{
	(void)context;
	(void)request;
	script_send_text(connection,
			 "HTTP/1.1 404 Not Found\r\nX-ClickHouse-Exception-Code: 60\r\n"
			 "Content-Length: 61\r\n\r\n"
			 "Code: 60. DB::Exception: Table logs.x does not exist. (UNK)\n\n");
}

static void an_error_tells_url_status_code_and_text(void **state)
{
	struct query_world *world = *state;
	char url[200];

	query_world_run(world, answer_404);
	assert_int_equal(world->error.kind, LC_ERROR_REFUSED);
	assert_int_equal(world->code, 60);
	assert_int_equal(world->received, 0);
	snprintf(url, sizeof(url), "%s/: HTTP 404: Code: 60. DB::Exception: Table logs.x does",
		 script_server_url(world->server));
	assert_non_null(strstr(world->error.message, url));
}

QUERY_WORLD_SCRIPT(answer_old_style_error)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 500 Error\r\nContent-Length: 55\r\n\r\n"
				     "Code: 62, e.displayText() = DB::Exception: Syntax error");
}

static void an_old_servers_error_has_its_code_in_the_text(void **state)
{
	struct query_world *world = *state;

	query_world_run(world, answer_old_style_error);
	assert_int_equal(world->error.kind, LC_ERROR_REFUSED);
	assert_int_equal(world->code, 62);
}

QUERY_WORLD_SCRIPT(answer_html)
{
	(void)context;
	(void)request;
	script_send_text(connection,
			 "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n"
			 "Content-Length: 39\r\n\r\n<html><h1>502 Bad Gateway</h1></html>\r\n");
}

static void a_proxys_page_is_not_an_exception(void **state)
{
	struct query_world *world = *state;

	query_world_run(world, answer_html);
	assert_int_equal(world->error.kind, LC_ERROR_REFUSED);
	assert_int_equal(world->code, 0);
	assert_non_null(
	    strstr(world->error.message, "HTTP 502, not an answer of ClickHouse: <html>"));
}

QUERY_WORLD_SCRIPT(answer_html_200)
{
	(void)context;
	(void)request;
	script_send_text(connection,
			 "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n<html>Hello!</html>");
}

static void a_proxys_page_with_status_200_is_no_success(void **state)
{
	struct query_world *world = *state;
	struct lc_clickhouse_spec spec = query_world_spec(world);

	spec.sql = lc_view_of("INSERT INTO t FORMAT TSV");
	spec.data = lc_view_of("1\n");
	spec.on_data = NULL;
	query_world_run_spec(world, &spec, answer_html_200);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, "not an answer of ClickHouse: <html>Hello"));
}

QUERY_WORLD_SCRIPT(answer_huge_error)
{
	char filler[1000];

	(void)context;
	(void)request;
	memset(filler, 'x', sizeof(filler));
	script_send_text(connection, "HTTP/1.1 500 Error\r\nTransfer-Encoding: chunked\r\n\r\n");
	script_send_chunk(connection, lc_view_of("Code: 1000. DB::Exception: "));
	for (int i = 0; i < 10000; i++)
		script_send_chunk(connection,
				  (struct lc_view){.data = filler, .size = sizeof(filler)});
}

static void an_endless_error_is_cut(void **state)
{
	struct query_world *world = *state;

	query_world_run(world, answer_huge_error);
	assert_int_equal(world->error.kind, LC_ERROR_REFUSED);
	assert_int_equal(world->code, 1000);
}

QUERY_WORLD_SCRIPT(fail_before_24_11)
{
	(void)context;
	(void)request;
	query_world_send_rows(connection, QUERY_WORLD_CHUNKED "\r\n");
	script_send_chunk(connection, lc_view_of(TEXT "\n"));
	query_world_send_last_chunk(connection);
}

QUERY_WORLD_SCRIPT(fail_from_24_11)
{
	(void)context;
	(void)request;
	query_world_send_rows(connection, QUERY_WORLD_CHUNKED "\r\n");
	script_send_chunk(connection, lc_view_of("__exception__\r\n" TEXT "\n"));
	script_close(connection);
}

static void send_tagged(struct script_connection *connection)
{
	query_world_send_rows(connection,
			      QUERY_WORLD_CHUNKED "X-ClickHouse-Exception-Tag: " TAG "\r\n\r\n");
	script_send_chunk(connection, lc_view_of("\r\n__exception__\r\n" TAG "\r\n" TEXT "\n73 " TAG
						 "\r\n__exception__\r\n"));
}

QUERY_WORLD_SCRIPT(fail_from_25_11)
{
	(void)context;
	(void)request;
	send_tagged(connection);
	script_close(connection);
}

QUERY_WORLD_SCRIPT(fail_behind_a_proxy)
{
	(void)context;
	(void)request;
	send_tagged(connection);
	query_world_send_last_chunk(connection);
}

static void a_tagged_exception_fails_the_query(void **state)
{
	script_callback *const scripts[] = {fail_from_25_11, fail_behind_a_proxy};
	struct query_world *world = *state;

	for (int i = 0; i < 4; i++) {
		world->refuse = i >= 2;
		query_world_run(world, scripts[i % 2]);
		assert_int_equal(world->error.kind, LC_ERROR_REFUSED);
		assert_int_equal(world->code, 241);
		assert_non_null(strstr(world->error.message, TEXT));
	}
}

static void a_marked_exception_breaks_the_stream_and_is_quoted(void **state)
{
	struct query_world *world = *state;

	query_world_run(world, fail_from_24_11);
	assert_int_equal(world->error.kind, LC_ERROR_UNREACHABLE);
	assert_int_equal(world->code, 0);
	assert_non_null(strstr(world->error.message, "the answer ends with: " TEXT));
	assert_memory_equal(world->body, "row1\nrow2\n", 10);
}

static void an_exception_in_the_rows_is_quoted_when_they_are_refused(void **state)
{
	struct query_world *world = *state;

	world->refuse = true;
	query_world_run(world, fail_before_24_11);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, "no row"));
	assert_non_null(strstr(world->error.message, TEXT));
}

static void rows_that_only_contain_such_text_are_rows(void **state)
{
	struct query_world *world = *state;

	query_world_run(world, fail_before_24_11);
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
}

QUERY_WORLD_SCRIPT(answer_200_with_code)
{
	(void)context;
	(void)request;
	query_world_send_rows(connection,
			      QUERY_WORLD_CHUNKED "X-ClickHouse-Exception-Code: 159\r\n\r\n");
	query_world_send_last_chunk(connection);
}

static void an_exception_code_beside_status_200_fails_the_query(void **state)
{
	struct query_world *world = *state;

	query_world_run(world, answer_200_with_code);
	assert_int_equal(world->error.kind, LC_ERROR_REFUSED);
	assert_int_equal(world->code, 159);
}

QUERY_WORLD_SCRIPT(answer_until_close)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\nX-ClickHouse-Format: TSV\r\n\r\nrow1\n");
	script_close(connection);
}

QUERY_WORLD_SCRIPT(answer_204)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 204 No Content\r\n\r\n");
}

QUERY_WORLD_SCRIPT(answer_half)
{
	(void)context;
	(void)request;
	query_world_send_rows(connection, QUERY_WORLD_CHUNKED "\r\n");
}

QUERY_WORLD_SCRIPT(answer_reset)
{
	(void)context;
	(void)request;
	query_world_send_rows(connection, QUERY_WORLD_CHUNKED "\r\n");
	script_reset(connection);
}

static void an_answer_whose_end_is_not_told_is_no_result(void **state)
{
	static const struct {
		script_callback *script;
		enum lc_error_kind kind;
	} cases[] = {
	    {answer_until_close, LC_ERROR_CORRUPT},        {answer_204, LC_ERROR_REFUSED},
	    {script_answer_nothing, LC_ERROR_UNREACHABLE}, {answer_half, LC_ERROR_UNREACHABLE},
	    {answer_reset, LC_ERROR_UNREACHABLE},
	};
	struct query_world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		query_world_run(world, cases[i].script);
		assert_int_equal(world->error.kind, cases[i].kind);
		assert_int_equal(world->code, 0);
		assert_non_null(strstr(world->error.message, script_server_url(world->server)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    QUERY_STORY(an_error_tells_url_status_code_and_text),
	    QUERY_STORY(an_old_servers_error_has_its_code_in_the_text),
	    QUERY_STORY(a_proxys_page_is_not_an_exception),
	    QUERY_STORY(a_proxys_page_with_status_200_is_no_success),
	    QUERY_STORY(an_endless_error_is_cut),
	    QUERY_STORY(a_tagged_exception_fails_the_query),
	    QUERY_STORY(a_marked_exception_breaks_the_stream_and_is_quoted),
	    QUERY_STORY(an_exception_in_the_rows_is_quoted_when_they_are_refused),
	    QUERY_STORY(rows_that_only_contain_such_text_are_rows),
	    QUERY_STORY(an_exception_code_beside_status_200_fails_the_query),
	    HURRIED_QUERY_STORY(an_answer_whose_end_is_not_told_is_no_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
