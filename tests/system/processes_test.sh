#!/bin/bash
# What each process of the service holds open and inherits: the supervisor and its workers, at the start, after a reload and after a
# death. The mover is looked at in crash_points_test.sh, where it can be made to stand still.

. "$(dirname "$0")/lib.sh"

processes() {
	"$TOP/tests/system/processes.py" "$@"
}

is_refused() {
	! processes "$@"
}

# look WHEN: at each process. Connections to clients come and go, and with them nothing else.
look() {
	local pids shard
	read -ra pids <<<"$(worker_pids)"
	check "$1: the supervisor has what it needs alone" processes supervisor "$SERVICE_PID"
	for shard in "${!pids[@]}"; do
		check "$1: so has the worker of shard $shard" processes worker "${pids[shard]}" "$shard"
	done
	check "$1: no two of them hold the same pipe or socket" processes apart "$SERVICE_PID" "${pids[@]}"
}

restarted() {
	healthy && [ "$(worker_pids)" != "$1" ]
}

story "each process holds open what it needs, and inherits nothing else"
start_stack
exec {stray}>"$WORK/stray"
start_service
need "rows come" load --rows 1000 --sources 20 --time-range 60
await_every_row 60
look "at the start"
check "a process of another kind would be told" is_refused worker "$SERVICE_PID" 0
before=$(worker_pids)
need "the workers are replaced" "$CONTROL" restart --all
need "the service is healthy" await 30 restarted "$before"
look "after a restart of all workers"
before=$(worker_pids)
need "a worker is killed" kill -KILL "${before%% *}"
need "another one takes over" await 30 restarted "$before"
look "after a death"
exec {stray}>&-
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
