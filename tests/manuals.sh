#!/bin/sh
# The manual's pages are right mdoc, and name every setting, environment name, command and exit code that the programs tell of in --help.
# Run from the build directory.
set -u
failed=0

# names PAGE FILE: each line of FILE stands in the page.
names() {
	while IFS= read -r name; do
		grep -qF -e "$name" "$work/$1" && continue
		echo "$1 does not tell of $name"
		failed=1
	done <"$2"
	[ -s "$2" ] || { echo "--help tells of nothing for $1" && failed=1; }
}

command -v mandoc >/dev/null || { echo "mandoc is missing" && exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/log-courier-manuals.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

for page in log-courier.8 log-courier-ctl.1 log-courier.yml.5; do
	mandoc -T lint -W warning "man/$page" || failed=1
	mandoc -T utf8 -O width=200 "man/$page" | sed 's/.\x08//g' >"$work/$page" || failed=1
done

src/log-courier --help >"$work/help" || failed=1
sed -n 's/^ *Environment: //p' "$work/help" >"$work/environment"
sed -n 's/^  --\([a-z0-9.-]*\).*/\1/p' "$work/help" >"$work/flags"
grep -vxE 'help|version|check-config|preflight|preflight-bucket|print-config|print-sample-config|config-file|publish-ledgers|publish-fresh-ledgers|fetch-ledgers|check-shared-ledgers' "$work/flags" >"$work/settings"
src/log-courier-ctl --help >"$work/ctl-help" || failed=1
sed -nE '/^Commands:/,/^$/s/^  ([a-z]+( [a-z]+)?).*/\1/p' "$work/ctl-help" >"$work/commands"
sed -n '/^Exit codes:/,$s/^  \([0-9]*\) .*/\1/p' "$work/ctl-help" >"$work/codes"

names log-courier.8 "$work/flags"
names log-courier.yml.5 "$work/settings"
names log-courier.yml.5 "$work/environment"
names log-courier-ctl.1 "$work/commands"
names log-courier-ctl.1 "$work/codes"
exit "$failed"
