#include "clients/s3.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "clients/s3_exchange.h"
#include "clients/s3_headers.h"
#include "clients/s3_leftovers.h"
#include "clients/s3_multipart.h"
#include "formats/http_status.h"
#include "formats/s3_error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
	MAGIC = 0x70757433,
	QUERY_MAX = 8 * 1024,
	COMPLETION_MAX = 4 * 1024 * 1024,
	LENGTH_SIZE = 32,
	KEY_SHOWN_MAX = 160, /* so that there is room for what went wrong */
};

static const char CONTENT_TYPE[] = "text/plain";
static const char CONTENT_TYPE_XML[] = "application/xml";

/* What is done. */
enum step {
	STEP_CLEAN,    /* what former attempts have left in parts is looked for */
	STEP_LOOK,     /* HEAD: is the object there? */
	STEP_PUT,      /* PUT */
	STEP_PARTS,    /* the parts are sent */
	STEP_COMPLETE, /* POST: they become the object */
	STEP_CHECK,    /* HEAD: is the object there, as an answer to one of these two says? */
	STEP_PLAIN,    /* what lc_s3_ask is for, and nothing else */
};

/* An answer that a HEAD checks. */
enum claim {
	CLAIM_THERE,  /* it is there already */
	CLAIM_STORED, /* it is stored, but without an ETag */
	CLAIM_GONE,   /* the upload is not there any more: perhaps it was completed */
};

struct lc_s3_put {
	uint32_t magic;
	enum step step;
	struct lc_s3 *s3;
	TAILQ_ENTRY(lc_s3_put) all;
	/* One of these is set: what is under way. */
	struct lc_s3_exchange *exchange;
	struct lc_s3_leftovers *leftovers;
	struct lc_s3_multipart *multipart;

	const struct lc_s3_body *body;
	enum lc_s3_checksum checksum;
	struct lc_s3_headers headers; /* of a PUT or plain request, more than all requests have */
	uint64_t part_size;           /* 0: it is sent in one PUT */
	lc_s3_callback *callback;
	void *context;
	struct lc_view bucket; /* owned */
	struct lc_view key;    /* owned */
	char *bucket_text;     /* for people: what follows a zero byte is missing */
	char *key_text;
	uint64_t started_ms;
	struct lc_buffer query; /* of the request that is under way */

	/* a plain request */
	const char *method;
	size_t answer_max;
	void (*release)(void *context); /* when it is cancelled; may be NULL */

	bool conditional; /* sent with If-None-Match */
	bool plain;       /* sent again without, as the service answered as if it did not know it */
	bool doubt;       /* a sending before the last one may have been stored */
	/* the answer that is being checked */
	enum claim claim;
	struct lc_s3_answer claimed;
	bool claim_from_s3;

	/* in parts */
	struct lc_multipart upload;
	bool resumed;  /* by a former attempt, which may have asked S3 to complete it */
	bool in_doubt; /* S3 may be about to complete it: it must not be aborted */
	bool leftover; /* it may have been begun */
	struct lc_buffer completion;
	struct lc_view completion_piece;
	struct lc_s3_body completion_body;
};

TAILQ_HEAD(put_list, lc_s3_put);

struct lc_s3 {
	enum lc_s3_conditional conditional;
	struct lc_s3_service *service;
	uint64_t timeout_ms;
	struct put_list puts;
	unsigned aborts;     /* of these, that delete parts of others */
	bool closing;        /* nothing is begun any more */
	bool leftovers_told; /* the log says that leftovers cannot be looked for */
};

static void release_put(struct lc_s3_put *put)
{
	TAILQ_REMOVE(&put->s3->puts, put, all);
	lc_s3_leftovers_free(put->leftovers);
	lc_s3_multipart_free(put->multipart);
	lc_multipart_free(&put->upload);
	lc_buffer_free(&put->query);
	lc_buffer_free(&put->completion);
	lc_s3_headers_free(&put->headers);
	free(put->bucket_text);
	free(put->key_text);
	free(put);
}

