/*
 * What shards say about their sources, targets and log objects: the members of each kind of row in
 * an inspection document (formats/inspection.h), in the order in which they are written.
 *
 * LC_INSPECTION_<KIND>(type, name, help)
 *
 * type: COUNT, a number; SECOND, seconds since 1970 in UTC, null for none; AGE, seconds, null for
 * none; FLAG, true or false; TEXT; STEP, TARGET_STATE and DELIVERY_STATE, a word of
 * include/tbl/cycle_steps.h, target_states.h and delivery_states.h.
 */
#ifndef LC_INSPECTION_SOURCE
#define LC_INSPECTION_SOURCE(type, name, help)
#endif
#ifndef LC_INSPECTION_RANGE
#define LC_INSPECTION_RANGE(type, name, help)
#endif
#ifndef LC_INSPECTION_OBJECT
#define LC_INSPECTION_OBJECT(type, name, help)
#endif
#ifndef LC_INSPECTION_TARGET
#define LC_INSPECTION_TARGET(type, name, help)
#endif
#ifndef LC_INSPECTION_REPLAY
#define LC_INSPECTION_REPLAY(type, name, help)
#endif
#ifndef LC_INSPECTION_READER
#define LC_INSPECTION_READER(type, name, help)
#endif
#ifndef LC_INSPECTION_PROBLEM
#define LC_INSPECTION_PROBLEM(type, name, help)
#endif

/* clang-format off */
LC_INSPECTION_SOURCE(COUNT, shard, "the shard that delivers it")
LC_INSPECTION_SOURCE(COUNT, raft_session_id, "its raft session")
LC_INSPECTION_SOURCE(TEXT, bucket, "its bucket")
LC_INSPECTION_SOURCE(COUNT, pending_rows, "rows known but not delivered, as far as they have been counted")
LC_INSPECTION_SOURCE(SECOND, oldest_undelivered, "insertedAt of the oldest of these")
LC_INSPECTION_SOURCE(AGE, lag_seconds, "age of that row by ClickHouse's clock")
LC_INSPECTION_SOURCE(FLAG, blocked, "whether a target does not take its log objects, or it cannot be read")
LC_INSPECTION_SOURCE(COUNT, open_rows, "rows counted in open ranges but not read yet")
LC_INSPECTION_SOURCE(SECOND, open_since, "when the oldest of these ranges was opened, by ClickHouse's clock")
LC_INSPECTION_SOURCE(FLAG, flush, "whether somebody asked for it to be read now")
LC_INSPECTION_SOURCE(COUNT, objects, "log objects in memory: being built, waiting or uploading")
LC_INSPECTION_SOURCE(COUNT, object_rows, "rows in these")
LC_INSPECTION_SOURCE(COUNT, intents_without_body, "recorded log objects that will be built again from ClickHouse")
LC_INSPECTION_SOURCE(COUNT, intents_without_body_rows, "rows in these")
LC_INSPECTION_SOURCE(COUNT, read_failures, "failures in a row of queries for it alone: ClickHouse cannot read it")
LC_INSPECTION_SOURCE(TEXT, read_error, "error of the last of these")
LC_INSPECTION_SOURCE(AGE, next_read_seconds, "until it is tried again; null unless it could not be read")
LC_INSPECTION_SOURCE(SECOND, committed_inserted_at, "insertedAt of the offset in ClickHouse, if this worker wrote one")
LC_INSPECTION_SOURCE(COUNT, committed_start_time_ms, "its startTime, milliseconds since 1970")
LC_INSPECTION_SOURCE(TEXT, committed_req_id, "its req_id")

LC_INSPECTION_RANGE(COUNT, shard, "the shard that reports it")
LC_INSPECTION_RANGE(SECOND, from, "the first second of insertedAt")
LC_INSPECTION_RANGE(SECOND, to, "the second after the last one")
LC_INSPECTION_RANGE(SECOND, since, "when it was opened, by ClickHouse's clock")
LC_INSPECTION_RANGE(FLAG, doubtful, "whether some of its rows may already be taken")
LC_INSPECTION_RANGE(FLAG, being_read, "whether a scan under way is reading it")

LC_INSPECTION_OBJECT(COUNT, shard, "the shard that built it")
LC_INSPECTION_OBJECT(COUNT, id, "its number in the shard's ledger")
LC_INSPECTION_OBJECT(COUNT, raft_session_id, "of its source")
LC_INSPECTION_OBJECT(TEXT, bucket, "of its source")
LC_INSPECTION_OBJECT(TEXT, target_bucket, "where it is delivered to")
LC_INSPECTION_OBJECT(TEXT, target_prefix, "what its key begins with")
LC_INSPECTION_OBJECT(TEXT, key, "its key there")
LC_INSPECTION_OBJECT(COUNT, rows, "lines in it")
LC_INSPECTION_OBJECT(COUNT, bytes, "of its body")
LC_INSPECTION_OBJECT(SECOND, first_second, "insertedAt of its first row")
LC_INSPECTION_OBJECT(SECOND, last_second, "insertedAt of its last row")
LC_INSPECTION_OBJECT(DELIVERY_STATE, state, "open: on its way; delivered; expired: rows were lost to retention; discarded: its target was given up")

