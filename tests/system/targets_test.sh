#!/bin/bash
# Target buckets with settings of their own: another endpoint, and another key, for a bucket that the service's own key may not write
# into. They are shown, checked and reloaded like the rest, and an endpoint that fails is told by name. Then what log objects are stored
# with: checksum, ACL, tags, metadata, encryption; who can read them in a bucket of another user; and a header that S3 refuses.
# Keys of each form; and what was recorded under one form is stored under it, though the form is another by then.

. "$(dirname "$0")/lib.sh"

# configure LINE...: the entries of targets.
configure() {
	{
		echo "targets:"
		printf '%s\n' "$@"
	} >"$WORK/config.yml"
}

# as_owner METHOD PATH [CURL OPTION...]: a request of the user who owns the bucket "forbidden".
as_owner() {
	curl -sS --fail-with-body --aws-sigv4 "aws:amz:us-east-1:s3" \
		--user "OTHERACCESSKEY000001:other/secret+key000000000000000000000001" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X "$1" "$LOG_COURIER_S3_ENDPOINT/$2" "${@:3}"
}

# lend BUCKET: a new one of that user, who lets everyone write and read by its policy.
lend() {
	as_owner PUT "$1" && as_owner PUT "$1?policy=" --data-binary "{\"Version\": \"2012-10-17\", \"Statement\": [{
		\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"arn:aws:iam:::user/courier\"},
		\"Action\": [\"s3:PutObject\", \"s3:PutObjectAcl\", \"s3:GetObject\", \"s3:ListBucket\"],
		\"Resource\": [\"arn:aws:s3:::$1\", \"arn:aws:s3:::$1/*\"]}]}"
}

first_key() {
	"$DEV/objects" "$1" | awk 'NR == 1 { print $2 }'
}

# owner_gets BUCKET STATUS: what its owner is answered who reads a log object.
owner_gets() {
	local key status
	key=$(first_key "$1") && [ -n "$key" ] || return
	status=$(as_owner GET "$1/$key" -o "$WORK/read" -w '%{http_code}' 2>/dev/null)
	echo "$1/$key: $status"
	[ "$status" = "$2" ]
}

# as_courier METHOD PATH [CURL OPTION...]
as_courier() {
	curl -sS --fail-with-body --aws-sigv4 "aws:amz:us-east-1:s3" --user "$LOG_COURIER_S3_ACCESS_KEY_ID:$LOG_COURIER_S3_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X "$1" "$LOG_COURIER_S3_ENDPOINT/$2" "${@:3}"
}

# stored BUCKET: the headers and the body with which S3 returns a log object, in $WORK/head and $WORK/body.
stored() {
	as_courier GET "$1/$(first_key "$1")" -D "$WORK/head" -o "$WORK/body" && tr -d '\r' <"$WORK/head" >"$WORK/headers"
	cat "$WORK/headers"
}

metadata_is_right() {
	stored target-3 && grep -qix "x-amz-meta-rows: $(wc -l <"$WORK/body")" "$WORK/headers" &&
		grep -qi '^x-amz-meta-target: target-3/' "$WORK/headers" && grep -qi '^x-amz-meta-first-time: ....-..-..T' "$WORK/headers"
}

tags_are_there() {
	as_courier GET "target-3/$(first_key target-3)?tagging=" | tee "$WORK/tags" | grep -q '<Key>team</Key><Value>a/b c</Value>'
}

# sent WORDS: a PUT into target-3 had them in its head, as the proxy saw it.
sent() {
	curl -sS --fail-with-body "$(faulty control)/heads" | jq -r '.s3[] | select(startswith("PUT /target-3/"))' | tr -d '\r' >"$WORK/heads"
	grep -qi -- "$1" "$WORK/heads"
}

# Whoever verifies may read what is there.
let_all_read() {
	as_owner PUT 'forbidden?policy=' --data-binary '{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
		"Resource": ["arn:aws:s3:::forbidden", "arn:aws:s3:::forbidden/*"]}]}'
}

