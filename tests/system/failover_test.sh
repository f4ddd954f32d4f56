#!/bin/bash
# Machines that share the ledgers (failover.enabled): one goes on where another stops, is killed, or stands still, and each row is
# delivered exactly once. A machine is a service with a state directory, a socket and a port of its own.

. "$(dirname "$0")/lib.sh"

SHARDS=3
declare -A MACHINES=() # pid by name

# as NAME: the settings by which machines differ.
as() {
	export LOG_COURIER_FAILOVER_MACHINE_NAME=$1
	export LOG_COURIER_STATE_DIRECTORY=$WORK/state-$1
	export LOG_COURIER_SUPERVISOR_SOCKET=$WORK/$1.sock
	LOG_COURIER_METRICS_SERVER_LISTEN_PORT=$("$TOP/tests/system/free_port.py")
	export LOG_COURIER_METRICS_SERVER_LISTEN_PORT
	mkdir -p "$LOG_COURIER_STATE_DIRECTORY"
}

# start_machine NAME: it takes all shards, whoever has them.
start_machine() {
	as "$1"
	SERVICE_PID=''
	start_service
	MACHINES[$1]=$SERVICE_PID
	CHILDREN+=("$SERVICE_PID")
}

# The processes of a machine, its workers first.
processes_of() {
	pgrep -P "${MACHINES[$1]}"
	echo "${MACHINES[$1]}"
}

# signal_machine SIGNAL NAME: to all of its processes at once.
signal_machine() {
	local pids
	mapfile -t pids < <(processes_of "$2")
	kill -"$1" "${pids[@]}"
}

machine_ended() {
	ended "${MACHINES[$1]}"
}

# Who owns each shard: "A A A".
owners() {
	"$DEV/sql" "SELECT arrayStringConcat(groupArray(extract(value, 'owner=([^ ]+)')), ' ') FROM (SELECT value FROM courier_heads ORDER BY name)"
}

owned_by() {
	[ "$(owners)" = "$1" ]
}

# taken_over NAME: each of its workers has ended with that code.
# taken_over FROM_LINE BY: since then each of the shards was told to be another one's.
taken_over() {
	[ "$(tail -n "+$1" "$WORK/service.log" | grep -c "machine $2 has taken shard")" -ge "$SHARDS" ]
}

lines() {
	wc -l <"$WORK/service.log"
}

# prints WORDS FLAG: and succeeds.
prints() {
	"$COURIER" "$2" >"$WORK/printed" && cat "$WORK/printed" && grep -q "$1" "$WORK/printed"
}

refuses() {
	! "$COURIER" "$1"
}

story "machines that share the ledgers"
[ -r /usr/share/java/zookeeper.jar ] || { echo "# SKIP ZooKeeper is not installed: contrib/dev/prepare zookeeper"; exit 77; }
start_stack --zookeeper
export LOG_COURIER_FAILOVER_ENABLED=true
export LOG_COURIER_SUPERVISOR_SHARDS=$SHARDS
export LOG_COURIER_LEDGER_BUCKET=courier-ledgers
export LOG_COURIER_LEDGER_CHECKPOINT_INTERVAL_SECONDS=10
need "there is a bucket for the ledgers" s3_bucket PUT "$LOG_COURIER_LEDGER_BUCKET"

as A
"$COURIER" >"$WORK/unpublished.log" 2>&1
check "what was not published is not made by a start" grep -q "publish-ledgers" "$WORK/unpublished.log"
check "what is not there is not published" refuses --publish-ledgers
check "ledgers of a new deployment are published" "$COURIER" --publish-fresh-ledgers
check "  once" prints "was published before" --publish-ledgers

need "rows come" load --rows 6000 --sources 60 --seed 1
start_machine A
await_every_row 60
check "the machine owns all shards" owned_by "A A A"
check "each row is delivered exactly once" verify

echo "# taken from a machine that lives"
start_flow 300 3600
since=$(lines)
start_machine B
check "another machine takes the shards" await 60 owned_by "B B B"
check "  the first one delivers no more" await 60 taken_over "$since" B
need "  rows go on to be delivered" await 60 delivered_at_least 2000

echo "# taken from a machine that was killed"
signal_machine KILL B
start_machine C
check "another machine takes the shards" await 60 owned_by "C C C"
need "  rows go on to be delivered" await 60 delivered_at_least 2000

echo "# taken from a machine that stands still, and wakes up"
signal_machine STOP C
since=$(lines)
start_machine D
check "another machine takes the shards" await 60 owned_by "D D D"
need "  rows go on to be delivered" await 60 delivered_at_least 2000
signal_machine CONT C
check "  the one that wakes up delivers no more" await 60 taken_over "$since" D

echo "# Keeper"
leader() {
	"$DEV/stack" status --dir "$WORK/stack" | sed -n 's/^\(zookeeper-[0-9]\).*leader.*/\1/p'
}
LEADER=$(leader)
need "there is a leader" test -n "$LEADER"
kill -KILL "$(cut -d ' ' -f 1 "$WORK/stack/run/$LEADER.pid")"
before=$(delivered_rows)
need "rows go on to be delivered when it was killed" await 120 delivered_at_least $((before + 2000))
check "  and it is started again" start_server zookeeper
for name in zookeeper-1 zookeeper-2 zookeeper-3; do
	kill -STOP "$(cut -d ' ' -f 1 "$WORK/stack/run/$name.pid")"
done
before=$(delivered_rows)
check "while all of it stands still health is red" await 120 is_red "ledger"
for name in zookeeper-1 zookeeper-2 zookeeper-3; do
	kill -CONT "$(cut -d ' ' -f 1 "$WORK/stack/run/$name.pid")"
done
need "rows go on to be delivered when it goes on" await 180 delivered_at_least $((before + 2000))

end_child "$FLOW_PID" 5
FLOW_PID=''
await_every_row 120
check "each row is delivered exactly once" verify
check "it ends on SIGTERM" stop_service
check "  and says in the heads that nobody owns the shards" owned_by "- - -"
end_story
