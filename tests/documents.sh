#!/bin/sh
# The links of the documents lead somewhere: in the source tree, and where they are installed. Run from the build directory.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/log-courier-documents.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

"$srcdir/tests/links.py" "$srcdir" || exit 1
"${MAKE:-make}" --quiet install-data-local install-dist_exampleDATA install-dist_examplekubernetesDATA DESTDIR="$work" \
	prefix=/usr docdir=/usr/share/doc/log-courier >"$work/made" 2>&1 || { cat "$work/made" && exit 1; }
"$srcdir/tests/links.py" "$work/usr/share/doc/log-courier"
