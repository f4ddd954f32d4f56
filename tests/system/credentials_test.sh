#!/bin/bash
# Credentials that come from elsewhere than the settings, change and run out: each source in turn lends keys of a real S3, which takes them
# or refuses them. Uploads wait for what is missing; nobody else is blamed, and each row is delivered exactly once.

. "$(dirname "$0")/lib.sh"
LENT=''
PORT=''

admin() {
	radosgw-admin -c "$WORK/stack/ceph/ceph.conf" "$@"
}

# make_key NAME: another key of the user that owns the buckets, and drop_key NAME: which S3 refuses from then on.
make_key() {
	admin key create --uid courier --access-key "$1" --secret "secret-of-$1"
}

drop_key() {
	admin key rm --uid courier --access-key "$1"
}

# share_key NAME: as the profile logs.
share_key() {
	printf '[default]\naws_access_key_id = NOBODY\n[logs]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$1" "secret-of-$1" \
		>"$WORK/shared.new" && mv "$WORK/shared.new" "$WORK/shared"
}

# lend_key NAME [SECONDS]: by the metadata and the container's provider.
lend_key() {
	jq -n --arg id "$1" --arg expiration "$(date -u -d "+${2:-3600} seconds" +%Y-%m-%dT%H:%M:%SZ)" \
		'{Code: "Success", AccessKeyId: $id, SecretAccessKey: ("secret-of-" + $id), Expiration: $expiration}' \
		>"$LENT/lent.new" && mv "$LENT/lent.new" "$LENT/lent"
}

lend_nothing() {
	rm "$LENT/lent"
}

start_lender() {
	PORT=$("$TOP/tests/system/free_port.py")
	LENT=$WORK/lender
	mkdir "$LENT"
	"$TOP/tests/system/lender.py" "$PORT" "$LENT" >"$WORK/lender.log" 2>&1 &
	CHILDREN+=($!)
	need "somebody lends credentials" await 10 curl -s -o "$WORK/answer" "http://127.0.0.1:$PORT/"
}

base64url() {
	base64 -w0 | tr '+/' '-_' | tr -d =
}

# write_identity: a token of the issuer, in a file.
write_identity() {
	local head body signature
	head=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url)
	body=$(jq -jcn --arg iss "http://127.0.0.1:$PORT" \
		'{iss: $iss, sub: "courier-1", aud: "log-courier", azp: "log-courier", app_id: "log-courier", iat: now | floor,
			exp: (now | floor + 3600)}' | base64url)
	signature=$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign "$LENT/issuer.key" | base64url)
	printf '%s.%s.%s\n' "$head" "$body" "$signature" >"$WORK/identity"
}

iam() {
	"$TOP/tests/system/iam.py" "$@"
}

# enable_sts: S3 lends credentials, too. With that Ceph answers AccessDenied to a key that it does not know, so it is not always on.
enable_sts() {
	stop_server s3 && printf 'rgw sts key = sixteen-bytes-aa\nrgw s3 auth use sts = true\n' >>"$WORK/stack/ceph/ceph.conf" && start_server s3
}

# make_role: S3 trusts the issuer, and the role that its identities may have may write.
make_role() {
	local provider=127.0.0.1:$PORT
	openssl req -x509 -newkey rsa:2048 -noenc -days 2 -subj /CN=issuer -keyout "$LENT/issuer.key" -out "$LENT/issuer.pem" &&
		admin caps add --uid courier --caps 'roles=*;oidc-provider=*' &&
		iam CreateOpenIDConnectProvider "Url=http://$provider" ClientIDList.member.1=log-courier \
			"ThumbprintList.member.1=$(openssl x509 -in "$LENT/issuer.pem" -outform DER | sha1sum | cut -c1-40 | tr a-f A-F)" &&
		iam CreateRole RoleName=log-courier Path=/ "AssumeRolePolicyDocument=$(jq -cn --arg provider "$provider" \
			'{Version: "2012-10-17", Statement: [{Effect: "Allow", Action: ["sts:AssumeRoleWithWebIdentity"],
				Principal: {Federated: ["arn:aws:iam:::oidc-provider/" + $provider]},
				Condition: {StringEquals: {($provider + ":app_id"): "log-courier"}}}]}')" &&
		iam PutRolePolicy RoleName=log-courier PolicyName=put "PolicyDocument=$(jq -c . "$TOP/contrib/s3/user-policy.json")" &&
		write_identity
}

# configure SOURCE [SETTING...]
configure() {
	printf '%s\n' "s3.credentials: $1" "s3.shared-credentials-file: $WORK/shared" 's3.profile: logs' "${@:2}" >"$WORK/log-courier.yml"
}

# use SOURCE [SETTING...]: is put in force.
use() {
	configure "$@" && "$CONTROL" reload
}

# Becomes the service, in an environment without a key of the stack's, but with places where keys are to be had.
without_keys() {
	exec env -u LOG_COURIER_S3_ACCESS_KEY_ID -u LOG_COURIER_S3_SECRET_ACCESS_KEY \
		AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:$PORT/container" AWS_CONTAINER_AUTHORIZATION_TOKEN=let-me-have-them \
		AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$PORT/" AWS_ROLE_ARN=arn:aws:iam:::role/log-courier \
		AWS_ACCESS_KEY_ID="$LOG_COURIER_S3_ACCESS_KEY_ID" AWS_SECRET_ACCESS_KEY="$LOG_COURIER_S3_SECRET_ACCESS_KEY" \
		"$COURIER" --config-file="$WORK/log-courier.yml" "$@"
}

