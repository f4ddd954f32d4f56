#!/bin/bash
# log-courier-ctl as the operator meets it: on terminals of several sizes, in scripts, in shells that complete
# its command line; in a deployment with trouble in it.

. "$(dirname "$0")/lib.sh"
TERMINAL=$TOP/tests/system/terminal.py
ESCAPE=$'\e'
export TERM=xterm LC_ALL=C.UTF-8
unset NO_COLOR

# on_terminal [STEP...] -- ARGUMENT...: what log-courier-ctl writes to a terminal goes to $WORK/screen.
on_terminal() {
	local steps=()
	while [ "$1" != -- ]; do
		steps+=("$1")
		shift
	done
	"$TERMINAL" "${steps[@]}" -- "$CONTROL" "${@:2}" >"$WORK/screen"
}

# shows WORDS: the last screen held them.
shows() {
	grep -qF -- "$1" "$WORK/screen" || {
		cat -v "$WORK/screen"
		return 1
	}
}

lacks() {
	! shows "$1" >"$WORK/shown"
}

# The longest line of the last screen, in characters, colours aside.
widest() {
	sed "s/$ESCAPE\[[0-9;?]*[a-zA-Z]//g; s/\r//g" "$WORK/screen" | wc -L
}

# fits COLUMNS COMMAND...: what the command shows is at most so wide.
fits() {
	local columns=$1
	shift
	on_terminal --size "${columns}x40" -- "$@" && [ "$(widest)" -le "$columns" ] && return
	cat -v "$WORK/screen"
	return 1
}

# ends_with STATUS COMMAND...
ends_with() {
	local expected=$1 status=0
	shift
	"$@" >"$WORK/control" 2>&1 </dev/null || status=$?
	[ "$status" -eq "$expected" ]
}

# is_json: what log-courier-ctl said last is one JSON document, in which the expression holds.
is_json() {
	python3 -c "import json, sys; document = json.load(sys.stdin); assert $1" <"$WORK/control"
}

pending_is() {
	"$CONTROL" sources --limit 1000 --json >"$WORK/control" &&
		is_json "sum(source['pending_rows'] for source in document['sources']) == $1"
}

# Rows of a bucket whose name is made to fool a terminal.
hostile_rows() {
	"$DEV/sql" "
		INSERT INTO logs_local SELECT * REPLACE (
			unhex('6576696c1b5b324a1b5d303b78079b338e') AS bucketName, now() AS insertedAt)
		FROM logs_local LIMIT 10"
}

hostile_source_is_seen() {
	"$CONTROL" sources --limit 1000 >"$WORK/screen" && grep -qF 'evil?[2J' "$WORK/screen"
}

explains() {
	"$CONTROL" explain "$2" >"$WORK/screen" && shows "$1"
}

# watches_in_a_pipe: two documents, one after the other, each whole.
watches_in_a_pipe() {
	local pid lines=0
	"$CONTROL" status --json --watch 1 >"$WORK/documents" &
	pid=$!
	await 20 two_documents && lines=1
	kill "$pid"
	wait "$pid" 2>/dev/null
	[ "$lines" -eq 1 ] && head -n 1 "$WORK/documents" >"$WORK/control" && is_json "document['shards']"
}

two_documents() {
	[ "$(wc -l <"$WORK/documents")" -ge 2 ]
}

# completes EXPECTED WORD...: what bash offers for the last word.
completes() {
	local expected=$1
	shift
	"$CONTROL" completion bash >"$WORK/completion.bash" || return
	bash --norc -c '
		. "$1"
		COMP_WORDS=("${@:2}")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_log_courier_ctl
		echo "${COMPREPLY[*]}"' bash "$WORK/completion.bash" "$CONTROL" "$@" >"$WORK/control"
	[ "$(cat "$WORK/control")" = "$expected" ] || {
		cat "$WORK/control"
		return 1
	}
}

# logs LEVEL ROLE PART: there is such a line in the log.
logs() {
	grep "\"level\":\"$1\".*\"role\":\"$2\"" "$WORK/service.log" | grep -qF "$3"
}

lacks_log() {
	! logs "$@"
}

parses_in() {
	"$CONTROL" completion "$1" >"$WORK/completion.$1" && "$1" -n "$WORK/completion.$1"
}

