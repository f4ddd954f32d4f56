#include "clients/s3_exchange.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "clients/s3_address.h"
#include "clients/s3_headers.h"
#include "formats/checksum.h"
#include "formats/s3_error.h"
#include "formats/sigv4.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAGIC = 0x73337271,
	ANSWER_LEAST = 64 * 1024, /* bytes of its body that are kept */
	ADDRESS_MAX = 16 * 1024,
	DATE_SIZE = 64,
	LOCATION_SIZE = 128,
	LENGTH_SIZE = 32,
	ETAG_SIZE = 257,
	PREFETCH_MAX = 1024, /* bytes; what follows comes by itself */
	PREFETCH_STEP = 64,  /* bytes that caches hold together, or a multiple */
	KEY_SHOWN_MAX = 160, /* so that there is room for what went wrong */
};

/* How the names of S3's own headers begin. */
static const char AMZ[] = "x-amz-";
enum { AMZ_SIZE = sizeof(AMZ) - 1 };

/* Where a request is put together, one after the other. */
struct workbench {
	struct lc_buffer host; /* encoded, as the path */
	struct lc_buffer path;
	struct lc_buffer url;
	struct lc_buffer authorization;
	struct lc_s3_headers headers;
};

struct lc_s3_service {
	struct lc_loop *loop;
	struct lc_http *http;
	char *endpoint_text;
	struct lc_s3_endpoint endpoint; /* views of endpoint_text */
	enum lc_s3_addressing addressing;
	uint64_t stall_timeout_ms;
	char *region;
	struct lc_credentials_provider *credentials;
	struct lc_sigv4_hash *hash; /* of bodies, one after the other */
	struct lc_sigv4_signer signer;
	struct lc_view session_token; /* of the credentials that the signer has */
	uint64_t generation;          /* of these; 0: it has none */
	int64_t clock_offset_seconds; /* the server's clock minus ours */
	struct workbench bench;
};

/* Where the next byte of a body lies. */
struct cursor {
	size_t piece;
	size_t offset; /* in the piece */
};

struct lc_s3_exchange {
	uint32_t magic;
	struct lc_s3_service *service;
	struct lc_s3_exchange_spec spec;
	lc_s3_exchange_callback *callback;
	void *context;

	/* One of these is set. */
	struct lc_http_request *http;
	struct lc_loop_timer *refusal_timer; /* bucket or key made it impossible */
	struct lc_credentials_wait *wait;

