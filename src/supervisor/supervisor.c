#include "supervisor/supervisor.h"

#include "base/clock.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "supervisor/control.h"
#include "supervisor/directory.h"
#include "supervisor/keeper.h"
#include "supervisor/layout.h"
#include "supervisor/metrics_server.h"
#include "supervisor/report.h"
#include "supervisor/signals.h"

#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

struct supervisor {
	const struct lc_settings *settings;
	struct lc_keeper_house house;
	struct lc_keeper **keepers;
	size_t keeper_count;
	struct lc_report report;
	struct lc_signals *signals;
	struct lc_control *control;
	struct lc_metrics_server *metrics_server;
	unsigned stop_requests;
	bool announced; /* READY was told to the service manager */
};

static size_t count_in(const struct supervisor *supervisor, enum lc_shard_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < supervisor->keeper_count; i++)
		count += lc_keeper_state(supervisor->keepers[i]) == state;
	return count;
}

static bool all_settled(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->keeper_count; i++) {
		if (!lc_keeper_settled(supervisor->keepers[i]))
			return false;
	}
	return true;
}

/* A service manager that can not be told is one that did not ask: the results are of no use. */
static void tell_service_manager(struct supervisor *supervisor)
{
	size_t ready = count_in(supervisor, LC_SHARD_STATE_READY);

	if (!supervisor->announced && supervisor->stop_requests == 0 && all_settled(supervisor)) {
		supervisor->announced = true;
		lc_log(LC_LOG_INFO, "service is up", LC_LOG_UINT("ready_shards", ready),
		       LC_LOG_UINT("owned_shards", supervisor->keeper_count));
		(void)sd_notify(0, "READY=1");
	}
	(void)sd_notifyf(0, "STATUS=%zu of %zu shards ready", ready, supervisor->keeper_count);
}

static void on_change(void *context)
{
	struct supervisor *supervisor = context;
	size_t failed = count_in(supervisor, LC_SHARD_STATE_FAILED);
	size_t stopped = count_in(supervisor, LC_SHARD_STATE_STOPPED);

	if (failed == supervisor->keeper_count ||
	    (supervisor->stop_requests > 0 && stopped == supervisor->keeper_count)) {
		lc_loop_stop(supervisor->house.loop);
		return;
	}
	tell_service_manager(supervisor);
}

static void stop(struct supervisor *supervisor)
{
	bool hurry = ++supervisor->stop_requests > 1;

	lc_log_say(LC_LOG_INFO, hurry ? "stopping at once: uploads are abandoned"
				      : "stopping: workers finish what is under way");
	(void)sd_notify(0, "STOPPING=1");
	for (size_t i = 0; i < supervisor->keeper_count; i++) {
		if (hurry)
			lc_keeper_hurry(supervisor->keepers[i]);
		else
			lc_keeper_drain(supervisor->keepers[i]);
	}
	on_change(supervisor);
}

static void on_signal(int signal_number, void *context)
{
	struct supervisor *supervisor = context;

	switch (signal_number) {
	case SIGCHLD:
		for (size_t i = 0; i < supervisor->keeper_count; i++)
			lc_keeper_reap(supervisor->keepers[i]);
		break;
	case SIGHUP:
		lc_log_say(LC_LOG_WARNING,
			   "SIGHUP changes nothing: restart the service to read new settings");
		break;
	default:
		stop(supervisor);
		break;
	}
}

static bool open_house(struct supervisor *supervisor, struct lc_error *error)
{
	struct lc_keeper_house *house = &supervisor->house;

	house->loop = lc_loop_new(error);
	if (house->loop == NULL)
		return false;
	supervisor->signals =
	    lc_signals_new(house->loop, on_signal, supervisor, &house->worker_signals, error);
	if (supervisor->signals == NULL)
		return false;
	house->state_lock = lc_directory_lock(supervisor->settings->state_directory, error);
	return house->state_lock >= 0;
}

