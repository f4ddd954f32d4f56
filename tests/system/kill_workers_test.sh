#!/bin/bash
# A worker killed at any moment, one every three seconds: for 15 s, or 60 s with FULL=1.

. "$(dirname "$0")/lib.sh"
SECONDS_OF_KILLS=$(full 15 60)
SECONDS_BETWEEN=3

# kill_one_worker: another one each time.
kills=0
kill_one_worker() {
	local pids
	read -ra pids <<<"$(workers)"
	[ "${#pids[@]}" -gt 0 ] || return
	kill -KILL "${pids[kills % ${#pids[@]}]}" && kills=$((kills + 1))
}

four_workers() {
	[ "$(workers | wc -w)" -eq 4 ]
}

story "workers killed by SIGKILL while rows flow lose nothing"
start_stack
need "rows of a while ago are loaded" load --rows 50000 --time-range 600 --seed 1
start_service
start_flow 2000 "$SECONDS_OF_KILLS" --seed 2
end=$((SECONDS + SECONDS_OF_KILLS))
while [ "$SECONDS" -lt "$end" ]; do
	sleep "$SECONDS_BETWEEN"
	need "a worker is killed" kill_one_worker
	need "it is replaced" await 20 four_workers
done
need "the flow of rows ends" await_flow 60
await_delivery 120
check "the service is healthy again" await 30 healthy
check "the service ends on SIGTERM" stop_service
check "no row is missing, and none is wrong" verify --allow-double
echo "# after $kills kills: $("$DEV/verify" --allow-double | grep ' double ')"
end_story
