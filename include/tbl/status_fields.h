/*
 * What the status document (formats/status_document.h) says about the service, each of its shards,
 * each finding, each check of a preflight and each machine of a deployment, in the order in which it is written. The structs, the JSON and
 * docs/ctl-json.md are made from it.
 *
 * LC_STATUS_<KIND>(type, name, help)
 *
 * type: COUNT, a number; NUMBER, a small one; PID, null for none; AGE, seconds or another number
 * that is not negative, null for none; OWNER, the number of a shard, null for the service as a
 * whole; FLAG, true or false; STATE, a word of include/tbl/shard_states.h; SEVERITY, one of
 * include/tbl/severities.h; VERDICT_GRADE, of verdict_grades.h; RELOAD_STATE and FAULT, of reload_states.h and faults.h, null for none;
 * LABEL and STRING, short and long text, null when empty.
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
#ifndef LC_STATUS_CHECK
#define LC_STATUS_CHECK(type, name, help)
#endif
#ifndef LC_STATUS_MACHINE
#define LC_STATUS_MACHINE(type, name, help)
#endif

/* clang-format off */
LC_STATUS_SERVICE(LABEL, version, "of the service")
LC_STATUS_SERVICE(LABEL, time, "when this was written, UTC")
LC_STATUS_SERVICE(AGE, uptime_seconds, "of the supervisor")
LC_STATUS_SERVICE(FLAG, healthy, "whether rows are being delivered as they should be: no finding is critical")
LC_STATUS_SERVICE(NUMBER, ready_shards, "shards of this machine whose worker is delivering")
LC_STATUS_SERVICE(NUMBER, shard_count, "shards of the whole deployment")
LC_STATUS_SERVICE(AGE, state_free_bytes, "free space on the disk of state-directory")
LC_STATUS_SERVICE(FLAG, state_replaced, "whether state-directory or its lock is no longer what the service opened")
LC_STATUS_SERVICE(COUNT, reloads, "reloads of the configuration since the service started, including one under way")
LC_STATUS_SERVICE(RELOAD_STATE, reload_state, "of the last reload: running, done or failed")
LC_STATUS_SERVICE(STRING, reload_text, "what the reload is doing, what it has changed, or why it failed")
LC_STATUS_SERVICE(FLAG, preflight_running, "whether a preflight that log-courier-ctl asked for is under way; `checks` grows until it has ended")
LC_STATUS_SERVICE(COUNT, log_lines_dropped, "lines of the supervisor's log that were dropped because log.destination did not take them")
LC_STATUS_SERVICE(AGE, log_failing_seconds, "for how long log.destination has taken no line of the supervisor's log")
LC_STATUS_SERVICE(NUMBER, unowned_shards, "shards that no living machine has, as far as this one sees, where machines stand in for each other")
LC_STATUS_SERVICE(COUNT, taken_from_silent, "shards that this machine has taken over from machines that showed no sign of life, since the service started")
LC_STATUS_SERVICE(COUNT, taken_when_released, "those that it took because no machine had them any more")
LC_STATUS_SERVICE(COUNT, taken_when_overdue, "those that it took because the machine that had them did not give them up in time")

