#include "clients/s3_read.h"

#include "support/put_world.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a reader was told. */
struct told {
	struct put_world *world;
	struct lc_buffer body;
	bool absent;
	size_t objects;
	bool truncated;
	int64_t server_seconds;
	char last[100];
};

static void on_got(void *context, const struct lc_s3_answer *answer, struct lc_buffer *body)
{
	struct told *told = context;

	told->absent = lc_retry_is_absent_s3(answer->status, answer->code);
	if (body != NULL) {
		told->body = *body;
		lc_buffer_init(body, body->cap);
	}
	assert_int_equal(body != NULL, answer->retry_class == LC_RETRY_DONE);
	put_world_on_answer(told->world, answer);
}

static void on_listed(void *context, const struct lc_s3_answer *answer,
		      const struct lc_s3_listing *listing, int64_t server_seconds)
{
	struct told *told = context;

	assert_int_equal(listing != NULL, answer->retry_class == LC_RETRY_DONE);
	told->server_seconds = server_seconds;
	if (listing != NULL) {
		told->objects = listing->count;
		told->truncated = listing->truncated;
		if (listing->count > 0)
			snprintf(told->last, sizeof(told->last), "%.*s",
				 (int)listing->objects[listing->count - 1].key.size,
				 listing->objects[listing->count - 1].key.data);
	}
	put_world_on_answer(told->world, answer);
}

static void run(struct put_world *world)
{
	world->done = 0;
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 1);
}

/* GETs `length` bytes from the sixth on, or all, of an object and is answered as the script says. */
static void get(struct put_world *world, struct told *told, uint64_t length, size_t max_bytes,
		script_callback *script)
{
	const struct lc_s3_get_spec spec = {
	    .bucket = lc_view_of("books"),
	    .key = lc_view_of("a b/c"),
	    .from = length > 0 ? 6 : 0,
	    .length = length,
	    .max_bytes = max_bytes,
	};

	*told = (struct told){.world = world};
	world->script = script;
	(void)lc_s3_get(world->s3, &spec, on_got, told);
	run(world);
}

static void get_text(struct put_world *world, struct told *told, uint64_t length, size_t max_bytes,
		     const char *answer)
{
	world->text = answer;
	get(world, told, length, max_bytes, put_world_answer_text);
}

#define HELLO "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\nhello"

static void an_object_is_read_whole(void **state)
{
	struct put_world *world = *state;
	struct told told;

	get_text(world, &told, 0, 5, HELLO);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(world->answer.error.kind, LC_ERROR_NONE);
	assert_true(lc_view_equal(lc_buffer_view(&told.body), lc_view_of("hello")));
	assert_string_equal(world->methods, "GET ");
	assert_string_equal(world->target, "/books/a%20b/c");
	assert_null(strcasestr(world->head, "\r\nrange:"));
	lc_buffer_free(&told.body);
}

static void an_object_without_bytes_is_read(void **state)
{
	struct put_world *world = *state;
	struct told told;

	get_text(world, &told, 0, 5, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(told.body.size, 0);
}

static void a_part_is_asked_for_by_range(void **state)
{
	struct put_world *world = *state;
	struct told told;

	get_text(world, &told, 4, 0,
		 "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 6-9/100\r\n"
		 "Content-Length: 4\r\n\r\nfour");
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_true(lc_view_equal(lc_buffer_view(&told.body), lc_view_of("four")));
	assert_non_null(strcasestr(world->head, "\r\nrange: bytes=6-9\r\n"));
	assert_non_null(strstr(world->head, "SignedHeaders=content-type;host;range;"));
	lc_buffer_free(&told.body);
}

static void a_part_that_is_not_the_one_is_refused(void **state)
{
	struct put_world *world = *state;
	struct told told;

	/* The server does not know ranges. */
	get_text(world, &told, 4, 0, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour");
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_int_equal(world->answer.error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->answer.error.message, "Range"));

	/* The object ends before. */
	get_text(world, &told, 4, 0,
		 "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\ntwo");
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_int_equal(world->answer.error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->answer.error.message, "GET books/a b/c: 3 bytes came"));
}

