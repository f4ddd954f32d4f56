#!/bin/bash
# Compressed log objects, of each kind in a bucket of its own: what readers get, and that a body is the same bytes whenever it is made:
# when replies are lost, and when a killed process had only recorded it, and the next one compresses in another way.

. "$(dirname "$0")/lib.sh"

# configure GZIP ZSTD: how two target buckets are compressed. Their endpoint is the proxy.
configure() {
	cat >"$WORK/config.yml" <<-END
		targets:
		  - buckets: target-1
		    consumer.compression: $1
		    s3.endpoint: $(faulty s3)
		    s3.checksum: md5
		  - buckets: target-2
		    consumer.compression: $2
		    s3.endpoint: $(faulty s3)
	END
}

# as_courier METHOD PATH [CURL OPTION...]
as_courier() {
	curl -sS --fail-with-body --aws-sigv4 "aws:amz:us-east-1:s3" --user "$LOG_COURIER_S3_ACCESS_KEY_ID:$LOG_COURIER_S3_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X "$1" "$LOG_COURIER_S3_ENDPOINT/$2" "${@:3}"
}

# reads BUCKET SUFFIX ENCODING COMMAND...: its first key, the header it is returned with, and a program that makes lines of the body.
reads() {
	local key
	key=$(keys_in "$1" | head -n 1) && as_courier GET "$1/$key" -D "$WORK/head" -o "$WORK/body" || return
	echo "$key" && tr -d '\r' <"$WORK/head" | tee "$WORK/headers"
	[[ $key == *"$2" ]] && grep -qix "content-encoding: $3" "$WORK/headers" && "${@:4}" <"$WORK/body" >"$WORK/lines" &&
		grep ' REST\.' "$WORK/lines" >/dev/null
}

# a_client_reads BUCKET: lines, though it knows nothing of keys.
a_client_reads() {
	as_courier GET "$1/$(keys_in "$1" | head -n 1)" --compressed | grep ' REST\.' >/dev/null
}

# What was read takes so much less room.
smaller() {
	local stored lines
	stored=$(stat -c %s "$WORK/body") lines=$(stat -c %s "$WORK/lines")
	echo "$stored bytes hold $lines bytes of lines"
	[ "$stored" -lt $((lines / 3)) ]
}

# keys_end BUCKET PREFIX EXPRESSION: there are keys with this prefix, and all end like this.
keys_end() {
	keys_in "$1" | grep "^$2" >"$WORK/keys"
	cat "$WORK/keys"
	[ -s "$WORK/keys" ] && ! grep -qvE -- "-[0-9A-F]{16}$3\$" "$WORK/keys"
}

blocked() {
	"$CONTROL" targets --blocked --json | jq -e --arg bucket "$1" '.targets | any(.bucket == $bucket)'
}

# Of another size than the body that was made again.
none_differs() {
	! grep -F 'has a different size' "$WORK/service.log"
}

story "log objects are compressed"
start_stack
export LOG_COURIER_SUPERVISOR_SHARDS=2 LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS=1 LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=1
export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=1 LOG_COURIER_RECONCILE_FULL_INTERVAL_SECONDS=1
start_faults
configure gzip zstd
need "each first reply is lost" inject '{"name": "lost", "method": "PUT", "first": 1, "answer_cut": 0}'
load --rows 6000 --sources 6 --time-range 60 --targets target-1/a-,target-2/a-,target-3
start_service --config-file "$WORK/config.yml"
await_every_row 60
check "each row is delivered once" verify
check "  in bodies that were the same when they were sent again" none_differs
check "keys tell it: gzip" keys_end target-1 a- '\.gz'
check "  zstd" keys_end target-2 a- '\.zst'
check "  none" keys_end target-3 '' ''
check "gzip reads what is stored" reads target-1 .gz gzip gzip -dc
check "  and clients that go by Content-Encoding" a_client_reads target-1
check "  from less room" smaller
check "zstd reads what is stored" reads target-2 .zst zstd zstd -dc
check "  from less room" smaller

need "both take nothing" inject '{"name": "nothing", "bucket": "target-[12]", "status": 503}'
load --rows 2000 --sources 6 --time-range 60 --targets target-1/b-,target-2/b- --seed 2
check "what is for them is recorded" await 30 blocked target-1
check "  for each" await 30 blocked target-2
need "the service is killed" kill_service
configure zstd none
need "they take everything" inject
start_service --config-file "$WORK/config.yml"
load --rows 2000 --sources 6 --time-range 60 --targets target-1/c-,target-2/c- --seed 3
await_every_row 60
check "what was recorded before the setting changed is stored as it was recorded" keys_end target-1 b- '\.gz'
check "  zstd, too" keys_end target-2 b- '\.zst'
check "what came after it is as it says" keys_end target-1 c- '\.zst'
check "  not at all, if it says so" keys_end target-2 c- ''
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
