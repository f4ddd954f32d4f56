#!/bin/sh
# words.sh SOURCE: the words that this project does not use, and what it uses instead. Silent when no tracked file has
# one; otherwise names file, line and the word to use. A line that must have such a word says "words: allowed"; a setting
# may be called ledger.when-behind. Documents are wrapped at 100 columns, except for tables, code, links and what stands in
# backquotes.
#
# The table: an extended regular expression that is matched as a whole word (an underscore is part of a word), and what
# to use.
set -eu
cd "$1"
status=0
while read -r expression use; do
	found=$(git grep -nIwE "$expression" -- . ':!tests/words.sh' | grep -v -e 'words: allowed' -e 'when-behind:\?' || true)
	[ -z "$found" ] || { printf '%s\n' "$found" | sed "s|\$|  <- use: $use|"; status=1; }
done <<'END'
[Bb]ehind                   after or before, newer or older than, past: in a system about order it has meant both directions
[Aa]new                     again; a process is restarted
[Cc]an[[:space:]]not        cannot
allowed[[:space:]](is|are)  expected
keepers?                    shard_process, the process of a shard
fleet_man                   fleet_rebuild
desk                        control_worker
inquiry|inquiries           request
weigh                       compare, count
scales                      what is counted
omens?                      what is going to be wrong
poke[sd]?                   start_if_due, wake
relieve[sd]?                update_flow
bodiless                    without body, unbuilt
hopeless                    what cannot succeed
teach(es)?                  explain
humane                      for people
END
git ls-files '*.md' | while read -r document; do
	# A character is its first byte and the bytes that continue it.
	LC_ALL=C sed 's/[\x80-\xBF]//g' "$document" | awk -v document="$document" '
		/^ *```/ { code = !code; next }
		!code && length > 100 && !/^\|/ && !/\]\(|`/ { print document ":" NR ": wider than 100 columns" }'
done | { ! grep . ; } || status=1
exit "$status"
