#include "clients/s3_leftovers.h"

#include "base/log.h"
#include "base/memory.h"
#include "formats/http_status.h"
#include "formats/sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LIST_MAX = 128 * 1024, /* of an answer */
	UPLOADS_MAX = 20,      /* in it: those of the very key come first */
	PARTS_MAX = 1024 * 1024,
	QUERY_MAX = 8 * 1024, /* a key or an id, each byte encoded */
};

struct lc_s3_leftovers {
	struct lc_s3_leftovers_spec spec;
	struct lc_multipart *whole;
	lc_s3_leftovers_callback *callback;
	void *context;
	struct lc_s3_exchange *exchange;
	struct lc_buffer query;
	struct lc_buffer ids;       /* of the uploads that S3 has listed, terminated */
	size_t place;               /* the next one, in these */
	struct lc_multipart upload; /* the one that is looked at */
};

/* The only place from which the callback runs. */
static void end(struct lc_s3_leftovers *leftovers, const struct lc_s3_answer *failure)
{
	leftovers->callback(leftovers->context, failure);
}

static void ask(struct lc_s3_leftovers *leftovers, const char *method, bool whole_bucket,
		size_t answer_max, lc_s3_exchange_callback *callback)
{
	const struct lc_s3_exchange_spec exchange = {
	    .method = method,
	    .bucket = leftovers->spec.bucket,
	    .whole_bucket = whole_bucket,
	    .key = leftovers->spec.key,
	    .query = lc_buffer_view(&leftovers->query),
	    .content_type = leftovers->spec.content_type,
	    .deadline_ms = leftovers->spec.deadline_ms,
	    .answer_max = answer_max,
	};

	leftovers->exchange =
	    lc_s3_exchange_start(leftovers->spec.service, &exchange, callback, leftovers);
}

/* Ends with what passes, so that the attempt is repeated. Nothing of the object is stored by what is
 * asked here. */
static bool end_if_passing(struct lc_s3_leftovers *leftovers, const struct lc_s3_answer *answer)
{
	struct lc_s3_answer failure = *answer;

	if (answer->retry_class == LC_RETRY_DONE || answer->retry_class == LC_RETRY_WAIT)
		return false;
	failure.certain = true;
	end(leftovers, &failure);
	return true;
}

/* NoSuchUpload: somebody has completed or aborted it meanwhile. */
static bool is_gone(const struct lc_s3_reply *reply)
{
	return reply->answer.status == LC_HTTP_NOT_FOUND;
}

static void tell_unknown(const struct lc_s3_leftovers *leftovers, const char *reason)
{
	if (*leftovers->spec.told)
		return;
	*leftovers->spec.told = true;
	lc_log(
	    LC_LOG_WARNING,
	    "what former attempts have left of an upload in parts cannot be looked for or deleted; "
	    "give the bucket a lifecycle rule that aborts incomplete multipart uploads, or the "
	    "access key the rights for it",
	    LC_LOG_VIEW("bucket", leftovers->spec.bucket), LC_LOG_TEXT("reason", reason));
}

static void tell_found(const struct lc_s3_leftovers *leftovers, const char *what)
{
	lc_log(LC_LOG_INFO, what, LC_LOG_VIEW("bucket", leftovers->spec.bucket),
	       LC_LOG_VIEW("key", leftovers->spec.key),
	       LC_LOG_UINT("parts", leftovers->upload.part_count),
	       LC_LOG_UINT("bytes", leftovers->upload.size));
}

static void look_at_next(struct lc_s3_leftovers *leftovers);

static void on_aborted(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_leftovers *leftovers = context;

	leftovers->exchange = NULL;
	if (!is_gone(reply) && end_if_passing(leftovers, &reply->answer))
		return;
	if (reply->answer.retry_class == LC_RETRY_DONE)
		tell_found(leftovers, "parts that a former attempt had left were deleted");
	else if (!is_gone(reply))
		tell_unknown(leftovers, reply->answer.error.message);
	look_at_next(leftovers);
}

static void set_query_of_upload(struct lc_s3_leftovers *leftovers, const char *before)
{
	lc_buffer_clear(&leftovers->query);
	lc_buffer_append_text(&leftovers->query, before);
	lc_multipart_append_id(&leftovers->upload, &leftovers->query);
}