# struck RULE: requests that the proxy has passed by it.
struck() {
	curl -sS --fail-with-body "$(faulty control)/stats" | jq -r --arg rule "$1" '[.. | objects | select(.name? == $rule) | .struck] | add // 0'
}

a_source_of() {
	"$DEV/sql" "SELECT concat(toString(raftSessionID), '/', bucketName) FROM logs WHERE loggingTargetBucket = '$1' LIMIT 1"
}

explains() {
	"$CONTROL" explain "$(a_source_of "$1")" | tr -s '\n ' ' ' >"$WORK/explanation"
	cat "$WORK/explanation"
	grep -qF -- "$2" "$WORK/explanation"
}

blocked() {
	"$CONTROL" targets --blocked --json | jq -e --arg bucket "$1" '.targets | any(.bucket == $bucket)'
}

# keys_are BUCKET EXPRESSION: there are keys, and all are like this.
keys_are() {
	"$DEV/objects" "$1" | awk '{ print $2 }' >"$WORK/keys"
	cat "$WORK/keys"
	[ -s "$WORK/keys" ] && ! grep -qvE -- "$2" "$WORK/keys"
}

# Each row of the bucket once more, a day earlier.
add_yesterday() {
	"$DEV/sql" "INSERT INTO logs_local SELECT * REPLACE (now() AS insertedAt, startTime - toIntervalDay(1) AS startTime)
		FROM logs_local WHERE loggingTargetBucket = '$1'"
}

story "target buckets have settings of their own"
start_stack
export LOG_COURIER_SUPERVISOR_SHARDS=2 LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=1
start_faults
need "everyone may read the bucket of another user" let_all_read
need "the proxy counts" inject '{"name": "its own endpoint", "bucket": "forbidden", "answer_delay": 0}'
load --rows 6000 --sources 30 --time-range 60 --targets target-1,target-2,forbidden

configure "  - buckets: nothing-*"
start_service --config-file "$WORK/config.yml"
check "the service's own key may not write there" await 30 blocked forbidden

configure "  - buckets: forbidden" "    s3.max-retry-attempts: 3"
check "what cannot differ is refused" grep -q "config.yml:3: s3.max-retry-attempts" <("$CONTROL" reload 2>&1)
configure "  - buckets: [forbidden, \"*-of-others\"]" \
	"    s3.endpoint: $(faulty s3)" \
	"    s3.access-key-id: OTHERACCESSKEY000001" \
	"    s3.secret-access-key: other/secret+key000000000000000000000001"
check "an entry gives the bucket another endpoint and key" grep -q "changed: targets" <("$CONTROL" reload)
check "  --print-config shows it, without the secret" grep -A 4 '^targets:' <("$COURIER" --config-file "$WORK/config.yml" --print-config)
await_every_row 60
check "each row is delivered once, to that bucket, too" verify
check "  by its own endpoint" [ "$(struck "its own endpoint")" -gt 0 ]
check "explain tells what differs" explains forbidden "For its target bucket 'forbidden' some settings differ, by the entry in $WORK/config.yml:2: s3.endpoint:"
check "  and masks the secret" grep -qF 's3.secret-access-key: "********"' "$WORK/explanation"
check "  of other buckets nothing" eval '! explains target-1 "some settings differ"'

need "that endpoint knows the key no more" inject '{"bucket": "forbidden", "status": 403, "code": "InvalidAccessKeyId"}'
load --rows 3000 --sources 30 --targets target-1,forbidden --seed 2
check "health says of which endpoint" await 30 is_red "$(faulty s3): PUT forbidden/"
check "  while the others deliver" await 30 delivered_at_least 7000
need "it knows the key again" inject
check "health is green again" await 30 healthy

