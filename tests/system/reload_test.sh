#!/bin/bash
# The operator steers a running service: reloads with wrong and right settings, another number of shards, a pause,
# a restart, a drain, while rows flow. Each row is delivered exactly once.

. "$(dirname "$0")/lib.sh"
FLOW_SECONDS=$(full 30 120)

# configure SHARDS [YAML]: the file; what stands in the environment would be stronger.
configure() {
	printf '%s\n' "state-directory: $STATE" "supervisor: {shards: $1}" "${2:-}" >"$WORK/config.yml"
}

ctl() {
	"$CONTROL" "$@"
}

# status_has TEXT...: the JSON document contains all of them.
status_has() {
	local status text
	status=$(ctl status --json) || return
	for text in "$@"; do
		[[ $status == *"$text"* ]] || return
	done
}

no_restarts() {
	! ctl status --json | grep -qE '"restarts": ?[1-9]'
}

pids() {
	ctl status --json | grep -oE '"pid": ?[0-9]+' | tr -cd '0-9\n' | sort
}

# The workers of before are gone, and there are as many others.
are_replaced() {
	[ "$(pids | wc -l)" -eq "$(wc -l <<<"$1")" ] && [ -z "$(comm -12 <(pids) <(echo "$1"))" ]
}

reload_is_refused() {
	local said
	said=$(ctl reload 2>&1) && return 1
	echo "$said"
	[[ $said == *"$1"* ]]
}

# While it runs, no more than one shard is not ready, and health stays green.
reload_and_watch() {
	local pid ready status=0
	ctl reload >"$WORK/reload.out" 2>&1 &
	pid=$!
	until ended "$pid"; do
		ready=$(ctl status --json | grep -oE '"ready_shards": ?[0-9]+' | tr -cd '0-9')
		[ "$ready" -ge 3 ] && health_is 0 || status=1
	done
	wait "$pid" && cat "$WORK/reload.out" && [ "$status" -eq 0 ]
}

story "reloads, pauses and restarts lose nothing and deliver nothing twice"
start_stack
need "rows of a while ago are loaded" load --rows 20000 --time-range 600 --seed 1
STATE=$LOG_COURIER_STATE_DIRECTORY
unset LOG_COURIER_STATE_DIRECTORY LOG_COURIER_SUPERVISOR_SHARDS
configure 4 'consumer: {count-threshold: 20000}'
start_service --config-file "$WORK/config.yml"
start_flow 1000 "$FLOW_SECONDS" --seed 2

before=$(pids)
configure 4 'consumer: {count-treshold: 100}'
check "a wrong setting is told with its place" reload_is_refused 'count-treshold'
kill -HUP "$SERVICE_PID"
check "SIGHUP tells the log, too" await 10 grep -q 'was not reloaded.*count-treshold' "$WORK/service.log"
STATE=/elsewhere configure 4
check "what cannot change is told" reload_is_refused 'state-directory cannot change'
check "and no worker was touched" [ "$(pids)" = "$before" ]

configure 4 'consumer: {count-threshold: 500}'
check "a right one is put in force, one worker after the other" reload_and_watch
check "it says what has changed" grep -q 'changed: consumer.count-threshold' "$WORK/reload.out"
check "all workers were replaced" are_replaced "$before"
check "none of that was a death" no_restarts

check "shard 1 is restarted" ctl restart 1
check "shard 2 is paused" ctl pause 2
check "it rests" await 60 status_has '"paused"'
check "health says how to go on" grep -q 'log-courier-ctl resume 2' <(ctl health)
check "it goes on" ctl resume 2
check "all is well again" await 60 healthy

configure 3
check "the number of shards changes" ctl reload
check "there are three ledgers" [ "$(find "$STATE" -name 'shard-*-of-3.db' | wc -l)" -eq 3 ]
check "and no other" [ "$(find "$STATE" -name 'shard-*.db' | wc -l)" -eq 3 ]

check "the service is drained" ctl drain
check "no worker runs" [ "$(worker_pids)" = "null null null" ]
check "all go on" ctl resume --all
need "the flow of rows ends" await_flow $((FLOW_SECONDS + 60))
await_every_row 120
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