LC_STATUS_SHARD(NUMBER, shard, "its number")
LC_STATUS_SHARD(STATE, state, "what its worker is doing")
LC_STATUS_SHARD(FLAG, replacing, "whether its worker is being replaced because somebody asked for it")
LC_STATUS_SHARD(PID, pid, "of its worker")
LC_STATUS_SHARD(COUNT, restarts, "times that its worker was restarted")
LC_STATUS_SHARD(AGE, uptime_seconds, "of its worker")
LC_STATUS_SHARD(COUNT, deaths_in_a_row, "workers that have died one after the other, none having lived for supervisor.healthy-after-seconds")
LC_STATUS_SHARD(COUNT, resident_bytes, "memory that its worker uses")
LC_STATUS_SHARD(AGE, next_start_seconds, "until the next worker starts")
LC_STATUS_SHARD(COUNT, records_delivered, "rows delivered since the service started")
LC_STATUS_SHARD(COUNT, objects_delivered, "log objects delivered since then")
LC_STATUS_SHARD(COUNT, bytes_delivered, "bytes in these log objects")
LC_STATUS_SHARD(COUNT, pending_records, "rows known but not delivered")
LC_STATUS_SHARD(LABEL, catch_up_read_until, "UTC: all rows inserted before it are read; null: the shard keeps up, or nothing is known yet. The next four are about this")
LC_STATUS_SHARD(COUNT, catch_up_left_seconds, "seconds, by insertedAt, from there to what is due")
LC_STATUS_SHARD(COUNT, catch_up_records_read, "rows read since it began to catch up")
LC_STATUS_SHARD(COUNT, catch_up_records_to_come, "rows still to be read: counted where windows are discovered, expected where they are not")
LC_STATUS_SHARD(AGE, catch_up_estimate_seconds, "how long that takes at the pace of the last minutes; null: it cannot be said")
LC_STATUS_SHARD(COUNT, replays, "replays that were ordered and have not ended")
LC_STATUS_SHARD(COUNT, replay_records_to_come, "rows that these still have to deliver again")
LC_STATUS_SHARD(COUNT, inflight_bytes, "memory that rows on their way use")
LC_STATUS_SHARD(COUNT, targets_blocked, "target buckets, and prefixes in others, that take no log objects")
LC_STATUS_SHARD(COUNT, sources_blocked, "sources with rows for these, and sources that cannot be read")
LC_STATUS_SHARD(COUNT, sources_unreadable, "sources whose rows ClickHouse cannot read")
LC_STATUS_SHARD(COUNT, records_without_target, "rows that name no target bucket")
LC_STATUS_SHARD(COUNT, records_given_up, "rows that wait for a target that is ignored")
LC_STATUS_SHARD(AGE, oldest_undelivered_seconds, "age of the oldest undelivered row that nothing blocks")
LC_STATUS_SHARD(AGE, oldest_blocked_seconds, "age of the oldest row that waits for a blocked target, or cannot be read; targets that are ignored do not count")
LC_STATUS_SHARD(AGE, clickhouse_failing_seconds, "for how long ClickHouse has served no discovery, or no scan of those that were tried")
LC_STATUS_SHARD(AGE, clickhouse_refusing_seconds, "for how long ClickHouse has refused the user, its password or its rights")
LC_STATUS_SHARD(FAULT, clickhouse_fault, "what keeps ClickHouse from serving this shard, as a word for what is to be done")
LC_STATUS_SHARD(STRING, clickhouse_answer, "ClickHouse's own words, or those of the connection that failed")
LC_STATUS_SHARD(AGE, offsets_failing_seconds, "for how long offsets could not be inserted into ClickHouse")
LC_STATUS_SHARD(STRING, offsets_answer, "ClickHouse's own words about that")
LC_STATUS_SHARD(AGE, reconcile_failing_seconds, "for how long no comparison with ClickHouse has covered all seconds within the horizon though some have tried")
LC_STATUS_SHARD(AGE, s3_failing_seconds, "for how long S3 has confirmed no upload though some were tried, unless only some targets fail")
LC_STATUS_SHARD(AGE, s3_confirmed_seconds, "since the last upload was confirmed; null: none has been since the worker started")
LC_STATUS_SHARD(FAULT, s3_fault, "what keeps S3 from taking this shard's uploads, as a word for what is to be done")
LC_STATUS_SHARD(STRING, s3_answer, "S3's own words, or those of the connection that failed")
LC_STATUS_SHARD(STRING, target_answer, "the last answer of the target that has been blocked longest; empty: none is")
LC_STATUS_SHARD(AGE, s3_refusing_seconds, "for how long S3 has refused the access key or its secret")
LC_STATUS_SHARD(STRING, credentials_source, "where its credentials for S3 come from")
LC_STATUS_SHARD(AGE, credentials_expire_seconds, "until they expire; null: they do not, or there are none")
LC_STATUS_SHARD(COUNT, credentials_sets, "sets of credentials that it uses: one, and one for each entry of targets that differs. The others of these members are about the one in the most trouble")
LC_STATUS_SHARD(COUNT, credentials_missing, "of these, those that cannot be had, or have expired")
LC_STATUS_SHARD(AGE, credentials_failing_seconds, "for how long their source has given none")
LC_STATUS_SHARD(STRING, credentials_answer, "the source's own words about that, or what is wrong with it")
LC_STATUS_SHARD(COUNT, clock_difference_seconds, "difference between ClickHouse's clock and this machine's")
LC_STATUS_SHARD(COUNT, clock_behind_windows_seconds, "by how much ClickHouse's clock is earlier than the end of the last window")
LC_STATUS_SHARD(COUNT, clock_behind_horizon_seconds, "by how much it is earlier than the horizon of late rows; what is inserted meanwhile is not delivered")
LC_STATUS_SHARD(AGE, ledger_failing_seconds, "for how long the ledger could not be written")
LC_STATUS_SHARD(COUNT, log_lines_dropped, "lines of its workers' log that were dropped because log.destination did not take them")
LC_STATUS_SHARD(AGE, log_failing_seconds, "for how long log.destination has taken no line of its worker's log")
LC_STATUS_SHARD(STRING, owner, "machine that its head names, or that had it last, where machines stand in for each other")
LC_STATUS_SHARD(COUNT, epoch, "of its head: it grows with each worker that takes the shard, on whichever machine; 0: not known")
LC_STATUS_SHARD(AGE, unowned_seconds, "for how long no living machine has had it; null: one has, or nothing is known yet")
LC_STATUS_SHARD(AGE, obituary_exit_code, "exit code of the worker that died last, null if a signal ended it")
LC_STATUS_SHARD(STRING, obituary, "how the worker that died last died")
LC_STATUS_SHARD(LABEL, obituary_time, "when it died, UTC")