need "another user lends a bucket" lend lent
need "  and a second one" lend lent-readable
own_endpoint=("  - buckets: forbidden" "    s3.access-key-id: OTHERACCESSKEY000001" "    s3.secret-access-key: other/secret+key000000000000000000000001")
readable=("  - buckets: \"*-readable\"" "    s3.acl: bucket-owner-full-control")
described=("  - buckets: target-3" "    s3: {checksum: md5, storage-class: STANDARD, metadata: true, tags: [team=a/b c]}" "    s3.endpoint: $(faulty s3)")
encrypted=("  - buckets: target-4" "    s3: {encryption: \"aws:kms\", encryption-key-id: audit-key, checksum: crc64nvme}")
refused=("  - buckets: target-5" "    s3.acl: log-delivery-write")
configure "${own_endpoint[@]}" "${readable[@]}" "${described[@]}" "${encrypted[@]}" "${refused[@]}"
check "what goes with log objects may differ, too" "$CONTROL" reload
check "  the preflight tells what S3 refuses" grep -A 3 "^FAIL .*target-5" <("$COURIER" --config-file "$WORK/config.yml" --preflight --preflight-bucket=target-5 2>&1)
need "a bucket with Object Lock refuses uploads without a checksum, as on Amazon S3" \
	inject '{"bucket": "target-3", "method": "PUT", "status": 400, "code": "InvalidRequest"}'
check "  the preflight tells which setting helps" grep -F "Object Lock needs s3.checksum" <("$COURIER" --config-file "$WORK/config.yml" --preflight --preflight-bucket=target-3 2>&1)
need "  that is over" inject
load --rows 3000 --sources 30 --targets lent,lent-readable,target-3,target-4,target-5 --seed 3
check "a header that S3 refuses blocks its bucket alone" await 30 blocked target-5
check "  explain says what to do" await 30 explains target-5 "s3.acl"
check "the others deliver" await 60 delivered_at_least 11300
check "by a policy alone the courier's objects are not their bucket's owner's to read: 403" owner_gets lent 403
check "with bucket-owner-full-control he reads them: 200" owner_gets lent-readable 200
check "rows, times and target are in the metadata" metadata_is_right
check "  the tags are there" tags_are_there
check "  the checksum was sent" sent '^content-md5: [A-Za-z0-9+/]*==$'
check "  and signed" sent 'SignedHeaders=content-md5;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-first-time;'
grep -iE '^(PUT|content-|x-amz-)' "$WORK/heads" | head -n 14 | sed 's/^/#   /'
check "an object is encrypted with the key that was asked for" grep -i '^x-amz-server-side-encryption-aws-kms-key-id: audit-key' <(stored target-4)
by_day=("  - buckets: target-6" "    consumer.key-format: partitioned-event-time")
configure "${own_endpoint[@]}" "${readable[@]}" "${described[@]}" "${encrypted[@]}" "${by_day[@]}" \
	"  - buckets: target-7" "    consumer.key-format: partitioned-delivery-time" "    s3.endpoint: $(faulty s3)"
check "without that header the bucket takes its log objects" "$CONTROL" reload
need "target-7 takes nothing" inject '{"bucket": "target-7", "status": 503}'
load --rows 1000 --sources 10 --targets target-6,target-7/logs- --seed 4
need "there are requests of two days" add_yesterday target-6
check "what is for target-7 is recorded" await 30 blocked target-7
configure "${own_endpoint[@]}" "${readable[@]}" "${described[@]}" "${encrypted[@]}" "${by_day[@]}"
check "its keys are simple from now on" "$CONTROL" reload
await_every_row 60
day='([0-9]{4})/([0-9]{2})/([0-9]{2})'
source='[0-9a-f-]+/us-east-1/[a-z0-9.-]+'
check "keys tell the source and the day of the requests" keys_are target-6 "^$source/$day/\\1-\\2-\\3-00-00-00-[0-9A-F]{16}\$"
check "  of two days" [ "$(cut -d/ -f6 "$WORK/keys" | sort -u | wc -l)" -ge 2 ]
check "what was recorded keeps the time of its delivery" keys_are target-7 "^logs-$source/$day/\\1-\\2-\\3-[0-9-]{8}-[0-9A-F]{16}\$"
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
