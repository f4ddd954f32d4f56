#!/bin/bash
# ClickHouse and S3 over TLS, each vouched for by an authority of its own: what is trusted for one is not trusted for the other, and whom
# nobody vouches for gets neither password nor rows. stunnel ends TLS in front of the servers.

. "$(dirname "$0")/lib.sh"
CONFIGURATION=''

# make_authority NAME
make_authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 \
		-subj "/CN=authority of $1" -keyout "$WORK/$1-authority.key" -out "$WORK/$1-authority.pem"
}

# make_certificate NAME: for 127.0.0.1 alone, by that authority.
make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 \
		-CA "$WORK/$1-authority.pem" -CAkey "$WORK/$1-authority.key" \
		-subj "/CN=$1" -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
		-keyout "$WORK/$1.key" -out "$WORK/$1.pem"
}

# tunnel NAME PORT URL [OPTION...]: a section for stunnel.
tunnel() {
	printf '[%s]\naccept = 127.0.0.1:%s\nconnect = 127.0.0.1:%s\ncert = %s\nkey = %s\n' \
		"$1-$2" "$2" "${3##*:}" "$WORK/$1.pem" "$WORK/$1.key"
	printf '%s\n' "${@:4}"
}

# strict_tunnel NAME PORT URL: lets nobody in without a certificate of the clients' authority, and speaks nothing newer than TLS 1.2.
strict_tunnel() {
	tunnel "$@" 'verifyChain = yes' 'requireCert = yes' "CAfile = $WORK/clients-authority.pem" 'sslVersionMax = TLSv1.2'
}

start_tunnels() {
	CLICKHOUSE_PORT=$("$TOP/tests/system/free_port.py")
	S3_PORT=$("$TOP/tests/system/free_port.py")
	STRICT_CLICKHOUSE_PORT=$("$TOP/tests/system/free_port.py")
	STRICT_S3_PORT=$("$TOP/tests/system/free_port.py")
	{
		printf 'foreground = yes\npid =\nsyslog = no\n'
		tunnel clickhouse "$CLICKHOUSE_PORT" "$LOG_COURIER_CLICKHOUSE_URL"
		tunnel s3 "$S3_PORT" "$LOG_COURIER_S3_ENDPOINT"
		strict_tunnel clickhouse "$STRICT_CLICKHOUSE_PORT" "$LOG_COURIER_CLICKHOUSE_URL"
		strict_tunnel s3 "$STRICT_S3_PORT" "$LOG_COURIER_S3_ENDPOINT"
	} >"$WORK/stunnel.conf"
	stunnel "$WORK/stunnel.conf" >"$WORK/stunnel.log" 2>&1 &
	CHILDREN+=($!)
	await 10 answers
}

# Any answer will do: the tunnels are there.
answers() {
	curl -s -o "$WORK/answer" --cacert "$WORK/clickhouse-authority.pem" "https://127.0.0.1:$CLICKHOUSE_PORT/ping" &&
		curl -s -o "$WORK/answer" --cacert "$WORK/s3-authority.pem" "https://127.0.0.1:$S3_PORT/"
}

# configure CLICKHOUSE-AUTHORITY S3-AUTHORITY [SETTING...]: whose certificates are trusted.
configure() {
	printf '%s\n' "clickhouse.tls-ca-file: $WORK/$1-authority.pem" "s3.tls-ca-file: $WORK/$2-authority.pem" "${@:3}" \
		>"$CONFIGURATION"
}

# trusts CLICKHOUSE-AUTHORITY S3-AUTHORITY [SETTING...]: that is put in force.
trusts() {
	: >"$WORK/service.log"
	configure "$@" && "$CONTROL" reload
}

# preflight_says WORDS: of the servers and certificates that the service has.
preflight_says() {
	"$COURIER" --preflight --config-file="$CONFIGURATION" --clickhouse.url="https://127.0.0.1:$CLICKHOUSE_PORT" \
		--s3.endpoint="https://127.0.0.1:$S3_PORT" >"$WORK/preflight"
	cat "$WORK/preflight"
	grep -qF -- "$1" "$WORK/preflight"
}

# strict_preflight WORDS [FLAG...]: with the servers that let nobody in without a certificate.
strict_preflight() {
	"$COURIER" --preflight --config-file="$CONFIGURATION" --clickhouse.url="https://127.0.0.1:$STRICT_CLICKHOUSE_PORT" \
		--s3.endpoint="https://127.0.0.1:$STRICT_S3_PORT" --clickhouse.timeout-seconds=20 "${@:2}" >"$WORK/preflight"
	cat "$WORK/preflight"
	grep -qF -- "$1" "$WORK/preflight"
}

certificate_is_told() {
	grep -q 'certificate' "$WORK/service.log"
}

# not_trusted WHAT FINDING: rows have come, health says that the server is not reached, and the log why.
not_trusted() {
	need "rows come" load --rows 200 --sources 10
	check "$1" await 30 is_red "$2"
	check "  the log says that it is the certificate" certificate_is_told
}

