/*
 * Every counter, gauge and histogram of a worker. From this table come the shared page, the metrics
 * endpoint and their documentation. Include it with the macros below defined; those that are not
 * needed may be left undefined.
 *
 * LC_COUNTER(name, family, labels, help)    only ever grows
 * LC_GAUGE(name, family, labels, help)      goes up and down
 * LC_HISTOGRAM(name, family, labels, bounds, help)  bounds: LC_BOUNDS_* below, upper bounds of the buckets
 *
 * Rows of one family stand together; the first one's help is the family's. Labels are in
 * Prometheus' text form, without braces; the label `shard` is added to every row.
 */
#define LC_BOUNDS_LONG 0.5, 1, 2, 5, 10, 30, 60, 120, 300
#define LC_BOUNDS_QUERY 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 20
#define LC_BOUNDS_SHORT 0.001, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10
#define LC_BOUNDS_LAG 1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 21600
#define LC_BOUNDS_ROWS 1, 10, 100, 1000, 10000, 100000
#define LC_BOUNDS_BYTES 1024, 10240, 102400, 1048576, 10485760, 104857600

#ifndef LC_COUNTER
#define LC_COUNTER(name, family, labels, help)
#endif
#ifndef LC_GAUGE
#define LC_GAUGE(name, family, labels, help)
#endif
#ifndef LC_HISTOGRAM
#define LC_HISTOGRAM(name, family, labels, bounds, help)
#endif

/* clang-format off */
LC_COUNTER(BATCHES_SUCCEEDED, "log_courier_batches_processed_total", "status=\"success\"",
	"Log objects whose delivery ended, by how it ended.")
LC_COUNTER(BATCHES_FAILED_TRANSIENT, "log_courier_batches_processed_total", "status=\"failed_transient\"",
	"")
LC_COUNTER(BATCHES_FAILED_PERMANENT, "log_courier_batches_processed_total", "status=\"failed_permanent\"",
	"")
LC_COUNTER(RECORDS_DELIVERED, "log_courier_records_delivered_total", "",
	"Rows in log objects that S3 has confirmed.")
LC_COUNTER(RECORDS_IN_PERMANENT_ERRORS, "log_courier_records_in_permanent_errors_total", "",
	"Rows in uploads that their target refused; rows that are refused again count again.")
LC_GAUGE(RECORDS_REFUSED, "log_courier_records_refused", "",
	"Rows that their target is refusing; they are lost at the end of their retention unless the target is repaired.")
LC_HISTOGRAM(BATCH_SECONDS, "log_courier_batch_processing_duration_seconds", "", LC_BOUNDS_LONG,
	"Time from a log object's first row to its confirmation.")
LC_COUNTER(CYCLES, "log_courier_cycles_total", "",
	"Cycles that have ended: discover, scan, build, upload.")
LC_HISTOGRAM(CYCLE_SECONDS, "log_courier_cycle_duration_seconds", "", LC_BOUNDS_LONG,
	"Duration of a cycle, without the uploads that are still running at its end.")
LC_HISTOGRAM(LAG_SECONDS, "log_courier_lag_seconds", "", LC_BOUNDS_LAG,
	"Age of a log object's oldest row, by its start time, when S3 confirmed the object.")
LC_COUNTER(DISCOVERY_BATCHES_FOUND, "log_courier_discovery_batches_found_total", "",
	"Sources that a discovery found ready to be read.")
LC_COUNTER(DISCOVERY_FAILURES, "log_courier_discovery_failures_total", "",
	"Discoveries that failed; each is tried again.")
LC_GAUGE(DISCOVERY_BUCKETS, "log_courier_discovery_buckets_per_discovery", "",
	"Sources with new rows in the last discovery.")
LC_HISTOGRAM(DISCOVERY_SECONDS, "log_courier_discovery_duration_seconds", "", LC_BOUNDS_QUERY,
	"Duration of a discovery in ClickHouse.")
LC_COUNTER(FETCH_RECORDS, "log_courier_fetch_records_total", "",
	"Rows read from ClickHouse.")
LC_COUNTER(FETCH_BYTES, "log_courier_fetch_bytes_total", "",
	"Bytes of rows read from ClickHouse.")
LC_COUNTER(FETCH_QUERIES, "log_courier_fetch_queries_total", "status=\"success\"",
	"Scan queries, by how they ended.")
LC_COUNTER(FETCH_QUERIES_FAILED, "log_courier_fetch_queries_total", "status=\"failed\"",
	"")
LC_COUNTER(FETCH_PAUSES, "log_courier_fetch_pauses_total", "",
	"Times that a scan was paused because limits.max-inflight-bytes was reached.")
