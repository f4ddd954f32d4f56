#!/bin/bash
# A crowd of tenants over 5 shards, a fifth of which has targets that fail in every way; the fifth has most of the rows.
# Run A: all are healthy. Run B: the same load, the fifth fails. Compared: what the healthy ones get, and how soon.
# 100 sources for 40 s; with FULL=1 1,000 for 180 s. FLOW_SECONDS and CROWD_PARTS choose otherwise.

. "$(dirname "$0")/tenants_lib.sh"
FLOW_SECONDS=${FLOW_SECONDS:-$(full 40 180)}
# Each part adds 80 healthy tenants and 20 that fail.
CROWD_PARTS=${CROWD_PARTS:-$(full 1 10)}
HEALTHY_RATE=2
HEAVY_RATE=$(full 100 20)
HEALTHY_ROWS=$((80 * CROWD_PARTS * HEALTHY_RATE * FLOW_SECONDS))
HEAVY_ROWS=$((20 * CROWD_PARTS * HEAVY_RATE * FLOW_SECONDS))
# As scarce for a tenth of the tenants as for all of them.
INFLIGHT=$(full $((4 << 20)) $((16 << 20)))
UPLOADS=$(full 4 16)
# What a worker has beside its bodies in flight: program, libraries, caches, receive buffers, curl's buffers of 16 uploads, and TLS: 128 KiB
# for each of the 64 connections that curl keeps to so many hosts.
WORKER_BASE=$(((28 << 20) + 64 * (128 << 10)))
SHARDS=5

# numbered COUNT FORMAT: one target a line, %d being its number.
numbered() {
	seq "$1" | xargs -I N printf "$2\n" N
}

# crowd RUN: HEALTHY and FAILING are its targets.
crowd() {
	local n=$CROWD_PARTS kind
	mapfile -t HEALTHY < <(
		numbered $((40 * n)) "$1-own-%d/"
		for prefix in a b c; do
			numbered $((10 * n)) "$1-shared-%d/$prefix/"
		done
		numbered $((10 * n)) "$1-central/good/%d/"
	)
	mapfile -t FAILING < <(
		numbered $((3 * n)) "$1-central/bad/%d/"
		for kind in missing hang storm; do
			numbered $((3 * n)) "$1-$kind-%d/"
		done
		for kind in drip html large expired; do
			numbered $((2 * n)) "$1-$kind-%d/"
		done
	)
}

# make_failing: their buckets, but for those that are missing.
make_failing() {
	mapfile -t there < <(printf '%s\n' "${FAILING[@]}" | grep -v -e -central/ -e -missing-)
	tenants make "${there[@]}"
}

make_missing() {
	mapfile -t missing < <(printf '%s\n' "${FAILING[@]}" | grep -e -missing-)
	tenants make "${missing[@]}"
}

make_healthy() {
	mapfile -t own < <(printf '%s\n' "${HEALTHY[@]}" | grep -v -e -central/)
	tenants make "${own[@]}"
}

inject_all() {
	inject \
		'{"bucket": "*-hang-*", "method": "PUT", "request_hang": 0}' \
		'{"bucket": "*-drip-*", "method": "PUT", "request_rate": 20}' \
		'{"bucket": "*-storm-*", "method": "PUT", "status": 503, "code": "SlowDown"}' \
		'{"bucket": "*-expired-*", "certificate": "expired"}' \
		'{"bucket": "*-html-*", "method": "PUT", "status": 200, "body": "<html>welcome</html>"}' \
		'{"bucket": "*-large-*", "method": "PUT", "larger_than": 50000, "early": true, "status": 413,
			"body": "<html>too large</html>"}'
}

# failing_are_told: but for those that take small objects, and may be given such.
failing_are_told() {
	mapfile -t told < <(printf '%s\n' "${FAILING[@]}" | grep -v -e -large-)
	await_blocked 120 "${told[@]}"
}

# rows_flow RUN: of the healthy ones and of the fifth, at the same time.
rows_flow() {
	local heavy status=0
	tenants flow --rate "$HEAVY_RATE" --seconds "$FLOW_SECONDS" "${FAILING[@]}" >"$WORK/$1-heavy.json" &
	heavy=$!
	tenants flow --rate "$HEALTHY_RATE" --seconds "$FLOW_SECONDS" "${HEALTHY[@]}" >"$WORK/$1-flow.json" || status=$?
	wait "$heavy" && return "$status"
}