story "servers are reached over TLS, and only those that somebody trusted vouches for"
start_stack
CONFIGURATION=$WORK/log-courier.yml
for name in clickhouse s3 clients; do
	need "there is an authority for $name" make_authority "$name"
	need "it vouches for the server" make_certificate "$name"
done
need "TLS is ended in front of both" start_tunnels
configure clickhouse s3
start_service --config-file="$CONFIGURATION" --clickhouse.url="https://127.0.0.1:$CLICKHOUSE_PORT" \
	--s3.endpoint="https://127.0.0.1:$S3_PORT"
need "rows come" load --rows 1000 --sources 10 --time-range 60
await_every_row 60

check "the preflight reaches both" preflight_says "18 passed."

need "ClickHouse's authority is S3's" trusts s3 s3
check "the preflight names the setting" preflight_says "Name the authority that has signed it in clickhouse.tls-ca-file"
not_trusted "ClickHouse is not trusted" "ClickHouse has answered no query"
need "S3's certificate is not looked at" trusts s3 s3 "s3.tls-skip-verify: true"
not_trusted "ClickHouse is not trusted for that" "ClickHouse has answered no query"
need "S3's authority is ClickHouse's" trusts clickhouse clickhouse
check "the preflight names the setting" preflight_says "Name the authority that has signed it in s3.tls-ca-file"
not_trusted "S3 is not trusted" "S3 has confirmed no upload"
need "ClickHouse's certificate is not looked at" trusts clickhouse clickhouse "clickhouse.tls-skip-verify: true"
not_trusted "S3 is not trusted for that" "S3 has confirmed no upload"
need "S3's certificate is not looked at" trusts clickhouse clickhouse "s3.tls-skip-verify: true"
await_every_row 60
check "health is green" await 30 healthy
need "S3's authority is trusted for target buckets by an entry of their own" \
	trusts clickhouse clickhouse "targets: [{buckets: 'target-*', s3.tls-ca-file: $WORK/s3-authority.pem}]"
need "rows come" load --rows 200 --sources 10 --seed 2
await_every_row 60
need "both are trusted again" trusts clickhouse s3
check "the service ends on SIGTERM" stop_service

: >"$WORK/service.log"
# The certificate is for 127.0.0.1, not for that name.
"$COURIER" --config-file="$CONFIGURATION" --clickhouse.url="https://localhost:$CLICKHOUSE_PORT" \
	--s3.endpoint="https://127.0.0.1:$S3_PORT" >>"$WORK/service.log" 2>&1 &
SERVICE_PID=$!
not_trusted "a certificate for another name is not trusted" "ClickHouse has answered no query"
check "the service ends on SIGTERM" stop_service

# Certificates of our own, each with its key in a file of its own or in the same.
CLICKHOUSE_CERTIFICATE=(--clickhouse.tls-certificate-file="$WORK/clients.pem" --clickhouse.tls-key-file="$WORK/clients.key")
S3_CERTIFICATE=(--s3.tls-certificate-file="$WORK/both.pem")
cat "$WORK/clients.pem" "$WORK/clients.key" >"$WORK/both.pem"
check "who shows no certificate is not let in" strict_preflight "FAIL  ClickHouse https://127.0.0.1:$STRICT_CLICKHOUSE_PORT" "${S3_CERTIFICATE[@]}"
check "  nor by S3" strict_preflight "FAIL  S3 https://127.0.0.1:$STRICT_S3_PORT" "${CLICKHOUSE_CERTIFICATE[@]}"
check "who shows one is" strict_preflight "18 passed." "${CLICKHOUSE_CERTIFICATE[@]}" "${S3_CERTIFICATE[@]}"
check "with TLS 1.2, too" strict_preflight "18 passed." "${CLICKHOUSE_CERTIFICATE[@]}" "${S3_CERTIFICATE[@]}" \
	--clickhouse.tls-minimum-version=1.2 --s3.tls-minimum-version=1.2
check "ClickHouse is not reached with less than TLS 1.3 when that is asked for" strict_preflight \
	"FAIL  ClickHouse https://127.0.0.1:$STRICT_CLICKHOUSE_PORT" "${CLICKHOUSE_CERTIFICATE[@]}" "${S3_CERTIFICATE[@]}" \
	--clickhouse.tls-minimum-version=1.3
check "  nor is S3" strict_preflight "FAIL  S3 https://127.0.0.1:$STRICT_S3_PORT" "${CLICKHOUSE_CERTIFICATE[@]}" "${S3_CERTIFICATE[@]}" \
	--s3.tls-minimum-version=1.3

start_service --config-file="$CONFIGURATION" --clickhouse.url="https://127.0.0.1:$STRICT_CLICKHOUSE_PORT" \
	--s3.endpoint="https://127.0.0.1:$STRICT_S3_PORT" "${CLICKHOUSE_CERTIFICATE[@]}" "${S3_CERTIFICATE[@]}"
await_every_row 60
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
