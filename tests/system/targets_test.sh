#!/bin/bash
# Target buckets with settings of their own: another endpoint, and another key, for a bucket that the service's own key may not write
# into. They are shown, checked and reloaded like the rest, and an endpoint that fails is told by name.

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

story "target buckets have settings of their own"
start_stack
export LOG_COURIER_SUPERVISOR_SHARDS=2
start_faults
need "everyone may read the bucket of another user" let_all_read
need "the proxy counts" inject '{"name": "its own endpoint", "bucket": "forbidden", "answer_delay": 0}'
load --rows 6000 --sources 30 --targets target-1,target-2,forbidden

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
await_every_row 60
check "health is green again" await 30 healthy
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