static struct lc_s3_put *make(struct lc_s3 *s3, struct lc_view bucket, struct lc_view key,
			      const struct lc_s3_headers *headers)
{
	struct lc_s3_put *put = lc_memory_zero(1, sizeof(*put));

	put->magic = MAGIC;
	put->s3 = s3;
	lc_s3_headers_init(&put->headers);
	if (headers != NULL)
		lc_s3_headers_add_all(&put->headers, headers);
	put->bucket_text = lc_memory_copy_bytes(bucket.data, bucket.size);
	put->bucket = (struct lc_view){.data = put->bucket_text, .size = bucket.size};
	put->key_text = lc_memory_copy_bytes(key.data, key.size);
	put->key = (struct lc_view){.data = put->key_text, .size = key.size};
	put->started_ms = lc_clock_monotonic_ms();
	lc_multipart_init(&put->upload);
	lc_buffer_init(&put->query, QUERY_MAX);
	lc_buffer_init(&put->completion, COMPLETION_MAX);
	TAILQ_INSERT_TAIL(&s3->puts, put, all);
	return put;
}

static void abort_upload(const struct lc_s3_put *put);

/* The only place from which the callback runs. */
static void end(struct lc_s3_put *put, const struct lc_s3_answer *answer)
{
	struct lc_s3_answer told = *answer;

	told.elapsed_ms = lc_clock_monotonic_ms() - put->started_ms;
	told.leftover = put->leftover;
	if (put->step != STEP_PLAIN) {
		told.body = NULL;
		told.body_whole = false;
		told.date = NULL;
	}
	abort_upload(put);
	put->callback(put->context, &told);
	release_put(put);
}

uint64_t lc_s3_put_sent(const struct lc_s3_put *put)
{
	if (put->step == STEP_PARTS)
		return lc_s3_multipart_sent(put->multipart);
	if (put->step == STEP_PUT)
		return lc_s3_exchange_sent(put->exchange);
	return put->step == STEP_COMPLETE || put->step == STEP_CHECK ? put->body->size : 0;
}

/* Another conditional PUT of the object may be under way. */
static enum lc_retry_class class_of(const struct lc_s3_put *put, const struct lc_s3_answer *answer)
{
	if (put->conditional && answer->status == LC_HTTP_CONFLICT &&
	    strcmp(answer->code, "ConditionalRequestConflict") == 0)
		return LC_RETRY_AGAIN;
	return answer->retry_class;
}

/* The object is there (304: MinIO before 2024-04). */
static bool says_it_is_there(const struct lc_s3_put *put, unsigned status)
{
	return put->conditional &&
	       (status == LC_HTTP_PRECONDITION_FAILED || status == LC_HTTP_NOT_MODIFIED);
}

/* Services that do not know the condition say so in many ways: 501, 400, and even that there is no
 * such key. */
static bool condition_may_be_unknown(const struct lc_s3_put *put, const struct lc_s3_answer *answer)
{
	if (!put->conditional || put->s3->conditional == LC_S3_CONDITIONAL_ON)
		return false;
	if (answer->status == LC_HTTP_NOT_IMPLEMENTED ||
	    strcmp(answer->code, "NotImplemented") == 0)
		return true;
	return (answer->status == LC_HTTP_BAD_REQUEST || answer->status == LC_HTTP_NOT_FOUND) &&
	       answer->retry_class == LC_RETRY_WAIT && answer->scope == LC_RETRY_SCOPE_UNKNOWN;
}

static void go_on(struct lc_s3_put *put, enum step step);

/* Sends what makes the object. */
static void store(struct lc_s3_put *put)
{
	go_on(put, put->part_size == 0 ? STEP_PUT : STEP_COMPLETE);
}

static void send_again_plain(struct lc_s3_put *put, bool certain)
{
	put->plain = true;
	put->doubt = !certain;
	store(put);
}

/* Without the condition the PUT was taken. */
static void note_condition_unknown(struct lc_s3 *s3)
{
	if (s3->conditional != LC_S3_CONDITIONAL_AUTO)
		return;
	s3->conditional = LC_S3_CONDITIONAL_OFF;
	lc_log_say(LC_LOG_INFO,
		   "the S3 service does not support If-None-Match; uploads are sent without it");
}

/* ---- is it there? ---- */

static void end_as_there(struct lc_s3_put *put, unsigned status, bool certain)
{
	const struct lc_s3_answer answer = {.retry_class = LC_RETRY_DONE,
					    .certain = certain,
					    .was_there = true,
					    .status = status,
					    .code = ""};

	end(put, &answer);
}

static bool is_there(const struct lc_s3_reply *reply)
{
	return reply->answer.status == LC_HTTP_OK && reply->etag[0] != '\0';
}

/* Same key, same rows: what is there is ours. Its lines may differ when the limit of a row was
 * changed meanwhile. */
