#include "clients/s3.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/prefetch.h"
#include "clients/s3_address.h"
#include "clients/s3_headers.h"
#include "formats/checksum.h"
#include "formats/http_status.h"
#include "formats/s3_error.h"
#include "formats/sigv4.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
	MAGIC = 0x70757433,
	BODY_MAX = 64 * 1024,
	ADDRESS_MAX = 16 * 1024,
	QUERY_MAX = 8 * 1024,
	DATE_SIZE = 64,
	LOCATION_SIZE = 128,
	LENGTH_SIZE = 32,
	PREFETCH_MAX = 1024, /* bytes; what follows comes by itself */
	KEY_SHOWN_MAX = 160, /* so that there is room for what went wrong */
};

static const char CONTENT_TYPE[] = "text/plain";

/* How the names of S3's own headers begin. */
static const char AMZ[] = "x-amz-";
enum { AMZ_SIZE = sizeof(AMZ) - 1 };

/* Where the next byte of a body lies. */
struct cursor {
	size_t piece;
	size_t offset; /* in the piece */
};

/* What is asked. */
enum step {
	STEP_LOOK,  /* HEAD: is the object there? */
	STEP_PUT,   /* PUT */
	STEP_CHECK, /* HEAD, after a PUT was refused because the object is there: is it? */
	STEP_PLAIN, /* put->method, and nothing else */
};

static const char *const METHODS[] = {
    [STEP_LOOK] = "HEAD",
    [STEP_PUT] = "PUT",
    [STEP_CHECK] = "HEAD",
};

struct lc_s3_put {
	uint32_t magic;
	enum step step;
	struct lc_s3 *s3;
	TAILQ_ENTRY(lc_s3_put) all;
	struct lc_http_request *request; /* NULL when the name made it impossible */
	struct lc_loop_timer *refusal_timer;
	enum lc_s3_address_fault unaddressable;
	struct lc_error refusal;

	const struct lc_s3_body *body;
	enum lc_s3_checksum checksum;
	struct lc_s3_headers headers;   /* of a PUT or plain request, more than all requests have */
	const char *method;             /* of a plain request */
	struct lc_buffer query;         /* of a plain request, canonical */
	void (*release)(void *context); /* of a plain request that is cancelled; may be NULL */
	struct cursor cursor;
	uint64_t sent; /* bytes before the cursor */
	lc_s3_callback *callback;
	void *context;
	struct lc_view bucket; /* owned */
	char *bucket_text;     /* for people: what follows a zero byte is missing */
	char *key;
	size_t key_size;
	uint64_t elapsed_ms;              /* of all steps */
	struct lc_credentials_wait *wait; /* NULL: it does not wait for credentials */
	uint64_t generation;              /* of those that it was signed with last */
	bool renewed;                     /* others were looked for, since those were refused */
	/* the last answer */
	struct lc_buffer answer;      /* the first bytes of its body */
	bool answer_cut;              /* there were more */
	char date[DATE_SIZE];         /* its Date header */
	char location[LOCATION_SIZE]; /* where it sends us, cut; or empty */
	char length[LENGTH_SIZE];     /* its Content-Length, cut; or empty */
	bool has_etag;
	bool from_s3; /* it has a header that only S3 services send */

	bool conditional; /* sent with If-None-Match */
	bool plain;       /* sent again without, as the service answered as if it did not know it */
	bool doubt;       /* a sending before the last one may have been stored */
	/* the refusal that is being checked */
	unsigned there_status;
	bool there_certain;
	bool there_from_s3;
};

TAILQ_HEAD(put_list, lc_s3_put);

/* Where a request is put together, one after the other. */
struct workbench {
	struct lc_buffer host; /* encoded, as the path */
	struct lc_buffer path;
	struct lc_buffer url;
	struct lc_buffer authorization;
	struct lc_s3_headers headers;
};