static void what_is_not_there_is_told_from_what_is_refused(void **state)
{
	struct put_world *world = *state;
	struct told told;

	get_text(world, &told, 0, 5,
		 "HTTP/1.1 404 Not Found\r\nContent-Length: 37\r\n\r\n"
		 "<Error><Code>NoSuchKey</Code></Error>");
	assert_true(told.absent);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	get_text(world, &told, 0, 5,
		 "HTTP/1.1 404 Not Found\r\nContent-Length: 40\r\n\r\n"
		 "<Error><Code>NoSuchBucket</Code></Error>");
	assert_false(told.absent);
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_BUCKET);
	get_text(world, &told, 0, 5, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
	assert_false(told.absent);
	get_text(world, &told, 0, 5,
		 "HTTP/1.1 403 Forbidden\r\nContent-Length: 40\r\n\r\n"
		 "<Error><Code>AccessDenied</Code></Error>");
	assert_false(told.absent);
	assert_string_equal(world->answer.error.message, "GET books/a b/c: HTTP 403 AccessDenied");
	get_text(world, &told, 0, 5, "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
}

static void an_object_that_is_too_long_is_refused(void **state)
{
	enum { LONG = 70000 };
	struct put_world *world = *state;
	char *text = malloc(LONG + 100);
	struct told told;
	int head;

	get_text(world, &told, 0, 4, HELLO);
	assert_int_equal(world->answer.error.kind, LC_ERROR_LIMIT);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_non_null(text);
	head = snprintf(text, 100, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LONG);
	memset(text + head, 'x', LONG);
	text[head + LONG] = '\0';
	get_text(world, &told, 0, LONG - 1, text);
	assert_int_equal(world->answer.error.kind, LC_ERROR_LIMIT);
	get_text(world, &told, 0, LONG, text);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(told.body.size, LONG);
	lc_buffer_free(&told.body);
	free(text);
}

static void answer_cut(void *context, struct script_connection *connection,
		       const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello");
	script_close(connection);
}

/* It ends where the connection does, wherever that is. */
static void answer_without_length(void *context, struct script_connection *connection,
				  const struct script_request *request)
{
	(void)context;
	(void)request;
	script_send_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
	script_close(connection);
}

static void a_body_that_may_be_cut_is_read_again(void **state)
{
	script_callback *const scripts[] = {answer_cut, answer_without_length,
					    script_answer_nothing};
	struct put_world *world = *state;
	struct told told;

	for (size_t i = 0; i < 3; i++) {
		get(world, &told, 0, 1000, scripts[i]);
		assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
		assert_int_equal(world->answer.error.kind, LC_ERROR_UNREACHABLE);
	}
}

static void stop_when_asked(void *context, struct script_connection *connection,
			    const struct script_request *request)
{
	struct put_world *world = context;

	(void)connection;
	(void)request;
	lc_loop_stop(world->loop);
}

static void a_cancelled_read_is_silent(void **state)
{
	const struct lc_s3_get_spec spec = {
	    .bucket = lc_view_of("books"), .key = lc_view_of("key"), .max_bytes = 100};
	struct put_world *world = *state;
	struct told told = {.world = world};
	struct lc_s3_put *read;

	world->script = stop_when_asked;
	read = lc_s3_get(world->s3, &spec, on_got, &told);
	lc_loop_run(world->loop);
	lc_s3_cancel(read);

	/* The client takes with it what is under way. */
	(void)lc_s3_get(world->s3, &spec, on_got, &told);
	(void)lc_s3_list(world->s3, spec.bucket, lc_view_of("p"), lc_view_of(""), on_listed, &told);
	lc_loop_run(world->loop);
	lc_s3_free(world->s3);
	world->s3 = NULL;
	assert_int_equal(world->done, 0);
}

/* ---- lists ---- */

static void list(struct put_world *world, struct told *told, const char *start_after,
		 const char *status, const char *headers, const char *body)
{
	char text[2000];

	snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status,
		 headers, strlen(body), body);
	world->text = text;
	world->script = put_world_answer_text;
	*told = (struct told){.world = world};
	(void)lc_s3_list(world->s3, lc_view_of("books"), lc_view_of("p/g1/"),
			 lc_view_of(start_after), on_listed, told);
	run(world);
}

