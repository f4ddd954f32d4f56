#!/bin/bash
# Random workers, and the supervisor at times, killed by SIGKILL while a backlog is delivered and rows flow:
# 8 workers and 2 supervisors, or with FULL=1 50 and 10 during 1,000,000 rows. SEED chooses whom.

. "$(dirname "$0")/lib.sh"
KILLS=${KILLS:-$(full 8 50)}
SUPERVISOR_AFTER=$(full 4 5)
ROWS=$(full 100000 1000000)
FLOW_RATE=$(full 2000 5000)
# The longest pauses between two kills of workers, and what a new start takes, so that rows flow all the time.
FLOW_SECONDS=$((KILLS * 2))
RANDOM=${SEED:=$RANDOM}

# A pause of 0.5 to 1.4 s: with the worker's start, kills fall into all states of it.
pause() {
	sleep "$((RANDOM % 10 + 5))e-1"
}

kill_a_worker() {
	local pids
	read -ra pids <<<"$(workers)"
	[ "${#pids[@]}" -gt 0 ] && kill -KILL "${pids[RANDOM % ${#pids[@]}]}"
}

has_workers() {
	[ -n "$(workers)" ]
}

story "workers and supervisors killed by SIGKILL while rows flow: each row is delivered exactly once"
echo "# seed $SEED"
start_stack
export LOG_COURIER_RECONCILE_FULL_INTERVAL_SECONDS=20
flow_rows=$((FLOW_RATE * FLOW_SECONDS))
[ "$flow_rows" -lt "$ROWS" ] || flow_rows=$((ROWS / 2))
need "rows of a while ago are loaded" load --rows $((ROWS - flow_rows)) --time-range 600 --seed 1
start_service
start_flow "$FLOW_RATE" $((flow_rows / FLOW_RATE)) --seed 2
for ((kill = 1; kill <= KILLS; kill++)); do
	pause
	need "there are workers" await 20 has_workers
	need "kill $kill: a worker" kill_a_worker
	if ((kill % SUPERVISOR_AFTER == 0)); then
		pause
		need "the supervisor is killed" kill_supervisor
		need "its workers end" await 20 state_is_free
		start_service
	fi
done
need "the flow of rows ends" await_flow 60
await_every_row "$(full 120 300)"
check "the service is healthy again" await 30 healthy
check "the service ends on SIGTERM" stop_service
check "each of $ROWS rows is delivered exactly once" verify
end_story
