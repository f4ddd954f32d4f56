#!/bin/bash
# A stderr that nobody reads, as a pipe to a program that hangs: it holds nobody up. What is lost meanwhile is counted and told.

. "$(dirname "$0")/lib.sh"

# fill_pipe: until it takes no byte more, without a reader.
fill_pipe() {
	python3 - "$WORK/pipe" <<-'END'
		import os, sys
		pipe = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
		for size in (4096, 1):
		    try:
		        while True:
		            os.write(pipe, b"\n" * size)
		    except BlockingIOError:
		        pass
	END
}

# read_pipe: all that stands in it, to $WORK/read.
read_pipe() {
	timeout 2 cat <&9 >>"$WORK/read"
	true
}

lines_dropped() {
	"$CONTROL" status --json | jq -e '([.shards[].log_lines_dropped] | add) > 10 and .log_lines_dropped > 0' >/dev/null
}

# warned WORDS: health is green, and says so.
warned() {
	"$CONTROL" health >"$WORK/health" 2>&1 && tr -s '\n ' ' ' <"$WORK/health" | grep -qF -- "$1"
}

not_warned() {
	"$CONTROL" health >"$WORK/health" 2>&1 && ! grep -q warning "$WORK/health"
}

# told_as ROLE: how many of its lines are missing, each number once.
told_as() {
	read_pipe
	jq -R -c 'fromjson? | select(.message == "lines of this process are missing here because stderr did not take them") | [.role, .lines]' <"$WORK/read" |
		grep -q "$1"
}

metric_counts() {
	curl -s "http://127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT/metrics" >"$WORK/metrics" &&
		awk -v family="$1" 'index($1, family) == 1 { sum += $2 } END { exit sum == 0 }' "$WORK/metrics"
}

story "a stderr that nobody reads holds up neither deliveries nor health nor the end"
start_stack
mkfifo "$WORK/pipe"
exec 9<>"$WORK/pipe"
fill_pipe
need "rows come" load --rows 1000 --sources 10 --time-range 60
"$COURIER" --log-level=debug 2>"$WORK/pipe" 9<&- &
SERVICE_PID=$!
check "the service starts with a full pipe, and health answers" await 30 healthy
await_every_row 60
check "lines are dropped and counted" await 20 lines_dropped
check "  a warning, for rows are delivered" warned "stderr has taken no line of the log for"
check "  told as one" warned "service, warning:"
check "  the metrics count the workers' lines" metric_counts log_courier_log_lines_dropped_total
check "  and the supervisor's" metric_counts log_courier_supervisor_log_lines_dropped_total
check "  whoever shares the pipe finds it as it was" eval '! grep -q "^flags:.*4...$" "/proc/$$/fdinfo/9"'
check "once it is read again, a worker tells how many lines are missing" await 20 told_as worker
check "  and the supervisor" await 20 told_as supervisor
check "the warning is gone" await 20 not_warned
fill_pipe
check "the service ends on SIGTERM, with the pipe full again" stop_service
check "each row is delivered exactly once" verify
end_story
