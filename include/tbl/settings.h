/*
 * Every setting of the service. From this table come the struct lc_settings, the YAML reader, the
 * environment names, the flags, their checks, --help, --print-config and the sample file. Include
 * it with the macros below defined; those that are not needed may be left undefined.
 *
 * LC_SETTING_GROUP(title)                                             heads the entries after it
 * LC_SETTING_INTEGER(field, name, scope, default, minimum, maximum, unit, help)
 * LC_SETTING_NUMBER(field, name, scope, default, minimum, maximum, help)    a fraction
 * LC_SETTING_BOOLEAN(field, name, scope, default, help)
 * LC_SETTING_TEXT(field, name, scope, default, form, help)           form: setting_form.h
 * LC_SETTING_SECRET(field, name, scope, file_field, help)            default: empty
 * LC_SETTING_CHOICE(field, name, scope, default, type, help)         type: an enum from a table
 *
 * scope: SERVICE, one value for all; TARGET, an entry of `targets` may give another one for some
 * target buckets; CREDENTIAL, the same, but an entry that gives one of these gives all: those that
 * it leaves out have their defaults, so that no key is mixed from two.
 *
 * The field is the name with '_' for '.' and '-'. A text whose default is empty may be empty, any
 * other may not. A secret may come from the file that the setting `file_field` names; it then
 * stands in the secret's own field. The help is prose for an operator, in one paragraph.
 */
#ifndef LC_SETTING_GROUP
#define LC_SETTING_GROUP(title)
#endif
#ifndef LC_SETTING_INTEGER
#define LC_SETTING_INTEGER(field, name, scope, default_value, minimum, maximum, unit, help)
#endif
#ifndef LC_SETTING_NUMBER
#define LC_SETTING_NUMBER(field, name, scope, default_value, minimum, maximum, help)
#endif
#ifndef LC_SETTING_BOOLEAN
#define LC_SETTING_BOOLEAN(field, name, scope, default_value, help)
#endif
#ifndef LC_SETTING_TEXT
#define LC_SETTING_TEXT(field, name, scope, default_value, form, help)
#endif
#ifndef LC_SETTING_SECRET
#define LC_SETTING_SECRET(field, name, scope, file_field, help)
#endif
#ifndef LC_SETTING_CHOICE
#define LC_SETTING_CHOICE(field, name, scope, default_value, type, help)
#endif

/* clang-format off */
LC_SETTING_GROUP("ClickHouse, where the rows come from")
LC_SETTING_TEXT(clickhouse_url, "clickhouse.url", SERVICE, "http://127.0.0.1:8123", URLS,
	"URL of ClickHouse's HTTP interface. Several servers of one cluster may be given, separated by "
	"commas or as a list: each cycle uses one of them, and one that fails is not used for a while.")
LC_SETTING_TEXT(clickhouse_database, "clickhouse.database", SERVICE, "logs", IDENTIFIER,
	"Database that holds the logs table and the offsets table.")
LC_SETTING_TEXT(clickhouse_username, "clickhouse.username", SERVICE, "default", FREE,
	"User that reads rows and inserts offsets.")
LC_SETTING_SECRET(clickhouse_password, "clickhouse.password", SERVICE, clickhouse_password_file,
	"Password of that user. Leave it empty if the user has none.")
LC_SETTING_TEXT(clickhouse_password_file, "clickhouse.password-file", SERVICE, "", PATH,
	"File that contains the password, instead of clickhouse.password. A newline at the end of the "
	"file is not part of the password.")
LC_SETTING_TEXT(clickhouse_tls_ca_file, "clickhouse.tls-ca-file", SERVICE, "", PATH,
	"File with the certificates of the authorities that are trusted to sign the certificates of "
	"ClickHouse's servers, in PEM form, used where clickhouse.url says https. If empty, the "
	"system's authorities are trusted.")
LC_SETTING_TEXT(clickhouse_tls_certificate_file, "clickhouse.tls-certificate-file", SERVICE, "", PATH,
	"File with the certificate that shows ClickHouse who log-courier is, in PEM form, for servers that ask for "
	"one.")
