#!/bin/bash
# Every command that the documentation and the program's help show is run, or it is said what runs it.

. "$(dirname "$0")/lib.sh"

sources_are_known() {
	[ "$("$CONTROL" sources --limit 1 | wc -l)" -ge 2 ]
}

# Its output goes on as it is: each command is an assert of its own.
docs() {
	"$TOP/tests/system/docs.py" "$1" "$CONTROL" 2>&1 | tee >(cat >&3)
	return "${PIPESTATUS[0]}"
}

story "the commands that the documentation shows do what it says"
exec 3>&1
start_stack
export LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=3600 LOG_COURIER_CONSUMER_COUNT_THRESHOLD=1000000
echo '# All settings are in the environment.' >"$WORK/log-courier.yml"
start_service --config-file="$WORK/log-courier.yml"
load --rows 500 --sources 5 --targets target-1/logs
need "rows wait" await 60 sources_are_known
SOURCE=$("$CONTROL" sources --limit 1 | awk 'NR == 2 { print $1 }')
TARGET=target-1
export SOURCE TARGET WORK
check "SQL is what ClickHouse understands" docs statements
check "commands for a service that runs" docs running
check "the service ends on SIGTERM" stop_service
check "commands for a service that is stopped" docs stopped
end_story
