/* Objects in parts: what is sent, what each failure leaves, and what becomes of leftovers. */
#include "clients/s3.h"

#include "base/memory.h"
#include "clients/s3_headers.h"
#include "support/put_world.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 8 * 1024 * 1024, PART = 1000000, PATIENCE = 1000 };

#define ANSWER(status, headers, body) \
	"HTTP/1.1 " status "\r\n" headers "Connection: close\r\n\r\n" body
#define CREATED                                                           \
	ANSWER("200 OK", "",                                              \
	       "<InitiateMultipartUploadResult><UploadId>up/1</UploadId>" \
	       "</InitiateMultipartUploadResult>")
#define PART_STORED ANSWER("200 OK", "ETag: \"e<1>&\"\r\nContent-Length: 0\r\n", "")
#define COMPLETED                                                         \
	ANSWER("200 OK", "",                                              \
	       "  \n<CompleteMultipartUploadResult><Key>k</Key><ETag>a-5" \
	       "</ETag></CompleteMultipartUploadResult>")
#define UNTAGGED                                                          \
	ANSWER("200 OK", "",                                              \
	       "<CompleteMultipartUploadResult><Key>k</Key><ETag></ETag>" \
	       "</CompleteMultipartUploadResult>")
#define NOT_FOUND ANSWER("404 Not Found", "x-amz-request-id: 1\r\nContent-Length: 0\r\n", "")
#define FORBIDDEN ANSWER("403 Forbidden", "x-amz-request-id: 1\r\nContent-Length: 0\r\n", "")
#define THERE ANSWER("200 OK", "ETag: \"x\"\r\nContent-Length: 4985000\r\n", "")
#define OTHER_THERE ANSWER("200 OK", "ETag: \"x\"\r\nContent-Length: 7\r\n", "")
#define ABORTED ANSWER("204 No Content", "", "")
#define FAILURE(status, code) ANSWER(status, "", "<Error><Code>" code "</Code></Error>")
#define NO_UPLOADS ANSWER("200 OK", "", "<ListMultipartUploadsResult></ListMultipartUploadsResult>")
/* Their connection breaks. */
#define LOST ""

/* What is answered to each kind of request; NULL: as S3 does. */
struct service {
	const char *create;
	const char *part; /* the second one and those after it */
	const char *complete;
	const char *complete_plain; /* without If-None-Match; NULL: as with it */
	const char *head;
	const char *abort;
	const char *list;
	const char *parts;
};

/* What it has seen. */
static struct {
	struct service answers;
	char steps[200]; /* a letter for each request */
	char create_head[8192];
	char part_heads[8192];
	char complete_head[8192];
	char completion[8192];
	char queries[2048];
	char *body; /* of all parts, one after the other */
	size_t body_size;
} seen;

static bool asks(const struct script_request *request, const char *query)
{
	const char *mark = memchr(request->target.data, '?', request->target.size);
	size_t size =
	    mark == NULL ? 0 : request->target.size - (size_t)(mark - request->target.data);

	return size > 0 && memmem(mark, size, query, strlen(query)) != NULL;
}

static char step_of(const struct script_request *request)
{
	char method = request->method.data[0];

	if (method == 'P' && request->method.data[1] == 'O')
		return asks(request, "uploads=") ? 'C' : 'F';
	if (method == 'P')
		return 'P';
	if (method == 'G')
		return asks(request, "uploads=") ? 'L' : 'G';
	return method; /* HEAD, DELETE */
}

static const char * or (const char *answer, const char *otherwise)
{
	return answer == NULL ? otherwise : answer;
}

static const char *answer_to_completion(const struct put_world *world)
{
	const struct service *answers = &seen.answers;
	bool plain = strcasestr(world->head, "if-none-match") == NULL;

	return or (plain && answers->complete_plain != NULL ? answers->complete_plain
							    : answers->complete,
		   COMPLETED);
}

