#!/bin/bash
# The register (clients/register) while all that it stands on fails: eight writers race on one counter, and each increment counts once,
# while replies are swallowed, requests are lost or come twice, ZooKeeper's leader is killed, one of its processes or, with FULL=1, all
# of them stop.

. "$(dirname "$0")/lib.sh"
RACE=$(full 120 2000)

# increments: how many the race has told to be confirmed.
increments() {
	grep -cE '^[0-9]+$' "$WORK/race.log"
}

has_come_to() {
	[ "$(increments)" -ge "$1" ]
}

# race_goes_on: the race has told of more, which it does after each ten.
race_goes_on() {
	await_progress 120 increments has_come_to $(($(increments) + 1))
}

start_race() {
	: >"$WORK/race.log"
	"$BUILD_DIR/tests/integration/test_register" "$RACE" >"$WORK/race.log" 2>&1 &
	RACER=$!
	CHILDREN+=("$RACER")
}

race_ends_well() {
	await_progress 120 increments ended "$RACER" && wait "$RACER" && grep -F confirmed "$WORK/race.log"
}

stop_a_follower() {
	FOLLOWER=$(zookeeper_of follower | head -n 1)
	[ -n "$FOLLOWER" ] && signal_servers STOP "$FOLLOWER"
}

# Statements wait for ZooKeeper, for minutes.
cannot_read() {
	! timeout 3 "$DEV/sql" "SELECT count() FROM courier_heads"
}

many_were_struck() {
	[ "$(curl -sS "$(faulty control)/stats" | jq '[.. | objects | select(has("struck")) | .struck] | add')" -ge 20 ]
}

need_zookeeper
story "a register that several writers share keeps its word, whatever fails"
[ -x "$BUILD_DIR/tests/integration/test_register" ] ||
	need "the race is built" make -C "$BUILD_DIR" --quiet tests/integration/test_register
start_stack --zookeeper
start_faults
LOG_COURIER_CLICKHOUSE_URL=$(faulty clickhouse)
export LOG_COURIER_CLICKHOUSE_URL

start_race
need "the race begins" race_goes_on
need "replies are swallowed, requests are lost or come twice" inject \
	'{"name": "swallowed", "query": "courier_heads", "chance": 0.2, "answer_cut": 0}' \
	'{"name": "lost", "query": "courier_heads", "chance": 0.1, "times": 0}' \
	'{"name": "twice", "query": "ALTER TABLE", "chance": 0.2, "times": 2}' \
	'{"name": "late", "query": "ALTER TABLE", "chance": 0.1, "answer_delay": [0.1, 1]}'
need "the race goes on" race_goes_on
check "many were struck" await_progress 60 increments many_were_struck
need "the faults end" inject
need "ZooKeeper's leader is killed" kill_leader
need "the race goes on with another" race_goes_on
need "it comes back" start_server zookeeper
need "a follower stops" stop_a_follower
need "the race goes on without it" race_goes_on
need "it goes on" signal_servers CONT "$FOLLOWER"
# The engine of the development front may hang for good after this.
[ "$FULL" = 0 ] || {
	need "all of them stop" signal_servers STOP zookeeper-1 zookeeper-2 zookeeper-3
	check "nothing can be read" await 5 cannot_read
	need "they go on" signal_servers CONT zookeeper-1 zookeeper-2 zookeeper-3
}
check "each increment has counted once" race_ends_well
grep -F confirmed "$WORK/race.log" | sed 's/^/# /'
check "the register works as before" "$BUILD_DIR/tests/integration/test_register"
end_story
