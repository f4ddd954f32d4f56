/*
 * The objects of a shared ledger in S3, all below one folder. A PUT or a GET is tried until it has
 * happened, however long that takes, or is known never to happen: failures pass, or somebody ends
 * them, and nothing else could be done meanwhile. What fails is logged when it begins, once a
 * minute and when it is over. Lists and deletions are attempts, for who does without.
 *
 * Callbacks run from the loop, never from within a call, once each, unless it was cancelled.
 */
#ifndef LC_LEDGER_REMOTE_H
#define LC_LEDGER_REMOTE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/view.h"
#include "clients/s3_read.h"

#include <stddef.h>
#include <stdint.h>

struct lc_remote;
struct lc_remote_call;

struct lc_remote_options {
	struct lc_loop *loop;
	struct lc_s3 *s3;         /* outlives it */
	const char *bucket;       /* copied, as the folder */
	const char *folder;       /* what names begin with, "prefix/g1/s0/"; may be empty */
	struct lc_random *random; /* of the waits between attempts; outlives it */
};

/* How often an object that is not there, or has not the size that it must have, is looked for before
 * that is believed. */
enum { LC_REMOTE_LOOKS = 5 };

struct lc_remote *lc_remote_new(const struct lc_remote_options *options);
/* Cancels what is under way. May be called from a callback. NULL is allowed. */
void lc_remote_free(struct lc_remote *remote);

/* The object is stored. */
typedef void lc_remote_put_callback(void *context);

/* Stores an object of this name in the folder. The body stays where it is until the callback. */
struct lc_remote_call *lc_remote_put(struct lc_remote *remote, const char *name,
				     struct lc_view body, lc_remote_put_callback *callback,
				     void *context);

/* All that was asked for, which may be taken away with an empty buffer left in its place; or `error`,
 * `body` being NULL: the object is not there, is too short or too long (LC_ERROR_CORRUPT, naming
 * it), and that does not pass. */
typedef void lc_remote_get_callback(void *context, const struct lc_error *error,
				    struct lc_buffer *body);

/* Reads an object, whole (length 0) up to `max_bytes`, or `length` bytes from `from` on. */
struct lc_remote_call *lc_remote_get(struct lc_remote *remote, const char *name, uint64_t from,
				     uint64_t length, size_t max_bytes,
				     lc_remote_get_callback *callback, void *context);

/* Ends a call without callback. NULL is allowed. */
void lc_remote_cancel(struct lc_remote_call *call);

/* One attempt each, which lc_s3_cancel ends: a page of the names that begin with `prefix` in the folder
 * and come after `start_after` (empty: from the first), where the folder's own name is part of each
 * key; and a deletion. */
struct lc_s3_put *lc_remote_list(struct lc_remote *remote, const char *prefix,
				 const char *start_after, lc_s3_list_callback *callback,
				 void *context);
struct lc_s3_put *lc_remote_delete(struct lc_remote *remote, const char *name,
				   lc_s3_callback *callback, void *context);

/* The name in the folder of an object that was listed; an empty view if it lies elsewhere. */
struct lc_view lc_remote_name_of(const struct lc_remote *remote, struct lc_view key);

#endif