LC_SETTING_TEXT(clickhouse_tls_key_file, "clickhouse.tls-key-file", SERVICE, "", PATH,
	"File with the key of that certificate, in PEM form and without a pass phrase. If empty, the key "
	"is in the file of the certificate.")
LC_SETTING_CHOICE(clickhouse_tls_minimum_version, "clickhouse.tls-minimum-version", SERVICE, LC_TLS_VERSION_DEFAULT,
	enum lc_tls_version,
	"The oldest version of TLS that is spoken with ClickHouse. default: as the system's OpenSSL is "
	"configured.")
LC_SETTING_BOOLEAN(clickhouse_tls_skip_verify, "clickhouse.tls-skip-verify", SERVICE, false,
	"Accept any certificate from ClickHouse's servers. Anyone who can intercept the connection can "
	"then read the password and the rows: for tests only.")
LC_SETTING_INTEGER(clickhouse_timeout_seconds, "clickhouse.timeout-seconds", SERVICE, 30, 1, 3600, "seconds",
	"How long to wait for the first byte of an answer, and between bytes, before giving up the "
	"query and trying again.")
LC_SETTING_TEXT(clickhouse_logs_table, "clickhouse.logs-table", SERVICE, "logs", IDENTIFIER,
	"Table to read rows from. On a cluster this is the Distributed table.")
LC_SETTING_TEXT(clickhouse_offsets_table, "clickhouse.offsets-table", SERVICE, "offsets", IDENTIFIER,
	"Table for offsets, which record how far each bucket has been delivered. On a cluster this is "
	"the Distributed table.")

LC_SETTING_GROUP("When rows are delivered, and the size of log objects")
LC_SETTING_INTEGER(consumer_processing_delay_seconds, "consumer.processing-delay-seconds", SERVICE, 10, 0,
	3600, "seconds",
	"Rows newer than this are left for the next cycle, so that the second they belong to is "
	"complete when it is read. With 0 all but the second that has not ended is read; rows that become "
	"visible after that are delivered only when they are found by the comparison with ClickHouse, "
	"every reconcile.interval-seconds.")
LC_SETTING_INTEGER(consumer_count_threshold, "consumer.count-threshold", SERVICE, 10000, 1, 1000000000,
	"rows",
	"A bucket is delivered when at least this many of its rows are waiting.")
LC_SETTING_INTEGER(consumer_time_threshold_seconds, "consumer.time-threshold-seconds", SERVICE, 900, 1,
	86400, "seconds",
	"A bucket is delivered when its oldest waiting row is older than this, however few rows are "
	"waiting.")
LC_SETTING_INTEGER(consumer_min_discovery_interval_seconds,
	"consumer.min-discovery-interval-seconds", SERVICE, 30, 1, 3600, "seconds",
	"Interval at which the service looks for new rows while there is work to do.")
LC_SETTING_INTEGER(consumer_max_discovery_interval_seconds,
	"consumer.max-discovery-interval-seconds", SERVICE, 120, 1, 3600, "seconds",
	"Interval at which the service looks for new rows when there was nothing to do. At least "
	"consumer.min-discovery-interval-seconds.")
LC_SETTING_NUMBER(consumer_discovery_interval_jitter_factor,
	"consumer.discovery-interval-jitter-factor", SERVICE, 0.1, 0, 1,
	"Spread these intervals at random by this fraction, so that shards do not all query at once.")
LC_SETTING_INTEGER(consumer_max_logs_per_object, "consumer.max-logs-per-object", SERVICE, 100000, 1,
	10000000, "rows",
	"A log object is closed and uploaded when it contains this many lines.")
LC_SETTING_INTEGER(consumer_max_object_bytes, "consumer.max-object-bytes", SERVICE, 0, 0, 5368709120,
	"bytes",
	"A log object is closed and uploaded when it has grown to this size: 65536 or more, and at most a "
	"quarter of limits.max-inflight-bytes. 0 means 16777216, or that quarter if it is less.")
