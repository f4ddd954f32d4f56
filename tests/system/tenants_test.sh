#!/bin/bash
# One tenant's target fails, in one way after another: its neighbours' rows come as if nothing were, and its own when
# it works again. With FULL=1 all of the stories; STORIES="NAME..." chooses: hang slow refused prefix key large any_size certificate.

. "$(dirname "$0")/tenants_lib.sh"
STORIES=${STORIES:-$(full "refused prefix large" "hang slow refused prefix key large any_size certificate")}
# How late a row of a healthy neighbour may be: thresholds and delays of the settings are 5 s, a busy machine takes its own.
IN_TIME=20

# begin TEXT [OPTION...]: a stack of its own, without rows and objects of the story before; options of contrib/dev/faults.
begin() {
	echo "# $1"
	[ ! -d "$WORK/stack" ] || need "the former stack ends" end_stack
	start_stack
	start_faults "${@:2}"
	export LOG_COURIER_SUPERVISOR_SHARDS=1
}

end_stack() {
	local child
	for child in "${CHILDREN[@]}"; do
		end_child "$child" 5
	done
	CHILDREN=()
	"$DEV/stack" stop --dir "$WORK/stack" && rm -rf "$WORK/stack"
}

# finish: the faults are gone; all rows come, each once, and the service ends.
finish() {
	need "the faults end" inject
	check "all rows are delivered" await_progress 60 delivered_rows everything_settled
	check "the service ends on SIGTERM" stop_service || end_child "$SERVICE_PID" 5
	check "each row is delivered exactly once" verify
}

hang() {
	local good=(good-{1..5}/) bad=(hang-{1..100}/)
	begin "100 buckets let PUTs hang until the time-out"
	export LOG_COURIER_TIMEOUT_UPLOAD_OPERATION_SECONDS=30
	need "the buckets are there" tenants make "${good[@]}" "${bad[@]}"
	need "PUTs hang" inject '{"bucket": "hang-*", "method": "PUT", "request_hang": 0}'
	start_service_through_faults
	flow 1 60 "${good[@]}" "${bad[@]}"
	# All are new at once: which ones hang is found out by and by.
	arrive "five good ones get all their rows in time" --rows 300 --seconds 40 --worst 45 "${good[@]}"
	need "the rows have come" await_flow 30
	# It takes its attempts, each as long as the time-out, until a target has stepped aside.
	check "the operator sees all that hang, and why" await 30 all_are_failing 100
	check "the good ones are not" are_working "${good[@]}"
	unset LOG_COURIER_TIMEOUT_UPLOAD_OPERATION_SECONDS
	finish
}

# all_are_failing COUNT: so many targets are listed with their last error.
all_are_failing() {
	local failing
	failing=$("$CONTROL" targets --json --limit 1000 |
		jq '[.targets[] | select(.state != "healthy" and .last_error != "")] | length')
	echo "$failing targets are shown as failing"
	[ "$failing" -eq "$1" ]
}

slow() {
	begin "a target takes 1 MB/s and has 120 MB waiting"
	need "the buckets are there" tenants make slow/ quiet/
	need "one is slow" inject '{"bucket": "slow", "method": "PUT", "request_rate": 1000000, "shared": true}'
	start_service_through_faults
	need "120 MB wait" tenants rows slow/ --rows 30000 --bytes 4000
	flow 1 60 quiet/
	arrive "its quiet neighbour gets each row within 15 s" --rows 60 --seconds 60 --worst 15 quiet/
	need "the rows have come" await_flow 30
	finish
}

refused() {
	local bad=(missing-{1..7}/)
	begin "seven targets refuse objects that are full"
	export LOG_COURIER_LIMITS_MAX_INFLIGHT_BYTES=16777216 LOG_COURIER_CONSUMER_MAX_OBJECT_BYTES=4194304
	need "only one bucket is there" tenants make good/
	start_service_through_faults
	need "each has 12 MB" tenants rows "${bad[@]}" --rows 3000 --bytes 4000
	check "they are told" await_blocked 30 "${bad[@]}"
	flow 1 30 good/
	arrive "the good one gets each row in time" --rows 30 --seconds 30 --worst "$IN_TIME" good/
	need "the rows have come" await_flow 30
	need "the buckets are made" tenants make "${bad[@]}"
	unset LOG_COURIER_LIMITS_MAX_INFLIGHT_BYTES LOG_COURIER_CONSUMER_MAX_OBJECT_BYTES
	finish
}

