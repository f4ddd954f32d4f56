#include "clients/s3.h"

#include "support/put_world.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRECONDITION_FAILED                                             \
	"HTTP/1.1 412 Precondition Failed\r\nx-amz-request-id: tx1\r\n" \
	"Content-Length: 0\r\n\r\n"

/* What the server answers to a PUT that carries the condition; it takes those that do not. */
static void refuse_the_condition(void *context, struct script_connection *connection,
				 const struct script_request *request)
{
	struct put_world *world = context;

	(void)request;
	script_send_text(connection, strcasestr(world->head, "if-none-match") != NULL
					 ? world->text
					 : PUT_WORLD_OK);
}

static void use_condition(struct put_world *world, enum lc_s3_conditional conditional)
{
	lc_s3_free(world->s3);
	world->conditional = conditional;
	world->s3 = put_world_s3_of(world, script_server_url(world->server), LC_S3_ADDRESSING_PATH);
}

static void a_service_that_does_not_know_the_condition_gets_puts_without_it(void **state)
{
	static const char *const texts[] = {
	    "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
	    ("HTTP/1.1 404 Not Found\r\nContent-Length: 38\r\n\r\n"
	     "<Error><Code>NoSuchKey</Code></Error>\n"),
	};
	struct put_world *world = *state;

	for (size_t i = 0; i < 3; i++) {
		use_condition(world, LC_S3_CONDITIONAL_AUTO);
		world->requests = 0;
		world->text = texts[i];
		put_world_put(world, "logs", "key", refuse_the_condition);
		assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
		assert_false(world->answer.was_there);
		assert_true(world->body_was_whole);
		assert_int_equal(world->requests, 2);

		/* From now on without. */
		put_world_put(world, "logs", "key", refuse_the_condition);
		assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
		assert_int_equal(world->requests, 3);
	}
}

static void what_is_refused_without_the_condition_too_does_not_end_it(void **state)
{
	struct put_world *world = *state;

	use_condition(world, LC_S3_CONDITIONAL_AUTO);
	for (unsigned i = 1; i <= 2; i++) {
		put_world_put_and_fail(world, "400 Bad Request", "", "");
		assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
		assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_UNKNOWN);
		assert_true(world->answer.certain);
		assert_int_equal(world->requests, 2 * i);
	}
}

/* Refusals that have a reason of their own say nothing of the condition; nor does one that the
 * operator insists on. */
static void other_refusals_are_not_sent_again(void **state)
{
	struct put_world *world = *state;

	use_condition(world, LC_S3_CONDITIONAL_AUTO);
	put_world_put_and_fail(world, "404 Not Found", "",
			       "<Error><Code>NoSuchBucket</Code></Error>");
	put_world_put_and_fail(world, "400 Bad Request", "",
			       "<Error><Code>EntityTooLarge</Code></Error>");
	assert_int_equal(world->requests, 2);
	use_condition(world, LC_S3_CONDITIONAL_ON);
	put_world_put_and_fail(world, "501 Not Implemented", "", "");
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_int_equal(world->requests, 3);
}

/* ---- an object that is there ---- */

/* What is answered to a HEAD, to a PUT with the condition, and to one without. */
struct service {
	const char *head;
	const char *conditional;
	const char *plain;
};

static const struct service *service;

static void answer_as_service(void *context, struct script_connection *connection,
			      const struct script_request *request)
{
	struct put_world *world = context;
	bool head = lc_view_equal(request->method, lc_view_of("HEAD"));
	bool conditional = strcasestr(world->head, "if-none-match") != NULL;

	script_send_text(connection, head          ? service->head
				     : conditional ? service->conditional
						   : service->plain);
}

static void put_to(struct put_world *world, const struct service *to)
{
	service = to;
	world->methods[0] = '\0';
	put_world_put(world, "logs", "key", answer_as_service);
}

#define NOT_FOUND "HTTP/1.1 404 Not Found\r\nx-amz-request-id: tx1\r\nContent-Length: 0\r\n\r\n"
#define FORBIDDEN "HTTP/1.1 403 Forbidden\r\nx-amz-request-id: tx1\r\nContent-Length: 0\r\n\r\n"
#define HAS_2991 "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 2991\r\n\r\n"
#define HAS_7 "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 7\r\n\r\n"
#define BARE_412 "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n"

static void expect_stored(const struct put_world *world, const char *methods, bool was_there)
{
	assert_string_equal(world->methods, methods);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(world->answer.error.kind, LC_ERROR_NONE);
	assert_int_equal(world->answer.was_there, was_there);
}