LC_STATUS_FINDING(SEVERITY, severity, "critical or warning; critical ones come first")
LC_STATUS_FINDING(OWNER, shard, "the shard in trouble; null: the service as a whole")
LC_STATUS_FINDING(STRING, text, "what is wrong and what to do")

LC_STATUS_CHECK(VERDICT_GRADE, grade, "how it has come out")
LC_STATUS_CHECK(STRING, subject, "what was checked")
LC_STATUS_CHECK(STRING, text, "what was found and what to do")

LC_STATUS_MACHINE(STRING, name, "of the machine: failover.machine-name")
LC_STATUS_MACHINE(FLAG, own, "whether it is the machine that tells this")
LC_STATUS_MACHINE(LABEL, state, "fit, starting, unfit or leaving, as it says itself; new: not seen alive yet; silent: it shows no sign of life; differs: it has other settings, or a release whose signs of life cannot be read, and takes no part")
LC_STATUS_MACHINE(STRING, reason, "why it is unfit or leaving")
LC_STATUS_MACHINE(LABEL, refuses, "numbers of the shards that it does not want, with commas between them: they were released there, or their workers keep failing there")
LC_STATUS_MACHINE(NUMBER, missed_beats, "signs of life of this machine since the other one has shown its last; it is silent from five on")
LC_STATUS_MACHINE(NUMBER, shards, "shards that it has")
LC_STATUS_MACHINE(NUMBER, capacity, "its weight when shards are shared out: failover.capacity")
LC_STATUS_MACHINE(LABEL, software, "its release")
/* clang-format on */

#undef LC_STATUS_MACHINE
#undef LC_STATUS_CHECK
#undef LC_STATUS_SERVICE
#undef LC_STATUS_SHARD
#undef LC_STATUS_FINDING
