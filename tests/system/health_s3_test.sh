#!/bin/bash
# An S3 that answers and takes nothing turns health red at once, with its own words and the way out; a bucket that is refused among others
# that work does not.

. "$(dirname "$0")/lib.sh"
ANSWER=''

# answer_with STATUS-AND-HEADERS BODY: what the server in the place of S3 says from now on.
answer_with() {
	printf '%s\n%s' "$1" "$2" >"$ANSWER.new" && mv "$ANSWER.new" "$ANSWER"
}

# refuse_with STATUS CODE MESSAGE: as S3 does.
refuse_with() {
	answer_with "$1 Content-Type: application/xml" \
		"<?xml version='1.0' encoding='UTF-8'?><Error><Code>$2</Code><Message>$3</Message><RequestId>1</RequestId></Error>"
}

# use_endpoint URL [SETTING...]
use_endpoint() {
	printf '%s\n' "s3.endpoint: $1" "${@:2}" >"$WORK/log-courier.yml"
}

failures_of() {
	"$CONTROL" targets --json | jq "[.targets[] | select(.bucket == \"$1\") | .failures] | add // 0"
}

# green_while_probed BUCKET TIMES: health stays green until the bucket has refused so often.
green_while_probed() {
	local deadline=$((SECONDS + 60))
	while [ "$(failures_of "$1")" -lt "$2" ]; do
		"$CONTROL" health || return
		[ "$SECONDS" -lt "$deadline" ] || return
		sleep 0.1
	done
}

story "health is red while S3 takes nothing, whatever it answers"
start_stack
ANSWER=$WORK/answer
refuse_with 400 AuthorizationHeaderMalformed "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-north-7'"
start_wrong_server S3
S3=$LOG_COURIER_S3_ENDPOINT
unset LOG_COURIER_S3_ENDPOINT
use_endpoint "http://127.0.0.1:$PORT"
start_service --config-file="$WORK/log-courier.yml"
export LOG_COURIER_S3_ENDPOINT=$S3
check "a service that has tried nothing is healthy" healthy
need "rows come" load --rows 500 --sources 20
check "a wrong region is told" await 20 says "because s3.region is not its region" "expecting 'eu-north-7'" "set s3.region to the one that S3 names"
check "  each as critical" eval '[ "$("$CONTROL" health --json | jq -r "[.findings[] | select(.shard != null).severity] | unique[]")" = critical ]'
answer_with "301 Location: http://s3.elsewhere.example/" ""
check "so is a redirect without a word" await 20 says "answered with redirects" "HTTP 301 without an S3 error code, to http://s3.elsewhere.example/" "set s3.endpoint"
refuse_with "307" TemporaryRedirect "Please re-send this request to the specified temporary endpoint."
check "and one with" await 20 says "answered with redirects" "HTTP 307 TemporaryRedirect: Please re-send"
answer_with "404 Content-Type: text/html" "<html><body>Not Found</body></html>"
check "and an endpoint that is not S3" await 20 says "the server at s3.endpoint is not S3" "set s3.endpoint to the address of the S3 API"
answer_with "200 Content-Type: text/html" "<html><body>It works!</body></html>"
check "and one that takes all and tells no ETag" await 20 says "without returning an ETag" "set s3.endpoint to the address of the S3 API"
refuse_with 403 AccessDenied "Access Denied"
check "and one that lets nobody write" await 20 says "HTTP 403 AccessDenied" "allow the access key s3:PutObject on the target buckets"
refuse_with 403 RequestTimeTooSkewed "The difference between the request time and the current time is too large."
check "and clocks that differ" await 20 says "its clock and this machine's differ" "make sure that NTP works on both"
use_endpoint "https://127.0.0.1:${S3##*:}"
need "S3 is asked over TLS, which it does not speak" "$CONTROL" reload
check "an S3 that cannot be reached is told" await 20 says "S3 has confirmed no upload for" "make sure that s3.endpoint is right and its server is running"
use_endpoint "$S3"
need "S3 itself is put in force" "$CONTROL" reload
await_every_row 60
check "health is green" await 30 healthy

need "rows come for a bucket that is not there" load --rows 500 --sources 20 --targets nowhere/logs --seed 2
need "and for others" load --rows 500 --sources 20 --seed 3
need "these are delivered" await 60 delivered_at_least 1000
check "one bucket that is refused among others does not turn it red" green_while_probed nowhere 10
check "the service ends on SIGTERM" stop_service

unset LOG_COURIER_S3_ENDPOINT
start_service --config-file="$WORK/log-courier.yml"
check "a service whose targets all refuse is red" await 20 says "NoSuchBucket" "create the target buckets"
check "the service ends on SIGTERM" stop_service
export LOG_COURIER_S3_ENDPOINT=$S3
end_story
