/* Where an object lies: endpoint, addressing style, bucket and key -> host and encoded path, the
 * same for the URL and for the signature. Pure. */
#ifndef LC_CLIENTS_S3_ADDRESS_H
#define LC_CLIENTS_S3_ADDRESS_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "formats/s3_choices.h"

#include <stdbool.h>

/* What cannot be part of an address. */
enum lc_s3_address_fault {
	LC_S3_ADDRESS_WHOLE, /* nothing: there is an address */
	LC_S3_ADDRESS_BAD_BUCKET,
	LC_S3_ADDRESS_BAD_KEY,
};

struct lc_s3_endpoint {
	struct lc_view scheme;    /* "http" or "https" */
	struct lc_view authority; /* host, or host:port as it was given */
};

/* Reads http(s)://host[:port], one "/" after it allowed. The views lie in `text`. */
bool lc_s3_address_endpoint_of(const char *text, struct lc_s3_endpoint *endpoint,
			       struct lc_error *error);

/* Appends the Host header's value and the encoded path of an object, unless bucket or key cannot be
 * part of an address; then `error` says why. A bucket is 3 to 255 of [A-Za-z0-9._-], in
 * virtual-host style also a valid host name; a key is 1 to 1,024 bytes. Nothing that is sent to
 * such an address could reach another object than the one meant. */
enum lc_s3_address_fault lc_s3_address_append(const struct lc_s3_endpoint *endpoint,
					      enum lc_s3_addressing addressing,
					      struct lc_view bucket, struct lc_view key,
					      struct lc_buffer *host, struct lc_buffer *path,
					      struct lc_error *error);

/* The same of a bucket itself, for requests that speak of it. */
enum lc_s3_address_fault lc_s3_address_append_bucket(const struct lc_s3_endpoint *endpoint,
						     enum lc_s3_addressing addressing,
						     struct lc_view bucket, struct lc_buffer *host,
						     struct lc_buffer *path,
						     struct lc_error *error);

#endif
