# shellcheck shell=bash
# How a system test reads: a story, told with a stack, rows, the service, and asserts. To be sourced.
#
#	. "$(dirname "$0")/lib.sh"
#	story "a worker that dies loses nothing"
#	start_stack
#	load --rows 1000
#	start_service
#	await_every_row 60
#	stop_service
#	check "every row is delivered once" verify
#	end_story
#
# Output is TAP. Exit status: 0 all asserts hold, 1 one does not, 77 the test can't run here.
# BUILD_DIR names the build to test, by default build/demo. FULL=1 asks for the long form of a story.

set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../contrib/dev/lib/common.sh"

BUILD_DIR=${BUILD_DIR:-$TOP/build/demo}
FULL=${FULL:-0}
WORK=''
SERVICE_PID=''
FLOW_PID=''
FAULTS=faults # which one of several proxies start_faults, faulty and inject are for
CHILDREN=() # what else a story has started, to be ended with it
CHECKS=0
FAILURES=0

# What a test leaves goes, however it ends; a failed test keeps its directory.
clean_up() {
	local status=$?
	trap - EXIT INT TERM
	local child
	for child in "${CHILDREN[@]}"; do
		end_child "$child" 5
	done
	[ -z "$FLOW_PID" ] || end_child "$FLOW_PID" 5
	[ -z "$SERVICE_PID" ] || end_child "$SERVICE_PID" 40
	local stack
	for stack in "$WORK/stack" "$WORK/second"; do
		[ ! -d "$stack" ] || "$DEV/stack" stop --dir "$stack" >>"$WORK/stop.log" 2>&1
	done
	if [ "$FAILURES" -eq 0 ] && [ "$status" -eq 0 ]; then
		rm -rf "$WORK"
	else
		echo "# logs are kept in $WORK"
		[ ! -f "$WORK/service.log" ] || tail -n 20 "$WORK/service.log" | sed 's/^/#   /'
	fi
	exit "$status"
}

# forget_child PID: it has ended, and its pid may be another process's by the end of the story.
forget_child() {
	local child others=()
	for child in "${CHILDREN[@]}"; do
		[ "$child" = "$1" ] || others+=("$child")
	done
	CHILDREN=("${others[@]}")
}

