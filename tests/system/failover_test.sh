#!/bin/bash
# Machines that share the ledgers (failover.enabled): one joins, is killed, stands still, is cut off, is emptied for maintenance, and
# each row is delivered exactly once. A machine is a service with a state directory, a socket and a port of its own; its way to
# ClickHouse, and with FULL=1 to S3, is a proxy of its own. FULL=1 adds what failover_faults.sh tells; SEED, ROUNDS and ROWS are for that.

. "$(dirname "$0")/lib.sh"

# shellcheck source=contrib/dev/lib/machines.sh
. "$DEV/lib/machines.sh"

# shellcheck source=tests/system/failover_faults.sh
. "$(dirname "$0")/failover_faults.sh"

SHARDS=6

# A machine without a proxy goes straight to the servers.
start_machine() {
	local flags=()
	[ ! -f "$WORK/$1.json" ] ||
		flags=(--clickhouse.url="$(FAULTS=$1 faulty clickhouse)" --s3.endpoint="$(FAULTS=$1 faulty s3)")
	launch_machine "$1" "${flags[@]}"
	CHILDREN+=("${PIDS[$1]}")
	need "machine $1 starts" await 30 "$CONTROL" status
}

# end_machine kill|stop NAME
end_machine() {
	local pid=${PIDS[$2]}
	"$1_machine" "$2" && forget_child "$pid"
}

delivered_rows() {
	delivered_by_machines
}

# go_on ROWS: so many more are delivered.
go_on() {
	local wanted=$(($(delivered_rows) + $1))
	await_progress 90 delivered_rows delivered_at_least "$wanted"
}

# timed COMMAND...: how long it took, for people to read.
timed() {
	local begin=$SECONDS
	"$@" || return
	echo "#   after $((SECONDS - begin)) s" >&3
}

# prints WORDS FLAG: and succeeds.
prints() {
	"$COURIER" "$2" >"$WORK/printed" && cat "$WORK/printed" && grep -q "$1" "$WORK/printed"
}

# took NUMBER MACHINE...: these have taken so many shards, together, from machines that were silent.
took() {
	local machine sum=0
	for machine in "${@:2}"; do
		sum=$((sum + $(status_of "$machine" .taken_from_silent)))
	done
	[ "$sum" = "$1" ]
}

# status_of MACHINE FILTER: what jq makes of its status.
status_of() {
	LOG_COURIER_SUPERVISOR_SOCKET=$WORK/$1.sock "$CONTROL" status --json | jq -r "$2"
}

# owners_are MACHINE SHARES: the same as the status of a machine tells it, in JSON and as a table.
owners_are() {
	[ "$(status_of "$1" '[.shards[].owner] | group_by(.) | map("\(.[0]):\(length)") | join(" ")')" = "$2" ] &&
		LOG_COURIER_SUPERVISOR_SOCKET=$WORK/$1.sock "$CONTROL" status | grep -qE '^SHARD +STATE +OWNER +EPOCH '
}

# owner_is_not SHARD MACHINE: another one has it.
owner_is_not() {
	local owner
	owner=$(status_of A ".shards[$1] | select(.unowned_seconds == null).owner") && [ -n "$owner" ] && [ "$owner" != "$2" ]
}

# finds_workers_of MACHINE: two that are ready, and their shards.
finds_workers_of() {
	local ready
	ready=$(status_of "$1" '.shards[] | select(.state == "ready") | "\(.shard) \(.pid)"') || return
	mapfile -t OWNED < <(cut -d ' ' -f 1 <<<"$ready")
	mapfile -t WORKERS < <(cut -d ' ' -f 2 <<<"$ready")
	[ "${#WORKERS[@]}" -ge 2 ]
}

