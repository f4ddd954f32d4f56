/*
 * A control request that is put to the workers of the shards it concerns, all at the same time, and
 * whose answers become one document. A shard that does not answer becomes a problem in it.
 */
#ifndef LC_SUPERVISOR_CONTROL_SHARDS_H
#define LC_SUPERVISOR_CONTROL_SHARDS_H

#include "formats/control_request.h"
#include "formats/inspection.h"
#include "supervisor/control_status.h"
#include "supervisor/http_server.h"

#include <stdbool.h>

struct lc_control_shards;

/* The answers, sorted and cut to the request's limit; valid until the callback returns. `answered`:
 * at least one shard did, or none had to. Runs once, from the loop; the request is to be freed then
 * or later. */
typedef void lc_control_shards_callback(void *context, const struct lc_inspection *document,
					bool answered);

/* Asks the shards of `service` that the request concerns: all, or that of the named source. */
struct lc_control_shards *lc_control_shards_ask(struct lc_loop *loop,
						const struct lc_control_status *service,
						const struct lc_control_request *request,
						lc_control_shards_callback *callback,
						void *context);

/* Gives up what is under way. NULL is allowed. */
void lc_control_shards_free(struct lc_control_shards *shards);

/* From a handler of `server`: asks the shards, and answers later with an inspection document; 503
 * when none has answered. All but `request` and `answer` outlive the connection. */
void lc_control_shards_answer(struct lc_loop *loop, const struct lc_control_status *service,
			      const struct lc_http_server *server,
			      const struct lc_control_request *request,
			      struct lc_http_server_answer *answer);

#endif
