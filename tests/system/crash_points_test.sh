#!/bin/bash
# Killed between any two durable steps. For each crash point of delivery and ledger: the process that reaches
# it dies there at the first delivery, in the middle of a stream to several targets, with late rows, with a
# target that is blocked, when that is opened again, and when a successor rebuilds what a killed process had
# on its way. Bodies are compressed. For each one of moves and layouts: the process that changes the number of
# shards dies there. For each one of replays: the worker that carries out a replay of all rows dies there,
# after what they were delivered in was deleted. For each one of uploads in parts: the worker that sends a
# large object dies there. For each one of ledgers that machines share: the worker that writes its first
# segments dies there. Then each row is delivered exactly once, and nothing is left in parts.
# Log objects have keys of all forms, mostly those that tell when they were made: what is PUT again must not be
# named again.
# FULL=1 also takes the situations that are much like another one.
# Needs a build with --enable-crash-points: BUILD_DIR, or else it makes one. POINTS="NAME..." chooses some.

. "$(dirname "$0")/lib.sh"
BLOCKED=target-8
export LOG_COURIER_LEDGER_BUCKET=courier-ledgers
# The counting file's size at which the process dies.
ROOM=9

crash_points() {
	sed -nE 's/^LC_CRASH_POINT_ENTRY\([A-Z_]+, "([^"]+)".*/\1/p' "$TOP/include/tbl/crash_points.h"
}

# is_of_change POINT: does it lie on the way of a change of the number of shards?
is_of_change() {
	[[ $1 == move.* || $1 == layout.* ]]
}

is_of_replay() {
	[[ $1 == replay.* ]]
}

is_of_parts() {
	[[ $1 == multipart.* ]]
}

is_of_share() {
	[[ $1 == share.* ]]
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

# Of the situations that are much like another one, the short form takes these.
is_taken() {
	case $1 in
	first) [ "$FULL" = 1 ] || [[ $POINT == ledger.* ]] ;;
	late) [ "$FULL" = 1 ] || [[ $POINT == reconcile.* ]] ;;
	*) true ;;
	esac
}

# Where a point lies on no way of a situation, nobody waits for it.
may_be_reached() {
	is_taken "$1" || return
	case $POINT in
	reconcile.opened) [ "$1" = late ] ;;
	rebuild.*) [[ $1 == opened || $1 == rebuilt ]] ;;
	ledger.* | upload.*) true ;;
	discovery.* | scan.*) [[ $1 != opened && $1 != rebuilt ]] ;;
	*) [ "$1" != rebuilt ] ;;
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

gateway() {
	kill "-$1" "$(cut -d' ' -f1 "$WORK/stack/run/radosgw.pid")"
}

is_uploading() {
	[ "$("$DEV/counter" log_courier_inflight_uploads)" -gt 0 ]
}

# S3 does not answer; the service is killed with PUTs on their way; S3 answers again.
die_while_uploading() {
	gateway STOP && load_rows 4 && await 20 is_uploading && kill_service
	local status=$?
	gateway CONT && return "$status"
}

nothing_pending() {
	! "$CONTROL" status --json | grep -qE '"pending": *[1-9]'
}

is_quiet() {
	healthy && nothing_pending
}

all_is_delivered() {
	is_quiet && verify --allow-double
}

walk() {
	POINT=$1
	HITS='' MISSES=''
	need "$POINT: nothing is there" "$DEV/stack" reset --dir "$WORK/stack"
	need "the target $BLOCKED is away" s3_bucket DELETE "$BLOCKED"
	export LOG_COURIER_TEST_CRASH_AT=$POINT:$ROOM
	need "the first rows are there" load_rows 1
	disarm
	situation first 1 launch_service
	situation stream "$(times_in_stream)" load_rows 4
	situation late 1 load_rows 4 --time-range 30
	situation blocked 1 load_blocked_rows
	need "$POINT: the target is blocked" await 20 target_is_blocked
	situation opened 1 s3_bucket PUT "$BLOCKED"
	if may_be_reached rebuilt; then
		need "$POINT: all rows so far are delivered" await 40 is_quiet
		need "$POINT: the service is killed in the middle of its uploads" die_while_uploading
		situation rebuilt 1 launch_service
	fi
	need "$POINT: all rows are delivered" await 40 all_is_delivered
	check "$POINT: the service ends on SIGTERM" stop_service
	check "$POINT: each row is delivered exactly once" verify
	echo "# $POINT: died at$HITS; not reached at${MISSES:- none}"
	check "$POINT is reached" [ -n "$HITS" ]
}

