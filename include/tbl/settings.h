/*
 * Every setting of the service. From this table come the struct lc_settings, the YAML reader, the
 * environment names, the flags, their checks, --help, --print-config and the sample file. Include
 * it with the macros below defined; those that are not needed may be left undefined.
 *
 * LC_SETTING_GROUP(title)                                             heads the entries behind it
 * LC_SETTING_INTEGER(field, name, default, minimum, maximum, unit, help)
 * LC_SETTING_NUMBER(field, name, default, minimum, maximum, help)     a fraction
 * LC_SETTING_BOOLEAN(field, name, default, help)
 * LC_SETTING_TEXT(field, name, default, form, help)                   form: config/setting_form.h
 * LC_SETTING_SECRET(field, name, file_field, help)                    default: empty
 * LC_SETTING_CHOICE(field, name, default, type, help)                 type: an enum made from a table
 *
 * The field is the name with '_' for '.' and '-'. A text whose default is empty may be empty, any
 * other may not. A secret may come from the file that the setting `file_field` names; it then
 * stands in the secret's own field. The help is prose for an operator, in one paragraph.
 */
#ifndef LC_SETTING_GROUP
#define LC_SETTING_GROUP(title)
#endif
#ifndef LC_SETTING_INTEGER
#define LC_SETTING_INTEGER(field, name, default_value, minimum, maximum, unit, help)
#endif
#ifndef LC_SETTING_NUMBER
#define LC_SETTING_NUMBER(field, name, default_value, minimum, maximum, help)
#endif
#ifndef LC_SETTING_BOOLEAN
#define LC_SETTING_BOOLEAN(field, name, default_value, help)
#endif
#ifndef LC_SETTING_TEXT
#define LC_SETTING_TEXT(field, name, default_value, form, help)
#endif
#ifndef LC_SETTING_SECRET
#define LC_SETTING_SECRET(field, name, file_field, help)
#endif
#ifndef LC_SETTING_CHOICE
#define LC_SETTING_CHOICE(field, name, default_value, type, help)
#endif

/* clang-format off */
LC_SETTING_GROUP("ClickHouse, where the rows come from")
LC_SETTING_TEXT(clickhouse_url, "clickhouse.url", "http://127.0.0.1:8123", URLS,
	"Where ClickHouse answers over HTTP. Several servers of one cluster may be given, separated "
	"by commas or as a list: each cycle uses one of them, and one that fails is left aside for a "
	"while.")
LC_SETTING_TEXT(clickhouse_database, "clickhouse.database", "logs", IDENTIFIER,
	"Database that holds the logs table and the offsets table.")
LC_SETTING_TEXT(clickhouse_username, "clickhouse.username", "default", FREE,
	"User to read rows and to insert offsets as.")
LC_SETTING_SECRET(clickhouse_password, "clickhouse.password", clickhouse_password_file,
	"Password of that user. Leave it empty for a user without password.")
LC_SETTING_TEXT(clickhouse_password_file, "clickhouse.password-file", "", PATH,
	"File that holds the password, instead of clickhouse.password. A newline at its end is not "
	"part of the password.")
LC_SETTING_TEXT(clickhouse_tls_ca_file, "clickhouse.tls-ca-file", "", PATH,
	"File with the certificates, in PEM form, that may vouch for ClickHouse's servers where "
	"clickhouse.url says https. The system's own when empty.")
LC_SETTING_BOOLEAN(clickhouse_tls_skip_verify, "clickhouse.tls-skip-verify", false,
	"Accepts any certificate of ClickHouse's servers. Whoever sits on the way can then read the "
	"password and the rows: for tests only.")
LC_SETTING_INTEGER(clickhouse_timeout_seconds, "clickhouse.timeout-seconds", 30, 1, 3600, "seconds",
	"How long to wait for the first byte of an answer, and between bytes, before the query is "
	"given up and tried again.")
LC_SETTING_TEXT(clickhouse_logs_table, "clickhouse.logs-table", "logs", IDENTIFIER,
	"Table to read rows from. On a cluster this is the Distributed table.")
LC_SETTING_TEXT(clickhouse_offsets_table, "clickhouse.offsets-table", "offsets", IDENTIFIER,
	"Table to insert offsets into: how far each bucket has been delivered. On a cluster this is "
	"the Distributed table.")

LC_SETTING_GROUP("What becomes a log object, and when")
LC_SETTING_INTEGER(consumer_processing_delay_seconds, "consumer.processing-delay-seconds", 10, 1,
	3600, "seconds",
	"Rows younger than this are left for the next cycle, so that the second they belong to is "
	"complete when it is read.")