LC_SETTING_CHOICE(consumer_compression, "consumer.compression", TARGET, LC_COMPRESSION_NONE,
	enum lc_compression,
	"Compress log objects. They are stored with Content-Encoding gzip or zstd, and their keys end with "
	".gz or .zst. What was recorded before a change of this setting is uploaded as it was recorded.")
LC_SETTING_CHOICE(consumer_key_format, "consumer.key-format", TARGET, LC_OBJECT_KEY_SIMPLE,
	enum lc_object_key_format,
	"What the key of a log object has after its prefix. simple: the time of the first line. The others "
	"have account/region/bucket/YYYY/MM/DD/ of the source first, as Amazon's partitioned keys; "
	"partitioned-event-time: the day of the requests, and a log object holds those of one day; "
	"partitioned-delivery-time: when the log object was made, so that new keys come after older ones.")
LC_SETTING_TEXT(consumer_source_region, "consumer.source-region", SERVICE, "", WORD,
	"The region that served the requests, written as the last field of each line and in partitioned "
	"keys. If empty, the field is left out, and keys have s3.region.")
LC_SETTING_BOOLEAN(consumer_fractional_times, "consumer.fractional-times", SERVICE, false,
	"Write the two times of a line, which are in milliseconds, with their fractions. Without this "
	"they are rounded: Amazon writes whole numbers, and the patterns of Logstash and the parser of "
	"OpenTelemetry refuse others.")

LC_SETTING_INTEGER(consumer_retention_seconds, "consumer.retention-seconds", SERVICE, 259200, 3600, 31536000,
	"seconds",
	"How long ClickHouse keeps rows (the TTL of the logs table). A recorded log object whose rows "
	"are older than this and can no longer be found is given up, and its rows are counted as lost.")

LC_SETTING_GROUP("Rows that become visible late")
LC_SETTING_INTEGER(reconcile_interval_seconds, "reconcile.interval-seconds", SERVICE, 60, 1, 86400, "seconds",
	"Interval at which the rows in ClickHouse are compared with the rows taken, over the recent "
	"past.")
LC_SETTING_INTEGER(reconcile_full_interval_seconds, "reconcile.full-interval-seconds", SERVICE, 1800, 1,
	604800, "seconds",
	"Interval of the same comparison over everything within the horizon.")
LC_SETTING_INTEGER(reconcile_horizon_seconds, "reconcile.horizon-seconds", SERVICE, 21600, 600, 2592000,
	"seconds",
	"How far back to look for rows that become visible late; rows that become visible later than "
	"this are not delivered. For this long the ledger remembers each row.")

LC_SETTING_GROUP("Retries and time-outs")
LC_SETTING_INTEGER(retry_initial_backoff_seconds, "retry.initial-backoff-seconds", SERVICE, 1, 1, 3600,
	"seconds",
	"Wait after the first failure of a query or an upload; each further failure doubles it.")
LC_SETTING_INTEGER(retry_max_backoff_seconds, "retry.max-backoff-seconds", SERVICE, 60, 1, 86400, "seconds",
	"Longest wait between two attempts. At least retry.initial-backoff-seconds.")
LC_SETTING_NUMBER(retry_backoff_jitter_factor, "retry.backoff-jitter-factor", SERVICE, 0.3, 0, 1,
	"Spread these waits at random by this fraction, so that requests that failed together are not "
	"repeated together.")
LC_SETTING_INTEGER(timeout_upload_operation_seconds, "timeout.upload-operation-seconds", SERVICE, 300, 1,
	86400, "seconds",
	"An attempt to upload a log object is given up after this time.")
LC_SETTING_INTEGER(timeout_upload_stall_seconds, "timeout.upload-stall-seconds", SERVICE, 60, 1, 86400,
	"seconds",
	"An attempt to upload a log object is given up when no byte has moved for this long: S3 neither "
	"takes more of the object nor answers.")
LC_SETTING_INTEGER(timeout_commit_operation_seconds, "timeout.commit-operation-seconds", SERVICE, 30, 1,
	3600, "seconds",
	"An attempt to insert offsets is given up after this time.")

