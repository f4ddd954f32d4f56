# shellcheck shell=bash
# What stories of many tenants share: tenants.py beside the stack and contrib/dev/faults. To be sourced.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

tenants() {
	"$TOP/tests/system/tenants.py" "$@"
}

# flow RATE SECONDS TARGET...: in the background, to be awaited by await_rows_end.
flow() {
	tenants flow --rate "$1" --seconds "$2" "${@:3}" >"$WORK/flow.json" &
	# shellcheck disable=SC2034
	FLOW_PID=$!
}

# share BUCKET [PATTERN...]: another owner's bucket, in which the courier may write such keys.
share() {
	tenants share --settings "$WORK/stack/settings" "$@"
}

blocked_targets() {
	"$CONTROL" targets --blocked --json --limit 1000
}

# are_blocked TARGET...: `log-courier-ctl targets --blocked` lists them.
are_blocked() {
	blocked_targets >"$WORK/blocked.json" && tenants blocked "$@" <"$WORK/blocked.json"
}

# await_blocked SECONDS TARGET...: until it does; only the last look is shown.
await_blocked() {
	await "$1" quietly are_blocked "${@:2}" || are_blocked "${@:2}"
}

quietly() {
	"$@" >"$WORK/quiet" 2>&1
}

are_working() {
	blocked_targets >"$WORK/blocked.json" && tenants working "$@" <"$WORK/blocked.json"
}

# The service that the faults go on to.
start_service_through_faults() {
	start_service --s3.endpoint="$(faulty s3)" "$@"
}

# peak_kib: the most memory that a worker of now has had.
peak_kib() {
	local pid
	for pid in $(workers); do
		sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
	done | sort -n | tail -n 1
}

# show_report FILE: what tenants await has said, for people.
show_report() {
	jq -r '"# \(.rows) of \(.wanted) rows in \(.objects) objects, delay p50 \(.p50) s, p99 \(.p99) s, worst \(.worst) s"' "$1"
}

# arrive TEXT TARGET... OPTION...: an assert: tenants await holds; says what came.
arrive() {
	local text=$1 status=0
	shift
	check "$text" tenants await "$@" || status=$?
	head -n 1 "$WORK/said" >"$WORK/report.json"
	show_report "$WORK/report.json"
	return "$status"
}
