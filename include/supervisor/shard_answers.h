/* The answer to a request that the shards are asked for, over HTTP: it comes when all have
 * answered, or their time is over. */
#ifndef LC_SUPERVISOR_SHARD_ANSWERS_H
#define LC_SUPERVISOR_SHARD_ANSWERS_H

#include "base/loop.h"
#include "formats/control_request.h"
#include "supervisor/http_server.h"
#include "supervisor/report.h"

/* From a handler of `server`: asks the shards of the report's fleet, and answers later with an
 * inspection document; 503 when none has answered. All but `request` and `answer` outlive the
 * connection. */
void lc_shard_answers_begin(struct lc_loop *loop, const struct lc_report *report,
			    const struct lc_http_server *server,
			    const struct lc_control_request *request,
			    struct lc_http_server_answer *answer);

#endif
