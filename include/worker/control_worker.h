/*
 * Control requests in a worker: what the supervisor asks about the worker's shard is answered here,
 * several requests at once.
 */
#ifndef LC_WORKER_CONTROL_WORKER_H
#define LC_WORKER_CONTROL_WORKER_H

#include "base/view.h"
#include "delivery/shard.h"

#include <stdint.h>

enum {
	LC_CONTROL_WORKER_REQUESTS_MAX = 64
}; /* that wait at a time; further ones are turned away */

struct lc_control_worker;

/* An answer: an HTTP status and an inspection document, valid until the callback returns. */
typedef void lc_control_worker_callback(void *context, uint32_t id, unsigned status,
					struct lc_view document);

/* Answers for shard number `number`; `shard` is NULL while it is not there yet, and requests are
 * turned away. The callback runs from the loop, or from
 * lc_control_worker_take. */
struct lc_control_worker *lc_control_worker_new(struct lc_shard *shard, unsigned number,
						lc_control_worker_callback *callback,
						void *context);

/* Releases it, once the shard is freed. NULL is allowed. */
void lc_control_worker_free(struct lc_control_worker *control);

/* Takes a request, `text` as in formats/control_request.h. Each gets one answer. */
void lc_control_worker_take(struct lc_control_worker *control, uint32_t id, struct lc_view text);

#endif
