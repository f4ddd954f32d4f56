#include "supervisor/supervisor.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "base/loop.h"
#include "supervisor/control_orders.h"
#include "supervisor/control_socket.h"
#include "supervisor/control_status.h"
#include "supervisor/fleet.h"
#include "supervisor/http_server.h"
#include "supervisor/layout.h"
#include "supervisor/machines_child.h"
#include "supervisor/metrics_server.h"
#include "supervisor/preflight_child.h"
#include "supervisor/process_usage.h"
#include "supervisor/reload.h"
#include "supervisor/service_manager.h"
#include "supervisor/state_directory.h"
#include "worker/descriptors.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	LOG_MS = 1000,
	SERVERS = 2, /* the control socket and the metrics port */
};

struct supervisor {
	const struct lc_supervisor_configuration *configuration;
	const struct lc_settings *settings; /* in force */
	struct lc_shard_process_context context;
	struct lc_fleet fleet;
	struct lc_control_status service;
	int signal_fd; /* the signals of this process (signalfd); -1: not yet */
	struct lc_loop_watch *signal_watch;
	struct lc_control_socket *control;
	struct lc_metrics_server *metrics_server;
	struct lc_reload *reload;
	struct lc_preflight_child *preflight;
	struct lc_machines_child *machines;
	struct lc_service_manager *manager;
	struct lc_loop_timer *log_timer; /* looks whether lines that were dropped can be told */
	unsigned stop_requests;
	bool announced; /* READY was told to the service manager */
};

static void announce(struct supervisor *supervisor)
{
	if (supervisor->announced || supervisor->stop_requests > 0 ||
	    !lc_fleet_settled(&supervisor->fleet))
		return;
	supervisor->announced = true;
	lc_log(LC_LOG_INFO, "the service is up",
	       LC_LOG_UINT("ready_shards",
			   lc_fleet_count_in(&supervisor->fleet, LC_SHARD_STATE_READY)),
	       LC_LOG_UINT("owned_shards", supervisor->fleet.count));
	lc_service_manager_ready(supervisor->manager);
}

/* No worker runs, and none will without somebody's order, which a service that stops does not
 * await. */
static bool is_over(const struct supervisor *supervisor)
{
	const struct lc_fleet *fleet = &supervisor->fleet;

	if (supervisor->stop_requests > 0)
		return lc_fleet_rests(fleet);
	return !lc_reload_running(supervisor->reload) &&
	       lc_fleet_count_in(fleet, LC_SHARD_STATE_FAILED) +
		       lc_fleet_count_in(fleet, LC_SHARD_STATE_STOPPED) ==
		   fleet->count;
}

static void on_change(void *context)
{
	struct supervisor *supervisor = context;

	lc_reload_on_change(supervisor->reload);
	lc_machines_child_on_change(supervisor->machines);
	if (is_over(supervisor)) {
		lc_loop_stop(supervisor->context.loop);
		return;
	}
	announce(supervisor);
	lc_service_manager_update(supervisor->manager);
}

static void stop(struct supervisor *supervisor)
{
	bool hurry = ++supervisor->stop_requests > 1;

	lc_log_say(LC_LOG_INFO, hurry ? "stopping at once: uploads are abandoned"
				      : "stopping: workers finish what is under way");
	lc_service_manager_stopping(supervisor->manager);
	lc_reload_stop(supervisor->reload);
	lc_machines_child_leave(supervisor->machines);
	lc_fleet_order(&supervisor->fleet, hurry ? LC_SLOT_HURRY : LC_SLOT_DRAIN);
	on_change(supervisor);
}

static void on_signal(int signal_number, struct supervisor *supervisor)
{
	switch (signal_number) {
	case SIGCHLD:
		lc_fleet_each(&supervisor->fleet, lc_shard_process_reap);
		lc_reload_on_child(supervisor->reload);
		lc_preflight_child_reap(supervisor->preflight);
		lc_machines_child_reap(supervisor->machines);
		break;
	case SIGHUP:
		if (supervisor->stop_requests == 0)
			lc_reload_begin_or_queue(supervisor->reload);
		break;
	default:
		stop(supervisor);
		break;
	}
}

static void on_signal_readable(void *context)
{
	struct supervisor *supervisor = context;
	struct signalfd_siginfo info;

	if (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		on_signal((int)info.ssi_signo, supervisor);
}

/* Signals are read from a descriptor, on the event loop. No handler is installed, so that a forked
 * worker inherits none and cannot be mistaken for its parent. Several signals of one kind may come
 * as one. */
static bool take_signals(struct supervisor *supervisor, struct lc_error *error)
{
	struct sigaction ignore = {.sa_flags = 0};
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGCHLD);
	supervisor->signal_fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
	if (supervisor->signal_fd < 0)
		return lc_error_set_errno(error, errno, "signals cannot be read from a descriptor");
	ignore.sa_handler = SIG_IGN;
	sigemptyset(&ignore.sa_mask);
	LC_ASSERT(sigaction(SIGPIPE, &ignore, NULL) == 0);
	LC_ASSERT(sigprocmask(SIG_BLOCK, &ours, &supervisor->context.worker_signals) == 0);
	supervisor->signal_watch = lc_loop_watch_readable(
	    supervisor->context.loop, supervisor->signal_fd, on_signal_readable, supervisor);
	return true;
}

