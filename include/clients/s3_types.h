/*
 * What the parts of the S3 client have in common: how a service is reached, what is uploaded, and
 * what came of it.
 */
#ifndef LC_CLIENTS_S3_TYPES_H
#define LC_CLIENTS_S3_TYPES_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "clients/credentials_provider.h"
#include "clients/retry.h"
#include "formats/s3_choices.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct lc_s3_answer {
	enum lc_retry_class retry_class;
	enum lc_retry_scope scope; /* of what, unless retry_class is LC_RETRY_DONE */
	bool certain;     /* the object is certainly not stored by this attempt: see lc_s3_put */
	bool unanswered;  /* the last request has left, and no whole answer has come */
	bool leftover;    /* parts of this attempt may lie in the bucket: see lc_s3_put */
	bool was_there;   /* stored by an earlier attempt, or, if `certain`, by somebody
				      else: a sending of this attempt did not do it */
	unsigned status;  /* 0: none */
	const char *code; /* S3's <Code>, may be empty; valid until the callback returns */
	uint64_t elapsed_ms;
	struct lc_error error; /* kind NONE when the object is stored; else names bucket, key,
				  status, code, S3's message */
	/* Of lc_s3_ask alone; otherwise NULL and false. Valid until the callback returns. */
	struct lc_buffer *body; /* the answer's, its first bytes when it is longer than allowed: may
				   be taken away, with an empty one left in its place */
	bool body_whole;        /* the headers told where it ends, and nothing of it is missing */
	const char *date;       /* the answer's Date header; may be empty */
};

#endif
