#!/bin/bash
# The life of the Debian package: installed, configured, at work, upgraded, removed, purged.
# FULL=1 builds the newer package from the tarball; otherwise the one at hand is packed again under a higher version.

# shellcheck source=tests/package/lib.sh
. "$(dirname "$0")/lib.sh"

lintian_is_content() {
	lintian --fail-on error,warning --allow-root "$PACKAGES"/log-courier_*-1_*.changes
}

holds_example() {
	dpkg-deb -c "$PACKAGE" | grep -q -- "^-rw-r--r-- root/root .* ./usr/share/doc/log-courier/examples/$1$"
}

documents_are_whole() {
	dpkg-deb -x "$PACKAGE" "$WORK/documents" && "$TOP/tests/links.py" "$WORK/documents/usr/share/doc/log-courier"
}

# install FILE: as one does by hand; what it depends on comes from the mirror. Asked about a sample that has changed, one keeps what one
# has.
install_package() {
	cp "$1" "$ROOT/root/package.deb" && root apt-get -q -y install --no-install-recommends \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold /root/package.deb
}

make_newer_package() {
	NEWER=$WORK/newer
	if [ "$FULL" = 1 ]; then
		"$DEV/package" deb --revision 2 --output "$NEWER" || return
	else
		mkdir -p "$NEWER" && dpkg-deb -R "$PACKAGE" "$WORK/unpacked" &&
			sed -i 's/^Version: .*/&.2/' "$WORK/unpacked/DEBIAN/control" &&
			echo '# A sample that has changed.' >>"$WORK/unpacked$CONFIGURATION" &&
			dpkg-deb --root-owner-group -b "$WORK/unpacked" "$NEWER/log-courier_newer.deb" || return
	fi
	NEWER=$(find "$NEWER" -name 'log-courier_*.deb')
}

sample_is_generated() {
	root log-courier --print-sample-config | cmp - "$ROOT$CONFIGURATION"
}

# What must survive: the configuration with its secrets, and what the ledgers hold.
fingerprint() {
	find "$ROOT/etc/log-courier" -type f ! -name '*.dpkg-*' -printf '%u:%g %m %p\n' -exec sha256sum {} \; | sort
	find "$ROOT/var/lib/log-courier" -name '*.db' -printf '%u:%g %m %i %p\n' | sort
}

survived() {
	fingerprint | diff "$WORK/before" -
}

# Where stderr is the journal, JOURNAL_STREAM names it.
journal_has_the_reason() {
	: >"$WORK/journal"
	root env JOURNAL_STREAM="$(stat -c %d:%i "$WORK/journal")" log-courier --config-file="$CONFIGURATION" 2>>"$WORK/journal"
	[ $? -eq 2 ] && grep -q '^<3>{.*"the service cannot start with this configuration".*s3.access-key-id' "$WORK/journal"
}

# As an operator lays it there; the settings that it names are known to the program.
unit_takes_credentials() {
	local folder=$ROOT/etc/systemd/system/$UNIT.d variable
	mkdir -p "$folder" && cp "$TOP/packaging/systemd/credentials.conf" "$folder/" || return
	root systemd-analyze verify --man=no "$UNIT" || return
	rm -r "$folder"
	for variable in $(sed -n 's/^Environment=LOG_COURIER_\(.*\)_FILE=.*/\1/p' "$TOP/packaging/systemd/credentials.conf"); do
		root log-courier --help | grep -q "LOG_COURIER_$variable" || return
	done
}

package_story "a person installs the package, points it at ClickHouse and S3, and it runs"
PACKAGE=$(find "$PACKAGES" -name 'log-courier_*-1_*.deb')
need "there is one package" test -f "$PACKAGE"
check "lintian has nothing to say" lintian_is_content
for example in log-courier.rules.yml log-courier.json credentials.conf logs-replicated.sql; do
	check "it holds the example $example" holds_example "$example"
done
check "the links of its documents lead somewhere" documents_are_whole
start_stack
export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=2
lap
need "the mirror's list is fetched" root apt-get -q update
lap "apt-get update"
BEGAN=$LAP
need "the package installs" install_package "$PACKAGE"
lap "apt-get install ./log-courier.deb, with what it depends on"

check "the installed configuration is the generated sample" sample_is_generated
check "the service's group can read the configuration, others not" is "$CONFIGURATION" root:log-courier 640
check "nor what else lies there" is /etc/log-courier root:log-courier 750
check "the state belongs to the service" is /var/lib/log-courier log-courier:log-courier 750
check "the unit is not started before it is configured" bash -c "! grep -qE '(^| )(re)?start ' '$ROOT/var/log/systemctl'"
check "the unit is well formed" root systemd-analyze verify --man=no "$UNIT"
check "the unit is rated below 2.0 for what it could do to the machine" root systemd-analyze security --offline=yes --threshold=20 \
	"$UNIT"
check "it is with the drop-in for credentials" unit_takes_credentials
check "without keys for S3 a start ends with status 2" start_unconfigured
check "the journal has the reason as an error" journal_has_the_reason
check "and says which setting is missing" names_the_missing_setting
check "and systemd does not try again" unit_does_not_restart_after 2

need "it is configured" configure
check "the configuration is right" root setpriv --reuid log-courier --regid log-courier --init-groups \
	log-courier --config-file="$CONFIGURATION" --check-config
lap "configuring, and looking at what was installed"
load --rows 3000 --sources 20 --time-range 60
lap "(loading rows)"
need "it starts, and tells systemd" start_unit
lap "start until READY"
need "the first log object is delivered" await 60 first_object
lap "READY until the first log object"
took "$BEGAN" "from the package to the first log object"
await_every_row 180
check "it is healthy" await 30 unit_is_healthy
check "log-courier-ctl answers" control status
lap "until every row is delivered and committed"

touch "$ROOT/enabled" "$ROOT/active"
fingerprint >"$WORK/before"
forget_what_systemd_was_told
need "a newer package is there" make_newer_package
lap "(making a newer package)"
need "the upgrade installs" install_package "$NEWER"
check "systemd is told to restart the service" systemd_was_told "restart $UNIT"
need "the old process ends" stop_unit
check "configuration, secrets and ledgers survive" survived
need "the new one starts" start_unit
lap "upgrade until READY"
load --rows 3000 --sources 20 --seed 2
await_every_row 180
check "delivery goes on: every row is delivered, exactly once" verify

forget_what_systemd_was_told
need "the package is removed" root apt-get -q -y remove log-courier
check "systemd is told to stop the service" systemd_was_told "stop $UNIT"
need "the process ends" stop_unit
check "the programs are gone" bash -c "! [ -e '$ROOT/usr/sbin/log-courier' ]"
check "configuration and state stay" exists /var/lib/log-courier
check "the configuration too" exists "$CONFIGURATION"
need "the package is purged" root apt-get -q -y purge log-courier
check "the state is gone" bash -c "! [ -e '$ROOT/var/lib/log-courier' ]"
check "the configuration and its secrets are gone" bash -c "! [ -e '$ROOT/etc/log-courier' ]"
lap "removing and purging"
end_story