static bool has_our_size(const struct lc_s3_put *put, const struct lc_s3_reply *reply)
{
	char size[LENGTH_SIZE];

	snprintf(size, sizeof(size), "%" PRIu64, put->body->size);
	return strcmp(reply->length, size) == 0;
}

/* A look that is not allowed, or tells nothing, holds no PUT up. It stores nothing, either. */
static void on_look(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_put *put = context;

	put->exchange = NULL;
	if (reply->answer.status == 0) {
		struct lc_s3_answer answer = reply->answer;

		answer.certain = true;
		end(put, &answer);
	} else if (is_there(reply) && has_our_size(put, reply)) {
		end_as_there(put, reply->answer.status, true);
	} else if (put->part_size > 0 && put->upload.id[0] == '\0') {
		go_on(put, STEP_PARTS);
	} else {
		store(put);
	}
}

static void begin_check(struct lc_s3_put *put, enum claim claim, const struct lc_s3_reply *reply,
			const struct lc_s3_answer *answer)
{
	put->claim = claim;
	put->claim_from_s3 =
	    reply->etag[0] != '\0' || reply->from_s3 || reply->answer.code[0] != '\0';
	put->claimed = *answer;
	put->claimed.code = "";
	go_on(put, STEP_CHECK);
}

/* What was claimed does not hold: what answered is not S3. */
static void end_unfounded(struct lc_s3_put *put, const char *what)
{
	struct lc_s3_answer answer = put->claimed;

	answer.retry_class = LC_RETRY_WAIT;
	answer.scope = LC_RETRY_SCOPE_BUCKET;
	lc_error_set(&answer.error, LC_ERROR_CORRUPT, "PUT %s/%.*s: HTTP %u says that %s",
		     put->bucket_text, KEY_SHOWN_MAX, put->key_text, answer.status, what);
	end(put, &answer);
}

static void check_there(struct lc_s3_put *put, const struct lc_s3_reply *reply)
{
	bool there = is_there(reply);

	if (!there && (reply->answer.status == LC_HTTP_NOT_FOUND || !put->claim_from_s3)) {
		if (put->s3->conditional == LC_S3_CONDITIONAL_AUTO)
			send_again_plain(put, put->claimed.certain);
		else
			end_unfounded(put, "the object is there, but it is not: the server is not "
					   "S3, or does not support If-None-Match "
					   "(s3.conditional-put)");
		return;
	}
	if (there && !has_our_size(put, reply))
		lc_log(LC_LOG_WARNING,
		       "an object with the same key exists but has a different size; it is left as "
		       "it is",
		       LC_LOG_TEXT("bucket", put->bucket_text), LC_LOG_TEXT("key", put->key_text),
		       LC_LOG_TEXT("bytes", reply->length),
		       LC_LOG_UINT("expected_bytes", put->body->size));
	end_as_there(put, put->claimed.status, put->claimed.certain);
}

/* S3 has said so, in its own words: where the object may not be read, that has to do. */
static void check_stored(struct lc_s3_put *put, const struct lc_s3_reply *reply)
{
	struct lc_s3_answer answer = put->claimed;

	if (reply->answer.status == LC_HTTP_NOT_FOUND ||
	    (is_there(reply) && !has_our_size(put, reply))) {
		end_unfounded(put, "the object is stored, but it is not, or not whole");
		return;
	}
	answer.retry_class = LC_RETRY_DONE;
	end(put, &answer);
}

static void check_gone(struct lc_s3_put *put, const struct lc_s3_reply *reply)
{
	if (is_there(reply) && has_our_size(put, reply))
		end_as_there(put, put->claimed.status, false);
	else
		end(put, &put->claimed);
}

static void on_check(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_put *put = context;

	put->exchange = NULL;
	if (put->claim == CLAIM_THERE)
		check_there(put, reply);
	else if (put->claim == CLAIM_STORED)
		check_stored(put, reply);
	else
		check_gone(put, reply);
}

/* ---- the answer to what makes the object ---- */

static void end_stored(struct lc_s3_put *put, const struct lc_s3_answer *answer)
{
	if (put->plain)
		note_condition_unknown(put->s3);
	end(put, answer);
}

/* What both have in common, unless they succeed. */
static void on_refused(struct lc_s3_put *put, const struct lc_s3_reply *reply,
		       struct lc_s3_answer *answer)
{
	answer->retry_class = class_of(put, answer);
	if (says_it_is_there(put, answer->status))
		begin_check(put, CLAIM_THERE, reply, answer);
	else if (condition_may_be_unknown(put, answer))
		send_again_plain(put, answer->certain);
	else
		end(put, answer);
}

