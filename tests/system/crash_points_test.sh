#!/bin/bash
# Killed between any two durable steps. For each crash point of delivery and ledger: the process that reaches
# it dies there at the first delivery, in the middle of a stream to several targets, with late rows, with a
# target that is blocked, and when that is opened again. Then each row is delivered exactly once.
# Needs a build with --enable-crash-points: BUILD_DIR, or else it makes one. POINTS="NAME..." chooses some.

. "$(dirname "$0")/lib.sh"
BLOCKED=target-8
# The counting file's size at which the process dies.
ROOM=9

# Those of moves and layouts have tests of their own.
crash_points() {
	sed -nE 's/^LC_CRASH_POINT_ENTRY\([A-Z_]+, "([^"]+)".*/\1/p' "$TOP/include/tbl/crash_points.h" |
		grep -vE '^(move|layout)\.'
}

# Only such a build contains the name.
has_crash_points() {
	grep -q LOG_COURIER_TEST_CRASH_AT "$COURIER"
}

build_crash_points() {
	BUILD_DIR=$WORK/build
	mkdir "$BUILD_DIR" && (
		cd "$BUILD_DIR" || exit
		"$TOP/configure" --quiet --enable-crash-points CFLAGS=-O1 &&
			make --quiet -j2 src/log-courier src/log-courier-ctl contrib/dev/front/clickhouse-front
	) && COURIER=$(program log-courier) && CONTROL=$(program log-courier-ctl)
}

# arm TIMES: the process dies when it reaches the point so many times from now.
arm() {
	head -c $((ROOM - $1)) /dev/zero >"$LOG_COURIER_TEST_CRASH_COUNT"
}

disarm() {
	head -c $((ROOM + 1)) /dev/zero >"$LOG_COURIER_TEST_CRASH_COUNT"
}

reached() {
	[ "$(stat -c %s "$LOG_COURIER_TEST_CRASH_COUNT")" -ge "$ROOM" ]
}

# s3_bucket PUT|DELETE: makes or deletes the bucket that is blocked while it is not there.
s3_bucket() {
	curl -sS --fail-with-body --aws-sigv4 "aws:amz:$LOG_COURIER_S3_REGION:s3" \
		--user "$LOG_COURIER_S3_ACCESS_KEY_ID:$LOG_COURIER_S3_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X "$1" "$LOG_COURIER_S3_ENDPOINT/$BLOCKED"
}

# load_rows TARGETS [LOAD ARGUMENT...]: others each time.
seed=0
load_rows() {
	seed=$((seed + 1))
	load --rows 300 --sources 10 --sessions 3 --seed "$seed" --targets "$1" "${@:2}"
}

target_is_blocked() {
	"$CONTROL" targets --blocked --json | grep -q "$BLOCKED"
}

load_blocked_rows() {
	load_rows "$BLOCKED,target-1"
}

launch_service() {
	"$COURIER" >>"$WORK/service.log" 2>&1 &
	SERVICE_PID=$!
}

# Where a point lies on no way of a situation, nobody waits for it.
may_be_reached() {
	case $POINT in
	reconcile.opened) [ "$1" = late ] ;;
	rebuild.*) [ "$1" = opened ] ;;
	discovery.* | scan.*) [ "$1" != opened ] ;;
	*) true ;;
	esac
}

# The third time means: in the middle of many objects. Offsets of them all go into one insert.
times_in_stream() {
	case $POINT in
	commit.*) echo 1 ;;
	*) echo 3 ;;
	esac
}

# situation NAME TIMES COMMAND...: does it, and gives the process time to die.
situation() {
	may_be_reached "$1" && arm "$2"
	need "$POINT, $1" "${@:3}"
	if may_be_reached "$1"; then
		await 6 reached && HITS="$HITS $1" || MISSES="$MISSES $1"
	fi
	disarm
}

nothing_pending() {
	! "$CONTROL" status --json | grep -qE '"pending": *[1-9]'
}

all_is_delivered() {
	healthy && nothing_pending && verify --allow-double
}

walk() {
	POINT=$1
	HITS='' MISSES=''
	need "$POINT: nothing is there" "$DEV/stack" reset --dir "$WORK/stack"
	need "the target $BLOCKED is away" s3_bucket DELETE
	export LOG_COURIER_TEST_CRASH_AT=$POINT:$ROOM
	need "the first rows are there" load_rows 1
	disarm
	situation first 1 launch_service
	situation stream "$(times_in_stream)" load_rows 4
	situation late 1 load_rows 4 --time-range 30
	situation blocked 1 load_blocked_rows
	need "$POINT: the target is blocked" await 20 target_is_blocked
	situation opened 1 s3_bucket PUT
	need "$POINT: all rows are delivered" await 40 all_is_delivered
	check "$POINT: the service ends on SIGTERM" stop_service
	check "$POINT: each row is delivered exactly once" verify
	echo "# $POINT: died at$HITS; not reached at${MISSES:- none}"
	check "$POINT is reached" [ -n "$HITS" ]
}

story "a process that dies at any crash point loses nothing and delivers nothing twice"
has_crash_points || need "a build with crash points is made" build_crash_points
start_stack
export LOG_COURIER_SUPERVISOR_SHARDS=1
export LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=1
export LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=1
export LOG_COURIER_RETRY_MAX_BACKOFF_SECONDS=1
export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=1
export LOG_COURIER_RECONCILE_FULL_INTERVAL_SECONDS=1
export LOG_COURIER_TEST_CRASH_COUNT=$WORK/reached
for point in ${POINTS:-$(crash_points)}; do
	walk "$point"
done
end_story