LC_COUNTER(FETCH_FIELDS_SHORTENED, "log_courier_fetch_fields_shortened_total", "",
	"Fields shortened because their row was larger than limits.max-row-bytes.")
LC_HISTOGRAM(FETCH_ROWS, "log_courier_fetch_records_per_bucket", "", LC_BOUNDS_ROWS,
	"Rows of one source that one scan read.")
LC_HISTOGRAM(FETCH_SECONDS, "log_courier_fetch_duration_seconds", "", LC_BOUNDS_QUERY,
	"Duration of a scan query.")
LC_COUNTER(BUILD_OBJECTS, "log_courier_build_objects_total", "",
	"Log objects built.")
LC_HISTOGRAM(BUILD_BYTES, "log_courier_build_object_size_bytes", "", LC_BOUNDS_BYTES,
	"Size of the log objects built.")
LC_HISTOGRAM(BUILD_SECONDS, "log_courier_build_duration_seconds", "", LC_BOUNDS_SHORT,
	"Time taken to sort and name a log object.")
LC_COUNTER(UPLOAD_SUCCEEDED, "log_courier_upload_objects_total", "status=\"success\"",
	"Upload attempts, by how they ended.")
LC_COUNTER(UPLOAD_FAILED, "log_courier_upload_objects_total", "status=\"failed\"",
	"")
LC_COUNTER(UPLOAD_WAS_THERE, "log_courier_upload_already_there_total", "",
	"Uploads whose object was already there though no attempt of this worker can have stored it: a "
	"ledger was lost, or another courier delivers the same rows.")
LC_COUNTER(UPLOAD_BYTES, "log_courier_upload_bytes_total", "",
	"Bytes in log objects that S3 has confirmed.")
LC_HISTOGRAM(UPLOAD_SECONDS, "log_courier_upload_duration_seconds", "status=\"success\"", LC_BOUNDS_SHORT,
	"Duration of an upload attempt, by how it ended.")
LC_HISTOGRAM(UPLOAD_SECONDS_FAILED, "log_courier_upload_duration_seconds", "status=\"failed\"", LC_BOUNDS_SHORT,
	"")
LC_COUNTER(COMMIT_SUCCEEDED, "log_courier_commit_offsets_flushed_total", "status=\"success\"",
	"Offsets written to ClickHouse, by how the insert ended.")
LC_COUNTER(COMMIT_FAILED, "log_courier_commit_offsets_flushed_total", "status=\"failed\"",
	"")
LC_COUNTER(COMMIT_BY_COUNT, "log_courier_commit_flushes_total", "reason=\"count_threshold\"",
	"Inserts of offsets, by what caused them.")
LC_COUNTER(COMMIT_BY_TIME, "log_courier_commit_flushes_total", "reason=\"time_threshold\"",
	"")
LC_COUNTER(COMMIT_BY_CYCLE, "log_courier_commit_flushes_total", "reason=\"cycle_boundary\"",
	"")
LC_COUNTER(COMMIT_BY_SHUTDOWN, "log_courier_commit_flushes_total", "reason=\"shutdown\"",
	"")
LC_HISTOGRAM(COMMIT_SECONDS, "log_courier_commit_duration_seconds", "", LC_BOUNDS_SHORT,
	"Duration of an insert of offsets.")
LC_GAUGE(INFLIGHT_BYTES, "log_courier_inflight_bytes", "",
	"Memory used by log objects that are being built or uploaded, indexes included.")
LC_GAUGE(INFLIGHT_UPLOADS, "log_courier_inflight_uploads", "",
	"Uploads under way.")
LC_GAUGE(SOURCES, "log_courier_sources", "",
	"Sources that the shard knows.")
LC_GAUGE(SOURCES_BLOCKED, "log_courier_sources_blocked", "",
	"Sources that wait for a target that refuses them or does not answer, or that cannot be read.")
LC_GAUGE(SOURCES_UNREADABLE, "log_courier_sources_unreadable", "",
	"Sources whose rows ClickHouse cannot read: even a query for one of them alone fails.")
LC_GAUGE(TARGETS_BLOCKED, "log_courier_targets_blocked", "",
	"Targets set aside: target buckets, and refused prefixes in target buckets that work.")
LC_GAUGE(TARGETS_SLOW, "log_courier_targets_slow", "",
	"Target buckets whose uploads move slowly, or not at all.")
LC_GAUGE(RECORDS_GIVEN_UP, "log_courier_records_given_up", "",
	"Rows that wait for a target that an operator has chosen to ignore.")
LC_GAUGE(RECORDS_WITHOUT_TARGET, "log_courier_records_without_target", "",
	"Rows that name no target bucket; they wait until their retention ends.")
