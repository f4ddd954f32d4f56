/* Reading from a real S3, named by LOG_COURIER_S3_ENDPOINT and its like; skipped without. The
 * objects are PUT by the same client. Buckets: target-1, which is ours, and forbidden. */
#include "clients/s3_read.h"

#include "base/memory.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct world {
	struct lc_loop *loop;
	struct lc_http *http;
	struct lc_credentials_provider *credentials;
	struct lc_s3 *s3;
	struct lc_s3_answer answer;
	char code[100];
	struct lc_buffer body; /* that was read last */
	/* of all pages of the last list */
	size_t pages;
	size_t objects;
	char last[2000];
	bool more;
	int64_t server_seconds;
	uint64_t bytes;
	uint32_t newest;
};

static int set_up(void **state)
{
	struct lc_http_options http_options = {.connect_timeout_ms = 2000};
	struct lc_credentials_options keys;
	struct lc_s3_options options;
	struct world *world;

	*state = NULL;
	if (getenv("LOG_COURIER_S3_ENDPOINT") == NULL)
		return 0;
	alarm(300);
	world = lc_memory_zero(1, sizeof(*world));
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &http_options, NULL);
	keys = (struct lc_credentials_options){
	    .access_key_id = getenv("LOG_COURIER_S3_ACCESS_KEY_ID"),
	    .secret_access_key = getenv("LOG_COURIER_S3_SECRET_ACCESS_KEY"),
	};
	world->credentials = lc_credentials_provider_new(world->loop, world->http, &keys);
	options = (struct lc_s3_options){
	    .endpoint = getenv("LOG_COURIER_S3_ENDPOINT"),
	    .region = getenv("LOG_COURIER_S3_REGION"),
	    .credentials = world->credentials,
	    .addressing = LC_S3_ADDRESSING_PATH,
	    .conditional = LC_S3_CONDITIONAL_OFF,
	    .timeout_ms = 30000,
	};
	world->s3 = lc_s3_new(world->loop, world->http, &options, NULL);
	lc_buffer_init(&world->body, SIZE_MAX / 2);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (world == NULL)
		return 0;
	lc_s3_free(world->s3);
	lc_credentials_provider_free(world->credentials);
	lc_http_free(world->http);
	lc_loop_free(world->loop);
	lc_buffer_free(&world->body);
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
	lc_loop_stop(world->loop);
}

static void put(struct world *world, const char *key, struct lc_view content)
{
	const struct lc_s3_body body = {.pieces = &content, .piece_count = 1, .size = content.size};
	const struct lc_s3_put_spec spec = {
	    .bucket = lc_view_of("target-1"), .key = lc_view_of(key), .body = &body};

	(void)lc_s3_put(world->s3, &spec, on_answer, world);
	lc_loop_run(world->loop);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
}

static void on_got(void *context, const struct lc_s3_answer *answer, struct lc_buffer *body)
{
	struct world *world = context;

	lc_buffer_free(&world->body);
	if (body != NULL) {
		world->body = *body;
		lc_buffer_init(body, body->cap);
	}
	on_answer(world, answer);
}

static void get(struct world *world, const char *bucket, const char *key, uint64_t from,
		uint64_t length, size_t max_bytes)
{
	const struct lc_s3_get_spec spec = {.bucket = lc_view_of(bucket),
					    .key = lc_view_of(key),
					    .from = from,
					    .length = length,
					    .max_bytes = max_bytes};

	(void)lc_s3_get(world->s3, &spec, on_got, world);
	lc_loop_run(world->loop);
}

static void assert_got(struct world *world, struct lc_view expected)
{
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_true(lc_view_equal(lc_buffer_view(&world->body), expected));
}

static void what_was_put_is_read_whole_and_in_parts(void **state)
{
	enum { SIZE = 3000000 };
	struct world *world = world_of(state);
	char *bytes = lc_memory_zero(SIZE, 1);
	struct lc_view content = {.data = bytes, .size = SIZE};

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 2654435761u >> 9);
	put(world, "read-test/large", content);
	get(world, "target-1", "read-test/large", 0, 0, SIZE);
	assert_got(world, content);
	get(world, "target-1", "read-test/large", 65536, 131072, 0);
	assert_got(world, (struct lc_view){.data = bytes + 65536, .size = 131072});
	get(world, "target-1", "read-test/large", SIZE - 1, 1, 0);
	assert_got(world, (struct lc_view){.data = bytes + SIZE - 1, .size = 1});
	put(world, "read-test/empty", lc_view_of(""));
	get(world, "target-1", "read-test/empty", 0, 0, 10);
	assert_got(world, lc_view_of(""));
	free(bytes);
}

