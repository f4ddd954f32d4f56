#!/bin/bash
# Log objects in parts. Off by default; an object of 36 MB, or 88 MB with FULL=1, is the same, in one request or in parts. Then
# several, each into a versioned bucket with a fault of its own: replies that are lost, requests that are held while the service is
# killed, and killed again while it cleans up after that, or stopped. Each row is delivered once, nothing is left in parts, and each
# object has one version.

. "$(dirname "$0")/lib.sh"
# Rows of the large object, and of one of three parts of 5 MiB.
LARGE=$(full 75000 182000)
PARTS=$(full 3 6) # of 16 MiB, of the large one
SMALL=23000

# as_courier METHOD PATH [CURL OPTION...]
as_courier() {
	curl -sS --fail-with-body --aws-sigv4 "aws:amz:us-east-1:s3" --user "$LOG_COURIER_S3_ACCESS_KEY_ID:$LOG_COURIER_S3_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X "$1" "$LOG_COURIER_S3_ENDPOINT/$2" "${@:3}"
}

# keep_versions BUCKET
keep_versions() {
	as_courier PUT "$1?versioning=" --data-binary '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' -H 'Content-Type: application/xml'
}

# versions_of BUCKET: how many versions all objects have.
versions_of() {
	as_courier GET "$1?versions=" | grep -o '<Version>' | wc -l
}

objects_in() {
	keys_in "$1" | wc -l
}

# digests FILE: of what lies in the bucket, with its keys.
digests() {
	local key
	keys_in target-1 | while read -r key; do
		as_courier GET "target-1/$key" | sha256sum && echo "$key"
	done >"$1"
	cat "$1"
	[ -s "$1" ]
}

# requests: method and query of each that S3 has got, without ids; but for HEAD, and for the list of buckets.
requests() {
	curl -sS "$(faulty control)/heads" | jq -r '.s3[]' | sed -nE 's,^([A-Z]+) /[^ ?]*(\?[^ ]*)? HTTP.*,\1 \2,p' |
		sed -E 's/(uploadId|prefix)=[^& ]*/\1=X/' | grep -vE '^(HEAD|GET $)'
}

# requests_are LIST: those since they were looked at last.
SEEN=0
requests_are() {
	requests | tail -n +$((SEEN + 1)) >"$WORK/requests"
	SEEN=$((SEEN + $(wc -l <"$WORK/requests")))
	cat "$WORK/requests"
	[ "$(tr '\n' ',' <"$WORK/requests" | tr -d ' ')" = "$1" ]
}

# requests_of PARTS: an upload in so many parts, for requests_are.
requests_of() {
	echo "POST?uploads=,$(printf 'PUT?partNumber=%d&uploadId=X,' $(seq "$1"))POST?uploadId=X,"
}

# The newest ones, too, belong into the object of the others.
rows_are_old() {
	[ "$("$DEV/sql" "SELECT count() FROM logs WHERE insertedAt > now() - 3")" = 0 ]
}

# The service starts again from nothing, and finds the same rows.
start_from_nothing() {
	rm -rf "$LOG_COURIER_STATE_DIRECTORY" && "$DEV/sql" "TRUNCATE TABLE offsets_local" && delete_objects target-1
}

# peak: resident memory of the one worker so far, in KiB.
peak() {
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(worker_of 0)/status"
}

# deliver_large NAME [FLAG...]: all rows in one object; its digest and the worker's peak are kept.
deliver_large() {
	need "$1: there is nothing but rows" start_from_nothing
	start_service "${@:2}"
	await_delivery 60
	peak >"$WORK/peak.$1"
	need "$1: it is read" digests "$WORK/digest.$1"
	check "$1: nothing is left in parts" nothing_in_parts target-1
	check "$1: the service ends on SIGTERM" stop_service
	echo "# $1: $(objects_in target-1) object of $("$DEV/objects" target-1 | awk '{ print $1 }') bytes, the worker's peak is $(cat "$WORK/peak.$1") KiB"
}