# healthy_arrive RUN: all their rows, each once.
healthy_arrive() {
	arrive "$1: every healthy row is delivered, once" --rows "$HEALTHY_ROWS" --seconds 60 \
		--flow "$WORK/$1-flow.json" "${HEALTHY[@]}"
	cp "$WORK/report.json" "$WORK/$1-report.json"
}

# memory_is_bounded RUN
memory_is_bounded() {
	local bound=$(((INFLIGHT + WORKER_BASE) / 1024)) peak
	peak=$(peak_kib)
	echo "$peak" >"$WORK/$1-peak"
	echo "a worker had $peak KiB, $bound KiB are allowed"
	[ "$peak" -le "$bound" ]
}

# play RUN: rows flow; what is measured is in files of the run's name.
play() {
	start_service --s3.endpoint="$(faulty s3_tls)" --s3.addressing-style=virtual \
		--s3.tls-ca-file="$WORK/tls/authority.pem"
	need "$1: rows flow" rows_flow "$1"
	healthy_arrive "$1"
	check "$1: each worker's memory is within its bound" memory_is_bounded "$1"
}

table() {
	local run
	printf '# %-3s %9s %8s %10s %8s %8s %8s %9s\n' run rows objects rows/s p50 p99 worst peak
	for run in a b; do
		# shellcheck disable=SC2046
		printf '# %-3s %9s %8s %10s %6s s %6s s %6s s %5s MiB\n' "$run" \
			$(jq -r '[.rows, .objects, .pace, .p50, .p99, .worst] | join(" ")' "$WORK/$run-report.json") \
			$(($(cat "$WORK/$run-peak") / 1024))
	done
	jq -r '"# slowest insert of \(input_filename | split("/")[-1]): \(.slowest_insert) s"' "$WORK"/?-{flow,heavy}.json
}

# keeps_pace: B's is at least 0.9 of A's.
keeps_pace() {
	jq -es '.[1].pace / .[0].pace | ., . >= 0.9' "$WORK/a-report.json" "$WORK/b-report.json"
}

all_is_there() {
	tenants await --rows "$HEAVY_ROWS" --seconds 60 "${FAILING[@]}"
}

story "$((100 * CROWD_PARTS)) tenants, of which $((20 * CROWD_PARTS)) fail: the others keep their pace"
start_stack
mkdir "$WORK/tls"
# Over TLS, with a host for each bucket, so that certificates can be wrong one by one.
start_faults --tls "$WORK/tls"
export LOG_COURIER_SUPERVISOR_SHARDS=$SHARDS
# On a busy machine an insert takes seconds.
export LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=10
export LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=$(full 5 10)
export LOG_COURIER_LIMITS_MAX_INFLIGHT_BYTES=$INFLIGHT
export LOG_COURIER_CONSUMER_MAX_OBJECT_BYTES=$((INFLIGHT / 8))
export LOG_COURIER_LIMITS_MAX_CONCURRENT_UPLOADS=$UPLOADS
export LOG_COURIER_TIMEOUT_UPLOAD_OPERATION_SECONDS=10
export LOG_COURIER_S3_MAX_RETRY_ATTEMPTS=3

crowd a
need "a: the healthy buckets are there" make_healthy
need "a: those that will fail in b are, too" make_failing
need "a: and those that will be missing" make_missing
need "a: the central bucket takes all" share a-central "*"
play a
check "a: the heavy ones have all their rows, too" all_is_there
check "a: the service ends on SIGTERM" stop_service
check "a: each row is delivered exactly once" verify

crowd b
need "b: the healthy buckets are there" make_healthy
need "b: those that will fail are there" make_failing
need "b: the central bucket takes good/ alone" share b-central "good/*"
need "b: faults begin" inject_all
play b
check "b: those that fail are listed as blocked" failing_are_told
check "b: no healthy one is" are_working "${HEALTHY[@]}"
check "b: nothing is double or wrong" verify --partial
check "b: memory is still within its bound" memory_is_bounded b
table
check "b has at least 0.9 of a's pace" keeps_pace
sed 's/^/# /' "$WORK/said"

need "the faults end" inject
need "the missing buckets are made" make_missing
need "the central bucket takes all" share b-central "*"
check "the rows of those that failed are delivered" all_is_there
check "memory is within its bound at the end" memory_is_bounded end
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
