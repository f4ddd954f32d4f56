/* A page of the list of a bucket's objects: the XML that answers ListObjectsV2 (Amazon S3 API
 * Reference, "ListObjectsV2"), asked for with encoding-type=url or without. */
#ifndef LC_FORMATS_S3_LISTING_H
#define LC_FORMATS_S3_LISTING_H

#include "base/arena.h"
#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LC_S3_LISTING_KEY_MAX = 1024 };

struct lc_s3_listed {
	struct lc_view key; /* decoded; owned by the listing */
	uint64_t size;
	uint32_t modified; /* seconds since 1970 */
};

struct lc_s3_listing {
	struct lc_s3_listed *objects; /* in the order of their keys' bytes, each key once */
	size_t count;
	size_t capacity;
	bool truncated; /* more come after the last one; then there is at least one */
	struct lc_arena keys;
};

/* An empty listing; to be released with lc_s3_listing_free. */
void lc_s3_listing_init(struct lc_s3_listing *listing);
void lc_s3_listing_free(struct lc_s3_listing *listing);

/* Reads a page into an empty listing. False with `error` (LC_ERROR_CORRUPT) if it is not a whole one:
 * of another root, cut, an object without key, size or time, keys out of order. */
bool lc_s3_listing_parse(struct lc_view body, struct lc_s3_listing *listing,
			 struct lc_error *error);

#endif
