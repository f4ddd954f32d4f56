#!/bin/bash
# The preflight says of each thing that is set up wrongly what is wrong and what to do, and of a good set-up that it is good; it changes
# nothing. Its words on each wrong set-up are shown. Beside the running service it does the same, and delivery goes on.

. "$(dirname "$0")/lib.sh"
LIBRARY=$(dpkg -L libfaketime 2>/dev/null | grep -m 1 '/libfaketimeMT.so.1$')

# all_ok: every line says so.
all_ok() {
	[ "$(grep -c '^ok ' "$WORK/preflight")" -eq 20 ] && ! grep -qE '^(warn|FAIL|skip)' "$WORK/preflight"
}

# skips WORDS: what depends on it was not checked.
skips() {
	grep -qE "^skip .*not checked, because this has failed: $1" "$WORK/preflight"
}

# late_by SECONDS COMMAND...: with a clock that is wrong by so much.
late_by() {
	LD_PRELOAD=$LIBRARY FAKETIME=-$1s FAKETIME_DONT_FAKE_MONOTONIC=1 "${@:2}"
}

bucket_is_empty() {
	[ -z "$("$DEV/objects" "$1")" ]
}

no_offsets() {
	[ "$("$DEV/sql" "SELECT count() FROM offsets")" = 0 ]
}

