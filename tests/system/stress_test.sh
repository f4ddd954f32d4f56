#!/bin/bash
# Many rows of many sources through four shards: 100,000, or ROWS, or a million with FULL=1.

. "$(dirname "$0")/lib.sh"
ROWS=${ROWS:-$(full 100000 1000000)}

story "$ROWS rows of 2,000 sources are delivered once, in order, to the right place"
start_stack
need "rows are loaded" load --rows "$ROWS" --sources 2000 --sessions 48 --targets 8 --time-range 3600
start_service
began=$SECONDS
await_every_row $((60 + ROWS / 2000))
echo "# delivered within $((SECONDS - began)) s of the service's start"
check "the service is healthy" health_is 0
check "the service ends on SIGTERM" stop_service
check "no row is missing, double, misplaced, malformed or out of order" verify
end_story
