#!/bin/bash
# The benchmark suite delivers, measures and reports. No figure is judged: that is for people, on a quiet machine.

. "$(dirname "$0")/lib.sh"

bench() {
	"$TOP/tests/bench/bench" --build "$BUILD_DIR" --work "$WORK/data" --json "$WORK/bench.json" \
		--quick --repetitions 1 --case small --case digest --quiet >"$WORK/table"
}

# has EXPRESSION: it holds for the figures.
has() {
	jq -e "$1" "$WORK/bench.json"
}

story "make bench measures log-courier beside curl"
PATH=$PATH:/usr/sbin command -v nginx >/dev/null || {
	echo "1..0 # skipped: nginx is not installed (contrib/dev/prepare bench)"
	exit 77
}
need "its programs are built" make -C "$BUILD_DIR" --quiet bench-programs
need "it measures two cases" bench
check "the table has both" grep -c '^small: \|^digest: ' "$WORK/table"
check "processor time and its floor are there" \
	has '.cases.small.figures | ."worker CPU per row".values.courier.median > ."floor per row".values.reference.median'
check "every source has its objects" has '.cases.small.figures."worker CPU per PUT".values.courier.median > 0'
check "all lines were delivered" has '.cases.digest.facts."lines, sorted" | startswith("100000 lines, ")'
end_story
