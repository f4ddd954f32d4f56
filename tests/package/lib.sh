# shellcheck shell=bash
# What the stories of packages share: a clean Debian 12 in a directory, and the service as its unit would run it there. To be sourced.
#
# There is no systemd as process 1 in that root. The service is started by hand as the unit's user, with the unit's directories and
# nothing else in its environment; a systemctl that only writes down what it is told stands in for systemd towards the packages.
# The root shares the machine's loopback, where the stack's servers answer. PACKAGES names the folder with the packages.

# shellcheck source=tests/system/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"

PACKAGES=${PACKAGES:-$BUILD_DIR/packages}
UNIT=log-courier.service
CONFIGURATION=/etc/log-courier/log-courier.yml
ROOT=''
NOTIFY_PID=''

# skip TEXT: ends the story as one that can't be told here.
skip() {
	echo "1..0 # SKIP $1"
	echo "$1"
	exit 77
}

clean_up_root() {
	local status=$?
	[ -z "$NOTIFY_PID" ] || end_child "$NOTIFY_PID" 5
	(exit "$status")
	clean_up
}

# story_in_roots TEXT: one that makes its own roots, with make_root.
story_in_roots() {
	[ "$EUID" -eq 0 ] || skip "not root: no root directory can be made"
	story "$1"
	trap clean_up_root EXIT
	ARCHIVES=$("$DEV/prepare" --print-archives)
}

# package_story TEXT: one that has a clean Debian in $ROOT.
package_story() {
	story_in_roots "$1"
	ROOT=$WORK/root
	need "a clean Debian 12 is there" make_root
}

make_root() {
	local tar
	tar=$("$DEV/prepare" --print-root) || return
	[ -r "$tar" ] || "$DEV/prepare" package || return
	mkdir -p "$ROOT" "$ARCHIVES" && tar -xf "$tar" -C "$ROOT" && chmod 755 "$ROOT" || return
	cp /etc/resolv.conf "$ROOT/etc/resolv.conf" || return
	# How this machine reaches its mirror.
	apt-config dump | grep -E '^Acquire::(https?|Check-|Retries)' >"$ROOT/etc/apt/apt.conf.d/90machine"
	# In the short form nobody waits for the disk.
	[ "$FULL" = 1 ] || echo force-unsafe-io >"$ROOT/etc/dpkg/dpkg.cfg.d/short"
	stand_in_for_systemd
}

# Packages ask systemctl as soon as systemd seems to run. The real one steps aside when it comes.
stand_in_for_systemd() {
	mkdir -p "$ROOT/run/systemd/system"
	root dpkg-divert --local --rename --add /bin/systemctl || return
	cat >"$ROOT/bin/systemctl" <<-'END'
		#!/bin/sh
		echo "$*" >>/var/log/systemctl
		case "$*" in
		*is-enabled*) [ -e /enabled ] && echo enabled ;;
		*is-active*) [ -e /active ] ;;
		esac
	END
	chmod 755 "$ROOT/bin/systemctl"
}

# systemd_was_told WORDS: since the log was last emptied.
systemd_was_told() {
	grep -q -- "$1" "$ROOT/var/log/systemctl"
}

forget_what_systemd_was_told() {
	: >"$ROOT/var/log/systemctl"
}

# in_root COMMAND...: runs it there. What is mounted for it goes with it. It replaces the shell it runs in: in the background its
# pid is the command's.
in_root() {
	# shellcheck disable=SC2016
	exec unshare --mount -- bash -c '
		mount -t proc proc "$1/proc" && mount --bind "$2" "$1/var/cache/apt/archives" || exit 125
		root=$1 && shift 2
		exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
	' bash "$ROOT" "$ARCHIVES" "$@"
}

root() {
	(in_root "$@")
}

control() {
	root log-courier-ctl "$@"
}

# is PATH OWNER:GROUP MODE
is() {
	[ "$(root stat -c '%U:%G %a' "$1")" = "$2 $3" ]
}

exists() {
	[ -e "$ROOT$1" ]
}

# unit_says KEY [DEFAULT]
unit_says() {
	local value
	value=$(sed -n "s/^$1=//p" "$(find "$ROOT/usr/lib/systemd/system" "$ROOT/lib/systemd/system" -name "$UNIT" | head -n 1)")
	echo "${value:-${2:-}}"
}

# The directories that systemd makes before it starts the unit.
make_unit_directories() {
	local user group
	user=$(unit_says User) group=$(unit_says Group)
	root install -d -o "$user" -g "$group" -m "$(unit_says StateDirectoryMode 0755)" "/var/lib/$(unit_says StateDirectory)" &&
		root install -d -o "$user" -g "$group" -m "$(unit_says RuntimeDirectoryMode 0755)" "/run/$(unit_says RuntimeDirectory)"
}

