#!/bin/bash
# Two couriers for the same shards, each with ledgers of its own: one after the other, as under a leader election,
# and both at once, as after a machine was cloned.

. "$(dirname "$0")/lib.sh"

# as A|B: the settings by which the two differ.
as() {
	export LOG_COURIER_STATE_DIRECTORY=$WORK/state-$1
	export LOG_COURIER_SUPERVISOR_SOCKET=$WORK/$1.sock
	LOG_COURIER_METRICS_SERVER_LISTEN_PORT=$("$TOP/tests/system/free_port.py")
	export LOG_COURIER_METRICS_SERVER_LISTEN_PORT
	mkdir -p "$LOG_COURIER_STATE_DIRECTORY"
}

# ends_with CODE SECONDS PID: it ends by itself.
ends_with() {
	local status=0
	await "$2" ended "$3" || return
	wait "$3" || status=$?
	[ "$status" -eq "$1" ]
}

# Rows of the second that an offset lies in may stand before it: what comes later is to be after it.
second_is_over() {
	[ "$("$DEV/sql" "SELECT now() > max(lastProcessedInsertedAt) FROM offsets")" = 1 ]
}

# deliver SEED: rows come, and a courier starts and delivers them.
deliver() {
	need "time goes on" await 10 second_is_over
	need "rows come" load --rows 2000 --sources 40 --seed "$1"
	start_service
	await_every_row 60
}

story "two couriers: one after the other, then both at once"
start_stack
# Rows that become visible late right after the offsets that a courier begins at are not found, as docs/migration.md says: on a busy
# machine, too, they must not be late.
export LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=15
as A
deliver 1
check "the first one stops" stop_service

as B
deliver 2
check "the second one stops" stop_service

as A
"$COURIER" >"$WORK/stopped.log" 2>&1 &
check "the first one does not go on from its old ledger" ends_with 66 30 $!
check "  and says what to do" grep -q "ahead of our ledger.*ledger.when-behind" "$WORK/stopped.log"

export LOG_COURIER_LEDGER_WHEN_BEHIND=adopt
deliver 3
check "if it may, it goes on from the offsets, and says what that costs" grep -q '"rows_at_most":' "$WORK/service.log"
check "each row is delivered exactly once" verify

start_flow 200 3600
FIRST=$LOG_COURIER_SUPERVISOR_SOCKET
as B
"$COURIER" >"$WORK/second.log" 2>&1 &
SECOND=$!
check "of two that deliver at once the later one stops within a minute" ends_with 66 75 "$SECOND"
check "  and says where the other one is" grep -q "another courier, on $(hostname).*delivers shard" "$WORK/second.log"
export LOG_COURIER_SUPERVISOR_SOCKET=$FIRST
check "the earlier one goes on" healthy
end_child "$FLOW_PID" 5
FLOW_PID=''
await_every_row 60
check "it ends on SIGTERM" stop_service
check "no row is missing" verify --allow-double
end_story