static void what_is_not_all_there_is_an_error(void **state)
{
	struct world *world = world_of(state);

	put(world, "read-test/short", lc_view_of("0123456789"));
	get(world, "target-1", "read-test/short", 0, 0, 9);
	assert_int_equal(world->answer.error.kind, LC_ERROR_LIMIT);
	get(world, "target-1", "read-test/short", 5, 6, 0);
	assert_int_equal(world->answer.error.kind, LC_ERROR_CORRUPT);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	get(world, "target-1", "read-test/short", 10, 1, 0);
	assert_int_equal(world->answer.status, 416);
	assert_int_equal(world->answer.error.kind, LC_ERROR_CORRUPT);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	get(world, "target-1", "read-test/none", 0, 0, 9);
	assert_true(lc_retry_is_absent_s3(world->answer.status, world->code));
	get(world, "forbidden", "read-test/none", 0, 0, 9);
	assert_false(lc_retry_is_absent_s3(world->answer.status, world->code));
	assert_string_equal(world->code, "AccessDenied");
}

static void on_listed(void *context, const struct lc_s3_answer *answer,
		      const struct lc_s3_listing *listing, int64_t server_seconds)
{
	struct world *world = context;

	if (listing != NULL) {
		world->pages++;
		world->objects += listing->count;
		world->more = listing->truncated;
		world->server_seconds = server_seconds;
	}
	for (size_t i = 0; listing != NULL && i < listing->count; i++) {
		const struct lc_s3_listed *object = &listing->objects[i];

		world->bytes += object->size;
		world->newest = object->modified > world->newest ? object->modified : world->newest;
		snprintf(world->last, sizeof(world->last), "%.*s", (int)object->key.size,
			 object->key.data);
	}
	on_answer(world, answer);
}

static void list(struct world *world, const char *prefix)
{
	world->pages = 0;
	world->objects = 0;
	world->bytes = 0;
	world->newest = 0;
	world->last[0] = '\0';
	do {
		(void)lc_s3_list(world->s3, lc_view_of("target-1"), lc_view_of(prefix),
				 lc_view_of(world->last), on_listed, world);
		lc_loop_run(world->loop);
		assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	} while (world->more);
}

static void a_list_of_more_than_a_page_is_read_to_its_end(void **state)
{
	enum { OBJECTS = 1003 };
	struct world *world = world_of(state);

	for (unsigned i = 0; i < OBJECTS; i++) {
		char key[100];

		snprintf(key, sizeof(key), "read-test/many/%04u", i);
		put(world, key, lc_view_of("x"));
	}
	list(world, "read-test/many/");
	assert_int_equal(world->pages, 2);
	assert_int_equal(world->objects, OBJECTS);
	assert_int_equal(world->bytes, OBJECTS);
	assert_string_equal(world->last, "read-test/many/1002");
	assert_true(world->server_seconds > 0);
	assert_true(world->newest + 60 >= world->server_seconds &&
		    world->newest <= world->server_seconds + 60);
	list(world, "read-test/nothing/");
	assert_int_equal(world->pages, 1);
	assert_int_equal(world->objects, 0);
}

static void any_key_comes_back_as_it_was(void **state)
{
	static const char *const keys[] = {"with space", "a+b",         "100%",
					   "%41",        "it's \"so\"", "<a>&amp;",
					   "tab\there",  "\xc3\xa4",    "a//b"};
	struct world *world = world_of(state);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char key[100];

		snprintf(key, sizeof(key), "read-test/key-%zu/%s", i, keys[i]);
		put(world, key, lc_view_of("x"));
		key[strlen("read-test/key-0/")] = '\0';
		list(world, key);
		assert_int_equal(world->objects, 1);
		assert_string_equal(world->last + strlen(key), keys[i]);
	}
}

static void what_is_deleted_is_not_there(void **state)
{
	struct world *world = world_of(state);

	put(world, "read-test/deleted", lc_view_of("x"));
	(void)lc_s3_delete(world->s3, lc_view_of("target-1"), lc_view_of("read-test/deleted"),
			   on_answer, world);
	lc_loop_run(world->loop);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	get(world, "target-1", "read-test/deleted", 0, 0, 9);
	assert_true(lc_retry_is_absent_s3(world->answer.status, world->code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(what_was_put_is_read_whole_and_in_parts),
	    STORY(what_is_not_all_there_is_an_error),
	    STORY(a_list_of_more_than_a_page_is_read_to_its_end),
	    STORY(any_key_comes_back_as_it_was),
	    STORY(what_is_deleted_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