static void on_put(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_put *put = context;
	struct lc_s3_answer answer = reply->answer;

	put->exchange = NULL;
	answer.certain = answer.certain && !put->doubt;
	if (answer.retry_class != LC_RETRY_DONE) {
		on_refused(put, reply, &answer);
		return;
	}
	if (reply->etag[0] == '\0') {
		answer.retry_class = LC_RETRY_WAIT;
		answer.scope = LC_RETRY_SCOPE_BUCKET;
		lc_error_set(&answer.error, LC_ERROR_CORRUPT,
			     "PUT %s/%.*s: HTTP %u without an ETag: the server is not S3",
			     put->bucket_text, KEY_SHOWN_MAX, put->key_text, answer.status);
	}
	end_stored(put, &answer);
}

/* ---- in parts ---- */

static void end_abort(void *context)
{
	struct lc_s3 *s3 = context;

	s3->aborts--;
}

static void on_aborted(void *context, const struct lc_s3_answer *answer)
{
	if (answer->retry_class != LC_RETRY_DONE && answer->status != LC_HTTP_NOT_FOUND)
		lc_log(LC_LOG_INFO,
		       "the parts of an upload that was given up were not deleted; they are looked "
		       "for before it is repeated",
		       LC_LOG_FAULT(&answer->error));
	end_abort(context);
}

/* Cleans up after an attempt that ends. */
static void abort_upload(const struct lc_s3_put *put)
{
	struct lc_s3_request request = {
	    .method = "DELETE", .bucket = put->bucket, .key = put->key, .release = end_abort};
	struct lc_buffer query;

	if (put->upload.id[0] == '\0' || put->in_doubt || put->s3->closing)
		return;
	lc_buffer_init(&query, QUERY_MAX);
	lc_multipart_append_id(&put->upload, &query);
	request.query = lc_buffer_view(&query);
	put->s3->aborts++;
	(void)lc_s3_ask(put->s3, &request, on_aborted, put->s3);
	lc_buffer_free(&query);
}

static void on_cleaned(void *context, const struct lc_s3_answer *failure)
{
	struct lc_s3_put *put = context;

	if (failure != NULL) {
		end(put, failure);
		return;
	}
	put->resumed = put->in_doubt = put->upload.id[0] != '\0';
	lc_s3_leftovers_free(put->leftovers);
	put->leftovers = NULL;
	go_on(put, STEP_LOOK);
}

static void on_parts(void *context, const struct lc_s3_answer *failure)
{
	struct lc_s3_put *put = context;

	if (failure != NULL) {
		put->leftover = failure->leftover;
		end(put, failure);
	} else {
		lc_s3_multipart_free(put->multipart);
		put->multipart = NULL;
		store(put);
	}
}

static void describe_failed_completion(const struct lc_s3_put *put,
				       enum lc_multipart_completion completion,
				       const struct lc_s3_error *error, struct lc_s3_answer *answer)
{
	if (completion == LC_MULTIPART_FAILED) {
		answer->code = error->code;
		answer->retry_class =
		    lc_retry_classify_s3(LC_HTTP_INTERNAL_SERVER_ERROR, error->code, NULL);
		answer->scope = lc_retry_scope_s3(LC_HTTP_INTERNAL_SERVER_ERROR, error->code);
		lc_error_set(&answer->error, LC_ERROR_REFUSED, "POST %s/%.*s: HTTP %u, with %s: %s",
			     put->bucket_text, KEY_SHOWN_MAX, put->key_text, answer->status,
			     error->code, error->message);
	} else {
		answer->retry_class = LC_RETRY_WAIT;
		answer->scope = LC_RETRY_SCOPE_BUCKET;
		lc_error_set(&answer->error, LC_ERROR_CORRUPT,
			     "POST %s/%.*s: HTTP %u without a result: the server is not S3",
			     put->bucket_text, KEY_SHOWN_MAX, put->key_text, answer->status);
	}
}

/* Status 200, which S3 may have sent before it knew. */
static void on_result(struct lc_s3_put *put, const struct lc_s3_reply *reply,
		      struct lc_s3_answer *answer)
{
	struct lc_s3_error error;
	enum lc_multipart_completion completion =
	    lc_multipart_read_completed(lc_buffer_view(reply->answer.body), &error);