static void a_page_of_a_list_is_read(void **state)
{
	struct put_world *world = *state;
	struct told told;

	list(world, &told, "", "200 OK", "Date: Fri, 24 May 2013 00:00:00 GMT\r\n",
	     "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/"
	     "2006-03-01/\"><IsTruncated>true</IsTruncated><Contents><Key>p/g1/a</Key>"
	     "<LastModified>2013-05-23T00:00:00.000Z</LastModified><Size>7</Size></Contents>"
	     "<Contents><Key>p/g1/b%2Bc</Key><LastModified>2013-05-23T00:00:00.000Z"
	     "</LastModified><Size>8</Size></Contents><EncodingType>url</EncodingType>"
	     "</ListBucketResult>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(told.objects, 2);
	assert_true(told.truncated);
	assert_string_equal(told.last, "p/g1/b+c");
	assert_int_equal(told.server_seconds, 1369353600);
	assert_string_equal(world->target,
			    "/books/?encoding-type=url&list-type=2&prefix=p%2Fg1%2F");
	list(world, &told, "p/g1/b+c", "200 OK", "",
	     "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(told.objects, 0);
	assert_false(told.truncated);
	assert_int_equal(told.server_seconds, 0);
	assert_string_equal(world->target, "/books/?encoding-type=url&list-type=2"
					   "&prefix=p%2Fg1%2F&start-after=p%2Fg1%2Fb%2Bc");
}

static void what_is_no_list_is_not_taken_for_an_empty_one(void **state)
{
	struct put_world *world = *state;
	struct told told;

	list(world, &told, "", "200 OK", "", "<html>welcome</html>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_int_equal(world->answer.error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->answer.error.message, "the list of books/p/g1/: HTTP 200: "));
	list(world, &told, "", "404 Not Found", "", "<Error><Code>NoSuchBucket</Code></Error>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_string_equal(world->answer.error.message, "GET books/: HTTP 404 NoSuchBucket");
}

static void a_bucket_in_virtual_style_is_in_the_host(void **state)
{
	struct put_world *world = *state;
	char endpoint[100];
	struct told told;

	lc_s3_free(world->s3);
	snprintf(endpoint, sizeof(endpoint), "http://localhost:%u",
		 script_server_port(world->server));
	world->s3 = put_world_s3_of(world, endpoint, LC_S3_ADDRESSING_VIRTUAL);
	list(world, &told, "", "200 OK", "",
	     "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_string_equal(world->target, "/?encoding-type=url&list-type=2&prefix=p%2Fg1%2F");
	assert_non_null(strstr(world->head, "Host: books.localhost:"));
}

static void ask_for_buckets(struct put_world *world, const char *answer)
{
	world->text = answer;
	world->script = put_world_answer_text;
	world->done = 0;
	lc_s3_list_buckets(world->s3, put_world_on_answer, world);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 1);
}

static void a_list_of_buckets_shows_that_the_keys_are_taken(void **state)
{
	struct put_world *world = *state;

	ask_for_buckets(world, "HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n"
			       "<ListAllMyBucketsResult />");
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_string_equal(world->target, "/");
	assert_string_equal(world->methods, "GET ");
	assert_non_null(strstr(world->head, "SignedHeaders="));
	ask_for_buckets(world, "HTTP/1.1 403 Forbidden\r\nContent-Length: 49\r\n\r\n"
			       "<Error><Code>SignatureDoesNotMatch</Code></Error>");
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_string_equal(world->answer.error.message, "GET /: HTTP 403 SignatureDoesNotMatch");
	ask_for_buckets(world, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	assert_int_equal(world->answer.error.kind, LC_ERROR_CORRUPT);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PUT_STORY(an_object_is_read_whole),
	    PUT_STORY(an_object_without_bytes_is_read),
	    PUT_STORY(a_part_is_asked_for_by_range),
	    PUT_STORY(a_part_that_is_not_the_one_is_refused),
	    PUT_STORY(what_is_not_there_is_told_from_what_is_refused),
	    PUT_STORY(an_object_that_is_too_long_is_refused),
	    HURRIED_PUT_STORY(a_body_that_may_be_cut_is_read_again),
	    PUT_STORY(a_cancelled_read_is_silent),
	    PUT_STORY(a_page_of_a_list_is_read),
	    PUT_STORY(what_is_no_list_is_not_taken_for_an_empty_one),
	    PUT_STORY(a_bucket_in_virtual_style_is_in_the_host),
	    PUT_STORY(a_list_of_buckets_shows_that_the_keys_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
