#!/bin/bash
# The number of shards changes while rows flow, after a stop and after SIGKILL of everything: twice
# around, or five times with FULL=1.

. "$(dirname "$0")/lib.sh"
ROUNDS=$(full 2 5)
SECONDS_BETWEEN=4
COUNTS=(4 1 3)

# change_to N: the service of another number of shards takes over.
change_to() {
	need "the state directory is free" await 15 state_is_free
	LOG_COURIER_SUPERVISOR_SHARDS=$1 start_service
	check "it has its $1 ledgers" [ "$(ledgers)" -eq "$1" ]
}

ledgers() {
	find "$LOG_COURIER_STATE_DIRECTORY" -name 'shard-*.db' | wc -l
}

story "another number of shards loses nothing and delivers nothing twice"
start_stack
need "rows of a while ago are loaded" load --rows 20000 --time-range 600 --seed 1
start_service
start_flow 1000 $((ROUNDS * 12)) --seed 2
for ((change = 1; change <= ROUNDS * 3; change++)); do
	sleep "$SECONDS_BETWEEN"
	if ((change % 2 == 1)); then
		need "the supervisor is killed" kill_supervisor
	else
		need "the service ends on SIGTERM" stop_service
	fi
	change_to "${COUNTS[change % 3]}"
done
need "the flow of rows ends" await_flow 60
await_every_row 120
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