static const char *answer_to(const struct put_world *world, const struct script_request *request,
			     char step)
{
	const struct service *answers = &seen.answers;

	switch (step) {
	case 'C':
		return or (answers->create, CREATED);
	case 'P':
		return asks(request, "partNumber=1&") ? PART_STORED
						      : or (answers->part, PART_STORED);
	case 'F':
		return answer_to_completion(world);
	case 'H':
		return or (answers->head, NOT_FOUND);
	case 'D':
		return or (answers->abort, ABORTED);
	case 'L':
		return or (answers->list, NO_UPLOADS);
	default:
		return or (answers->parts, NOT_FOUND);
	}
}

static void note(const struct put_world *world, const struct script_request *request, char step)
{
	size_t used = strlen(seen.queries);

	snprintf(seen.queries + used, sizeof(seen.queries) - used, "%s\n", world->target);
	if (step == 'C')
		snprintf(seen.create_head, sizeof(seen.create_head), "%s", world->head);
	if (step == 'F') {
		snprintf(seen.complete_head, sizeof(seen.complete_head), "%s", world->head);
		script_keep(seen.completion, sizeof(seen.completion), request->body);
	}
	if (step != 'P')
		return;
	snprintf(seen.part_heads, sizeof(seen.part_heads), "%s", world->head);
	assert_true(seen.body_size + request->body.size <= BODY_MAX);
	memcpy(seen.body + seen.body_size, request->body.data, request->body.size);
	seen.body_size += request->body.size;
}

static void serve(void *context, struct script_connection *connection,
		  const struct script_request *request)
{
	struct put_world *world = context;
	char step = step_of(request);
	const char *answer = answer_to(world, request, step);

	seen.steps[strlen(seen.steps)] = step;
	note(world, request, step);
	if (answer[0] == '\0') {
		script_reset(connection);
		return;
	}
	script_send_text(connection, answer);
	script_close(connection);
}

static void use_condition(struct put_world *world, enum lc_s3_conditional conditional)
{
	lc_s3_free(world->s3);
	world->conditional = conditional;
	world->s3 = put_world_s3_of(world, script_server_url(world->server), LC_S3_ADDRESSING_PATH);
}

static void forget(struct put_world *world, const struct service *answers)
{
	char *body = seen.body;

	memset(&seen, 0, sizeof(seen));
	seen.body = body;
	seen.answers = *answers;
	world->script = serve;
	world->methods[0] = '\0';
}

/* Until nothing is deleted any more. */
static void settle(struct put_world *world)
{
	for (unsigned i = 0; lc_s3_aborting(world->s3) && i < PATIENCE; i++) {
		lc_loop_timer_start(world->timer, 10);
		lc_loop_run(world->loop);
	}
	assert_false(lc_s3_aborting(world->s3));
}

static void put(struct put_world *world, const struct service *answers)
{
	forget(world, answers);
	put_world_put(world, "logs", "a key", serve);
	settle(world);
}

static int set_up(void **state)
{
	struct put_world *world;

	put_world_set_up(state);
	world = *state;
	seen.body = lc_memory_zero(BODY_MAX, 1);
	world->part_size = PART;
	world->body.piece_count = PUT_WORLD_PIECES;
	world->body.size = (uint64_t)PUT_WORLD_PIECES * PUT_WORLD_PIECE_SIZE;
	use_condition(world, LC_S3_CONDITIONAL_AUTO);
	return 0;
}

static int tear_down(void **state)
{
	free(seen.body);
	return put_world_tear_down(state);
}

static const struct service S3 = {.create = NULL};

/* ---- what is sent ---- */

static void parts_are_sent_and_then_put_together(void **state)
{
	struct put_world *world = *state;

	put(world, &S3);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_false(world->answer.was_there);
	assert_false(world->answer.leftover);
	assert_string_equal(seen.steps, "CPPPPPF");
	assert_int_equal(seen.body_size, world->body.size);
	assert_memory_equal(seen.body, world->bytes, seen.body_size);
	assert_string_equal(seen.queries, "/logs/a%20key?uploads=\n"
					  "/logs/a%20key?partNumber=1&uploadId=up%2F1\n"
					  "/logs/a%20key?partNumber=2&uploadId=up%2F1\n"
					  "/logs/a%20key?partNumber=3&uploadId=up%2F1\n"
					  "/logs/a%20key?partNumber=4&uploadId=up%2F1\n"
					  "/logs/a%20key?partNumber=5&uploadId=up%2F1\n"
					  "/logs/a%20key?uploadId=up%2F1\n");
	assert_non_null(strstr(seen.completion,
			       "<Part><PartNumber>2</PartNumber><ETag>&quot;e&lt;1&gt;&amp;&quot;"
			       "</ETag></Part><Part><PartNumber>3</PartNumber>"));
	assert_null(strstr(seen.completion, "Checksum"));
}

