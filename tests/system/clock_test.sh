#!/bin/bash
# A courier whose clock is wrong by more than S3 allows (15 minutes), slow and fast: it goes by the clocks of ClickHouse and S3, delivers each
# row once, and says that the clocks are apart. The wrong clock is libfaketime's.

. "$(dirname "$0")/lib.sh"
LIBRARY=$(dpkg -L libfaketime 2>/dev/null | grep -m 1 '/libfaketimeMT.so.1$')

# start_service_at SECONDS: with a clock that is wrong by so much. Clocks that only go forward are left alone.
start_service_at() {
	LD_PRELOAD=$LIBRARY FAKETIME=$1s FAKETIME_DONT_FAKE_MONOTONIC=1 "$COURIER" >>"$WORK/service.log" 2>&1 &
	SERVICE_PID=$!
	need "a service starts whose clock is wrong by $1 s" await 30 works
}

works() {
	! ended "$SERVICE_PID" && [ "$("$CONTROL" status --json | jq .ready_shards)" = "$LOG_COURIER_SUPERVISOR_SHARDS" ]
}

says_that_clocks_are_apart() {
	"$CONTROL" health >"$WORK/health" 2>&1
	tr -s '\n ' ' ' <"$WORK/health" | grep -q "ClickHouse's clock and this machine's differ by 1[12][0-9][0-9] s"
}

refused_by_clock() {
	grep -c RequestTimeTooSkewed "$WORK/service.log"
}

more_were_refused_than() {
	[ "$(refused_by_clock)" -gt "$1" ]
}

story "a wrong clock loses nothing, delivers nothing twice, and is told"
need "libfaketime is installed" test -n "$LIBRARY"
start_stack
refused=0
start_flow 200 25 --sources 20
for seconds in -1200 +1200; do
	start_service_at "$seconds"
	check "S3 refuses what is signed by it" await 20 more_were_refused_than "$refused"
	refused=$(refused_by_clock)
	check "health says so" await 10 says_that_clocks_are_apart
	check "rows are delivered all the same" await 30 delivered_at_least 1000
	check "the service ends on SIGTERM" stop_service
done
need "the flow of rows ends" await_flow 60
start_service
await_every_row 60
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
