# shellcheck shell=bash
# The ZooKeeper part: an ensemble of three processes on loopback, for KeeperMap tables. Two of them are enough to work.
# Sourced by contrib/dev/stack.

ZOOKEEPERS=(zookeeper-1 zookeeper-2 zookeeper-3)
ZOOKEEPER_JARS=/usr/share/java

# Three ports for each process: for clients, for the other processes, for elections.
zookeeper_pick_ports() {
	local _
	ZOOKEEPER_PORTS=''
	for _ in "${ZOOKEEPERS[@]}" "${ZOOKEEPERS[@]}" "${ZOOKEEPERS[@]}"; do
		pick_port
		ZOOKEEPER_PORTS="$ZOOKEEPER_PORTS $PORT"
	done
}

# zookeeper_port NAME [client|peer|election]: of one process.
zookeeper_port() {
	local number=${1#zookeeper-} kind=0 ports
	case ${2:-client} in
	peer) kind=1 ;;
	election) kind=2 ;;
	esac
	read -r -a ports <<<"$ZOOKEEPER_PORTS"
	printf '%s' "${ports[3 * (number - 1) + kind]}"
}

# As clickhouse-front takes it.
zookeeper_servers() {
	local name servers=''
	for name in "${ZOOKEEPERS[@]}"; do
		servers=$servers,127.0.0.1:$(zookeeper_port "$name")
	done
	printf '%s' "${servers#,}"
}

# Data is in the system's hands, not on the disk, when it is acknowledged: that outlives any process.
zookeeper_configuration() {
	local name
	cat <<-END
		tickTime=500
		initLimit=20
		syncLimit=4
		dataDir=$DIR/$1
		clientPort=$(zookeeper_port "$1")
		clientPortAddress=127.0.0.1
		maxClientCnxns=0
		admin.enableServer=false
		4lw.commands.whitelist=srvr
		forceSync=no
		preAllocSize=1024
	END
	for name in "${ZOOKEEPERS[@]}"; do
		printf 'server.%s=127.0.0.1:%s:%s\n' "${name#zookeeper-}" "$(zookeeper_port "$name" peer)" \
			"$(zookeeper_port "$name" election)"
	done
}

# zookeeper_mode NAME: leader or follower; fails while it is neither, or does not answer.
zookeeper_mode() {
	local line
	{
		exec 7<>"/dev/tcp/127.0.0.1/$(zookeeper_port "$1")" || return 1
	} 2>/dev/null
	printf 'srvr' >&7
	while read -r -t 2 line <&7; do
		if [[ $line == Mode:* ]]; then
			printf '%s' "${line#Mode: }"
		fi
	done
	exec 7>&-
}

zookeeper_serves() {
	[[ -n $(zookeeper_mode "$1") ]]
}

zookeeper_launch() {
	local name=$1
	mkdir -p "$DIR/$name"
	printf '%s\n' "${name#zookeeper-}" >"$DIR/$name/myid"
	zookeeper_configuration "$name" >"$DIR/$name/zoo.cfg"
	own "$DIR/$name"
	launch "$name" java -Xms32m -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
		-Dzookeeper.jmx.log4j.disable=true -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
		-cp "$ZOOKEEPER_JARS/zookeeper.jar:$ZOOKEEPER_JARS/slf4j-simple.jar" \
		org.apache.zookeeper.server.quorum.QuorumPeerMain "$DIR/$name/zoo.cfg"
}

# All that do not run, then each is waited for: alone none of them can serve.
zookeeper_start() {
	local name begin started=()
	begin=$(milliseconds)
	if [[ ! -r $ZOOKEEPER_JARS/zookeeper.jar ]] || ! command -v java >/dev/null; then
		die "ZooKeeper is not installed: run contrib/dev/prepare zookeeper"
	fi
	for name in "${ZOOKEEPERS[@]}"; do
		is_running "$name" && continue
		zookeeper_launch "$name"
		started+=("$name")
	done
	for name in "${started[@]}"; do
		await "$name" 60 zookeeper_serves "$name"
	done
	if ((${#started[@]} == 0)); then
		say "zookeeper runs already"
	else
		say "zookeeper is up on $(zookeeper_servers) ($(since "$begin"))"
	fi
}

zookeeper_stop() {
	local name
	for name in "${ZOOKEEPERS[@]}"; do
		end "$name"
	done
	say "zookeeper is stopped"
}