static void the_object_s_headers_go_with_its_beginning_and_the_condition_with_its_end(void **state)
{
	struct put_world *world = *state;
	struct lc_s3_headers headers;

	lc_s3_headers_init(&headers);
	lc_s3_headers_add(&headers, "x-amz-acl", lc_view_of("private"));
	lc_s3_headers_add(&headers, "content-encoding", lc_view_of("gzip"));
	world->headers = &headers;
	world->checksum = LC_S3_CHECKSUM_CRC32;
	put(world, &S3);
	lc_s3_headers_free(&headers);
	assert_non_null(strstr(seen.create_head, "x-amz-acl: private"));
	assert_non_null(strstr(seen.create_head, "content-encoding: gzip"));
	assert_non_null(strstr(seen.create_head, "content-type: text/plain"));
	assert_non_null(strstr(seen.create_head, "x-amz-checksum-algorithm: CRC32\r\n"));
	assert_null(strcasestr(seen.create_head, "if-none-match"));
	assert_null(strstr(seen.part_heads, "x-amz-acl"));
	assert_null(strcasestr(seen.part_heads, "if-none-match"));
	assert_non_null(strstr(seen.part_heads, "x-amz-checksum-crc32: "));
	assert_non_null(strstr(seen.complete_head, "if-none-match: *"));
	assert_non_null(strstr(seen.complete_head, "content-type: application/xml"));
	assert_non_null(strstr(seen.complete_head, "Content-Length: "));
	assert_null(strstr(seen.complete_head, "x-amz-acl"));
	assert_null(strstr(seen.complete_head, "x-amz-checksum-"));
	assert_non_null(strstr(seen.completion, "</ETag><ChecksumCRC32>"));
}

static void content_md5_goes_with_each_part(void **state)
{
	struct put_world *world = *state;

	world->checksum = LC_S3_CHECKSUM_MD5;
	put(world, &S3);
	assert_non_null(strstr(seen.part_heads, "content-md5: "));
	assert_null(strstr(seen.create_head, "x-amz-checksum-algorithm"));
	assert_null(strstr(seen.completion, "Checksum"));
}

/* The last byte is one of these borders, or just beside it. */
static void any_size_has_its_parts(void **state)
{
	static const struct {
		uint64_t part_size;
		const char *steps;
	} cases[] = {
	    {4985000, "CPF"},  {4985001, "CPF"},  {5000000, "CPF"},
	    {4984999, "CPPF"}, {2492500, "CPPF"}, {2492499, "CPPPF"},
	};
	struct put_world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world->part_size = cases[i].part_size;
		put(world, &S3);
		assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
		assert_string_equal(seen.steps, cases[i].steps);
		assert_int_equal(seen.body_size, world->body.size);
		assert_memory_equal(seen.body, world->bytes, seen.body_size);
	}
}

/* ---- what fails ---- */

struct failure {
	struct service answers;
	const char *steps;
	enum lc_retry_class retry_class;
	bool certain;
	bool leftover;
	bool was_there;
	const char *words;
};

static void expect_failures(struct put_world *world, const struct failure *failures, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct failure *failure = &failures[i];
		const struct lc_s3_answer *answer = &world->answer;

		use_condition(world, LC_S3_CONDITIONAL_AUTO);
		put(world, &failure->answers);
		assert_string_equal(seen.steps, failure->steps);
		assert_int_equal(answer->retry_class, failure->retry_class);
		assert_int_equal(answer->certain, failure->certain);
		assert_int_equal(answer->leftover, failure->leftover);
		assert_int_equal(answer->was_there, failure->was_there);
		assert_int_equal(answer->error.kind == LC_ERROR_NONE,
				 answer->retry_class == LC_RETRY_DONE);
		if (strstr(answer->error.message, failure->words) == NULL)
			fail_msg("\"%s\" has no \"%s\"", answer->error.message, failure->words);
	}
}

