#!/bin/bash
# The user as whom log-courier works: its rights on both servers are those of the files in contrib, and no more; contrib/s3/service-user makes
# it. What the tests' S3 lacks of the IAM API, users and keys, is played by iam_server.py.

. "$(dirname "$0")/lib.sh"
POLICY=$TOP/contrib/s3/user-policy.json
PORT=''

admin() {
	radosgw-admin -c "$WORK/stack/ceph/ceph.conf" "$@"
}

# tool ARGUMENT...: as the administrator, who owns the buckets.
tool() {
	AWS_ACCESS_KEY_ID=$LOG_COURIER_S3_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$LOG_COURIER_S3_SECRET_ACCESS_KEY \
		"$TOP/contrib/s3/service-user" apply "$@"
}

# answers STATUS METHOD PATH [USER]: what S3 says to it.
answers() {
	local status
	status=$(curl -sS -o "$WORK/answer" -w '%{http_code}' --aws-sigv4 "aws:amz:$LOG_COURIER_S3_REGION:s3" --user "${4:-SERVICEKEY0001:service-secret}" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X "$2" "$LOG_COURIER_S3_ENDPOINT/$3" --data-binary "${5:-line}")
	[ "$status" = "$1" ] || { echo "HTTP $status" && cat "$WORK/answer" && false; }
}

# The policy is the other owner's to give: for a user of no account, as Ceph writes it.
give_bucket_policy() {
	local other
	other=$(sed -n 's/^S3_OTHER_ACCESS_KEY_ID=//p' "$WORK/stack/settings"):$(sed -n 's/^S3_OTHER_SECRET_ACCESS_KEY=//p' "$WORK/stack/settings")
	answers 204 PUT 'forbidden?policy=' "$other" \
		"$(sed -e 's/iam::ACCOUNT:user/iam:::user/' -e 's/TARGET-BUCKET/forbidden/' "$TOP/contrib/s3/bucket-policy.json")"
}

each_is_parsed() {
	local statement count=0
	while IFS= read -r -d ';' statement; do
		"$DEV/sql" "EXPLAIN AST $statement" || return
		count=$((count + 1))
	done < <(sed 's/--.*//' "$TOP/contrib/clickhouse/grants.sql")
	[ "$count" -eq 5 ]
}

start_iam() {
	PORT=$("$TOP/tests/system/free_port.py")
	"$TOP/tests/system/iam_server.py" "$PORT" "$LOG_COURIER_S3_ACCESS_KEY_ID" "$LOG_COURIER_S3_SECRET_ACCESS_KEY" >"$WORK/iam.log" 2>&1 &
	CHILDREN+=($!)
	need "a server with users is there" await 10 curl -s -o "$WORK/answer" "http://127.0.0.1:$PORT/"
}

# says_json EXPECTED ARGUMENT...: the tool's standard output is that, and nothing else.
says_json() {
	local said
	said=$(tool "${@:2}" --iam-endpoint "http://127.0.0.1:$PORT")
	[ "$said" = "$1" ] || { echo "$said" && false; }
}

story "the service's user has the rights that the files in contrib give, and no others"
start_stack

# S3
check "the policy is the one that service-user writes" eval \
	'[ "$("$TOP/tests/system/iam.py" policy | jq -cS .)" = "$(jq -cS . "$POLICY")" ]'
need "there is a user" admin user create --uid log-courier --display-name log-courier --access-key SERVICEKEY0001 --secret service-secret
need "an administrator may write policies" admin caps add --uid courier --caps 'user-policy=*'
check "without a policy it may write nowhere" answers 403 PUT target-1/a
check "it is told that Ceph makes no users by this API" eval '! tool log-courier --iam-endpoint "$LOG_COURIER_S3_ENDPOINT" >"$WORK/json"'
check "  in JSON" eval 'jq -er .error "$WORK/json" | grep -F "see --only-policy"'
need "its policy is written" tool log-courier --iam-endpoint "$LOG_COURIER_S3_ENDPOINT" --only-policy
need "again, which changes nothing" tool log-courier --iam-endpoint "$LOG_COURIER_S3_ENDPOINT" --only-policy
check "it may write into any bucket" answers 200 PUT target-1/a
check "  but not list it" answers 403 GET target-1
check "  nor delete what it has not written" eval \
	'answers 200 PUT target-1/theirs "$LOG_COURIER_S3_ACCESS_KEY_ID:$LOG_COURIER_S3_SECRET_ACCESS_KEY" && answers 403 DELETE target-1/theirs'
check "  nor read it" answers 403 GET target-1/theirs
check "  nor see what it has not finished" answers 403 GET 'target-1?uploads='
check "  nor delete that" answers 403 DELETE 'target-1/a?uploadId=none'
need "it gets the policy for uploads in parts, too" "$TOP/tests/system/iam.py" PutUserPolicy UserName=log-courier PolicyName=parts \
	"PolicyDocument=$(jq -c . "$TOP/contrib/s3/multipart-policy.json")"
check "then it may see what it has not finished" answers 200 GET 'target-1?uploads='
check "  and delete them" answers 404 DELETE 'target-1/a?uploadId=none'
check "  but not list the bucket" answers 403 GET target-1
need "that policy is taken away" "$TOP/tests/system/iam.py" DeleteUserPolicy UserName=log-courier PolicyName=parts

# a bucket of another account
need "the policy is taken away" "$TOP/tests/system/iam.py" DeleteUserPolicy UserName=log-courier PolicyName=log-courier
check "another owner's bucket is closed" answers 403 PUT forbidden/a
need "the owner lets it write" give_bucket_policy
check "then it may" answers 200 PUT forbidden/a
check "  but not list it" answers 403 GET forbidden
check "  and nobody else may" answers 403 PUT forbidden/a "$LOG_COURIER_S3_ACCESS_KEY_ID:$LOG_COURIER_S3_SECRET_ACCESS_KEY"

# users and keys
start_iam
check "a user is made, with its key" says_json '{"data": {"AccessKeyId": "AKIA0000", "SecretAccessKey": "a+secret/of=it"}}' log-courier
check "  a second time it is left as it is" says_json '{"data": {"AccessKeyId": "AKIA0000"}}' log-courier
check "  its policy is that of the file" eval \
	'[ "$(sed -n "s/^PutUserPolicy 200 //p" "$WORK/iam.log" | head -n 1 | jq -cS .)" = "$(jq -cS . "$POLICY")" ]'
check "one that is there under another path is left alone" eval '! says_json "" log-courier --path /elsewhere/ >"$WORK/json"'
check "  and that is said in JSON" eval 'jq -er .error "$WORK/json" | grep -F "is there with the path /, expected /elsewhere/"'
check "a wrong secret is told" eval '! LOG_COURIER_S3_SECRET_ACCESS_KEY=wrong says_json "" log-courier >"$WORK/json"'
check "  in JSON" eval 'jq -er .error "$WORK/json" | grep -F "SignatureDoesNotMatch"'
check "so is a server that is not there" eval '! PORT=9 says_json "" log-courier >"$WORK/json" && jq -er .error "$WORK/json"'

# ClickHouse: the engine of the tests has no users, but reads what would make them
check "each grant is a statement that ClickHouse reads" each_is_parsed
end_story