	enum lc_s3_address_fault unaddressable;
	struct lc_error refusal;
	struct cursor cursor;
	uint64_t sent;       /* bytes before the cursor */
	uint64_t generation; /* of the credentials that it was signed with last */
	bool renewed;        /* others were looked for, since those were refused */
	bool doubt;          /* a sending before the last one may have had its effect */
	char checksum[LC_CHECKSUM_TEXT_SIZE];
	/* the last answer */
	struct lc_buffer answer;      /* the first bytes of its body */
	bool cut;                     /* there are more */
	bool framed;                  /* its headers told where it ends */
	char date[DATE_SIZE];         /* its Date header */
	char location[LOCATION_SIZE]; /* where it sends us, cut; or empty */
	char length[LENGTH_SIZE];     /* its Content-Length, cut; or empty */
	char etag[ETAG_SIZE];         /* its ETag, cut; or empty */
	bool from_s3;                 /* it has a header that only S3 services send */
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

static void release(struct lc_s3_exchange *exchange)
{
	lc_loop_timer_free(exchange->refusal_timer);
	if (exchange->wait != NULL)
		lc_credentials_provider_cancel(exchange->wait);
	lc_buffer_free(&exchange->answer);
	free(exchange);
}

/* The only place from which the callback runs. */
static void end(struct lc_s3_exchange *exchange, const struct lc_s3_answer *answer)
{
	struct lc_s3_reply reply = {
	    .answer = *answer,
	    .etag = exchange->etag,
	    .length = exchange->length,
	    .checksum = exchange->checksum,
	    .from_s3 = exchange->from_s3,
	};

	reply.answer.body = &exchange->answer;
	reply.answer.body_whole = exchange->framed && !exchange->cut;
	reply.answer.date = exchange->date;
	exchange->http = NULL;
	exchange->callback(exchange->context, &reply);
	release(exchange);
}

static void on_refusal_timer(void *context)
{
	struct lc_s3_exchange *exchange = context;
	struct lc_s3_answer answer = {
	    .retry_class = LC_RETRY_WAIT,
	    .scope = exchange->unaddressable == LC_S3_ADDRESS_BAD_BUCKET ? LC_RETRY_SCOPE_BUCKET
									 : LC_RETRY_SCOPE_PREFIX,
	    .certain = true,
	    .code = "",
	    .error = exchange->refusal,
	};

	end(exchange, &answer);
}

/* ---- what comes back ---- */

static void keep(char *place, size_t room, struct lc_view value)
{
	snprintf(place, room, "%.*s", (int)value.size, value.data);
}

static void on_header(void *context, struct lc_view name, struct lc_view value)
{
	struct lc_s3_exchange *exchange = context;

	if (lc_view_equal(name, lc_view_of("date")) && value.size < sizeof(exchange->date))
		keep(exchange->date, sizeof(exchange->date), value);
	else if (lc_view_equal(name, lc_view_of("location")))
		keep(exchange->location, sizeof(exchange->location), value);
	else if (lc_view_equal(name, lc_view_of("content-length")))
		keep(exchange->length, sizeof(exchange->length), value);
	else if (lc_view_equal(name, lc_view_of("etag")))
		keep(exchange->etag, sizeof(exchange->etag), value);
	else if (name.size > AMZ_SIZE && memcmp(name.data, AMZ, AMZ_SIZE) == 0)
		exchange->from_s3 = true;
}

static void on_body(void *context, struct lc_view piece)
{
	struct lc_s3_exchange *exchange = context;
	size_t room = exchange->answer.cap - exchange->answer.size;

	exchange->cut = exchange->cut || piece.size > room;
	lc_buffer_append(&exchange->answer, piece.data, piece.size < room ? piece.size : room);
}

/* ---- what is sent ---- */

static void rewind_body(void *context)
{
	struct lc_s3_exchange *exchange = context;
	const struct lc_s3_body *body = exchange->spec.body;
	uint64_t before = exchange->spec.from;
	size_t piece = 0;

	while (before > 0 && before >= body->pieces[piece].size)
		before -= body->pieces[piece++].size;
	exchange->cursor = (struct cursor){.piece = piece, .offset = (size_t)before};
	exchange->sent = 0;
}

/* The next piece of what is to be sent, at most `most` bytes; moves past it. */
static struct lc_view take_piece(struct lc_s3_exchange *exchange, size_t most)
{
	struct lc_view piece = exchange->spec.body->pieces[exchange->cursor.piece];
	uint64_t left = exchange->spec.size - exchange->sent;
	bool whole = true;

	piece.data += exchange->cursor.offset;
	piece.size -= exchange->cursor.offset;
	if (piece.size > most || piece.size > left) {
		piece.size = left < most ? (size_t)left : most;
		whole = false;
	}
	exchange->cursor.offset += piece.size;
	if (whole)
		exchange->cursor = (struct cursor){.piece = exchange->cursor.piece + 1};
	exchange->sent += piece.size;
	return piece;
}

static size_t read_body(void *context, char *place, size_t room)
{
	struct lc_s3_exchange *exchange = context;
	size_t filled = 0;

	while (filled < room && exchange->sent < exchange->spec.size) {
		struct lc_view piece = take_piece(exchange, room - filled);

		if (piece.size > 0)
			memcpy(place + filled, piece.data, piece.size);
		filled += piece.size;
	}
	return filled;
}

uint64_t lc_s3_exchange_sent(const struct lc_s3_exchange *exchange)
{
	return exchange->sent;
}

/* Lines lie in the order in which they came, and are hashed as they are sorted, so the processor
 * cannot guess which comes next: it is told, and fetches that line while it hashes this one. */
static void prefetch_next(const struct lc_s3_exchange *exchange)
{
	const struct lc_s3_body *body = exchange->spec.body;

	if (exchange->cursor.piece < body->piece_count) {
		struct lc_view next = body->pieces[exchange->cursor.piece];
		size_t size = next.size < PREFETCH_MAX ? next.size : PREFETCH_MAX;

		for (size_t at = 0; at < size; at += PREFETCH_STEP)
			__builtin_prefetch(next.data + at);
	}
}

/* The hash of what is sent, which is signed, and its checksum, in one pass. */
static void hash_body(struct lc_s3_exchange *exchange, char hex[LC_SIGV4_HASH_HEX_SIZE])
{
	struct lc_sigv4_hash *hash = exchange->service->hash;
	struct lc_checksum *checksum = lc_checksum_begin(exchange->spec.checksum);

	if (exchange->spec.body != NULL) {
		rewind_body(exchange);
		while (exchange->sent < exchange->spec.size) {
			struct lc_view piece = take_piece(exchange, SIZE_MAX);

			prefetch_next(exchange);
			lc_sigv4_hash_add(hash, piece);
			lc_checksum_add(checksum, piece);
		}
		rewind_body(exchange);
	}
	lc_sigv4_hash_end(hash, hex);
	lc_checksum_end(checksum, hex, exchange->checksum);
}

/* What is signed, at this time. */
static void gather_headers(struct lc_s3_exchange *exchange, struct lc_view host,
			   const char *time_text, char hash[LC_SIGV4_HASH_HEX_SIZE],
			   struct lc_s3_headers *headers)
{
	const struct lc_s3_exchange_spec *spec = &exchange->spec;

