#include "supervisor/reload.h"

#include "base/log.h"
#include "base/memory.h"
#include "config/setting.h"
#include "config/settings_compare.h"
#include "supervisor/layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum step { IDLE, REPLACING, RETURNING, EMPTYING, MOVING, STARTING };

static const char *const STEP_NAMES[] = {"idle",     "replacing", "returning",
					 "emptying", "moving",    "starting"};

/* How long a successor may take to be ready beyond the time that its predecessor has to finish. */
enum { SUCCESSOR_MS = 60 * 1000 };

enum { NAMES_MAX = 800 };

struct lc_reload {
	struct lc_reload_host host;
	enum step step;
	bool failed; /* the last one */
	bool queued;
	uint64_t count;
	char text[LC_STATUS_DOCUMENT_TEXT_SIZE];
	char changes[NAMES_MAX];      /* names of the settings that differ */
	struct lc_settings candidate; /* EMPTYING, MOVING: to be put in force */
	struct lc_settings former;    /* REPLACING, RETURNING: those that were, or will be again */
	bool has_candidate;
	bool has_former;
	size_t at; /* REPLACING, RETURNING: the keeper whose worker is being replaced */
	bool waiting;
	bool *paused; /* EMPTYING to STARTING: by shard */
	struct lc_layout layout;
	struct lc_move_process mover;
	struct lc_loop_timer *poke; /* goes on from the loop: never from within a keeper's call */
	struct lc_loop_timer *patience; /* for one successor */
};

static void enter(struct lc_reload *reload, enum step step)
{
	lc_log(LC_LOG_DEBUG, "reload", LC_LOG_TEXT("from", STEP_NAMES[reload->step]),
	       LC_LOG_TEXT("to", STEP_NAMES[step]));
	reload->step = step;
}

static void say(struct lc_reload *reload, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct lc_reload *reload, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reload->text, sizeof(reload->text), format, arguments);
	va_end(arguments);
}

static void release(struct lc_settings *settings, bool *has)
{
	if (*has)
		lc_settings_free(settings);
	*has = false;
}

static void end(struct lc_reload *reload)
{
	lc_loop_timer_stop(reload->poke);
	lc_loop_timer_stop(reload->patience);
	release(&reload->candidate, &reload->has_candidate);
	release(&reload->former, &reload->has_former);
	free(reload->paused);
	reload->paused = NULL;
	enter(reload, IDLE);
	lc_log(reload->failed ? LC_LOG_ERROR : LC_LOG_INFO,
	       reload->failed ? "reload failed" : "reload done",
	       LC_LOG_TEXT("outcome", reload->text));
	reload->host.on_end(reload->host.context);
	if (reload->queued) {
		reload->queued = false;
		lc_reload_begin_or_queue(reload);
	}
}

static void end_well(struct lc_reload *reload)
{
	if (reload->changes[0] == '\0')
		say(reload, "no setting has changed; the workers were replaced");
	else
		say(reload, "changed: %s", reload->changes);
	end(reload);
}

/* ---- one worker after the other ---- */

static struct lc_keeper *keeper_at(const struct lc_reload *reload)
{
	return reload->at < reload->host.fleet->count ? reload->host.fleet->keepers[reload->at]
						      : NULL;
}

static void swap(struct lc_settings *a, struct lc_settings *b)
{
	struct lc_settings kept = *a;

	*a = *b;
	*b = kept;
}

static void take_settings(struct lc_reload *reload)
{
	lc_fleet_each(reload->host.fleet, lc_keeper_take_settings);
}

/* The former settings hold again, for the workers that were replaced, too. */
static void go_back(struct lc_reload *reload, const char *why)
{
	struct lc_error error;

	say(reload, "taken back: %s", why);
	swap(reload->host.settings, &reload->former);
	if (!reload->host.follow(reload->host.context, &error))
		lc_log(LC_LOG_ERROR, "the former settings do not hold for all",
		       LC_LOG_FAULT(&error));
	take_settings(reload);
	reload->failed = true;
	reload->at = 0;
	reload->waiting = false;
	enter(reload, RETURNING);
	lc_loop_timer_start(reload->poke, 0);
}