LC_GAUGE(INTENTS_WITHOUT_BODY, "log_courier_intents_without_body", "",
	"Recorded log objects whose bodies will be built again from ClickHouse when their target works.")
LC_COUNTER(INTENTS_REBUILT, "log_courier_intents_rebuilt_total", "",
	"Log objects built again from ClickHouse, after a crash or a target's failure.")
LC_COUNTER(INTENTS_WITHDRAWN, "log_courier_intents_withdrawn_total", "",
	"Log objects whose rows went into smaller ones because their target refused them for their size.")
LC_COUNTER(DUPLICATES_AVOIDED, "log_courier_duplicates_avoided_total", "",
	"Rows that were read again and recognised as already taken.")
LC_COUNTER(LATE_ROWS_FOUND, "log_courier_late_rows_found_total", "",
	"Rows that became visible in a second that was already settled, found by the reconcile.")
LC_COUNTER(ROWS_EXPIRED, "log_courier_rows_expired_undelivered_total", "",
	"Rows lost because their retention ended before their target took them.")
LC_COUNTER(ROWS_DISCARDED, "log_courier_rows_discarded_total", "",
	"Rows closed without delivery because an operator discarded their target.")
LC_COUNTER(RECONCILES, "log_courier_reconciles_total", "kind=\"recent\"",
	"Passes of the reconcile, over recent slots or over all slots within the horizon.")
LC_COUNTER(RECONCILES_FULL, "log_courier_reconciles_total", "kind=\"full\"",
	"")
LC_HISTOGRAM(RECONCILE_SECONDS, "log_courier_reconcile_duration_seconds", "", LC_BOUNDS_QUERY,
	"Duration of a pass of the reconcile.")
LC_GAUGE(RECONCILE_FAILING_SINCE, "log_courier_reconcile_failing_since_timestamp_seconds", "",
	"When passes of the reconcile began to fail to compare all slots within the horizon; 0 unless they "
	"are failing.")
LC_GAUGE(PENDING_RECORDS, "log_courier_pending_records", "",
	"Rows discovered but not yet delivered.")
LC_GAUGE(CATCH_UP_READ_UNTIL, "log_courier_catch_up_read_until_timestamp_seconds", "",
	"While a shard catches up, at a first start or after a long outage: all rows with an earlier "
	"insertedAt are read. 0: it keeps up.")
LC_GAUGE(CATCH_UP_LEFT, "log_courier_catch_up_left_seconds", "",
	"Seconds, by insertedAt, from there to what is due.")
LC_GAUGE(CATCH_UP_RECORDS_READ, "log_courier_catch_up_records_read", "",
	"Rows read since the shard, or its worker, began to catch up.")
LC_GAUGE(CATCH_UP_RECORDS_TO_COME, "log_courier_catch_up_records_to_come", "",
	"Rows still to be read: counted where windows are discovered, expected where they are not.")
LC_GAUGE(CATCH_UP_ESTIMATE, "log_courier_catch_up_estimate_seconds", "",
	"How long that takes at the pace of the last minutes; 0: it cannot be said.")
LC_GAUGE(REPLAYS, "log_courier_replays", "",
	"Replays that were ordered and have not ended.")
LC_GAUGE(REPLAY_RECORDS_TO_COME, "log_courier_replay_records_to_come", "",
	"Rows that these still have to deliver again, of those that were counted when they were ordered.")
LC_COUNTER(REPLAY_RECORDS_DELIVERED, "log_courier_replay_records_delivered_total", "",
	"Rows delivered again by replays; no other metric counts them.")
LC_GAUGE(OLDEST_UNDELIVERED_INSERTED_AT, "log_courier_oldest_undelivered_timestamp_seconds", "",
	"insertedAt of the oldest row that is discovered but not delivered, 0 if there is none; rows that "
	"wait for a blocked target do not count.")
LC_GAUGE(OLDEST_BLOCKED_INSERTED_AT, "log_courier_oldest_blocked_timestamp_seconds", "",
	"insertedAt of the oldest row that waits for a blocked target or cannot be read, 0 if there is "
	"none; targets that an operator has given up do not count.")
LC_GAUGE(CLICKHOUSE_FAILING_SINCE, "log_courier_clickhouse_failing_since_timestamp_seconds", "",
	"When ClickHouse began to fail all discoveries, or all scans that were tried; 0 unless it is failing.")
LC_GAUGE(CLICKHOUSE_REFUSING_SINCE,
	"log_courier_clickhouse_credentials_refused_since_timestamp_seconds", "",
	"When ClickHouse began to refuse the user, its password or its rights; 0 unless it is refusing them.")
