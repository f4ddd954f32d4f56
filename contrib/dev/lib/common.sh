# shellcheck shell=bash
# What the development scripts and the system tests share. To be sourced.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
DEV=$TOP/contrib/dev

if [ -t 1 ]; then
	BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
	BOLD='' RED='' GREEN='' YELLOW='' PLAIN=''
fi
export BOLD RED GREEN YELLOW PLAIN

# die TEXT: says what is wrong, and ends the script with status 1.
die() {
	echo "${RED}$(basename "$0"): $*${PLAIN}" >&2
	exit 1
}

# program NAME: path of a built program within $BUILD_DIR.
program() {
	local path
	for path in "$BUILD_DIR/$1" "$BUILD_DIR/src/$1"; do
		if [ -x "$path" ]; then
			echo "$path"
			return
		fi
	done
	die "$1 is not built in $BUILD_DIR"
}

# build_in DIR [CONFIGURE ARGUMENT...]: configures and builds out of tree.
build_in() {
	local directory=$1
	shift
	if [ ! -x "$TOP/configure" ] || [ "$TOP/configure.ac" -nt "$TOP/configure" ]; then
		(cd "$TOP" && autoreconf -fi) || return
	fi
	mkdir -p "$directory" || return
	(
		cd "$directory" || exit
		[ -f config.status ] || "$TOP/configure" --quiet "$@" || exit
		make --quiet -j"$(nproc)"
	)
}

# stack_start DIR [ARGUMENT...]: starts the servers, ClickHouse's front being the one in $BUILD_DIR.
stack_start() {
	local front
	front=$(program contrib/dev/front/clickhouse-front) || return
	"$DEV/stack" start --dir "$1" --front "$front" "${@:2}"
}

# start_stack_in DIR [ARGUMENT...]: starts the servers and takes over the settings with which to reach them.
start_stack_in() {
	local text
	stack_start "$@" || return
	text=$("$DEV/stack" env --dir "$1") || return
	eval "$text"
}

# Settings with which rows are delivered within seconds, for tests and demonstrations. That goes for rows, too, which a busy machine
# shows later than the processing delay allows for.
quick_environment() {
	export LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=3
	export LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=2
	export LOG_COURIER_CONSUMER_MIN_DISCOVERY_INTERVAL_SECONDS=1
	export LOG_COURIER_CONSUMER_MAX_DISCOVERY_INTERVAL_SECONDS=1
	export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=2
	export LOG_COURIER_RETRY_MAX_BACKOFF_SECONDS=2
	export LOG_COURIER_S3_MAX_BACKOFF_DELAY_SECONDS=2
	export LOG_COURIER_HEALTH_UNREACHABLE_AFTER_SECONDS=3
	export LOG_COURIER_SUPERVISOR_RESTART_INITIAL_BACKOFF_MILLISECONDS=100
	export LOG_COURIER_SUPERVISOR_RESTART_MAX_BACKOFF_SECONDS=1
	export LOG_COURIER_SUPERVISOR_HEALTHY_AFTER_SECONDS=5
	export LOG_COURIER_SHUTDOWN_TIMEOUT_SECONDS=30
	export LOG_COURIER_SUPERVISOR_SHARDS=4
}

# s3_bucket PUT|DELETE BUCKET: makes or deletes it. Without the header curl 7.88 signs a payload hash that it does not send.
s3_bucket() {
	curl -sS --fail-with-body --noproxy '*' --max-time 10 --aws-sigv4 "aws:amz:$LOG_COURIER_S3_REGION:s3" \
		--user "$LOG_COURIER_S3_ACCESS_KEY_ID:$LOG_COURIER_S3_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X "$1" "$LOG_COURIER_S3_ENDPOINT/$2"
}

# Number of sources whose newest row comes after the committed offset.
unsettled_sources() {
	local logs=${LOG_COURIER_CLICKHOUSE_LOGS_TABLE:-logs}
	local offsets=${LOG_COURIER_CLICKHOUSE_OFFSETS_TABLE:-offsets}
	"$DEV/sql" "
		SELECT count() FROM (
			SELECT raftSessionID, bucketName, max((insertedAt, startTime, req_id)) AS newest
			FROM $logs GROUP BY raftSessionID, bucketName) AS rows
		LEFT JOIN (
			SELECT raftSessionID, bucketName, max((lastProcessedInsertedAt,
				lastProcessedStartTime, lastProcessedReqId)) AS committed
			FROM $offsets GROUP BY raftSessionID, bucketName) AS done
		USING (raftSessionID, bucketName)
		WHERE committed < newest"
}

# True when every row has been delivered and committed.
everything_settled() {
	[ "$(unsettled_sources)" = 0 ]
}

# ended PID: true when a child of this shell is no more.
ended() {
	! kill -0 "$1" 2>/dev/null
}

# await SECONDS COMMAND...: looks until the command succeeds; fails after as many looks as there are in so many seconds. They are
# counted, not timed: on a busy machine each look takes longer, as does what is awaited. What takes long is looked at less often: each
# look costs some processes.
await() {
	local tenths=0 limit=$((10 * $1))
	shift
	until "$@"; do
		[ "$tenths" -lt "$limit" ] || return 1
		rest_between_looks
	done
}

# rest_between_looks: pauses between two looks, by the caller's `tenths` of a second that have gone in pauses.
rest_between_looks() {
	local next=$((tenths < 20 ? 2 : 5))
	tenths=$((tenths + next))
	sleep "0.$next"
}

# await_progress SECONDS MEASURE COMMAND...: polls until the command succeeds; fails when what MEASURE prints
# has stayed the same for so long. Thus a busy machine takes longer, and what hangs is found soon.
await_progress() {
	local tenths=0 limit=$((10 * $1)) due=0 end=0 measure=$2 last='' now
	shift 2
	until "$@"; do
		if [ "$tenths" -ge "$due" ]; then
			now=$("$measure")
			if [ "$now" != "$last" ]; then
				last=$now
				end=$((tenths + limit))
			fi
			[ "$tenths" -lt "$end" ] || return 1
			due=$((tenths + 10))
		fi
		rest_between_looks
	done
}

# end_child PID SECONDS: SIGTERM, and SIGKILL when that does not help; returns the child's status.
end_child() {
	kill -TERM "$1" 2>/dev/null
	await "$2" ended "$1" || kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}