static bool make_keepers(struct supervisor *supervisor, struct lc_error *error)
{
	const struct lc_settings *settings = supervisor->settings;
	unsigned shard_count = supervisor->house.shard_count;

	supervisor->keepers = lc_memory_zero(shard_count, sizeof(struct lc_keeper *));
	for (unsigned shard = 0; shard < shard_count; shard++) {
		struct lc_keeper *keeper;

		if (!lc_settings_owns_shard(settings, shard))
			continue;
		keeper = lc_keeper_new(&supervisor->house, shard, error);
		if (keeper == NULL)
			return false;
		supervisor->keepers[supervisor->keeper_count++] = keeper;
	}
	if (supervisor->keeper_count == 0)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "supervisor.owned-shards leaves this machine no shard");
	return true;
}

static bool open_servers(struct supervisor *supervisor, struct lc_error *error)
{
	const struct lc_settings *settings = supervisor->settings;

	supervisor->report = (struct lc_report){
	    .settings = settings,
	    .keepers = supervisor->keepers,
	    .keeper_count = supervisor->keeper_count,
	    .shard_count = supervisor->house.shard_count,
	    .started_ms = lc_clock_monotonic_ms(),
	};
	supervisor->control = lc_control_new(supervisor->house.loop, &supervisor->report, error);
	if (supervisor->control == NULL)
		return false;
	if (!settings->metrics_server_enabled)
		return true;
	supervisor->metrics_server =
	    lc_metrics_server_new(supervisor->house.loop, &supervisor->report, error);
	return supervisor->metrics_server != NULL;
}

static void close_all(struct supervisor *supervisor)
{
	lc_metrics_server_free(supervisor->metrics_server);
	lc_control_free(supervisor->control);
	for (size_t i = 0; i < supervisor->keeper_count; i++)
		lc_keeper_free(supervisor->keepers[i]);
	free(supervisor->keepers);
	lc_signals_free(supervisor->signals);
	lc_loop_free(supervisor->house.loop);
	if (supervisor->house.state_lock >= 0)
		close(supervisor->house.state_lock);
}

static int run(struct supervisor *supervisor)
{
	lc_log(LC_LOG_INFO, "service starts", LC_LOG_TEXT("version", PACKAGE_VERSION),
	       LC_LOG_UINT("shards", supervisor->house.shard_count),
	       LC_LOG_UINT("owned_shards", supervisor->keeper_count),
	       LC_LOG_TEXT("socket", supervisor->settings->supervisor_socket));
	for (size_t i = 0; i < supervisor->keeper_count; i++)
		lc_keeper_start(supervisor->keepers[i]);
	lc_loop_run(supervisor->house.loop);
	if (supervisor->stop_requests > 0) {
		lc_log_say(LC_LOG_INFO, "service ends");
		return LC_EXIT_OK;
	}
	lc_log_say(LC_LOG_ERROR, "no shard can work with the settings; service ends");
	return LC_EXIT_CONFIG;
}

/* Why the service does not start, and with which code it ends. */
static int explain(const struct lc_error *error)
{
	if (error->kind == LC_ERROR_CANCELLED) {
		lc_log(LC_LOG_INFO, "service ends before it has started", LC_LOG_FAULT(error));
		return LC_EXIT_OK;
	}
	lc_log(LC_LOG_ERROR, "service not started", LC_LOG_FAULT(error));
	return error->kind == LC_ERROR_CORRUPT ? LC_EXIT_LEDGER : LC_EXIT_FAILURE;
}

int lc_supervisor_run(const struct lc_settings *settings)
{
	struct supervisor supervisor = {
	    .settings = settings,
	    .house = {.settings = settings,
		      .shard_count = lc_settings_shard_count(settings),
		      .state_lock = -1,
		      .on_change = on_change},
	};
	struct lc_error error;
	int exit_code;

	supervisor.house.context = &supervisor;
	lc_log_set_identity("supervisor", -1);
	if (open_house(&supervisor, &error) && make_keepers(&supervisor, &error) &&
	    lc_layout_enforce(settings, supervisor.house.state_lock,
			      &supervisor.house.worker_signals, &error) &&
	    open_servers(&supervisor, &error))
		exit_code = run(&supervisor);
	else
		exit_code = explain(&error);
	close_all(&supervisor);
	return exit_code;
}