same_digests() {
	diff "$WORK/digest.one" "$WORK/digest.parts" && [ "$(objects_in target-1)" = 1 ]
}

# The body, its index and what a worker takes anyway; parts need nothing of it.
peak_is_bounded() {
	[ "$(cat "$WORK/peak.parts")" -lt $(($(cat "$WORK/peak.one") + 16384)) ]
}

# has_parts NUMBER: S3 itself tells that the object has so many parts.
has_parts() {
	as_courier HEAD "target-1/$(keys_in target-1)" -I | tr -d '\r' | grep -i "^etag: .*-$1\"\$"
}

reads_as_lines() {
	as_courier GET "target-1/$(keys_in target-1)" | gzip -dc | grep -c ' REST\.'
}

# count_of RULE struck|under_way
count_of() {
	curl -sS "$(faulty control)/stats" | jq -er --arg rule "$1" ".rules[] | select(.name == \$rule) | .$2"
}

# held RULE...: each holds a request.
held() {
	local rule
	for rule; do
		[ "$(count_of "$rule" under_way)" -ge 1 ] || return
	done
}

fails() {
	! "$@"
}

# fault BUCKET DOCUMENT: a rule for this bucket, of its name.
fault() {
	jq -nc --arg bucket "$1" "{name: \$bucket, bucket: \$bucket} + $2"
}

# make_buckets BUCKET...: with versions and one log object's rows each.
SEED=100
make_buckets() {
	local bucket
	for bucket; do
		as_courier PUT "$bucket" && keep_versions "$bucket" || return
		SEED=$((SEED + 1))
		load --rows "$SMALL" --sources 1 --time-range 60 --seed "$SEED" --targets "$bucket" || return
	done
	await 10 rows_are_old
}

# empty BUCKET...: these have no object any more; there are no rows, and nothing is known of any.
empty() {
	local bucket
	for bucket; do
		delete_objects "$bucket" || return
	done
	"$DEV/stack" reset --dir "$WORK/stack"
}

# one_version_each BUCKET...: of one object each.
one_version_each() {
	local bucket
	for bucket; do
		echo "$bucket: $(objects_in "$bucket") objects, $(versions_of "$bucket") versions"
		[ "$(objects_in "$bucket")" = 1 ] && [ "$(versions_of "$bucket")" = 1 ] || return
	done
}

# logged TEXT
logged() {
	grep -F -- "$1" "$WORK/service.log"
}

story "log objects in parts"
start_stack
start_faults
export LOG_COURIER_SUPERVISOR_SHARDS=1 LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=1 LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=1
export LOG_COURIER_LIMITS_MAX_INFLIGHT_BYTES=629145600 LOG_COURIER_CONSUMER_MAX_OBJECT_BYTES=134217728
export LOG_COURIER_CONSUMER_MAX_LOGS_PER_OBJECT=1000000
faults=$(faulty s3)

need "rows are there" load --rows "$LARGE" --sources 1 --time-range 60 --targets target-1
need "  and are old" await 10 rows_are_old
deliver_large one --s3.endpoint="$faults"
check "by default it is one request" requests_are 'PUT,'
deliver_large parts --s3.endpoint="$faults" --s3.multipart-threshold-bytes=5242880 --s3.multipart-part-bytes=16777216
check "then it is sent in parts" requests_are "$(requests_of "$PARTS")"
check "  which S3 has put together" has_parts "$PARTS"
check "it is the same object under the same key" same_digests
check "  and the worker needs no more memory for it" peak_is_bounded
check "  of each row once" verify
deliver_large compressed --s3.endpoint="$faults" --s3.multipart-threshold-bytes=5242880 --s3.multipart-part-bytes=5242880 \
	--consumer.compression=gzip --s3.checksum=md5 --s3.metadata=true
check "compressed and with checksums it is in parts, too" has_parts "$(full 2 4)"
check "  and can be read" reads_as_lines
check "  of each row once" verify