/* It becomes the caller's. */
static void take_whole(struct lc_s3_leftovers *leftovers)
{
	tell_found(leftovers, "a former attempt had left all parts; they are put together");
	lc_multipart_free(leftovers->whole);
	*leftovers->whole = leftovers->upload;
	lc_multipart_init(&leftovers->upload);
}

static void on_parts(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_leftovers *leftovers = context;
	const struct lc_s3_leftovers_spec *spec = &leftovers->spec;
	bool known = reply->answer.retry_class == LC_RETRY_DONE &&
		     lc_multipart_read_parts(lc_buffer_view(reply->answer.body), spec->checksum,
					     &leftovers->upload);

	leftovers->exchange = NULL;
	if (!is_gone(reply) && end_if_passing(leftovers, &reply->answer))
		return;
	if (known && leftovers->upload.size < spec->size) {
		set_query_of_upload(leftovers, "");
		ask(leftovers, "DELETE", false, LIST_MAX, on_aborted);
		return;
	}
	if (known && leftovers->upload.size == spec->size && leftovers->whole->id[0] == '\0')
		take_whole(leftovers);
	else if (reply->answer.retry_class == LC_RETRY_DONE)
		tell_unknown(leftovers, "one upload is not understood");
	else if (!is_gone(reply))
		tell_unknown(leftovers, reply->answer.error.message);
	look_at_next(leftovers);
}

static void look_at_next(struct lc_s3_leftovers *leftovers)
{
	char parts_max[40];
	const char *id;

	lc_multipart_free(&leftovers->upload);
	lc_multipart_init(&leftovers->upload);
	if (leftovers->place == leftovers->ids.size) {
		end(leftovers, NULL);
		return;
	}
	id = leftovers->ids.data + leftovers->place;
	leftovers->place += strlen(id) + 1;
	snprintf(leftovers->upload.id, sizeof(leftovers->upload.id), "%s", id);
	snprintf(parts_max, sizeof(parts_max), "max-parts=%d&", LC_MULTIPART_PARTS_MAX);
	set_query_of_upload(leftovers, parts_max);
	ask(leftovers, "GET", false, PARTS_MAX, on_parts);
}

static void on_list(void *context, const struct lc_s3_reply *reply)
{
	struct lc_s3_leftovers *leftovers = context;

	leftovers->exchange = NULL;
	if (end_if_passing(leftovers, &reply->answer))
		return;
	if (reply->answer.retry_class != LC_RETRY_DONE)
		tell_unknown(leftovers, reply->answer.error.message);
	else if (!lc_multipart_read_uploads(lc_buffer_view(reply->answer.body), leftovers->spec.key,
					    &leftovers->ids))
		tell_unknown(leftovers, "uploads are not listed as S3 does");
	look_at_next(leftovers);
}

struct lc_s3_leftovers *lc_s3_leftovers_start(const struct lc_s3_leftovers_spec *spec,
					      struct lc_multipart *whole,
					      lc_s3_leftovers_callback *callback, void *context)
{
	struct lc_s3_leftovers *leftovers = lc_memory_zero(1, sizeof(*leftovers));

	leftovers->spec = *spec;
	leftovers->whole = whole;
	leftovers->callback = callback;
	leftovers->context = context;
	lc_buffer_init(&leftovers->query, QUERY_MAX);
	lc_buffer_init(&leftovers->ids, LIST_MAX);
	lc_multipart_init(&leftovers->upload);
	lc_buffer_append_format(&leftovers->query,
				"encoding-type=url&max-uploads=%d&prefix=", UPLOADS_MAX);
	lc_sigv4_append_encoded(&leftovers->query, spec->key, false);
	lc_buffer_append_text(&leftovers->query, "&uploads=");
	ask(leftovers, "GET", true, LIST_MAX, on_list);
	return leftovers;
}

void lc_s3_leftovers_free(struct lc_s3_leftovers *leftovers)
{
	if (leftovers == NULL)
		return;
	if (leftovers->exchange != NULL)
		lc_s3_exchange_cancel(leftovers->exchange);
	lc_multipart_free(&leftovers->upload);
	lc_buffer_free(&leftovers->query);
	lc_buffer_free(&leftovers->ids);
	free(leftovers);
}