struct lc_s3 {
	enum lc_s3_conditional conditional;
	struct lc_loop *loop;
	struct lc_http *http;
	char *endpoint_text;
	struct lc_s3_endpoint endpoint; /* views of endpoint_text */
	enum lc_s3_addressing addressing;
	uint64_t timeout_ms;
	uint64_t stall_timeout_ms;
	char *region;
	struct lc_credentials_provider *credentials;
	struct lc_sigv4_hash *hash; /* of bodies, one after the other */
	struct lc_sigv4_signer signer;
	struct lc_view session_token; /* of the credentials that the signer has */
	uint64_t generation;          /* of these; 0: it has none */
	int64_t clock_offset_seconds; /* the server's clock minus ours */
	struct workbench bench;
	struct put_list puts;
};

static void clear_bench(struct workbench *bench)
{
	lc_buffer_clear(&bench->host);
	lc_buffer_clear(&bench->path);
	lc_buffer_clear(&bench->url);
	lc_buffer_clear(&bench->authorization);
	lc_s3_headers_clear(&bench->headers);
}

static void init_bench(struct workbench *bench)
{
	lc_buffer_init(&bench->host, ADDRESS_MAX);
	lc_buffer_init(&bench->path, ADDRESS_MAX);
	lc_buffer_init(&bench->url, ADDRESS_MAX);
	lc_buffer_init(&bench->authorization, ADDRESS_MAX);
	lc_s3_headers_init(&bench->headers);
}

static void free_bench(struct workbench *bench)
{
	lc_buffer_free(&bench->host);
	lc_buffer_free(&bench->path);
	lc_buffer_free(&bench->url);
	lc_buffer_free(&bench->authorization);
	lc_s3_headers_free(&bench->headers);
}

static void release(struct lc_s3_put *put)
{
	TAILQ_REMOVE(&put->s3->puts, put, all);
	lc_loop_timer_free(put->refusal_timer);
	if (put->wait != NULL)
		lc_credentials_provider_cancel(put->wait);
	lc_buffer_free(&put->answer);
	lc_buffer_free(&put->query);
	lc_s3_headers_free(&put->headers);
	free(put->bucket_text);
	free(put->key);
	free(put);
}

/* The only place from which the callback runs. */
static void end(struct lc_s3_put *put, const struct lc_s3_answer *answer)
{
	put->request = NULL;
	put->callback(put->context, answer);
	release(put);
}

static void on_refusal_timer(void *context)
{
	struct lc_s3_put *put = context;
	struct lc_s3_answer answer = {
	    .retry_class = LC_RETRY_WAIT,
	    .scope = put->unaddressable == LC_S3_ADDRESS_BAD_BUCKET ? LC_RETRY_SCOPE_BUCKET
								    : LC_RETRY_SCOPE_PREFIX,
	    .certain = true,
	    .code = "",
	    .error = put->refusal,
	};

	end(put, &answer);
}

static void on_header(void *context, struct lc_view name, struct lc_view value)
{
	struct lc_s3_put *put = context;

	if (lc_view_equal(name, lc_view_of("date")) && value.size < sizeof(put->date)) {
		memcpy(put->date, value.data, value.size);
		put->date[value.size] = '\0';
	} else if (lc_view_equal(name, lc_view_of("location"))) {
		snprintf(put->location, sizeof(put->location), "%.*s", (int)value.size, value.data);
	} else if (lc_view_equal(name, lc_view_of("content-length"))) {
		snprintf(put->length, sizeof(put->length), "%.*s", (int)value.size, value.data);
	} else if (lc_view_equal(name, lc_view_of("etag"))) {
		put->has_etag = true;
	} else if (name.size > AMZ_SIZE && memcmp(name.data, AMZ, AMZ_SIZE) == 0) {
		put->from_s3 = true;
	}
}

static void on_body(void *context, struct lc_view piece)
{
	struct lc_s3_put *put = context;
	size_t room = put->answer.cap - put->answer.size;

	put->answer_cut = put->answer_cut || piece.size > room;
	lc_buffer_append(&put->answer, piece.data, piece.size < room ? piece.size : room);
}

static size_t read_body(void *context, char *place, size_t room)
{
	struct lc_s3_put *put = context;
	size_t filled = 0;

	while (filled < room && put->cursor.piece < put->body->piece_count) {
		struct lc_view piece = put->body->pieces[put->cursor.piece];
		size_t size = piece.size - put->cursor.offset;

		if (size > room - filled)
			size = room - filled;
		if (size > 0)
			memcpy(place + filled, piece.data + put->cursor.offset, size);
		filled += size;
		put->cursor.offset += size;
		if (put->cursor.offset == piece.size)
			put->cursor = (struct cursor){.piece = put->cursor.piece + 1};
	}
	put->sent += filled;
	return filled;
}

