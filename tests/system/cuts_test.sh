#!/bin/bash
# Connections that break at every byte: of the rows that ClickHouse sends, of an object on its way to S3, of S3's reply. And at random
# ones of large streams of rows. Whatever has come by then, each row is delivered exactly once. What is small is cut at every 16th
# byte, an answer at every 90th, large streams 60 times; with FULL=1 at every byte, and 5,000 times.

. "$(dirname "$0")/tenants_lib.sh"
UPLOAD_STEP=${UPLOAD_STEP:-$(full 16 1)}
RANDOM_CUTS=${RANDOM_CUTS:-$(full 60 5000)}
ANSWER_STEP=${ANSWER_STEP:-$(full 90 1)}

# step BYTES: so far from each other are the bytes that are cut at.
step() {
	STEP=$1
	[ "$STEP" = 1 ] && EVERY="every byte" || EVERY="every ${STEP}th byte"
	STEPS="{\"from\": 0, \"step\": $STEP}"
}

# More bytes than each of what is cut has: the head and three rows, each in a block of its own; a body of two lines; a reply that
# confirms, or refuses.
ANSWER_BYTES=8000
BODY_BYTES=400
REPLY_BYTES=400
REFUSAL_BYTES=700

# Cuts wait for backoffs, of a worker's scans and of its uploads to a bucket: many of both wait at once.
SHARDS=16
BUCKETS=12

# targets NAME BYTES: TARGETS are one for each byte that is to be cut at, in BUCKETS of that name.
targets() {
	local i
	TARGETS=()
	for ((i = 0; i * STEP < $2; i++)); do
		TARGETS+=("$(printf '%s-%02d/%04d/' "$1" $((i % BUCKETS)) "$i")")
	done
}

# What a window holds that is closed by now does not change: each source's rows come in one answer, and in one object.
rows_are_closed() {
	[ "$("$DEV/sql" "SELECT max(insertedAt) < now() - $LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS - 1 FROM logs")" = 1 ]
}

# count_of RULE struck|cut
count_of() {
	curl -sS "$(faulty control)/stats" | jq -er --arg rule "$1" ".rules[] | select(.name == \$rule) | .$2"
}

# total struck|cut: of all rules.
total() {
	curl -sS "$(faulty control)/stats" | jq "[.rules[].$1] | add"
}

cut_at_least() {
	[ "$(total cut)" -ge "$1" ]
}

# The last ones were struck after the end of what there was: before it, none was left out.
went_past_the_end() {
	local struck cut
	struck=$(count_of "$1" struck) && cut=$(count_of "$1" cut) || return
	echo "$cut were cut, $((struck - cut)) had fewer bytes"
	[ "$cut" -gt 0 ] && [ "$struck" -gt "$cut" ]
}

# all_were_cut RULE...: and says how many were.
all_were_cut() {
	local rule
	for rule in "$@"; do
		check "$rule: at $EVERY up to the end" went_past_the_end "$rule"
		sed "s/^/# $rule: /" "$WORK/said"
	done
}

progress() {
	echo "$(total cut) $(delivered_rows)"
}

start_delivery() {
	need "the rows are of closed seconds" await 30 rows_are_closed
	start_service_through_faults --clickhouse.url="$(faulty clickhouse)"
}

no_worker_has_died() {
	"$CONTROL" status --json | jq -e '[.shards[].restarts] | add == 0'
}

all_is_delivered_once() {
	need "all rows are delivered and committed" await_progress 60 progress everything_settled
	check "no worker has died" no_worker_has_died
	check "the service ends on SIGTERM" stop_service
	check "each row is delivered exactly once" verify
}

large_streams() {
	local scans='"query": "ORDER BY raftSessionID", "answer_cut": [0, 40000]'
	echo "# streams of many rows, cut $RANDOM_CUTS times at random"
	need "rows of an hour are loaded" load --rows "$(full 60000 300000)" --sources 60 --sessions 60 --skew 0 --time-range 3600
	need "scans break somewhere" inject \
		"{\"name\": \"closed\", $scans, \"chance\": 0.5, \"clean\": true}" \
		"{\"name\": \"reset\", $scans}"
	start_delivery
	need "$RANDOM_CUTS have broken" await_progress 60 progress cut_at_least "$RANDOM_CUTS"
	echo "# $(total cut) of $(total struck) scans were cut"
	need "the faults end" inject
	all_is_delivered_once
}

