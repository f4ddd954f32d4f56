#include "supervisor/reload_parts.h"

#include "base/exit_codes.h"
#include "base/log.h"

#include <stdio.h>

/* How long a successor may take to be ready beyond the time that its predecessor has to finish. */
enum { SUCCESSOR_MS = 60 * 1000 };

static struct lc_shard_process *process_at(const struct lc_reload *reload)
{
	return reload->at < reload->end ? reload->host.fleet->processes[reload->at] : NULL;
}

static void take_settings(struct lc_reload *reload)
{
	lc_fleet_each(reload->host.fleet, lc_shard_process_take_settings);
}

/* Replaces the workers of the first `end` processes. */
static void begin_walk(struct lc_reload *reload, enum lc_reload_step step, size_t end)
{
	reload->at = 0;
	reload->end = end;
	reload->waiting = false;
	reload->hopeless = 0;
	lc_loop_timer_stop(reload->patience);
	lc_reload_enter(reload, step);
	lc_loop_timer_start(reload->poke, 0);
}

/* With the worker at hand it is done, as well as it may be. */
static void go_on(struct lc_reload *reload)
{
	lc_loop_timer_stop(reload->patience);
	reload->waiting = false;
	reload->at++;
	lc_loop_timer_start(reload->poke, 0);
}

/* The former settings hold again, for the workers that were replaced, too. */
static void go_back(struct lc_reload *reload, const char *why)
{
	struct lc_error error;

	lc_reload_say(reload, "taken back: %s", why);
	lc_reload_swap(reload->host.settings, &reload->former);
	if (!reload->host.follow(reload->host.context, &error))
		lc_log(LC_LOG_ERROR, "the former settings do not hold for all",
		       LC_LOG_FAULT(&error));
	take_settings(reload);
	reload->failed = true;
	begin_walk(reload, LC_RELOAD_RETURNING, reload->at + 1);
}

static void start_next(struct lc_reload *reload, struct lc_shard_process *process)
{
	const struct lc_settings *settings = reload->host.settings;

	reload->waiting = true;
	reload->had_failed = lc_shard_process_state(process) == LC_SHARD_STATE_FAILED;
	if (!reload->failed)
		lc_reload_say(reload, "replacing the worker of shard %u; %zu of %zu are done",
			      lc_shard_process_shard(process), reload->at,
			      reload->host.fleet->count);
	lc_loop_timer_start(reload->patience,
			    (uint64_t)settings->shutdown_timeout_seconds * 1000 + SUCCESSOR_MS);
	lc_shard_process_replace(process);
}

/* Are the new settings to blame for it that the shard does not work? Not for a damaged ledger, nor
 * for another courier, that were there before. */
static bool blames_settings(const struct lc_reload *reload,
			    const struct lc_status_document_shard *shard)
{
	return reload->step == LC_RELOAD_REPLACING &&
	       (!reload->had_failed || shard->obituary_exit_code == LC_EXIT_CONFIG);
}

/* Where the worker that is being replaced has come to. */
static void judge_successor(struct lc_reload *reload, struct lc_shard_process *process)
{
	struct lc_status_document_shard shard;
	char why[LC_STATUS_DOCUMENT_TEXT_SIZE];

	lc_shard_process_describe(process, &shard);
	if (shard.replacing)
		return;
	if (shard.state == LC_SHARD_STATE_FAILED && blames_settings(reload, &shard)) {
		snprintf(why, sizeof(why), "shard %u can not work with the new settings: %.800s",
			 shard.shard, shard.obituary);
		go_back(reload, why);
	} else if (shard.state != LC_SHARD_STATE_BACKING_OFF &&
		   shard.state != LC_SHARD_STATE_STARTING &&
		   shard.state != LC_SHARD_STATE_KILLING) {
		reload->hopeless += shard.state == LC_SHARD_STATE_FAILED;
		go_on(reload);
	}
}

void lc_reload_walk(struct lc_reload *reload)
{
	struct lc_shard_process *process = process_at(reload);

	if (process != NULL && reload->waiting) {
		judge_successor(reload, process);
		return;
	}
	while (process != NULL && (lc_shard_process_state(process) == LC_SHARD_STATE_PAUSED ||
				   lc_shard_process_state(process) == LC_SHARD_STATE_STOPPED)) {
		reload->at++;
		process = process_at(reload);
	}
	if (process != NULL)
		start_next(reload, process);
	else if (reload->failed)
		lc_reload_end(reload);
	else
		lc_reload_end_well(reload);
}

void lc_reload_lose_patience(void *context)
{
	struct lc_reload *reload = context;
	char why[LC_STATUS_DOCUMENT_TEXT_SIZE];

	if (reload->step == LC_RELOAD_RETURNING) {
		go_on(reload);
		return;
	}
	snprintf(
	    why, sizeof(why),
	    "the new worker of shard %u was not ready in time; its obituary and the log tell more",
	    lc_shard_process_shard(process_at(reload)));
	go_back(reload, why);
}

bool lc_reload_replace_all(struct lc_reload *reload, struct lc_error *error)
{
	struct lc_error further;

	reload->former = reload->candidate;
	reload->has_former = true;
	reload->has_candidate = false;
	lc_reload_swap(reload->host.settings, &reload->former);
	if (!reload->host.follow(reload->host.context, error)) {
		lc_reload_swap(reload->host.settings, &reload->former);
		if (!reload->host.follow(reload->host.context, &further))
			lc_log(LC_LOG_ERROR, "the former settings do not hold for all",
			       LC_LOG_FAULT(&further));
		lc_reload_release(&reload->former, &reload->has_former);
		return false;
	}
	take_settings(reload);
	begin_walk(reload, LC_RELOAD_REPLACING, reload->host.fleet->count);
	return true;
}
