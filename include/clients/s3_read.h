/*
 * Reading from S3: objects, parts of them, and what is there. One attempt a call, as lc_s3_put,
 * cancelled by lc_s3_cancel; whether and when to try again is the caller's. Callbacks run from the
 * loop, never from within the call.
 *
 * Sources: Amazon S3 API Reference, "GetObject", "ListObjectsV2", "ListBuckets".
 */
#ifndef LC_CLIENTS_S3_READ_H
#define LC_CLIENTS_S3_READ_H

#include "base/buffer.h"
#include "base/view.h"
#include "clients/s3.h"
#include "formats/s3_listing.h"

#include <stddef.h>
#include <stdint.h>

struct lc_s3_get_spec {
	struct lc_view bucket; /* copied, as the key */
	struct lc_view key;
	uint64_t from;
	uint64_t
	    length; /* bytes from `from` on, all of which have to be there; 0: the whole object */
	size_t max_bytes; /* a longer answer is an error; with a length, that is the bound */
};

/* `answer` as that of a PUT: when its class is LC_RETRY_DONE, `body` holds all that was asked for,
 * and may be taken away, with an empty buffer left in its place. Otherwise it is NULL; whether the
 * object is not there, lc_retry_is_absent_s3 says of status and code. An answer that is shorter or
 * longer than it has to be is LC_RETRY_AGAIN where its connection may have broken, and LC_RETRY_WAIT
 * with LC_ERROR_CORRUPT (too short) or LC_ERROR_LIMIT (too long) where it has not. */
typedef void lc_s3_get_callback(void *context, const struct lc_s3_answer *answer,
				struct lc_buffer *body);

struct lc_s3_put *lc_s3_get(struct lc_s3 *s3, const struct lc_s3_get_spec *spec,
			    lc_s3_get_callback *callback, void *context);

/* One page of the keys that begin with `prefix` and come after `start_after` (empty: from the
 * first), in order. `listing` is the callback's until it returns, NULL unless the class is
 * LC_RETRY_DONE. `server_seconds` is the service's clock, 0 if it was not told. */
typedef void lc_s3_list_callback(void *context, const struct lc_s3_answer *answer,
				 const struct lc_s3_listing *listing, int64_t server_seconds);

struct lc_s3_put *lc_s3_list(struct lc_s3 *s3, struct lc_view bucket, struct lc_view prefix,
			     struct lc_view start_after, lc_s3_list_callback *callback,
			     void *context);

/* Asks for the list of buckets, which shows whether the service takes the access key and its
 * secret: LC_RETRY_DONE if S3 has answered with a list, and AccessDenied if they are right, but may
 * not see it. */
struct lc_s3_put *lc_s3_list_buckets(struct lc_s3 *s3, lc_s3_callback *callback, void *context);

#endif
