/*
 * The control socket: HTTP/1.1 with JSON on a Unix socket, as include/tbl/control_commands.h lists.
 * Whoever can open the socket (mode 0660) may read with GET; what changes something is a POST, for
 * root and the service's own user alone. A request that is refused is answered with {"error":
 * "..."}.
 */
#ifndef LC_SUPERVISOR_CONTROL_SOCKET_H
#define LC_SUPERVISOR_CONTROL_SOCKET_H

#include "supervisor/control_orders.h"
#include "supervisor/control_status.h"

struct lc_control_socket;

/* Serves the status of `service`, requests to its shards, and orders, on supervisor.socket; the
 * directory is made if only its last part is missing. What a dead service has left at the path is
 * replaced; a socket that somebody serves, or a file that is no socket, is not: then NULL with
 * `error` set, which says what an operator can do. `orders` is copied; what it points to, and
 * `service`, outlive the socket. */
struct lc_control_socket *lc_control_socket_new(struct lc_loop *loop,
						const struct lc_control_status *service,
						const struct lc_control_orders *orders,
						struct lc_error *error);

/* Closes and removes the socket; no shard is asked any more. NULL is allowed. */
void lc_control_socket_free(struct lc_control_socket *control);

#endif
