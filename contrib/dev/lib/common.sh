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

# Settings with which rows are delivered within seconds, for tests and demonstrations.
quick_environment() {
	export LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=3
	export LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=2
	export LOG_COURIER_CONSUMER_MIN_DISCOVERY_INTERVAL_SECONDS=1
	export LOG_COURIER_CONSUMER_MAX_DISCOVERY_INTERVAL_SECONDS=1
	export LOG_COURIER_RETRY_MAX_BACKOFF_SECONDS=2
	export LOG_COURIER_S3_MAX_BACKOFF_DELAY_SECONDS=2
	export LOG_COURIER_HEALTH_UNREACHABLE_AFTER_SECONDS=3
	export LOG_COURIER_SUPERVISOR_RESTART_INITIAL_BACKOFF_MILLISECONDS=100
	export LOG_COURIER_SUPERVISOR_RESTART_MAX_BACKOFF_SECONDS=1
	export LOG_COURIER_SUPERVISOR_HEALTHY_AFTER_SECONDS=5
	export LOG_COURIER_SHUTDOWN_TIMEOUT_SECONDS=30
	export LOG_COURIER_SUPERVISOR_SHARDS=4
}

# Number of sources whose newest row lies behind the committed offset.
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

# begin_waiting SECONDS, and goes_on_waiting after each look: the time that a wait takes, in the caller's variables. Looks count with the
# processor time that they took, and the pauses between: so a busy machine makes a wait longer, up to five times.
begin_waiting() {
	children_took
	WAIT_SECONDS=$1 WAIT_BEGAN=$SECONDS WAIT_TOOK=$TOOK_TICKS WAIT_LOOKS=0
}

goes_on_waiting() {
	local passed=$((SECONDS - WAIT_BEGAN))
	children_took
	[ "$passed" -lt $((5 * WAIT_SECONDS)) ] || return
	[ "$passed" -lt "$WAIT_SECONDS" ] ||
		[ $((20 * WAIT_LOOKS + TOOK_TICKS - WAIT_TOOK)) -lt $((100 * WAIT_SECONDS)) ] || return
	WAIT_LOOKS=$((WAIT_LOOKS + 1))
	sleep 0.2
}

# Sets TOOK_TICKS: the processor time of this shell's children that have ended, in hundredths of a second (proc(5): cutime, cstime).
children_took() {
	local stat fields
	read -r stat <"/proc/$BASHPID/stat"
	read -ra fields <<<"${stat##*) }"
	TOOK_TICKS=$((fields[13] + fields[14]))
}

# await SECONDS COMMAND...: looks until the command succeeds; fails when the time is over.
await() {
	local WAIT_SECONDS WAIT_BEGAN WAIT_TOOK WAIT_LOOKS TOOK_TICKS
	begin_waiting "$1"
	shift
	until "$@"; do
		goes_on_waiting || return
	done
}

# await_progress SECONDS MEASURE COMMAND...: looks until the command succeeds; fails when what MEASURE prints
# has stayed the same for so long. Thus a busy machine takes longer, and what hangs is found soon.
await_progress() {
	local WAIT_SECONDS WAIT_BEGAN WAIT_TOOK WAIT_LOOKS TOOK_TICKS
	local limit=$1 measure=$2 last='' now
	shift 2
	begin_waiting "$limit"
	until "$@"; do
		now=$("$measure")
		if [ "$now" != "$last" ]; then
			last=$now
			begin_waiting "$limit"
		fi
		goes_on_waiting || return
	done
}

# end_child PID SECONDS: SIGTERM, and SIGKILL when that does not help; returns the child's status.
end_child() {
	kill -TERM "$1" 2>/dev/null
	await "$2" ended "$1" || kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}