story() {
	echo "# $1"
	COURIER=$(program log-courier) || exit 1
	CONTROL=$(program log-courier-ctl) || exit 1
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/log-courier-test.XXXXXX")
	# The servers of the stack are not root.
	chmod 755 "$WORK"
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

end_story() {
	echo "1..$CHECKS"
	[ "$FAILURES" -eq 0 ]
	exit
}

# check TEXT COMMAND...: one assert: the command succeeds. What it says is shown if it doesn't.
# The command runs in this shell, so it may start and await children and set variables.
check() {
	local text=$1
	shift
	CHECKS=$((CHECKS + 1))
	if "$@" >"$WORK/said" 2>&1; then
		echo "ok $CHECKS - $text"
		return 0
	fi
	FAILURES=$((FAILURES + 1))
	echo "not ok $CHECKS - $text"
	tail -n 60 "$WORK/said" | head -c 20000 | sed 's/^/#   /'
	return 1
}

# need TEXT COMMAND...: an assert without which the story can't go on.
need() {
	check "$@" || end_story
}

# start_stack [ARGUMENT...]: with arguments of contrib/dev/stack start.
start_stack() {
	need "the stack starts" start_stack_in "$WORK/stack" "$@"
	quick_environment
}

# One server alone: clickhouse or s3.
stop_server() {
	"$DEV/stack" stop --dir "$WORK/stack" --only "$1"
}

start_server() {
	stack_start "$WORK/stack" --only "$1"
}

# start_faults [OPTION...]: contrib/dev/faults before the stack's servers; faulty says where.
start_faults() {
	: >"$WORK/$FAULTS.json"
	"$DEV/faults" --s3 "$LOG_COURIER_S3_ENDPOINT" --clickhouse "$LOG_COURIER_CLICKHOUSE_URL" "$@" \
		>"$WORK/$FAULTS.json" 2>"$WORK/$FAULTS.log" &
	CHILDREN+=($!)
	need "faults can be injected" await 20 test -s "$WORK/$FAULTS.json"
}

# faulty s3|s3_tls|clickhouse|control: its URL.
faulty() {
	jq -er ".$1" "$WORK/$FAULTS.json"
}

# inject [RULE...]: these rules of contrib/dev/faults instead of all others.
inject() {
	printf '%s\n' "$@" | jq -sc . |
		curl -sS --fail-with-body -X PUT --data-binary @- "$(faulty control)/rules"
}

load() {
	"$DEV/load" --quiet "$@"
}

# Rows that come in steadily, in the background: start_flow RATE SECONDS [LOAD ARGUMENT...]
start_flow() {
	"$DEV/load" --quiet --rate "$1" --duration "$2" "${@:3}" >>"$WORK/load.log" 2>&1 &
	FLOW_PID=$!
}

rows_in_clickhouse() {
	"$DEV/sql" "SELECT count() FROM ${LOG_COURIER_CLICKHOUSE_LOGS_TABLE:-logs}"
}

# await_flow SECONDS: waits for their end, as long as no such time passes without a row.
await_flow() {
	local pid=$FLOW_PID
	await_progress "$1" rows_in_clickhouse ended "$pid" || return
	FLOW_PID=''
	wait "$pid"
}

# start_service [FLAG...]: its log goes to $WORK/service.log
start_service() {
	"$COURIER" "$@" >>"$WORK/service.log" 2>&1 &
	SERVICE_PID=$!
	need "the service becomes healthy" await 30 healthy
}

# full SHORT LONG: one of them, as FULL asks.
full() {
	if [ "$FULL" = 1 ]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# stop_service: SIGTERM; succeeds when the service exits 0 within its shutdown time-out.
stop_service() {
	local pid=$SERVICE_PID
	kill -TERM "$pid"
	await $((LOG_COURIER_SHUTDOWN_TIMEOUT_SECONDS + 5)) ended "$pid" || return
	SERVICE_PID=''
	wait "$pid"
}

# Its workers end by themselves within seconds.
kill_supervisor() {
	kill -KILL "$SERVICE_PID" && await 5 ended "$SERVICE_PID" && SERVICE_PID=''
}

# kill_service: all its processes at once, be there workers at this moment or not.
kill_service() {
	local pids
	read -ra pids <<<"$(workers)"
	kill -KILL "$SERVICE_PID" "${pids[@]}" 2>/dev/null
	await 5 ended "$SERVICE_PID" && SERVICE_PID='' && await 20 state_is_free
}

# The directory is free as soon as the last process of a killed service has ended.
state_is_free() {
	flock -n "$LOG_COURIER_STATE_DIRECTORY/lock" true
}

# health_is STATUS: what log-courier-ctl health exits with.
health_is() {
	local status=0
	"$CONTROL" health >/dev/null 2>&1 || status=$?
	[ "$status" -eq "$1" ]
}

healthy() {
	! ended "$SERVICE_PID" && health_is 0
}

# is_red WORDS: health fails, and says so.
is_red() {
	local status=0
	"$CONTROL" health >"$WORK/health" 2>&1 || status=$?
	[ "$status" -eq 1 ] && tr -s '\n ' ' ' <"$WORK/health" | grep -qF -- "$1"
}

# says WORDS...: each of them, while health is red.
says() {
	local words
	for words in "$@"; do
		is_red "$words" || return
	done
}

wrong_server_answers() {
	curl -s -o "$WORK/body" --noproxy '*' "http://127.0.0.1:$PORT/"
}

# start_wrong_server NAME: on PORT, in the place of NAME; it answers with what the file ANSWER holds.
start_wrong_server() {
	PORT=$("$TOP/tests/system/free_port.py")
	"$TOP/tests/system/wrong_server.py" "$PORT" "$ANSWER" >"$WORK/server.log" 2>&1 &
	CHILDREN+=($!)
	need "a server is there in the place of $1" await 10 wrong_server_answers
}

# The processes that the supervisor has forked.
workers() {
	cat "/proc/$SERVICE_PID/task/$SERVICE_PID/children"
}

# The same, of all shards in their order; null for a shard without one.
worker_pids() {
	"$CONTROL" status --json | jq -r '[.shards[].pid | tostring] | join(" ")'
}

# worker_of SHARD: its process; fails while there is none.
worker_of() {
	"$CONTROL" status --json | jq -er ".shards[$1].pid"
}

# another_worker SHARD PID: it has one, and not that one.
another_worker() {
	local pid
	pid=$(worker_of "$1") && [ "$pid" != "$2" ]
}

# kill_worker_of SHARD: until there is another one.
kill_worker_of() {
	local pid
	pid=$(worker_of "$1") && kill -KILL "$pid" && await 20 another_worker "$1" "$pid"
}

delivered_rows() {
	"$DEV/counter" log_courier_records_delivered_total 2>/dev/null || echo 0
}

# delivered_at_least ROWS: since the service's start.
delivered_at_least() {
	[ "$(delivered_rows)" -ge "$1" ]
}

# await_delivery SECONDS: as long as no such time passes without a row delivered.
await_delivery() {
	need "all rows are delivered and committed" await_progress "$1" delivered_rows everything_settled
}

# await_every_row SECONDS: late rows come before what is committed, and nobody knows of them before a reconcile has found them: so
# each row is looked for in the objects, too.
await_every_row() {
	await_delivery "$1"
	need "no row is missing" await "$1" verify --allow-double
}

verify() {
	"$DEV/verify" "$@"
}

# keys_in BUCKET [PREFIX]: of its objects.
keys_in() {
	"$DEV/objects" "$@" | cut -c 14-
}

# Whether contrib/dev/stack start --zookeeper can work here.
has_zookeeper() {
	[ -r /usr/share/java/zookeeper.jar ] && command -v java >/dev/null
}

# need_zookeeper: a story that cannot be told without it is skipped.
need_zookeeper() {
	has_zookeeper && return
	echo "1..0 # SKIP ZooKeeper is not installed: contrib/dev/prepare zookeeper"
	exit 77
}

# zookeeper_of leader|follower: the names of its processes that are that now, a line each.
zookeeper_of() {
	"$DEV/stack" status --dir "$WORK/stack" | sed -n "s/^\(zookeeper-.\) .*, $1\$/\1/p"
}

# pid_of NAME: of a process of the stack.
pid_of() {
	cut -d ' ' -f 1 "$WORK/stack/run/$1.pid"
}

# signal_servers SIGNAL NAME...: processes of the stack.
signal_servers() {
	local name
	for name in "${@:2}"; do
		kill -s "$1" "$(pid_of "$name")" || return
	done
}

# ZooKeeper's; start_server zookeeper brings it back.
kill_leader() {
	local leader
	leader=$(zookeeper_of leader) && [ -n "$leader" ] && signal_servers KILL "$leader"
}

# preflight CODE WORDS [FLAG...]: it ends so, and one of its lines has the words.
preflight() {
	local status=0
	"$COURIER" --preflight "${@:3}" >"$WORK/preflight" 2>&1 || status=$?
	cat "$WORK/preflight"
	[ "$status" -eq "$1" ] && grep -qF -- "$2" "$WORK/preflight"
}

# told TEXT CODE WORDS [FLAG...]
told() {
	check "$1" preflight "${@:2}"
	grep -E '^(warn|FAIL|log-courier:)' "$WORK/preflight" | sed 's/^/#   /'
}

# delete_objects BUCKET [PREFIX]: all of them.
delete_objects() {
	python3 - "$DEV/lib" "$@" <<-'END' || return
		import sys
		sys.dont_write_bytecode = True
		sys.path.insert(0, sys.argv[1])
		from s3 import S3
		s3 = S3.from_environment()
		for key, _ in list(s3.list_objects(*sys.argv[2:])):
		    s3.request(sys.argv[2], key, method="DELETE")
	END
	[ -z "$(keys_in "$@")" ]
}

# nothing_in_parts BUCKET...: no upload in parts is unfinished in any.
nothing_in_parts() {
	python3 - "$DEV/lib" "$@" <<-'END'
		import sys
		sys.dont_write_bytecode = True
		sys.path.insert(0, sys.argv[1])
		from s3 import S3
		s3 = S3.from_environment()
		lists = [s3.request(bucket, query=[("uploads", "")])[1].decode() for bucket in sys.argv[2:]]
		unfinished = [found for found in lists if "<Upload>" in found]
		print("\n".join(unfinished))
		sys.exit(bool(unfinished))
	END
}

# replays_ended COUNT: so many replays, and no others, are there, and all have ended. A shard whose worker is just being restarted
# tells of none.
replays_ended() {
	"$CONTROL" replays --json 2>"$WORK/replays.err" |
		jq -e "[.replays[].ended_at != null] | length == $1 and all" >"$WORK/replays"
}