static void address_and_send(struct lc_s3_put *put);

static void rewind_body(void *context)
{
	struct lc_s3_put *put = context;

	put->cursor = (struct cursor){.piece = 0};
	put->sent = 0;
}

uint64_t lc_s3_put_sent(const struct lc_s3_put *put)
{
	return put->sent;
}

/* The server finds our signing time too far from its own: we sign by its clock from now on. */
static void follow_clock(struct lc_s3_put *put)
{
	time_t theirs = curl_getdate(put->date, NULL);

	if (theirs != (time_t)-1)
		put->s3->clock_offset_seconds = (int64_t)theirs - lc_clock_wall_ms() / 1000;
}

static const char *method_of(const struct lc_s3_put *put)
{
	return put->step == STEP_PLAIN ? put->method : METHODS[put->step];
}

static void describe_refusal(const struct lc_s3_put *put, unsigned status,
			     const struct lc_s3_error *parsed, struct lc_error *error)
{
	const char *colon = parsed->message[0] == '\0' ? "" : ": ";
	const char *to = put->location[0] == '\0' ? "" : ", to ";

	if (parsed->code[0] == '\0')
		lc_error_set(error, LC_ERROR_REFUSED,
			     "%s %s/%.*s: HTTP %u without an S3 error code%s%s", method_of(put),
			     put->bucket_text, KEY_SHOWN_MAX, put->key, status, to, put->location);
	else
		lc_error_set(error, LC_ERROR_REFUSED, "%s %s/%.*s: HTTP %u %s%s%s%s%s",
			     method_of(put), put->bucket_text, KEY_SHOWN_MAX, put->key, status,
			     parsed->code, colon, parsed->message, to, put->location);
}

