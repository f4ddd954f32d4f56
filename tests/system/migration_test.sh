#!/bin/bash
# From the Go courier and back: docs/migration.md, step by step, with its tables and a configuration file of its own that is turned
# into one of log-courier's. The other courier is played by one that reads with a cursor, as it does.

. "$(dirname "$0")/lib.sh"
ROWS=20000

# Not those of the document's table that newer releases of the Go courier do not have.
GONE=(consumer.num-workers consumer.max-buckets-per-discovery consumer.max-logs-per-bucket retry.max-retries
	offset.flush-time-threshold-ms)

# As that courier has it: hosts and native ports, no scheme, no table names, and what it alone has.
write_go_file() {
	cat >"$WORK/go.yml" <<-END
		clickhouse:
		  url: "127.0.0.1:9000"
		  username: "$LOG_COURIER_CLICKHOUSE_USERNAME"
		  password: "$LOG_COURIER_CLICKHOUSE_PASSWORD"
		  timeout-seconds: 30
		s3:
		  endpoint: "${LOG_COURIER_S3_ENDPOINT#http://}"
		  access-key-id: "$LOG_COURIER_S3_ACCESS_KEY_ID"
		  secret-access-key: "$LOG_COURIER_S3_SECRET_ACCESS_KEY"
		  max-retry-attempts: 3
		  max-backoff-delay-seconds: 20
		consumer:
		  count-threshold: 1000
		  time-threshold-seconds: 2
		  min-discovery-interval-seconds: 1
		  max-discovery-interval-seconds: 1
		  discovery-interval-jitter-factor: 0
		  processing-delay-seconds: 3
		  num-workers: 2
		  max-buckets-per-discovery: 5
		  max-logs-per-bucket: 100000
		retry:
		  max-retries: 5
		  initial-backoff-seconds: 1
		  max-backoff-seconds: 60
		  backoff-jitter-factor: 0.3
		timeout:
		  upload-operation-seconds: 300
		  commit-operation-seconds: 30
		offset:
		  flush-time-threshold-ms: 1000
		  flush-count-threshold: 50
		metrics-server:
		  enabled: true
		  listen-address: "127.0.0.1"
		  listen-port: $LOG_COURIER_METRICS_SERVER_LISTEN_PORT
		log-level: "info"
		shutdown-timeout-seconds: 30
	END
}

# The settings side by side, as the document has them.
convert() {
	sed -e "s|^  url: .*|  url: \"$LOG_COURIER_CLICKHOUSE_URL\"|" \
		-e 's|^  endpoint: "|  endpoint: "http://|' \
		-e '/^  num-workers:/d; /^  max-buckets-per-discovery:/d; /^  max-retries:/d' \
		-e 's/max-logs-per-bucket:/max-logs-per-object:/; s/flush-time-threshold-ms:/flush-interval-milliseconds:/' \
		"$WORK/go.yml"
	cat <<-END
		clickhouse.logs-table: access_logs_federated
		clickhouse.offsets-table: offsets_federated
		supervisor.shards: 2
		log.destination: stdout
		log.keys: go
	END
}

# by_file FILE ARGUMENT...: the program, with nothing of the environment but where this machine's state is; for a subshell.
by_file() {
	exec env -i PATH="$PATH" LOG_COURIER_STATE_DIRECTORY="$LOG_COURIER_STATE_DIRECTORY" \
		LOG_COURIER_SUPERVISOR_SOCKET="$LOG_COURIER_SUPERVISOR_SOCKET" "$PROGRAM" --config-file "$@"
}

is_right() {
	(by_file "$1" --check-config)
}

# The file as it is: refused, and what each of the settings that are gone has become is said.
go_file_is_explained() {
	local name
	! is_right "$WORK/go.yml" >"$WORK/checked" 2>&1 || return
	for name in "${GONE[@]}"; do
		grep -F "$name" "$WORK/checked" | grep -q "the Go courier's" || return
	done
	[ "$(grep -c "the Go courier's" "$WORK/checked")" -eq "${#GONE[@]}" ]
}

query() {
	"$DEV/sql" "$@"
}

# other_courier [--half]: it delivers what it finds; FOUND says how many rows.
other_courier() {
	FOUND=$("$TOP/tests/system/cursor_courier.py" access_logs_federated offsets_federated "$@")
}

milliseconds() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# Rows of the second that an offset lies in may stand before it: what comes later is to be after it.
second_is_over() {
	[ "$(query 'SELECT now() > max(insertedAt) FROM access_logs_federated')" = 1 ]
}

more_rows() {
	await 10 second_is_over && load --table access_logs_ingest --rows "$1" --sources 40 --seed "$2"
}

# The service with an old ledger: no shard of it may deliver, so that it ends by itself.
refuses_old_ledger() {
	local status=0
	timeout 30 "$PROGRAM" >"$WORK/refusal.log" 2>&1 || status=$?
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ] && grep -q 'another courier delivers' "$WORK/refusal.log"
}

metrics_have() {
	curl -sf "http://127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT/metrics" >"$WORK/metrics" && grep -qF "$1 " "$WORK/metrics"
}

# start_timed: from the start of the service to its first log object.
start_timed() {
	local begin
	begin=$(milliseconds)
	start_service
	need "it delivers" await 60 delivered_at_least 1
	echo "# the first log object was delivered within $(($(milliseconds) - begin)) ms of the start"
}

# The migrated service, as start_service starts it.
migrated() {
	by_file "$WORK/log-courier.yml" "$@"
}

story "from the Go courier and back: each row is delivered once, whichever courier it was"
start_stack --layout access-logs
export LOG_COURIER_SUPERVISOR_SHARDS=2
PROGRAM=$COURIER COURIER=migrated
need "a configuration of the Go courier is there" write_go_file
check "as it is, what became of its settings is said" go_file_is_explained
convert >"$WORK/log-courier.yml"
need "converted as the document says, it is right" is_right "$WORK/log-courier.yml"

need "rows are there" load --table access_logs_ingest --rows "$ROWS" --sources 40 --time-range 900
need "the other courier has delivered a part of them" other_courier --half
echo "# it has left $((ROWS - FOUND)) of $ROWS rows"
check "  but not all" [ "$FOUND" -gt 0 -a "$FOUND" -lt "$ROWS" ]
start_timed
await_delivery 60
check "as many rows are delivered as it left" [ "$(delivered_rows)" -eq $((ROWS - FOUND)) ]
check "the service ends on SIGTERM" stop_service
check "each row stands in one object, of the one courier or the other" verify --table access_logs_federated

need "more rows come" more_rows 3000 2
need "the other courier goes on" other_courier
check "it finds these and no other" [ "$FOUND" -eq 3000 ]
check "each row stands in one object" verify --table access_logs_federated
check "an old ledger is not trusted: the service ends and says why" refuses_old_ledger
need "its ledger is reset" "$CONTROL" ledger reset --yes

need "and more rows come" more_rows 2000 3
start_timed
check "the other's probe is answered" curl -sf "http://127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT/healthcheck"
check "its log's readers find the keys that they know" grep -q '"level":"INFO","msg":"' "$WORK/service.log"
check "its dashboards find the process" metrics_have process_resident_memory_bytes
check "  and how long uploads took, by how they ended" metrics_have 'log_courier_upload_duration_seconds_sum{shard="0",status="success"}'
await_delivery 60
check "only these are delivered" [ "$(delivered_rows)" -eq 2000 ]
check "the service ends on SIGTERM" stop_service
check "each row stands in one object" verify --table access_logs_federated
end_story
