#!/bin/sh
# Proves that the floors of the house only look down: a file of src/<floor> or include/<floor> includes
# headers of its own floor, of include/tbl, and of the floors that src/<floor>/.may_include lists.
set -eu
top=${srcdir:-$(dirname "$0")/..}
faults=0

fault() {
	echo "$1" >&2
	faults=$((faults + 1))
}

for folder in "$top"/src/*/; do
	floor=$(basename "$folder")
	if [ ! -f "$folder/.may_include" ]; then
		fault "src/$floor has no .may_include"
		continue
	fi
	allowed=" $floor tbl $(tr '\n' ' ' <"$folder/.may_include")"
	for file in "$folder"*.c "$top/include/$floor"/*.h; do
		for included in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file"); do
			case $allowed in
			*" ${included%%/*} "*) ;;
			*) fault "${file#"$top"/} includes $included: $floor may include only$allowed" ;;
			esac
		done
	done
done
[ "$faults" -eq 0 ]