LC_SETTING_INTEGER(consumer_count_threshold, "consumer.count-threshold", 10000, 1, 1000000000,
	"rows",
	"A bucket is delivered when so many of its rows are waiting.")
LC_SETTING_INTEGER(consumer_time_threshold_seconds, "consumer.time-threshold-seconds", 900, 1,
	86400, "seconds",
	"A bucket is delivered when its oldest waiting row is older than this, however few rows are "
	"waiting.")
LC_SETTING_INTEGER(consumer_min_discovery_interval_seconds,
	"consumer.min-discovery-interval-seconds", 30, 1, 3600, "seconds",
	"Time between two looks for new rows while there is work to do.")
LC_SETTING_INTEGER(consumer_max_discovery_interval_seconds,
	"consumer.max-discovery-interval-seconds", 120, 1, 3600, "seconds",
	"Time between two looks for new rows when there was nothing to do. At least "
	"consumer.min-discovery-interval-seconds.")
LC_SETTING_NUMBER(consumer_discovery_interval_jitter_factor,
	"consumer.discovery-interval-jitter-factor", 0.1, 0, 1,
	"Spreads those looks by this fraction of the interval, so that shards do not ask all at once.")
LC_SETTING_INTEGER(consumer_max_logs_per_object, "consumer.max-logs-per-object", 100000, 1,
	10000000, "rows",
	"A log object is closed and uploaded when it holds so many lines.")
LC_SETTING_INTEGER(consumer_max_object_bytes, "consumer.max-object-bytes", 16777216, 65536,
	5368709120, "bytes",
	"A log object is closed and uploaded when it has grown to so many bytes. At most a quarter of "
	"limits.max-inflight-bytes.")
LC_SETTING_TEXT(consumer_source_region, "consumer.source-region", "", WORD,
	"Written as the last field of each line, the region that the request was served in. The field "
	"is left out when this is empty.")

LC_SETTING_INTEGER(consumer_retention_seconds, "consumer.retention-seconds", 259200, 3600, 31536000,
	"seconds",
	"How long ClickHouse keeps rows (the TTL of the logs table). A recorded log object whose rows "
	"are older than this and no longer to be found is given up, and counted as lost.")

LC_SETTING_GROUP("Rows that become visible late")
LC_SETTING_INTEGER(reconcile_interval_seconds, "reconcile.interval-seconds", 60, 1, 86400, "seconds",
	"Time between two comparisons of the rows in ClickHouse with the rows taken, over the recent "
	"past.")
LC_SETTING_INTEGER(reconcile_full_interval_seconds, "reconcile.full-interval-seconds", 1800, 1,
	604800, "seconds",
	"Time between two such comparisons over everything within the horizon.")
LC_SETTING_INTEGER(reconcile_horizon_seconds, "reconcile.horizon-seconds", 21600, 600, 2592000,
	"seconds",
	"How far back rows that become visible late are looked for. The ledger keeps what it knows of "
	"each row for so long.")

LC_SETTING_GROUP("Trying again")
LC_SETTING_INTEGER(retry_initial_backoff_seconds, "retry.initial-backoff-seconds", 1, 1, 3600,
	"seconds",
	"Wait after the first failure of a query or an upload; each further failure doubles it.")
LC_SETTING_INTEGER(retry_max_backoff_seconds, "retry.max-backoff-seconds", 60, 1, 86400, "seconds",
	"Longest wait between two attempts. At least retry.initial-backoff-seconds.")
LC_SETTING_NUMBER(retry_backoff_jitter_factor, "retry.backoff-jitter-factor", 0.3, 0, 1,
	"Spreads those waits by this fraction, so that what failed together does not return together.")
LC_SETTING_INTEGER(timeout_upload_operation_seconds, "timeout.upload-operation-seconds", 300, 1,
	86400, "seconds",
	"One attempt to upload a log object is given up after this time.")
LC_SETTING_INTEGER(timeout_upload_stall_seconds, "timeout.upload-stall-seconds", 60, 1, 86400,
	"seconds",
	"One attempt to upload a log object is given up when no byte has moved for so long: the "
	"service neither takes more of the object nor answers.")
LC_SETTING_INTEGER(timeout_commit_operation_seconds, "timeout.commit-operation-seconds", 30, 1,
	3600, "seconds",
	"One attempt to insert offsets is given up after this time.")

LC_SETTING_GROUP("Offsets")
LC_SETTING_INTEGER(offset_flush_count_threshold, "offset.flush-count-threshold", 50, 1, 100000,
	"offsets",
	"Offsets are inserted into ClickHouse when so many are waiting.")
