#!/bin/bash
# What the metrics port serves, as Prometheus reads it: promtool's rules, a real scrape, the alert rules and the dashboard that are
# delivered with the service.

. "$(dirname "$0")/lib.sh"

RULES=$TOP/contrib/prometheus
ROWS=2000

metrics() {
	"$TOP/tests/system/metrics.py" "$@"
}

# get PATH: the answer's body; fails when the service says that something is wrong.
get() {
	curl -sS --fail --max-time 10 "http://127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT$1"
}

promtool_has_nothing_to_say() {
	local said
	said=$(get /metrics | promtool check metrics 2>&1) && echo "$said" && [ -z "$said" ]
}

serves_openmetrics() {
	curl -sS --fail -D "$WORK/head" -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5' \
		"http://127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT/metrics" >"$WORK/openmetrics" &&
		grep -qi '^content-type: application/openmetrics-text; version=1.0.0' "$WORK/head" &&
		[ "$(tail -n 1 "$WORK/openmetrics")" = '# EOF' ] &&
		grep -qx '# TYPE log_courier_records_delivered counter' "$WORK/openmetrics"
}

start_prometheus() {
	PROMETHEUS=$("$TOP/tests/system/free_port.py")
	export PROMETHEUS
	cat >"$WORK/prometheus.yml" <<-END
		global:
		  scrape_interval: 1s
		  evaluation_interval: 1s
		rule_files: ["$RULES/log-courier.rules.yml"]
		scrape_configs:
		  - job_name: log-courier
		    static_configs:
		      - targets: ["127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT"]
	END
	promtool check config "$WORK/prometheus.yml" || return
	prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/prometheus" \
		--web.listen-address="127.0.0.1:$PROMETHEUS" >"$WORK/prometheus.log" 2>&1 &
	CHILDREN+=($!)
	await 30 curl -sf -o "$WORK/said-ready" "http://127.0.0.1:$PROMETHEUS/-/ready"
}

# sees VALUE EXPRESSION
sees() {
	[ "$(metrics query "$2")" = "$1" ]
}

story "Prometheus reads the metrics, and the rules and the dashboard know them"
check "the alert rules tell what they should, when they should" promtool test rules "$RULES/log-courier.rules.test.yml"
start_stack
start_service
need "Prometheus starts" start_prometheus
need "rows are loaded" load --rows "$ROWS" --sources 20 --time-range 60
await_every_row 60
check "the service is ready" get /readyz
check "the service is healthy" get /healthz
check "  by the Go courier's path, too" get /healthcheck
check "promtool has nothing to say about the metrics" promtool_has_nothing_to_say
check "OpenMetrics is served to whom asks for it" serves_openmetrics
check "the reference names each family, and no other" metrics reference
check "Prometheus reaches the service" await 20 sees 1 'up{job="log-courier"}'
check "Prometheus sees all rows delivered" await 20 sees "$ROWS" 'sum(log_courier_records_delivered_total)'
check "Prometheus sees the service healthy" await 20 sees 1 log_courier_healthy
check "Prometheus sees what the processes use" await 20 sees 1 \
	'count(process_resident_memory_bytes{job="log-courier"} > 1e6 and process_virtual_memory_bytes > 1e6 and process_cpu_seconds_total > 0)'
check "  how many descriptors" sees 1 'count(process_open_fds{job="log-courier"} > 5 and process_open_fds < process_max_fds)'
check "  and since when" await 20 sees 1 \
	'abs(timestamp(log_courier_uptime_seconds) - process_start_time_seconds - log_courier_uptime_seconds) < bool 5'
check "no alert is on" await 20 sees 0 'count(ALERTS) or vector(0)'
check "every panel of the dashboard shows something" await 30 metrics dashboard
stop_server s3
check "rows come that cannot be delivered" load --rows 100 --sources 5 --seed 2
check "Prometheus sees the service in trouble" await 60 sees 0 log_courier_healthy
check "Prometheus sees which sources lag" await 60 sees 5 "count(log_courier_lagging_source_oldest_timestamp_seconds)"
check "an alert is about to be on" await 20 sees 1 'count(ALERTS{alertname="LogCourierUnhealthy"})'
check "/healthz says so" eval '! get /healthz'
check "/healthcheck, as the Go courier calls it, says the same" eval '! get /healthcheck'
check "/readyz does not" get /readyz
check "the service ends on SIGTERM" stop_service
end_story