/* Nothing can be stored then, whatever became of a request; and what was begun is deleted. */
static void before_it_is_put_together_nothing_is_stored(void **state)
{
	static const struct failure failures[] = {
	    {{.create = FORBIDDEN},
	     "C",
	     LC_RETRY_WAIT,
	     true,
	     false,
	     false,
	     "POST logs/a key: HTTP 403"},
	    {{.create = FAILURE("501 No", "NotImplemented")},
	     "C",
	     LC_RETRY_WAIT,
	     true,
	     true,
	     false,
	     "NotImplemented"},
	    {{.create = FAILURE("503 No", "SlowDown")},
	     "C",
	     LC_RETRY_AGAIN,
	     true,
	     true,
	     false,
	     "SlowDown"},
	    {{.create = LOST}, "C", LC_RETRY_AGAIN, true, true, false, "bucket logs, key a key: "},
	    {{.create = ANSWER("200 OK", "", "<html>")},
	     "C",
	     LC_RETRY_WAIT,
	     true,
	     true,
	     false,
	     "without an UploadId"},
	    {{.part = LOST}, "CPPD", LC_RETRY_AGAIN, true, true, false, "bucket logs, key a key: "},
	    {{.part = FAILURE("503 No", "SlowDown")},
	     "CPPD",
	     LC_RETRY_AGAIN,
	     true,
	     true,
	     false,
	     "PUT logs/a key: HTTP 503 SlowDown"},
	    {{.part = FAILURE("404 No", "NoSuchUpload")},
	     "CPPD",
	     LC_RETRY_AGAIN,
	     true,
	     true,
	     false,
	     "NoSuchUpload"},
	    {{.part = FAILURE("413 No", "EntityTooLarge"), .abort = LOST},
	     "CPPD",
	     LC_RETRY_WAIT,
	     true,
	     true,
	     false,
	     "EntityTooLarge"},
	    {{.part = ANSWER("200 OK", "", "")},
	     "CPPD",
	     LC_RETRY_WAIT,
	     true,
	     true,
	     false,
	     "without an ETag of the part"},
	    {{.part = ANSWER("200 OK", "ETag: \x01\r\n", "")},
	     "CPPD",
	     LC_RETRY_WAIT,
	     true,
	     true,
	     false,
	     "without an ETag of the part"},
	};

	expect_failures(*state, failures, sizeof(failures) / sizeof(failures[0]));
}

/* It may be stored, or be so in a moment, unless S3 has refused it: nothing is deleted then. */
static void what_puts_it_together_may_have_stored_it(void **state)
{
	static const struct failure failures[] = {
	    {{.complete = LOST}, "CPPPPPF", LC_RETRY_AGAIN, false, true, false, "bucket logs"},
	    {{.complete = FAILURE("500 No", "InternalError")},
	     "CPPPPPF",
	     LC_RETRY_AGAIN,
	     false,
	     true,
	     false,
	     "InternalError"},
	    {{.complete = FAILURE("200 OK", "InternalError")},
	     "CPPPPPF",
	     LC_RETRY_AGAIN,
	     false,
	     true,
	     false,
	     "HTTP 200, with InternalError"},
	    {{.complete = FAILURE("200 OK", "SomethingNew")},
	     "CPPPPPF",
	     LC_RETRY_AGAIN,
	     false,
	     true,
	     false,
	     "SomethingNew"},
	    {{.complete = ANSWER("200 OK", "", "OK")},
	     "CPPPPPF",
	     LC_RETRY_WAIT,
	     false,
	     true,
	     false,
	     "without a result"},
	    {{.complete = ANSWER("200 OK", "", "")},
	     "CPPPPPF",
	     LC_RETRY_WAIT,
	     false,
	     true,
	     false,
	     "without a result"},
	    {{.complete = FORBIDDEN}, "CPPPPPFD", LC_RETRY_WAIT, true, true, false, "HTTP 403"},
	    {{.complete = FAILURE("400 No", "EntityTooSmall")},
	     "CPPPPPFD",
	     LC_RETRY_WAIT,
	     true,
	     true,
	     false,
	     "EntityTooSmall"},
	    {{.complete = FAILURE("400 No", "InvalidPart")},
	     "CPPPPPFD",
	     LC_RETRY_AGAIN,
	     true,
	     true,
	     false,
	     "InvalidPart"},
	    {{.complete = FAILURE("409 No", "ConditionalRequestConflict")},
	     "CPPPPPFD",
	     LC_RETRY_AGAIN,
	     true,
	     true,
	     false,
	     "ConditionalRequestConflict"},
	};

	expect_failures(*state, failures, sizeof(failures) / sizeof(failures[0]));
}

