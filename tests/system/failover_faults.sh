# shellcheck shell=bash
# The long form of failover_test.sh: each fault that a machine, or the whole service, may meet, in an order that SEED chooses, ROUNDS
# times, while ROWS rows come in. To be sourced.

ROWS=${ROWS:-1000000}
ROUNDS=${ROUNDS:-3}
FLOW_SECONDS=20 # of each fault
MACHINES=(A B C)
KINDS_OF_ONE=(killed stopped without_clickhouse without_s3 keeper_fails keeper_hangs)
KINDS_OF_ALL=(leader_killed keeper_frozen swallowed late twice)
ENGINE_HANGS=0
FLOWS=0

now_ms() {
	date +%s%3N
}

# note KIND MACHINE BEGIN SHARDS: for failover_times.py; it ends now.
note() {
	echo "$1 $2 $3 $(now_ms) $4" >>"$WORK/events"
}

# The next rows of ROWS, others than all before.
start_next_flow() {
	FLOWS=$((FLOWS + 1))
	start_flow "$1" "$FLOW_SECONDS" --sources 60 --seed "$((100 + FLOWS))" --patience 120
}

inject_all() {
	local machine
	for machine in "${MACHINES[@]}"; do
		FAULTS=$machine inject "$@" || return
	done
}

shards_of() {
	"$DEV/sql" "SELECT arrayStringConcat(groupArray(extract(name, '^shard-([0-9]+)')), ',') FROM courier_heads
		WHERE name LIKE 'shard-%' AND extract(value, 'owner=([^ ]+)') = '$1'"
}

others_have_all() {
	! shares | grep -qE "$1:|-:"
}

all_have_their_share() {
	shares_are "A:2 B:2 C:2"
}

# ---- what one machine meets ----

strike_killed() {
	end_machine kill "$1"
}

# Whether it comes back with its disk is chance.
heal_killed() {
	[ $((RANDOM % 2)) = 0 ] || rm -rf "$WORK/state-$1"
	start_machine "$1"
}

strike_stopped() {
	signal_machine STOP "$1"
}

heal_stopped() {
	signal_machine CONT "$1"
}

strike_without_clickhouse() {
	FAULTS=$1 inject '{"service": "clickhouse", "times": 0}'
}

strike_without_s3() {
	FAULTS=$1 inject '{"service": "s3", "times": 0}'
}

# What ClickHouse answers about a KeeperMap table while Keeper is away.
strike_keeper_fails() {
	FAULTS=$1 inject '{"query": "courier_(heads|machines)", "status": 500, "headers": {"X-ClickHouse-Exception-Code": "999"},
		"body": "Code: 999. Coordination::Exception: DB::Exception: Coordination error: Connection loss. (KEEPER_EXCEPTION)"}'
}

strike_keeper_hangs() {
	FAULTS=$1 inject '{"query": "courier_(heads|machines)", "times": 0}'
}

heal_by_removing_rules() {
	FAULTS=$1 inject
}

# machine_meets KIND MACHINE
machine_meets() {
	local begin shards heal=heal_by_removing_rules
	[ "$1" != killed ] && [ "$1" != stopped ] || heal=heal_$1
	shards=$(shards_of "$2")
	begin=$(now_ms)
	need "$1: machine $2, which has the shards $shards" "strike_$1" "$2"
	need "  the others take them" timed await 180 others_have_all "$2"
	note "$1" "$2" "$begin" "$shards"
	begin=$(now_ms)
	"$heal" "$2"
	need "  it comes back" timed await 300 all_have_their_share
	[ "$1" != killed ] || note joins "$2" "$begin" -
}

# ---- what the whole service meets ----

meet_leader_killed() {
	kill_leader && go_on 100 && start_server zookeeper
}

keeper_answers() {
	timeout 20 "$DEV/sql" "SELECT count() FROM courier_heads"
}

# The engine makes a new session while it holds the lock of the table that needs one, so that all statements on this table wait for
# one connection; at times it has none for minutes after Keeper goes on. Then the front is started again, which counts for nothing here.
meet_keeper_frozen() {
	signal_servers STOP zookeeper-1 zookeeper-2 zookeeper-3
	sleep 60
	signal_servers CONT zookeeper-1 zookeeper-2 zookeeper-3
	await 3 keeper_answers || {
		ENGINE_HANGS=$((ENGINE_HANGS + 1))
		stop_server clickhouse
		start_server clickhouse || return
	}
	go_on 100
}

