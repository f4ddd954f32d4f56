#!/bin/bash
# Where the log goes and what its keys are, as log.destination and log.keys say.

. "$(dirname "$0")/lib.sh"

# lines_have PROGRAM: all lines of $WORK/stdout, as one array.
lines_have() {
	jq -e -s "length > 3 and ($1)" "$WORK/stdout" >/dev/null
}

# speaks ROLE: on stderr, with the usual keys.
speaks() {
	jq -e -s "any(.[]; .role == \"$1\" and has(\"message\") and .level == \"info\")" "$WORK/stderr" >/dev/null
}

wrong_settings_are_told() {
	! "$COURIER" --log.destination=stdout --log-level=loud >"$WORK/early.out" 2>"$WORK/early.err" &&
		[ ! -s "$WORK/early.out" ] && grep -q 'log-level' "$WORK/early.err"
}

story "the log is on stdout and has the keys of the Go courier, if it shall"
start_stack
printf 'log.destination: stdout\nlog.keys: go\n' >"$WORK/log-courier.yml"
"$COURIER" --config-file="$WORK/log-courier.yml" >"$WORK/stdout" 2>"$WORK/stderr" &
SERVICE_PID=$!
need "the service starts" await 30 healthy
check "each line has time, level and msg as slog writes them" lines_have \
	'all(.[]; has("time") and has("msg") and (has("message") | not) and (.level | test("^(ERROR|WARN|INFO|DEBUG)$")))'
check "  of the supervisor and of workers" lines_have '[.[].role] | unique == ["supervisor", "worker"]'
check "  nothing is on stderr" [ ! -s "$WORK/stderr" ]
: >"$WORK/log-courier.yml"
check "a reload puts it back" "$CONTROL" reload
check "  of the supervisor" await 20 speaks supervisor
check "  of new workers, too" await 20 speaks worker
check "what is wrong with the settings is on stderr in any case" wrong_settings_are_told
check "the service ends on SIGTERM" stop_service
end_story
