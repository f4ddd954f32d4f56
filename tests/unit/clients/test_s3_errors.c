#include "clients/s3.h"

#include "base/clock.h"
#include "support/put_world.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void a_refusal_names_everything(void **state)
{
	struct put_world *world = *state;

	put_world_put_and_fail(world, "403 Forbidden", "",
			       "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>"
			       "<Message>Not yours</Message></Error>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_true(world->answer.certain);
	assert_int_equal(world->answer.status, 403);
	assert_string_equal(world->code, "AccessDenied");
	assert_int_equal(world->answer.error.kind, LC_ERROR_REFUSED);
	assert_string_equal(world->answer.error.message,
			    "PUT logs/a key: HTTP 403 AccessDenied: Not yours");

	/* Other keys of the bucket may be allowed. */
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_PREFIX);
}

static void a_refusal_says_of_what_it_speaks(void **state)
{
	struct put_world *world = *state;

	put_world_put_and_fail(world, "404 Not Found", "",
			       "<Error><Code>NoSuchBucket</Code></Error>");
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_BUCKET);
	put_world_put_and_fail(world, "413 Too Large", "", "<html>nginx</html>");
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_OBJECT);
	assert_true(world->answer.certain);
	put_world_put_and_fail(world, "400 Bad Request", "",
			       "<Error><Code>EntityTooLarge</Code></Error>");
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_OBJECT);
	put_world_put_and_fail(world, "409 Conflict", "",
			       "<Error><Code>InvalidObjectState</Code></Error>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_UNKNOWN);
}

static void a_text_never_decides(void **state)
{
	struct put_world *world = *state;

	put_world_put_and_fail(
	    world, "503 Slow Down", "",
	    "<Error><Code>SlowDown</Code><Message>AccessDenied NoSuchBucket</Message>"
	    "<BucketName>accessdenied-x</BucketName></Error>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
	assert_false(world->answer.certain);
	put_world_put_and_fail(world, "502 Bad Gateway", "", "<html>AccessDenied</html>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
	assert_string_equal(world->code, "");
}

static void a_wrong_clock_is_corrected_by_the_servers_date(void **state)
{
	struct put_world *world = *state;

	put_world_put_and_fail(world, "403 Forbidden", "Date: Fri, 24 May 2013 00:00:00 GMT\r\n",
			       "<Error><Code>RequestTimeTooSkewed</Code></Error>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_CLOCK);
	world->text = PUT_WORLD_OK;
	put_world_put(world, "logs", "key", put_world_answer_text);
	assert_non_null(strstr(world->head, "x-amz-date: 20130524T0000"));
	assert_non_null(strstr(world->head, "Credential=AKID/20130524/us-east-1/s3/aws4_request"));
}

static void a_wrong_clock_without_a_date_is_left(void **state)
{
	struct put_world *world = *state;
	struct lc_clock_date today = lc_clock_date_of(lc_clock_wall_ms() / 1000);
	char expected[40];

	put_world_put_and_fail(world, "403 Forbidden", "Date: soon\r\n",
			       "<Error><Code>RequestTimeTooSkewed</Code></Error>");
	world->text = PUT_WORLD_OK;
	put_world_put(world, "logs", "key", put_world_answer_text);
	snprintf(expected, sizeof(expected), "x-amz-date: %04d", today.year);
	assert_non_null(strstr(world->head, expected));
}

static void what_does_not_answer_like_s3_is_not_believed(void **state)
{
	struct put_world *world = *state;

	world->text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	put_world_put(world, "logs", "key", put_world_answer_text);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_false(world->answer.certain);
	assert_int_equal(world->answer.error.kind, LC_ERROR_CORRUPT);

	/* Whatever the key. */
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_BUCKET);
}

static void answer_cut(void *context, struct script_connection *connection,
		       const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 403 No\r\nContent-Length: 500\r\n\r\n"
				     "<Error><Code>AccessDenied</Code>");
	script_close(connection);
}

/* It broke off before the ETag. */
static void answer_cut_in_head(void *context, struct script_connection *connection,
			       const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\n");
	script_close(connection);
}

static void without_a_whole_answer_nothing_is_known(void **state)
{
	script_callback *const scripts[] = {answer_cut, answer_cut_in_head, script_answer_nothing};
	struct put_world *world = *state;

	for (size_t i = 0; i < 3; i++) {
		put_world_put(world, "logs", "key", scripts[i]);
		assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
		assert_int_equal(world->answer.status, 0);
		assert_false(world->answer.certain);
		assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_BUCKET);
		assert_int_equal(world->answer.error.kind, LC_ERROR_UNREACHABLE);
		assert_non_null(strstr(world->answer.error.message, "bucket logs, key key: "));
	}
}