# while_rules RULE...: in the proxies of all, while the rows of this fault come in.
while_rules() {
	inject_all "$@" && await_flow 120 && go_on 100 && inject_all
}

meet_swallowed() {
	while_rules '{"service": "s3", "method": "PUT", "chance": 0.2, "answer_cut": 0}' \
		'{"query": "ALTER TABLE", "chance": 0.2, "answer_cut": 0}' \
		'{"query": "SELECT.*courier_", "chance": 0.2, "answer_cut": 0}'
}

meet_late() {
	while_rules '{"service": "s3", "method": "PUT", "chance": 0.2, "answer_delay": [0.1, 3]}' \
		'{"query": "ALTER TABLE", "chance": 0.2, "answer_delay": [0.1, 3]}' \
		'{"query": "SELECT.*courier_", "chance": 0.2, "answer_delay": [0.1, 3]}'
}

meet_twice() {
	while_rules '{"service": "s3", "method": "PUT", "chance": 0.3, "times": 2}' \
		'{"query": "ALTER TABLE", "chance": 0.3, "times": 2}' \
		'{"query": "SELECT.*courier_", "chance": 0.3, "times": 2}'
}

# all_meet KIND
all_meet() {
	local begin
	begin=$(now_ms)
	need "$1: rows are delivered all the same" timed "meet_$1"
	note "$1" - "$begin" -
	need "  all machines have their share" timed await 300 all_have_their_share
}

# ---- the story ----

# shuffled WORD...: sets ORDER.
shuffled() {
	local i k word
	ORDER=("$@")
	for ((i = ${#ORDER[@]} - 1; i > 0; i--)); do
		k=$((RANDOM % (i + 1)))
		word=${ORDER[i]} ORDER[i]=${ORDER[k]} ORDER[k]=$word
	done
}

# Each machine meets each fault once in three rounds.
meet_all_faults() {
	local round kind i first rate made begin
	RANDOM=${SEED:=$RANDOM}
	echo "# seed $SEED"
	first=$RANDOM
	begin=$(now_ms)
	need "rows are delivered" go_on 500
	note calm - "$begin" -
	end_child "$FLOW_PID" 5
	FLOW_PID=''
	made=$(rows_in_clickhouse)
	rate=$(((ROWS - made - 1) / (ROUNDS * (${#KINDS_OF_ONE[@]} + ${#KINDS_OF_ALL[@]})) / FLOW_SECONDS))
	for ((round = 1; round <= ROUNDS; round++)); do
		echo "# round $round"
		shuffled "${KINDS_OF_ONE[@]}" "${KINDS_OF_ALL[@]}"
		for kind in "${ORDER[@]}"; do
			start_next_flow "$rate"
			for i in "${!KINDS_OF_ONE[@]}"; do
				[ "${KINDS_OF_ONE[i]}" != "$kind" ] || machine_meets "$kind" "${MACHINES[(first + i + round) % 3]}"
			done
			[[ " ${KINDS_OF_ONE[*]} " = *" $kind "* ]] || all_meet "$kind"
			[ -z "$FLOW_PID" ] || need "  the rows of this fault are there" await_flow 120
		done
	done
	need "the last rows come" load --rows $((ROWS - made - FLOWS * rate * FLOW_SECONDS)) --sources 60 --seed 99
}

take_times() {
	"$TOP/tests/system/failover_times.py" "$WORK/events" \
		$((LOG_COURIER_CONSUMER_PROCESSING_DELAY_SECONDS + LOG_COURIER_CONSUMER_TIME_THRESHOLD_SECONDS + 30)) \
		"$WORK/A.log" "$WORK/B.log" "$WORK/C.log" >"$WORK/times"
}

# Rows that were visible late are found by a reconcile, so that one look may be too early.
verify_many_rows() {
	await_delivery 300
	check "each of $(rows_in_clickhouse) rows is delivered exactly once" await 1 verify
	check "no row was late while a machine joined" take_times
	cat "$WORK/times"
	echo "# the development engine hung after Keeper was frozen, and was started again: $ENGINE_HANGS times"
}
