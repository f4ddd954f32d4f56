#!/bin/bash
# A producer in trouble: 20 sources, a third of all chunks visible late and in random order. 15,000 rows
# of each source, 5 to 30 s late; with FULL=1 150,000 rows, 5 to 120 s late. SEED chooses the order.

. "$(dirname "$0")/lib.sh"
SOURCES=20
ROWS_PER_SOURCE=${ROWS_PER_SOURCE:-$(full 15000 150000)}
LATEST=$(full 30 120)
SEED=${SEED:-1}
ROWS=$((SOURCES * ROWS_PER_SOURCE))

incident() {
	"$TOP/tests/system/incident.py" "$1" --sources "$SOURCES" --rows-per-source "$ROWS_PER_SOURCE" \
		--latest "$LATEST" --seed "$SEED"
}

play_incident() {
	incident play >"$WORK/played"
}

story "$ROWS rows of $SOURCES sources, a third of them visible late, are delivered exactly once"
start_stack
export LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=1
export LOG_COURIER_RECONCILE_FULL_INTERVAL_SECONDS=20
need "the rows are made" incident prepare
start_service
need "the rows become visible" play_incident
sed 's/^/# /' "$WORK/played"
check "all of them are in ClickHouse" [ "$(rows_in_clickhouse)" -eq "$ROWS" ]
need "as many rows are delivered" await_progress 60 delivered_rows delivered_at_least "$ROWS"
await_delivery 30
late=$("$DEV/counter" log_courier_late_rows_found_total)
echo "# late rows found: $late"
check "late rows were found" [ "$late" -gt 0 ]
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
