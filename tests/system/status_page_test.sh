#!/bin/bash
# The status page at / of the metrics port, in a headless Chromium. PICTURES names a folder in which its pictures stay.

. "$(dirname "$0")/lib.sh"

pending_is() {
	[ "$("$DEV/counter" log_courier_pending_records)" -eq "$1" ]
}

story "the status page shows what log-courier-ctl status tells, on a phone and on a large screen"
start_stack
start_service
load --rows 3000 --sources 20 --time-range 60
await_every_row 60
load --rows 100 --sources 5 --targets nowhere/logs --seed 2
need "rows wait for a target that is not there" await 60 "$CONTROL" targets --blocked
need "  and are counted" await 60 pending_is 100
PICTURES=${PICTURES:-$WORK/pictures}
mkdir -p "$PICTURES"
check "the page is right" "$TOP/tests/system/status_page.py" "$CONTROL" "$PICTURES"
check "the service ends on SIGTERM" stop_service
end_story