LC_SETTING_GROUP("Offsets")
LC_SETTING_INTEGER(offset_flush_count_threshold, "offset.flush-count-threshold", SERVICE, 50, 1, 100000,
	"offsets",
	"Offsets are inserted into ClickHouse when this many are waiting.")
LC_SETTING_INTEGER(offset_flush_interval_milliseconds, "offset.flush-interval-milliseconds", SERVICE, 1000,
	1, 3600000, "milliseconds",
	"Offsets are inserted into ClickHouse when the oldest of them has waited this long.")

LC_SETTING_GROUP("S3, where the log objects go")
LC_SETTING_TEXT(s3_endpoint, "s3.endpoint", TARGET, "http://127.0.0.1:8000", URL,
	"URL of the S3 service.")
LC_SETTING_TEXT(s3_region, "s3.region", TARGET, "us-east-1", WORD,
	"Region that requests are signed for.")
LC_SETTING_CHOICE(s3_addressing_style, "s3.addressing-style", TARGET, LC_S3_ADDRESSING_PATH,
	enum lc_s3_addressing,
	"How a request names the bucket: in the path (http://endpoint/bucket/key) or in the host "
	"name (http://bucket.endpoint/key).")
LC_SETTING_TEXT(s3_access_key_id, "s3.access-key-id", CREDENTIAL, "", WORD,
	"ID of the access key that requests are signed with. Required, unless s3.credentials names "
	"another source.")
LC_SETTING_SECRET(s3_secret_access_key, "s3.secret-access-key", CREDENTIAL, s3_secret_access_key_file,
	"Secret of the access key. Either this or s3.secret-access-key-file is required with it.")
LC_SETTING_TEXT(s3_secret_access_key_file, "s3.secret-access-key-file", CREDENTIAL, "", PATH,
	"File that contains the secret, instead of s3.secret-access-key. A newline at the end of the "
	"file is not part of the secret. When the file changes, it is read again.")
LC_SETTING_SECRET(s3_session_token, "s3.session-token", CREDENTIAL, s3_session_token_file,
	"Session token that goes with an access key that was lent for a time. Leave it empty if the key "
	"has none.")
LC_SETTING_TEXT(s3_session_token_file, "s3.session-token-file", CREDENTIAL, "", PATH,
	"File that contains the session token, instead of s3.session-token. A newline at the end of the "
	"file is not part of the token. When the file changes, it is read again.")
LC_SETTING_CHOICE(s3_credentials, "s3.credentials", CREDENTIAL, LC_S3_CREDENTIALS_STATIC,
	enum lc_s3_credentials,
	"Where the credentials for S3 come from. static: the settings above. environment: the variables "
	"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. web-identity: a token in a file "
	"is exchanged for a role's credentials. profile: a shared credentials file, which is read again "
	"when it changes. container: the credential provider of a container. instance: the metadata "
	"service of a virtual machine. chain: the first of these, in this order, that is set up.")
LC_SETTING_TEXT(s3_shared_credentials_file, "s3.shared-credentials-file", CREDENTIAL, "", PATH,
	"The shared credentials file. If empty, the variable AWS_SHARED_CREDENTIALS_FILE names it, or "
	"else it is .aws/credentials in the user's home directory.")
LC_SETTING_TEXT(s3_profile, "s3.profile", CREDENTIAL, "", FREE,
	"The profile that is read from that file. If empty, the variable AWS_PROFILE names it, or else "
	"it is default.")
LC_SETTING_TEXT(s3_role_arn, "s3.role-arn", CREDENTIAL, "", FREE,
	"The role whose credentials a web identity gets. If empty, the variable AWS_ROLE_ARN names it.")
LC_SETTING_TEXT(s3_web_identity_token_file, "s3.web-identity-token-file", CREDENTIAL, "", PATH,
	"File that contains the token of the web identity, read whenever credentials are asked for. If "
	"empty, the variable AWS_WEB_IDENTITY_TOKEN_FILE names it.")
