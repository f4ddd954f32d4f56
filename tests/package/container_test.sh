#!/bin/bash
# The container's file, carried out without a container engine: each stage is a clean Debian 12, each RUN is run there, each COPY
# copies; then the image's command runs as the image's user on a read-only root with its volumes. What an engine adds (layers, cgroups,
# its own network and seccomp profile, the health check's timing) is not tried. The Kubernetes example is held against the image.

# shellcheck source=tests/package/lib.sh
. "$(dirname "$0")/lib.sh"

FILE=$TOP/packaging/container/Containerfile
EXAMPLE=$TOP/contrib/kubernetes/log-courier.yaml
declare -A STAGES=()
declare -a ENVIRONMENT=() VOLUMES=()

# The instructions, one a line, without comments.
instructions() {
	sed '/^[[:space:]]*#/d' "$FILE" | sed -e ':again' -e '/\\$/{N;s/\\\n[[:space:]]*//;b again' -e '}' | sed '/^[[:space:]]*$/d'
}

# json_list TEXT: the strings of an instruction in its JSON form, one a line.
json_list() {
	python3 -c 'import json, sys; print("\n".join(json.loads(sys.argv[1])))' "$1"
}

# The stage "base" is the image of Debian as it comes; each other one begins with a copy of it.
from() {
	[ "$*" != "debian:12-slim AS base" ] || return 0
	[ "$1" = base ] || return
	ROOT=$WORK/stage-${3:-last} DIRECTORY=/
	[ -z "${3:-}" ] || STAGES[$3]=$ROOT
	make_root
}

# What the build sees of the source tree, as .dockerignore has it.
context() {
	sed 's|^|./|' "$TOP/.dockerignore" | tar -C "$TOP" --anchored --exclude-from=- -cf - .
}

copy() {
	local from='' target source
	case $1 in
	--from=*) from=${STAGES[${1#--from=}]} && shift ;;
	esac
	case ${*: -1} in
	/*) target=$ROOT${*: -1} ;;
	*) target=$ROOT$DIRECTORY/${*: -1} ;;
	esac
	if [ "$1" = . ]; then
		mkdir -p "$target" && context | tar -C "$target" --no-same-owner -xf -
		return
	fi
	[[ $target != */ ]] || mkdir -p "$target"
	mkdir -p "$(dirname "$target")" || return
	for source in "${@:1:$#-1}"; do
		# The name may be a pattern.
		# shellcheck disable=SC2086
		cp -R ${from:-$TOP}/${source#/} "$target" || return
	done
}

run() {
	mkdir -p "$ROOT$DIRECTORY" && root "${ENVIRONMENT[@]}" sh -c "cd $DIRECTORY && $1"
}

carry_out() {
	local instruction=$1 arguments=$2 words
	read -r -a words <<<"$arguments"
	case $instruction in
	FROM) from "${words[@]}" ;;
	WORKDIR) DIRECTORY=$arguments ;;
	COPY) copy "${words[@]}" ;;
	RUN) run "$arguments" ;;
	ENV) ENVIRONMENT+=("$arguments") ;;
	USER) IMAGE_USER=$arguments ;;
	EXPOSE) IMAGE_PORT=$arguments ;;
	VOLUME) mapfile -t VOLUMES < <(json_list "$arguments") ;;
	ENTRYPOINT) mapfile -t ENTRYPOINT < <(json_list "$arguments") ;;
	HEALTHCHECK) mapfile -t HEALTH < <(json_list "${arguments##*CMD }") ;;
	*) echo "this test does not know $instruction" && return 1 ;;
	esac
}

build_image() {
	local line
	while read -r line; do
		need "${line:0:90}" carry_out "${line%% *}" "${line#* }"
		lap "of it"
	done < <(instructions)
}

# in_image COMMAND...: in place of this shell, as in_root: root read-only, the volumes writable, the configuration mounted.
in_image() {
	# shellcheck disable=SC2016
	exec unshare --mount -- bash -c '
		root=$1 volumes=$2 user=$3 && shift 3
		mount --bind "$root" "$root" && mount -t proc proc "$root/proc" &&
			mount --bind "$volumes/var/lib/log-courier" "$root/var/lib/log-courier" &&
			mount --bind "$volumes/run/log-courier" "$root/run/log-courier" &&
			mount --bind "$volumes/etc/log-courier" "$root/etc/log-courier" &&
			mount -o remount,ro,bind "$root" && mount -o remount,ro,bind "$root/etc/log-courier" || exit 125
		exec chroot "$root" /usr/bin/setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups --no-new-privs \
			--bounding-set=-all /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' bash "$ROOT" "$WORK/volumes" "$IMAGE_USER" "$@"
}

image() {
	(in_image "${ENVIRONMENT[@]}" "$@")
}

make_volumes() {
	local volume
	for volume in "${VOLUMES[@]}"; do
		mkdir -p "$WORK/volumes$volume" && chown "$IMAGE_USER" "$WORK/volumes$volume" || return
	done
	mkdir -p "$WORK/volumes/etc" && configure && cp -a "$ROOT/etc/log-courier" "$WORK/volumes/etc/"
}

start_image() {
	in_image "${ENVIRONMENT[@]}" "${ENTRYPOINT[@]}" \
		>>"$WORK/service.log" 2>&1 &
	# shellcheck disable=SC2034
	SERVICE_PID=$!
}

image_is_healthy() {
	image "${HEALTH[@]}"
}

# What the example's probes ask for is served.
probes_succeed() {
	local path
	for path in $("$TOP/tests/package/read_kubernetes" "$EXAMPLE" probes); do
		curl -sS -f -o /dev/null "http://127.0.0.1:$LOG_COURIER_METRICS_SERVER_LISTEN_PORT$path" || return
	done
}

image_is_unhealthy() {
	! image_is_healthy
}

root_is_read_only() {
	! image touch /usr/file /etc/log-courier/file 2>"$WORK/read-only" && [ "$(grep -c 'Read-only' "$WORK/read-only")" -eq 2 ]
}

# The example's settings, with files in place of its secrets: right for the image's program.
example_configuration_is_right() {
	local secrets=$WORK/volumes/etc/log-courier/example
	mkdir -p "$secrets" && echo secret >"$secrets/clickhouse-password" && echo secret >"$secrets/s3-secret-access-key" &&
		"$TOP/tests/package/read_kubernetes" "$EXAMPLE" settings |
		sed "s|/run/secrets/log-courier/|/etc/log-courier/example/|" >"$secrets/log-courier.yml" &&
		image log-courier --config-file=/etc/log-courier/example/log-courier.yml --check-config
}

story_in_roots "the image is built by its file, and runs without any right"
check "the Kubernetes example is well formed" yamllint -c "$TOP/contrib/kubernetes/.yamllint" "$EXAMPLE"
lap
build_image
start_stack
export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=2
need "volumes and a configuration are there" make_volumes
check "the Kubernetes example fits the image" "$TOP/tests/package/read_kubernetes" "$EXAMPLE" fits "$IMAGE_USER" "$IMAGE_PORT" \
	"${VOLUMES[@]}"
check "its settings are right" example_configuration_is_right
check "nothing but the volumes can be written" root_is_read_only
load --rows 2000 --sources 10 --time-range 60
start_image
await_every_row 180
check "the health check succeeds" await 30 image_is_healthy
check "so do the example's probes" await 30 probes_succeed
check "every row is delivered, exactly once" verify
check "it ends on SIGTERM" stop_service
check "then the health check fails" image_is_unhealthy
end_story
