/*
 * Headers of a request to S3, in the order in which they are signed: by name.
 */
#ifndef LC_CLIENTS_S3_HEADERS_H
#define LC_CLIENTS_S3_HEADERS_H

#include "base/buffer.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	LC_S3_HEADERS_MAX = 32,
	/* Of all names and values: the largest session token, tags, key and authorization, and two
	 * texts of the settings (formats/credentials.h, config/setting.h) together. */
	LC_S3_HEADERS_BYTES_MAX = 128 * 1024,
};

/* Where a header stands in the text. */
struct lc_s3_header_place {
	size_t name;
	size_t name_size;
	size_t value;
	size_t value_size;
};

struct lc_s3_headers {
	struct lc_buffer text; /* names and values */
	struct lc_s3_header_place places[LC_S3_HEADERS_MAX];
	size_t count;
};

/* No headers; to be released with lc_s3_headers_free. */
void lc_s3_headers_init(struct lc_s3_headers *headers);
void lc_s3_headers_free(struct lc_s3_headers *headers);
/* No headers any more; the memory is kept. */
void lc_s3_headers_clear(struct lc_s3_headers *headers);

/* Adds a header that is not there yet; both texts are copied. The name is in lower case, the value
 * of visible ASCII and blanks. One without a value is left out. */
void lc_s3_headers_add(struct lc_s3_headers *headers, const char *name, struct lc_view value);

/* Adds all of the others. */
void lc_s3_headers_add_all(struct lc_s3_headers *headers, const struct lc_s3_headers *others);

/* Header number `index`, in their order. Valid until the next one is added. */
struct lc_view lc_s3_headers_name(const struct lc_s3_headers *headers, size_t index);
struct lc_view lc_s3_headers_value(const struct lc_s3_headers *headers, size_t index);

#endif