LC_SETTING_TEXT(s3_sts_endpoint, "s3.sts-endpoint", CREDENTIAL, "", URL,
	"URL of the security token service that a web identity is shown to. If empty, the variable "
	"AWS_ENDPOINT_URL_STS names it, or else it is s3.endpoint, as with Ceph. For Amazon it is "
	"https://sts.REGION.amazonaws.com.")
LC_SETTING_INTEGER(s3_max_retry_attempts, "s3.max-retry-attempts", SERVICE, 5, 1, 1000, "attempts",
	"Attempts at an upload before its target is set aside, so that it holds nothing up; the target "
	"is then probed from time to time until it works.")
LC_SETTING_INTEGER(s3_max_backoff_delay_seconds, "s3.max-backoff-delay-seconds", SERVICE, 60, 1, 86400,
	"seconds",
	"Longest wait between two attempts at one target bucket.")
LC_SETTING_CHOICE(s3_conditional_put, "s3.conditional-put", TARGET, LC_S3_CONDITIONAL_AUTO,
	enum lc_s3_conditional,
	"Whether uploads carry If-None-Match: *, so that a service that supports it does not write an "
	"object that is there already. auto: yes, until an upload succeeds only without it. Some services "
	"ignore it (Ceph before 18 in versioned buckets, Scality CloudServer in all buckets); therefore, "
	"before an upload whose reply was lost is repeated, a HEAD asks whether the object is there. "
	"Without the right to s3:GetObject such a service keeps a second version with the same content.")
LC_SETTING_CHOICE(s3_checksum, "s3.checksum", TARGET, LC_S3_CHECKSUM_NONE, enum lc_s3_checksum,
	"Checksum of the body that uploads carry, in Content-MD5 or an x-amz-checksum header. Buckets with "
	"Object Lock require one. Without it the signature covers the body all the same. sha256 takes no "
	"extra time, because the signature needs it anyway; md5 is known to the most services.")
LC_SETTING_CHOICE(s3_acl, "s3.acl", TARGET, LC_S3_ACL_NONE, enum lc_s3_acl,
	"Canned ACL that uploads carry. A bucket of another account needs bucket-owner-full-control, so "
	"that its owner may read the log objects.")
LC_SETTING_TEXT(s3_storage_class, "s3.storage-class", TARGET, "", WORD,
	"Storage class of log objects, such as STANDARD_IA. If empty, the service's default.")
LC_SETTING_CHOICE(s3_encryption, "s3.encryption", TARGET, LC_S3_ENCRYPTION_NONE,
	enum lc_s3_encryption,
	"Server-side encryption that uploads ask for. With none, the bucket's own settings decide.")
LC_SETTING_TEXT(s3_encryption_key_id, "s3.encryption-key-id", TARGET, "", TOKEN,
	"ID or ARN of the KMS key to encrypt with, for s3.encryption aws:kms. If empty, the service's "
	"default key.")
LC_SETTING_TEXT(s3_tags, "s3.tags", TARGET, "", TAGS,
	"Tags of log objects: up to ten key=value pairs, as a list or separated by commas. The access key "
	"needs s3:PutObjectTagging for them.")
LC_SETTING_BOOLEAN(s3_metadata, "s3.metadata", TARGET, false,
	"Store with each log object what it holds, as user metadata: rows, the times of the first and the "
	"last request, the source bucket, and the target.")
LC_SETTING_INTEGER(s3_multipart_threshold_bytes, "s3.multipart-threshold-bytes", TARGET, 0, 0, 5368709120,
	"bytes",
	"Log objects with more bytes than this, compressed if they are, are uploaded in parts: 5242880 or "
	"more. 0 means that each is uploaded in one request. The access key then needs the rights to "
	"s3:AbortMultipartUpload, s3:ListBucketMultipartUploads and s3:ListMultipartUploadParts, too.")
LC_SETTING_INTEGER(s3_multipart_part_bytes, "s3.multipart-part-bytes", TARGET, 8388608, 5242880, 5368709120,
	"bytes",
	"Size of these parts, but for the last one. A log object that would have over 1000 parts has 1000 "
	"larger ones.")
