#!/bin/bash
# Readers that other people wrote, over what was delivered. A twentieth of the loaded texts is made to break lines: blanks, quotes,
# backslashes, line ends, bytes that are not UTF-8.

. "$(dirname "$0")/lib.sh"

READERS=$TOP/tests/system/readers.py
ROWS=5000
[ "$FULL" = 0 ] || ROWS=100000

reader() {
	PYTHONUTF8=1 "$READERS" "$@"
}

has_all_rows() {
	[ "$(wc -l <"$WORK/lines")" -eq "$(rows_in_clickhouse)" ]
}

# What is left of the lines must be most of them.
select_lines() {
	reader having "$1" "$WORK/lines" >"$WORK/$1" && [ "$(wc -l <"$WORK/$1")" -gt $((ROWS / 2)) ]
}

goaccess_reads() {
	goaccess "$1" --no-global-config --log-format=AWSS3 --invalid-requests="$WORK/invalid" \
		-o "$WORK/report.json" >"$WORK/goaccess.log" 2>&1
	cat "$WORK/invalid"
	reader goaccess "$WORK/report.json" && [ ! -s "$WORK/invalid" ]
}

# Each bucket's lines, read from S3 by ClickHouse.
clickhouse_reads() {
	local bucket lines counted
	while read -r bucket lines; do
		counted=$("$DEV/sql" "SELECT count() FROM s3('$LOG_COURIER_S3_ENDPOINT/$bucket/**',
			'$LOG_COURIER_S3_ACCESS_KEY_ID', '$LOG_COURIER_S3_SECRET_ACCESS_KEY', 'LineAsString')")
		echo "$bucket: $lines lines, ClickHouse reads $counted"
		[ "$counted" = "$lines" ] || return 1
	done <"$WORK/counts"
	[ -s "$WORK/counts" ]
}

story "what is delivered can be read by the tools that people read such logs with"
command -v goaccess >/dev/null || { echo "goaccess is missing: contrib/dev/prepare stack installs it" && exit 77; }
start_stack
need "rows come in" load --rows "$ROWS" --sources 20 --time-range 600
start_service
await_delivery 120
check "the service ends in order" stop_service
need "the log objects are fetched" reader fetch "$WORK/lines"
need "they are counted" eval 'reader counts >"$WORK/counts"'
check "they hold a line for each row" has_all_rows
need "most of them have an owner" select_lines owner
need "most of them are of a client" select_lines client
need "most of them are plain requests" select_lines request
check "Athena's published pattern takes each line" reader athena "$WORK/lines"
check "Logstash's legacy pattern takes each line of an owner" reader logstash-legacy "$WORK/owner"
check "Logstash's ECS pattern takes each plain request" reader logstash-ecs "$WORK/request"
check "OpenTelemetry's parser takes each plain request" reader opentelemetry "$WORK/request"
check "GoAccess refuses no line of a client" goaccess_reads "$WORK/client"
check "ClickHouse's s3() reads as many lines back" clickhouse_reads
end_story
