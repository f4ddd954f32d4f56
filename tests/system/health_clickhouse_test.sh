#!/bin/bash
# A ClickHouse that answers with an exception is told from one that does not answer: with its own words, and whose turn it is. Wrong names
# are asked of ClickHouse itself; what the user's profile, quota and limits do, of a server in its place that answers as it does.

. "$(dirname "$0")/lib.sh"
ANSWER=''

# answer_with CODE WORDS: an exception, as ClickHouse tells it.
answer_with() {
	printf '500 X-ClickHouse-Exception-Code: %s\nCode: %s. DB::Exception: %s (version 24.8.4.13)\n' "$1" "$1" "$2" >"$ANSWER.new" &&
		mv "$ANSWER.new" "$ANSWER"
}

# settings_are [SETTING...]: that is put in force.
settings_are() {
	printf '%s\n' "clickhouse.url: $CLICKHOUSE" "clickhouse.database: $DATABASE" "clickhouse.logs-table: $LOGS" >"$WORK/log-courier.yml"
	printf '%s\n' "$@" >>"$WORK/log-courier.yml"
}

# reload_with [SETTING...]: a setting that is given again replaces the one above.
reload_with() {
	local setting
	settings_are
	for setting in "$@"; do
		sed -i "s|^${setting%%:*}:.*|$setting|" "$WORK/log-courier.yml"
	done
	"$CONTROL" reload
}

story "a ClickHouse that refuses is told from one that does not answer"
start_stack
ANSWER=$WORK/answer
answer_with 164 "default: Cannot modify 'max_block_size' setting in readonly mode. (READONLY)"
start_wrong_server ClickHouse
CLICKHOUSE=$LOG_COURIER_CLICKHOUSE_URL
DATABASE=$LOG_COURIER_CLICKHOUSE_DATABASE
LOGS=${LOG_COURIER_CLICKHOUSE_LOGS_TABLE:-logs}
need "a table without one of the columns is there" "$DEV/sql" "CREATE VIEW logs_without AS SELECT * EXCEPT requestURI FROM $LOGS"
settings_are
(
	unset LOG_COURIER_CLICKHOUSE_URL LOG_COURIER_CLICKHOUSE_DATABASE LOG_COURIER_CLICKHOUSE_LOGS_TABLE
	exec "$COURIER" --config-file="$WORK/log-courier.yml" >>"$WORK/service.log" 2>&1
) &
SERVICE_PID=$!
need "the service becomes healthy" await 30 healthy

need "another table is asked for" reload_with "clickhouse.logs-table: elsewhere"
check "a table that is not there is told" await 20 says "ClickHouse has lacked a database, table or column that its queries need" "Code: 60" "elsewhere" "correct clickhouse.database, clickhouse.logs-table"
need "another database is asked for" reload_with "clickhouse.database: nirvana"
check "and a database" await 20 says "ClickHouse has lacked a database, table or column that its queries need" "Code: 81" "nirvana"
need "the table without a column is asked for" reload_with "clickhouse.logs-table: logs_without"
need "rows come" load --rows 200 --sources 20
check "and a column, which no discovery needs" await 30 says "ClickHouse has lacked a database, table or column that its queries need" "requestURI"
need "the right names are put in force" reload_with
await_every_row 60
check "health is green" await 30 healthy

need "a server that answers as wrong profiles do is asked" reload_with "clickhouse.url: http://127.0.0.1:$PORT"
check "a readonly profile is told" await 20 says "has not let the user change the settings that its queries need" "in readonly mode" "readonly 0"
answer_with 201 "Quota for user \`default\` for 3600s has been exceeded: queries = 101/100. (QUOTA_EXCEEDED)"
check "a quota, too" await 20 says "the user's quota is used up" "queries = 101/100" "raise the quota"
answer_with 158 "Limit for rows (controlled by 'max_rows_to_read' setting) exceeded, max rows: 1.00 thousand, current rows: 8.19 thousand. (TOO_MANY_ROWS)"
check "and a limit" await 20 says "stopped queries at one of its limits" "max_rows_to_read" "raise the limit that ClickHouse names"
answer_with 241 "(total) memory limit exceeded: would use 3.51 GiB, maximum: 3.50 GiB. (MEMORY_LIMIT_EXCEEDED)"
check "and memory" await 20 says "stopped queries at one of its limits" "would use 3.51 GiB"
answer_with 202 "Too many simultaneous queries. Maximum: 100. (TOO_MANY_SIMULTANEOUS_QUERIES)"
check "and too many queries" await 20 says "it has too much to do" "Maximum: 100"
answer_with 704 "The query result was not cached because the query contains a non-deterministic function. (QUERY_CACHE_USED_WITH_NONDETERMINISTIC_FUNCTIONS)"
check "and a query cache" await 20 says "has not let the user change the settings that its queries need" "non-deterministic function"
answer_with 279 "All connection tries failed. (ALL_CONNECTION_TRIES_FAILED)"
check "and servers that do not reach each other" await 20 says "servers have not reached each other" "All connection tries failed"
answer_with 36 "Something else. (BAD_ARGUMENTS)"
check "and what nobody has thought of" await 20 says "ClickHouse has answered queries with an exception" "Something else"
printf '200 Content-Type: text/html\n<html>It works!</html>' >"$ANSWER"
check "what is not ClickHouse is told as that" await 20 says "the server at clickhouse.url has not answered as ClickHouse does" "not an answer of ClickHouse"
need "nobody is asked" reload_with "clickhouse.url: http://127.0.0.1:9"
check "no answer is told as that" await 20 says "ClickHouse has answered no query for" "make sure that the servers of clickhouse.url are running"
need "the right one is asked" reload_with
need "rows come" load --rows 200 --sources 20 --seed 2
await_every_row 60
check "health is green" await 30 healthy
check "the service ends on SIGTERM" stop_service
check "each row is delivered exactly once" verify
end_story
