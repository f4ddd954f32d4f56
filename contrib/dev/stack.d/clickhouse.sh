# shellcheck shell=bash
# The ClickHouse part: clickhouse-front with the schema of one layout.
# Sourced by contrib/dev/stack.

clickhouse_url() {
	printf 'http://127.0.0.1:%s' "$CLICKHOUSE_PORT"
}

clickhouse_query() {
	curl -sS --fail-with-body -H "X-ClickHouse-User: $CLICKHOUSE_USERNAME" \
		-H "X-ClickHouse-Key: $CLICKHOUSE_PASSWORD" "$(clickhouse_url)/" --data-binary @-
}

clickhouse_answers() {
	[[ $(curl -s -m 2 "$(clickhouse_url)/ping") == Ok. ]]
}

# clickhouse_run FILE: its statements, which end with a semicolon at a line's end.
clickhouse_run() {
	local statement answer
	while IFS= read -r -d ';' statement; do
		answer=$(clickhouse_query <<<"$statement") || die "$1: $answer"
	done < <(sed 's/--.*//' "$1")
}

clickhouse_schema() {
	local file=$HERE/../clickhouse/$LAYOUT-one-node.sql
	[[ -f $file ]] || die "there is no layout \"$LAYOUT\" ($file)"
	clickhouse_run "$file"
	! has_zookeeper || clickhouse_run "$HERE/../clickhouse/several-machines.sql"
}

clickhouse_find_library() {
	local which=library missing=stack
	[[ $ENGINE == current ]] || which=former-library missing=former-engine
	LIBRARY=$("$HERE/prepare" "--print-$which") || exit 1
	[[ -r $LIBRARY ]] || die "the ClickHouse engine ($LIBRARY) is missing: run contrib/dev/prepare $missing"
}

clickhouse_start() {
	local begin zookeeper=()
	if is_running clickhouse; then
		say "clickhouse runs already on port $CLICKHOUSE_PORT (pid $PID)"
		return
	fi
	begin=$(milliseconds)
	clickhouse_find_library
	find_front
	mkdir -p "$DIR/clickhouse"
	# A copy, so that the servers' user needs no way to the checkout, nor to the cache, which is opened here.
	install -m 755 "$FRONT" "$DIR/run/clickhouse-front.new"
	mv "$DIR/run/clickhouse-front.new" "$DIR/run/clickhouse-front"
	own "$DIR/clickhouse"
	! has_zookeeper || zookeeper=(--zookeeper "$(zookeeper_servers)" --map-prefix /keeper_map)
	exec 8<"$LIBRARY"
	TZ=UTC launch clickhouse "$DIR/run/clickhouse-front" --library /proc/self/fd/8 \
		--data "$DIR/clickhouse" --port "$CLICKHOUSE_PORT" \
		--user "$CLICKHOUSE_USERNAME" --password "$CLICKHOUSE_PASSWORD" "${zookeeper[@]}"
	exec 8<&-
	await clickhouse 30 clickhouse_answers
	clickhouse_schema
	say "clickhouse is up on port $CLICKHOUSE_PORT ($(since "$begin"), layout $LAYOUT, pid $(
		cut -d' ' -f1 "$DIR/run/clickhouse.pid"
	))"
}

clickhouse_stop() {
	end clickhouse
	say "clickhouse is stopped"
}

clickhouse_reset() {
	local answer table
	is_running clickhouse || die "clickhouse does not run"
	curl -sS -o /dev/null -X DELETE "$(clickhouse_url)/admin/fault"
	curl -sS -o /dev/null -X DELETE "$(clickhouse_url)/admin/profile"
	curl -sS -o /dev/null -X POST "$(clickhouse_url)/admin/style?style=tagged"
	# Tables are dropped a second later, and those made meanwhile on the same path in ZooKeeper would have their rows.
	! has_zookeeper || for table in courier_heads courier_machines; do
		answer=$(clickhouse_query <<<"TRUNCATE TABLE IF EXISTS logs.$table") || die "$answer"
	done
	answer=$(clickhouse_query <<<"DROP DATABASE IF EXISTS logs") || die "$answer"
	clickhouse_schema
}