LC_GAUGE(OFFSETS_FAILING_SINCE, "log_courier_offsets_failing_since_timestamp_seconds", "",
	"When inserts of offsets into ClickHouse began to fail; 0 unless they are failing.")
LC_GAUGE(S3_FAILING_SINCE, "log_courier_s3_failing_since_timestamp_seconds", "",
	"When uploads began to fail without any success; 0 while uploads succeed, or while only some targets fail.")
LC_GAUGE(S3_CONFIRMED_AT, "log_courier_s3_confirmed_timestamp_seconds", "",
	"When the last upload was confirmed; 0 if none has been since the worker started.")
LC_GAUGE(S3_REFUSING_SINCE, "log_courier_s3_credentials_refused_since_timestamp_seconds", "",
	"When S3 began to refuse the access key or its secret; 0 unless it is refusing them.")
LC_GAUGE(CREDENTIALS_FAILING_SINCE, "log_courier_s3_credentials_failing_since_timestamp_seconds", "",
	"When the source of the credentials for S3 began to fail; 0 unless it is failing.")
LC_GAUGE(CREDENTIALS_EXPIRE_AT, "log_courier_s3_credentials_expire_timestamp_seconds", "",
	"When the credentials for S3 expire; 0 if they do not, or there are none.")
LC_GAUGE(CREDENTIALS_SETS, "log_courier_s3_credentials_sets", "",
	"Sets of credentials that are used: one, and one for each entry of targets that differs.")
LC_GAUGE(CREDENTIALS_MISSING, "log_courier_s3_credentials_missing", "",
	"Of these, those that cannot be had, or have expired: requests to S3 that need them wait.")
LC_GAUGE(CLOCK_APART, "log_courier_clickhouse_clock_difference_seconds", "",
	"Difference between ClickHouse's clock and this machine's, whichever is ahead, at the last discovery.")
LC_GAUGE(CLOCK_BEHIND_WINDOWS, "log_courier_clickhouse_clock_behind_windows_seconds", "",
	"By how much ClickHouse's clock is earlier than the end of the last window: it was ahead and has been "
	"corrected, or was set back. Until it gets there, only the reconcile finds rows.")
LC_GAUGE(CLOCK_BEHIND_HORIZON, "log_courier_clickhouse_clock_behind_horizon_seconds", "",
	"By how much ClickHouse's clock is earlier than the horizon of late rows: rows inserted until it gets "
	"there cannot be told from rows that were delivered, and are not delivered.")
LC_GAUGE(LEDGER_FAILING_SINCE, "log_courier_ledger_failing_since_timestamp_seconds", "",
	"When writes to the ledger began to fail, so that no upload starts; 0 unless they are failing.")
LC_GAUGE(LEDGER_BYTES, "log_courier_ledger_bytes", "",
	"Size of the ledger's file and of its write-ahead log.")
LC_COUNTER(LEDGER_COMMITS, "log_courier_ledger_commits_total", "",
	"Transactions committed to the ledger.")
LC_HISTOGRAM(LEDGER_SECONDS, "log_courier_ledger_commit_duration_seconds", "", LC_BOUNDS_SHORT,
	"Duration of a transaction of the ledger, from its first write until it is on disk; of a ledger that machines "
	"share, until the head names its segment.")
LC_GAUGE(LEDGER_EPOCH, "log_courier_shared_ledger_epoch", "",
	"Of a ledger that machines share: how often the shard was taken, the last time by this worker.")
LC_COUNTER(LEDGER_SEGMENTS, "log_courier_shared_ledger_segments_total", "",
	"Segments of the shared ledger that this worker has written to S3.")
LC_COUNTER(LEDGER_SEGMENT_BYTES, "log_courier_shared_ledger_segment_bytes_total", "",
	"Their size.")
LC_COUNTER(LEDGER_CHECKPOINT_BYTES, "log_courier_shared_ledger_checkpoint_bytes_total", "",
	"Size of what was written to S3 for checkpoints of the shared ledger.")
LC_HISTOGRAM(LEDGER_RESTORE_SECONDS, "log_courier_shared_ledger_restore_duration_seconds", "", LC_BOUNDS_LONG,
	"Time from the moment that a worker had taken its shard until it had brought the ledger up to date.")
LC_COUNTER(LOG_LINES_DROPPED, "log_courier_log_lines_dropped_total", "",
	"Lines of the worker's log that were dropped because log.destination did not take them; when it does again, the log says how many.")
LC_GAUGE(LOG_FAILING_SINCE, "log_courier_log_failing_since_timestamp_seconds", "",
	"When log.destination stopped taking lines of the worker's log; 0 unless it has.")
/* clang-format on */

#undef LC_COUNTER
#undef LC_GAUGE
#undef LC_HISTOGRAM
