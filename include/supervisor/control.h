/* The control socket: HTTP/1.1 with JSON on a Unix socket, as include/tbl/control_commands.h lists.
 * Whoever can open the socket (mode 0660) may read with GET; what changes something is a POST, for
 * root and the service's own user alone. A request that is refused is answered with {"error":
 * "..."}.
 */
#ifndef LC_SUPERVISOR_CONTROL_H
#define LC_SUPERVISOR_CONTROL_H

#include "base/loop.h"
#include "supervisor/orders.h"
#include "supervisor/report.h"

struct lc_control;

/* Serves `report`, requests to its keepers, and orders, on supervisor.socket. NULL with `error` set
 * when the socket can not be had. `orders` is copied; what it points to outlives the control. */
struct lc_control *lc_control_new(struct lc_loop *loop, const struct lc_report *report,
				  const struct lc_orders *orders, struct lc_error *error);

/* Closes and removes the socket; no keeper is asked any more. NULL is allowed. */
void lc_control_free(struct lc_control *control);

#endif
