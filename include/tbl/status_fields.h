/*
 * What the status document (formats/status_document.h) tells of the service, of each of its shards
 * and of each finding, in the order in which it is written. The structs, the JSON and
 * docs/ctl-json.md are made from it.
 *
 * LC_STATUS_<KIND>(type, name, help)
 *
 * type: COUNT, a number; NUMBER, a small one; PID, null for none; AGE, seconds or another number
 * that is not negative, null for none; OWNER, the number of a shard, null for the service as a
 * whole; FLAG, true or false; STATE, a word of include/tbl/shard_states.h; SEVERITY, one of
 * include/tbl/severities.h; LABEL and STRING, short and long text, null when empty.
 */
#ifndef LC_STATUS_SERVICE
#define LC_STATUS_SERVICE(type, name, help)
#endif
#ifndef LC_STATUS_SHARD
#define LC_STATUS_SHARD(type, name, help)
#endif
#ifndef LC_STATUS_FINDING
#define LC_STATUS_FINDING(type, name, help)
#endif

/* clang-format off */
LC_STATUS_SERVICE(LABEL, version, "of the service")
LC_STATUS_SERVICE(LABEL, time, "when this was told, UTC")
LC_STATUS_SERVICE(AGE, uptime_seconds, "of the supervisor")
LC_STATUS_SERVICE(FLAG, healthy, "rows are being delivered as they should: no finding is critical")
LC_STATUS_SERVICE(NUMBER, ready_shards, "shards of this machine whose worker delivers")
LC_STATUS_SERVICE(NUMBER, shard_count, "shards of the whole deployment")
LC_STATUS_SERVICE(AGE, state_free_bytes, "free on the disk of state-directory")
LC_STATUS_SERVICE(FLAG, state_replaced, "state-directory or its lock is no longer what the service has opened")
LC_STATUS_SERVICE(COUNT, reloads, "reloads of the configuration since the service's start, the one under way included")
LC_STATUS_SERVICE(LABEL, reload_state, "of the last one: running, done or failed")
LC_STATUS_SERVICE(STRING, reload_text, "what it is doing, what it has changed, or why it failed")
LC_STATUS_SERVICE(COUNT, log_lines_dropped, "of the supervisor's log, because stderr did not take them")
LC_STATUS_SERVICE(AGE, log_failing_seconds, "for how long stderr has taken no line of the supervisor's log")

LC_STATUS_SHARD(NUMBER, shard, "its number")
LC_STATUS_SHARD(STATE, state, "what its worker is doing")
LC_STATUS_SHARD(FLAG, replacing, "its worker is being replaced because somebody asked for it")
LC_STATUS_SHARD(PID, pid, "of its worker")
LC_STATUS_SHARD(COUNT, restarts, "times that its worker was started anew")
LC_STATUS_SHARD(AGE, uptime_seconds, "of its worker")
LC_STATUS_SHARD(COUNT, deaths_in_a_row, "of its workers, none of which lived for supervisor.healthy-after-seconds")
LC_STATUS_SHARD(COUNT, resident_bytes, "of memory that its worker takes")
LC_STATUS_SHARD(AGE, next_start_seconds, "until the next worker starts")
LC_STATUS_SHARD(COUNT, records_delivered, "rows delivered since the service's start")
LC_STATUS_SHARD(COUNT, objects_delivered, "log objects delivered since then")
LC_STATUS_SHARD(COUNT, bytes_delivered, "bytes in these")
LC_STATUS_SHARD(COUNT, pending_records, "rows known and not delivered")
LC_STATUS_SHARD(COUNT, inflight_bytes, "of memory that rows on their way take")
LC_STATUS_SHARD(COUNT, targets_blocked, "target buckets, and prefixes in others, that do not take log objects")
LC_STATUS_SHARD(COUNT, sources_blocked, "sources with rows for these, and those that cannot be read")
LC_STATUS_SHARD(COUNT, sources_unreadable, "sources whose rows ClickHouse cannot read")
LC_STATUS_SHARD(COUNT, records_without_target, "rows that name no target bucket")
LC_STATUS_SHARD(COUNT, records_given_up, "rows that wait for a target which is ignored")
LC_STATUS_SHARD(AGE, oldest_undelivered_seconds, "age of the oldest undelivered row of those that nothing blocks")
LC_STATUS_SHARD(AGE, oldest_blocked_seconds, "age of the oldest row that waits for a blocked target, or cannot be read; targets that are ignored do not count")
LC_STATUS_SHARD(AGE, clickhouse_failing_seconds, "for how long ClickHouse has served no discovery, or no scan of those that were tried")
LC_STATUS_SHARD(AGE, clickhouse_refusing_seconds, "for how long ClickHouse has refused the user, its password or its rights")
LC_STATUS_SHARD(LABEL, clickhouse_fault, "what keeps ClickHouse from serving this shard, by what is to be done")
LC_STATUS_SHARD(STRING, clickhouse_answer, "its own words, or those of the connection that failed")
LC_STATUS_SHARD(AGE, offsets_failing_seconds, "for how long offsets could not be inserted into ClickHouse")
LC_STATUS_SHARD(STRING, offsets_answer, "its own words to that")
LC_STATUS_SHARD(AGE, reconcile_failing_seconds, "for how long no comparison with ClickHouse has covered all seconds within the horizon though some have tried")
LC_STATUS_SHARD(AGE, s3_failing_seconds, "for how long S3 has confirmed no upload though some were tried, unless only some targets fail")
LC_STATUS_SHARD(AGE, s3_confirmed_seconds, "since the last upload was confirmed; null: none was since the worker's start")
LC_STATUS_SHARD(LABEL, s3_fault, "what keeps S3 from taking this shard's uploads, by what is to be done")
LC_STATUS_SHARD(STRING, s3_answer, "its own words, or those of the connection that failed")
LC_STATUS_SHARD(STRING, target_answer, "what the target that is blocked longest answered last; empty: none is")
LC_STATUS_SHARD(AGE, s3_refusing_seconds, "for how long S3 has refused the access key or its secret")
LC_STATUS_SHARD(COUNT, clock_difference_seconds, "between ClickHouse's clock and this machine's")
LC_STATUS_SHARD(COUNT, clock_behind_windows_seconds, "by how much ClickHouse's clock is before the end of the last window")
LC_STATUS_SHARD(COUNT, clock_behind_horizon_seconds, "by how much it is before the horizon of late rows; what is inserted meanwhile is not delivered")
LC_STATUS_SHARD(AGE, ledger_failing_seconds, "for how long the ledger could not be written")
LC_STATUS_SHARD(COUNT, log_lines_dropped, "of its workers' log, because stderr did not take them")
LC_STATUS_SHARD(AGE, log_failing_seconds, "for how long stderr has taken no line of its worker's log")
LC_STATUS_SHARD(AGE, obituary_exit_code, "of the worker that died last, null if a signal ended it")
LC_STATUS_SHARD(STRING, obituary, "how the last worker died that did")
LC_STATUS_SHARD(LABEL, obituary_time, "when it died, UTC")

LC_STATUS_FINDING(SEVERITY, severity, "critical or warning; those that are critical stand first")
LC_STATUS_FINDING(OWNER, shard, "the shard in trouble; null: the service as a whole")
LC_STATUS_FINDING(STRING, text, "what is wrong and what to do")
/* clang-format on */

#undef LC_STATUS_SERVICE
#undef LC_STATUS_SHARD
#undef LC_STATUS_FINDING
