#!/bin/bash
# A second real ClickHouse, close to the version that runs in production: 24.8 beside the 26.5 of all other tests. Every statement
# and setting that log-courier sends has to be known to it. It answers one query at a time here, and each as a whole.

. "$(dirname "$0")/lib.sh"
ROWS=$(full 3000 100000)

library=$("$DEV/prepare" --print-former-library) || exit 1
[ -r "$library" ] || { echo "ClickHouse 24.8 is missing: contrib/dev/prepare former-engine fetches it" && exit 77; }

answers_with() {
	[[ $("$DEV/sql" "SELECT version()") == "$1".* ]]
}

# Of 100: those of seconds that a busy machine has not discovered yet are not late.
late_rows_are_found() {
	[ "$("$DEV/counter" log_courier_late_rows_found_total)" -ge 50 ]
}

# A setting, function or type that it does not know would be told here.
nothing_failed() {
	! grep -E 'DB::Exception|Code: [0-9]+' "$WORK/service.log"
}

story "ClickHouse 24.8 understands what log-courier asks"
start_stack --engine former
need "it is ClickHouse 24.8" answers_with 24.8
need "rows come in" load --rows "$ROWS" --sources 20 --time-range 600
start_service
await_delivery 120
need "late rows come in" load --rows 100 --sources 20 --time-range 600 --seed 2
check "they are found" await 60 late_rows_are_found
await_every_row 120
check "the service ends in order" stop_service
start_service
need "more rows come in after a restart" load --rows 500 --sources 20 --seed 3
await_every_row 120
check "the service ends in order" stop_service
check "no error of ClickHouse is in the log" nothing_failed
check "no row is missing, double, misplaced, malformed or out of order" verify
end_story
