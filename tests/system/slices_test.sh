#!/bin/bash
# A first start over more rows than ClickHouse may read for one question: windows and comparisons are taken in slices that it can
# answer, and a worker that dies meanwhile goes on after the last one.

. "$(dirname "$0")/lib.sh"

ROWS=400000

# What one question may read. A source's rows fill many granules, so that a shorter window reads less.
LIMIT=150000

limit() {
	curl -sS --fail -o /dev/null -G -X POST "$LOG_COURIER_CLICKHOUSE_URL/admin/profile" --data user=limited \
		--data-urlencode "max_rows_to_read=$1"
}

start_limited() {
	LOG_COURIER_CLICKHOUSE_USERNAME=limited start_service
}

shorter_windows() {
	grep -q "ClickHouse cannot answer for a window; asking for a shorter one" "$WORK/service.log"
}

warnings() {
	"$CONTROL" status --json | jq -er '.findings | length'
}

# The first pass of each worker looks at everything.
compared() {
	[ "$("$DEV/counter" log_courier_reconciles_total)" -ge 4 ]
}

story "a first start over more rows than ClickHouse may read at once delivers them all"
start_stack
need "rows of four hours are there" load --rows "$ROWS" --sources 2 --sessions 1 --skew 0 --time-range 14400
need "ClickHouse may not read them all for one question" limit "$LIMIT"
start_limited
need "delivery begins" await 60 delivered_at_least 1
check "before all is discovered" test "$(delivered_rows)" -lt "$ROWS"
check "the first windows were too long" shorter_windows
need "a worker dies" kill_worker_of 0
await_every_row 60
check "every row stands in one object" verify
check "what was settled is compared" await 60 compared
check "there is nothing to warn of" test "$(warnings)" = 0
check "the service ends" stop_service
end_story
