/*
 * The supervisor process: forks one worker per shard that this machine owns, keeps them running,
 * and tells about them on the control socket and the metrics endpoint. It opens no connection to
 * ClickHouse or S3.
 */
#ifndef LC_SUPERVISOR_SUPERVISOR_H
#define LC_SUPERVISOR_SUPERVISOR_H

#include "base/error.h"
#include "config/settings.h"

#include <stdbool.h>

/* Runs the service until it is told to stop, and returns the process's exit code:
 *
 *  LC_EXIT_OK       after SIGTERM or SIGINT, once all workers have ended. They get
 *                   shutdown-timeout-seconds; a second signal makes them abandon what is under way.
 *  LC_EXIT_FAILURE  when the state directory, the control socket or the metrics port cannot be
 *                   had; the log says why.
 *  LC_EXIT_LEDGER   when supervisor.shards has changed and a ledger is damaged or missing.
 *  the workers' own when no shard can work and all say the same: LC_EXIT_CONFIG, LC_EXIT_LEDGER or
 *                   LC_EXIT_CONFLICT; LC_EXIT_FAILURE when they do not.
 *
 * `settings` are those in force; a reload replaces their content. `load` reads them again from
 * where they came from. SIGHUP reloads. */
struct lc_supervisor_configuration {
	struct lc_settings *settings;
	bool (*load)(void *context, struct lc_settings *settings, struct lc_error *error);
	void *context;
};
int lc_supervisor_run(const struct lc_supervisor_configuration *configuration);

#endif