# Faults that the service lives through. What breaks before a byte of the answer has come is sent again at once.
export LOG_COURIER_S3_MULTIPART_THRESHOLD_BYTES=5242880 LOG_COURIER_S3_MULTIPART_PART_BYTES=5242880
lived=(no-fault lost-begin lost-part busy-part lost-end twice-end failed-end unsaid-end)
need "all is empty" empty
need "there are buckets for faults" make_buckets "${lived[@]}"
need "each has one" inject \
	"$(fault lost-begin '{method: "POST", count: 1, answer_cut: 5}')" \
	"$(fault lost-part '{method: "PUT", skip: 1, count: 1, answer_cut: 5}')" \
	"$(fault busy-part '{method: "PUT", skip: 1, count: 1, status: 503, code: "SlowDown"}')" \
	"$(fault lost-end '{method: "POST", larger_than: 0, count: 1, answer_cut: 5}')" \
	"$(fault twice-end '{method: "POST", larger_than: 0, count: 1, times: 2}')" \
	"$(fault failed-end '{method: "POST", larger_than: 0, count: 1, status: 500, code: "InternalError"}')" \
	"$(fault unsaid-end '{method: "POST", larger_than: 0, count: 1, status: 500, code: "InternalError", times: 1}')"
start_service --s3.endpoint="$faults"
await_delivery 60
check "with lost and broken requests each object has one version" one_version_each "${lived[@]}"
check "  and nothing is left in parts" nothing_in_parts "${lived[@]}"
check "  what lost its beginning was deleted" logged 'parts that a former attempt had left were deleted'
check "  what was whole was not sent again" logged 'a former attempt had left all parts; they are put together'
check "the service ends on SIGTERM" stop_service
check "  with each row delivered exactly once" verify

# Faults in which it is killed.
killed=(held-begin held-part held-end stored-end)
need "all is empty" empty "${lived[@]}"
need "there are more buckets" make_buckets "${killed[@]}"
need "in each another request is held" inject \
	"$(fault held-begin '{method: "POST", count: 1, answer_hang: 0}')" \
	"$(fault held-part '{method: "PUT", skip: 1, count: 1, answer_hang: 0}')" \
	"$(fault held-end '{method: "POST", larger_than: 0, count: 1, request_hang: 0}')" \
	"$(fault stored-end '{method: "POST", larger_than: 0, count: 1, answer_hang: 0}')"
start_service --s3.endpoint="$faults"
need "all are held" await 30 held "${killed[@]}"
need "the service is killed" kill_service
check "parts are left" fails nothing_in_parts "${killed[@]}"
need "what follows is held, too" inject \
	"$(fault held-begin '{method: "GET", count: 1, answer_hang: 0}')" \
	"$(fault held-part '{method: "DELETE", count: 1, answer_hang: 0}')" \
	"$(fault held-end '{method: "POST", larger_than: 0, count: 1, answer_hang: 0}')" \
	"$(fault stored-end '{method: "HEAD", count: 1, answer_hang: 0}')"
start_service --s3.endpoint="$faults"
need "all are held" await 30 held "${killed[@]}"
need "the service is killed again" kill_service
need "nothing is held any more" inject
start_service --s3.endpoint="$faults"
await_delivery 60
check "after that each object has one version" one_version_each "${killed[@]}"
check "  and nothing is left in parts" nothing_in_parts "${killed[@]}"
check "the service ends on SIGTERM" stop_service
check "  with each row delivered exactly once" verify

# A stop that does not wait.
need "all is empty" empty "${killed[@]}"
need "there is another bucket" make_buckets stopped
need "it holds a part" inject "$(fault stopped '{method: "PUT", skip: 1, count: 1, answer_hang: 0}')"
LOG_COURIER_SHUTDOWN_TIMEOUT_SECONDS=3 start_service --s3.endpoint="$faults"
need "it is held" await 30 held stopped
check "the service ends on SIGTERM" stop_service
check "  and deletes the parts that it gives up" nothing_in_parts stopped
start_service --s3.endpoint="$faults"
await_delivery 60
check "the object has one version" one_version_each stopped
check "the service ends on SIGTERM" stop_service
check "  with each row delivered exactly once" verify
end_story