# With an intent for a blocked target, which moves on with its source each time.
begin_changes() {
	need "nothing is there" "$DEV/stack" reset --dir "$WORK/stack"
	need "the target $BLOCKED is away" s3_bucket DELETE "$BLOCKED"
	disarm
	LOG_COURIER_SUPERVISOR_SHARDS=3 launch_service
	need "the first rows are there" load_blocked_rows
	need "the target is blocked" await 20 target_is_blocked
}

# change_shards POINT: the process dies there on the way to another number, and the next one comes through.
shards=3
change_shards() {
	shards=$((shards % 4 + 1))
	export LOG_COURIER_TEST_CRASH_AT=$1:$ROOM
	need "$1: more rows are there" load_rows 4
	need "$1: the service is killed" kill_service
	arm 1
	LOG_COURIER_SUPERVISOR_SHARDS=$shards launch_service
	check "$1 is reached" await 10 reached
	need "$1: the service has ended" await 10 ended "$SERVICE_PID"
	disarm
	LOG_COURIER_SUPERVISOR_SHARDS=$shards launch_service
	need "$1: the next one has $shards shards" await 20 healthy
}

# stands_still PID: it waits for the lock of the file in which it counts.
stands_still() {
	grep -q -- "-> FLOCK .* $1 " /proc/locks
}