LC_SETTING_TEXT(s3_tls_ca_file, "s3.tls-ca-file", TARGET, "", PATH,
	"File with the certificates of the authorities that are trusted to sign the certificate of the "
	"S3 service, in PEM form. If empty, the system's authorities are trusted.")
LC_SETTING_TEXT(s3_tls_certificate_file, "s3.tls-certificate-file", TARGET, "", PATH,
	"File with the certificate that shows S3 who log-courier is, in PEM form, for servers that ask for "
	"one.")
LC_SETTING_TEXT(s3_tls_key_file, "s3.tls-key-file", TARGET, "", PATH,
	"File with the key of that certificate, in PEM form and without a pass phrase. If empty, the key "
	"is in the file of the certificate.")
LC_SETTING_CHOICE(s3_tls_minimum_version, "s3.tls-minimum-version", TARGET, LC_TLS_VERSION_DEFAULT,
	enum lc_tls_version,
	"The oldest version of TLS that is spoken with S3. default: as the system's OpenSSL is "
	"configured.")
LC_SETTING_BOOLEAN(s3_tls_skip_verify, "s3.tls-skip-verify", TARGET, false,
	"Accept any certificate from the S3 service. Anyone who can intercept the connection can then "
	"read and change what is sent: for tests only.")

LC_SETTING_GROUP("Limits")
LC_SETTING_INTEGER(limits_max_inflight_bytes, "limits.max-inflight-bytes", SERVICE, 0, 0, 1099511627776,
	"bytes",
	"Memory that one worker may use for log objects that are being built or uploaded: 4194304 or more. "
	"When it is used up, the worker stops reading until uploads have ended. 0 means that the workers "
	"of this machine share 268435456 bytes, each with at least 8388608 and at most 67108864; but "
	"always four times consumer.max-object-bytes, if that is set, and limits.max-row-bytes.")
LC_SETTING_INTEGER(limits_max_row_bytes, "limits.max-row-bytes", SERVICE, 1048576, 65536, 67108864, "bytes",
	"If a row is larger than this, its longest fields are shortened. At most a quarter of "
	"limits.max-inflight-bytes.")
LC_SETTING_INTEGER(limits_max_concurrent_uploads, "limits.max-concurrent-uploads", SERVICE, 16, 1, 1024,
	"uploads",
	"Most uploads that one worker runs at a time. Target buckets that are slow or do not answer get "
	"at most half of them while others wait.")
LC_SETTING_INTEGER(limits_max_concurrent_uploads_per_target,
	"limits.max-concurrent-uploads-per-target", SERVICE, 4, 1, 1024, "uploads",
	"Most uploads that one worker runs at a time into one target bucket.")
LC_SETTING_INTEGER(limits_worker_memory_bytes, "limits.worker-memory-bytes", SERVICE, 0, 0, 1099511627776,
	"bytes",
	"Resident memory at which a worker is restarted, because something in it is growing that should "
	"not. At least twice limits.max-inflight-bytes; 0 for no limit.")

LC_SETTING_GROUP("Metrics, log and health")
LC_SETTING_BOOLEAN(metrics_server_enabled, "metrics-server.enabled", SERVICE, true,
	"Serve a status page at /, metrics for Prometheus at /metrics, the service's health at /healthz, "
	"and at /readyz whether its workers are ready.")
LC_SETTING_TEXT(metrics_server_listen_address, "metrics-server.listen-address", SERVICE, "127.0.0.1",
	ADDRESS,
	"Address to serve them on; 0.0.0.0 or :: for all addresses of the machine.")
LC_SETTING_INTEGER(metrics_server_listen_port, "metrics-server.listen-port", SERVICE, 9090, 1, 65535, "",
	"Port to serve them on.")
LC_SETTING_CHOICE(log_level, "log-level", SERVICE, LC_LOG_INFO, enum lc_log_level,
	"The lowest level of messages that are logged.")
LC_SETTING_CHOICE(log_destination, "log.destination", SERVICE, LC_LOG_STDERR, enum lc_log_destination,
	"Where the log is written. What comes before the settings are known, such as an error in them, "
	"and the account of a crash go to stderr in any case.")