	hash_body(exchange, hash);
	lc_s3_headers_add(headers, "content-type", lc_view_of(spec->content_type));
	lc_s3_headers_add(headers, "host", host);
	lc_s3_headers_add(headers, "x-amz-content-sha256", lc_view_of(hash));
	lc_s3_headers_add(headers, "x-amz-date", lc_view_of(time_text));
	lc_s3_headers_add(headers, "x-amz-security-token", exchange->service->session_token);
	lc_s3_headers_add(headers, lc_checksum_header(spec->checksum),
			  lc_view_of(exchange->checksum));
	if (spec->headers != NULL)
		lc_s3_headers_add_all(headers, spec->headers);
}

static void append_authorization(struct lc_s3_exchange *exchange,
				 const struct lc_s3_headers *headers, struct lc_view path,
				 const char *hash, int64_t now, struct lc_buffer *authorization)
{
	struct lc_sigv4_header to_sign[LC_S3_HEADERS_MAX];
	struct lc_sigv4_request request = {
	    .method = lc_view_of(exchange->spec.method),
	    .path = path,
	    .query = exchange->spec.query,
	    .headers = to_sign,
	    .header_count = headers->count,
	    .payload_hash = lc_view_of(hash),
	    .time_seconds = now,
	};

	for (size_t i = 0; i < headers->count; i++)
		to_sign[i] = (struct lc_sigv4_header){lc_s3_headers_name(headers, i),
						      lc_s3_headers_value(headers, i)};
	exchange->generation = exchange->service->generation;
	lc_sigv4_append_authorization(&exchange->service->signer, &request, authorization);
}

static uint64_t time_left(const struct lc_s3_exchange *exchange)
{
	uint64_t now_ms = lc_clock_monotonic_ms();

	return exchange->spec.deadline_ms > now_ms ? exchange->spec.deadline_ms - now_ms : 1;
}

static void on_done(void *context, const struct lc_http_response *response);

static const struct lc_http_callbacks CALLBACKS = {
    .on_header = on_header,
    .on_body = on_body,
    .read_body = read_body,
    .rewind_body = rewind_body,
    .on_done = on_done,
};

static void start_http(struct lc_s3_exchange *exchange, const char *url,
		       const struct lc_s3_headers *headers)
{
	bool has_body = exchange->spec.body != NULL;
	struct lc_http_header sent[LC_S3_HEADERS_MAX];
	struct lc_http_spec spec = {
	    .method = exchange->spec.method,
	    .url = url,
	    .headers = sent,
	    .header_count = headers->count,
	    .body_from_callback = has_body,
	    .body_size = has_body ? exchange->spec.size : 0,
	    .timeout_ms = time_left(exchange),
	    .stall_timeout_ms = exchange->service->stall_timeout_ms,
	    .callbacks = &CALLBACKS,
	    .context = exchange,
	};

	for (size_t i = 0; i < headers->count; i++)
		sent[i] = (struct lc_http_header){lc_s3_headers_name(headers, i),
						  lc_s3_headers_value(headers, i)};
	exchange->http = lc_http_start(exchange->service->http, &spec);
}

/* Signs and sends what has its address on the bench. */
static void sign_and_send(struct lc_s3_exchange *exchange)
{
	struct workbench *bench = &exchange->service->bench;
	int64_t now = lc_clock_wall_ms() / 1000 + exchange->service->clock_offset_seconds;
	char hash[LC_SIGV4_HASH_HEX_SIZE];
	char time_text[LC_SIGV4_TIME_SIZE];

	lc_sigv4_format_time(now, time_text);
	gather_headers(exchange, lc_buffer_view(&bench->host), time_text, hash, &bench->headers);
	append_authorization(exchange, &bench->headers, lc_buffer_view(&bench->path), hash, now,
			     &bench->authorization);
	lc_s3_headers_add(&bench->headers, "authorization", lc_buffer_view(&bench->authorization));
	if (exchange->spec.if_none_match)
		lc_s3_headers_add(&bench->headers, "if-none-match", lc_view_of("*"));
	LC_ASSERT(lc_buffer_text(&bench->url) != NULL);
	start_http(exchange, lc_buffer_text(&bench->url), &bench->headers);
}

static enum lc_s3_address_fault append_address(struct lc_s3_exchange *exchange,
					       struct lc_buffer *host, struct lc_buffer *path)
{
	const struct lc_s3_exchange_spec *spec = &exchange->spec;
	const struct lc_s3_service *service = exchange->service;