	if (completion == LC_MULTIPART_COMPLETED || completion == LC_MULTIPART_UNTAGGED) {
		put->upload.id[0] = '\0';
		put->leftover = false;
	}
	if (completion == LC_MULTIPART_COMPLETED) {
		end_stored(put, answer);
	} else if (completion == LC_MULTIPART_UNTAGGED) {
		begin_check(put, CLAIM_STORED, reply, answer);
	} else {
		describe_failed_completion(put, completion, &error, answer);
		end(put, answer);
	}
}

static void on_completed(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_put *put = context;
	struct lc_s3_answer answer = reply->answer;

	put->exchange = NULL;
	answer.certain = answer.certain && !put->doubt;
	if (answer.retry_class == LC_RETRY_DONE) {
		on_result(put, reply, &answer);
	} else if (strcmp(answer.code, "NoSuchUpload") == 0) {
		put->upload.id[0] = '\0';
		put->leftover = false;
		answer.certain = false;
		begin_check(put, CLAIM_GONE, reply, &answer);
	} else {
		/* Refused, or never sent: S3 is not about to complete it. */
		if (answer.certain)
			put->in_doubt = answer.status == 0 && put->resumed;
		on_refused(put, reply, &answer);
	}
}

static void prepare_completion(struct lc_s3_put *put)
{
	lc_buffer_clear(&put->completion);
	lc_multipart_append_completion(&put->upload, &put->completion);
	LC_ASSERT(!lc_buffer_failed(&put->completion));
	put->completion_piece = lc_buffer_view(&put->completion);
	put->completion_body = (struct lc_s3_body){
	    .pieces = &put->completion_piece, .piece_count = 1, .size = put->completion_piece.size};
	put->in_doubt = true;
}

/* ---- the answer to what makes no object ---- */

static void on_plain(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_put *put = context;

	put->exchange = NULL;
	end(put, &reply->answer);
}

/* ---- the steps ---- */

/* Those that are one request; the method of a plain one is its own. */
static const struct {
	const char *method;
	lc_s3_exchange_callback *callback;
} REQUESTS[] = {
    [STEP_LOOK] = {"HEAD", on_look},          [STEP_PUT] = {"PUT", on_put},
    [STEP_COMPLETE] = {"POST", on_completed}, [STEP_CHECK] = {"HEAD", on_check},
    [STEP_PLAIN] = {NULL, on_plain},
};

static uint64_t deadline_of(const struct lc_s3_put *put)
{
	return put->started_ms + put->s3->timeout_ms;
}

static void describe_plain(const struct lc_s3_put *put, struct lc_s3_exchange_spec *spec)
{
	spec->method = put->method;
	spec->whole_bucket = put->key.size == 0;
	spec->query = lc_buffer_view(&put->query);
	spec->headers = &put->headers;
	spec->answer_max = put->answer_max;
}

static void describe_put(const struct lc_s3_put *put, struct lc_s3_exchange_spec *spec)
{
	spec->body = put->body;
	spec->checksum = put->checksum;
	spec->headers = &put->headers;
}

static void describe_completion(struct lc_s3_put *put, struct lc_s3_exchange_spec *spec)
{
	prepare_completion(put);
	lc_buffer_clear(&put->query);
	lc_multipart_append_id(&put->upload, &put->query);
	spec->query = lc_buffer_view(&put->query);
	spec->body = &put->completion_body;
	spec->content_type = CONTENT_TYPE_XML;
}

static void send_request(struct lc_s3_put *put)
{
	struct lc_s3_exchange_spec spec = {
	    .method = REQUESTS[put->step].method,
	    .bucket = put->bucket,
	    .key = put->key,
	    .content_type = CONTENT_TYPE,
	    .deadline_ms = deadline_of(put),
	};

	if (put->step == STEP_PLAIN)
		describe_plain(put, &spec);
	else if (put->step == STEP_PUT)
		describe_put(put, &spec);
	else if (put->step == STEP_COMPLETE)
		describe_completion(put, &spec);
	if (spec.body != NULL) {
		spec.size = spec.body->size;
		put->conditional = !put->plain && put->s3->conditional != LC_S3_CONDITIONAL_OFF;
		spec.if_none_match = put->conditional;
	}
	put->exchange =
	    lc_s3_exchange_start(put->s3->service, &spec, REQUESTS[put->step].callback, put);
}

static void clean(struct lc_s3_put *put)
{
	const struct lc_s3_leftovers_spec spec = {
	    .service = put->s3->service,
	    .bucket = put->bucket,
	    .key = put->key,
	    .size = put->body->size,
	    .checksum = put->checksum,
	    .content_type = CONTENT_TYPE,
	    .deadline_ms = deadline_of(put),
	    .told = &put->s3->leftovers_told,
	};

	put->leftovers = lc_s3_leftovers_start(&spec, &put->upload, on_cleaned, put);
}