# refused_are MACHINE OTHER SHARDS: what a machine knows of another one.
refused_are() {
	[ "$(status_of "$1" ".machines[] | select(.name == \"$2\").refuses")" = "$3" ]
}

# finds WORDS FLAG: and fails.
finds() {
	! "$COURIER" "$2" >"$WORK/printed" && cat "$WORK/printed" && grep -q "$1" "$WORK/printed"
}

refuses() {
	! "$COURIER" "$1"
}

verify_soon() {
	await_every_row 120
	check "each row is delivered exactly once" verify
}

meet_some_faults() {
	echo "# one is killed"
	end_machine kill B
	need "the others take its shards" timed await 90 shares_are "A:3 C:3"
	check "  and count them" await 10 took 2 A C
	check "  and know whose each is" await 10 owners_are A "A:3 C:3"
	need "rows are delivered" go_on 100
	start_machine B
	need "it comes back" timed await 90 shares_are "A:2 B:2 C:2"

	echo "# one stands still, and wakes up"
	signal_machine STOP C
	need "the others take its shards" timed await 120 shares_are "A:3 B:3"
	need "rows are delivered" go_on 100
	signal_machine CONT C
	need "it wakes up, and takes its share" timed await 120 shares_are "A:2 B:2 C:2"
	check "  and was told that its shards are others' now" grep -q "has taken shard" "$WORK/C.log"
	need "rows are delivered" go_on 100

	echo "# one is cut off from ClickHouse"
	FAULTS=A inject '{"service": "clickhouse", "times": 0}'
	need "the others take its shards" timed await 120 shares_are "B:3 C:3"
	FAULTS=A inject
	need "it comes back" timed await 120 shares_are "A:2 B:2 C:2"
	need "rows are delivered" go_on 100

	echo "# Keeper"
	need "its leader is killed" kill_leader
	need "rows are delivered when it was killed" go_on 100
	check "  and it is started again" start_server zookeeper
}

give_shards_away() {
	echo "# single shards are given to other machines"
	as C
	need "a machine has two shards with workers" await 60 finds_workers_of C
	check "it is told to give up one" "$CONTROL" release --shard "${OWNED[0]}"
	kill -KILL "${WORKERS[1]}"
	need "another machine has it" timed await 60 owner_is_not "${OWNED[0]}" C
	need "and the one whose worker died once too often" timed await 60 owner_is_not "${OWNED[1]}" C
	check "the others know that they are not wanted there" await 10 refused_are A C "${OWNED[0]},${OWNED[1]}"
	check "it is told that it may have one again" "$CONTROL" rejoin --shard "${OWNED[0]}"
	check "the others know it" await 10 refused_are A C "${OWNED[1]}"
	check "it is told that it may have both" "$CONTROL" rejoin
	check "the ledgers are sound while machines use them" prints "All $SHARDS shards are sound" --check-shared-ledgers
}

go_back_to_one_machine() {
	echo "# back to one machine"
	as B
	check "the ledgers are fetched" prints "All $SHARDS shards are fetched" --fetch-ledgers
	check "  once" prints "All $SHARDS shards are fetched" --fetch-ledgers
	as A
	check "no other machine can have them" refuses --fetch-ledgers
	need "rows come" load --rows 1000 --sources 30 --seed 2
	export LOG_COURIER_FAILOVER_ENABLED=false
	start_machine B
	await_every_row 120
	check "each row is delivered exactly once" verify
	check "it stops" end_machine stop B
	export LOG_COURIER_FAILOVER_ENABLED=true
	check "the ledgers are published again" prints "All $SHARDS shards are published" --publish-ledgers
	need "rows come" load --rows 1000 --sources 30 --seed 3
	start_machine C
	await_every_row 120
	check "each row is delivered exactly once" verify
}

lose_a_ledger() {
	local folder
	echo "# an object of a ledger is lost"
	folder=$(keys_in "$LOG_COURIER_LEDGER_BUCKET" | grep -o "^.*/s0-of-$SHARDS/" | sort | tail -n 1)
	need "all of one ledger is lost" delete_objects "$LOG_COURIER_LEDGER_BUCKET" "$folder"
	check "the check says so" finds "shard 0: not sound: .*$folder" --check-shared-ledgers
	check "  of that shard alone" test "$(grep -c ': sound: ' "$WORK/printed")" = $((SHARDS - 1))
	check "  and leaves nothing" test -z "$(find "$LOG_COURIER_STATE_DIRECTORY" -name 'check-*')"
}

exec 3>&1
story "machines that share the ledgers"
need_zookeeper
start_stack --zookeeper
FAULTS=A start_faults
[ "$FULL" = 0 ] || {
	FAULTS=B start_faults
	FAULTS=C start_faults
}
need "there is a bucket for the ledgers" share_ledgers "$SHARDS"
export LOG_COURIER_CONSUMER_MIN_DISCOVERY_INTERVAL_SECONDS=3 LOG_COURIER_CONSUMER_MAX_DISCOVERY_INTERVAL_SECONDS=3
export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=5
[ "$FULL" = 1 ] || export LOG_COURIER_HEALTH_MAX_DEATHS_IN_A_ROW=1

echo "# published, once"
as A
check "ledgers that are not there are not published" refuses --publish-ledgers
check "those of a new deployment are" prints "All $SHARDS shards are published" --publish-fresh-ledgers
check "  and stay as they are" prints "was published before" --publish-ledgers

echo "# they join"
start_flow 60 3600 --sources 30
start_machine A
need "one machine takes all shards" timed await 90 shares_are "A:6"
start_machine B
need "a second one takes its share" timed await 90 shares_are "A:3 B:3"
BEGIN=$(now_ms)
start_machine C
need "a third one, too" timed await 90 shares_are "A:2 B:2 C:2"
note joins C "$BEGIN" -
need "rows are delivered" go_on 100
"$(full meet_some_faults meet_all_faults)"

[ "$FULL" = 1 ] || give_shards_away

echo "# one is emptied for maintenance"
as C
check "it is told to give up its shards" "$CONTROL" release
need "it has none" timed await 120 shares_are "A:3 B:3"
check "the others know it" "$CONTROL" machines
check "it is told that it may have some again" "$CONTROL" rejoin
need "it has its share" timed await 120 shares_are "A:2 B:2 C:2"

echo "# the end"
end_child "$FLOW_PID" 5
FLOW_PID=''
check "one machine stops" end_machine stop C
check "another one stops" end_machine stop B
need "the last one has all shards" timed await 90 shares_are "A:6"
"$(full verify_soon verify_many_rows)"
check "the last one stops" end_machine stop A
check "  and nobody owns a shard" shares_are "-:6"

"$(full go_back_to_one_machine lose_a_ledger)"
end_story
