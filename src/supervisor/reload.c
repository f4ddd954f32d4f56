#include "supervisor/reload.h"

#include "base/exit_codes.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/setting.h"
#include "supervisor/layout.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum step { IDLE, REPLACING, RETURNING, EMPTYING, MOVING, STARTING };

enum {
	CHANGES_SIZE = 800,
	REST_SIZE = 128,
	/* How long a successor may take to be ready beyond the time that its predecessor has to
	 * finish. */
	SUCCESSOR_MS = 60 * 1000,
};

struct lc_reload {
	struct lc_reload_host host;
	enum step step;
	bool queued;    /* another one begins after the one that is under way */
	uint64_t count; /* of those that have begun */
	bool failed;    /* the last one, or what is under way as far as it has come */
	char text[LC_STATUS_DOCUMENT_TEXT_SIZE];
	char changes[CHANGES_SIZE]; /* names of the settings that differ */

	/* All steps but IDLE: the settings that are not in force. EMPTYING, MOVING: those to come;
	 * REPLACING: those that were; RETURNING: those that did not work. */
	struct lc_settings others;

	/* REPLACING, RETURNING. */
	size_t at;             /* the process whose worker is being replaced */
	size_t end;            /* as far as workers are to be replaced */
	bool failed_before;    /* the shard at hand did not work with the former settings either */
	unsigned still_failed; /* shards that worked neither before nor now */
	struct lc_loop_timer *deadline; /* for the worker at hand */

	/* EMPTYING, MOVING, STARTING. */
	bool *paused; /* by shard */
	struct lc_layout layout;

	struct lc_loop_timer *wake; /* goes on from the loop: never from within a process's call */
};

static void enter(struct lc_reload *reload, enum step step);

/* What it is doing, or what has come of it, for the status document. */
__attribute__((format(printf, 2, 3))) static void say(struct lc_reload *reload, const char *format,
						      ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reload->text, sizeof(reload->text), format, arguments);
	va_end(arguments);
}

/* ---- which settings are in force ---- */

static void swap_settings(struct lc_reload *reload)
{
	struct lc_settings kept = reload->others;

	reload->others = *reload->host.settings;
	*reload->host.settings = kept;
}

static void take_back(struct lc_reload *reload)
{
	struct lc_error error;

	swap_settings(reload);
	if (!reload->host.follow(reload->host.context, &error))
		lc_log(LC_LOG_ERROR, "not all workers have the former settings again",
		       LC_LOG_FAULT(&error));
}

/* False with `error` when the supervisor's own parts cannot follow: the former settings hold then.
 */
static bool put_in_force(struct lc_reload *reload, struct lc_error *error)
{
	swap_settings(reload);
	if (reload->host.follow(reload->host.context, error))
		return true;
	take_back(reload);
	return false;
}

/* ---- IDLE: the end ---- */

static void tell_success(struct lc_reload *reload)
{
	char rest[REST_SIZE] = "";

	if (reload->still_failed > 0)
		snprintf(rest, sizeof(rest),
			 "; %u shard%s worked neither before nor after the reload: log-courier-ctl "
			 "health says why",
			 reload->still_failed, reload->still_failed == 1 ? "" : "s");
	if (reload->changes[0] == '\0')
		say(reload, "no setting has changed; the workers were replaced%s", rest);
	else
		say(reload, "changed: %s%s", reload->changes, rest);
}

/* It is over, as `failed` and the text say; one that is queued begins. */
static void enter_idle(struct lc_reload *reload)
{
	lc_loop_timer_stop(reload->wake);
	lc_loop_timer_stop(reload->deadline);
	lc_settings_free(&reload->others);
	free(reload->paused);
	reload->paused = NULL;
	if (!reload->failed)
		tell_success(reload);
	lc_log(reload->failed ? LC_LOG_ERROR : LC_LOG_INFO,
	       reload->failed ? "reload failed" : "reload done",
	       LC_LOG_TEXT("outcome", reload->text));
	reload->host.on_end(reload->host.context);
	if (reload->queued) {
		reload->queued = false;
		lc_reload_begin_or_queue(reload);
	}
}

