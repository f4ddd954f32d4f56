#!/bin/bash
# The state directory is deleted, replaced or mounted over while the service runs: nobody goes on delivering what a restart would not know of.

. "$(dirname "$0")/lib.sh"

# ended_with CODE: the service has ended by itself.
ended_with() {
	local status=0
	await 30 ended "$SERVICE_PID" || return
	wait "$SERVICE_PID" || status=$?
	SERVICE_PID=''
	[ "$status" -eq "$1" ]
}

has_no_ledger() {
	[ -z "$(find "$STATE" -name '*.db*')" ]
}

story "what a restart would not know of is not delivered"
start_stack
STATE=$LOG_COURIER_STATE_DIRECTORY
start_service
start_flow 300 20
need "delivery begins" await 60 delivered_at_least 500
need "the directory is replaced by an empty one, as by a mount" eval 'mv "$STATE" "$STATE.kept" && mkdir "$STATE"'
check "the service ends, and says that ledgers are missing" ended_with 65
check "  with the reason in the log" grep -q "was removed, replaced or mounted over while it was in use" "$WORK/service.log"
check "nobody has begun a ledger of his own there" has_no_ledger
need "the directory is brought back" eval 'rm -rf "$STATE" && mv "$STATE.kept" "$STATE"'
start_service
need "the flow of rows ends" await_flow 60
await_every_row 60
check "each row is delivered exactly once" verify

need "somebody removes the lock" rm "$STATE/lock"
check "that is told" await 10 says "service:" "state-directory, or the file lock in it, was removed, replaced or mounted over" "bring it back as it was, or stop the service"
WORKER=$(worker_of 3)
need "a worker dies" kill -KILL "$WORKER"
check "no other is started meanwhile" await 10 says "shard 3: the worker died"
check "the service ends on SIGTERM" stop_service
start_service
check "a start cures it" healthy

need "somebody removes one shard's ledger" eval 'rm "$STATE"/shard-1-of-4.db*'
check "its worker ends, and health says what to do" await 10 says "shard 1:" "damaged or gone" "shard-1-of-4.db was removed, replaced or mounted over" "ledger reset --shard 1"
need "rows come" load --rows 400 --sources 40 --seed 2
check "the others deliver" await 60 eval '[ "$("$CONTROL" status --json | jq "[.shards[] | select(.shard != 1 and .records_delivered > 0)] | length")" = 3 ]'
check "the service ends on SIGTERM" stop_service
need "the operator lets the shard begin from ClickHouse's offsets" "$CONTROL" ledger reset --shard 1 --yes
start_service
await_every_row 60
check "the service ends on SIGTERM" stop_service
check "no row is missing" verify --allow-double
end_story