#define GONE FAILURE("404 No", "NoSuchUpload")
#define PRECONDITION ANSWER("412 No", "x-amz-request-id: 1\r\nContent-Length: 0\r\n", "")

static void a_look_settles_what_an_answer_leaves_open(void **state)
{
	static const struct failure failures[] = {
	    /* Somebody on the way has sent it twice: the first one was taken. */
	    {{.complete = GONE, .head = THERE}, "CPPPPPFH", LC_RETRY_DONE, false, false, true, ""},
	    {{.complete = GONE}, "CPPPPPFH", LC_RETRY_AGAIN, false, false, false, "NoSuchUpload"},
	    {{.complete = GONE, .head = OTHER_THERE},
	     "CPPPPPFH",
	     LC_RETRY_AGAIN,
	     false,
	     false,
	     false,
	     "NoSuchUpload"},
	    {{.complete = GONE, .head = FORBIDDEN},
	     "CPPPPPFH",
	     LC_RETRY_AGAIN,
	     false,
	     false,
	     false,
	     "NoSuchUpload"},
	    /* As Ceph says it. */
	    {{.complete = UNTAGGED, .head = THERE},
	     "CPPPPPFH",
	     LC_RETRY_DONE,
	     false,
	     false,
	     false,
	     ""},
	    {{.complete = UNTAGGED, .head = FORBIDDEN},
	     "CPPPPPFH",
	     LC_RETRY_DONE,
	     false,
	     false,
	     false,
	     ""},
	    {{.complete = UNTAGGED, .head = LOST},
	     "CPPPPPFH",
	     LC_RETRY_DONE,
	     false,
	     false,
	     false,
	     ""},
	    {{.complete = UNTAGGED}, "CPPPPPFH", LC_RETRY_WAIT, false, false, false, "it is not"},
	    {{.complete = UNTAGGED, .head = OTHER_THERE},
	     "CPPPPPFH",
	     LC_RETRY_WAIT,
	     false,
	     false,
	     false,
	     "not whole"},
	    /* The condition. */
	    {{.complete = PRECONDITION, .head = THERE},
	     "CPPPPPFHD",
	     LC_RETRY_DONE,
	     true,
	     true,
	     true,
	     ""},
	    {{.complete = PRECONDITION, .complete_plain = COMPLETED},
	     "CPPPPPFHF",
	     LC_RETRY_DONE,
	     false,
	     false,
	     false,
	     ""},
	    {{.complete = FAILURE("501 No", "NotImplemented"), .complete_plain = COMPLETED},
	     "CPPPPPFF",
	     LC_RETRY_DONE,
	     false,
	     false,
	     false,
	     ""},
	    {{.complete = FAILURE("501 No", "NotImplemented"), .complete_plain = FORBIDDEN},
	     "CPPPPPFF",
	     LC_RETRY_WAIT,
	     false,
	     true,
	     false,
	     "HTTP 403"},
	};

	expect_failures(*state, failures, sizeof(failures) / sizeof(failures[0]));
}

/* ---- leftovers ---- */

#define LISTED(uploads) \
	ANSWER("200 OK", "", "<ListMultipartUploadsResult>" uploads "</ListMultipartUploadsResult>")
#define UPLOAD(key, id) "<Upload><Key>" key "</Key><UploadId>" id "</UploadId></Upload>"
#define PARTS(parts)         \
	ANSWER("200 OK", "", \
	       "<ListPartsResult><IsTruncated>false</IsTruncated>" parts "</ListPartsResult>")
#define FIRST_PART \
	"<Part><PartNumber>1</PartNumber><ETag>&quot;p1&quot;</ETag><Size>4985</Size></Part>"
