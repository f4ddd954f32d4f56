#include "clients/s3_multipart.h"

#include "base/crash_point.h"
#include "base/memory.h"
#include "clients/s3_headers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUERY_MAX = 4 * LC_MULTIPART_ID_SIZE }; /* its id, each byte encoded */

struct lc_s3_multipart {
	struct lc_s3_multipart_spec spec;
	struct lc_multipart *upload;
	lc_s3_multipart_callback *callback;
	void *context;
	struct lc_s3_exchange *exchange;
	struct lc_s3_headers headers; /* of the upload */
	uint64_t part_size;
	struct lc_buffer query;
};

/* The only place from which the callback runs. */
static void end(struct lc_s3_multipart *multipart, const struct lc_s3_answer *failure)
{
	multipart->exchange = NULL;
	multipart->callback(multipart->context, failure);
}

static uint64_t next_size(const struct lc_s3_multipart *multipart)
{
	uint64_t left = multipart->spec.body->size - multipart->upload->size;

	return left < multipart->part_size ? left : multipart->part_size;
}

/* Nothing of the object is stored before the upload is completed. */
static void fail(struct lc_s3_multipart *multipart, const struct lc_s3_answer *answer,
		 bool leftover)
{
	struct lc_s3_answer failure = *answer;

	failure.certain = true;
	failure.leftover = leftover;
	end(multipart, &failure);
}

static void fail_as_not_s3(struct lc_s3_multipart *multipart, const struct lc_s3_answer *answer,
			   const char *what)
{
	const struct lc_s3_multipart_spec *spec = &multipart->spec;
	struct lc_s3_answer failure = *answer;

	failure.retry_class = LC_RETRY_WAIT;
	failure.scope = LC_RETRY_SCOPE_BUCKET;
	lc_error_set(&failure.error, LC_ERROR_CORRUPT,
		     "bucket %.*s: HTTP %u without %s: the server is not S3, or knows no multipart "
		     "uploads (s3.multipart-threshold-bytes)",
		     lc_view_shown(spec->bucket, INT32_MAX), spec->bucket.data, answer->status,
		     what);
	fail(multipart, &failure, true);
}

static void send_part(struct lc_s3_multipart *multipart);

static void on_part(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_multipart *multipart = context;
	const struct lc_s3_multipart_spec *spec = &multipart->spec;

	multipart->exchange = NULL;
	if (reply->answer.retry_class != LC_RETRY_DONE) {
		fail(multipart, &reply->answer, true);
	} else if (!lc_multipart_add_part(multipart->upload, next_size(multipart),
					  lc_view_of(reply->etag), spec->checksum,
					  lc_view_of(reply->checksum))) {
		fail_as_not_s3(multipart, &reply->answer, "an ETag of the part");
	} else if (multipart->upload->size < spec->body->size) {
		LC_CRASH_POINT(MULTIPART_PART);
		send_part(multipart);
	} else {
		LC_CRASH_POINT(MULTIPART_WHOLE);
		end(multipart, NULL);
	}
}

static void send_part(struct lc_s3_multipart *multipart)
{
	const struct lc_s3_multipart_spec *spec = &multipart->spec;
	struct lc_s3_exchange_spec exchange = {
	    .method = "PUT",
	    .bucket = spec->bucket,
	    .key = spec->key,
	    .content_type = spec->content_type,
	    .body = spec->body,
	    .from = multipart->upload->size,
	    .size = next_size(multipart),
	    .checksum = spec->checksum,
	    .deadline_ms = spec->deadline_ms,
	};

	lc_buffer_clear(&multipart->query);
	lc_buffer_append_format(&multipart->query, "partNumber=%u&",
				multipart->upload->part_count + 1);
	lc_multipart_append_id(multipart->upload, &multipart->query);
	exchange.query = lc_buffer_view(&multipart->query);
	multipart->exchange = lc_s3_exchange_start(spec->service, &exchange, on_part, multipart);
}

static void on_created(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_multipart *multipart = context;

	multipart->exchange = NULL;
	if (reply->answer.retry_class != LC_RETRY_DONE) {
		fail(multipart, &reply->answer, !reply->answer.certain);
	} else if (!lc_multipart_read_created(lc_buffer_view(reply->answer.body),
					      multipart->upload)) {
		fail_as_not_s3(multipart, &reply->answer, "an UploadId");
	} else {
		LC_CRASH_POINT(MULTIPART_CREATED);
		send_part(multipart);
	}
}

struct lc_s3_multipart *lc_s3_multipart_start(const struct lc_s3_multipart_spec *spec,
					      struct lc_multipart *upload,
					      lc_s3_multipart_callback *callback, void *context)
{
	struct lc_s3_multipart *multipart = lc_memory_zero(1, sizeof(*multipart));
	uint64_t least = (spec->body->size + LC_MULTIPART_PARTS_MAX - 1) / LC_MULTIPART_PARTS_MAX;
	const struct lc_s3_exchange_spec exchange = {
	    .method = "POST",
	    .bucket = spec->bucket,
	    .key = spec->key,
	    .query = lc_view_of("uploads="),
	    .content_type = spec->content_type,
	    .headers = &multipart->headers,
	    .deadline_ms = spec->deadline_ms,
	};

	multipart->spec = *spec;
	multipart->upload = upload;
	multipart->callback = callback;
	multipart->context = context;
	multipart->part_size = spec->part_size > least ? spec->part_size : least;
	lc_buffer_init(&multipart->query, QUERY_MAX);
	lc_s3_headers_init(&multipart->headers);
	if (spec->headers != NULL)
		lc_s3_headers_add_all(&multipart->headers, spec->headers);
	lc_s3_headers_add(&multipart->headers, "x-amz-checksum-algorithm",
			  lc_view_of(lc_multipart_algorithm(spec->checksum)));
	multipart->exchange = lc_s3_exchange_start(spec->service, &exchange, on_created, multipart);
	return multipart;
}

uint64_t lc_s3_multipart_sent(const struct lc_s3_multipart *multipart)
{
	uint64_t sent = multipart->upload->size;

	return multipart->exchange == NULL ? sent : sent + lc_s3_exchange_sent(multipart->exchange);
}

void lc_s3_multipart_free(struct lc_s3_multipart *multipart)
{
	if (multipart == NULL)
		return;
	if (multipart->exchange != NULL)
		lc_s3_exchange_cancel(multipart->exchange);
	lc_buffer_free(&multipart->query);
	lc_s3_headers_free(&multipart->headers);
	free(multipart);
}
