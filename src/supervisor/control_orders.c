#include "supervisor/control_orders.h"

#include "base/assert.h"
#include "base/log.h"

typedef bool carry_out(const struct lc_control_orders *orders,
		       const struct lc_control_request *request, size_t *affected,
		       struct lc_error *error);

static struct lc_shard_process *find_process(const struct lc_control_orders *orders, unsigned shard,
					     struct lc_error *error)
{
	struct lc_shard_process *process = lc_fleet_find(orders->fleet, shard);

	if (process == NULL)
		lc_error_set(error, LC_ERROR_USAGE,
			     "this machine does not deliver shard %u; status lists the shards that "
			     "it delivers",
			     shard);
	return process;
}

static bool reload(const struct lc_control_orders *orders, const struct lc_control_request *request,
		   size_t *affected, struct lc_error *error)
{
	(void)request;
	*affected = orders->fleet->count;
	return lc_reload_begin(orders->reload, error);
}

static bool set_log_level(const struct lc_control_orders *orders,
			  const struct lc_control_request *request, size_t *affected,
			  struct lc_error *error)
{
	bool one = lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_SHARD);
	struct lc_shard_process *process;

	if (one) {
		process = find_process(orders, request->shard, error);
		if (process == NULL)
			return false;
		lc_shard_process_set_log_level(process, request->level);
		*affected = 1;
		return true;
	}
	lc_log_set_level(request->level);
	for (size_t i = 0; i < orders->fleet->count; i++)
		lc_shard_process_set_log_level(orders->fleet->processes[i], request->level);
	*affected = orders->fleet->count;
	return true;
}

/* No shard is concerned. */
static bool preflight(const struct lc_control_orders *orders,
		      const struct lc_control_request *request, size_t *affected,
		      struct lc_error *error)
{
	struct lc_view bucket = lc_view_of("");

	*affected = 0;
	if (lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_UPLOAD_BUCKET))
		bucket = lc_control_request_bucket(request);
	return lc_preflight_child_ask(orders->preflight, bucket, error);
}

/* ---- orders to shards: not during a reload, which gives its own ---- */

static bool check_no_reload(const struct lc_control_orders *orders, struct lc_error *error)
{
	return !lc_reload_running(orders->reload) ||
	       lc_error_set(error, LC_ERROR_CONFLICT,
			    "a reload is under way; wait until it has ended, as status shows");
}

static bool order_all(const struct lc_control_orders *orders, enum lc_slot_event_type order,
		      size_t *affected)
{
	*affected = orders->fleet->count;
	lc_fleet_order(orders->fleet, order);
	return true;
}

/* All shards, or the one that the request names. */
static bool order_named(const struct lc_control_orders *orders,
			const struct lc_control_request *request, enum lc_slot_event_type order,
			size_t *affected, struct lc_error *error)
{
	struct lc_shard_process *process;

	if (!check_no_reload(orders, error))
		return false;
	if (lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_ALL))
		return order_all(orders, order, affected);
	process = find_process(orders, request->shard, error);
	if (process == NULL)
		return false;
	*affected = 1;
	lc_shard_process_order(process, order);
	return true;
}

static bool pause_shards(const struct lc_control_orders *orders,
			 const struct lc_control_request *request, size_t *affected,
			 struct lc_error *error)
{
	return order_named(orders, request, LC_SLOT_PAUSE, affected, error);
}

static bool resume(const struct lc_control_orders *orders, const struct lc_control_request *request,
		   size_t *affected, struct lc_error *error)
{
	return order_named(orders, request, LC_SLOT_RESUME, affected, error);
}

static bool restart(const struct lc_control_orders *orders,
		    const struct lc_control_request *request, size_t *affected,
		    struct lc_error *error)
{
	bool all = lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_ALL);
	const struct lc_shard_process *one =
	    all ? NULL : lc_fleet_find(orders->fleet, request->shard);

	if (!check_no_reload(orders, error))
		return false;
	if (one != NULL && lc_shard_process_is_to_pause(one))
		return lc_error_set(error, LC_ERROR_CONFLICT,
				    "shard %u is paused and has no worker to replace; "
				    "log-courier-ctl resume %u starts one",
				    request->shard, request->shard);
	if (one != NULL && lc_shard_process_state(one) == LC_SHARD_STATE_AWAY)
		return lc_error_set(error, LC_ERROR_CONFLICT,
				    "shard %u has no worker on this machine to replace: another "
				    "machine has it, or is to take it",
				    request->shard);
	return order_named(orders, request, LC_SLOT_REPLACE, affected, error);
}

static bool drain(const struct lc_control_orders *orders, const struct lc_control_request *request,
		  size_t *affected, struct lc_error *error)
{
	(void)request;
	return check_no_reload(orders, error) && order_all(orders, LC_SLOT_PAUSE, affected);
}

/* ---- orders to this machine, where several stand in for each other ---- */

/* All shards that this machine has, or the one that the request names. */
static bool release(const struct lc_control_orders *orders,
		    const struct lc_control_request *request, size_t *affected,
		    struct lc_error *error)
{
	const struct lc_shard_process *process;

	if (!lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_SHARD)) {
		*affected =
		    orders->fleet->count - lc_fleet_count_in(orders->fleet, LC_SHARD_STATE_AWAY);
		return lc_machines_child_release(orders->machines, error);
	}
	process = find_process(orders, request->shard, error);
	if (process == NULL)
		return false;
	*affected = lc_shard_process_state(process) != LC_SHARD_STATE_AWAY;
	return lc_machines_child_release_shard(orders->machines, request->shard, error);
}

static bool rejoin(const struct lc_control_orders *orders, const struct lc_control_request *request,
		   size_t *affected, struct lc_error *error)
{
	*affected = 0;
	if (!lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_SHARD))
		return lc_machines_child_rejoin(orders->machines, error);
	return find_process(orders, request->shard, error) != NULL &&
	       lc_machines_child_rejoin_shard(orders->machines, request->shard, error);
}

/* ---- all orders ---- */

static carry_out *const ORDERS[LC_CONTROL_REQUEST_COMMAND_COUNT] = {
#define ANSWER(handler) NULL
#define ORDER(handler) handler
#define SHARDS NULL
#define NONE NULL
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	[LC_CONTROL_REQUEST_##name] = supervisor,
#include "tbl/control_commands.h"
};

bool lc_control_orders_carry_out(const struct lc_control_orders *orders,
				 const struct lc_control_request *request, size_t *affected,
				 struct lc_error *error)
{
	LC_ASSERT(ORDERS[request->command] != NULL);
	return ORDERS[request->command](orders, request, affected, error);
}
