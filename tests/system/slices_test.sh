#!/bin/bash
# A first start over more rows than ClickHouse may read for one question: windows and comparisons are taken in slices that it can
# answer, and a worker that dies meanwhile goes on after the last one. What ClickHouse does not answer in time ends there, too.

. "$(dirname "$0")/lib.sh"

ROWS=400000

# What one question may read. A source's rows fill many granules, so that a shorter window reads less.
LIMIT=150000

# profile SETTING=VALUE...: of the user as whom the service asks.
profile() {
	local IFS='&'
	curl -sS --fail -o /dev/null -X POST "$LOG_COURIER_CLICKHOUSE_URL/admin/profile?user=limited&$*"
}

# seen_as CONDITION: the logs table is what this view shows.
seen_as() {
	"$DEV/sql" "CREATE OR REPLACE VIEW logs_seen AS SELECT * FROM logs WHERE $1"
}

start_limited() {
	LOG_COURIER_CLICKHOUSE_USERNAME=limited start_service
}

shorter_windows() {
	grep -q "ClickHouse cannot answer for a window; asking for a shorter one" "$WORK/service.log"
}

# gave_up COUNT: so many queries have lost their client at least.
gave_up() {
	curl -sS "$LOG_COURIER_CLICKHOUSE_URL/admin/stats" | awk -v least="$1" '$1 == "abandoned" { enough = $2 >= least } END { exit !enough }'
}

# Of one worker, which asks for one thing after the other: no more than one query runs.
nothing_goes_on() {
	[ "$("$DEV/sql" "SELECT count() FROM system.processes WHERE query NOT LIKE '%system.processes%'")" -le 1 ]
}

warnings() {
	"$CONTROL" status --json | jq -er '.findings | length'
}

# Of some look while rows were on their way: what status and its JSON said of a shard that catches up.
catch_up_shows() {
	"$CONTROL" status >"$WORK/status" && grep -q "shard [0-9] catches up:" "$WORK/status" &&
		grep -Eq "read up to 20[0-9T:.-]*Z, .* to go; .* rows read, about .* to come" "$WORK/status" &&
		"$CONTROL" status --json | jq -e 'any(.shards[]; .catch_up_left_seconds > 300 and .catch_up_records_to_come > 0)'
}

# The message of some line of the service's log.
log_says() {
	grep -q "\"level\":\"info\",\"message\":\"$1\"" "$WORK/service.log"
}

# All keep up again, and the metrics say so.
catch_up_is_over() {
	"$CONTROL" status --json | jq -e 'all(.shards[]; .catch_up_read_until == null)' &&
		[ "$("$DEV/counter" log_courier_catch_up_left_seconds)" -eq 0 ]
}

# The first pass of each worker looks at everything.
compared() {
	[ "$("$DEV/counter" log_courier_reconciles_total)" -ge 4 ]
}

story "a first start over more rows than ClickHouse may read at once delivers them all"
start_stack
need "rows of four hours are there" load --rows "$ROWS" --sources 2 --sessions 1 --skew 0 --time-range 14400
need "ClickHouse may not read them all for one question" profile max_rows_to_read="$LIMIT"
start_limited
need "status says how far the first start is" await 60 catch_up_shows
need "delivery begins" await 60 delivered_at_least 1
check "before all is discovered" test "$(delivered_rows)" -lt "$ROWS"
check "the first windows were too long" shorter_windows
need "a worker dies" kill_worker_of 0
await_every_row 60
check "every row stands in one object" verify
check "status does not speak of catching up any more" await 60 catch_up_is_over
check "the log has said how far the first start was" log_says "catching up"
check "and that it was done" log_says "caught up"
check "what was settled is compared" await 60 compared
check "there is nothing to warn of" test "$(warnings)" = 0
check "the service ends" stop_service

need "everything is empty again" "$DEV/stack" reset --dir "$WORK/stack"
: >"$WORK/service.log"
need "rows are there" load --rows 50000 --time-range 3600
need "ClickHouse needs minutes to read them" seen_as "ignore(sleepEachRow(0.005), req_id) = 0"
need "  and may take them" profile function_sleep_max_microseconds_per_block=3600000000
export LOG_COURIER_CLICKHOUSE_TIMEOUT_SECONDS=1 LOG_COURIER_SUPERVISOR_SHARDS=1
LOG_COURIER_CLICKHOUSE_LOGS_TABLE=logs_seen LOG_COURIER_CLICKHOUSE_USERNAME=limited "$COURIER" >>"$WORK/service.log" 2>&1 &
SERVICE_PID=$!
need "queries are given up" await 60 gave_up 3
check "  and do not go on in ClickHouse" await 20 nothing_goes_on
check "  and windows become shorter" await 20 shorter_windows
need "ClickHouse becomes fast" seen_as true
await_every_row 60
check "every row stands in one object" verify
check "the service ends" stop_service
end_story