prefix() {
	begin "a central bucket takes good/ and refuses bad/"
	need "its policy allows good/ alone" share central "good/*"
	start_service_through_faults
	need "a source logs to bad/" tenants rows central/bad/ --rows 20
	check "its target is told" await_blocked 30 central/bad/
	need "others log to good/" tenants rows central/good/a/ central/good/b/ --rows 10
	need "more to bad/" tenants rows central/bad/ --rows 20
	arrive "good/ gets 20 of 20" --rows 20 --seconds 30 --worst "$IN_TIME" central/good/a/ central/good/b/
	check "bad/ is blocked, good/ is not" are_working central/good/a/ central/good/b/
	need "the policy allows all" share central "*"
	finish
}

key() {
	local long
	long=$(printf 'k%.0s' {1..1010})
	begin "a key of more than 1,024 bytes"
	need "the bucket is there" tenants make central/
	start_service_through_faults
	need "a source has a prefix of 1,010 bytes" tenants rows "central/$long" --rows 20
	check "its target is told" await_blocked 30 "central/$long"
	need "others have not" tenants rows central/a/ central/b/ --rows 10
	arrive "theirs are delivered" --rows 20 --seconds 30 --worst "$IN_TIME" central/a/ central/b/
	check "their targets are not told" are_working central/a/ central/b/
	check "the service ends on SIGTERM" stop_service || end_child "$SERVICE_PID" 5
	check "no row is double or wrong" verify --partial
}

large() {
	begin "a proxy answers 413 to bodies of more than 100,000 bytes"
	need "the bucket is there" tenants make central/
	need "large bodies are refused" \
		inject '{"method": "PUT", "larger_than": 100000, "early": true, "status": 413, "body": "<html>too large"}'
	start_service_through_faults
	need "a source has an object of 2 MB" tenants rows central/large/ --rows 2000 --bytes 1000
	need "it is refused" await 30 was_struck
	need "others have small ones" tenants rows central/a/ central/b/ --rows 10
	arrive "theirs are delivered" --rows 20 --seconds 30 --worst "$IN_TIME" central/a/ central/b/
	tenants await --rows 2000 --seconds 30 central/large/ >"$WORK/report.json" 2>/dev/null
	echo "# of the large one:"
	show_report "$WORK/report.json"
	check "the large one is delivered in small objects, or told" delivered_or_told
	finish
}

was_struck() {
	curl -sS "$(faulty control)/stats" | jq -e '.rules[0].struck > 0'
}

delivered_or_told() {
	jq -e '.rows == .wanted' "$WORK/report.json" || are_blocked central/large/
}

any_size() {
	begin "a proxy answers 413 to whatever goes to one bucket"
	need "the buckets are there" tenants make closed/ good/
	need "all bodies are refused in one" \
		inject '{"bucket": "closed", "method": "PUT", "early": true, "status": 413, "body": "<html>too large"}'
	start_service_through_faults
	need "a source has 2 MB for it" tenants rows closed/ --rows 2000 --bytes 1000
	check "it is told" await_blocked 60 closed/
	flow 1 20 good/
	arrive "the other gets each row in time" --rows 20 --seconds 30 --worst "$IN_TIME" good/
	need "the rows have come" await_flow 30
	finish
	check "they are in few objects" objects_at_most 100 closed
}

objects_at_most() {
	local count
	count=$("$DEV/objects" "$2" | wc -l)
	echo "there are $count"
	[ "$count" -le "$1" ]
}

certificate() {
	local good=(good-{1..3}/) bad=(late-{1..3}/)
	mkdir "$WORK/tls"
	begin "the certificates of some buckets' hosts have expired" --tls "$WORK/tls"
	need "the buckets are there" tenants make "${good[@]}" "${bad[@]}"
	need "their certificates have expired" inject '{"bucket": "late-*", "certificate": "expired"}'
	start_service --s3.endpoint="$(faulty s3_tls)" --s3.addressing-style=virtual \
		--s3.tls-ca-file="$WORK/tls/authority.pem"
	flow 1 30 "${good[@]}" "${bad[@]}"
	arrive "the others get all their rows in time" --rows 90 --seconds 40 --worst "$IN_TIME" "${good[@]}"
	need "the rows have come" await_flow 30
	check "those that have expired are told" await_blocked 60 "${bad[@]}"
	check "the others are not" are_working "${good[@]}"
	finish
}

story "one tenant's failing target harms no other"
for name in $STORIES; do
	"$name"
done
end_story