fish_completes() {
	PATH=$(dirname "$CONTROL"):$PATH HOME=$WORK fish --no-config -c "
		source $WORK/completion.fish
		complete -C 'log-courier-ctl ledger re'" >"$WORK/screen" && shows reset
}

story "log-courier-ctl shows trouble on any terminal, explains it, and serves scripts and shells"
check "nobody answers yet, and that is JSON too" ends_with 3 "$CONTROL" status --json
check "  with the exit code in it" is_json "document['exit_code'] == 3 and 'socket' in document['error']"
start_stack
# Nothing is read before the operator says so.
export LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=3600 LOG_COURIER_CONSUMER_COUNT_THRESHOLD=1000000
start_service
load --rows 500 --sources 5 --targets nowhere/logs
need "rows for a bucket that is not there are seen" await 120 pending_is 500
SOURCE=$("$CONTROL" sources --limit 1 | awk 'NR == 2 { print $1 }')
check "a source that waits for its thresholds is explained" \
	explains "when 1,000,000 are unread or when the first has been known for 1 h" "$SOURCE"
need "all are flushed" "$CONTROL" flush --all
need "the target is explained as refusing, with what to do" \
	await 120 explains "log-courier-ctl retry nowhere" "$SOURCE"
need "rows of a hostile name come in" hostile_rows
check "its bytes do not reach the terminal" await 120 hostile_source_is_seen
check "  nor any other control character" lacks "$ESCAPE"

for columns in 60 80 140; do
	check "status fits $columns columns" fits "$columns" status
	check "sources fit $columns columns" fits "$columns" sources
	check "targets fit $columns columns" fits "$columns" targets
done
check "a wide terminal shows more of them" shows "SHARD"
check "a refusing target is red, and a word" shows "$ESCAPE[31mrefuses"
NO_COLOR=1 on_terminal -- status
check "NO_COLOR is respected" lacks "$ESCAPE["
TERM=dumb on_terminal -- status
check "nor is it on a dumb terminal" lacks "$ESCAPE["

check "a watch is ended by a key" on_terminal --until "q ends" --until "q ends" --key q -- status --watch 1
check "  on a screen of its own" shows "$ESCAPE[?1049h"
check "  which it leaves" shows "$ESCAPE[?1049l"
check "  with rows per second" shows "PACE"
check "by SIGINT it is ended as by itself" ends_with 130 "$TERMINAL" --until "q ends" --signal INT -- \
	"$CONTROL" targets --watch
check "  and by SIGTERM" ends_with 143 "$TERMINAL" --until "q ends" --signal TERM -- "$CONTROL" health --watch
check "it is drawn again when the terminal's size changes" \
	on_terminal --size 140x40 --until "PID" --size 60x20 --until "SHARD" --key q -- status --watch 60
check "  and tells how much of it does not fit" \
	on_terminal --size 80x4 --until "more lines)" --key q -- status --watch 60
check "a watch that is suspended gives the terminal back, and takes it again" \
	on_terminal --until "q ends" --suspend 0.2 --until "q ends" --key q -- status --watch 1
check "in a pipe it writes one document after the other" watches_in_a_pipe

check "a wrong word is told as JSON" ends_with 2 "$CONTROL" --json statsu
check "  with what was probably meant" is_json "'did you mean' in document['error']"
check "bash completes commands" completes "sources source" sou
check "bash completes options" completes "--lagging --limit" sources --l
check "bash completes the shards that there are" completes "0 1 2 3" ledger check --shard ""
check "bash completes sources" completes "$SOURCE" explain "$SOURCE"
check "zsh understands its completion" parses_in zsh
check "fish understands its completion" parses_in fish
check "fish completes commands" fish_completes
check "bash completes the shards to restart" completes "0 1 2 3" restart ""
check "bash completes levels" completes "debug" log-level d

check "one worker is told to log more" "$CONTROL" log-level debug --shard 1
check "  and does" await 20 logs debug worker '"shard":1'
check "  while others do not" lacks_log debug worker '"shard":0'
check "all are told to" "$CONTROL" log-level debug
check "  and do" await 20 logs debug worker '"shard":0'
check "a worker that dies is restarted" kill_worker_of 0
check "  and logs as much" await 20 logs debug worker "\"pid\":$(worker_of 0),"
check "a level that is none is told" ends_with 2 "$CONTROL" log-level loud
check "a shard that is none, too" ends_with 1 "$CONTROL" log-level info --shard 9
check "the service ends on SIGTERM" stop_service
end_story
