#!/bin/bash
# A customer has deleted log objects: the operator has their rows delivered again.

. "$(dirname "$0")/lib.sh"
TERMINAL=$TOP/tests/system/terminal.py

# says WORDS COMMAND...: log-courier-ctl COMMAND succeeds and says the words.
says() {
	local words=$1
	shift
	"$CONTROL" "$@" >"$WORK/control" 2>&1 || return
	grep -qF -- "$words" "$WORK/control"
}

# fails_with STATUS WORDS COMMAND...: so it ends, and says the words. It gets no terminal.
fails_with() {
	local expected=$1 words=$2 status=0
	shift 2
	"$CONTROL" "$@" >"$WORK/control" 2>&1 </dev/null || status=$?
	[ "$status" -eq "$expected" ] && grep -qF -- "$words" "$WORK/control"
}

# all_keys_hold WORDS: those of bucket target-1.
all_keys_hold() {
	keys_in target-1 >"$WORK/keys" && [ -s "$WORK/keys" ] && ! grep -qvF -- "$1" "$WORK/keys"
}

objects_of() {
	keys_in target-1 | grep -cF -- "-replay-$1-"
}

rows_delivered() {
	"$CONTROL" replays --json | jq "[.replays[] | select(.state == \"done\") | .rows_delivered] | add"
}

# as_typed ANSWER ARGUMENT...: on a terminal, where somebody types that.
as_typed() {
	"$TERMINAL" --until "Type yes: " --key "$1"$'\n' -- "$CONTROL" "${@:2}" >"$WORK/control"
}

as_refused() {
	! as_typed "$@"
}

is_wrong() {
	! verify >"$WORK/verified" 2>&1
}

kill_workers() {
	kill_worker_of 0 && kill_worker_of 1
}

story "log objects that a customer has deleted are delivered again, once, under names that say so"
start_stack
export LOG_COURIER_SUPERVISOR_SHARDS=2 LOG_COURIER_CONSUMER_MAX_LOGS_PER_OBJECT=400
load --rows 6000 --sources 12 --targets 2 --time-range 1800
FROM=$(date -u -d '-2 hours' +%FT%TZ)
TO=$(date -u -d '+1 second' +%FT%TZ)
ROWS=$("$DEV/sql" "SELECT count() FROM logs WHERE loggingTargetBucket = 'target-1'")
ONE=$("$DEV/sql" "SELECT concat(toString(raftSessionID), '/', bucketName) FROM logs
	WHERE loggingTargetBucket = 'target-1' GROUP BY raftSessionID, bucketName ORDER BY count() DESC LIMIT 1")
ROWS_OF_ONE=$("$DEV/sql" "SELECT count() FROM logs WHERE concat(toString(raftSessionID), '/', bucketName) = '$ONE'")
start_service
await_every_row 60
check "each row is delivered exactly once" verify
need "a customer deletes what one bucket got" delete_objects target-1
check "its rows are missing" is_wrong

check "a replay has to be agreed to" fails_with 2 "in a script, use --yes" replay target target-1 --from "$FROM" --to "$TO"
check "it needs a time" fails_with 2 "needs --from TIME and --to TIME" replay target target-1 --yes
check "which must be over" fails_with 1 "rows are known up to" replay target target-1 --from "$FROM" --to 2100-01-01 --yes
check "and have rows" fails_with 1 "ClickHouse has no such rows" replay target target-1 --from 2001-01-01 --to 2001-01-02 --yes
check "what it would be is counted" await 30 says "rows of" replay target target-1 --from "$FROM" --to "$TO" --dry-run
check "and nothing is ordered by that" says "no replay was ordered" replays
check "who does not type yes has ordered nothing" as_refused no replay target target-1 --from "$FROM" --to "$TO"
check "nor has that" says "no replay was ordered" replays
need "somebody types yes" as_typed yes replay target target-1 --from "$FROM" --to "$TO"
need "the workers are killed meanwhile" kill_workers
need "both shards' replays end" await 60 replays_ended 2
check "they have delivered what there was" test "$(rows_delivered)" -eq "$ROWS"
check "each row stands in one object again" verify
check "whose name tells of the replay" all_keys_hold -replay-

need "one source is replayed on top" says "ordered: replay" replay source "$ONE" --from "$FROM" --to "$TO" --yes
NAME=$(sed -n 's/^ordered: replay //p' "$WORK/control")
need "that ends too" await 60 replays_ended 3
check "all of its rows were delivered" test "$(rows_delivered)" -eq $((ROWS + ROWS_OF_ONE))
check "in objects of its own" test "$(objects_of "$NAME")" -gt 0
check "no metric of the shards counts them" test "$(delivered_rows)" -eq 6000
check "nothing is wrong with the service" health_is 0
check "the service ends on SIGTERM" stop_service
check "the ledgers are sound" says ": sound" ledger check
end_story