#define LAST_PART \
	"<Part><PartNumber>2</PartNumber><ETag>&quot;p2&quot;</ETag><Size>4980015</Size></Part>"
#define OURS UPLOAD("a%20key", "old")

static void without_leftovers_the_object_is_looked_for(void **state)
{
	struct put_world *world = *state;
	const struct service there = {.head = THERE};

	world->look_first = true;
	put(world, &S3);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_string_equal(seen.steps, "LHCPPPPPF");
	assert_non_null(strstr(seen.queries, "/logs/?encoding-type=url&max-uploads=20&"
					     "prefix=a%20key&uploads=\n"));
	put(world, &there);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_true(world->answer.was_there);
	assert_string_equal(seen.steps, "LH");
}

static void leftovers_that_lack_parts_are_deleted(void **state)
{
	struct put_world *world = *state;
	const struct service service = {.list = LISTED(UPLOAD("a%20key", "one") UPLOAD(
					    "a%20keys", "another") UPLOAD("a%20key", "two")),
					.parts = PARTS(FIRST_PART)};

	world->look_first = true;
	put(world, &service);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_string_equal(seen.steps, "LGDGDHCPPPPPF");
	assert_non_null(strstr(seen.queries, "?max-parts=1000&uploadId=one\n/logs/a%20key?"
					     "uploadId=one\n/logs/a%20key?max-parts=1000&uploadId="
					     "two\n/logs/a%20key?uploadId=two\n"));
	assert_null(strstr(seen.queries, "another"));
}

/* S3 may be about to complete it: it must not be deleted, and need not be sent again. */
static void a_leftover_with_all_parts_is_completed(void **state)
{
	struct put_world *world = *state;
	struct service service = {.list = LISTED(OURS), .parts = PARTS(FIRST_PART LAST_PART)};

	world->look_first = true;
	put(world, &service);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_string_equal(seen.steps, "LGHF");
	assert_non_null(strstr(seen.queries, "/logs/a%20key?uploadId=old\n"));
	assert_non_null(strstr(seen.completion,
			       "<PartNumber>1</PartNumber><ETag>&quot;p1&quot;</ETag></Part><Part>"
			       "<PartNumber>2</PartNumber><ETag>&quot;p2&quot;</ETag>"));
	/* It was completed meanwhile. */
	service.complete = GONE;
	service.head = THERE;
	put(world, &service);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_string_equal(seen.steps, "LGH");
	/* Nobody knows. */
	service.head = NULL;
	service.complete = FAILURE("500 No", "InternalError");
	put(world, &service);
	assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
	assert_string_equal(seen.steps, "LGHF");
	/* It cannot be completed. */
	service.complete = FAILURE("400 No", "InvalidPart");
	put(world, &service);
	assert_int_equal(world->answer.retry_class, LC_RETRY_AGAIN);
	assert_string_equal(seen.steps, "LGHFD");
}

static void of_what_is_not_understood_nothing_is_deleted(void **state)
{
	static const char *const parts[] = {
	    PARTS(FIRST_PART LAST_PART
		  "<Part><PartNumber>3</PartNumber><ETag>x</ETag><Size>1</Size></Part>"),
	    ANSWER("200 OK", "",
		   "<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>"),
	    ANSWER("200 OK", "", "OK"),
	    FORBIDDEN,
	    GONE,
	};
	struct put_world *world = *state;

	world->look_first = true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct service service = {.list = LISTED(OURS), .parts = parts[i]};

		put(world, &service);
		assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
		assert_string_equal(seen.steps, "LGHCPPPPPF");
	}
}

static void a_list_that_is_refused_holds_nothing_up(void **state)
{
	static const char *const lists[] = {
	    FORBIDDEN,
	    FAILURE("501 No", "NotImplemented"),
	    ANSWER("200 OK", "", "<html>"),
	};
	struct put_world *world = *state;

	world->look_first = true;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct service service = {.list = lists[i]};

		use_condition(world, LC_S3_CONDITIONAL_AUTO);
		put(world, &service);
		assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
		assert_string_equal(seen.steps, "LHCPPPPPF");
		assert_false(lc_s3_sees_leftovers(world->s3));
	}
}

