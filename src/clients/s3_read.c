#include "clients/s3_read.h"

#include "base/assert.h"
#include "base/memory.h"
#include "clients/s3_headers.h"
#include "formats/http_status.h"
#include "formats/sigv4.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	RANGE_SIZE = 64,
	QUERY_MAX = 8 * 1024,
	PAGE_MAX = 4 * 1024 * 1024, /* of a list's answer: 1,000 keys of 1,024 bytes, encoded */
	SHOWN_MAX = 160,
};

/* What was asked, until it is answered or cancelled. */
struct reading {
	char *name; /* "bucket/key", for people */
	uint64_t length;
	size_t max_bytes;
	union {
		lc_s3_get_callback *on_got;
		lc_s3_list_callback *on_listed;
		lc_s3_callback *on_answer;
	};
	void *context;
};

static void release(void *context)
{
	struct reading *reading = context;

	free(reading->name);
	free(reading);
}

static struct reading *make(struct lc_view bucket, struct lc_view key, void *context)
{
	struct reading *reading = lc_memory_zero(1, sizeof(*reading));
	struct lc_buffer name;

	lc_buffer_init(&name, QUERY_MAX);
	lc_buffer_append_format(&name, "%.*s/%.*s", lc_view_shown(bucket, SHOWN_MAX), bucket.data,
				lc_view_shown(key, SHOWN_MAX), key.data);
	reading->name = lc_memory_copy_text(lc_buffer_text(&name));
	lc_buffer_free(&name);
	reading->context = context;
	return reading;
}

/* What came is not what was asked for. */
static void refuse(struct lc_s3_answer *answer, enum lc_retry_class retry_class)
{
	answer->retry_class = retry_class;
	answer->scope = LC_RETRY_SCOPE_OBJECT;
}

/* ---- an object ---- */

static void check_size(const struct reading *reading, struct lc_s3_answer *answer)
{
	uint64_t size = answer->body->size;

	if (size > reading->max_bytes || (!answer->body_whole && size == answer->body->cap)) {
		refuse(answer, LC_RETRY_WAIT);
		lc_error_set(&answer->error, LC_ERROR_LIMIT,
			     "GET %s: more than the %zu bytes that were expected", reading->name,
			     reading->max_bytes);
	} else if (!answer->body_whole) {
		refuse(answer, LC_RETRY_AGAIN);
		lc_error_set(&answer->error, LC_ERROR_UNREACHABLE,
			     "GET %s: the answer does not say where it ends, so that it may have "
			     "been cut after %" PRIu64 " bytes",
			     reading->name, size);
	} else if (reading->length > 0 && size < reading->length) {
		refuse(answer, LC_RETRY_WAIT);
		lc_error_set(&answer->error, LC_ERROR_CORRUPT,
			     "GET %s: %" PRIu64 " bytes came where %" PRIu64 " were asked for: the "
			     "object is too short",
			     reading->name, size, reading->length);
	}
}

static void on_got(void *context, const struct lc_s3_answer *given)
{
	struct reading *reading = context;
	struct lc_s3_answer answer = *given;
	unsigned expected = reading->length > 0 ? LC_HTTP_PARTIAL_CONTENT : LC_HTTP_OK;

	if (answer.retry_class == LC_RETRY_DONE && answer.status != expected) {
		refuse(&answer, LC_RETRY_WAIT);
		lc_error_set(&answer.error, LC_ERROR_CORRUPT,
			     "GET %s: HTTP %u where %u was expected: the server is not S3%s",
			     reading->name, answer.status, expected,
			     reading->length > 0 ? ", or does not know the header Range" : "");
	} else if (answer.retry_class == LC_RETRY_DONE) {
		check_size(reading, &answer);
	} else if (answer.status == LC_HTTP_RANGE_NOT_SATISFIABLE) {
		refuse(&answer, LC_RETRY_WAIT);
		answer.error.kind = LC_ERROR_CORRUPT;
	}
	reading->on_got(reading->context, &answer,
			answer.retry_class == LC_RETRY_DONE ? answer.body : NULL);
	release(reading);
}