static void send_parts(struct lc_s3_put *put)
{
	const struct lc_s3_multipart_spec spec = {
	    .service = put->s3->service,
	    .bucket = put->bucket,
	    .key = put->key,
	    .body = put->body,
	    .part_size = put->part_size,
	    .checksum = put->checksum,
	    .headers = &put->headers,
	    .content_type = CONTENT_TYPE,
	    .deadline_ms = deadline_of(put),
	};

	put->leftover = true;
	put->multipart = lc_s3_multipart_start(&spec, &put->upload, on_parts, put);
}

static void go_on(struct lc_s3_put *put, enum step step)
{
	put->step = step;
	if (step == STEP_CLEAN)
		clean(put);
	else if (step == STEP_PARTS)
		send_parts(put);
	else
		send_request(put);
}

struct lc_s3_put *lc_s3_put(struct lc_s3 *s3, const struct lc_s3_put_spec *spec,
			    lc_s3_callback *callback, void *context)
{
	struct lc_s3_put *put = make(s3, spec->bucket, spec->key, spec->headers);
	bool parts = spec->part_size > 0;

	LC_ASSERT(!parts || spec->body->size > 0);
	put->body = spec->body;
	put->checksum = spec->checksum;
	put->part_size = spec->part_size;
	put->callback = callback;
	put->context = context;
	if (spec->look_first)
		go_on(put, parts ? STEP_CLEAN : STEP_LOOK);
	else
		go_on(put, parts ? STEP_PARTS : STEP_PUT);
	return put;
}

struct lc_s3_put *lc_s3_ask(struct lc_s3 *s3, const struct lc_s3_request *request,
			    lc_s3_callback *callback, void *context)
{
	struct lc_s3_put *put = make(s3, request->bucket, request->key, request->headers);

	put->method = request->method;
	lc_buffer_append_view(&put->query, request->query);
	LC_ASSERT(!lc_buffer_failed(&put->query));
	put->answer_max = request->answer_max;
	put->release = request->release;
	put->callback = callback;
	put->context = context;
	go_on(put, STEP_PLAIN);
	return put;
}

struct lc_s3_put *lc_s3_delete(struct lc_s3 *s3, struct lc_view bucket, struct lc_view key,
			       lc_s3_callback *callback, void *context)
{
	const struct lc_s3_request request = {.method = "DELETE", .bucket = bucket, .key = key};

	LC_ASSERT(key.size > 0);
	return lc_s3_ask(s3, &request, callback, context);
}

void lc_s3_cancel(struct lc_s3_put *put)
{
	LC_ASSERT_MAGIC(put, MAGIC);
	LC_ASSERT(put->exchange != NULL || put->leftovers != NULL || put->multipart != NULL);
	if (put->exchange != NULL)
		lc_s3_exchange_cancel(put->exchange);
	lc_s3_multipart_free(put->multipart);
	put->multipart = NULL;
	abort_upload(put);
	if (put->release != NULL)
		put->release(put->context);
	release_put(put);
}

bool lc_s3_sees_leftovers(const struct lc_s3 *s3)
{
	return !s3->leftovers_told;
}

bool lc_s3_aborting(const struct lc_s3 *s3)
{
	return s3->aborts > 0;
}

struct lc_s3 *lc_s3_new(struct lc_loop *loop, struct lc_http *http,
			const struct lc_s3_options *options, struct lc_error *error)
{
	struct lc_s3 *s3 = lc_memory_zero(1, sizeof(*s3));

	s3->timeout_ms = options->timeout_ms;
	s3->conditional = options->conditional;
	TAILQ_INIT(&s3->puts);
	s3->service = lc_s3_service_new(loop, http, options, error);
	if (s3->service == NULL) {
		lc_s3_free(s3);
		return NULL;
	}
	return s3;
}

void lc_s3_free(struct lc_s3 *s3)
{
	struct lc_s3_put *put;

	if (s3 == NULL)
		return;
	s3->closing = true;
	while ((put = TAILQ_FIRST(&s3->puts)) != NULL) {
		lc_s3_cancel(put);
		LC_ASSERT(TAILQ_FIRST(&s3->puts) != put);
	}
	lc_s3_service_free(s3->service);
	free(s3);
}
