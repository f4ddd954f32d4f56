#include "supervisor/orders.h"

#include "base/assert.h"
#include "base/log.h"

static struct lc_keeper *find_keeper(const struct lc_orders *orders, unsigned shard,
				     struct lc_error *error)
{
	struct lc_keeper *keeper = lc_fleet_find(orders->fleet, shard);

	if (keeper == NULL)
		lc_error_set(error, LC_ERROR_USAGE,
			     "this machine has no shard %u; status lists those that it has", shard);
	return keeper;
}

static bool reload(const struct lc_orders *orders, size_t *affected, struct lc_error *error)
{
	*affected = orders->fleet->count;
	return lc_reload_begin(orders->reload, error);
}

static bool set_log_level(const struct lc_orders *orders, const struct lc_control_request *request,
			  size_t *affected, struct lc_error *error)
{
	bool one = lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_SHARD);
	struct lc_keeper *keeper;

	if (one) {
		keeper = find_keeper(orders, request->shard, error);
		if (keeper == NULL)
			return false;
		lc_keeper_set_log_level(keeper, request->level);
		*affected = 1;
		return true;
	}
	lc_log_set_level(request->level);
	for (size_t i = 0; i < orders->fleet->count; i++)
		lc_keeper_set_log_level(orders->fleet->keepers[i], request->level);
	*affected = orders->fleet->count;
	return true;
}

static void (*deed_of(enum lc_control_request_command command))(struct lc_keeper *keeper)
{
	if (command == LC_CONTROL_REQUEST_PAUSE || command == LC_CONTROL_REQUEST_DRAIN)
		return lc_keeper_pause;
	if (command == LC_CONTROL_REQUEST_RESUME)
		return lc_keeper_resume;
	LC_ASSERT(command == LC_CONTROL_REQUEST_RESTART);
	return lc_keeper_replace;
}

bool lc_orders_obey(const struct lc_orders *orders, const struct lc_control_request *request,
		    size_t *affected, struct lc_error *error)
{
	struct lc_keeper *keeper;

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
	keeper = find_keeper(orders, request->shard, error);
	if (keeper == NULL)
		return false;
	if (request->command == LC_CONTROL_REQUEST_RESTART && lc_keeper_is_to_pause(keeper))
		return lc_error_set(error, LC_ERROR_CONFLICT,
				    "shard %u is paused and has no worker to be replaced; "
				    "log-courier-ctl resume %u gives it one",
				    request->shard, request->shard);
	*affected = 1;
	deed_of(request->command)(keeper);
	return true;
}