LC_SETTING_INTEGER(offset_flush_interval_milliseconds, "offset.flush-interval-milliseconds", 1000,
	1, 3600000, "milliseconds",
	"Offsets are inserted into ClickHouse when the oldest has waited this long.")

LC_SETTING_GROUP("S3, where the log objects go")
LC_SETTING_TEXT(s3_endpoint, "s3.endpoint", "http://127.0.0.1:8000", URL,
	"Where the S3 service answers.")
LC_SETTING_TEXT(s3_region, "s3.region", "us-east-1", WORD,
	"Region that requests are signed for.")
LC_SETTING_CHOICE(s3_addressing_style, "s3.addressing-style", LC_S3_ADDRESSING_PATH,
	enum lc_s3_addressing,
	"How a bucket is named in a request: in the path (http://endpoint/bucket/key) or in the host "
	"name (http://bucket.endpoint/key).")
LC_SETTING_TEXT(s3_access_key_id, "s3.access-key-id", "", WORD,
	"Access key id that requests are signed with. Must be given.")
LC_SETTING_SECRET(s3_secret_access_key, "s3.secret-access-key", s3_secret_access_key_file,
	"Secret that belongs to the access key id. Either this or s3.secret-access-key-file must be "
	"given.")
LC_SETTING_TEXT(s3_secret_access_key_file, "s3.secret-access-key-file", "", PATH,
	"File that holds the secret, instead of s3.secret-access-key. A newline at its end is not part "
	"of the secret.")
LC_SETTING_INTEGER(s3_max_retry_attempts, "s3.max-retry-attempts", 5, 1, 1000, "attempts",
	"Attempts at one upload before its target bucket steps aside, so that it holds nothing up; it "
	"is then probed now and again until it works.")
LC_SETTING_INTEGER(s3_max_backoff_delay_seconds, "s3.max-backoff-delay-seconds", 60, 1, 86400,
	"seconds",
	"Longest wait between two attempts at one target bucket.")
LC_SETTING_CHOICE(s3_conditional_put, "s3.conditional-put", LC_S3_CONDITIONAL_AUTO,
	enum lc_s3_conditional,
	"Whether uploads carry If-None-Match: *, so that a service that knows it does not write an object "
	"again which is there already. auto: until an upload succeeds only without it. Services may "
	"ignore it (Ceph before 18 in versioned buckets, Scality CloudServer in all): before an upload "
	"whose answer was lost is repeated, a HEAD asks whether the object is there. Without the right "
	"to s3:GetObject such a service keeps a second version, of the same bytes.")
LC_SETTING_TEXT(s3_tls_ca_file, "s3.tls-ca-file", "", PATH,
	"File with the certificates, in PEM form, that may vouch for the S3 service. The system's own "
	"when empty.")
LC_SETTING_BOOLEAN(s3_tls_skip_verify, "s3.tls-skip-verify", false,
	"Accepts any certificate of the S3 service. Whoever sits on the way can then read and change "
	"what is sent: for tests only.")

LC_SETTING_GROUP("Limits")
LC_SETTING_INTEGER(limits_max_inflight_bytes, "limits.max-inflight-bytes", 134217728, 4194304,
	1099511627776, "bytes",
	"Memory of one worker for log objects that are being built or uploaded. When it is used up the "
	"worker stops reading until uploads have ended.")
LC_SETTING_INTEGER(limits_max_row_bytes, "limits.max-row-bytes", 1048576, 65536, 67108864, "bytes",
	"The longest fields of a row larger than this are shortened. At most a quarter of "
	"limits.max-inflight-bytes.")
LC_SETTING_INTEGER(limits_max_concurrent_uploads, "limits.max-concurrent-uploads", 16, 1, 1024,
	"uploads",
	"Uploads that one worker has under way at a time. Target buckets that are slow or do not answer "
	"get half of them while others wait.")
LC_SETTING_INTEGER(limits_max_concurrent_uploads_per_target,
	"limits.max-concurrent-uploads-per-target", 4, 1, 1024, "uploads",
	"Uploads that one worker has under way at a time into one target bucket.")
LC_SETTING_INTEGER(limits_worker_memory_bytes, "limits.worker-memory-bytes", 0, 0, 1099511627776,
	"bytes",
	"Resident memory at which a worker is ended and started anew, because something in it grows "
	"that should not. At least twice limits.max-inflight-bytes; 0 for no limit.")

LC_SETTING_GROUP("Seeing what it does")
LC_SETTING_BOOLEAN(metrics_server_enabled, "metrics-server.enabled", true,
	"Serves a status page at /, metrics for Prometheus at /metrics, the service's health at /healthz, and at /readyz whether its workers are there.")