static void start_next(struct lc_reload *reload, struct lc_keeper *keeper)
{
	const struct lc_settings *settings = reload->host.settings;

	reload->waiting = true;
	if (!reload->failed)
		say(reload, "replacing the worker of shard %u; %zu of %zu are done",
		    lc_keeper_shard(keeper), reload->at, reload->host.fleet->count);
	lc_loop_timer_start(reload->patience,
			    (uint64_t)settings->shutdown_timeout_seconds * 1000 + SUCCESSOR_MS);
	lc_keeper_replace(keeper);
}

/* Where the worker that is being replaced has come to. */
static void judge_successor(struct lc_reload *reload, struct lc_keeper *keeper)
{
	struct lc_status_document_shard shard;
	char why[LC_STATUS_DOCUMENT_TEXT_SIZE];

	lc_keeper_describe(keeper, 0, &shard);
	if (shard.replacing)
		return;
	if (shard.state == LC_SHARD_STATE_FAILED && reload->step == REPLACING) {
		snprintf(why, sizeof(why), "shard %u can not work with the new settings: %.800s",
			 shard.shard, shard.obituary);
		go_back(reload, why);
	} else if (shard.state != LC_SHARD_STATE_BACKING_OFF &&
		   shard.state != LC_SHARD_STATE_STARTING &&
		   shard.state != LC_SHARD_STATE_KILLING) {
		reload->waiting = false;
		reload->at++;
		lc_loop_timer_start(reload->poke, 0);
	}
}

static void walk(struct lc_reload *reload)
{
	struct lc_keeper *keeper = keeper_at(reload);

	if (keeper != NULL && reload->waiting) {
		judge_successor(reload, keeper);
		return;
	}
	while (keeper != NULL && (lc_keeper_state(keeper) == LC_SHARD_STATE_PAUSED ||
				  lc_keeper_state(keeper) == LC_SHARD_STATE_STOPPED)) {
		reload->at++;
		keeper = keeper_at(reload);
	}
	if (keeper != NULL)
		start_next(reload, keeper);
	else if (reload->failed)
		end(reload);
	else
		end_well(reload);
}

static void on_patience(void *context)
{
	struct lc_reload *reload = context;
	char why[LC_STATUS_DOCUMENT_TEXT_SIZE];

	if (reload->step == RETURNING) {
		reload->waiting = false;
		reload->at++;
		lc_loop_timer_start(reload->poke, 0);
		return;
	}
	snprintf(
	    why, sizeof(why),
	    "the new worker of shard %u was not ready in time; its obituary and the log tell more",
	    lc_keeper_shard(keeper_at(reload)));
	go_back(reload, why);
}

static bool replace_all(struct lc_reload *reload, struct lc_error *error)
{
	struct lc_error further;

	reload->former = reload->candidate;
	reload->has_former = true;
	reload->has_candidate = false;
	swap(reload->host.settings, &reload->former);
	if (!reload->host.follow(reload->host.context, error)) {
		swap(reload->host.settings, &reload->former);
		if (!reload->host.follow(reload->host.context, &further))
			lc_log(LC_LOG_ERROR, "the former settings do not hold for all",
			       LC_LOG_FAULT(&further));
		release(&reload->former, &reload->has_former);
		return false;
	}
	take_settings(reload);
	reload->at = 0;
	reload->waiting = false;
	enter(reload, REPLACING);
	lc_loop_timer_start(reload->poke, 0);
	return true;
}

/* ---- all at once: the shards change ---- */

static void start_all(struct lc_reload *reload)
{
	struct lc_fleet *fleet = reload->host.fleet;

	for (size_t i = 0; i < fleet->count; i++) {
		struct lc_keeper *keeper = fleet->keepers[i];

		if (reload->paused[lc_keeper_shard(keeper)])
			lc_keeper_pause(keeper);
		else
			lc_keeper_start(keeper);
	}
	enter(reload, STARTING);
	lc_loop_timer_start(reload->poke, 0);
}

static void give_up(struct lc_reload *reload, const struct lc_error *error)
{
	reload->failed = true;
	say(reload, "taken back: %s", error->message);
	start_all(reload);
}

