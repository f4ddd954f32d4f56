#!/bin/bash
# contrib/dev/prepare beside another program that installs something: it waits, and says for what.

. "$(dirname "$0")/lib.sh"

LOCK=/var/lib/dpkg/lock-frontend

# hold_lock SECONDS: as dpkg locks it.
hold_lock() {
	python3 - "$LOCK" "$1" <<-'END' &
		import fcntl, sys, time
		with open(sys.argv[1], "w") as lock:
		    fcntl.lockf(lock, fcntl.LOCK_EX)
		    time.sleep(float(sys.argv[2]))
	END
	HOLDER=$!
	CHILDREN+=("$HOLDER")
}

is_held() {
	grep -q "^POSIX.*:$(stat -c %i "$LOCK") " <(sed 's/^[0-9]*: //' /proc/locks)
}

# A package that is installed already looks missing, so that apt has to be asked; it has nothing to do.
pretend_missing() {
	mkdir "$WORK/bin" && printf '#!/bin/sh\nexit 1\n' >"$WORK/bin/dpkg-query" && chmod 755 "$WORK/bin/dpkg-query"
}

prepare() {
	UPDATED=yes PATH=$WORK/bin:$PATH "$DEV/prepare" gcc >"$WORK/prepare.log" 2>&1
}

fails() {
	! "$@"
}

prepare_says() {
	grep -F "$1" "$WORK/prepare.log"
}

if [ "$EUID" -ne 0 ] || ! command -v apt-get dpkg >/dev/null || ! dpkg-query -W gcc >/dev/null 2>&1; then
	echo "1..0 # SKIP not root, or no Debian with gcc"
	echo "not root, or no Debian with gcc"
	exit 77
fi
WORK=$(mktemp -d "${TMPDIR:-/tmp}/log-courier-test.XXXXXX")
trap clean_up EXIT
echo "# prepare waits while another program holds dpkg's lock"
need "gcc looks as if it was missing" pretend_missing
hold_lock 6
need "another program holds the lock" await 10 is_held
check "prepare succeeds" prepare
check "it says what it waited for" prepare_says "waiting for the lock $LOCK"
check "it says so once" test "$(grep -c 'waiting for the lock' "$WORK/prepare.log")" -eq 1
check "the lock was held for as long as it waited" ended "$HOLDER"
hold_lock 60
need "another program holds the lock again" await 10 is_held
export LOCK_SECONDS=3
check "prepare does not wait for ever" fails prepare
check "it says why it failed" prepare_says "Could not get lock $LOCK"
end_story
