#!/bin/bash
# Taking over from another courier by its offsets, and handing over again: docs/migration.md, step by step, with
# the tables of such a deployment. The other courier is played by what it leaves: offsets.

. "$(dirname "$0")/lib.sh"
ROWS=20000

query() {
	"$DEV/sql" "$@"
}

# Up to half-way through its rows each second source was delivered by the other courier; the rest it never saw.
write_offsets() {
	query "INSERT INTO offsets_federated (bucketName, raftSessionID, lastProcessedInsertedAt,
		lastProcessedStartTime, lastProcessedReqId)
		SELECT bucketName, raftSessionID, last.1, last.2, last.3 FROM (
			SELECT bucketName, raftSessionID, arraySort(groupArray((insertedAt, startTime, req_id))) AS all,
				all[intDiv(length(all), 2) + 1] AS last
			FROM access_logs_federated GROUP BY bucketName, raftSessionID
		) WHERE cityHash64(bucketName) % 2 = 0"
}

# It delivers all that there is.
write_all_offsets() {
	query "INSERT INTO offsets_federated (bucketName, raftSessionID, lastProcessedInsertedAt,
		lastProcessedStartTime, lastProcessedReqId)
		SELECT bucketName, raftSessionID, last.1, last.2, last.3 FROM (
			SELECT bucketName, raftSessionID, max((insertedAt, startTime, req_id)) AS last
			FROM access_logs_federated GROUP BY bucketName, raftSessionID)"
}

# Rows that a reader with a cursor would still have to deliver.
rows_after_offsets() {
	query "SELECT count() FROM access_logs_federated AS l LEFT JOIN (
			SELECT raftSessionID, bucketName, max((lastProcessedInsertedAt, lastProcessedStartTime,
				lastProcessedReqId)) AS offset, 1 AS known
			FROM offsets_federated GROUP BY raftSessionID, bucketName) AS o
		ON l.raftSessionID = o.raftSessionID AND l.bucketName = o.bucketName
		WHERE known = 0 OR (insertedAt, startTime, req_id) > offset"
}

reset_ledger() {
	"$CONTROL" ledger reset --yes
}

# Rows of the second that an offset lies in may stand before it: what comes later is to be after it.
second_is_over() {
	[ "$(query 'SELECT now() > max(insertedAt) FROM access_logs_federated')" = 1 ]
}

# The service with an old ledger: no shard of it may deliver, so that it ends by itself.
refuses_old_ledger() {
	local status=0
	timeout 30 "$COURIER" >"$WORK/refusal.log" 2>&1 || status=$?
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ] && grep -q 'another courier delivers' "$WORK/refusal.log"
}

metrics_have() {
	curl -sf "http://127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT/metrics" >"$WORK/metrics" && grep -qF "$1 " "$WORK/metrics"
}

story "from another courier and back: what its offsets leave is delivered once, and it finds nothing left"
start_stack --layout access-logs
export LOG_COURIER_SUPERVISOR_SHARDS=2
need "rows are there" load --table access_logs_ingest --rows "$ROWS" --sources 40 --time-range 900
need "the other courier has left its offsets" write_offsets
left=$(rows_after_offsets)
echo "# $left of $ROWS rows are left to deliver"
check "something is delivered already, something is not" [ "$left" -gt 0 -a "$left" -lt "$ROWS" ]

start_service
await_delivery 60
check "as many rows are delivered as the offsets left" [ "$(delivered_rows)" -eq "$left" ]
check "the service ends on SIGTERM" stop_service
check "none of them twice, none at a wrong place" verify --table access_logs_federated --partial
check "the other courier finds nothing left" [ "$(rows_after_offsets)" -eq 0 ]

need "more rows come" load --table access_logs_ingest --rows 3000 --sources 40 --seed 2
need "the other courier delivers them" write_all_offsets
check "an old ledger is not trusted: the service ends and says why" refuses_old_ledger
need "its ledger is reset" reset_ledger
need "time goes on" await 10 second_is_over
need "and more rows come" load --table access_logs_ingest --rows 2000 --sources 40 --seed 3
# What such a deployment may have set, and reads.
export LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=0 LOG_COURIER_LOG_DESTINATION=stdout LOG_COURIER_LOG_KEYS=go
start_service
check "its probe is answered" curl -sf "http://127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT/healthcheck"
check "its log's readers find the keys that they know" grep -q '"level":"INFO","msg":"' "$WORK/service.log"
check "its dashboards find the process" metrics_have process_resident_memory_bytes
check "  and how long uploads took, by how they ended" metrics_have 'log_courier_upload_duration_seconds_sum{shard="0",status="success"}'
await_delivery 60
check "only these are delivered" [ "$(delivered_rows)" -eq 2000 ]
check "the service ends on SIGTERM" stop_service
check "none of them twice" verify --table access_logs_federated --partial
end_story
