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

# nanoseconds STAT: CPU time per row that such a file of /proc tells of.
nanoseconds() {
	local stat fields
	stat=$(cat "$1")
	read -ra fields <<<"${stat##*) }"
	echo $(((fields[11] + fields[12]) * (1000000000 / $(getconf CLK_TCK)) / ROWS))
}

# measure: the worker's CPU time, all its threads, and that of the ledger's thread alone.
measure() {
	local worker thread
	worker=/proc/$(workers | tr -d ' ')
	ALL=$(nanoseconds "$worker/stat")
	OF_THREAD=0
	for thread in "$worker"/task/*; do
		[ "$(cat "$thread/comm")" != ledger ] || OF_THREAD=$(nanoseconds "$thread/stat")
	done
}

ledger_bytes() {
	find "$LOG_COURIER_STATE_DIRECTORY" -name 'shard-*.db' -printf '%s\n'
}

# run PROGRAM: delivers all rows; sets ALL and OF_THREAD, nanoseconds per row.
run() {
	need "nothing is delivered" forget
	COURIER=$1
	start_service
	need "all rows are delivered" await_progress 60 delivered_rows everything_settled
	need "these are $ROWS rows" delivered_at_least "$ROWS"
	measure
	need "the service ends" stop_service
}

run_with_ledger() {
	run "$with_ledger"
	with=$ALL
	of_thread=$OF_THREAD
	bytes=$(ledger_bytes)
}

run_in_memory() {
	run "$in_memory"
	without=$ALL
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
		run_with_ledger
		run_in_memory
	else
		run_in_memory
		run_with_ledger
	fi
	echo "# pair $pair: $with ns a row with the ledger, $of_thread of them its thread's; $without ns in memory"
	awk -v with="$with" -v without="$without" 'BEGIN { print with / without }' >>"$WORK/ratios"
done
ratio=$(median <"$WORK/ratios")
echo "# median of the ratios: $ratio; $(awk -v b="$bytes" -v r="$ROWS" 'BEGIN { printf "%.1f", b / r }') bytes on disk a row"
check "the ledger costs at most $MOST times the CPU" at_most "$ratio" "$MOST"
check "no row is missing" verify --allow-double
end_story
