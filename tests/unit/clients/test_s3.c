#include "clients/s3.h"
#include "clients/s3_headers.h"

#include "support/put_world.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void a_stored_object_is_done(void **state)
{
	struct put_world *world = *state;

	world->text = PUT_WORLD_OK;
	put_world_put(world, "logs", "pre fix/a+b", put_world_answer_text);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(world->answer.error.kind, LC_ERROR_NONE);
	assert_int_equal(world->answer.status, 200);
	assert_string_equal(world->code, "");
	assert_true(world->body_was_whole);
	assert_string_equal(world->target, "/logs/pre%20fix/a%2Bb");
}

static void a_put_signs_what_it_sends(void **state)
{
	struct put_world *world = *state;

	world->text = PUT_WORLD_OK;
	put_world_put(world, "logs", "key", put_world_answer_text);
	assert_non_null(strstr(world->head, "content-type: text/plain\r\n"));
	assert_non_null(strstr(world->head, "x-amz-content-sha256: "));
	assert_non_null(strstr(world->head, "x-amz-date: "));
	assert_non_null(strstr(world->head, "Content-Length: 2991\r\n"));
	assert_non_null(strstr(world->head,
			       "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,"));
	assert_null(strcasestr(world->head, "expect"));
	assert_null(strcasestr(world->head, "transfer-encoding"));
	assert_null(strstr(world->head, "secret"));
}

/* Of the 2,991 bytes of the world's body; computed apart, by Python's hashlib and bit by bit. */
static void a_put_carries_its_checksum_signed(void **state)
{
	static const char *const SENT[] = {
	    [LC_S3_CHECKSUM_MD5] = "content-md5: iOxzrBnkfX/8TRviIwDhiQ==\r\n",
	    [LC_S3_CHECKSUM_CRC32] = "x-amz-checksum-crc32: nNidhg==\r\n",
	    [LC_S3_CHECKSUM_CRC32C] = "x-amz-checksum-crc32c: MS0FEQ==\r\n",
	    [LC_S3_CHECKSUM_CRC64NVME] = "x-amz-checksum-crc64nvme: Q7eRyOylqRw=\r\n",
	    [LC_S3_CHECKSUM_SHA256] =
		"x-amz-checksum-sha256: squbQtRix6/hAQibe3D1bH3Ucm9BYJSWIb5xBjLdtLg=\r\n",
	};
	struct put_world *world = *state;

	world->text = PUT_WORLD_OK;
	for (enum lc_s3_checksum kind = LC_S3_CHECKSUM_MD5; kind <= LC_S3_CHECKSUM_SHA256; kind++) {
		const char *signed_names;

		world->checksum = kind;
		put_world_put(world, "logs", "key", put_world_answer_text);
		assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
		assert_non_null(strstr(world->head, SENT[kind]));
		signed_names = strstr(world->head, "SignedHeaders=");
		assert_non_null(strstr(signed_names, kind == LC_S3_CHECKSUM_MD5
							 ? "=content-md5;content-type;host;"
							 : "=content-type;host;x-amz-checksum-"));
	}
}

static void a_put_carries_more_headers_signed_in_their_order(void **state)
{
	struct put_world *world = *state;
	struct lc_s3_headers headers;

	lc_s3_headers_init(&headers);
	lc_s3_headers_add(&headers, "x-amz-tagging", lc_view_of("a=b%20c&d=e"));
	lc_s3_headers_add(&headers, "x-amz-acl", lc_view_of("bucket-owner-full-control"));
	lc_s3_headers_add(&headers, "x-amz-storage-class", lc_view_of(""));
	world->headers = &headers;
	world->text = PUT_WORLD_OK;
	put_world_put(world, "logs", "key", put_world_answer_text);
	lc_s3_headers_free(&headers);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_non_null(strstr(world->head, "x-amz-acl: bucket-owner-full-control\r\n"));
	assert_non_null(strstr(world->head, "x-amz-tagging: a=b%20c&d=e\r\n"));
	assert_null(strstr(world->head, "x-amz-storage-class"));
	assert_non_null(strstr(world->head,
			       "SignedHeaders=content-type;host;x-amz-acl;x-amz-content-sha256;"
			       "x-amz-date;x-amz-tagging,"));
}

/* They are of the object that is stored, not of the question whether it is there. */
static void a_head_carries_none_of_them(void **state)
{
	struct put_world *world = *state;
	struct lc_s3_headers headers;

	lc_s3_headers_init(&headers);
	lc_s3_headers_add(&headers, "x-amz-acl", lc_view_of("private"));
	world->headers = &headers;
	world->checksum = LC_S3_CHECKSUM_MD5;
	world->look_first = true;
	world->text = "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 2991\r\n\r\n";
	put_world_put(world, "logs", "key", put_world_answer_text);
	lc_s3_headers_free(&headers);
	assert_string_equal(world->methods, "HEAD ");
	assert_null(strstr(world->head, "x-amz-acl"));
	assert_null(strstr(world->head, "content-md5"));
}