/* ---- REPLACING, RETURNING: one worker after the other ---- */

static struct lc_shard_process *process_at(const struct lc_reload *reload)
{
	return reload->host.fleet->processes[reload->at];
}

static bool has_no_worker(const struct lc_shard_process *process)
{
	enum lc_shard_state state = lc_shard_process_state(process);

	return state == LC_SHARD_STATE_PAUSED || state == LC_SHARD_STATE_STOPPED ||
	       state == LC_SHARD_STATE_AWAY;
}

/* Replaces the worker at hand, or the next one that there is; without any it is the end. */
static void replace_next(struct lc_reload *reload)
{
	const struct lc_settings *settings = reload->host.settings;

	while (reload->at < reload->end && has_no_worker(process_at(reload)))
		reload->at++;
	if (reload->at == reload->end) {
		enter(reload, IDLE);
		return;
	}
	reload->failed_before = lc_shard_process_state(process_at(reload)) == LC_SHARD_STATE_FAILED;
	if (reload->step == REPLACING)
		say(reload, "replacing the worker of shard %u; %zu of %zu are done",
		    lc_shard_process_shard(process_at(reload)), reload->at,
		    reload->host.fleet->count);
	lc_loop_timer_start(reload->deadline,
			    (uint64_t)settings->shutdown_timeout_seconds * 1000 + SUCCESSOR_MS);
	lc_shard_process_order(process_at(reload), LC_SLOT_REPLACE);
}

/* Replaces the workers of the first `end` processes, with the settings in force. */
static void begin_replacing(struct lc_reload *reload, size_t end)
{
	lc_fleet_each(reload->host.fleet, lc_shard_process_take_settings);
	reload->at = 0;
	reload->end = end;
	reload->still_failed = 0;
	replace_next(reload);
}

static void enter_replacing(struct lc_reload *reload)
{
	begin_replacing(reload, reload->host.fleet->count);
}

/* The workers that were replaced go back to the former settings, too. */
static void enter_returning(struct lc_reload *reload)
{
	take_back(reload);
	begin_replacing(reload, reload->at + 1);
}

static void go_back(struct lc_reload *reload, const char *why)
{
	reload->failed = true;
	say(reload, "taken back: %s", why);
	enter(reload, RETURNING);
}

/* With the worker at hand it is done, as well as it may be. */
static void go_on(struct lc_reload *reload)
{
	reload->at++;
	lc_loop_timer_stop(reload->deadline);
	replace_next(reload);
}

/* Are the new settings to blame for it that the shard does not work? Not for a damaged ledger, nor
 * for another courier, that were there before. */
static bool blames_settings(const struct lc_reload *reload,
			    const struct lc_status_document_shard *shard)
{
	return reload->step == REPLACING &&
	       (!reload->failed_before || shard->obituary_exit_code == LC_EXIT_CONFIG);
}

/* Where the worker that is being replaced has come to. */
static void check_successor(struct lc_reload *reload)
{
	struct lc_status_document_shard shard;
	char why[LC_STATUS_DOCUMENT_TEXT_SIZE];

	lc_shard_process_describe(process_at(reload), &shard);
	if (shard.replacing)
		return;
	if (shard.state == LC_SHARD_STATE_FAILED && blames_settings(reload, &shard)) {
		snprintf(why, sizeof(why), "shard %u cannot work with the new settings: %.800s",
			 shard.shard, shard.obituary);
		go_back(reload, why);
	} else if (shard.state != LC_SHARD_STATE_BACKING_OFF &&
		   shard.state != LC_SHARD_STATE_STARTING &&
		   shard.state != LC_SHARD_STATE_KILLING) {
		reload->still_failed += shard.state == LC_SHARD_STATE_FAILED;
		go_on(reload);
	}
}