LC_INSPECTION_TARGET(COUNT, shard, "the shard that reports it: each has its own view of a target")
LC_INSPECTION_TARGET(TEXT, bucket, "its bucket")
LC_INSPECTION_TARGET(TEXT, prefix, "its prefix: what the keys of its log objects begin with")
LC_INSPECTION_TARGET(TARGET_STATE, state, "healthy; shaky: has failed and is being tried again; aside: waits for a probe")
LC_INSPECTION_TARGET(FLAG, whole_bucket, "whether the state is that of the whole bucket, whatever the prefix")
LC_INSPECTION_TARGET(FLAG, refused, "whether its last answer was a refusal")
LC_INSPECTION_TARGET(FLAG, slow, "whether uploads into its bucket move slowly, or not at all")
LC_INSPECTION_TARGET(TEXT, given_up, "ignored or discarded, if an operator has decided so; otherwise empty")
LC_INSPECTION_TARGET(COUNT, failures, "failures in a row")
LC_INSPECTION_TARGET(TEXT, last_error, "error of the last upload that failed since this worker started")
LC_INSPECTION_TARGET(AGE, failing_seconds, "since the first of the failures in a row that this worker has seen")
LC_INSPECTION_TARGET(AGE, next_probe_seconds, "until it is tried again")
LC_INSPECTION_TARGET(COUNT, waiting_objects, "log objects in memory that wait for it")
LC_INSPECTION_TARGET(COUNT, uploads, "uploads under way")
LC_INSPECTION_TARGET(COUNT, intents_without_body, "recorded log objects that will be built again from ClickHouse")
LC_INSPECTION_TARGET(COUNT, rows, "rows in all of these")
LC_INSPECTION_TARGET(COUNT, bytes, "memory that log objects for its bucket use")
LC_INSPECTION_TARGET(TEXT, settings, "what an entry of targets in the YAML file gives for its bucket, and where that entry is; empty if none does")

LC_INSPECTION_READER(COUNT, shard, "the shard that reports it")
LC_INSPECTION_READER(STEP, step, "of its cycle: waiting, backing off, discovering, scanning, stopped")
LC_INSPECTION_READER(AGE, next_cycle_seconds, "until it looks for new rows again; null while it is doing so")
LC_INSPECTION_READER(SECOND, clickhouse_now, "ClickHouse's clock")
LC_INSPECTION_READER(COUNT, count_threshold, "consumer.count-threshold: a source with this many unread rows is read at once")
LC_INSPECTION_READER(COUNT, time_threshold_seconds, "consumer.time-threshold-seconds: unread rows are read when they have been known for this long")

LC_INSPECTION_REPLAY(COUNT, shard, "the shard that carries it out")
LC_INSPECTION_REPLAY(TEXT, replay, "its name, which stands in the keys of its log objects; empty: nothing was ordered")
LC_INSPECTION_REPLAY(TEXT, state, "counted: nothing was ordered; waiting: for the one before it; running; done; cancelled; failed: its ledger is damaged")
LC_INSPECTION_REPLAY(FLAG, of_target, "whether it is about all rows that name a target, or about a source")
LC_INSPECTION_REPLAY(COUNT, raft_session_id, "of the source")
LC_INSPECTION_REPLAY(TEXT, bucket, "of the source, or of the target")
LC_INSPECTION_REPLAY(TEXT, prefix, "of the target")
LC_INSPECTION_REPLAY(FLAG, whole_bucket, "whether it is about the target's bucket, whatever the prefix")
LC_INSPECTION_REPLAY(SECOND, from, "the first second of startTime")
LC_INSPECTION_REPLAY(SECOND, to, "the second after the last one")
LC_INSPECTION_REPLAY(COUNT, sources, "sources with such rows, when they were counted")
LC_INSPECTION_REPLAY(COUNT, rows, "such rows, when they were counted")
LC_INSPECTION_REPLAY(COUNT, objects, "about so many log objects, when they were counted; 0 later")
LC_INSPECTION_REPLAY(COUNT, rows_delivered, "rows that it has delivered")
LC_INSPECTION_REPLAY(SECOND, ordered_at, "when it was ordered, by the machine's clock")
LC_INSPECTION_REPLAY(SECOND, ended_at, "when it ended; null: it has not")
LC_INSPECTION_REPLAY(SECOND, retained_from, "rows inserted before it may be gone, by consumer.retention-seconds; null: nothing was counted")
LC_INSPECTION_REPLAY(TEXT, trouble, "what keeps it from going on, or why it has failed")

LC_INSPECTION_PROBLEM(COUNT, shard, "the shard that could not answer")
LC_INSPECTION_PROBLEM(TEXT, text, "why")
/* clang-format on */

#undef LC_INSPECTION_SOURCE
#undef LC_INSPECTION_RANGE
#undef LC_INSPECTION_OBJECT
#undef LC_INSPECTION_TARGET
#undef LC_INSPECTION_REPLAY
#undef LC_INSPECTION_READER
#undef LC_INSPECTION_PROBLEM
