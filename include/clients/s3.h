/*
 * Objects into S3: signed PUTs. One attempt a call; whether and when to try again is the caller's.
 *
 * Callbacks run from the loop, never from within lc_s3_put.
 */
#ifndef LC_CLIENTS_S3_H
#define LC_CLIENTS_S3_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/view.h"
#include "clients/credentials_provider.h"
#include "clients/http.h"
#include "clients/retry.h"
#include "formats/s3_choices.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_s3;
struct lc_s3_headers;
struct lc_s3_put;

struct lc_s3_options {
	const char *endpoint; /* http(s)://host[:port], without a path */
	const char *region;
	struct lc_credentials_provider *credentials; /* to sign with; outlives the client */
	enum lc_s3_addressing addressing;
	enum lc_s3_conditional conditional;
	uint64_t timeout_ms;       /* of one attempt */
	uint64_t stall_timeout_ms; /* an attempt in which no byte moves for so long is given up */
};

/* The body as pieces in order: lines of the object, where they lie. */
struct lc_s3_body {
	const struct lc_view *pieces;
	size_t piece_count;
	uint64_t size; /* sum of the pieces' sizes */
};

/* A log object to be PUT, with what is to go with it. */
struct lc_s3_put_spec {
	struct lc_view bucket; /* copied, as the key */
	struct lc_view key;
	const struct lc_s3_body *body;
	enum lc_s3_checksum checksum; /* of a kind that lc_checksum_offered */
	/* More headers, signed and sent with the PUT alone, such as x-amz-acl; copied. NULL: none */
	const struct lc_s3_headers *headers;
	bool look_first; /* see lc_s3_put */
};

struct lc_s3_answer {
	enum lc_retry_class retry_class;
	enum lc_retry_scope scope; /* of what, unless retry_class is LC_RETRY_DONE */
	bool certain;              /* the object is certainly not stored by this attempt: see
				      lc_retry_classify_s3 */
	bool was_there;            /* stored by an earlier attempt, or, if `certain`, by somebody
				      else: a sending of this attempt did not do it */
	unsigned status;           /* 0: none */
	const char *code;          /* S3's <Code>, may be empty; valid until the callback returns */
	uint64_t elapsed_ms;
	struct lc_error error; /* kind NONE when the object is stored; else names bucket, key,
				  status, code, S3's message */
	/* Of lc_s3_ask alone; otherwise NULL and false. Valid until the callback returns. */
	struct lc_buffer *body; /* the answer's, its first bytes when it is longer than allowed: may
				   be taken away, with an empty one left in its place */
	bool body_whole;        /* the headers told where it ends, and nothing of it is missing */
	const char *date;       /* the answer's Date header; may be empty */
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

/* Ends a PUT, or what else was asked, without callback. Whether it has happened is then unknown. */
void lc_s3_cancel(struct lc_s3_put *put);

#endif
