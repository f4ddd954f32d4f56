#!/bin/bash
# The RPM: what it holds and asks for, and its life in a root that has the libraries it is linked with. The root is Debian's, so nothing
# is said here about the dependencies of other distributions.

# shellcheck source=tests/package/lib.sh
. "$(dirname "$0")/lib.sh"

query() {
	rpm -qp --nosignature "$@" "$PACKAGE"
}

# holds MODE OWNER:GROUP PATH
holds() {
	query --qf '[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES}\n]' | grep -qxF -- "$1 $2 $3"
}

is_configuration() {
	query --configfiles | grep -qxF "$CONFIGURATION" &&
		query --qf '[%{FILEFLAGS:fflags} %{FILENAMES}\n]' | grep -qxF "cn $CONFIGURATION"
}

# asks_for WORDS: one of its dependencies.
asks_for() {
	query --requires | grep -qF -- "$1"
}

# With systemd's macros at hand, as on RHEL and Fedora, the scripts are theirs.
uses_macros_of_systemd() {
	rpmspec -P --define 'rhel 9' --define '_sourcedir /sources' --define 'sysusers_create_compat() compat %1' \
		--define 'systemd_post() post %1' --define 'systemd_preun() preun %1' \
		--define 'systemd_postun_with_restart() postun %1' "$TOP/packaging/rpm/log-courier.spec" >"$WORK/spec" || return
	local line
	for line in 'compat /sources/log-courier.sysusers' "post $UNIT" "preun $UNIT" "postun $UNIT"; do
		grep -qxF "$line" "$WORK/spec" || return
	done
	! grep -qE 'systemctl|useradd|debug_package' "$WORK/spec"
}

# Only what is needed beside libraries, whose packages have other names elsewhere.
libraries() {
	dpkg-deb -f "$(find "$PACKAGES" -name 'log-courier_*-1_*.deb')" Depends | sed 's/systemd |[^,]*, //'
}

rpm_in_root() {
	rpm --root "$ROOT" --dbpath /var/lib/rpm --nodeps --nosignature "$@"
}

debug_information_matches() {
	local package id
	package=$(find "$PACKAGES" -name 'log-courier-debuginfo-*-1*.rpm')
	id=$(readelf -n "$ROOT/usr/sbin/log-courier" | sed -n 's/.*Build ID: //p')
	rpm -qpl --nosignature "$package" | grep -q "/usr/lib/debug/.build-id/${id:0:2}/${id:2}"
}

package_story "the RPM installs, runs, is upgraded and erased"
PACKAGE=$(find "$PACKAGES" -name 'log-courier-[0-9]*-1*.rpm' ! -name '*.src.rpm')
need "there is one package" test -f "$PACKAGE"
check "rpmlint has nothing to say" rpmlint --config "$TOP/packaging/rpm/rpmlint.toml" --strict \
	"$TOP/packaging/rpm/log-courier.spec" "$PACKAGES"/*.rpm
check "with systemd's macros its scripts are those" uses_macros_of_systemd
check "it holds the service" holds -rwxr-xr-x root:root /usr/sbin/log-courier
check "it holds log-courier-ctl" holds -rwxr-xr-x root:root /usr/bin/log-courier-ctl
check "it holds the unit" holds -rw-r--r-- root:root /usr/lib/systemd/system/log-courier.service
check "it holds the user" holds -rw-r--r-- root:root /usr/lib/sysusers.d/log-courier.conf
for example in log-courier.rules.yml log-courier.json credentials.conf logs-replicated.sql; do
	check "it holds the example $example" holds -rw-r--r-- root:root "/usr/share/doc/log-courier/examples/$example"
done
check "others can't read the configuration" holds -rw-r----- root:log-courier "$CONFIGURATION"
check "which is one that an upgrade leaves alone" is_configuration
check "others can't read the state" holds drwxr-x--- log-courier:log-courier /var/lib/log-courier
for dependency in 'libcurl.so.4()(64bit)' 'libevent_core-2.1.so.7()(64bit)' 'libsqlite3.so.0()(64bit)' \
	'libsystemd.so.0()(64bit)' shadow-utils ca-certificates; do
	check "it asks for $dependency" asks_for "$dependency"
done

start_stack
export LOG_COURIER_RECONCILE_INTERVAL_SECONDS=2
need "the libraries install" root sh -c \
	"apt-get -q update && apt-get -q -y satisfy --no-install-recommends '$(libraries)'"
lap
need "the package installs" rpm_in_root -i "$PACKAGE"
lap "rpm --install"
check "the debug information is that of the program" debug_information_matches
check "the configuration belongs to the service's group" is "$CONFIGURATION" root:log-courier 640
check "the state belongs to the service" is /var/lib/log-courier log-courier:log-courier 750
check "without keys for S3 a start ends with status 2" start_unconfigured
need "it is configured" configure
need "it starts, and tells systemd" start_unit
load --rows 2000 --sources 10 --time-range 60
await_every_row 180
check "every row is delivered, exactly once" verify

forget_what_systemd_was_told
sha256sum "$ROOT$CONFIGURATION" >"$WORK/before"
need "it is upgraded (here: by itself)" rpm_in_root -U --replacepkgs "$PACKAGE"
check "the configuration stays" sha256sum --check "$WORK/before"
check "systemd is told to restart the service" systemd_was_told "restart $UNIT"
need "it is erased" rpm_in_root -e log-courier
check "systemd is told to stop the service" systemd_was_told "disable --now $UNIT"
need "the process ends" stop_unit
check "the programs are gone" bash -c "! [ -e '$ROOT/usr/sbin/log-courier' ]"
check "the ledgers stay" bash -c "ls '$ROOT'/var/lib/log-courier/*.db"
check "the changed configuration stays" exists "$CONFIGURATION.rpmsave"
lap "the RPM's life"
end_story