LC_SETTING_CHOICE(log_keys, "log.keys", SERVICE, LC_LOG_KEYS_DEFAULT, enum lc_log_keys,
	"Names in each line of the log. default: the key message, and levels such as info. go: the key msg, "
	"and levels such as INFO, as the Go courier and others that use Go's log/slog write them.")
LC_SETTING_INTEGER(health_unreachable_after_seconds, "health.unreachable-after-seconds", SERVICE, 30, 1,
	86400, "seconds",
	"The service is unhealthy when ClickHouse or S3 has failed for this long.")
LC_SETTING_INTEGER(health_max_delivery_age_seconds, "health.max-delivery-age-seconds", SERVICE, 7200, 1,
	604800, "seconds",
	"The service is unhealthy when the oldest undelivered row is older than this. Rows that wait for a "
	"target that does not take them, or that ClickHouse cannot read, cause a warning instead.")

LC_SETTING_INTEGER(health_max_retention_used_percent, "health.max-retention-used-percent", SERVICE, 75, 1, 100,
	"percent",
	"The service is unhealthy when the oldest undelivered row has used up this much of "
	"consumer.retention-seconds, at the end of which it is lost. A row that is blocked causes a "
	"warning instead.")
LC_SETTING_INTEGER(health_min_free_bytes, "health.min-free-bytes", SERVICE, 268435456, 0, 1099511627776, "bytes",
	"The service is unhealthy when the disk of state-directory has less free space than this.")
LC_SETTING_INTEGER(health_max_clock_difference_seconds, "health.max-clock-difference-seconds", SERVICE, 60, 1, 86400,
	"seconds",
	"The service is unhealthy when ClickHouse's clock and this machine's differ by more than this.")
LC_SETTING_INTEGER(health_max_deaths_in_a_row, "health.max-deaths-in-a-row", SERVICE, 3, 1, 1000, "deaths",
	"The service is unhealthy when this many workers of a shard have died one after the other, each "
	"before it had lived for supervisor.healthy-after-seconds, even while the next one delivers.")

LC_SETTING_GROUP("The service and its workers")
LC_SETTING_INTEGER(supervisor_shards, "supervisor.shards", SERVICE, 0, 0, 65536, "shards",
	"Number of shards of the whole deployment, each delivered by a worker process of its own: shard i "
	"of N delivers the raft sessions whose number modulo N is i. 0 means one shard per processor of "
	"this machine.")
LC_SETTING_TEXT(supervisor_owned_shards, "supervisor.owned-shards", SERVICE, "", SHARDS,
	"Shards that this machine delivers, if several machines share the work: numbers and ranges such "
	"as 0-3,7. If empty, all shards. No two machines may own the same shard.")
LC_SETTING_TEXT(supervisor_socket, "supervisor.socket", SERVICE, "/run/log-courier/control.sock", PATH,
	"Unix socket on which the service answers log-courier-ctl.")
LC_SETTING_INTEGER(supervisor_heartbeat_timeout_seconds, "supervisor.heartbeat-timeout-seconds", SERVICE,
	30, 2, 3600, "seconds",
	"A worker that has shown no sign of life for this long is killed and restarted.")
LC_SETTING_INTEGER(supervisor_restart_initial_backoff_milliseconds,
	"supervisor.restart-initial-backoff-milliseconds", SERVICE, 500, 10, 60000, "milliseconds",
	"Wait before a worker that died is restarted; each further death doubles it.")
LC_SETTING_INTEGER(supervisor_restart_max_backoff_seconds, "supervisor.restart-max-backoff-seconds", SERVICE,
	60, 1, 3600, "seconds",
	"Longest wait before a worker that died is restarted. At least "
	"supervisor.restart-initial-backoff-milliseconds.")
LC_SETTING_INTEGER(supervisor_healthy_after_seconds, "supervisor.healthy-after-seconds", SERVICE, 60, 1,
	86400, "seconds",
	"A worker that has lived for this long counts as healthy: if it dies later, that counts as a first "
	"death.")