# profile [PARAMETER]: of the user "limited"; none: there is none.
profile() {
	if [ $# -eq 0 ]; then
		curl -sS --fail-with-body -X DELETE "$LOG_COURIER_CLICKHOUSE_URL/admin/profile"
	else
		curl -sS --fail-with-body -X POST "$LOG_COURIER_CLICKHOUSE_URL/admin/profile?user=limited&$1"
	fi
}

# fault [PARAMETERS]: one query suffers it; none: no more.
fault() {
	if [ $# -eq 0 ]; then
		curl -sS --fail-with-body -X DELETE "$LOG_COURIER_CLICKHOUSE_URL/admin/fault"
	else
		curl -sS --fail-with-body -X POST "$LOG_COURIER_CLICKHOUSE_URL/admin/fault?$1"
	fi
}

# subjects: the lines' grades and what they are about, without what was found.
subjects() {
	grep -E '^(ok|warn|FAIL|skip) ' | sed 's/: .*//'
}

# asked CODE WORDS [ARGUMENT...]: the running service is asked; it ends so, and one of its lines has the words.
asked() {
	local status=0
	"$CONTROL" preflight "${@:3}" >"$WORK/preflight" 2>&1 || status=$?
	cat "$WORK/preflight"
	[ "$status" -eq "$1" ] && grep -qF -- "$2" "$WORK/preflight"
}

# The same checks, in the same order, as log-courier --preflight makes.
asks_the_same() {
	"$COURIER" --preflight >"$WORK/alone" 2>&1
	diff <(subjects <"$WORK/alone") <(subjects <"$WORK/preflight")
}

# warns WORDS: health is green, and has this warning.
warns() {
	"$CONTROL" health >"$WORK/health" 2>&1 && tr -s '\n ' ' ' <"$WORK/health" | grep -qF -- "$1"
}

warns_no_more() {
	! warns "$1"
}

preflight_runs() {
	"$CONTROL" status --json | jq -e .preflight_running
}

delivers() {
	local before
	before=$(delivered_rows)
	load --rows 300 --sources 3 --seed "$1" && await_progress 20 delivered_rows everything_settled &&
		[ "$(delivered_rows)" -eq $((before + 300)) ]
}

story "a wrong set-up is told before the first start"
start_stack
export LOG_COURIER_CLICKHOUSE_TIMEOUT_SECONDS=2
ANSWER=$WORK/answer
printf '200 Content-Type: text/html\n<html>It works!</html>' >"$ANSWER"
start_wrong_server ClickHouse

told "a good set-up passes" 0 "20 passed. log-courier can be started." --preflight-bucket=target-1
check "each of its lines says so" all_ok
sed 's/^/#   /' "$WORK/preflight"
check "the object that it has stored is deleted" bucket_is_empty target-1
check "no offset is there" no_offsets
told "without a bucket nothing is stored" 0 "18 passed. log-courier can be started."

# ClickHouse's servers
told "a port on which nobody listens is told" 1 "FAIL  ClickHouse http://127.0.0.1:9: " --clickhouse.url=http://127.0.0.1:9
check "  and what depends on it is not checked" skips "ClickHouse http://127.0.0.1:9"
check "  but S3 is" grep -q '^ok    S3 ' "$WORK/preflight"
told "of several servers the one that does not answer is told" 1 "FAIL  ClickHouse http://127.0.0.1:9: " \
	--clickhouse.url="http://127.0.0.1:9,$LOG_COURIER_CLICKHOUSE_URL"
check "  and all else is asked of the other" grep -qF "18 passed, 1 failed, 1 not checked." "$WORK/preflight"
told "a server that is not ClickHouse is told" 1 "not an answer of ClickHouse" --clickhouse.url="http://127.0.0.1:$PORT"
told "a server that is S3, too" 1 "Make sure that clickhouse.url names ClickHouse's HTTP port" --clickhouse.url="$LOG_COURIER_S3_ENDPOINT"
need "a query hangs" fault "kind=stall&after=0&match=version()"
told "a server that does not answer in time is told" 1 "FAIL  ClickHouse $LOG_COURIER_CLICKHOUSE_URL: "
need "it hangs no more" fault
printf '200 X-ClickHouse-Server-Display-Name: old\n23.8.1.1\n' >"$ANSWER"
told "a release that is too old is told" 1 "warn  ClickHouse http://127.0.0.1:$PORT: reachable, version 23.8.1.1, older than any" \
	--clickhouse.url="http://127.0.0.1:$PORT"

# its user
told "a wrong password is told" 1 "Correct clickhouse.username and clickhouse.password" --clickhouse.password=wrong
need "there is a user who may only read" profile readonly=2
told "a user who may not insert offsets is told" 1 "FAIL  inserting offsets: " --clickhouse.username=limited
check "  and the setting" grep -q "readonly 0" "$WORK/preflight"
need "the user may set nothing" profile readonly=1
told "a user who may not change settings is told" 1 "Give the user a settings profile with readonly 0" --clickhouse.username=limited
need "the user's profile shortens answers" profile timeout_overflow_mode_leaf=break
told "a profile that shortens answers is told" 1 "has timeout_overflow_mode_leaf=break" --clickhouse.username=limited
need "the user is gone" profile
need "one setting is forbidden" fault "kind=exception&code=452&after=0&match=ORDER+BY+raftSessionID"
told "a constraint that forbids what a scan sets is told" 1 "FAIL  query for rows: "
need "it is allowed again" fault

# its tables
told "a missing database is told" 1 "Database nirvana does not exist" --clickhouse.database=nirvana
told "a missing table is told" 1 "FAIL  logs table logs.elsewhere: there is no table logs.elsewhere" --clickhouse.logs-table=elsewhere
check "  and what depends on it is not checked" skips "logs table logs.elsewhere"
told "a missing offsets table, too" 1 "FAIL  offsets table logs.elsewhere: there is no table" --clickhouse.offsets-table=elsewhere
need "a table without one of the columns is there" "$DEV/sql" "CREATE VIEW logs_without AS SELECT * EXCEPT requestURI FROM logs"
told "a missing column is told" 1 "FAIL  columns of the logs table: missing, or the user may not see them: requestURI." \
	--clickhouse.logs-table=logs_without
need "a table with a column of another type is there" "$DEV/sql" \
	"CREATE VIEW logs_typed AS SELECT * REPLACE (toString(startTime) AS startTime) FROM logs"
told "a wrong type is told" 1 "startTime is String, not DateTime64(3)." --clickhouse.logs-table=logs_typed
need "a table with a column that cannot be read is there" "$DEV/sql" \
	"CREATE VIEW logs_array AS SELECT * REPLACE ([1] AS httpCode) FROM logs"
told "a type that no scan can read is told" 1 "FAIL  query for rows: " --clickhouse.logs-table=logs_array
told "another table in the place of the offsets is told" 1 "FAIL  columns of the offsets table: " --clickhouse.offsets-table=logs
need "rows are kept for a day" "$DEV/sql" "CREATE TABLE logs_day_local AS logs_local ENGINE = MergeTree
	ORDER BY (raftSessionID, bucketName, insertedAt, startTime, req_id) TTL insertedAt + INTERVAL 1 DAY"
need "as one table" "$DEV/sql" "CREATE TABLE logs_day AS logs_local ENGINE = Distributed('logs', logs, logs_day_local, raftSessionID)"
told "a TTL that is shorter than the retention is told" 1 "Set consumer.retention-seconds to 86400" --clickhouse.logs-table=logs_day
told "one that is as long passes" 0 "18 passed." --clickhouse.logs-table=logs_day --consumer.retention-seconds=86400
need "a buffer is there" "$DEV/sql" "CREATE TABLE logs_buffer AS logs_local
	ENGINE = Buffer(logs, logs_local, 16, 10, 100, 10000, 1000000, 10000000, 100000000)"
told "a buffer is warned of" 0 "warn  logs table logs.logs_buffer: its engine is Buffer" --clickhouse.logs-table=logs_buffer
told "a table that keeps no rows is told" 1 "its engine is Null" --clickhouse.logs-table=logs_ingest_local

# S3
told "a wrong secret is told" 1 "Correct s3.secret-access-key" --s3.secret-access-key=wrong --preflight-bucket=target-1
check "  and no upload is tried" skips "S3 $LOG_COURIER_S3_ENDPOINT"
told "an unknown key is told" 1 "Correct s3.access-key-id" --s3.access-key-id=UNKNOWN
told "an endpoint that is not S3 is told" 1 "Set s3.endpoint to the address of the S3 API" --s3.endpoint="$LOG_COURIER_CLICKHOUSE_URL"
told "an endpoint where nobody listens is told" 1 "FAIL  S3 http://127.0.0.1:9: " --s3.endpoint=http://127.0.0.1:9
printf '403 Content-Type: application/xml\n<Error><Code>AccessDenied</Code></Error>' >"$ANSWER"
told "a key that may not list buckets passes" 0 "18 passed." --s3.endpoint="http://127.0.0.1:$PORT"
told "a missing bucket is told" 1 "FAIL  upload to bucket no-such-bucket: " --preflight-bucket=no-such-bucket
told "a bucket of somebody else is told" 1 "FAIL  upload to bucket forbidden: " --preflight-bucket=forbidden
told "an upload in parts is tried, too" 0 "22 passed." --preflight-bucket=target-1 --s3.multipart-threshold-bytes=5242880
check "  and named" grep -q '^ok    upload in parts to bucket target-1: stored ' "$WORK/preflight"
check "nothing is left in the buckets" bucket_is_empty target-1
check "  nor in parts" nothing_in_parts target-1

# the configuration
told "a wrong configuration is told as ever" 2 "consumer.retention-seconds" --consumer.retention-seconds=1
told "a file of authorities that is not there, too" 2 "/nowhere.pem" --clickhouse.tls-ca-file=/nowhere.pem
told "a bucket without a name, too" 2 "--preflight-bucket" --preflight-bucket=

# this machine's clock
need "libfaketime is installed" test -n "$LIBRARY"
check "a wrong clock is warned of" late_by 1200 preflight 0 "s apart from this machine's clock"
check "  with S3's clock, too" grep -q '^warn  S3 .*clock' "$WORK/preflight"
grep -E '^(warn|FAIL)' "$WORK/preflight" | sed 's/^/#   /'

# beside the running service, with the settings that it runs with
export LOG_COURIER_CONFIG_FILE=$WORK/service.yml
echo 'consumer.retention-seconds: 86400' >"$LOG_COURIER_CONFIG_FILE"
start_service
check "the running service is asked" asked 0 "18 passed"
check "  the same" asks_the_same
check "  and with an upload" asked 0 "20 passed" --upload-bucket target-1
check "  which is deleted" bucket_is_empty target-1
check "a bucket that is not there is told" asked 1 "FAIL  upload to bucket no-such-bucket: " --upload-bucket no-such-bucket
check "  and in JSON" eval '"$CONTROL" preflight --upload-bucket no-such-bucket --json |
	jq -e ".checks | map(select(.grade == \"fail\")) | length == 1 and .[0].subject == \"upload to bucket no-such-bucket\""'
check "health has nothing to say" warns_no_more preflight
need "rows expire after a day" "$DEV/sql" "ALTER TABLE logs_local MODIFY TTL insertedAt + INTERVAL 1 DAY"
echo 'consumer.retention-seconds: 172800' >"$LOG_COURIER_CONFIG_FILE"
need "the service is reloaded" "$CONTROL" reload
check "after the reload health warns of a retention that is too long" await 20 warns "retention: logs.logs_local keeps rows for 86400 s"
check "  but is green; and asked, the service says so" asked 1 "FAIL  retention: "
need "rows expire after three days again" "$DEV/sql" "ALTER TABLE logs_local MODIFY TTL insertedAt + INTERVAL 3 DAY"
check "asked again, it finds all well" asked 0 "18 passed"
check "  and health warns no more" await 20 warns_no_more retention
check "the service ends" stop_service
need "the preflight's first query hangs" fault "kind=stall&after=0&count=0&match=version()"
export LOG_COURIER_CLICKHOUSE_TIMEOUT_SECONDS=4
start_service
check "one that hangs delays no delivery" delivers 1
"$CONTROL" preflight >"$WORK/hanging" 2>&1 &
CHILDREN+=($!)
need "another one is asked for, and hangs" await 3 preflight_runs
check "  a third is refused" asked 1 "a preflight is under way"
check "  and delivery goes on" delivers 2
check "what hangs is given up, and health warns of it" await 20 warns "preflight of"
need "it hangs no more" fault
check "every row is delivered once" verify
check "the service ends" stop_service
end_story