start_without_keys() {
	without_keys >>"$WORK/service.log" 2>&1 &
	SERVICE_PID=$!
	need "the service becomes healthy" await 30 healthy
}

# delivers WHAT: rows that come now are delivered.
delivers() {
	need "rows come" load --rows 300 --sources 10
	await_delivery 60
	check "$1" healthy
}

status_says() {
	"$CONTROL" status >"$WORK/status" && tr -s '\n ' ' ' <"$WORK/status" | grep -qF -- "$1"
}

none_is_blocked() {
	[ "$("$CONTROL" targets --blocked --json | jq '.targets | length')" -eq 0 ]
}

# Of the hour some seconds may have gone.
instance_lends_for_an_hour() {
	grep -qE '"message":"credentials for S3".*"from":"instance metadata .*"seconds_left":3[56][0-9][0-9]\b' "$WORK/service.log"
}

log_has() {
	grep -qF -- "$1" "$WORK/service.log"
}

preflight_says() {
	(without_keys --preflight) >"$WORK/preflight"
	grep -F -- "$1" "$WORK/preflight"
}

story "credentials come from where the service is told, change while it runs, and run out"
start_stack
export LOG_COURIER_SUPERVISOR_SHARDS=2
start_lender
for key in PROFILEKEY0001 PROFILEKEY0002 CONTAINERKEY01 INSTANCEKEY001 INSTANCEKEY002; do
	need "S3 knows $key" make_key "$key"
done
share_key PROFILEKEY0001
configure profile
start_without_keys

# a file that changes
delivers "the keys of a profile are used"
check "  status says so" status_says "from profile logs of $WORK/shared"
check "  so does the preflight" preflight_says "ok    credentials for S3: from profile logs of $WORK/shared"
need "the profile has another key" share_key PROFILEKEY0002
need "S3 refuses the first" drop_key PROFILEKEY0001
delivers "the new one is used without a reload"
check "  and no target was blocked meanwhile" eval '! log_has "target refuses log objects"'
need "S3 refuses that, too" drop_key PROFILEKEY0002
need "rows come" load --rows 300 --sources 10
check "health is red and names the key" await 30 is_red "S3 has refused the access key or its secret"
check "  but no target is blocked" none_is_blocked
need "S3 knows it again" make_key PROFILEKEY0002
need "the profile's key is written again" share_key PROFILEKEY0002
await_delivery 60
check "all is well again" await 20 healthy

# what is lent for a time, and the environment of the workers
lend_key CONTAINERKEY01
need "the container's provider is asked" use container
delivers "what it lends is used"
check "  status says so" status_says "from the container's provider at http://127.0.0.1:$PORT/container"
lend_key INSTANCEKEY001 8
need "the metadata is asked" use instance
delivers "what it lends is used"
check "  status says so" status_says "from instance metadata at http://127.0.0.1:$PORT/; they expire in"
lend_key INSTANCEKEY002
check "new ones are asked for before those expire" await 20 instance_lends_for_an_hour
need "S3 refuses the old ones" drop_key INSTANCEKEY001
delivers "the new ones are used"

# what runs out
lend_key INSTANCEKEY002 6
need "the service is reloaded" use instance
delivers "what is lent for a short time is used"
lend_nothing
check "nothing is lent any more: health is red when they have expired" await 30 is_red "there have been no credentials to sign requests to S3 with"
need "rows come" load --rows 300 --sources 10
check "  uploads wait, and log-courier-ctl explain says why" await 30 eval \
	'"$CONTROL" explain "$("$CONTROL" sources --json | jq -er ".sources[0] | \"\(.raft_session_id)/\(.bucket)\"")" |
		tr -s "\n " " " | grep -F "There are no credentials to sign requests to S3 with"'
check "  no target is blocked" none_is_blocked
check "  the preflight says so" preflight_says "FAIL  S3 $LOG_COURIER_S3_ENDPOINT: no credentials to sign with: instance metadata"
lend_key INSTANCEKEY002
await_delivery 60
check "when they are lent again all is well" await 20 healthy

# a role for a web identity, by the token service of S3 itself
need "S3 has a token service" enable_sts
need "S3 trusts an issuer of identities" make_role
# What the role writes is the role's: the buckets' owner is let read it.
need "the token is shown" use web-identity "s3.web-identity-token-file: $WORK/identity" 's3.acl: bucket-owner-full-control'
delivers "the role's credentials are used"
check "  status says so" status_says "from web identity, role arn:aws:iam:::role/log-courier from $LOG_COURIER_S3_ENDPOINT; they expire in"
check "  the preflight says so" preflight_says "ok    credentials for S3: from web identity"

# the chain
need "whatever is set up first is used" use chain
delivers "it is the environment"
check "  status says so" status_says "from the environment (AWS_ACCESS_KEY_ID)"

check "no secret is in the log" eval '! grep -qE "secret-of-|let-me-have-them|$LOG_COURIER_S3_SECRET_ACCESS_KEY" "$WORK/service.log"'
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