LC_SETTING_TEXT(metrics_server_listen_address, "metrics-server.listen-address", "127.0.0.1",
	ADDRESS,
	"Address to serve them on; 0.0.0.0 or :: for all of the machine's.")
LC_SETTING_INTEGER(metrics_server_listen_port, "metrics-server.listen-port", 9090, 1, 65535, "",
	"Port to serve them on.")
LC_SETTING_CHOICE(log_level, "log-level", LC_LOG_INFO, enum lc_log_level,
	"The least important messages that are still logged.")
LC_SETTING_INTEGER(health_unreachable_after_seconds, "health.unreachable-after-seconds", 30, 1,
	86400, "seconds",
	"The service is unhealthy when ClickHouse or S3 has failed for so long.")
LC_SETTING_INTEGER(health_max_delivery_age_seconds, "health.max-delivery-age-seconds", 7200, 1,
	604800, "seconds",
	"The service is unhealthy when the oldest row that is not delivered is older than this. Rows that "
	"wait for a target which does not take them, or that ClickHouse cannot read, make a warning instead.")

LC_SETTING_INTEGER(health_max_retention_used_percent, "health.max-retention-used-percent", 75, 1, 100,
	"percent",
	"The service is unhealthy when the oldest row that is not delivered has used up so much of "
	"consumer.retention-seconds, at whose end it is lost; a row that is blocked makes a warning instead.")
LC_SETTING_INTEGER(health_min_free_bytes, "health.min-free-bytes", 268435456, 0, 1099511627776, "bytes",
	"The service is unhealthy when the disk of state-directory has less free than this.")
LC_SETTING_INTEGER(health_max_clock_difference_seconds, "health.max-clock-difference-seconds", 60, 1, 86400,
	"seconds",
	"The service is unhealthy when ClickHouse's clock and this machine's differ by more than this.")
LC_SETTING_INTEGER(health_max_deaths_in_a_row, "health.max-deaths-in-a-row", 3, 1, 1000, "deaths",
	"The service is unhealthy when so many workers of a shard have died one after the other before one "
	"has lived for supervisor.healthy-after-seconds, even while the next one delivers.")

LC_SETTING_GROUP("The service and its workers")
LC_SETTING_INTEGER(supervisor_shards, "supervisor.shards", 0, 0, 65536, "shards",
	"Shards of the whole deployment, each delivered by a worker process of its own: shard i of N "
	"delivers the raft sessions whose number leaves i when divided by N. 0 means one per "
	"processor of this machine.")
LC_SETTING_TEXT(supervisor_owned_shards, "supervisor.owned-shards", "", SHARDS,
	"Shards that this machine delivers, when several machines share the work: numbers and ranges "
	"such as 0-3,7. All when empty. No two machines may own the same shard.")
LC_SETTING_TEXT(supervisor_socket, "supervisor.socket", "/run/log-courier/control.sock", PATH,
	"Unix socket on which the service answers log-courier-ctl.")
LC_SETTING_INTEGER(supervisor_heartbeat_timeout_seconds, "supervisor.heartbeat-timeout-seconds",
	30, 2, 3600, "seconds",
	"A worker that has given no sign of life for so long is killed and started anew.")
LC_SETTING_INTEGER(supervisor_restart_initial_backoff_milliseconds,
	"supervisor.restart-initial-backoff-milliseconds", 500, 10, 60000, "milliseconds",
	"Wait before a worker that died is started anew; each further death doubles it.")
LC_SETTING_INTEGER(supervisor_restart_max_backoff_seconds, "supervisor.restart-max-backoff-seconds",
	60, 1, 3600, "seconds",
	"Longest wait before a worker that died is started anew. At least "
	"supervisor.restart-initial-backoff-milliseconds.")
LC_SETTING_INTEGER(supervisor_healthy_after_seconds, "supervisor.healthy-after-seconds", 60, 1,
	86400, "seconds",
	"A worker that lived so long counts as healthy: should it die later, that is its first death.")
LC_SETTING_INTEGER(shutdown_timeout_seconds, "shutdown-timeout-seconds", 60, 1, 3600, "seconds",
	"Time that workers have to end their uploads and to insert their offsets when the service is "
	"told to stop. What is not delivered by then is delivered after the next start.")
LC_SETTING_TEXT(state_directory, "state-directory", "/var/lib/log-courier", PATH,
	"Directory for what the service must remember. Two services can not share one.")
/* clang-format on */

#undef LC_SETTING_GROUP
#undef LC_SETTING_INTEGER
#undef LC_SETTING_NUMBER
#undef LC_SETTING_BOOLEAN
#undef LC_SETTING_TEXT
#undef LC_SETTING_SECRET
#undef LC_SETTING_CHOICE
