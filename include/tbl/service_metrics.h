/*
 * Metrics that the supervisor adds to those of its workers (include/tbl/counters.h). The metrics
 * endpoint and docs/metrics.md are made from them.
 *
 * LC_SERVICE_METRIC(family, type, labels, value, help)    one sample; value: of `document`
 * LC_PROCESS_METRIC(family, type, value, help)            one sample; value: of `totals`
 * LC_SHARD_METRIC(family, type, value, help)              one for each shard; value: of `shard`
 * LC_OWNER_METRIC(family, type, value, help)              the same, with the label owner, a machine
 * LC_SOURCE_METRIC(family, type, labels, help)            one for each source that lags most
 *
 * Rows of one family stand together; the first one's help is the family's, the others have none.
 *
 * type: "gauge" or "counter". labels: in Prometheus' text form, without braces. `document` and
 * `shard` are those of formats/status_document.h, `totals` that of supervisor/process_usage.h.
 */
#ifndef LC_SERVICE_METRIC
#define LC_SERVICE_METRIC(family, type, labels, value, help)
#endif
#ifndef LC_PROCESS_METRIC
#define LC_PROCESS_METRIC(family, type, value, help)
#endif
#ifndef LC_SHARD_METRIC
#define LC_SHARD_METRIC(family, type, value, help)
#endif
#ifndef LC_OWNER_METRIC
#define LC_OWNER_METRIC(family, type, value, help)
#endif
#ifndef LC_SOURCE_METRIC
#define LC_SOURCE_METRIC(family, type, labels, help)
#endif

/* clang-format off */
LC_SERVICE_METRIC("log_courier_build_info", "gauge", "version=\"" PACKAGE_VERSION "\"", 1,
	"Always 1; its label is the version that is running.")
LC_SERVICE_METRIC("log_courier_healthy", "gauge", "", document->healthy,
	"1 if rows are being delivered, as log-courier-ctl health says.")
LC_SERVICE_METRIC("log_courier_findings", "gauge", "severity=\"critical\"",
	lc_status_document_count(document, LC_SEVERITY_CRITICAL),
	"Number of findings by severity (critical, warning); log-courier-ctl health lists them and says what to do.")
LC_SERVICE_METRIC("log_courier_findings", "gauge", "severity=\"warning\"",
	lc_status_document_count(document, LC_SEVERITY_WARNING),
	"")
LC_SERVICE_METRIC("log_courier_uptime_seconds", "gauge", "", document->uptime_seconds,
	"Time since the supervisor started.")
LC_SERVICE_METRIC("log_courier_shards", "gauge", "", document->shard_count,
	"Number of shards in the whole deployment.")
LC_SERVICE_METRIC("log_courier_state_free_bytes", "gauge", "", document->state_free_bytes,
	"Free space on the disk of state-directory.")
LC_SERVICE_METRIC("log_courier_reloads_total", "counter", "", document->reloads,
	"Reloads of the configuration since the service started.")
LC_SERVICE_METRIC("log_courier_supervisor_log_lines_dropped_total", "counter", "", document->log_lines_dropped,
	"Lines of the supervisor's log that were dropped because log.destination did not take them.")
LC_SERVICE_METRIC("log_courier_takeovers_total", "counter", "cause=\"silent\"", document->taken_from_silent,
	"Shards that this machine has taken over since the service started, by cause: silent, the machine that had it showed no "
	"sign of life; released, no machine had it any more; overdue, the machine that had it did not give it up in time.")
LC_SERVICE_METRIC("log_courier_takeovers_total", "counter", "cause=\"released\"", document->taken_when_released,
	"")
LC_SERVICE_METRIC("log_courier_takeovers_total", "counter", "cause=\"overdue\"", document->taken_when_overdue,
	"")
LC_SERVICE_METRIC("log_courier_unowned_shards", "gauge", "", document->unowned_shards,
	"Number of shards that no living machine has, as far as this machine sees, where machines stand in for each other.")

LC_PROCESS_METRIC("process_cpu_seconds_total", "counter", totals->cpu_seconds,
	"Processor time that the supervisor and its workers, those that have ended included, have used.")
LC_PROCESS_METRIC("process_resident_memory_bytes", "gauge", (double)totals->resident_bytes,
	"Sum of the resident memory of the supervisor and its workers; pages that they share count in each.")
LC_PROCESS_METRIC("process_virtual_memory_bytes", "gauge", (double)totals->virtual_bytes,
	"Sum of the virtual memory of the supervisor and its workers.")
LC_PROCESS_METRIC("process_open_fds", "gauge", (double)totals->descriptors.open,
	"Open descriptors of the one process, supervisor or worker, that has used most of its limit.")
LC_PROCESS_METRIC("process_max_fds", "gauge", (double)totals->descriptors.most,
	"Most descriptors that this process may have open.")
LC_PROCESS_METRIC("process_start_time_seconds", "gauge", totals->start_seconds,
	"When the supervisor started, in seconds since 1970.")

LC_SHARD_METRIC("log_courier_shard_up", "gauge", shard->state == LC_SHARD_STATE_READY,
	"1 if the shard's worker is ready.")
LC_SHARD_METRIC("log_courier_shard_paused", "gauge", shard->state == LC_SHARD_STATE_PAUSED,
	"1 if the shard was paused by the operator.")
LC_SHARD_METRIC("log_courier_shard_away", "gauge", shard->state == LC_SHARD_STATE_AWAY,
	"1 if another machine has the shard or is to take it.")
LC_SHARD_METRIC("log_courier_shard_restarts_total", "counter", shard->restarts,
	"Times that the shard's worker was restarted.")
LC_SHARD_METRIC("log_courier_shard_uptime_seconds", "gauge", shard->uptime_seconds,
	"Time since the shard's worker started, 0 if there is none.")
LC_SHARD_METRIC("log_courier_shard_resident_bytes", "gauge", shard->resident_bytes,
	"Resident memory of the shard's worker, 0 if there is none.")
LC_SHARD_METRIC("log_courier_shard_oldest_undelivered_seconds", "gauge", shard->oldest_undelivered_seconds,
	"Age of the shard's oldest undelivered row, 0 if there is none.")
LC_OWNER_METRIC("log_courier_shard_unowned_seconds", "gauge", shard->unowned_seconds,
	"Time for which no living machine has had the shard, 0 if one has it; the label owner is the machine that has it, or had it last.")

LC_SOURCE_METRIC("log_courier_lagging_source_oldest_timestamp_seconds", "gauge", "source",
	"insertedAt of the oldest undelivered row of each of the ten sources that lag most, updated every 15 seconds.")
/* clang-format on */

#undef LC_SERVICE_METRIC
#undef LC_PROCESS_METRIC
#undef LC_SHARD_METRIC
#undef LC_OWNER_METRIC
#undef LC_SOURCE_METRIC
