/*
 * Objects into S3: signed PUTs, or multipart uploads. One attempt a call; whether and when to try
 * again is the caller's.
 *
 * Callbacks run from the loop, never from within lc_s3_put.
 */
#ifndef LC_CLIENTS_S3_H
#define LC_CLIENTS_S3_H

#include "base/loop.h"
#include "base/view.h"
#include "clients/http.h"
#include "clients/s3_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_s3;
struct lc_s3_headers;
struct lc_s3_put;

/* A log object to be PUT, with what is to go with it. */
struct lc_s3_put_spec {
	struct lc_view bucket; /* copied, as the key */
	struct lc_view key;
	const struct lc_s3_body *body;
	enum lc_s3_checksum checksum; /* of a kind that lc_checksum_offered */
	/* More headers, signed and sent with what makes the object alone, such as x-amz-acl; copied.
	 * NULL: none */
	const struct lc_s3_headers *headers;
	uint64_t part_size; /* 0: one PUT; else it is sent in parts of so many bytes */
	bool look_first;    /* see lc_s3_put */
};

typedef void lc_s3_callback(void *context, const struct lc_s3_answer *answer);

/* Strings are copied. `http` must outlive it. */
struct lc_s3 *lc_s3_new(struct lc_loop *loop, struct lc_http *http,
			const struct lc_s3_options *options, struct lc_error *error);
/* Cancels what is still under way. Not from within a callback. */
void lc_s3_free(struct lc_s3 *s3);

/* PUTs one object (Content-Type text/plain). `look_first`: an earlier attempt may have stored it,
 * so a HEAD asks whether it is there, with an ETag and of the same size, and nothing is sent then:
 * that spares versioned buckets of services that ignore If-None-Match a second version. A look that
 * is refused, as where reading is not allowed, holds nothing up.
 *
 * That the object is there already is checked by a HEAD, too, where it is allowed; where it is not,
 * an answer is believed that shows itself to be S3's. With LC_S3_CONDITIONAL_AUTO one that is
 * refused as by a service that does not know the condition is sent again without it at once. The
 * body and what it points to must stay until the callback ran or the PUT was cancelled. A bucket or
 * key that cannot be part of an address (s3_address.h) is answered with LC_RETRY_WAIT and never
 * sent. Only an answer with an ETag, as S3's always have, says that the object is stored. The
 * signing time follows the server's Date header once an answer RequestTimeTooSkewed was seen.
 *
 * While there are no credentials, and once when S3 has refused those that there were, it waits for
 * the look for others, which takes seconds at most. LC_RETRY_CREDENTIALS: there are none then, or
 * S3 has refused the key again and others may come later.
 *
 * In parts (`part_size`), the object is stored by the last request alone, which completes the upload
 * and carries the condition; before it nothing is, whatever became of a request, so that a failure is
 * `certain`. Nor is it where that last request was refused, but for the reason that the upload is gone:
 * then it may have been completed, and a HEAD looks. If its result has no ETag, a HEAD looks, too. What
 * fails or is cancelled before is aborted, once, without anybody waiting for it. With `look_first`
 * leftovers of the same key go before the HEAD (s3_leftovers.h); one that has all parts is completed
 * in place of sending them again.
 * `leftover` asks for `look_first` at the next attempt, as the lack of `certain` does.
 */
struct lc_s3_put *lc_s3_put(struct lc_s3 *s3, const struct lc_s3_put_spec *spec,
			    lc_s3_callback *callback, void *context);

/* Bytes of the body that have left for the connection. */
uint64_t lc_s3_put_sent(const struct lc_s3_put *put);

/* A request that is no PUT of a log object, and that has no body. */
struct lc_s3_request {
	const char *method;    /* "GET", "DELETE": a literal */
	struct lc_view bucket; /* copied, as all; empty: the service itself */
	struct lc_view key;    /* empty: the bucket itself */
	struct lc_view query;  /* canonical (formats/sigv4.h), at most 8 KiB; may be empty */
	const struct lc_s3_headers *headers; /* more headers, signed and sent; NULL: none */
	size_t answer_max;                   /* bytes of the answer's body; at least 64 KiB count */
	void (*release)(void *context);      /* runs in place of the callback when it is cancelled,
						or ended with the client; NULL: nothing to do */
};

/* Signs and sends it, for clients/s3_read and its like. One attempt, credentials as above.
 * LC_RETRY_DONE: the status says so; what came with it is for the caller to judge. */
struct lc_s3_put *lc_s3_ask(struct lc_s3 *s3, const struct lc_s3_request *request,
			    lc_s3_callback *callback, void *context);

/* DELETEs one object, which need not be there. One attempt. */
struct lc_s3_put *lc_s3_delete(struct lc_s3 *s3, struct lc_view bucket, struct lc_view key,
			       lc_s3_callback *callback, void *context);

/* Ends a PUT, or what else was asked, without callback. Whether it has happened is then unknown, and
 * whether parts are left. */
void lc_s3_cancel(struct lc_s3_put *put);

/* True unless leftovers could not be looked for. */
bool lc_s3_sees_leftovers(const struct lc_s3 *s3);

/* True while parts that were given up are being deleted. */
bool lc_s3_aborting(const struct lc_s3 *s3);

#endif
