/*
 * What log-courier-ctl explain can say about a source, in the order in which it is said.
 *
 * LC_EXPLAIN_SITUATION(name, word, help)    word: names it in JSON
 */
#ifndef LC_EXPLAIN_SITUATION
#define LC_EXPLAIN_SITUATION(name, word, help)
#endif

/* clang-format off */
LC_EXPLAIN_SITUATION(no_answer, "no-answer", "the shard that delivers it does not answer")
LC_EXPLAIN_SITUATION(unknown, "unknown", "it has no waiting rows and no known log objects")
LC_EXPLAIN_SITUATION(delivered, "delivered", "all known rows are delivered")
LC_EXPLAIN_SITUATION(rows_wait, "rows-wait", "some known rows are not delivered")
LC_EXPLAIN_SITUATION(clickhouse_fails, "clickhouse-fails", "ClickHouse does not answer, so that nothing is found or read")
LC_EXPLAIN_SITUATION(ledger_fails, "ledger-fails", "the ledger cannot be written, so that no upload starts")
LC_EXPLAIN_SITUATION(no_credentials, "no-credentials", "there are no credentials to sign requests to S3 with")
LC_EXPLAIN_SITUATION(s3_fails, "s3-fails", "S3 confirms no upload")
LC_EXPLAIN_SITUATION(stopped, "stopped", "the shard reads nothing more")
LC_EXPLAIN_SITUATION(unreadable, "unreadable", "ClickHouse cannot read its rows; other sources are not affected")
LC_EXPLAIN_SITUATION(being_read, "being-read", "its rows are being read from ClickHouse")
LC_EXPLAIN_SITUATION(ready, "ready", "it has enough rows, or old enough ones, or was flushed: it is read next")
LC_EXPLAIN_SITUATION(waits_for_threshold, "waits-for-threshold", "its unread rows are few and recent")
LC_EXPLAIN_SITUATION(target_refuses, "target-refuses", "a target bucket refuses its log objects")
LC_EXPLAIN_SITUATION(target_aside, "target-aside", "a target bucket keeps failing")
LC_EXPLAIN_SITUATION(target_shaky, "target-shaky", "a target bucket has failed and is tried again")
LC_EXPLAIN_SITUATION(target_settings, "target-settings", "some settings differ for a target bucket")
LC_EXPLAIN_SITUATION(uploading, "uploading", "log objects are on their way")
LC_EXPLAIN_SITUATION(rebuilding, "rebuilding", "log objects have to be built again from ClickHouse")
LC_EXPLAIN_SITUATION(expired, "expired", "rows were lost to retention before they could be delivered")
/* clang-format on */

#undef LC_EXPLAIN_SITUATION