/* The ledgers are in force: there is no way back from here. */
static void man_anew(struct lc_reload *reload)
{
	struct lc_fleet *fleet = reload->host.fleet;
	unsigned before = fleet->house->shard_count;
	struct lc_error error;

	swap(reload->host.settings, &reload->candidate);
	if (!lc_fleet_man(fleet, &error)) {
		reload->failed = true;
		say(reload, "%s; the service has to be restarted", error.message);
		end(reload);
		return;
	}
	if (!reload->host.follow(reload->host.context, &error)) {
		reload->failed = true;
		say(reload, "the shards have changed, but: %s", error.message);
	}
	if (before != fleet->house->shard_count) {
		free(reload->paused);
		reload->paused = lc_memory_zero(fleet->house->shard_count, sizeof(bool));
	}
	start_all(reload);
}

static void finish_change(struct lc_reload *reload)
{
	struct lc_error error;

	if (lc_layout_finish_change(&reload->layout, &error))
		man_anew(reload);
	else
		give_up(reload, &error);
}

static void change_layout(struct lc_reload *reload)
{
	const struct lc_keeper_house *house = reload->host.fleet->house;
	struct lc_error error;

	if (!lc_layout_open(&reload->layout, &reload->candidate, &error)) {
		give_up(reload, &error);
		return;
	}
	if (lc_layout_is_right(&reload->layout)) {
		man_anew(reload);
	} else if (!lc_layout_start_change(&reload->layout, house->state_lock,
					   &house->worker_signals, &reload->mover, &error)) {
		give_up(reload, &error);
	} else {
		say(reload, "moving the ledgers of %u shards to %u", reload->layout.in_force,
		    reload->layout.wanted);
		enter(reload, MOVING);
	}
}

void lc_reload_on_child(struct lc_reload *reload)
{
	struct lc_error error;

	switch (lc_move_process_reap(&reload->mover, &error)) {
	case LC_MOVE_PROCESS_RUNS:
		break;
	case LC_MOVE_PROCESS_MOVED:
		if (reload->step == MOVING)
			finish_change(reload);
		break;
	case LC_MOVE_PROCESS_FAILED:
		if (reload->step == MOVING)
			give_up(reload, &error);
		break;
	}
}

static void empty(struct lc_reload *reload)
{
	struct lc_fleet *fleet = reload->host.fleet;

	reload->paused = lc_memory_zero(fleet->house->shard_count, sizeof(bool));
	for (size_t i = 0; i < fleet->count; i++)
		reload->paused[lc_keeper_shard(fleet->keepers[i])] =
		    lc_keeper_state(fleet->keepers[i]) == LC_SHARD_STATE_PAUSED;
	say(reload, "the shards change: all workers finish");
	enter(reload, EMPTYING);
	lc_fleet_each(fleet, lc_keeper_drain);
	lc_loop_timer_start(reload->poke, 0);
}

/* ---- the whole ---- */

static void on_poke(void *context)
{
	struct lc_reload *reload = context;

	switch (reload->step) {
	case REPLACING:
	case RETURNING:
		walk(reload);
		break;
	case EMPTYING:
		if (lc_fleet_rests(reload->host.fleet))
			change_layout(reload);
		break;
	case STARTING:
		if (!lc_fleet_settled(reload->host.fleet))
			break;
		if (reload->failed)
			end(reload);
		else
			end_well(reload);
		break;
	case MOVING:
	case IDLE:
		break;
	}
}

void lc_reload_on_change(struct lc_reload *reload)
{
	if (reload->step != IDLE)
		lc_loop_timer_start(reload->poke, 0);
}

/* Settings that this process stands on. */
static bool check_fixed(const struct lc_reload *reload, struct lc_error *error)
{
	static const enum lc_settings_index fixed[] = {LC_SETTINGS_state_directory,
						       LC_SETTINGS_supervisor_socket};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (!lc_settings_compare_one(reload->host.settings, &reload->candidate, fixed[i]))
			return lc_error_set(
			    error, LC_ERROR_USAGE,
			    "%s can not change while the service runs: restart it, or "
			    "leave the setting as it was",
			    lc_setting_at(fixed[i])->name);
	}
	return true;
}

