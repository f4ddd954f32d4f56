/*
 * An S3 that keeps objects in memory, in place of clients/s3.h and clients/s3_read.h: for tests of
 * what is stored and read again. Answers come from the loop. Everything is in one bucket. The clock
 * is the test's, and faults are, too.
 */
#ifndef LC_TESTS_SUPPORT_OBJECT_STORE_H
#define LC_TESTS_SUPPORT_OBJECT_STORE_H

#include "base/loop.h"
#include "base/view.h"
#include "clients/s3_read.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_s3 *object_store_new(struct lc_loop *loop);
/* Cancels what is under way. */
void object_store_free(struct lc_s3 *s3);

/* What was asked until now. */
struct object_store_counts {
	size_t puts;
	size_t gets;
	size_t lists;
	size_t deletes;
	uint64_t put_bytes; /* of what was stored */
	uint64_t got_bytes;
};
struct object_store_counts *object_store_counts(struct lc_s3 *s3);

/* The next request after `after` others, and `count` in all, are answered with this status and
 * code; 0: no answer comes, and, if it `happens`, what was asked has happened. */
void object_store_fail(struct lc_s3 *s3, size_t after, size_t count, unsigned status,
		       const char *code, bool happens);

/* While it holds, no request that comes from now on is answered. */
void object_store_hold(struct lc_s3 *s3, bool holds);

/* S3's clock, seconds since 1970; of objects that are stored from now on, too. 0: it tells none. */
void object_store_set_clock(struct lc_s3 *s3, uint32_t seconds);

/* Objects whose keys begin with this; the key of one of them, in their order. */
size_t object_store_count(const struct lc_s3 *s3, const char *prefix);
const char *object_store_key(const struct lc_s3 *s3, const char *prefix, size_t index);

/* An object's bytes, which may be changed; NULL if it is not there. */
struct lc_buffer *object_store_body(struct lc_s3 *s3, const char *key);
void object_store_put(struct lc_s3 *s3, const char *key, struct lc_view body);
void object_store_remove(struct lc_s3 *s3, const char *key);

/* Whether a request is under way, and how many keys a page of a list has (1,000). */
bool object_store_busy(const struct lc_s3 *s3);
void object_store_set_page(struct lc_s3 *s3, size_t keys);

#endif
