#!/bin/bash
# ClickHouse, then S3, gone for a while: for 10 s each, or 30 s with FULL=1.

. "$(dirname "$0")/lib.sh"
OUTAGE=$(full 10 30)

# outage clickhouse|s3
outage() {
	local began=$SECONDS
	need "$1 stops" stop_server "$1"
	check "health tells that $1 is away" await "$OUTAGE" health_is 1
	while [ $((SECONDS - began)) -lt "$OUTAGE" ]; do
		sleep 1
	done
	check "health still tells so after $OUTAGE s" health_is 1
	check "the service still runs" service_runs
	need "$1 starts again" start_server "$1"
	check "the service becomes healthy by itself" await 60 health_is 0
}

service_runs() {
	! ended "$SERVICE_PID"
}

# More rows than ever before in this story are delivered.
delivery_goes_on() {
	local before
	before=$(delivered_rows)
	await 60 delivered_at_least $((before + 1))
}

story "outages of ClickHouse and of S3 while rows flow are survived without a loss"
start_stack
start_service
start_flow 1000 $((2 * OUTAGE + 30)) --patience 300
need "delivery begins" await 60 delivered_at_least 1
outage clickhouse
need "delivery goes on" delivery_goes_on
outage s3
need "delivery goes on" delivery_goes_on
need "the flow of rows ends" await_flow $((4 * OUTAGE + 120))
await_every_row 120
check "the service ends on SIGTERM" stop_service
check "no row is missing, and none is wrong" verify --allow-double
end_story
