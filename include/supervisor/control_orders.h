/*
 * What an operator orders on the control socket: reload, preflight, pause, resume, restart, drain,
 * release, rejoin, log-level. The supervisor begins to carry it out and answers at once; how far it came is told by the status
 * document.
 */
#ifndef LC_SUPERVISOR_CONTROL_ORDERS_H
#define LC_SUPERVISOR_CONTROL_ORDERS_H

#include "formats/control_request.h"
#include "supervisor/fleet.h"
#include "supervisor/machines_child.h"
#include "supervisor/preflight_child.h"
#include "supervisor/reload.h"

#include <stdbool.h>
#include <stddef.h>

struct lc_control_orders {
	struct lc_fleet *fleet;
	struct lc_reload *reload;
	struct lc_preflight_child *preflight;
	struct lc_machines_child *machines;
};

/* Carries out an order. `affected`: how many shards it concerns. False with `error`, and nothing
 * was done: LC_ERROR_USAGE when there is no such shard here or the new configuration is wrong,
 * LC_ERROR_CONFLICT when a reload, or another preflight, stands in the way. */
bool lc_control_orders_carry_out(const struct lc_control_orders *orders,
				 const struct lc_control_request *request, size_t *affected,
				 struct lc_error *error);

#endif
