#!/bin/bash
# What the ledger costs in the whole service: CPU of the worker per delivered row, with the ledger on disk against a
# service that keeps the same state in memory alone, in alternating pairs over the same rows and the same servers.
# And its bytes on disk per row. PAIRS=5 ROWS=500000

. "$(dirname "$0")/../system/lib.sh"
PAIRS=${PAIRS:-5}
ROWS=${ROWS:-500000}
MOST=1.15

# What was delivered is delivered again, partly into the same objects.
forget() {
	"$DEV/sql" 'TRUNCATE TABLE logs.offsets_local' && find "$LOG_COURIER_STATE_DIRECTORY" -mindepth 1 -delete
}

# worker_ticks: CPU time of the worker, all its threads, in clock ticks.
worker_ticks() {
	local stat fields
	stat=$(cat "/proc/$(workers | tr -d ' ')/stat")
	read -ra fields <<<"${stat##*) }"
	echo $((fields[11] + fields[12]))
}

ledger_bytes() {
	find "$LOG_COURIER_STATE_DIRECTORY" -name 'shard-*.db' -printf '%s\n'
}

# run PROGRAM: delivers all rows; sets NANOSECONDS per row.
run() {
	need "nothing is delivered" forget
	COURIER=$1
	start_service
	need "all rows are delivered" await_progress 60 delivered_rows everything_settled
	need "these are $ROWS rows" delivered_at_least "$ROWS"
	NANOSECONDS=$(($(worker_ticks) * (1000000000 / $(getconf CLK_TCK)) / ROWS))
	need "the service ends" stop_service
}

median() {
	sort -n | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'
}

at_most() {
	awk -v value="$1" -v most="$2" 'BEGIN { exit !(value <= most) }'
}

story "the ledger's cost: $PAIRS pairs of $ROWS rows"
with_ledger=$COURIER
in_memory=$(program tests/bench/courier_in_memory) || exit 1
start_stack
export LOG_COURIER_SUPERVISOR_SHARDS=1
export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=5
need "the rows are loaded" load --rows "$ROWS" --time-range 600 --seed 1
# Rows of the last seconds would be delivered by a cycle of their own, in the first run alone.
sleep 5
run "$in_memory"
for ((pair = 1; pair <= PAIRS; pair++)); do
	if ((pair % 2 == 1)); then
		run "$with_ledger" && with=$NANOSECONDS && bytes=$(ledger_bytes)
		run "$in_memory" && without=$NANOSECONDS
	else
		run "$in_memory" && without=$NANOSECONDS
		run "$with_ledger" && with=$NANOSECONDS && bytes=$(ledger_bytes)
	fi
	echo "# pair $pair: $with ns a row with the ledger, $without ns in memory"
	awk -v with="$with" -v without="$without" 'BEGIN { print with / without }' >>"$WORK/ratios"
done
ratio=$(median <"$WORK/ratios")
echo "# median of the ratios: $ratio; $(awk -v b="$bytes" -v r="$ROWS" 'BEGIN { printf "%.1f", b / r }') bytes on disk a row"
check "the ledger costs at most $MOST times the CPU" at_most "$ratio" "$MOST"
check "no row is missing" verify --allow-double
end_story