# the_mover: the child that stands still.
the_mover() {
	MOVER=$(workers) && MOVER=${MOVER// /} && [ -n "$MOVER" ] && stands_still "$MOVER"
}

# While somebody else has locked the count, the mover stands still at the point, and can be looked at.
look_at_the_mover() {
	local count
	need "the service is killed" kill_service
	disarm
	exec {count}<"$LOG_COURIER_TEST_CRASH_COUNT"
	need "the count is locked" flock "$count"
	LOG_COURIER_TEST_CRASH_AT=move.copied:$ROOM LOG_COURIER_SUPERVISOR_SHARDS=2 launch_service
	need "the mover stands still" await 10 the_mover
	check "it holds open what it needs, and has inherited nothing else" "$TOP/tests/system/processes.py" mover "$MOVER"
	need "the lock is given back" flock -u "$count"
	exec {count}<&-
	need "the service has 2 shards" await 20 healthy
}

end_changes() {
	need "the target $BLOCKED is there" s3_bucket PUT "$BLOCKED"
	need "all rows are delivered after these changes" await 40 all_is_delivered
	check "the service ends on SIGTERM" stop_service
	check "each row is delivered exactly once" verify
}

# die_in_parts POINT: the worker dies there while it sends an object of three parts.
die_in_parts() {
	need "$1: nothing is there" "$DEV/stack" reset --dir "$WORK/stack"
	need "$1: rows for a large object are there" load --rows 23000 --sources 1 --time-range 30 --targets target-1
	arm 1
	LOG_COURIER_TEST_CRASH_AT=$1:$ROOM LOG_COURIER_CONSUMER_COMPRESSION=none LOG_COURIER_S3_MULTIPART_THRESHOLD_BYTES=5242880 \
		LOG_COURIER_S3_MULTIPART_PART_BYTES=5242880 launch_service
	check "$1 is reached" await 20 reached
	need "$1: all rows are delivered" await 40 all_is_delivered
	check "$1: nothing is left in parts" nothing_in_parts target-1
	check "$1: the service ends on SIGTERM" stop_service
	check "$1: each row is delivered exactly once" verify
}

# die_in_share POINT: the worker dies there, at the first segments of a ledger that machines share; the next one takes the shard.
die_in_share() {
	has_zookeeper || {
		echo "# $1 is left out: ZooKeeper is not installed"
		return
	}
	need "$1: nothing is there" "$DEV/stack" reset --dir "$WORK/stack"
	need "$1: there is a bucket for the ledgers" s3_bucket PUT "$LOG_COURIER_LEDGER_BUCKET"
	export LOG_COURIER_LEDGER_PREFIX=$1 # what other ledgers have left there is no part of these
	need "$1: new ledgers are published" shared "$COURIER" --publish-fresh-ledgers
	need "$1: rows are there" load_rows target-1
	arm 3
	LOG_COURIER_TEST_CRASH_AT=$1:$ROOM shared launch_service
	check "$1 is reached" await 60 reached
	disarm
	need "$1: all rows are delivered" await 60 all_is_delivered
	check "$1: the service ends on SIGTERM" stop_service
	check "$1: each row is delivered exactly once" verify
}

# shared COMMAND...: with the settings of machines that share the ledgers.
shared() {
	LOG_COURIER_FAILOVER_ENABLED=true LOG_COURIER_FAILOVER_MACHINE_TIMEOUT_SECONDS=5 "$@"
}

begin_replays() {
	ORDERED=0
	need "nothing is there" "$DEV/stack" reset --dir "$WORK/stack"
	disarm
	FROM=$(date -u -d '-1 hour' +%FT%TZ)
	launch_service
	need "rows to be replayed are there" load_rows target-1
	TO=$(date -u -d '+1 second' +%FT%TZ)
	need "they are delivered" await 40 all_is_delivered
}

replay() {
	"$CONTROL" replay target target-1 --from "$FROM" --to "$TO" "$@" >"$WORK/replay" 2>&1
}

# replay_all POINT: the worker dies there. It may do so before it has answered.
replay_all() {
	need "$1: the service is killed" kill_service
	export LOG_COURIER_TEST_CRASH_AT=$1:$ROOM
	launch_service
	need "$1: the next one is healthy" await 20 healthy
	need "$1: what was delivered is deleted" delete_objects target-1
	need "$1: the time of its rows is over" await 20 replay --dry-run
	arm 1
	replay --yes || reached
	check "$1 is reached" await 10 reached
	disarm
	ORDERED=$((ORDERED + 1))
	need "$1: the replay ends" await 30 replays_ended "$ORDERED"
	check "$1: each row stands in one object" verify
}

story "a process that dies at any crash point loses nothing and delivers nothing twice"
has_crash_points || need "a build with crash points is made" build_crash_points
if has_zookeeper; then start_stack --zookeeper; else start_stack; fi
export LOG_COURIER_SUPERVISOR_SHARDS=1
export LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=1
export LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=1
export LOG_COURIER_RETRY_MAX_BACKOFF_SECONDS=1
export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=1
export LOG_COURIER_RECONCILE_FULL_INTERVAL_SECONDS=1
export LOG_COURIER_CONSUMER_COMPRESSION=gzip
export LOG_COURIER_TEST_CRASH_COUNT=$WORK/reached
export LOG_COURIER_CONSUMER_KEY_FORMAT=partitioned-delivery-time
export LOG_COURIER_CONFIG_FILE=$WORK/config.yml
printf '%s\n' 'targets:' '  - {buckets: target-2, consumer.key-format: partitioned-event-time}' \
	'  - {buckets: target-3, consumer.key-format: simple}' >"$LOG_COURIER_CONFIG_FILE"
changes=''
replays=''
for point in ${POINTS:-$(crash_points)}; do
	if is_of_change "$point"; then
		changes="$changes $point"
	elif is_of_replay "$point"; then
		replays="$replays $point"
	elif is_of_parts "$point"; then
		die_in_parts "$point"
	elif is_of_share "$point"; then
		die_in_share "$point"
	else
		walk "$point"
	fi
done
if [ -n "$changes" ]; then
	begin_changes
	look_at_the_mover
	for point in $changes; do
		change_shards "$point"
	done
	end_changes
fi
if [ -n "$replays" ]; then
	# What lies on the way of any delivery lies on that of a replay, too.
	replays="$replays $(full "" "build.queued ledger.before-commit ledger.after-commit
		upload.before-put upload.answered scan.ranges")"
	begin_replays
	for point in $replays; do
		replay_all "$point"
	done
	check "the service ends on SIGTERM" stop_service
fi
end_story
