#!/bin/bash
# Settings of a user's profile, and a proxy that drops URL parameters, shorten ClickHouse's answers: every row is delivered all the
# same, or the log names the setting, nothing is settled, and every row is delivered once it is gone. With FULL=1 all settings that are
# known to do so, else some of each kind. And an offset counts as inserted once it can be read.

. "$(dirname "$0")/lib.sh"

ROWS=40000

# A proxy that hands on the URL parameters that it knows.
DROPS='"keep_parameters": ["query", "database"]'

# profile [NAME=VALUE...]: what the courier's user has, and nobody else.
profile() {
	local setting arguments=()
	for setting in "$@"; do
		arguments+=(--data-urlencode "$setting")
	done
	curl -sS --fail -o /dev/null -G -X POST "$LOG_COURIER_CLICKHOUSE_URL/admin/profile" --data user=limited "${arguments[@]}"
}

# What shortens answers goes.
cure() {
	profile && inject "{$DROPS}"
}

# Healthy or not: some settings let nothing be read.
start_limited() {
	: >"$WORK/service.log"
	LOG_COURIER_CLICKHOUSE_USERNAME=limited LOG_COURIER_CLICKHOUSE_URL=$(faulty clickhouse) \
		"$COURIER" >>"$WORK/service.log" 2>&1 &
	SERVICE_PID=$!
}

named() {
	grep -q -- "$1" "$WORK/service.log"
}

settled_or_named() {
	everything_settled || named "$1"
}

begin_anew() {
	"$DEV/stack" reset --dir "$WORK/stack" && load --rows "$ROWS" --sources 30 --time-range 60
}

# case_of TEXT WORD SETTING...: WORD is what the log has to say if rows cannot be delivered.
case_of() {
	local text=$1 word=$2
	shift 2
	need "$text: rows are there" begin_anew
	need "$text: the profile is made" profile "$@"
	start_limited
	need "$text: rows are delivered, or the log names $word" await_progress 30 delivered_rows settled_or_named "$word"
	if named "$word"; then
		need "$text: the setting goes" cure
	fi
	await_every_row 30
	check "$text: every row stands in one object" verify
	check "$text: the service ends" stop_service
}

story "answers that something shortens lose no row"
start_stack
start_faults
need "a proxy drops URL parameters" inject "{$DROPS}"
case_of "limit" "limit=1000" limit=1000
case_of "read_overflow_mode" max_rows_to_read max_rows_to_read=5000 max_block_size=1000 read_overflow_mode=break
case_of "timeout_overflow_mode_leaf" timeout_overflow_mode_leaf=break max_execution_time_leaf=0.0001 timeout_overflow_mode_leaf=break
case_of "additional_table_filters" additional_table_filters "additional_table_filters={'logs.logs_local':'raftSessionID % 2 = 0'}"
case_of "readonly" "needs 0" readonly=1
if [ "$FULL" = 1 ]; then
	case_of "offset" "offset=1000" offset=1000
	case_of "read_overflow_mode_leaf" max_rows_to_read max_rows_to_read_leaf=5000 max_block_size=1000 read_overflow_mode_leaf=break
	case_of "result_overflow_mode" max_result_rows max_result_rows=1000 max_block_size=500 result_overflow_mode=break
	case_of "group_by_overflow_mode" max_rows_to_group_by max_rows_to_group_by=5 group_by_overflow_mode=any
	case_of "set_overflow_mode" max_rows_in_set max_rows_in_set=1 set_overflow_mode=break
	case_of "timeout_overflow_mode" max_execution_time max_execution_time=0.0001 timeout_overflow_mode=break
	case_of "additional_result_filter" additional_result_filter "additional_result_filter=1 = 0"
fi
need "a proxy cuts scans" inject \
	"{\"query\": \"ORDER BY raftSessionID\", \"replace\": {\", req_id SETTINGS\": \", req_id LIMIT 1000 SETTINGS\"}, $DROPS}" "{$DROPS}"
case_of "a proxy's own limit" "answer was cut"

# A Distributed table that does not wait for its shards takes offsets that nobody can read: here the shard's port is not listened on.
export LOG_COURIER_CLICKHOUSE_LOGS_TABLE=logs_local
need "offsets are inserted: rows are there" begin_anew
need "the profile is made" profile
start_limited
await_every_row 30
need "the server's Distributed tables take what they cannot hand on" profile prefer_localhost_replica=0 insert_distributed_sync=0
need "more rows come in" load --rows 500 --sources 30 --seed 2
check "an offset that no shard has taken does not count as inserted" await 20 is_red "no offset could be inserted"
check "  the rows are delivered meanwhile" await_progress 30 delivered_rows delivered_at_least $((ROWS + 500))
need "the server is as before" profile
await_every_row 30
check "every row stands in one object" verify
check "the service ends" stop_service
end_story
