/*
 * The supervisor process: forks one worker per shard that this machine owns, keeps them running,
 * and tells about them on the control socket and the metrics endpoint. It opens no connection to
 * ClickHouse or S3.
 */
#ifndef LC_SUPERVISOR_SUPERVISOR_H
#define LC_SUPERVISOR_SUPERVISOR_H

#include "config/settings.h"

/* Runs the service until it is told to stop, and returns the process's exit code:
 *
 *  LC_EXIT_OK       after SIGTERM or SIGINT, once all workers have ended. They get
 *                   shutdown-timeout-seconds; a second signal makes them abandon what is under way.
 *  LC_EXIT_FAILURE  when the state directory, the control socket or the metrics port can not be
 * had; the log says why.
 *  LC_EXIT_LEDGER   when supervisor.shards has changed and a ledger is damaged or missing.
 *  LC_EXIT_CONFIG   when no shard can work with the settings.
 *
 * systemd is told READY once every shard has come up or shown why not, STOPPING, and a STATUS line,
 * if NOTIFY_SOCKET is set. SIGHUP changes nothing so far. */
int lc_supervisor_run(const struct lc_settings *settings);

#endif
