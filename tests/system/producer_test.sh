#!/bin/bash
# What the producer of the rows really writes: what lifecycle rules expire, copies of two rows with one request, deletes of a
# thousand keys with one, IPv4 addresses as IPv6 writes them, rows that name no target bucket, raft session 0.

. "$(dirname "$0")/lib.sh"
ROWS=40000
UNTARGETED=50

# count CONDITION: of the rows that are to be delivered.
count() {
	"$DEV/sql" "SELECT count() FROM $LOG_COURIER_CLICKHOUSE_LOGS_TABLE WHERE loggingTargetBucket != '' AND ($1)"
}

# has CONDITION: so that what follows says something of them.
has() {
	[ "$(count "$1")" -gt 0 ]
}

# one_request_has ROWS OPERATION...: there is one of so many rows, of these operations alone.
one_request_has() {
	local rows=$1 operations
	shift
	operations=$(printf "'%s'," "$@")
	[ "$("$DEV/sql" "SELECT max(n) FROM (SELECT count() AS n FROM $LOG_COURIER_CLICKHOUSE_LOGS_TABLE
		WHERE operation IN (${operations%,}) GROUP BY bucketName, req_id, startTime
		HAVING uniqExact(operation) = $#)")" -ge "$rows" ]
}

untargeted_rows_are_told() {
	[ "$("$CONTROL" status --json | jq '[.shards[].records_without_target] | add')" = "$UNTARGETED" ] &&
		"$CONTROL" health >"$WORK/health" && grep -q "name no target bucket" "$WORK/health"
}

story "each kind of row that the producer writes is delivered, but for those that name no target bucket"
start_stack
need "rows come in" load --rows "$ROWS" --sources 30 --time-range 600 --without-target "$UNTARGETED"
need "lifecycle rules have expired objects" has "operation = 'S3.EXPIRE.OBJECT' AND requester IS NULL AND httpCode IS NULL"
need "IPv4 addresses are written as IPv6" has "startsWith(clientIP, '::ffff:')"
need "error codes have blanks" has "errorCode = 'Internal Server Error'"
need "raft session 0 has buckets" has "raftSessionID = 0"
need "copies have two rows and one request" one_request_has 2 REST.COPY.OBJECT_GET REST.COPY.OBJECT
need "a delete has hundreds of keys and one request" one_request_has 800 BATCH.DELETE.OBJECT
start_service
check "each row that names a target bucket is delivered, once" await 60 verify
check "those that name none are told" await 20 untargeted_rows_are_told
check "the service ends in order" stop_service
check "no row is missing, double, misplaced, malformed or out of order" verify
end_story
