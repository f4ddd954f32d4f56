#!/bin/bash
# The operator looks into a running service, and reaches into it.

. "$(dirname "$0")/lib.sh"

# control_says WORDS COMMAND...: log-courier-ctl COMMAND succeeds and says the words.
control_says() {
	local words=$1
	shift
	"$CONTROL" "$@" >"$WORK/control" 2>&1 || return
	grep -qF -- "$words" "$WORK/control"
}

# How many rows the sources together have.
pending_rows() {
	"$CONTROL" sources --limit 1000 --json |
		sed 's/"pending_rows":/\n&/g' | awk -F'[:,]' '/^"pending_rows"/ { n += $2 } END { print n + 0 }'
}

pending_is() {
	[ "$(pending_rows)" -eq "$1" ]
}

# exits_with STATUS COMMAND...: the command fails so. It gets no terminal.
exits_with() {
	local expected=$1 status=0
	shift
	"$@" >"$WORK/control" 2>&1 </dev/null || status=$?
	[ "$status" -eq "$expected" ]
}

first_source() {
	"$CONTROL" sources --limit 1 | awk 'NR == 2 { print $1 }'
}

refused() {
	"$CONTROL" targets --blocked >"$WORK/control" 2>&1 || return
	grep -q '^nowhere .*refuses' "$WORK/control" && grep -qF NoSuchBucket "$WORK/control"
}

each_source_is_blocked() {
	[ "$("$CONTROL" sources --blocked | awk '/ blocked / { n++ } END { print n + 0 }')" -gt 0 ]
}

# metric_is NAME VALUE: the sum over all shards.
metric_is() {
	local port=${LOG_COURIER_METRICS_SERVER_LISTEN_PORT:?}
	curl --silent --noproxy '*' --max-time 10 "http://127.0.0.1:$port/metrics" |
		awk -v name="$1" -v wanted="$2" '$1 ~ "^" name "[{]" { sum += $2 } END { exit sum != wanted }'
}

decides_and_takes_back() {
	control_says "$1 is ignored" targets ignore "$1" && control_says "$1 is neither" targets keep "$1"
}

story "rows that wait are seen, flushed, blocked, tried again; ledgers are checked and reset"
start_stack
# Nothing is read before the operator says so.
export LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS=3600 LOG_COURIER_CONSUMER_COUNT_THRESHOLD=1000000
start_service
load --rows 3000 --sources 20
need "the rows are seen waiting" await 120 pending_is 3000
check "no source lags" control_says "no such source has undelivered rows" sources --lagging
SOURCE=$(first_source)
check "a source tells its open ranges" control_says "open ranges" source "$SOURCE"
check "a source can be flushed" control_says "will be read now" flush "$SOURCE"
check "its rows are delivered" await 120 control_says "$SOURCE has no undelivered rows" source "$SOURCE"
check "its log object is listed" control_says "delivered" source "$SOURCE"
check "and found by the source's bucket" control_says "${SOURCE#*/}" deliveries "${SOURCE#*/}"
check "all others are flushed" control_says "sources will be read now" flush --all
need "all rows are delivered" await 120 pending_is 0
check "the target's deliveries are listed" control_says "delivered" deliveries target-1

load --rows 500 --sources 5 --targets nowhere/logs
need "rows for a bucket that is not there are seen" await 120 pending_is 500
check "they are flushed" control_says "sources will be read now" flush --all
need "the target is told as refusing, with the reason" await 120 refused
check "its sources are told as blocked" each_source_is_blocked
need "somebody makes the bucket" s3_bucket PUT nowhere
check "the target is tried again" control_says "tried again now" retry nowhere
check "and takes its rows at once" await 120 pending_is 0
check "no target is blocked any more" control_says "no such target is known" targets --blocked

load --rows 500 --sources 5 --targets gone/logs
need "rows for another bucket that is not there are seen" await 120 pending_is 500
check "they are flushed" control_says "sources will be read now" flush --all
need "the target is told as refusing" await 120 control_says "gone" targets --blocked
check "an operator gives one prefix of it up, and takes that back" decides_and_takes_back gone/other/
check "a target is ignored" control_says "gone is ignored" targets ignore gone
check "it is told as such" control_says "ignored" targets --blocked
check "its rows wait" pending_is 500
check "nothing is discarded without --yes" exits_with 2 "$CONTROL" targets discard gone
check "its rows are there" pending_is 500
check "a target is discarded" control_says "gone is discarded" targets discard gone --yes
check "its rows wait no more" await 120 pending_is 0
check "each of them is counted" await 30 metric_is log_courier_rows_discarded_total 500
check "its log objects are told as discarded" control_says "discarded" deliveries gone
load --rows 100 --sources 5 --targets gone/logs
need "rows to come are seen" await 120 pending_is 100
check "they are flushed" control_says "sources will be read now" flush --all
check "and discarded too" await 120 metric_is log_courier_rows_discarded_total 600
check "the target is kept again" control_says "neither ignored nor discarded" targets keep gone
need "somebody makes the bucket" s3_bucket PUT gone
load --rows 100 --sources 5 --targets gone/logs
need "rows to come are seen" await 120 pending_is 100
check "they are flushed" control_says "sources will be read now" flush --all
check "and delivered" await 120 pending_is 0
check "none of these is discarded" metric_is log_courier_rows_discarded_total 600

check "a running worker's ledger cannot be checked" exits_with 1 "$CONTROL" ledger check
check "nor reset" exits_with 1 "$CONTROL" ledger reset --yes
check "a command that is not understood is told so" exits_with 2 "$CONTROL" flush
check "the service ends on SIGTERM" stop_service
check "nobody answers then" exits_with 3 "$CONTROL" sources
check "each ledger is sound" control_says ": sound" ledger check
check "a reset asks first" exits_with 1 "$CONTROL" ledger reset
check "a script agrees" control_says "removed:" ledger reset --yes
start_service
check "the service delivers again" await 60 health_is 0
check "the service ends on SIGTERM" stop_service
end_story