/* The worker at hand has had its time. */
static void on_deadline(void *context)
{
	struct lc_reload *reload = context;
	char why[LC_STATUS_DOCUMENT_TEXT_SIZE];

	if (reload->step == RETURNING) {
		go_on(reload);
		return;
	}
	snprintf(
	    why, sizeof(why),
	    "the new worker of shard %u was not ready in time; its obituary and the log say more",
	    lc_shard_process_shard(process_at(reload)));
	go_back(reload, why);
}

/* ---- EMPTYING, MOVING, STARTING: all at once, because the shards change ---- */

static void enter_emptying(struct lc_reload *reload)
{
	struct lc_fleet *fleet = reload->host.fleet;

	reload->paused = lc_memory_zero(fleet->context->shard_count, sizeof(bool));
	for (size_t i = 0; i < fleet->count; i++)
		reload->paused[lc_shard_process_shard(fleet->processes[i])] =
		    lc_shard_process_is_to_pause(fleet->processes[i]);
	say(reload, "the shards change: all workers are finishing");
	lc_fleet_order(fleet, LC_SLOT_DRAIN);
	lc_loop_timer_start(reload->wake, 0);
}

/* The former settings stay. */
static void give_up_change(struct lc_reload *reload, const struct lc_error *error)
{
	reload->failed = true;
	say(reload, "taken back: %s", error->message);
	enter(reload, STARTING);
}

/* No worker may run: which ledgers hold is only certain for a start that reads the layout again. */
static void stay_down(struct lc_reload *reload, const struct lc_error *error)
{
	reload->failed = true;
	say(reload, "%.800s; the service has to be restarted", error->message);
	enter(reload, IDLE);
}

/* The ledgers are in force: there is no way back from here. */
static void rebuild_fleet(struct lc_reload *reload)
{
	struct lc_fleet *fleet = reload->host.fleet;
	unsigned before = fleet->context->shard_count;
	struct lc_error error;

	swap_settings(reload);
	if (!lc_fleet_rebuild(fleet, &error)) {
		stay_down(reload, &error);
		return;
	}
	if (!reload->host.follow(reload->host.context, &error)) {
		reload->failed = true;
		say(reload, "the shards have changed, but: %s", error.message);
	}
	if (before != fleet->context->shard_count) {
		free(reload->paused);
		reload->paused = lc_memory_zero(fleet->context->shard_count, sizeof(bool));
	}
	enter(reload, STARTING);
}

static void change_layout_once_empty(struct lc_reload *reload)
{
	const struct lc_shard_process_context *context = reload->host.fleet->context;
	struct lc_layout *layout = &reload->layout;
	struct lc_error error;
	bool opened;

	if (!lc_fleet_rests(reload->host.fleet))
		return;
	opened = lc_layout_open(layout, &reload->others, &error);
	if (opened && lc_layout_is_right(layout)) {
		rebuild_fleet(reload);
	} else if (!opened || !lc_layout_start_change(layout, context->state_lock,
						      &context->worker_signals, &error)) {
		give_up_change(reload, &error);
	} else {
		say(reload, "moving the ledgers of %u shards to %u", layout->in_force,
		    layout->wanted);
		enter(reload, MOVING);
	}
}

static void finish_change(struct lc_reload *reload)
{
	struct lc_error error;

	if (lc_layout_finish_change(&reload->layout, &error))
		rebuild_fleet(reload);
	else if (lc_layout_is_right(&reload->layout))
		stay_down(reload, &error);
	else
		give_up_change(reload, &error);
}

void lc_reload_on_child(struct lc_reload *reload)
{
	struct lc_error error;
	enum lc_layout_change change = lc_layout_reap_change(&reload->layout, &error);

	if (reload->step != MOVING)
		return;
	if (change == LC_LAYOUT_CHANGE_MADE)
		finish_change(reload);
	else if (change == LC_LAYOUT_CHANGE_FAILED)
		give_up_change(reload, &error);
}