# run_unit: in place of this shell, as the unit would: its user, no privileges (NoNewPrivileges, CapabilityBoundingSet), a root that
# can't be written but for the unit's directories (ProtectSystem=strict), a /tmp of its own (PrivateTmp), its limit of descriptors, its
# umask, IPC and a host name of its own. Not applied: filters of system calls and address families, memory that may not be executed.
run_unit() {
	local command
	[ "$(unit_says ProtectSystem)/$(unit_says PrivateTmp)/$(unit_says NoNewPrivileges)" = strict/yes/yes ] || return 125
	read -r -a command <<<"$(unit_says ExecStart)"
	# shellcheck disable=SC2016
	exec unshare --mount --ipc --uts -- bash -c '
		root=$1
		for directory in "$root/var/lib/$2" "$root/run/$3"; do
			mount --bind "$directory" "$directory" || exit 125
		done
		mount --rbind "$root" "$root" && mount -o remount,bind,ro "$root" &&
			mount -t tmpfs tmpfs "$root/tmp" && mount -t proc proc "$root/proc" || exit 125
		ulimit -n "$4" && umask "$5" || exit 125
		shift 5
		exec chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LC_ALL=C.UTF-8 \
			NOTIFY_SOCKET=/run/notify "$@"
	' bash "$ROOT" "$(unit_says StateDirectory)" "$(unit_says RuntimeDirectory)" "$(unit_says LimitNOFILE)" \
		"$(unit_says UMask)" \
		setpriv --reuid "$(unit_says User)" --regid "$(unit_says Group)" --init-groups --no-new-privs --bounding-set=-all \
		"${command[@]}"
}

# start_unit: as systemd would with Type=notify: it is up when it has said so.
start_unit() {
	make_unit_directories || return
	rm -f "$WORK/notified"
	"$TOP/tests/package/listen_notify" "$ROOT/run/notify" >"$WORK/notified" &
	NOTIFY_PID=$!
	await 5 test -S "$ROOT/run/notify" || return
	run_unit >>"$WORK/service.log" 2>&1 &
	# shellcheck disable=SC2034
	SERVICE_PID=$!
	await 30 unit_is_up
}

unit_is_up() {
	grep -qx 'READY=1' "$WORK/notified"
}

stop_unit() {
	stop_service || return
	end_child "$NOTIFY_PID" 5
	NOTIFY_PID=''
}

unit_is_healthy() {
	control health
}

# Writes the settings of the environment into the installed sample, as a person does: the # goes, the value changes. What is secret
# goes to files beside it. Socket and state directory stay as they are installed.
configure() {
	local names name variable
	mapfile -t names < <(sed -n 's/^#\([a-z0-9.-]*\): .*/\1/p' "$ROOT$CONFIGURATION")
	for name in "${names[@]}"; do
		variable=LOG_COURIER_$(tr 'a-z.-' 'A-Z__' <<<"$name")
		case $name in
		supervisor.socket | state-directory) continue ;;
		clickhouse.password | s3.secret-access-key)
			secret "/etc/log-courier/${name//./-}" "${!variable}" &&
				write_setting "$name-file" "/etc/log-courier/${name//./-}" || return
			;;
		*) [ -z "${!variable:-}" ] || write_setting "$name" "${!variable}" || return ;;
		esac
	done
}

# secret PATH VALUE
secret() {
	echo "$2" >"$ROOT$1" && root chown log-courier:root "$1" && chmod 400 "$ROOT$1"
}

# write_setting NAME VALUE
write_setting() {
	sed -i "s|^#$1: .*|$1: $2|" "$ROOT$CONFIGURATION" && grep -q "^$1: " "$ROOT$CONFIGURATION"
}

# A start before anything is configured, as systemd would see it: STARTED is its exit status.
start_unconfigured() {
	make_unit_directories || return
	STARTED=0
	(run_unit) >"$WORK/unconfigured.log" 2>&1 </dev/null || STARTED=$?
	cat "$WORK/unconfigured.log"
	[ "$STARTED" -eq 2 ]
}

names_the_missing_setting() {
	grep -q 's3.access-key-id' "$WORK/unconfigured.log"
}

unit_does_not_restart_after() {
	unit_says RestartPreventExitStatus | grep -qw "$1"
}

first_object() {
	local bucket
	for bucket in $("$DEV/objects"); do
		[ -z "$("$DEV/objects" "$bucket")" ] || return 0
	done
	return 1
}

# took SINCE TEXT: since is a time in microseconds.
took() {
	local passed=$((${EPOCHREALTIME/[.,]/} - $1))
	printf '# %5d.%d s  %s\n' $((passed / 1000000)) $((passed / 100000 % 10)) "$2"
}

# lap TEXT: says how long it took since the last lap.
lap() {
	[ -z "${LAP:-}" ] || took "$LAP" "$1"
	LAP=${EPOCHREALTIME/[.,]/}
}
