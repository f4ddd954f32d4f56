/*
 * One signed request to an S3 service. Whatever is asked, it waits for credentials, is signed, by
 * the server's clock if ours was refused, and is repeated once with other credentials when S3 has
 * refused those that there were.
 *
 * Callbacks run from the loop, never from within lc_s3_exchange_start.
 */
#ifndef LC_CLIENTS_S3_EXCHANGE_H
#define LC_CLIENTS_S3_EXCHANGE_H

#include "base/loop.h"
#include "clients/http.h"
#include "clients/s3_types.h"

/* A service, and what is known of it: its clock, the credentials that it was shown last. */
struct lc_s3_service;
struct lc_s3_headers;
struct lc_s3_exchange;

/* All that it points to must stay until the callback ran or the request was cancelled. */
struct lc_s3_exchange_spec {
	const char *method;
	struct lc_view bucket; /* empty: the service itself is asked */
	bool whole_bucket;     /* the bucket is asked, whatever the key: that is only shown */
	struct lc_view key;
	struct lc_view query; /* encoded, sorted by name, "a=b&c="; may be empty */
	const char *content_type;
	const struct lc_s3_body *body; /* NULL: none */
	uint64_t from;                 /* of it, this part is sent */
	uint64_t size;
	enum lc_s3_checksum checksum;        /* of what is sent */
	const struct lc_s3_headers *headers; /* more, signed; NULL: none */
	bool if_none_match;                  /* If-None-Match: * */
	uint64_t deadline_ms;                /* monotonic: it is given up then */
	size_t answer_max; /* bytes of the answer's body; at least 64 KiB are kept */
};

/* Valid until the callback returns. */
struct lc_s3_reply {
	/* What a request has come to that asks for nothing but success: `certain` says that it has
	 * certainly had no effect. `leftover`, `was_there` and `elapsed_ms` are not set. */
	struct lc_s3_answer answer;
	const char *etag;     /* empty: none */
	const char *length;   /* Content-Length, cut; empty: none */
	const char *checksum; /* that was sent; empty: none */
	bool from_s3;         /* it has a header that only S3 services send */
};

typedef void lc_s3_exchange_callback(void *context, const struct lc_s3_reply *reply);

/* Strings are copied. `http` and the credentials must outlive it. NULL with `error`. */
struct lc_s3_service *lc_s3_service_new(struct lc_loop *loop, struct lc_http *http,
					const struct lc_s3_options *options,
					struct lc_error *error);
/* All requests have ended. NULL is allowed. */
void lc_s3_service_free(struct lc_s3_service *service);

/* A bucket or key that cannot be part of an address (s3_address.h) is answered with LC_RETRY_WAIT
 * and never sent. LC_RETRY_CREDENTIALS: there are none to sign with, or S3 has refused the key again
 * and others may come later. */
struct lc_s3_exchange *lc_s3_exchange_start(struct lc_s3_service *service,
					    const struct lc_s3_exchange_spec *spec,
					    lc_s3_exchange_callback *callback, void *context);

/* Bytes of the body that have left for the connection. */
uint64_t lc_s3_exchange_sent(const struct lc_s3_exchange *exchange);

/* Ends it without callback. */
void lc_s3_exchange_cancel(struct lc_s3_exchange *exchange);

#endif
