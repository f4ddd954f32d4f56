/* PUTs into a real S3, named by LOG_COURIER_S3_ENDPOINT and its like; skipped without. The objects
 * are read back by libcurl with its own signatures. Buckets: target-1, which is ours, and
 * forbidden. */
#include "clients/s3.h"
#include "clients/s3_headers.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

enum { PIECE_SIZE = 1000, LARGE_PIECES = 16384 };

struct world {
	struct lc_loop *loop;
	struct lc_http *http;
	struct lc_s3 *s3;
	struct lc_credentials_options keys;
	struct lc_s3_options options;
	unsigned left; /* answers still to come */
	struct lc_s3_answer answer;
	char code[100];
};

/* A client that signs with world->keys, in place of the one there was. */
static void sign_with_keys(struct world *world)
{
	lc_s3_free(world->s3);
	lc_credentials_provider_free(world->options.credentials);
	world->options.credentials =
	    lc_credentials_provider_new(world->loop, world->http, &world->keys);
	world->s3 = lc_s3_new(world->loop, world->http, &world->options, NULL);
}

static int set_up(void **state)
{
	struct lc_http_options http_options = {.connect_timeout_ms = 2000};
	struct world *world;

	*state = NULL;
	if (getenv("LOG_COURIER_S3_ENDPOINT") == NULL)
		return 0;
	alarm(120);
	world = lc_memory_zero(1, sizeof(*world));
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &http_options, NULL);
	world->keys = (struct lc_credentials_options){
	    .access_key_id = getenv("LOG_COURIER_S3_ACCESS_KEY_ID"),
	    .secret_access_key = getenv("LOG_COURIER_S3_SECRET_ACCESS_KEY"),
	};
	world->options = (struct lc_s3_options){
	    .endpoint = getenv("LOG_COURIER_S3_ENDPOINT"),
	    .region = getenv("LOG_COURIER_S3_REGION"),
	    .addressing = LC_S3_ADDRESSING_PATH,
	    .conditional = LC_S3_CONDITIONAL_OFF,
	    .timeout_ms = 30000,
	};
	sign_with_keys(world);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (world == NULL)
		return 0;
	lc_s3_free(world->s3);
	lc_credentials_provider_free(world->options.credentials);
	lc_http_free(world->http);
	lc_loop_free(world->loop);
	free(world);
	return 0;
}

static struct world *world_of(void **state)
{
	if (*state == NULL) {
		print_message("no S3: LOG_COURIER_S3_ENDPOINT is not set\n");
		skip();
	}
	return *state;
}

static void on_answer(void *context, const struct lc_s3_answer *answer)
{
	struct world *world = context;

	world->answer = *answer;
	snprintf(world->code, sizeof(world->code), "%s", answer->code);
	if (answer->retry_class != LC_RETRY_DONE)
		print_message("%s\n", answer->error.message);
	if (--world->left == 0)
		lc_loop_stop(world->loop);
}

/* PUTs one line into target-1. */
static void put_line(struct world *world, const char *key, enum lc_s3_checksum checksum,
		     const struct lc_s3_headers *headers)
{
	struct lc_view piece = lc_view_of("one line\n");
	struct lc_s3_body body = {.pieces = &piece, .piece_count = 1, .size = piece.size};

	world->left = 1;
	lc_s3_put(world->s3,
		  &(struct lc_s3_put_spec){.bucket = lc_view_of("target-1"),
					   .key = lc_view_of(key),
					   .body = &body,
					   .checksum = checksum,
					   .headers = headers},
		  on_answer, world);
	lc_loop_run(world->loop);
}

static void put_pieces(struct world *world, const char *bucket, struct lc_view key,
		       const struct lc_view *pieces, size_t count)
{
	struct lc_s3_body body = {.pieces = pieces, .piece_count = count};

	for (size_t i = 0; i < count; i++)
		body.size += pieces[i].size;
	world->left = 1;
	lc_s3_put(world->s3,
		  &(struct lc_s3_put_spec){.bucket = lc_view_of(bucket), .key = key, .body = &body},
		  on_answer, world);
	lc_loop_run(world->loop);
}

static void put(struct world *world, const char *bucket, const char *key, const char *text)
{
	struct lc_view piece = lc_view_of(text);

	put_pieces(world, bucket, lc_view_of(key), &piece, 1);
}

static size_t keep_body(char *bytes, size_t size, size_t count, void *context)
{
	lc_buffer_append(context, bytes, size * count);
	return size * count;
}