static void enter_starting(struct lc_reload *reload)
{
	struct lc_fleet *fleet = reload->host.fleet;

	for (size_t i = 0; i < fleet->count; i++) {
		struct lc_shard_process *process = fleet->processes[i];
		bool paused = reload->paused[lc_shard_process_shard(process)];

		lc_shard_process_order(process, paused ? LC_SLOT_PAUSE : LC_SLOT_START);
	}
	lc_loop_timer_start(reload->wake, 0);
}

static void end_once_settled(struct lc_reload *reload)
{
	if (lc_fleet_settled(reload->host.fleet))
		enter(reload, IDLE);
}

/* ---- the steps ---- */

/* What is done when a step begins, and when a slot has changed its state meanwhile. */
static const struct {
	const char *name;
	void (*enter)(struct lc_reload *reload);
	void (*go_on)(struct lc_reload *reload);
} STEPS[] = {
    [IDLE] = {"idle", enter_idle, NULL},
    [REPLACING] = {"replacing", enter_replacing, check_successor},
    [RETURNING] = {"returning", enter_returning, check_successor},
    [EMPTYING] = {"emptying", enter_emptying, change_layout_once_empty},
    [MOVING] = {"moving", NULL, NULL},
    [STARTING] = {"starting", enter_starting, end_once_settled},
};

static void enter(struct lc_reload *reload, enum step step)
{
	lc_log(LC_LOG_DEBUG, "reload", LC_LOG_TEXT("from", STEPS[reload->step].name),
	       LC_LOG_TEXT("to", STEPS[step].name));
	reload->step = step;
	if (STEPS[step].enter != NULL)
		STEPS[step].enter(reload);
}

static void on_wake(void *context)
{
	struct lc_reload *reload = context;

	if (STEPS[reload->step].go_on != NULL)
		STEPS[reload->step].go_on(reload);
}

void lc_reload_on_change(struct lc_reload *reload)
{
	if (reload->step != IDLE)
		lc_loop_timer_start(reload->wake, 0);
}

/* ---- the beginning ---- */

/* Settings that this process stands on. */
static bool check_fixed(const struct lc_reload *reload, struct lc_error *error)
{
	static const enum lc_settings_index fixed[] = {
	    LC_SETTINGS_state_directory,         LC_SETTINGS_supervisor_socket,
	    LC_SETTINGS_failover_enabled,        LC_SETTINGS_failover_heads_table,
	    LC_SETTINGS_failover_machines_table, LC_SETTINGS_failover_machine_name,
	    LC_SETTINGS_ledger_bucket,           LC_SETTINGS_ledger_prefix,
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (!lc_setting_equal(reload->host.settings, &reload->others,
				      lc_setting_at(fixed[i])))
			return lc_error_set(error, LC_ERROR_USAGE,
					    "%s cannot change while the service is running: "
					    "restart it, or leave the setting as it was",
					    lc_setting_at(fixed[i])->name);
	}
	return true;
}

static bool check_shards(const struct lc_settings *settings, struct lc_error *error)
{
	unsigned count = lc_settings_shard_count(settings);

	for (unsigned shard = 0; shard < count; shard++) {
		if (lc_settings_owns_shard(settings, shard))
			return true;
	}
	return lc_error_set(error, LC_ERROR_USAGE,
			    "supervisor.owned-shards leaves no shard to this machine");
}

static bool shards_change(const struct lc_reload *reload)
{
	return lc_settings_shard_count(&reload->others) !=
		   reload->host.fleet->context->shard_count ||
	       !lc_setting_equal(reload->host.settings, &reload->others,
				 lc_setting_at(LC_SETTINGS_supervisor_owned_shards));
}

