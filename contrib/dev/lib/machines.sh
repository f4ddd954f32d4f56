# shellcheck shell=bash
# Machines that share the ledgers, all of them on this one: each is a service with a state directory, a socket and a port of its own
# below $WORK. To be sourced after common.sh; $COURIER is the program.

declare -A PIDS=() PORTS=() # by machine that runs

# share_ledgers SHARDS: the settings that all machines have in common, and the bucket.
share_ledgers() {
	export LOG_COURIER_FAILOVER_ENABLED=true
	export LOG_COURIER_FAILOVER_MACHINE_TIMEOUT_SECONDS=10
	export LOG_COURIER_SUPERVISOR_SHARDS=$1
	export LOG_COURIER_LEDGER_BUCKET=courier-ledgers
	export LOG_COURIER_LEDGER_CHECKPOINT_INTERVAL_SECONDS=15
	# The development engine needs 10 ms of the processor for each change of a KeeperMap table.
	export LOG_COURIER_LEDGER_COMMIT_INTERVAL_MILLISECONDS=1000
	s3_bucket PUT "$LOG_COURIER_LEDGER_BUCKET"
}

# as NAME: the settings by which machines differ.
as() {
	export LOG_COURIER_FAILOVER_MACHINE_NAME=$1
	export LOG_COURIER_STATE_DIRECTORY=$WORK/state-$1
	export LOG_COURIER_SUPERVISOR_SOCKET=$WORK/$1.sock
	mkdir -p "$LOG_COURIER_STATE_DIRECTORY"
}

# launch_machine NAME [FLAG...]
launch_machine() {
	as "$1"
	PORTS[$1]=$("$TOP/tests/system/free_port.py")
	export LOG_COURIER_METRICS_SERVER_LISTEN_PORT=${PORTS[$1]}
	"$COURIER" "${@:2}" >>"$WORK/$1.log" 2>&1 &
	PIDS[$1]=$!
}

# signal_machine SIGNAL NAME: to all of its processes at once.
signal_machine() {
	local pids
	mapfile -t pids < <(pgrep -P "${PIDS[$2]}")
	kill -"$1" "${PIDS[$2]}" "${pids[@]}"
}

kill_machine() {
	signal_machine KILL "$1"
	wait "${PIDS[$1]}" 2>/dev/null
	unset "PIDS[$1]" "PORTS[$1]"
}

stop_machine() {
	kill -TERM "${PIDS[$1]}"
	await $((LOG_COURIER_SHUTDOWN_TIMEOUT_SECONDS + 5)) ended "${PIDS[$1]}" || return
	wait "${PIDS[$1]}" || return
	unset "PIDS[$1]" "PORTS[$1]"
}

# Who has how many shards: "A:2 B:4".
shares() {
	"$DEV/sql" "
		SELECT arrayStringConcat(arraySort(groupArray(concat(owner, ':', toString(shards)))), ' ')
		FROM (SELECT extract(value, 'owner=([^ ]+)') AS owner, count() AS shards FROM courier_heads
			WHERE name LIKE 'shard-%' GROUP BY owner)"
}

shares_are() {
	[ "$(shares)" = "$1" ] || { shares && return 1; }
}

# Of the machines that run: what comes after a machine's death counts from there.
delivered_by_machines() {
	local port sum=0 rows
	for port in "${PORTS[@]}"; do
		rows=$(LOG_COURIER_METRICS_SERVER_LISTEN_PORT=$port "$DEV/counter" log_courier_records_delivered_total 2>/dev/null) || rows=0
		sum=$((sum + rows))
	done
	echo "$sum"
}