/* The URL of an object, encoded by curl, segment by segment. */
static void append_url(struct lc_buffer *url, CURL *easy, const struct world *world,
		       const char *bucket, struct lc_view key)
{
	size_t begin = 0;

	lc_buffer_append_format(url, "%s/%s/", world->options.endpoint, bucket);
	for (size_t i = 0; i <= key.size; i++) {
		char *escaped;

		if (i < key.size && key.data[i] != '/')
			continue;
		if (i > begin) {
			escaped = curl_easy_escape(easy, key.data + begin, (int)(i - begin));
			lc_buffer_append_text(url, escaped);
			curl_free(escaped);
		}
		if (i < key.size)
			lc_buffer_append_char(url, '/');
		begin = i + 1;
	}
}

/* Reads an object with another client; returns the HTTP status. */
static long get_object(const struct world *world, const char *bucket, struct lc_view key,
		       struct lc_buffer *body, char *type, size_t type_size)
{
	CURL *easy = curl_easy_init();
	struct curl_slist *headers =
	    curl_slist_append(NULL, "x-amz-content-sha256: UNSIGNED-PAYLOAD");
	struct lc_buffer url;
	char provider[100];
	char *seen = NULL;
	long status = 0;

	lc_buffer_init(&url, 10000);
	append_url(&url, easy, world, bucket, key);
	snprintf(provider, sizeof(provider), "aws:amz:%s:s3", world->options.region);
	curl_easy_setopt(easy, CURLOPT_URL, lc_buffer_text(&url));
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, provider);
	curl_easy_setopt(easy, CURLOPT_USERNAME, world->keys.access_key_id);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, world->keys.secret_access_key);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
	assert_int_equal(curl_easy_perform(easy), CURLE_OK);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &seen);
	snprintf(type, type_size, "%s", seen == NULL ? "" : seen);
	lc_buffer_free(&url);
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	return status;
}

static void assert_stored(struct world *world, struct lc_view key, struct lc_view expected)
{
	struct lc_buffer body;
	char type[100];

	lc_buffer_init(&body, 67108864);
	assert_int_equal(get_object(world, "target-1", key, &body, type, sizeof(type)), 200);
	assert_true(lc_view_equal(lc_buffer_view(&body), expected));
	assert_string_equal(type, "text/plain");
	lc_buffer_free(&body);
}

static void an_object_is_stored_as_it_was_given(void **state)
{
	struct world *world = world_of(state);

	put(world, "target-1", "clients-test/plain", "one line\n");
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(world->answer.status, 200);
	assert_stored(world, lc_view_of("clients-test/plain"), lc_view_of("one line\n"));
	put(world, "target-1", "clients-test/empty", "");
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_stored(world, lc_view_of("clients-test/empty"), lc_view_of(""));
}

static void any_key_can_be_stored(void **state)
{
	static const char *const keys[] = {
	    "with space",
	    "a+b",
	    "100%",
	    "%41",
	    "it's \"so\"",
	    "a//b",
	    "/leading",
	    "trailing/",
	    "../up/./",
	    "\xc3\xa4\xe2\x82\xac",
	    "?q=1&x#fragment",
	    "a;b:c,d@e!",
	    "~.-_",
	    "*()",
	    "[brackets]{}|^`<>\\",
	    "tab\there",
	};
	struct world *world = world_of(state);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char key[100];

		snprintf(key, sizeof(key), "clients-test/%s", keys[i]);
		put(world, "target-1", key, keys[i]);
		assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
		assert_stored(world, lc_view_of(key), lc_view_of(keys[i]));
	}
}

static void a_large_body_of_many_pieces_is_stored(void **state)
{
	struct world *world = world_of(state);
	char *bytes = lc_memory_zero(LARGE_PIECES, PIECE_SIZE);
	struct lc_view *pieces = lc_memory_zero(LARGE_PIECES, sizeof(*pieces));

	for (size_t i = 0; i < (size_t)LARGE_PIECES * PIECE_SIZE; i++)
		bytes[i] = (char)(i * 2654435761u >> 9);
	for (size_t i = 0; i < LARGE_PIECES; i++)
		pieces[i] = (struct lc_view){.data = bytes + i * PIECE_SIZE, .size = PIECE_SIZE};
	put_pieces(world, "target-1", lc_view_of("clients-test/large"), pieces, LARGE_PIECES);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_stored(world, lc_view_of("clients-test/large"),
		      (struct lc_view){.data = bytes, .size = (size_t)LARGE_PIECES * PIECE_SIZE});
	free(pieces);
	free(bytes);
}

static void each_checksum_is_accepted(void **state)
{
	struct world *world = world_of(state);

	for (enum lc_s3_checksum kind = LC_S3_CHECKSUM_MD5; kind <= LC_S3_CHECKSUM_SHA256; kind++) {
		char key[100];

		snprintf(key, sizeof(key), "clients-test/checksum-%d", (int)kind);
		put_line(world, key, kind, NULL);
		assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
		assert_stored(world, lc_view_of(key), lc_view_of("one line\n"));
	}
}