/* All machines that stand in for each other have the same number of shards. */
static bool check_machines_agree(const struct lc_reload *reload, struct lc_error *error)
{
	return !reload->host.settings->failover_enabled || !shards_change(reload) ||
	       lc_error_set(error, LC_ERROR_USAGE,
			    "supervisor.shards cannot change while failover.enabled is set");
}

static void note_changes(struct lc_reload *reload)
{
	struct lc_buffer names;

	lc_buffer_init(&names, SIZE_MAX / 2);
	lc_setting_append_changed(reload->host.settings, &reload->others, &names);
	snprintf(reload->changes, sizeof(reload->changes), "%s", lc_buffer_text(&names));
	lc_buffer_free(&names);
}

/* Which step the settings that were loaded call for. False with `error` when they cannot be taken.
 */
static bool choose_first(struct lc_reload *reload, enum step *first, struct lc_error *error)
{
	if (!check_fixed(reload, error) || !check_shards(&reload->others, error) ||
	    !check_machines_agree(reload, error))
		return false;
	note_changes(reload);
	*first = shards_change(reload) ? EMPTYING : REPLACING;
	return *first == EMPTYING || put_in_force(reload, error);
}

bool lc_reload_begin(struct lc_reload *reload, struct lc_error *error)
{
	enum step first;

	if (reload->step != IDLE)
		return lc_error_set(error, LC_ERROR_CONFLICT, "a reload is under way: %.300s",
				    reload->text);
	if (!reload->host.load(reload->host.context, &reload->others, error))
		return false;
	if (!choose_first(reload, &first, error)) {
		lc_settings_free(&reload->others);
		return false;
	}
	reload->failed = false;
	reload->still_failed = 0;
	reload->count++;
	lc_log(LC_LOG_INFO, "reload begins", LC_LOG_TEXT("changed", reload->changes));
	reload->host.on_begin(reload->host.context);
	enter(reload, first);
	return true;
}

void lc_reload_begin_or_queue(struct lc_reload *reload)
{
	struct lc_error error;

	if (reload->step != IDLE)
		reload->queued = true;
	else if (!lc_reload_begin(reload, &error))
		lc_log(LC_LOG_ERROR,
		       "the configuration was not reloaded; the former one stays in force",
		       LC_LOG_FAULT(&error));
}

bool lc_reload_running(const struct lc_reload *reload)
{
	return reload->step != IDLE;
}

void lc_reload_stop(struct lc_reload *reload)
{
	reload->queued = false;
	if (reload->step == IDLE)
		return;
	lc_layout_cancel_change(&reload->layout);
	reload->failed = true;
	say(reload, "interrupted: the service ends");
	enter(reload, IDLE);
}

void lc_reload_describe(const struct lc_reload *reload, struct lc_status_document *document)
{
	document->reloads = reload->count;
	if (reload->count == 0)
		document->reload_state = LC_RELOAD_STATE_NONE;
	else if (reload->step != IDLE)
		document->reload_state = LC_RELOAD_STATE_RUNNING;
	else
		document->reload_state =
		    reload->failed ? LC_RELOAD_STATE_FAILED : LC_RELOAD_STATE_DONE;
	snprintf(document->reload_text, sizeof(document->reload_text), "%s", reload->text);
}

struct lc_reload *lc_reload_new(const struct lc_reload_host *host)
{
	struct lc_reload *reload = lc_memory_zero(1, sizeof(*reload));
	struct lc_loop *loop = host->fleet->context->loop;

	reload->host = *host;
	reload->wake = lc_loop_timer_new(loop, on_wake, reload);
	reload->deadline = lc_loop_timer_new(loop, on_deadline, reload);
	return reload;
}

void lc_reload_free(struct lc_reload *reload)
{
	if (reload == NULL)
		return;
	lc_layout_abandon_change(&reload->layout);
	if (reload->step != IDLE)
		lc_settings_free(&reload->others);
	free(reload->paused);
	lc_loop_timer_free(reload->wake);
	lc_loop_timer_free(reload->deadline);
	free(reload);
}
