#!/bin/bash
# Two ClickHouse servers in clickhouse.url, each with its own Distributed tables, and rows and offsets copied from each to the other some
# seconds later, as replicas have them that lag. Each cycle asks one of them. While one is away the other serves; a server that comes back
# lacks rows until they are copied. Every row is delivered once.

. "$(dirname "$0")/lib.sh"

# on URL SQL [FILE]: what the server answers; FILE has the rows of an INSERT.
on() {
	curl -sS --fail-with-body --noproxy '*' -H "X-ClickHouse-User: $LOG_COURIER_CLICKHOUSE_USERNAME" \
		-H "X-ClickHouse-Key: $LOG_COURIER_CLICKHOUSE_PASSWORD" --data-binary "@${3:-/dev/null}" \
		--url-query "database=logs" --url-query "query=$2" "$1/"
}

# copy FROM TO TABLE KEY: the rows that are not there yet.
copy() {
	on "$1" "SELECT * FROM $3 FORMAT Native" >"$WORK/copied" &&
		on "$2" "TRUNCATE TABLE copied_$3" &&
		on "$2" "INSERT INTO copied_$3 FORMAT Native" "$WORK/copied" &&
		on "$2" "INSERT INTO $3 SELECT * FROM copied_$3 WHERE ($4) NOT IN (SELECT $4 FROM $3)"
}

# The work of replication, for ever.
replicate() {
	local rows='raftSessionID, bucketName, insertedAt, startTime, req_id'
	local offsets='raftSessionID, bucketName, lastProcessedInsertedAt, lastProcessedStartTime, lastProcessedReqId'
	while :; do
		copy "$FIRST" "$SECOND" logs_local "$rows"
		copy "$SECOND" "$FIRST" logs_local "$rows"
		copy "$FIRST" "$SECOND" offsets_local "$offsets"
		copy "$SECOND" "$FIRST" offsets_local "$offsets"
		sleep 1
	done >>"$WORK/replicate.log" 2>&1
}

make_room() {
	on "$1" "CREATE TABLE copied_logs_local AS logs_local ENGINE = Memory" &&
		on "$1" "CREATE TABLE copied_offsets_local AS offsets_local ENGINE = Memory"
}

second_server() {
	"$DEV/stack" "$1" --dir "$WORK/second" --only clickhouse
}

# load_into URL ROWS SEED
load_into() {
	LOG_COURIER_CLICKHOUSE_URL=$1 load --rows "$2" --sources 20 --seed "$3"
}

delivers() {
	await_progress 30 delivered_rows delivered_at_least "$1"
}

story "two ClickHouse servers, of which one lags or is away: every row is delivered once"
start_stack
FIRST=$LOG_COURIER_CLICKHOUSE_URL
need "a second server starts" stack_start "$WORK/second" --only clickhouse
SECOND=$("$DEV/stack" env --dir "$WORK/second" | sed -n "s/^export LOG_COURIER_CLICKHOUSE_URL='\{0,1\}\([^']*\)'\{0,1\}$/\1/p")
need "the first has room for copies" make_room "$FIRST"
need "the second, too" make_room "$SECOND"
replicate &
CHILDREN+=($!)
export LOG_COURIER_CLICKHOUSE_URL="$FIRST,$SECOND"
start_service
check "the preflight asks both" eval '[ "$("$CONTROL" preflight | grep -c "^ok    ClickHouse http")" -eq 2 ]'
need "rows come to the first server" load_into "$FIRST" 1000 1
check "they are delivered" delivers 1000
need "the second server goes away" second_server stop
need "more rows come" load_into "$FIRST" 1000 2
check "they are delivered" delivers 2000
need "it comes back, without these rows" second_server start
need "the first one goes away" stop_server clickhouse
need "rows come to the second" load_into "$SECOND" 1000 3
check "they are delivered" delivers 3000
need "the first one comes back, without these rows" start_server clickhouse
await_every_row 60
check "every row is delivered once" verify
check "the service ends" stop_service
end_story
