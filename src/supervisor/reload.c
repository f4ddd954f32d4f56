#include "supervisor/reload_parts.h"

#include "base/log.h"
#include "base/memory.h"
#include "config/setting.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const STEP_NAMES[] = {"idle",     "replacing", "returning",
					 "emptying", "moving",    "starting"};

void lc_reload_enter(struct lc_reload *reload, enum lc_reload_step step)
{
	lc_log(LC_LOG_DEBUG, "reload", LC_LOG_TEXT("from", STEP_NAMES[reload->step]),
	       LC_LOG_TEXT("to", STEP_NAMES[step]));
	reload->step = step;
}

void lc_reload_say(struct lc_reload *reload, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reload->text, sizeof(reload->text), format, arguments);
	va_end(arguments);
}

void lc_reload_release(struct lc_settings *settings, bool *has)
{
	if (*has)
		lc_settings_free(settings);
	*has = false;
}

void lc_reload_end(struct lc_reload *reload)
{
	lc_loop_timer_stop(reload->poke);
	lc_loop_timer_stop(reload->patience);
	lc_reload_release(&reload->candidate, &reload->has_candidate);
	lc_reload_release(&reload->former, &reload->has_former);
	free(reload->paused);
	reload->paused = NULL;
	lc_reload_enter(reload, LC_RELOAD_IDLE);
	lc_log(reload->failed ? LC_LOG_ERROR : LC_LOG_INFO,
	       reload->failed ? "reload failed" : "reload done",
	       LC_LOG_TEXT("outcome", reload->text));
	reload->host.on_end(reload->host.context);
	if (reload->queued) {
		reload->queued = false;
		lc_reload_begin_or_queue(reload);
	}
}

void lc_reload_end_well(struct lc_reload *reload)
{
	char rest[LC_RELOAD_REST_MAX] = "";

	if (reload->hopeless > 0)
		snprintf(rest, sizeof(rest),
			 "; %u shard%s worked neither before nor after it: log-courier-ctl health "
			 "says why",
			 reload->hopeless, reload->hopeless == 1 ? "" : "s");
	if (reload->changes[0] == '\0')
		lc_reload_say(reload, "no setting has changed; the workers were replaced%s", rest);
	else
		lc_reload_say(reload, "changed: %s%s", reload->changes, rest);
	lc_reload_end(reload);
}

void lc_reload_swap(struct lc_settings *a, struct lc_settings *b)
{
	struct lc_settings kept = *a;

	*a = *b;
	*b = kept;
}

/* ---- the whole ---- */

static void on_poke(void *context)
{
	struct lc_reload *reload = context;

	switch (reload->step) {
	case LC_RELOAD_REPLACING:
	case LC_RELOAD_RETURNING:
		lc_reload_walk(reload);
		break;
	case LC_RELOAD_EMPTYING:
		if (lc_fleet_rests(reload->host.fleet))
			lc_reload_change_layout(reload);
		break;
	case LC_RELOAD_STARTING:
		if (!lc_fleet_settled(reload->host.fleet))
			break;
		if (reload->failed)
			lc_reload_end(reload);
		else
			lc_reload_end_well(reload);
		break;
	case LC_RELOAD_MOVING:
	case LC_RELOAD_IDLE:
		break;
	}
}

void lc_reload_on_change(struct lc_reload *reload)
{
	if (reload->step != LC_RELOAD_IDLE)
		lc_loop_timer_start(reload->poke, 0);
}

/* Settings that this process stands on. */
static bool check_fixed(const struct lc_reload *reload, struct lc_error *error)
{
	static const enum lc_settings_index fixed[] = {LC_SETTINGS_state_directory,
						       LC_SETTINGS_supervisor_socket};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (!lc_setting_equal(reload->host.settings, &reload->candidate,
				      lc_setting_at(fixed[i])))
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
		   reload->host.fleet->context->shard_count ||
	       !lc_setting_equal(reload->host.settings, &reload->candidate,
				 lc_setting_at(LC_SETTINGS_supervisor_owned_shards));
}

static void note_changes(struct lc_reload *reload)
{
	struct lc_buffer names;

	lc_buffer_init(&names, SIZE_MAX / 2);
	lc_setting_append_changed(reload->host.settings, &reload->candidate, &names);
	snprintf(reload->changes, sizeof(reload->changes), "%s", lc_buffer_text(&names));
	lc_buffer_free(&names);
}

bool lc_reload_begin(struct lc_reload *reload, struct lc_error *error)
{
	bool begun;

	if (reload->step != LC_RELOAD_IDLE)
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
			lc_reload_empty(reload);
		else
			begun = lc_reload_replace_all(reload, error);
	}
	if (!begun) {
		lc_reload_release(&reload->candidate, &reload->has_candidate);
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

	if (reload->step != LC_RELOAD_IDLE)
		reload->queued = true;
	else if (!lc_reload_begin(reload, &error))
		lc_log(LC_LOG_ERROR,
		       "the configuration is not reloaded, what was in force stays so",
		       LC_LOG_FAULT(&error));
}

bool lc_reload_running(const struct lc_reload *reload)
{
	return reload->step != LC_RELOAD_IDLE;
}

void lc_reload_stop(struct lc_reload *reload)
{
	reload->queued = false;
	if (reload->step == LC_RELOAD_IDLE)
		return;
	if (reload->mover.child != 0)
		lc_move_process_cancel(&reload->mover);
	reload->failed = true;
	lc_reload_say(reload, "interrupted: the service ends");
	lc_reload_end(reload);
}

void lc_reload_describe(const struct lc_reload *reload, struct lc_status_document *document)
{
	const char *state = reload->failed ? "failed" : "done";

	document->reloads = reload->count;
	if (reload->step != LC_RELOAD_IDLE)
		state = "running";
	if (reload->count > 0)
		snprintf(document->reload_state, sizeof(document->reload_state), "%s", state);
	snprintf(document->reload_text, sizeof(document->reload_text), "%s", reload->text);
}

struct lc_reload *lc_reload_new(const struct lc_reload_host *host)
{
	struct lc_reload *reload = lc_memory_zero(1, sizeof(*reload));

	reload->host = *host;
	reload->poke = lc_loop_timer_new(host->fleet->context->loop, on_poke, reload);
	reload->patience =
	    lc_loop_timer_new(host->fleet->context->loop, lc_reload_lose_patience, reload);
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
	lc_reload_release(&reload->candidate, &reload->has_candidate);
	lc_reload_release(&reload->former, &reload->has_former);
	free(reload->paused);
	lc_loop_timer_free(reload->poke);
	lc_loop_timer_free(reload->patience);
	free(reload);
}