static void an_object_that_is_there_is_looked_at(void **state)
{
	static const struct service services[] = {
	    {HAS_2991, PRECONDITION_FAILED, ""},
	    {HAS_2991, "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", ""},
	    {HAS_2991, BARE_412, ""},
	    /* of an earlier release, perhaps; or of another limit of a row */
	    {HAS_7, PRECONDITION_FAILED, ""},
	};
	struct put_world *world = *state;

	use_condition(world, LC_S3_CONDITIONAL_AUTO);
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		put_to(world, &services[i]);
		expect_stored(world, "PUT HEAD ", true);
	}
	put_to(world, &services[0]);
	assert_true(world->answer.certain);
}

/* Reading may be forbidden. */
static void what_s3_says_of_an_object_is_believed_where_it_may_not_be_read(void **state)
{
	static const struct service services[] = {
	    {FORBIDDEN, PRECONDITION_FAILED, ""},
	    {FORBIDDEN,
	     "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 45\r\n\r\n"
	     "<Error><Code>PreconditionFailed</Code></Error",
	     ""},
	};
	struct put_world *world = *state;

	use_condition(world, LC_S3_CONDITIONAL_AUTO);
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		put_to(world, &services[i]);
		expect_stored(world, "PUT HEAD ", true);
	}
}

/* A 412 that anybody may have sent, and one of a service that does not have the object. */
static void a_claim_that_nothing_confirms_is_not_believed(void **state)
{
	static const struct service services[] = {
	    {BARE_412, BARE_412, PUT_WORLD_OK},
	    {FORBIDDEN, BARE_412, PUT_WORLD_OK},
	    {NOT_FOUND, PRECONDITION_FAILED, PUT_WORLD_OK},
	};
	struct put_world *world = *state;

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		use_condition(world, LC_S3_CONDITIONAL_AUTO);
		put_to(world, &services[i]);
		expect_stored(world, "PUT HEAD PUT ", false);
		assert_true(world->body_was_whole);

		use_condition(world, LC_S3_CONDITIONAL_ON);
		put_to(world, &services[i]);
		assert_string_equal(world->methods, "PUT HEAD ");
		assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
		assert_int_equal(world->answer.status, 412);
		assert_non_null(strstr(world->answer.error.message, "s3.conditional-put"));
	}
}

/* ---- a look first ---- */

static void an_object_that_is_found_is_not_sent(void **state)
{
	static const struct service there = {HAS_2991, "", ""};
	struct put_world *world = *state;

	world->look_first = true;
	put_to(world, &there);
	expect_stored(world, "HEAD ", true);
	assert_non_null(strcasestr(world->head, "authorization: AWS4-HMAC-SHA256"));
}

static void a_look_that_finds_nothing_holds_nothing_up(void **state)
{
	static const char *const heads[] = {
	    NOT_FOUND,
	    FORBIDDEN,
	    HAS_7,
	    "HTTP/1.1 200 OK\r\nContent-Length: 2991\r\n\r\n",
	    "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
	};
	struct put_world *world = *state;

	world->look_first = true;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const struct service other = {heads[i], PUT_WORLD_OK, PUT_WORLD_OK};

		put_to(world, &other);
		expect_stored(world, "HEAD PUT ", false);
		assert_true(world->body_was_whole);
	}
}

static void a_look_that_nobody_answers_is_a_failed_attempt(void **state)
{
	struct put_world *world = *state;

	world->look_first = true;
	put_world_put(world, "logs", "key", script_answer_nothing);
	assert_string_equal(world->methods, "HEAD ");
	assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
	assert_int_equal(world->answer.status, 0);
	assert_true(world->answer.unanswered);
	assert_true(world->answer.certain); /* a look stores nothing */
	assert_non_null(strstr(world->answer.error.message, "bucket logs, key key: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PUT_STORY(a_service_that_does_not_know_the_condition_gets_puts_without_it),
	    PUT_STORY(what_is_refused_without_the_condition_too_does_not_end_it),
	    PUT_STORY(other_refusals_are_not_sent_again),
	    PUT_STORY(an_object_that_is_there_is_looked_at),
	    PUT_STORY(what_s3_says_of_an_object_is_believed_where_it_may_not_be_read),
	    PUT_STORY(a_claim_that_nothing_confirms_is_not_believed),
	    PUT_STORY(an_object_that_is_found_is_not_sent),
	    PUT_STORY(a_look_that_finds_nothing_holds_nothing_up),
	    HURRIED_PUT_STORY(a_look_that_nobody_answers_is_a_failed_attempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