static void release_signals(struct supervisor *supervisor)
{
	if (supervisor->signal_fd < 0)
		return;
	lc_loop_watch_free(supervisor->signal_watch);
	close(supervisor->signal_fd);
	LC_ASSERT(sigprocmask(SIG_SETMASK, &supervisor->context.worker_signals, NULL) == 0);
}

static void on_log_timer(void *context)
{
	struct supervisor *supervisor = context;

	(void)lc_log_catch_up();
	lc_loop_timer_start(supervisor->log_timer, LOG_MS);
}

/* ---- the reload's host ---- */

/* The metrics port is given up before it is taken again: the two may overlap. */
static bool open_metrics_server(struct supervisor *supervisor, struct lc_error *error)
{
	lc_metrics_server_free(supervisor->metrics_server);
	supervisor->metrics_server = NULL;
	if (!supervisor->settings->metrics_server_enabled)
		return true;
	supervisor->metrics_server =
	    lc_metrics_server_new(supervisor->context.loop, &supervisor->service, error);
	return supervisor->metrics_server != NULL;
}

static bool on_follow(void *context, struct lc_error *error)
{
	struct supervisor *supervisor = context;

	lc_log_set_form(supervisor->settings->log_destination, supervisor->settings->log_keys);
	lc_log_set_level(supervisor->settings->log_level);
	return open_metrics_server(supervisor, error);
}

static void on_reload_begin(void *context)
{
	struct supervisor *supervisor = context;

	lc_service_manager_reloading(supervisor->manager);
}

static void on_reload_end(void *context)
{
	struct supervisor *supervisor = context;

	if (supervisor->stop_requests > 0)
		return;
	lc_service_manager_ready(supervisor->manager);
	lc_preflight_child_look(supervisor->preflight);
	lc_machines_child_start(supervisor->machines);
	on_change(supervisor);
}

static bool on_load(void *context, struct lc_settings *settings, struct lc_error *error)
{
	const struct supervisor *supervisor = context;

	return supervisor->configuration->load(supervisor->configuration->context, settings, error);
}

/* ---- beginning and end ---- */

static bool open_context(struct supervisor *supervisor, struct lc_error *error)
{
	struct lc_shard_process_context *context = &supervisor->context;

	context->loop = lc_loop_new(error);
	if (context->loop == NULL)
		return false;
	if (!take_signals(supervisor, error))
		return false;
	context->state_lock = lc_state_directory_lock(supervisor->settings->state_directory, error);
	return context->state_lock >= 0;
}

static void describe(void *context, struct lc_status_document *document)
{
	const struct supervisor *supervisor = context;

	lc_control_status_describe(&supervisor->service, document);
}

static void make_parts(struct supervisor *supervisor)
{
	struct lc_reload_host host = {
	    .fleet = &supervisor->fleet,
	    .settings = supervisor->configuration->settings,
	    .load = on_load,
	    .follow = on_follow,
	    .on_begin = on_reload_begin,
	    .on_end = on_reload_end,
	    .context = supervisor,
	};
	struct lc_preflight_child_host preflight_host = {
	    .loop = supervisor->context.loop,
	    .settings = supervisor->settings,
	    .signals = &supervisor->context.worker_signals,
	    .longest_ms = LC_PREFLIGHT_CHILD_LONGEST_MS,
	};

	struct lc_machines_child_host machines_host = {
	    .loop = supervisor->context.loop,
	    .settings = supervisor->settings,
	    .fleet = &supervisor->fleet,
	    .signals = &supervisor->context.worker_signals,
	};

	supervisor->reload = lc_reload_new(&host);
	supervisor->machines = lc_machines_child_new(&machines_host);
	supervisor->preflight = lc_preflight_child_new(&preflight_host);
	supervisor->service = (struct lc_control_status){
	    .settings = supervisor->settings,
	    .fleet = &supervisor->fleet,
	    .reload = supervisor->reload,
	    .preflight = supervisor->preflight,
	    .machines = supervisor->machines,
	    .started_ms = lc_clock_monotonic_ms(),
	    .start_seconds = lc_process_usage_start_seconds(),
	};
	supervisor->manager =
	    lc_service_manager_new(supervisor->context.loop, describe, supervisor);
	supervisor->log_timer =
	    lc_loop_timer_new(supervisor->context.loop, on_log_timer, supervisor);
	lc_loop_timer_start(supervisor->log_timer, LOG_MS);
}