struct lc_s3_put *lc_s3_get(struct lc_s3 *s3, const struct lc_s3_get_spec *spec,
			    lc_s3_get_callback *callback, void *context)
{
	struct reading *reading = make(spec->bucket, spec->key, context);
	struct lc_s3_headers headers;
	struct lc_s3_request request = {
	    .method = "GET",
	    .bucket = spec->bucket,
	    .key = spec->key,
	    .headers = &headers,
	    .release = release,
	};
	struct lc_s3_put *put;
	char range[RANGE_SIZE];

	LC_ASSERT(spec->key.size > 0 && (spec->length > 0 || spec->from == 0));
	reading->on_got = callback;
	reading->length = spec->length;
	reading->max_bytes = spec->length > 0 ? (size_t)spec->length : spec->max_bytes;
	request.answer_max = reading->max_bytes;
	lc_s3_headers_init(&headers);
	if (spec->length > 0) {
		snprintf(range, sizeof(range), "bytes=%" PRIu64 "-%" PRIu64, spec->from,
			 spec->from + spec->length - 1);
		lc_s3_headers_add(&headers, "range", lc_view_of(range));
	}
	put = lc_s3_ask(s3, &request, on_got, reading);
	lc_s3_headers_free(&headers);
	return put;
}

/* ---- what is there ---- */

static void on_listed(void *context, const struct lc_s3_answer *given)
{
	struct reading *reading = context;
	struct lc_s3_answer answer = *given;
	struct lc_s3_listing listing;
	time_t theirs = -1;
	bool read = false;

	lc_s3_listing_init(&listing);
	if (answer.retry_class == LC_RETRY_DONE) {
		theirs = curl_getdate(answer.date, NULL);
		read = lc_s3_listing_parse(lc_buffer_view(answer.body), &listing, &answer.error);
		if (!read) {
			lc_error_prefix(&answer.error, "the list of %s: HTTP %u", reading->name,
					answer.status);
			answer.retry_class = LC_RETRY_WAIT;
			answer.scope = LC_RETRY_SCOPE_BUCKET;
		}
	}
	reading->on_listed(reading->context, &answer, read ? &listing : NULL,
			   theirs < 0 ? 0 : (int64_t)theirs);
	lc_s3_listing_free(&listing);
	release(reading);
}

static void append_query(struct lc_buffer *query, struct lc_view prefix, struct lc_view start_after)
{
	lc_buffer_append_text(query, "encoding-type=url&list-type=2&prefix=");
	lc_sigv4_append_encoded(query, prefix, false);
	if (start_after.size > 0) {
		lc_buffer_append_text(query, "&start-after=");
		lc_sigv4_append_encoded(query, start_after, false);
	}
}

struct lc_s3_put *lc_s3_list(struct lc_s3 *s3, struct lc_view bucket, struct lc_view prefix,
			     struct lc_view start_after, lc_s3_list_callback *callback,
			     void *context)
{
	struct reading *reading = make(bucket, prefix, context);
	struct lc_buffer query;
	struct lc_s3_request request = {
	    .method = "GET",
	    .bucket = bucket,
	    .answer_max = PAGE_MAX,
	    .release = release,
	};
	struct lc_s3_put *put;

	LC_ASSERT(bucket.size > 0);
	reading->on_listed = callback;
	lc_buffer_init(&query, QUERY_MAX);
	append_query(&query, prefix, start_after);
	LC_ASSERT(!lc_buffer_failed(&query));
	request.query = lc_buffer_view(&query);
	put = lc_s3_ask(s3, &request, on_listed, reading);
	lc_buffer_free(&query);
	return put;
}

static void on_buckets(void *context, const struct lc_s3_answer *given)
{
	static const char ROOT[] = "<ListAllMyBucketsResult";
	struct reading *reading = context;
	struct lc_s3_answer answer = *given;

	if (answer.retry_class == LC_RETRY_DONE &&
	    (answer.body->size == 0 ||
	     memmem(answer.body->data, answer.body->size, ROOT, strlen(ROOT)) == NULL)) {
		answer.retry_class = LC_RETRY_WAIT;
		lc_error_set(&answer.error, LC_ERROR_CORRUPT,
			     "GET /: HTTP %u without a list of buckets: what answered is not S3",
			     answer.status);
	}
	reading->on_answer(reading->context, &answer);
	release(reading);
}

struct lc_s3_put *lc_s3_list_buckets(struct lc_s3 *s3, lc_s3_callback *callback, void *context)
{
	const struct lc_s3_request request = {.method = "GET", .release = release};
	struct reading *reading = make(lc_view_of(""), lc_view_of(""), context);

	reading->on_answer = callback;
	return lc_s3_ask(s3, &request, on_buckets, reading);
}
