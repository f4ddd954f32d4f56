#!/bin/bash
# The preflight of machines that share the ledgers (failover.enabled): a good set-up passes, and of each part that is missing or wrong it
# says what to do.

. "$(dirname "$0")/lib.sh"

# has WORDS: another line of it.
has() {
	grep -qF -- "$1" "$WORK/preflight"
}

bucket_is_empty() {
	[ -z "$("$DEV/objects" "$1")" ]
}

# warns WORDS: health has this warning.
warns() {
	"$CONTROL" health >"$WORK/health" 2>&1
	tr -s '\n ' ' ' <"$WORK/health" | grep -qF -- "$1"
}

# ledgers CODE WORDS: what the check of the shared ledgers says, and how it ends.
ledgers() {
	local code=0
	"$COURIER" --check-shared-ledgers >"$WORK/ledgers" || code=$?
	cat "$WORK/ledgers"
	[ "$code" = "$1" ] && grep -qF -- "$2" "$WORK/ledgers"
}

ledgers_are_fetched() {
	"$COURIER" --fetch-ledgers >"$WORK/fetched" || true
	grep -F "shard 0: fetched" "$WORK/fetched"
}

refuses_alone() {
	local code=0
	LOG_COURIER_FAILOVER_ENABLED=false "$COURIER" --check-shared-ledgers || code=$?
	[ "$code" = 2 ]
}

story "what machines share is told before the first start"
need_zookeeper
start_stack --zookeeper
export LOG_COURIER_FAILOVER_ENABLED=true
export LOG_COURIER_FAILOVER_MACHINE_NAME=A
export LOG_COURIER_SUPERVISOR_SHARDS=2
export LOG_COURIER_LEDGER_BUCKET=courier-ledgers

told "a bucket that is missing is told" 1 "FAIL  ledger.bucket courier-ledgers: storing an object: "
check "  with what to do" has "Create the bucket, or correct ledger.bucket."
need "there is a bucket for the ledgers" s3_bucket PUT "$LOG_COURIER_LEDGER_BUCKET"
told "heads that are missing are told" 1 "FAIL  heads of the shards in logs.courier_heads: there are none. Run log-courier --publish-ledgers"
check "  the bucket is good" has "ok    ledger.bucket courier-ledgers: log-courier/preflight-"
check "  and empty again" bucket_is_empty "$LOG_COURIER_LEDGER_BUCKET"
need "the ledgers are published" "$COURIER" --publish-fresh-ledgers
told "a good set-up passes" 0 "22 passed. log-courier can be started."
sed 's/^/#   /' "$WORK/preflight"
told "and again" 0 "22 passed. log-courier can be started."
check "ledgers that have yet to begin are sound" ledgers 0 "shard 1: sound: its ledger has yet to begin"
told "another number of shards is told" 1 "but 2 are of another number. Correct supervisor.shards" --supervisor.shards=3

need "there is a table of another engine" "$DEV/sql" \
	"CREATE TABLE plain_heads (name String, value String) ENGINE = MergeTree ORDER BY name"
told "it is told in the place of the heads" 1 "FAIL  table of the heads logs.plain_heads: its engine is MergeTree and must be KeeperMap" \
	--failover.heads-table=plain_heads
check "  with what to do" has "contrib/clickhouse/several-machines.sql has the table and its grants (SELECT, INSERT and ALTER UPDATE)"
check "  and the heads are not checked" has "skip  heads of the shards in logs.plain_heads: not checked, because this has failed: table of the heads"
told "a table that is not there is told in the place of the machines" 1 "FAIL  table of the machines logs.nowhere: there is no table" \
	--failover.machines-table=nowhere
need "there is a user who may only read" curl -sS --fail-with-body -X POST \
	"$LOG_COURIER_CLICKHOUSE_URL/admin/profile?user=limited&readonly=2"
told "a user who may not write is told of the heads" 1 "FAIL  table of the heads logs.courier_heads: " --clickhouse.username=limited
check "  and of the machines" has "FAIL  table of the machines logs.courier_machines: "
told "without ClickHouse none of it is checked" 1 "skip  table of the heads logs.courier_heads: not checked" \
	--clickhouse.url=http://127.0.0.1:9
told "nor is the bucket without S3" 1 "skip  ledger.bucket courier-ledgers: not checked" --s3.endpoint=http://127.0.0.1:9

need "the head of a shard is nonsense" "$DEV/sql" \
	"ALTER TABLE courier_heads UPDATE value = 'nonsense' WHERE name = 'shard-1-of-2'"
told "it is told" 1 "FAIL  heads of the shards in logs.courier_heads: shard-1-of-2: "
check "  by the check of the ledgers, too" ledgers 1 "shard 1: not sound: "
need "it is gone" "$DEV/sql" "ALTER TABLE courier_heads DELETE WHERE name = 'shard-1-of-2'"
told "how many are missing is told" 1 "FAIL  heads of the shards in logs.courier_heads: 1 of 2 shards have none."
"$COURIER" >>"$WORK/service.log" 2>&1 & # which cannot become healthy
SERVICE_PID=$!
check "the service says so, too" await 30 warns "1 of 2 shards have none"
check "  and has written nothing into the bucket but ledgers" eval '! "$DEV/objects" "$LOG_COURIER_LEDGER_BUCKET" | grep preflight'
check "the service ends" stop_service
check "the check of the ledgers names the table" ledgers 1 "shard 1: not sound: it has no head in logs.courier_heads"
need "the ledger of the other shard is fetched back" ledgers_are_fetched
told "that is told" 1 "1 of 2 shards were fetched back to one machine, the last one to A"
check "  by the check of the ledgers, too" ledgers 1 "shard 0: not sound: its ledger was fetched back by machine A"
check "  which needs the settings of several machines" refuses_alone
end_story