static bool open_servers(struct supervisor *supervisor, struct lc_error *error)
{
	struct lc_control_orders orders = {.fleet = &supervisor->fleet};

	make_parts(supervisor);
	orders.reload = supervisor->reload;
	orders.preflight = supervisor->preflight;
	orders.machines = supervisor->machines;
	supervisor->control =
	    lc_control_socket_new(supervisor->context.loop, &supervisor->service, &orders, error);
	return supervisor->control != NULL && open_metrics_server(supervisor, error);
}

static void close_all(struct supervisor *supervisor)
{
	lc_metrics_server_free(supervisor->metrics_server);
	lc_control_socket_free(supervisor->control);
	lc_loop_timer_free(supervisor->log_timer);
	lc_service_manager_free(supervisor->manager);
	lc_machines_child_free(supervisor->machines);
	lc_preflight_child_free(supervisor->preflight);
	lc_reload_free(supervisor->reload);
	lc_fleet_free(&supervisor->fleet);
	release_signals(supervisor);
	lc_loop_free(supervisor->context.loop);
	if (supervisor->context.state_lock >= 0)
		close(supervisor->context.state_lock);
}

/* Why the shard cannot work. One that is stopped may still tell of an earlier worker's end. */
static int cause_of(const struct lc_shard_process *process)
{
	int code = lc_shard_process_obituary_exit_code(process);

	return lc_shard_process_state(process) == LC_SHARD_STATE_FAILED && lc_exit_is_final(code)
		   ? code
		   : LC_EXIT_FAILURE;
}

/* Why no shard can work: the one cause of all, or that there are several. */
static int failure_of(const struct lc_fleet *fleet)
{
	int code = cause_of(fleet->processes[0]);

	for (size_t i = 1; i < fleet->count; i++) {
		if (cause_of(fleet->processes[i]) != code)
			return LC_EXIT_FAILURE;
	}
	return code;
}

static int run(struct supervisor *supervisor)
{
	lc_log(LC_LOG_INFO, "service starts", LC_LOG_TEXT("version", PACKAGE_VERSION),
	       LC_LOG_UINT("shards", supervisor->context.shard_count),
	       LC_LOG_UINT("owned_shards", supervisor->fleet.count),
	       LC_LOG_TEXT("socket", supervisor->settings->supervisor_socket));
	/* Which shards this machine has is for the process of machines to find out. */
	lc_fleet_order(&supervisor->fleet,
		       supervisor->settings->failover_enabled ? LC_SLOT_RELEASE : LC_SLOT_START);
	lc_machines_child_start(supervisor->machines);
	lc_preflight_child_look(supervisor->preflight);
	lc_loop_run(supervisor->context.loop);
	if (supervisor->stop_requests > 0) {
		lc_log_say(LC_LOG_INFO, "service ends");
		return LC_EXIT_OK;
	}
	lc_log_say(LC_LOG_ERROR, "no shard can work; the service ends");
	return failure_of(&supervisor->fleet);
}

/* Why the service does not start, and with which code it ends. */
static int explain(const struct lc_error *error)
{
	if (error->kind == LC_ERROR_CANCELLED) {
		lc_log(LC_LOG_INFO, "the service ends before it has started", LC_LOG_FAULT(error));
		return LC_EXIT_OK;
	}
	lc_log(LC_LOG_ERROR, "the service was not started", LC_LOG_FAULT(error));
	return error->kind == LC_ERROR_CORRUPT ? LC_EXIT_LEDGER : LC_EXIT_FAILURE;
}

int lc_supervisor_run(const struct lc_supervisor_configuration *configuration)
{
	const struct lc_settings *settings = configuration->settings;
	struct supervisor supervisor = {
	    .configuration = configuration,
	    .settings = settings,
	    .signal_fd = -1,
	    .context = {.settings = settings, .state_lock = -1, .on_change = on_change},
	};
	struct lc_error error;
	int exit_code;

	supervisor.context.on_change_context = &supervisor;
	supervisor.fleet.context = &supervisor.context;
	lc_log_set_identity("supervisor", -1);
	lc_log_set_level(settings->log_level);
	if (open_context(&supervisor, &error) && lc_fleet_rebuild(&supervisor.fleet, &error) &&
	    lc_descriptors_raise_limit(settings, (unsigned)supervisor.fleet.count,
				       SERVERS * LC_HTTP_SERVER_CONNECTIONS_MAX, &error) &&
	    lc_layout_enforce(settings, supervisor.context.state_lock,
			      &supervisor.context.worker_signals, &error) &&
	    open_servers(&supervisor, &error))
		exit_code = run(&supervisor);
	else
		exit_code = explain(&error);
	close_all(&supervisor);
	return exit_code;
}