/* Another conditional PUT of the object may be under way. */
static enum lc_retry_class classify(const struct lc_s3_put *put, unsigned status, const char *code,
				    bool *certain)
{
	enum lc_retry_class retry_class = lc_retry_classify_s3(status, code, certain);

	if (put->conditional && status == LC_HTTP_CONFLICT &&
	    strcmp(code, "ConditionalRequestConflict") == 0)
		return LC_RETRY_AGAIN;
	return retry_class;
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

static void go_on(struct lc_s3_put *put, enum step step)
{
	put->step = step;
	put->has_etag = false;
	put->from_s3 = false;
	put->date[0] = '\0';
	put->location[0] = '\0';
	put->length[0] = '\0';
	lc_buffer_clear(&put->answer);
	put->answer_cut = false;
	if (step == STEP_PUT)
		rewind_body(put);
	address_and_send(put);
}

static void send_again_plain(struct lc_s3_put *put, bool certain)
{
	put->plain = true;
	put->doubt = !certain;
	go_on(put, STEP_PUT);
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

static void describe(struct lc_s3_put *put, const struct lc_http_response *response,
		     const struct lc_s3_error *parsed, struct lc_s3_answer *answer)
{
	if (answer->status == 0) {
		answer->error = response->error;
		lc_error_prefix(&answer->error, "bucket %s, key %.*s", put->bucket_text,
				KEY_SHOWN_MAX, put->key);
	} else if (answer->retry_class != LC_RETRY_DONE) {
		describe_refusal(put, answer->status, parsed, &answer->error);
	} else if (!put->has_etag) {
		answer->retry_class = LC_RETRY_WAIT;
		answer->scope = LC_RETRY_SCOPE_BUCKET;
		lc_error_set(&answer->error, LC_ERROR_CORRUPT,
			     "PUT %s/%.*s: HTTP %u without an ETag: the server is not S3",
			     put->bucket_text, KEY_SHOWN_MAX, put->key, answer->status);
	}
}

/* ---- is it there? ---- */

static void end_as_there(struct lc_s3_put *put, unsigned status, bool certain)
{
	const struct lc_s3_answer answer = {.retry_class = LC_RETRY_DONE,
					    .certain = certain,
					    .was_there = true,
					    .status = status,
					    .code = "",
					    .elapsed_ms = put->elapsed_ms};

	end(put, &answer);
}

/* Same key, same rows: what is there is ours. Its lines may differ when the limit of a row was
 * changed meanwhile. */
static bool has_our_size(const struct lc_s3_put *put)
{
	char size[LENGTH_SIZE];

	snprintf(size, sizeof(size), "%" PRIu64, put->body->size);
	return strcmp(put->length, size) == 0;
}

/* A look that is not allowed, or tells nothing, holds no PUT up. */
static void on_look_done(struct lc_s3_put *put, const struct lc_http_response *response)
{
	struct lc_s3_error none = {.code = ""};
	struct lc_s3_answer answer = {.retry_class = LC_RETRY_AGAIN,
				      .scope = LC_RETRY_SCOPE_BUCKET,
				      .certain = response->sends == 0,
				      .code = "",
				      .elapsed_ms = put->elapsed_ms};

	if (!response->complete) {
		describe(put, response, &none, &answer);
		end(put, &answer);
	} else if (response->status == LC_HTTP_OK && put->has_etag && has_our_size(put)) {
		end_as_there(put, response->status, true);
	} else {
		go_on(put, STEP_PUT);
	}
}

static void begin_check(struct lc_s3_put *put, const struct lc_s3_answer *answer)
{
	put->there_status = answer->status;
	put->there_certain = answer->certain;
	put->there_from_s3 = put->has_etag || put->from_s3 || answer->code[0] != '\0';
	go_on(put, STEP_CHECK);
}

/* The condition has failed, and yet the object is not there, or what answered is not S3. */
static void end_unfounded(struct lc_s3_put *put)
{
	struct lc_s3_answer answer = {.retry_class = LC_RETRY_WAIT,
				      .scope = LC_RETRY_SCOPE_BUCKET,
				      .certain = put->there_certain,
				      .status = put->there_status,
				      .code = "",
				      .elapsed_ms = put->elapsed_ms};

	if (put->s3->conditional == LC_S3_CONDITIONAL_AUTO) {
		send_again_plain(put, put->there_certain);
		return;
	}
	lc_error_set(&answer.error, LC_ERROR_CORRUPT,
		     "PUT %s/%.*s: HTTP %u says that the object is there, but it is not: the "
		     "server is not S3, or does not support If-None-Match (s3.conditional-put)",
		     put->bucket_text, KEY_SHOWN_MAX, put->key, put->there_status);
	end(put, &answer);
}

static void on_check_done(struct lc_s3_put *put, const struct lc_http_response *response)
{
	unsigned status = response->complete ? response->status : 0;
	bool there = status == LC_HTTP_OK && put->has_etag;

	if (!there && (status == LC_HTTP_NOT_FOUND || !put->there_from_s3)) {
		end_unfounded(put);
		return;
	}
	if (there && !has_our_size(put))
		lc_log(LC_LOG_WARNING,
		       "an object with the same key exists but has a different size; it is left as "
		       "it is",
		       LC_LOG_TEXT("bucket", put->bucket_text), LC_LOG_TEXT("key", put->key),
		       LC_LOG_TEXT("bytes", put->length),
		       LC_LOG_UINT("expected_bytes", put->body->size));
	end_as_there(put, put->there_status, put->there_certain);
}

/* What is the same of all answers but those to a HEAD: status, code and what they speak of. The code
 * is valid as long as `parsed`. A status that did not come whole is 0. */
static struct lc_s3_answer read_answer(const struct lc_s3_put *put,
				       const struct lc_http_response *response,
				       struct lc_s3_error *parsed)
{
	unsigned status = response->complete ? response->status : 0;

	*parsed = (struct lc_s3_error){.code = ""};
	if (status >= 300)
		lc_s3_error_parse(lc_buffer_view(&put->answer), parsed);
	return (struct lc_s3_answer){
	    .status = status,
	    .code = parsed->code,
	    .scope = lc_retry_scope_s3(status, parsed->code),
	    .elapsed_ms = put->elapsed_ms,
	};
}

/* ---- credentials ---- */

static void end_without_credentials(struct lc_s3_put *put)
{
	struct lc_credentials_status status = lc_credentials_provider_status(put->s3->credentials);
	struct lc_s3_answer answer = {.retry_class = LC_RETRY_CREDENTIALS,
				      .scope = LC_RETRY_SCOPE_BUCKET,
				      .certain = !put->doubt,
				      .code = "",
				      .error = *status.error,
				      .elapsed_ms = put->elapsed_ms};

	lc_error_prefix(&answer.error, "no credentials to sign with");
	end(put, &answer);
}

static void on_credentials(void *context)
{
	struct lc_s3_put *put = context;

	put->wait = NULL;
	if (lc_credentials_provider_current(put->s3->credentials) != NULL)
		go_on(put, put->step);
	else
		end_without_credentials(put);
}

/* Does the answer refuse the credentials, or, their time having passed, perhaps them? */
static bool refuses_credentials(const struct lc_s3_put *put, const struct lc_s3_answer *answer)
{
	enum lc_fault fault = lc_retry_fault_s3(answer->code);

	return fault == LC_FAULT_S3_KEY || fault == LC_FAULT_S3_SIGNATURE ||
	       (fault == LC_FAULT_S3_RIGHTS &&
		lc_credentials_provider_expired(put->s3->credentials));
}

/* The answer refuses credentials that may be replaced. True if others are looked for now: the step
 * is then repeated. If they are refused again, their source is to blame, not the target. */
static bool look_for_others(struct lc_s3_put *put, struct lc_s3_answer *answer)
{
	if (!refuses_credentials(put, answer) ||
	    !lc_credentials_provider_may_change(put->s3->credentials))
		return false;
	if (put->renewed) {
		if (lc_retry_fault_s3(answer->code) != LC_FAULT_S3_SIGNATURE) {
			answer->retry_class = LC_RETRY_CREDENTIALS;
			answer->scope = LC_RETRY_SCOPE_BUCKET;
		}
		return false;
	}
	put->renewed = true;
	put->doubt = !answer->certain;
	put->wait = lc_credentials_provider_await(put->s3->credentials, put->generation,
						  on_credentials, put);
	return true;
}

/* Gives the signer the credentials that are to be signed with now. False if there are none. */
static bool update_signer(struct lc_s3 *s3)
{
	const struct lc_credentials *credentials = lc_credentials_provider_current(s3->credentials);
	uint64_t generation = lc_credentials_provider_generation(s3->credentials);

	if (credentials == NULL)
		return false;
	if (s3->generation == generation)
		return true;
	lc_sigv4_signer_clear(&s3->signer);
	lc_sigv4_signer_init(&s3->signer, lc_view_of(credentials->access_key_id),
			     lc_view_of(credentials->secret_access_key), lc_view_of(s3->region));
	s3->session_token = lc_view_of(credentials->session_token);
	s3->generation = generation;
	return true;
}

/* ---- the answer to a PUT ---- */

static void on_put_done(struct lc_s3_put *put, const struct lc_http_response *response)
{
	struct lc_s3_error parsed;
	struct lc_s3_answer answer = read_answer(put, response, &parsed);
	unsigned status = answer.status;

	answer.retry_class = classify(put, status, parsed.code, &answer.certain);
	/* A kept connection may have broken after the first sending was stored. */
	answer.certain =
	    !put->doubt && (response->sends == 0 || (answer.certain && response->sends == 1));
	if (says_it_is_there(put, status)) {
		begin_check(put, &answer);
		return;
	}
	if (look_for_others(put, &answer))
		return;
	if (condition_may_be_unknown(put, &answer)) {
		send_again_plain(put, answer.certain);
		return;
	}
	if (answer.retry_class == LC_RETRY_CLOCK)
		follow_clock(put);
	describe(put, response, &parsed, &answer);
	if (answer.retry_class == LC_RETRY_DONE && put->plain)
		note_condition_unknown(put->s3);
	end(put, &answer);
}

/* ---- the answer to what is no PUT ---- */

static void on_plain_done(struct lc_s3_put *put, const struct lc_http_response *response)
{
	struct lc_s3_error parsed;
	struct lc_s3_answer answer = read_answer(put, response, &parsed);
	unsigned status = answer.status;

	answer.retry_class = lc_retry_classify_s3(status, parsed.code, NULL);
	answer.certain = response->sends == 0;
	answer.body = &put->answer;
	answer.body_whole = response->framed && !put->answer_cut;
	answer.date = put->date;
	if (look_for_others(put, &answer))
		return;
	if (answer.retry_class == LC_RETRY_CLOCK)
		follow_clock(put);
	if (status == 0)
		answer.error = response->error;
	else if (answer.retry_class != LC_RETRY_DONE)
		describe_refusal(put, status, &parsed, &answer.error);
	end(put, &answer);
}

static void on_done(void *context, const struct lc_http_response *response)
{
	struct lc_s3_put *put = context;

	LC_ASSERT_MAGIC(put, MAGIC);
	put->request = NULL;
	put->elapsed_ms += response->elapsed_ms;
	switch (put->step) {
	case STEP_LOOK:
		on_look_done(put, response);
		break;
	case STEP_PUT:
		on_put_done(put, response);
		break;
	case STEP_CHECK:
		on_check_done(put, response);
		break;
	case STEP_PLAIN:
		on_plain_done(put, response);
		break;
	}
}

static const struct lc_http_callbacks CALLBACKS = {
    .on_header = on_header,
    .on_body = on_body,
    .read_body = read_body,
    .rewind_body = rewind_body,
    .on_done = on_done,
};

/* Lines lie in the order in which they came, and are hashed as they are sorted. */
static void prefetch(struct lc_view piece)
{
	lc_prefetch_to_read(piece.data, piece.size < PREFETCH_MAX ? piece.size : PREFETCH_MAX);
}

/* The hash of what is sent, which is signed, and its checksum, in one pass. */
static void hash_body(struct lc_sigv4_hash *hash, const struct lc_s3_body *body,
		      enum lc_s3_checksum kind, char hex[LC_SIGV4_HASH_HEX_SIZE],
		      char sum[LC_CHECKSUM_TEXT_SIZE])
{
	struct lc_checksum *checksum = lc_checksum_begin(kind);

	for (size_t i = 0; i < body->piece_count; i++) {
		if (i + 1 < body->piece_count)
			prefetch(body->pieces[i + 1]);
		lc_sigv4_hash_add(hash, body->pieces[i]);
		lc_checksum_add(checksum, body->pieces[i]);
	}
	lc_sigv4_hash_end(hash, hex);
	lc_checksum_end(checksum, hex, sum);
}

/* What is signed of this step, at this time. */
static void gather_headers(const struct lc_s3_put *put, struct lc_view host, const char *time_text,
			   char hash[LC_SIGV4_HASH_HEX_SIZE], struct lc_s3_headers *headers)
{
	static const struct lc_s3_body nothing = {.piece_count = 0};
	bool has_body = put->step == STEP_PUT;
	enum lc_s3_checksum checksum = has_body ? put->checksum : LC_S3_CHECKSUM_NONE;
	char sum[LC_CHECKSUM_TEXT_SIZE];

	hash_body(put->s3->hash, has_body ? put->body : &nothing, checksum, hash, sum);
	lc_s3_headers_add(headers, "content-type", lc_view_of(CONTENT_TYPE));
	lc_s3_headers_add(headers, "host", host);
	lc_s3_headers_add(headers, "x-amz-content-sha256", lc_view_of(hash));
	lc_s3_headers_add(headers, "x-amz-date", lc_view_of(time_text));
	lc_s3_headers_add(headers, "x-amz-security-token", put->s3->session_token);
	lc_s3_headers_add(headers, lc_checksum_header(checksum), lc_view_of(sum));
	if (has_body || put->step == STEP_PLAIN)
		lc_s3_headers_add_all(headers, &put->headers);
}

static void append_authorization(struct lc_s3_put *put, const struct lc_s3_headers *headers,
				 struct lc_view path, const char *hash, int64_t now,
				 struct lc_buffer *authorization)
{
	struct lc_sigv4_header to_sign[LC_S3_HEADERS_MAX];
	struct lc_sigv4_request request = {
	    .method = lc_view_of(method_of(put)),
	    .path = path,
	    .query = lc_buffer_view(&put->query),
	    .headers = to_sign,
	    .header_count = headers->count,
	    .payload_hash = lc_view_of(hash),
	    .time_seconds = now,
	};

	for (size_t i = 0; i < headers->count; i++)
		to_sign[i] = (struct lc_sigv4_header){lc_s3_headers_name(headers, i),
						      lc_s3_headers_value(headers, i)};
	put->generation = put->s3->generation;
	lc_sigv4_append_authorization(&put->s3->signer, &request, authorization);
}

static void start_request(struct lc_s3_put *put, const char *url,
			  const struct lc_s3_headers *headers)
{
	bool has_body = put->step == STEP_PUT;
	struct lc_http_header sent[LC_S3_HEADERS_MAX];
	struct lc_http_spec spec = {
	    .method = method_of(put),
	    .url = url,
	    .headers = sent,
	    .header_count = headers->count,
	    .body_from_callback = has_body,
	    .body_size = has_body ? put->body->size : 0,
	    .timeout_ms = put->s3->timeout_ms,
	    .stall_timeout_ms = put->s3->stall_timeout_ms,
	    .callbacks = &CALLBACKS,
	    .context = put,
	};

	for (size_t i = 0; i < headers->count; i++)
		sent[i] = (struct lc_http_header){lc_s3_headers_name(headers, i),
						  lc_s3_headers_value(headers, i)};
	put->request = lc_http_start(put->s3->http, &spec);
}

/* Signs and sends what has its address on the bench. */
static void send_step(struct lc_s3_put *put)
{
	struct workbench *bench = &put->s3->bench;
	int64_t now = lc_clock_wall_ms() / 1000 + put->s3->clock_offset_seconds;
	char hash[LC_SIGV4_HASH_HEX_SIZE];
	char time_text[LC_SIGV4_TIME_SIZE];

	lc_sigv4_format_time(now, time_text);
	gather_headers(put, lc_buffer_view(&bench->host), time_text, hash, &bench->headers);
	append_authorization(put, &bench->headers, lc_buffer_view(&bench->path), hash, now,
			     &bench->authorization);
	lc_s3_headers_add(&bench->headers, "authorization", lc_buffer_view(&bench->authorization));
	put->conditional =
	    put->step == STEP_PUT && !put->plain && put->s3->conditional != LC_S3_CONDITIONAL_OFF;
	if (put->conditional)
		lc_s3_headers_add(&bench->headers, "if-none-match", lc_view_of("*"));
	LC_ASSERT(lc_buffer_text(&bench->url) != NULL);
	start_request(put, lc_buffer_text(&bench->url), &bench->headers);
}

/* The host and the encoded path of what is asked for: an object, a bucket, or the service. */
static enum lc_s3_address_fault append_address(struct lc_s3_put *put, struct lc_buffer *host,
					       struct lc_buffer *path)
{
	struct lc_view key = {.data = put->key, .size = put->key_size};
	const struct lc_s3 *s3 = put->s3;

	if (put->step != STEP_PLAIN || key.size > 0)
		return lc_s3_address_append(&s3->endpoint, s3->addressing, put->bucket, key, host,
					    path, &put->refusal);
	if (put->bucket.size > 0)
		return lc_s3_address_append_bucket(&s3->endpoint, s3->addressing, put->bucket, host,
						   path, &put->refusal);
	lc_buffer_append_view(host, s3->endpoint.authority);
	lc_buffer_append_char(path, '/');
	return LC_S3_ADDRESS_WHOLE;
}

static void append_url(const struct lc_s3_put *put, struct lc_view host, struct lc_view path,
		       struct lc_buffer *url)
{
	lc_buffer_append_view(url, put->s3->endpoint.scheme);
	lc_buffer_append_text(url, "://");
	lc_buffer_append_view(url, host);
	lc_buffer_append_view(url, path);
	if (put->query.size > 0)
		lc_buffer_append_char(url, '?');
	lc_buffer_append_view(url, lc_buffer_view(&put->query));
}

/* Finds the address and sends, once there are credentials to sign with; without an address the
 * callback is told from a timer. */
static void address_and_send(struct lc_s3_put *put)
{
	struct lc_s3 *s3 = put->s3;
	struct workbench *bench = &s3->bench;

	clear_bench(bench);
	put->unaddressable = append_address(put, &bench->host, &bench->path);
	if (put->unaddressable == LC_S3_ADDRESS_WHOLE && !update_signer(s3)) {
		put->wait = lc_credentials_provider_await(s3->credentials, 0, on_credentials, put);
	} else if (put->unaddressable == LC_S3_ADDRESS_WHOLE) {
		append_url(put, lc_buffer_view(&bench->host), lc_buffer_view(&bench->path),
			   &bench->url);
		send_step(put);
	} else {
		put->refusal_timer = lc_loop_timer_new(s3->loop, on_refusal_timer, put);
		lc_loop_timer_start(put->refusal_timer, 0);
	}
}

static struct lc_s3_put *make(struct lc_s3 *s3, enum step step, struct lc_view bucket,
			      struct lc_view key, const struct lc_s3_headers *headers)
{
	struct lc_s3_put *put = lc_memory_zero(1, sizeof(*put));

	put->magic = MAGIC;
	put->step = step;
	put->s3 = s3;
	lc_s3_headers_init(&put->headers);
	if (headers != NULL)
		lc_s3_headers_add_all(&put->headers, headers);
	put->bucket_text = lc_memory_copy_bytes(bucket.data, bucket.size);
	put->bucket = (struct lc_view){.data = put->bucket_text, .size = bucket.size};
	put->key = lc_memory_copy_bytes(key.data, key.size);
	put->key_size = key.size;
	lc_buffer_init(&put->query, QUERY_MAX);
	lc_buffer_init(&put->answer, BODY_MAX);
	TAILQ_INSERT_TAIL(&s3->puts, put, all);
	return put;
}

struct lc_s3_put *lc_s3_put(struct lc_s3 *s3, const struct lc_s3_put_spec *spec,
			    lc_s3_callback *callback, void *context)
{
	struct lc_s3_put *put = make(s3, spec->look_first ? STEP_LOOK : STEP_PUT, spec->bucket,
				     spec->key, spec->headers);

	put->body = spec->body;
	put->checksum = spec->checksum;
	put->callback = callback;
	put->context = context;
	address_and_send(put);
	return put;
}

struct lc_s3_put *lc_s3_ask(struct lc_s3 *s3, const struct lc_s3_request *request,
			    lc_s3_callback *callback, void *context)
{
	struct lc_s3_put *put =
	    make(s3, STEP_PLAIN, request->bucket, request->key, request->headers);

	put->method = request->method;
	lc_buffer_append_view(&put->query, request->query);
	LC_ASSERT(!lc_buffer_failed(&put->query));
	if (request->answer_max > BODY_MAX)
		put->answer.cap = request->answer_max;
	put->release = request->release;
	put->callback = callback;
	put->context = context;
	address_and_send(put);
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
	LC_ASSERT(put->request != NULL || put->refusal_timer != NULL || put->wait != NULL);
	if (put->request != NULL)
		lc_http_cancel(put->request);
	if (put->release != NULL)
		put->release(put->context);
	release(put);
}

struct lc_s3 *lc_s3_new(struct lc_loop *loop, struct lc_http *http,
			const struct lc_s3_options *options, struct lc_error *error)
{
	struct lc_s3 *s3 = lc_memory_zero(1, sizeof(*s3));

	s3->loop = loop;
	s3->http = http;
	s3->endpoint_text = lc_memory_copy_text(options->endpoint);
	s3->addressing = options->addressing;
	s3->timeout_ms = options->timeout_ms;
	s3->stall_timeout_ms = options->stall_timeout_ms;
	s3->conditional = options->conditional;
	s3->region = lc_memory_copy_text(options->region);
	s3->credentials = options->credentials;
	s3->hash = lc_sigv4_hash_new();
	init_bench(&s3->bench);
	TAILQ_INIT(&s3->puts);
	if (!lc_s3_address_endpoint_of(s3->endpoint_text, &s3->endpoint, error)) {
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
	while ((put = TAILQ_FIRST(&s3->puts)) != NULL) {
		lc_s3_cancel(put);
		LC_ASSERT(TAILQ_FIRST(&s3->puts) != put);
	}
	lc_sigv4_signer_clear(&s3->signer);
	lc_sigv4_hash_free(s3->hash);
	free_bench(&s3->bench);
	free(s3->region);
	free(s3->endpoint_text);
	free(s3);
}
