#!/bin/bash
# What turns health red before rows are late, told with the way out, and green again: refused keys, a full disk, workers that die again
# and again, one that stands still.

. "$(dirname "$0")/lib.sh"
CONFIGURATION=''

# configure [SETTING...]: lines of the configuration file after the one that names the secret's file.
configure() {
	printf '%s\n' "s3.secret-access-key-file: $WORK/secret" "clickhouse.password-file: $WORK/password" "$@" >"$CONFIGURATION"
}

# obituary_says SHARD WORDS
obituary_says() {
	"$CONTROL" status --json | jq -r ".shards[$1].obituary" | grep -qF -- "$2"
}

# kill_workers SHARD TIMES: one after the other, as soon as there is one.
kill_workers() {
	for ((kill = 0; kill < $2; kill++)); do
		kill_worker_of "$1" || return
	done
}

port_answers() {
	[ "$(curl -s -o "$WORK/answer" -w '%{http_code}' "http://127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT/$1")" = "$2" ]
}

story "health turns red before rows are late, says what to do, and turns green when it is done"
start_stack
CONFIGURATION=$WORK/log-courier.yml
SECRET=$LOG_COURIER_S3_SECRET_ACCESS_KEY
PASSWORD=$LOG_COURIER_CLICKHOUSE_PASSWORD
unset LOG_COURIER_S3_SECRET_ACCESS_KEY LOG_COURIER_CLICKHOUSE_PASSWORD
export LOG_COURIER_SUPERVISOR_HEALTHY_AFTER_SECONDS=10 LOG_COURIER_SUPERVISOR_HEARTBEAT_TIMEOUT_SECONDS=3
echo "not-$SECRET" >"$WORK/secret"
echo "$PASSWORD" >"$WORK/password"
configure
start_service --config-file="$CONFIGURATION"
# For those who look at what is delivered.
export LOG_COURIER_S3_SECRET_ACCESS_KEY=$SECRET LOG_COURIER_CLICKHOUSE_PASSWORD=$PASSWORD
need "rows come" load --rows 1000 --sources 10 --time-range 60
check "a secret that S3 refuses turns health red" await 30 is_red "S3 has refused the access key or its secret"
check "  with the way out" is_red "run log-courier-ctl reload"
check "  /healthz, too" port_answers healthz 503
check "  the workers are there: /readyz" port_answers readyz 200
configure "consumer.retention-seconds: 3600" "health.max-retention-used-percent: 1"
need "rows are said to expire an hour after they came" "$CONTROL" reload
check "the oldest, of 36 s and more, are told" await 30 is_red "the oldest row that is blocked is lost in"
check "  with the way out" is_red "log-courier-ctl targets --blocked"
configure
echo "$SECRET" >"$WORK/secret"
need "the right one is put in force" "$CONTROL" reload
await_every_row 60
check "health is green" await 30 healthy

echo "not-$PASSWORD" >"$WORK/password"
need "the password is changed on our side alone" "$CONTROL" reload
check "a password that ClickHouse refuses turns health red" await 10 is_red "ClickHouse has refused the user, its password or its rights"
check "  with the way out" is_red "run log-courier-ctl reload"
echo "$PASSWORD" >"$WORK/password"
need "the right one is put in force again" "$CONTROL" reload
check "health is green" await 30 healthy

need "the offsets table takes no row" "$DEV/sql" "ALTER TABLE offsets_local ADD CONSTRAINT closed CHECK 0"
need "rows come" load --rows 100 --sources 10
check "offsets that cannot be inserted turn health red" await 30 is_red "no offset could be inserted into ClickHouse"
check "  with the way out" is_red "grant INSERT on the offsets table"
need "the offsets table takes rows again" "$DEV/sql" "ALTER TABLE offsets_local DROP CONSTRAINT closed"
await_every_row 60
check "health is green" await 30 healthy

configure "health.min-free-bytes: 1099511627776"
need "the disk is called full" "$CONTROL" reload
check "health is red" await 10 is_red "the disk of state-directory has"
configure
need "it no longer is" "$CONTROL" reload
check "health is green again" await 30 healthy

need "workers of shard 1 die" kill_workers 1 3
check "one that works does not hide it" await 20 is_red "3 workers have died one after the other"
check "health is green when it has lived for a while" await 30 healthy
STILL=$(worker_of 2)
need "the worker of shard 2 stands still" kill -STOP "$STILL"
check "it is caught, and another one takes over" await 40 another_worker 2 "$STILL"
check "  with an obituary that says so" obituary_says 2 "it showed no sign of life for 3 s"
check "health is green after that" await 30 healthy
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
