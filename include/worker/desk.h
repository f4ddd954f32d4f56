/*
 * The desk: answers the supervisor's requests about the worker's shard, several at once.
 */
#ifndef LC_WORKER_DESK_H
#define LC_WORKER_DESK_H

#include "base/view.h"
#include "delivery/shard.h"

#include <stdint.h>

enum { LC_DESK_REQUESTS_MAX = 64 }; /* that wait at a time; further ones are turned away */

struct lc_desk;

/* An answer: an HTTP status and an inspection document, valid until the callback returns. */
typedef void lc_desk_callback(void *context, uint32_t id, unsigned status, struct lc_view document);

/* A desk for shard number `number`. The callback runs from the loop, or from lc_desk_take. */
struct lc_desk *lc_desk_new(struct lc_shard *shard, unsigned number, lc_desk_callback *callback,
			    void *context);

/* Releases it, once the shard is freed. NULL is allowed. */
void lc_desk_free(struct lc_desk *desk);

/* Takes a request, `text` as in formats/control_request.h. Each gets one answer. */
void lc_desk_take(struct lc_desk *desk, uint32_t id, struct lc_view text);

#endif
