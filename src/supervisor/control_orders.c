#include "supervisor/control_orders.h"

#include "base/assert.h"
#include "base/log.h"

static struct lc_shard_process *find_process(const struct lc_control_orders *orders, unsigned shard,
					     struct lc_error *error)
{
	struct lc_shard_process *process = lc_fleet_find(orders->fleet, shard);

	if (process == NULL)
		lc_error_set(error, LC_ERROR_USAGE,
			     "this machine has no shard %u; status lists those that it has", shard);
	return process;
}

static bool reload(const struct lc_control_orders *orders, size_t *affected, struct lc_error *error)
{
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

static void (*deed_of(enum lc_control_request_command command))(struct lc_shard_process *process)
{
	if (command == LC_CONTROL_REQUEST_PAUSE || command == LC_CONTROL_REQUEST_DRAIN)
		return lc_shard_process_pause;
	if (command == LC_CONTROL_REQUEST_RESUME)
		return lc_shard_process_resume;
	LC_ASSERT(command == LC_CONTROL_REQUEST_RESTART);
	return lc_shard_process_replace;
}

bool lc_control_orders_carry_out(const struct lc_control_orders *orders,
				 const struct lc_control_request *request, size_t *affected,
				 struct lc_error *error)
{
	struct lc_shard_process *process;

	if (request->command == LC_CONTROL_REQUEST_RELOAD)
		return reload(orders, affected, error);
	if (request->command == LC_CONTROL_REQUEST_LOG_LEVEL)
		return set_log_level(orders, request, affected, error);
	if (lc_reload_running(orders->reload))
		return lc_error_set(error, LC_ERROR_CONFLICT,
				    "a reload is under way; wait for its end, which status shows");
	if (request->command == LC_CONTROL_REQUEST_DRAIN ||
	    lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_ALL)) {
		*affected = orders->fleet->count;
		lc_fleet_each(orders->fleet, deed_of(request->command));
		return true;
	}
	process = find_process(orders, request->shard, error);
	if (process == NULL)
		return false;
	if (request->command == LC_CONTROL_REQUEST_RESTART && lc_shard_process_is_to_pause(process))
		return lc_error_set(error, LC_ERROR_CONFLICT,
				    "shard %u is paused and has no worker to be replaced; "
				    "log-courier-ctl resume %u gives it one",
				    request->shard, request->shard);
	*affected = 1;
	deed_of(request->command)(process);
	return true;
}