static void a_body_of_many_pieces_arrives_in_order(void **state)
{
	struct put_world *world = *state;

	world->text = PUT_WORLD_OK;
	world->pieces[7].size = 0; /* an empty piece hurts nothing */
	memmove(world->bytes + (size_t)7 * PUT_WORLD_PIECE_SIZE,
		world->bytes + (size_t)8 * PUT_WORLD_PIECE_SIZE,
		(size_t)(PUT_WORLD_PIECES - 8) * PUT_WORLD_PIECE_SIZE);
	for (size_t i = 8; i < PUT_WORLD_PIECES; i++)
		world->pieces[i].data = world->bytes + (i - 1) * PUT_WORLD_PIECE_SIZE;
	world->body.piece_count = PUT_WORLD_PIECES;
	world->body.size = (uint64_t)(PUT_WORLD_PIECES - 1) * PUT_WORLD_PIECE_SIZE;
	put_world_put(world, "logs", "key", put_world_answer_text);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_true(world->body_was_whole);
}

static void an_empty_body_is_a_body(void **state)
{
	struct put_world *world = *state;

	world->text = PUT_WORLD_OK;
	world->body = (struct lc_s3_body){.pieces = NULL};
	put_world_put(world, "logs", "key", put_world_answer_text);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_non_null(strstr(world->head, "Content-Length: 0\r\n"));
	assert_non_null(strstr(world->head,
			       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"
			       "7852b855"));
}

static void virtual_style_puts_the_bucket_into_the_host(void **state)
{
	struct put_world *world = *state;
	char endpoint[100];
	char host[100];

	snprintf(endpoint, sizeof(endpoint), "http://localhost:%u",
		 (unsigned)script_server_port(world->server));
	snprintf(host, sizeof(host), "Host: logs.localhost:%u\r\n",
		 (unsigned)script_server_port(world->server));
	lc_s3_free(world->s3);
	world->s3 = put_world_s3_of(world, endpoint, LC_S3_ADDRESSING_VIRTUAL);
	world->text = PUT_WORLD_OK;
	put_world_put(world, "logs", "/x//y", put_world_answer_text);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_string_equal(world->target, "//x//y");
	assert_non_null(strstr(world->head, host));
}

static void a_bucket_that_is_no_name_waits_unsent(void **state)
{
	struct put_world *world = *state;

	put_world_put(world, "../evil", "key", script_answer_nothing);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_BUCKET);
	assert_true(world->answer.certain);
	assert_int_equal(world->answer.status, 0);
	assert_non_null(strstr(world->answer.error.message, "../evil"));
	assert_int_equal(world->requests, 0);
	lc_s3_cancel(put_world_start(world, "x", "k"));
}

static void a_cancelled_put_is_silent(void **state)
{
	struct put_world *world = *state;
	struct lc_s3_put *one;

	world->script = script_answer_nothing;
	one = put_world_start(world, "logs", "key");
	lc_loop_timer_start(world->timer, 20);
	lc_loop_run(world->loop);
	lc_s3_cancel(one);
	(void)put_world_start(world, "logs", "key");
	lc_s3_free(world->s3);
	world->s3 = NULL;
	lc_loop_timer_start(world->timer, 20);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 0);
}

static void an_object_is_deleted(void **state)
{
	struct put_world *world = *state;

	world->text = "HTTP/1.1 204 No Content\r\n\r\n";
	world->script = put_world_answer_text;
	lc_s3_delete(world->s3, lc_view_of("logs"), lc_view_of("a b"), put_world_on_answer, world);
	lc_loop_run(world->loop);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_string_equal(world->methods, "DELETE ");
	assert_string_equal(world->target, "/logs/a%20b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PUT_STORY(a_stored_object_is_done),
	    PUT_STORY(a_put_signs_what_it_sends),
	    PUT_STORY(a_put_carries_its_checksum_signed),
	    PUT_STORY(a_put_carries_more_headers_signed_in_their_order),
	    PUT_STORY(a_head_carries_none_of_them),
	    PUT_STORY(a_body_of_many_pieces_arrives_in_order),
	    PUT_STORY(an_empty_body_is_a_body),
	    PUT_STORY(virtual_style_puts_the_bucket_into_the_host),
	    PUT_STORY(a_bucket_that_is_no_name_waits_unsent),
	    PUT_STORY(a_cancelled_put_is_silent),
	    PUT_STORY(an_object_is_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