/* The body has changed on its way: it is sent again. radosgw 16 compares no x-amz-checksum. */
static void a_wrong_checksum_is_refused(void **state)
{
	struct world *world = world_of(state);
	struct lc_s3_headers headers;

	lc_s3_headers_init(&headers);
	lc_s3_headers_add(&headers, "content-md5", lc_view_of("AAAAAAAAAAAAAAAAAAAAAA=="));
	put_line(world, "clients-test/wrong-checksum", LC_S3_CHECKSUM_NONE, &headers);
	lc_s3_headers_free(&headers);
	assert_int_equal(world->answer.status, 400);
	assert_string_equal(world->code, "BadDigest");
	assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
	assert_true(world->answer.certain);
}

static void headers_that_say_what_to_do_with_an_object_are_accepted(void **state)
{
	static const char *const GIVEN[][2] = {
	    {"x-amz-acl", "bucket-owner-full-control"},
	    {"x-amz-storage-class", "STANDARD"},
	    {"x-amz-tagging", "team=a%2Fb%20c&empty="},
	    {"x-amz-meta-rows", "1"},
	    {"x-amz-meta-target", "target-1/clients%2Btest/"},
	    {"x-amz-server-side-encryption", "aws:kms"},
	    {"x-amz-server-side-encryption-aws-kms-key-id", "audit-key"},
	};
	struct world *world = world_of(state);
	struct lc_s3_headers headers;

	lc_s3_headers_init(&headers);
	for (size_t i = 0; i < sizeof(GIVEN) / sizeof(GIVEN[0]); i++)
		lc_s3_headers_add(&headers, GIVEN[i][0], lc_view_of(GIVEN[i][1]));
	put_line(world, "clients-test/headers", LC_S3_CHECKSUM_MD5, &headers);
	lc_s3_headers_free(&headers);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_stored(world, lc_view_of("clients-test/headers"), lc_view_of("one line\n"));
}

static void many_puts_run_at_once(void **state)
{
	enum { PUTS = 64 };
	struct world *world = world_of(state);
	struct lc_view piece = lc_view_of("together\n");
	struct lc_s3_body body = {.pieces = &piece, .piece_count = 1, .size = piece.size};

	world->left = PUTS;
	for (unsigned i = 0; i < PUTS; i++) {
		char key[100];

		snprintf(key, sizeof(key), "clients-test/many/%u", i);
		lc_s3_put(world->s3,
			  &(struct lc_s3_put_spec){.bucket = lc_view_of("target-1"),
						   .key = lc_view_of(key),
						   .body = &body},
			  on_answer, world);
	}
	lc_loop_run(world->loop);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_stored(world, lc_view_of("clients-test/many/63"), piece);
}

static void assert_waits(struct world *world, unsigned status, const char *code)
{
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_true(world->answer.certain);
	assert_int_equal(world->answer.status, status);
	assert_string_equal(world->code, code);
	assert_int_equal(world->answer.error.kind, LC_ERROR_REFUSED);
	assert_non_null(strstr(world->answer.error.message, code));
}

static void a_missing_bucket_waits(void **state)
{
	struct world *world = world_of(state);

	put(world, "accessdenied-x", "key", "x");
	assert_waits(world, 404, "NoSuchBucket");
}

static void another_users_bucket_waits(void **state)
{
	struct world *world = world_of(state);

	put(world, "forbidden", "key", "x");
	assert_waits(world, 403, "AccessDenied");
}

static void wrong_keys_wait(void **state)
{
	struct world *world = world_of(state);

	world->keys.secret_access_key = "wrong";
	sign_with_keys(world);
	put(world, "target-1", "clients-test/wrong", "x");
	assert_waits(world, 403, "SignatureDoesNotMatch");
	assert_null(strstr(world->answer.error.message, "wrong\""));

	world->keys.access_key_id = "NOBODY";
	sign_with_keys(world);
	put(world, "target-1", "clients-test/wrong", "x");
	assert_waits(world, 403, "InvalidAccessKeyId");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(an_object_is_stored_as_it_was_given),
	    STORY(any_key_can_be_stored),
	    STORY(a_large_body_of_many_pieces_is_stored),
	    STORY(each_checksum_is_accepted),
	    STORY(a_wrong_checksum_is_refused),
	    STORY(headers_that_say_what_to_do_with_an_object_are_accepted),
	    STORY(many_puts_run_at_once),
	    STORY(a_missing_bucket_waits),
	    STORY(another_users_bucket_waits),
	    STORY(wrong_keys_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