/* With patience they go. */
static void what_passes_is_waited_for(void **state)
{
	static const struct failure failures[] = {
	    {{.list = LOST}, "L", LC_RETRY_AGAIN, true, false, false, "bucket logs"},
	    {{.list = FAILURE("503 No", "SlowDown")},
	     "L",
	     LC_RETRY_AGAIN,
	     true,
	     false,
	     false,
	     "GET logs/a key: HTTP 503 SlowDown"},
	    {{.list = LISTED(OURS), .parts = LOST},
	     "LG",
	     LC_RETRY_AGAIN,
	     true,
	     false,
	     false,
	     "bucket"},
	    {{.list = LISTED(OURS),
	      .parts = PARTS(FIRST_PART),
	      .abort = FAILURE("503 No", "SlowDown")},
	     "LGD",
	     LC_RETRY_AGAIN,
	     true,
	     false,
	     false,
	     "SlowDown"},
	    {{.head = LOST}, "LH", LC_RETRY_AGAIN, true, false, false, "bucket logs"},
	};
	struct put_world *world = *state;

	world->look_first = true;
	expect_failures(world, failures, sizeof(failures) / sizeof(failures[0]));
}

/* ---- cancelled ---- */

static struct lc_s3_put *cancelled;
static char cancelled_at;

static void cancel_instead(void *context, struct script_connection *connection,
			   const struct script_request *request)
{
	struct put_world *world = context;

	if (step_of(request) == cancelled_at && cancelled != NULL) {
		note(world, request, cancelled_at);
		seen.steps[strlen(seen.steps)] = cancelled_at;
		lc_loop_stop(world->loop);
		return;
	}
	serve(context, connection, request);
}

static void cancel_at(struct put_world *world, char step)
{
	forget(world, &S3);
	world->script = cancel_instead;
	cancelled_at = step;
	cancelled = put_world_start(world, "logs", "a key");
	lc_loop_run(world->loop);
	lc_s3_cancel(cancelled);
	cancelled = NULL;
	settle(world);
	assert_int_equal(world->done, 0);
}

static void what_is_cancelled_is_deleted_unless_s3_may_be_completing_it(void **state)
{
	struct put_world *world = *state;

	cancel_at(world, 'P');
	assert_string_equal(seen.steps, "CPD");
	cancel_at(world, 'C'); /* what it is called is not known */
	assert_string_equal(seen.steps, "C");
	cancel_at(world, 'F');
	assert_string_equal(seen.steps, "CPPPPPF");
}

static void a_client_that_ends_waits_for_nothing(void **state)
{
	struct put_world *world = *state;

	forget(world, &S3);
	world->script = cancel_instead;
	cancelled_at = 'P';
	cancelled = put_world_start(world, "logs", "a key");
	lc_loop_run(world->loop);
	lc_s3_free(world->s3);
	world->s3 = NULL;
	assert_int_equal(world->done, 0);
}

#define MULTIPART_STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    MULTIPART_STORY(parts_are_sent_and_then_put_together),
	    MULTIPART_STORY(
		the_object_s_headers_go_with_its_beginning_and_the_condition_with_its_end),
	    MULTIPART_STORY(content_md5_goes_with_each_part),
	    MULTIPART_STORY(any_size_has_its_parts),
	    MULTIPART_STORY(before_it_is_put_together_nothing_is_stored),
	    MULTIPART_STORY(what_puts_it_together_may_have_stored_it),
	    MULTIPART_STORY(a_look_settles_what_an_answer_leaves_open),
	    MULTIPART_STORY(without_leftovers_the_object_is_looked_for),
	    MULTIPART_STORY(leftovers_that_lack_parts_are_deleted),
	    MULTIPART_STORY(a_leftover_with_all_parts_is_completed),
	    MULTIPART_STORY(of_what_is_not_understood_nothing_is_deleted),
	    MULTIPART_STORY(a_list_that_is_refused_holds_nothing_up),
	    MULTIPART_STORY(what_passes_is_waited_for),
	    MULTIPART_STORY(what_is_cancelled_is_deleted_unless_s3_may_be_completing_it),
	    MULTIPART_STORY(a_client_that_ends_waits_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
