# shellcheck shell=bash
# What all parts of the stack share: messages, ports, and processes that are known by pid and start time.
# Sourced by contrib/dev/stack; DIR is the stack's directory.

say() {
	printf 'stack: %s\n' "$*"
}

die() {
	printf 'stack: error: %s\n' "$*" >&2
	exit 1
}

# The last lines of a server's log, for an error message.
show_log() {
	printf 'stack: the last lines of %s:\n' "$1" >&2
	tail -n 15 "$1" | sed 's/^/  | /' >&2
}

milliseconds() {
	local now=${EPOCHREALTIME/[.,]/}
	printf '%s' "$((now / 1000))"
}

# since START: seconds since then, with two digits.
since() {
	local passed=$(($(milliseconds) - $1))
	printf '%d.%02d s' "$((passed / 1000))" "$((passed % 1000 / 10))"
}

port_is_free() {
	! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# A free port below the range from which the kernel takes ports for clients.
pick_port() {
	local port
	for _ in {1..200}; do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 10000))
		if [[ " ${PICKED_PORTS:-} " != *" $port "* ]] && port_is_free "$port"; then
			PICKED_PORTS="${PICKED_PORTS:-} $port"
			# shellcheck disable=SC2034
			PORT=$port
			return
		fi
	done
	die "found no free port on 127.0.0.1"
}

# The start time of a process in clock ticks: with the pid it names one process for as long as the machine runs.
start_time() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	# The command's name, in brackets, may hold blanks: count from after it.
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	[[ $1 != Z ]] && printf '%s' "${20}"
}

# is_running NAME: whether the server that DIR/run/NAME.pid tells of runs; sets PID.
is_running() {
	local started
	PID=''
	[[ -f $DIR/run/$1.pid ]] || return 1
	read -r PID started <"$DIR/run/$1.pid"
	[[ -n $started && $(start_time "$PID") == "$started" ]]
}

# The words that run a command as the servers' user: empty unless we are root.
as_user() {
	AS_USER=()
	if ((EUID == 0)); then
		AS_USER=(setpriv --reuid "$STACK_USER" --regid "$(id -g "$STACK_USER")"
			--clear-groups --no-new-privs --)
	fi
}

# launch NAME COMMAND...: starts a server in the background, its output in DIR/log/NAME.log.
launch() {
	local name=$1
	shift
	(
		cd / || exit 1
		exec setsid "${AS_USER[@]}" "$@" </dev/null >>"$DIR/log/$name.log" 2>&1 9>&-
	) &
	printf '%s %s\n' $! "$(start_time $!)" >"$DIR/run/$name.pid"
	disown $!
}

# await NAME SECONDS COMMAND...: repeats the command until it succeeds; an error if the server ends, or it takes too long.
await() {
	local name=$1 limit=$2 begin
	shift 2
	begin=$(milliseconds)
	until "$@"; do
		if ! is_running "$name"; then
			show_log "$DIR/log/$name.log"
			die "$name ended instead of starting (log: $DIR/log/$name.log)"
		fi
		if (($(milliseconds) - begin > limit * 1000)); then
			show_log "$DIR/log/$name.log"
			die "$name did not answer within $limit s (log: $DIR/log/$name.log)"
		fi
		sleep 0.02
	done
}

# end NAME: ends a server by SIGTERM, after 10 s by SIGKILL, and waits until it is gone. One that a test has stopped goes on to its end.
end() {
	local begin signal=TERM
	begin=$(milliseconds)
	is_running "$1" && kill -s TERM "$PID" && kill -s CONT "$PID"
	while is_running "$1"; do
		if [[ $signal == TERM ]] && (($(milliseconds) - begin > 10000)); then
			say "$1 does not end, killing it"
			signal=KILL
			kill -s KILL "$PID"
		fi
		sleep 0.02
	done
	rm -f "$DIR/run/$1.pid"
}

# own PATH...: gives files to the servers' user.
own() {
	if ((EUID == 0)); then
		chown -R "$STACK_USER" "$@"
	fi
}

# The servers' user must be able to enter the stack's directory.
check_reach() {
	local path='' part parts
	((EUID != 0)) && return
	chmod a+x "$DIR"
	IFS=/ read -r -a parts <<<"${DIR#/}"
	for part in "${parts[@]}"; do
		path=$path/$part
		"${AS_USER[@]}" test -x "$path" ||
			die "the servers run as user $STACK_USER, who may not enter $path:" \
				"choose another --dir, or allow it with chmod a+x $path"
	done
}