# make_rows COMMAND OPTION...: of tenants, for TARGETS and their buckets. Small ones, all of one size.
make_rows() {
	tenants make "${TARGETS[@]}" && tenants "$@" --bytes 0 "${TARGETS[@]}"
}

# one_source DIGITS: what a scan has in its text that asks for one source alone, whose name ends with one of these.
one_source() {
	echo "\"query\": \"IN [(]{2}[0-9]+,'source-([0-9a-f]+[$1])'[)]{2} ORDER BY raftSessionID\""
}

answers() {
	step "$ANSWER_STEP"
	local cut="\"first\": 1, \"answer_cut\": $STEPS"
	echo "# ClickHouse's answer with the rows of one source, cut at $EVERY: by a close, and by a reset"
	targets answer $((2 * ANSWER_BYTES))
	need "there are ${#TARGETS[@]} sources" make_rows flow --rate 1 --seconds 3
	# Sources that fail together are asked for in smaller groups, until each stands alone.
	need "the first scan of each breaks" inject \
		"{\"name\": \"closed\", $(one_source 02468ace), $cut, \"clean\": true}" \
		"{\"name\": \"reset\", $(one_source 13579bdf), $cut}" \
		'{"name": "several", "query": "[)],[(].* ORDER BY raftSessionID", "status": 500,
			"body": "Code: 241. DB::Exception: too many sources at once. (MEMORY_LIMIT_EXCEEDED)"}'
	start_delivery
	all_is_delivered_once
	all_were_cut closed reset
}

# puts NAME BYTES: sources with an object each, for TARGETS of that name.
puts() {
	targets "$1" "$2"
	need "there are ${#TARGETS[@]} objects to be: $1" make_rows rows --rows 2
}

uploads() {
	step "$UPLOAD_STEP"
	local first='"method": "PUT", "first": 1'
	echo "# an object on its way to S3, S3's reply, its reply to the look for the object, and to the repetition, cut at $EVERY"
	puts body "$BODY_BYTES"
	puts reply "$REPLY_BYTES"
	puts look "$REFUSAL_BYTES"
	puts again "$REFUSAL_BYTES"
	need "the first uploads of each break" inject \
		"{\"name\": \"body\", \"bucket\": \"body-*\", $first, \"request_cut\": $STEPS}" \
		"{\"name\": \"reply\", \"bucket\": \"reply-*\", $first, \"answer_cut\": $STEPS, \"clean\": true}" \
		"{\"name\": \"stored\", \"bucket\": \"look-*\", $first, \"answer_cut\": 0}" \
		"{\"name\": \"look\", \"bucket\": \"look-*\", \"method\": \"HEAD\", \"first\": 1, \"answer_cut\": $STEPS, \"clean\": true}" \
		'{"name": "unreadable", "bucket": "again-*", "method": "HEAD", "status": 403}' \
		"{\"name\": \"lost\", \"bucket\": \"again-*\", $first, \"answer_cut\": 0}" \
		"{\"name\": \"again\", \"bucket\": \"again-*\", $first, \"answer_cut\": $STEPS, \"clean\": true}"
	start_delivery
	all_is_delivered_once
	all_were_cut body reply look again
}

story "connections that break at any byte lose no row and double none"
start_stack
start_faults
export LOG_COURIER_SUPERVISOR_SHARDS=$SHARDS
# All rows are there before the service is.
export LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=1
export LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=1
export LOG_COURIER_RETRY_MAX_BACKOFF_SECONDS=1
export LOG_COURIER_S3_MAX_BACKOFF_DELAY_SECONDS=1
# A row that a scan has lost is not to be found by a comparison.
export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=86400
export LOG_COURIER_RECONCILE_FULL_INTERVAL_SECONDS=86400
# Nothing but failures for a while is what is wanted here.
export LOG_COURIER_HEALTH_UNREACHABLE_AFTER_SECONDS=3600
# Rows of the past have to be there before the first start.
for part in ${PARTS:-large_streams answers uploads}; do
	"$part"
done
end_story