LC_SETTING_INTEGER(shutdown_timeout_seconds, "shutdown-timeout-seconds", SERVICE, 60, 1, 3600, "seconds",
	"Time that workers have to finish their uploads and insert their offsets when the service is told "
	"to stop. What is not delivered by then is delivered after the next start.")
LC_SETTING_TEXT(state_directory, "state-directory", SERVICE, "/var/lib/log-courier", PATH,
	"Directory for what the service must remember: its ledgers. Two services cannot share one.")
LC_SETTING_CHOICE(ledger_when_behind, "ledger.when-behind", SERVICE, LC_LEDGER_WHEN_BEHIND_STOP,
	enum lc_ledger_when_behind,
	"What a shard does when ClickHouse's offsets are ahead of its ledger, so that another courier has "
	"delivered it in the meantime. stop: it stops, because rows could be delivered twice. adopt: it "
	"forgets its ledger and goes on from these offsets, at least once: for a pair of machines of which "
	"a leader election runs one at a time.")

LC_SETTING_GROUP("Several machines that stand in for each other")
LC_SETTING_BOOLEAN(failover_enabled, "failover.enabled", SERVICE, false,
	"Keep the ledgers of all shards in S3, so that any machine of the deployment can take over any "
	"shard, and each row is still delivered once. supervisor.shards has to be given then, the same on "
	"all machines.")
LC_SETTING_TEXT(failover_heads_table, "failover.heads-table", SERVICE, "courier_heads", IDENTIFIER,
	"Table of the engine KeeperMap in clickhouse.database with a row for each shard: which machine has "
	"it, and how far its ledger is.")
LC_SETTING_TEXT(failover_machines_table, "failover.machines-table", SERVICE, "courier_machines", IDENTIFIER,
	"Table of the engine KeeperMap in clickhouse.database with a row for each machine, which the machine "
	"rewrites every few seconds to show that it is alive.")
LC_SETTING_TEXT(failover_machine_name, "failover.machine-name", SERVICE, "", WORD,
	"Name of this machine, which no other machine of the deployment has. If empty, its host name.")
LC_SETTING_INTEGER(failover_machine_timeout_seconds, "failover.machine-timeout-seconds", SERVICE, 15, 5, 600,
	"seconds",
	"A machine that has shown no sign of life for this long is taken for dead, and the others take over "
	"its shards. Each shows a sign of life five times in this time. The same on all machines.")
LC_SETTING_INTEGER(failover_capacity, "failover.capacity", SERVICE, 0, 0, 65536, "",
	"Weight of this machine when the shards are shared out: one of weight 8 has twice as many as one of "
	"weight 4. 0 means the number of its processors.")
LC_SETTING_TEXT(ledger_bucket, "ledger.bucket", SERVICE, "", TOKEN,
	"Bucket for the ledgers, where failover.enabled is set: not versioned, without rules that delete "
	"objects, and without access logging. Endpoint, region and credentials are those of s3.*, or of the "
	"entry of `targets` for this bucket.")
LC_SETTING_TEXT(ledger_prefix, "ledger.prefix", SERVICE, "log-courier", TOKEN,
	"What the names of the ledgers' objects begin with, before a slash.")
LC_SETTING_INTEGER(ledger_commit_interval_milliseconds, "ledger.commit-interval-milliseconds", SERVICE, 250, 10,
	60000, "milliseconds",
	"Between the beginnings of two writes of a shard's ledger to S3, unless it is asked something: what "
	"comes meanwhile goes with the next one. A log object's upload begins when its intent is written.")
LC_SETTING_INTEGER(ledger_checkpoint_interval_seconds, "ledger.checkpoint-interval-seconds", SERVICE, 600, 10,
	86400, "seconds",
	"How often a copy of a shard's whole ledger is written to S3, its unchanged parts left out. A "
	"machine that takes the shard over reads the latest one and what was written since.")
/* clang-format on */

#undef LC_SETTING_GROUP
#undef LC_SETTING_INTEGER
#undef LC_SETTING_NUMBER
#undef LC_SETTING_BOOLEAN
#undef LC_SETTING_TEXT
#undef LC_SETTING_SECRET
#undef LC_SETTING_CHOICE
