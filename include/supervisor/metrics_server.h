/* The metrics endpoint: /metrics as Prometheus text, /healthz (and /healthcheck) with 200 or 503 and the findings,
 * /readyz with 200 once each shard of this machine has its worker; the status page at /, and for it
 * /v1/status and /v1/targets as on the control socket. */
#ifndef LC_SUPERVISOR_METRICS_SERVER_H
#define LC_SUPERVISOR_METRICS_SERVER_H

#include "base/loop.h"
#include "supervisor/control_status.h"

struct lc_metrics_server;

/* Serves `service` on metrics-server.listen-address and -port. NULL with `error` set when the port
 * cannot be had. */
struct lc_metrics_server *lc_metrics_server_new(struct lc_loop *loop,
						const struct lc_control_status *service,
						struct lc_error *error);

/* Closes the port. NULL is allowed. */
void lc_metrics_server_free(struct lc_metrics_server *server);

#endif