	if (spec->bucket.size == 0 && spec->whole_bucket) {
		lc_buffer_append_view(host, service->endpoint.authority);
		lc_buffer_append_char(path, '/');
		return LC_S3_ADDRESS_WHOLE;
	}
	if (spec->whole_bucket)
		return lc_s3_address_append_bucket(&service->endpoint, service->addressing,
						   spec->bucket, host, path, &exchange->refusal);
	return lc_s3_address_append(&service->endpoint, service->addressing, spec->bucket,
				    spec->key, host, path, &exchange->refusal);
}

static void append_url(const struct lc_s3_exchange *exchange, struct lc_view host,
		       struct lc_view path, struct lc_buffer *url)
{
	lc_buffer_append_view(url, exchange->service->endpoint.scheme);
	lc_buffer_append_text(url, "://");
	lc_buffer_append_view(url, host);
	lc_buffer_append_view(url, path);
	if (exchange->spec.query.size > 0) {
		lc_buffer_append_char(url, '?');
		lc_buffer_append_view(url, exchange->spec.query);
	}
}

/* ---- credentials ---- */

/* Gives the signer the credentials that are to be signed with now. False if there are none. */
static bool update_signer(struct lc_s3_service *service)
{
	const struct lc_credentials *credentials =
	    lc_credentials_provider_current(service->credentials);
	uint64_t generation = lc_credentials_provider_generation(service->credentials);

	if (credentials == NULL)
		return false;
	if (service->generation == generation)
		return true;
	lc_sigv4_signer_clear(&service->signer);
	lc_sigv4_signer_init(&service->signer, lc_view_of(credentials->access_key_id),
			     lc_view_of(credentials->secret_access_key),
			     lc_view_of(service->region));
	service->session_token = lc_view_of(credentials->session_token);
	service->generation = generation;
	return true;
}

static void end_without_credentials(struct lc_s3_exchange *exchange)
{
	struct lc_credentials_status status =
	    lc_credentials_provider_status(exchange->service->credentials);
	struct lc_s3_answer answer = {.retry_class = LC_RETRY_CREDENTIALS,
				      .scope = LC_RETRY_SCOPE_BUCKET,
				      .certain = !exchange->doubt,
				      .code = "",
				      .error = *status.error};

	lc_error_prefix(&answer.error, "no credentials to sign with");
	end(exchange, &answer);
}

static void address_and_send(struct lc_s3_exchange *exchange);

static void on_credentials(void *context)
{
	struct lc_s3_exchange *exchange = context;

	exchange->wait = NULL;
	if (lc_credentials_provider_current(exchange->service->credentials) != NULL)
		address_and_send(exchange);
	else
		end_without_credentials(exchange);
}

/* Does the answer refuse the credentials, or, their time having passed, perhaps them? */
static bool refuses_credentials(const struct lc_s3_exchange *exchange,
				const struct lc_s3_answer *answer)
{
	enum lc_fault fault = lc_retry_fault_s3(answer->code);

	return fault == LC_FAULT_S3_KEY || fault == LC_FAULT_S3_SIGNATURE ||
	       (fault == LC_FAULT_S3_RIGHTS &&
		lc_credentials_provider_expired(exchange->service->credentials));
}

/* The answer refuses credentials that may be replaced. True if others are looked for now: it is then
 * sent again. If they are refused again, their source is to blame, not the target. */
static bool look_for_others(struct lc_s3_exchange *exchange, struct lc_s3_answer *answer)
{
	struct lc_credentials_provider *credentials = exchange->service->credentials;

	if (!refuses_credentials(exchange, answer) ||
	    !lc_credentials_provider_may_change(credentials))
		return false;
	if (exchange->renewed) {
		if (lc_retry_fault_s3(answer->code) != LC_FAULT_S3_SIGNATURE) {
			answer->retry_class = LC_RETRY_CREDENTIALS;
			answer->scope = LC_RETRY_SCOPE_BUCKET;
		}
		return false;
	}
	exchange->renewed = true;
	exchange->doubt = !answer->certain;
	exchange->wait = lc_credentials_provider_await(credentials, exchange->generation,
						       on_credentials, exchange);
	return true;
}

/* Finds the address and sends, once there are credentials to sign with; without an address the
 * callback is told from a timer. */
static void address_and_send(struct lc_s3_exchange *exchange)
{
	struct lc_s3_service *service = exchange->service;
	struct workbench *bench = &service->bench;

	exchange->date[0] = exchange->location[0] = '\0';
	exchange->length[0] = exchange->etag[0] = '\0';
	exchange->from_s3 = exchange->cut = exchange->framed = false;
	lc_buffer_clear(&exchange->answer);
	clear_bench(bench);
	exchange->unaddressable = append_address(exchange, &bench->host, &bench->path);
	if (exchange->unaddressable != LC_S3_ADDRESS_WHOLE) {
		exchange->refusal_timer =
		    lc_loop_timer_new(service->loop, on_refusal_timer, exchange);
		lc_loop_timer_start(exchange->refusal_timer, 0);
	} else if (!update_signer(service)) {
		exchange->wait = lc_credentials_provider_await(service->credentials, 0,
							       on_credentials, exchange);
	} else {
		append_url(exchange, lc_buffer_view(&bench->host), lc_buffer_view(&bench->path),
			   &bench->url);
		sign_and_send(exchange);
	}
}

/* ---- the answer ---- */

/* The server finds our signing time too far from its own: we sign by its clock from now on. */
static void follow_clock(struct lc_s3_exchange *exchange)
{
	time_t theirs = curl_getdate(exchange->date, NULL);

	if (theirs != (time_t)-1)
		exchange->service->clock_offset_seconds =
		    (int64_t)theirs - lc_clock_wall_ms() / 1000;
}

static void describe_refusal(const struct lc_s3_exchange *exchange, unsigned status,
			     const struct lc_s3_error *parsed, struct lc_error *error)
{
	const struct lc_s3_exchange_spec *spec = &exchange->spec;
	int bucket_size = lc_view_shown(spec->bucket, INT32_MAX);
	int key_size = lc_view_shown(spec->key, KEY_SHOWN_MAX);
	const char *colon = parsed->message[0] == '\0' ? "" : ": ";
	const char *to = exchange->location[0] == '\0' ? "" : ", to ";

	if (parsed->code[0] == '\0')
		lc_error_set(error, LC_ERROR_REFUSED,
			     "%s %.*s/%.*s: HTTP %u without an S3 error code%s%s", spec->method,
			     bucket_size, spec->bucket.data, key_size, spec->key.data, status, to,
			     exchange->location);
	else
		lc_error_set(error, LC_ERROR_REFUSED, "%s %.*s/%.*s: HTTP %u %s%s%s%s%s",
			     spec->method, bucket_size, spec->bucket.data, key_size, spec->key.data,
			     status, parsed->code, colon, parsed->message, to, exchange->location);
}

static void describe(const struct lc_s3_exchange *exchange, const struct lc_http_response *response,
		     const struct lc_s3_error *parsed, struct lc_s3_answer *answer)
{
	const struct lc_s3_exchange_spec *spec = &exchange->spec;

	if (answer->status != 0) {
		if (answer->retry_class != LC_RETRY_DONE)
			describe_refusal(exchange, answer->status, parsed, &answer->error);
		return;
	}
	answer->error = response->error;
	if (spec->bucket.size > 0)
		lc_error_prefix(&answer->error, "bucket %.*s, key %.*s",
				lc_view_shown(spec->bucket, INT32_MAX), spec->bucket.data,
				lc_view_shown(spec->key, KEY_SHOWN_MAX), spec->key.data);
}

static void on_done(void *context, const struct lc_http_response *response)
{
	struct lc_s3_exchange *exchange = context;
	unsigned status = response->complete ? response->status : 0;
	struct lc_s3_error parsed = {.code = ""};
	struct lc_s3_answer answer = {.status = status, .code = parsed.code};

	LC_ASSERT_MAGIC(exchange, MAGIC);
	exchange->http = NULL;
	exchange->framed = response->framed;
	if (status >= 300)
		lc_s3_error_parse(lc_buffer_view(&exchange->answer), &parsed);
	answer.retry_class = lc_retry_classify_s3(status, parsed.code, &answer.certain);
	answer.scope = lc_retry_scope_s3(status, parsed.code);
	/* A kept connection may have broken after the first sending had its effect. */
	answer.certain =
	    !exchange->doubt && (response->sends == 0 || (answer.certain && response->sends == 1));
	answer.unanswered = status == 0 && response->sends > 0;
	if (look_for_others(exchange, &answer))
		return;
	if (answer.retry_class == LC_RETRY_CLOCK)
		follow_clock(exchange);
	describe(exchange, response, &parsed, &answer);
	end(exchange, &answer);
}

/* ---- life ---- */

struct lc_s3_exchange *lc_s3_exchange_start(struct lc_s3_service *service,
					    const struct lc_s3_exchange_spec *spec,
					    lc_s3_exchange_callback *callback, void *context)
{
	struct lc_s3_exchange *exchange = lc_memory_zero(1, sizeof(*exchange));

	exchange->magic = MAGIC;
	exchange->service = service;
	exchange->spec = *spec;
	exchange->callback = callback;
	exchange->context = context;
	lc_buffer_init(&exchange->answer,
		       spec->answer_max > ANSWER_LEAST ? spec->answer_max : ANSWER_LEAST);
	address_and_send(exchange);
	return exchange;
}

void lc_s3_exchange_cancel(struct lc_s3_exchange *exchange)
{
	LC_ASSERT_MAGIC(exchange, MAGIC);
	LC_ASSERT(exchange->http != NULL || exchange->refusal_timer != NULL ||
		  exchange->wait != NULL);
	if (exchange->http != NULL)
		lc_http_cancel(exchange->http);
	release(exchange);
}

struct lc_s3_service *lc_s3_service_new(struct lc_loop *loop, struct lc_http *http,
					const struct lc_s3_options *options, struct lc_error *error)
{
	struct lc_s3_service *service = lc_memory_zero(1, sizeof(*service));

	service->loop = loop;
	service->http = http;
	service->endpoint_text = lc_memory_copy_text(options->endpoint);
	service->addressing = options->addressing;
	service->stall_timeout_ms = options->stall_timeout_ms;
	service->region = lc_memory_copy_text(options->region);
	service->credentials = options->credentials;
	service->hash = lc_sigv4_hash_new();
	init_bench(&service->bench);
	if (!lc_s3_address_endpoint_of(service->endpoint_text, &service->endpoint, error)) {
		lc_s3_service_free(service);
		return NULL;
	}
	return service;
}

void lc_s3_service_free(struct lc_s3_service *service)
{
	if (service == NULL)
		return;
	lc_sigv4_signer_clear(&service->signer);
	lc_sigv4_hash_free(service->hash);
	free_bench(&service->bench);
	free(service->region);
	free(service->endpoint_text);
	free(service);
}