static bool owns_any(const struct lc_settings *settings)
{
	unsigned count = lc_settings_shard_count(settings);

	for (unsigned shard = 0; shard < count; shard++) {
		if (lc_settings_owns_shard(settings, shard))
			return true;
	}
	return false;
}

static bool shards_change(const struct lc_reload *reload)
{
	return lc_settings_shard_count(&reload->candidate) !=
		   reload->host.fleet->house->shard_count ||
	       !lc_settings_compare_one(reload->host.settings, &reload->candidate,
					LC_SETTINGS_supervisor_owned_shards);
}

static void note_changes(struct lc_reload *reload)
{
	struct lc_buffer names;

	lc_buffer_init(&names, SIZE_MAX / 2);
	lc_settings_compare_append(reload->host.settings, &reload->candidate, &names);
	snprintf(reload->changes, sizeof(reload->changes), "%s", lc_buffer_text(&names));
	lc_buffer_free(&names);
}

bool lc_reload_begin(struct lc_reload *reload, struct lc_error *error)
{
	bool begun;

	if (reload->step != IDLE)
		return lc_error_set(error, LC_ERROR_CONFLICT, "a reload is under way: %.300s",
				    reload->text);
	if (!reload->host.load(reload->host.context, &reload->candidate, error))
		return false;
	reload->has_candidate = true;
	begun = check_fixed(reload, error) &&
		(owns_any(&reload->candidate) ||
		 lc_error_set(error, LC_ERROR_USAGE,
			      "supervisor.owned-shards leaves this machine no shard"));
	if (begun) {
		note_changes(reload);
		reload->failed = false;
		if (shards_change(reload))
			empty(reload);
		else
			begun = replace_all(reload, error);
	}
	if (!begun) {
		release(&reload->candidate, &reload->has_candidate);
		return false;
	}
	reload->count++;
	lc_log(LC_LOG_INFO, "reload begins", LC_LOG_TEXT("changed", reload->changes));
	reload->host.on_begin(reload->host.context);
	return true;
}

void lc_reload_begin_or_queue(struct lc_reload *reload)
{
	struct lc_error error;

	if (reload->step != IDLE)
		reload->queued = true;
	else if (!lc_reload_begin(reload, &error))
		lc_log(LC_LOG_ERROR,
		       "the configuration is not reloaded, what was in force stays so",
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
	if (reload->mover.child != 0)
		lc_move_process_cancel(&reload->mover);
	reload->failed = true;
	say(reload, "interrupted: the service ends");
	end(reload);
}

void lc_reload_describe(const struct lc_reload *reload, struct lc_status_document *document)
{
	const char *state = reload->failed ? "failed" : "done";

	document->reloads = reload->count;
	if (reload->step != IDLE)
		state = "running";
	if (reload->count > 0)
		snprintf(document->reload_state, sizeof(document->reload_state), "%s", state);
	snprintf(document->reload_text, sizeof(document->reload_text), "%s", reload->text);
}

struct lc_reload *lc_reload_new(const struct lc_reload_host *host)
{
	struct lc_reload *reload = lc_memory_zero(1, sizeof(*reload));

	reload->host = *host;
	reload->poke = lc_loop_timer_new(host->fleet->house->loop, on_poke, reload);
	reload->patience = lc_loop_timer_new(host->fleet->house->loop, on_patience, reload);
	return reload;
}

void lc_reload_free(struct lc_reload *reload)
{
	if (reload == NULL)
		return;
	if (reload->mover.child != 0) {
		lc_move_process_cancel(&reload->mover);
		/* It was sent SIGKILL: this does not take long. */
		(void)waitpid(reload->mover.child, NULL, 0);
		close(reload->mover.pipe);
	}
	release(&reload->candidate, &reload->has_candidate);
	release(&reload->former, &reload->has_former);
	free(reload->paused);
	lc_loop_timer_free(reload->poke);
	lc_loop_timer_free(reload->patience);
	free(reload);
}
