/*
 * The settings of the courier written in Go, and what became of each of them: for those who move
 * from there (docs/migration.md shows the same rows).
 *
 * LC_GO_SETTING_SAME(name, note)             the setting has the same name and meaning here
 * LC_GO_SETTING_REPLACED(name, here, note)   other settings stand in its place
 * LC_GO_SETTING_DROPPED(name, note)          nothing needs to be set; the note says why
 * LC_GO_SETTING_VARIABLE(variable, name)     an environment variable of a setting of the same name
 *                                            that has no prefix there
 *
 * name: dotted, as the Go courier has it. here: names of settings. note: part of a sentence, may be
 * empty when the setting is the same.
 */
#ifndef LC_GO_SETTING_SAME
#define LC_GO_SETTING_SAME(name, note)
#endif
#ifndef LC_GO_SETTING_REPLACED
#define LC_GO_SETTING_REPLACED(name, here, note)
#endif
#ifndef LC_GO_SETTING_DROPPED
#define LC_GO_SETTING_DROPPED(name, note)
#endif
#ifndef LC_GO_SETTING_VARIABLE
#define LC_GO_SETTING_VARIABLE(variable, name)
#endif

LC_GO_SETTING_SAME("clickhouse.url", "with scheme and HTTP port: host1:9000,host2:9000 becomes "
				     "http://host1:8123,http://host2:8123")
LC_GO_SETTING_SAME("clickhouse.username", "")
LC_GO_SETTING_SAME("clickhouse.password", "or clickhouse.password-file")
LC_GO_SETTING_SAME("clickhouse.timeout-seconds", "")
LC_GO_SETTING_SAME("consumer.count-threshold", "the defaults differ: see --help")
LC_GO_SETTING_SAME("consumer.time-threshold-seconds", "")
LC_GO_SETTING_REPLACED("consumer.discovery-interval-seconds",
		       "consumer.min-discovery-interval-seconds and "
		       "consumer.max-discovery-interval-seconds",
		       "the interval follows what there is to deliver")
LC_GO_SETTING_SAME("consumer.min-discovery-interval-seconds", "")
LC_GO_SETTING_SAME("consumer.max-discovery-interval-seconds", "")
LC_GO_SETTING_SAME("consumer.discovery-interval-jitter-factor", "")
LC_GO_SETTING_SAME("consumer.processing-delay-seconds",
		   "0 is allowed: what becomes visible after its second has ended is found late, "
		   "but found")
LC_GO_SETTING_REPLACED("consumer.num-workers",
		       "supervisor.shards and limits.max-concurrent-uploads",
		       "a worker here is a process")
LC_GO_SETTING_DROPPED("consumer.max-buckets-per-discovery",
		      "all sources that are ready are delivered in each cycle")
LC_GO_SETTING_REPLACED("consumer.max-logs-per-bucket", "consumer.max-logs-per-object",
		       "a full object is closed and the next one begun, and no row is left out")
LC_GO_SETTING_DROPPED("retry.max-retries", "uploads are retried without limit")
LC_GO_SETTING_SAME("retry.initial-backoff-seconds", "")
LC_GO_SETTING_SAME("retry.max-backoff-seconds", "")
LC_GO_SETTING_SAME("retry.backoff-jitter-factor", "")
LC_GO_SETTING_SAME("timeout.upload-operation-seconds", "")
LC_GO_SETTING_SAME("timeout.commit-operation-seconds", "")
LC_GO_SETTING_SAME("offset.flush-count-threshold", "")
LC_GO_SETTING_REPLACED("offset.flush-time-threshold-ms", "offset.flush-interval-milliseconds",
		       "it only has another name")
LC_GO_SETTING_SAME("s3.endpoint", "with scheme: host:8000 becomes http://host:8000")
LC_GO_SETTING_SAME("s3.access-key-id", "")
LC_GO_SETTING_SAME("s3.secret-access-key", "or s3.secret-access-key-file")
LC_GO_SETTING_SAME("s3.max-retry-attempts", "attempts before the target is set aside")
LC_GO_SETTING_SAME("s3.max-backoff-delay-seconds", "")
LC_GO_SETTING_SAME("metrics-server.enabled", "")
LC_GO_SETTING_SAME("metrics-server.listen-address",
		   "for all addresses 0.0.0.0 or ::, not an empty text")
LC_GO_SETTING_SAME("metrics-server.listen-port", "")
LC_GO_SETTING_SAME("log-level", "")
LC_GO_SETTING_SAME("shutdown-timeout-seconds", "")

LC_GO_SETTING_VARIABLE("S3_ENDPOINT", "s3.endpoint")
LC_GO_SETTING_VARIABLE("S3_ACCESS_KEY_ID", "s3.access-key-id")
LC_GO_SETTING_VARIABLE("S3_SECRET_ACCESS_KEY", "s3.secret-access-key")
LC_GO_SETTING_VARIABLE("S3_MAX_RETRY_ATTEMPTS", "s3.max-retry-attempts")
LC_GO_SETTING_VARIABLE("S3_MAX_BACKOFF_DELAY_SECONDS", "s3.max-backoff-delay-seconds")

#undef LC_GO_SETTING_SAME
#undef LC_GO_SETTING_REPLACED
#undef LC_GO_SETTING_DROPPED
#undef LC_GO_SETTING_VARIABLE