/* Long before the time that an attempt may take. */
static void an_upload_in_which_nothing_moves_is_given_up(void **state)
{
	struct put_world *world = *state;
	const struct lc_s3_options options = {
	    .endpoint = script_server_url(world->server),
	    .region = "us-east-1",
	    .credentials = world->credentials,
	    .conditional = LC_S3_CONDITIONAL_OFF,
	    .timeout_ms = 100 * 1000,
	    .stall_timeout_ms = 200,
	};

	lc_s3_free(world->s3);
	world->s3 = lc_s3_new(world->loop, world->http, &options, NULL);
	put_world_put(world, "logs", "key", script_answer_nothing);
	assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_BUCKET);
	assert_false(world->answer.certain);
	assert_true(world->answer.elapsed_ms < options.timeout_ms / 2);
}

static void without_a_connection_the_object_is_certainly_not_stored(void **state)
{
	struct put_world *world = *state;

	lc_s3_free(world->s3);
	world->s3 = put_world_s3_of(world, "http://127.0.0.1:1", LC_S3_ADDRESSING_PATH);
	put_world_put(world, "logs", "key", script_answer_nothing);
	assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
	assert_true(world->answer.certain);
}

/* The first request is answered; of each later pair the first breaks the connection, and the one
 * that follows on another connection is refused. */
static void answer_then_break_then_refuse(void *context, struct script_connection *connection,
					  const struct script_request *request)
{
	(void)context;
	if (request->number == 1)
		script_send_text(connection, PUT_WORLD_OK);
	else if (request->number == 2)
		script_reset(connection);
	else
		script_send_text(connection, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
}

static void a_refusal_after_a_broken_connection_is_not_certain(void **state)
{
	struct put_world *world = *state;

	put_world_put(world, "logs", "key", answer_then_break_then_refuse);
	put_world_put(world, "logs", "key", answer_then_break_then_refuse);
	assert_int_equal(world->requests, 3);
	assert_int_equal(world->answer.status, 403);
	assert_false(world->answer.certain);
}

static void answer_huge(void *context, struct script_connection *connection,
			const struct script_request *request)
{
	char filler[1000];

	(void)context;
	(void)request;
	memset(filler, ' ', sizeof(filler));
	script_send_text(connection, "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n");
	script_send_chunk(connection, lc_view_of("<Error><Code>NoSuchBucket</Code></Error>"));
	for (int i = 0; i < 1000; i++)
		script_send_chunk(connection,
				  (struct lc_view){.data = filler, .size = sizeof(filler)});
	script_send_chunk(connection, lc_view_of(""));
}

static void a_huge_error_is_kept_in_part(void **state)
{
	struct put_world *world = *state;

	put_world_put(world, "logs", "key", answer_huge);
	assert_string_equal(world->code, "NoSuchBucket");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PUT_STORY(a_refusal_names_everything),
	    PUT_STORY(a_refusal_says_of_what_it_speaks),
	    PUT_STORY(a_text_never_decides),
	    PUT_STORY(a_wrong_clock_is_corrected_by_the_servers_date),
	    PUT_STORY(a_wrong_clock_without_a_date_is_left),
	    PUT_STORY(what_does_not_answer_like_s3_is_not_believed),
	    HURRIED_PUT_STORY(without_a_whole_answer_nothing_is_known),
	    PUT_STORY(an_upload_in_which_nothing_moves_is_given_up),
	    PUT_STORY(without_a_connection_the_object_is_certainly_not_stored),
	    PUT_STORY(a_refusal_after_a_broken_connection_is_not_certain),
	    PUT_STORY(a_huge_error_is_kept_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
