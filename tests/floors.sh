#!/bin/sh
# Proves what docs/architecture.md says of the structure:
# - Floors only look down: a file of src/<floor> or include/<floor> includes headers of its own floor, of include/tbl,
#   and of the floors that src/<floor>/.may_include lists.
# - A floor uses the libraries that its row of the page's table names, and no others.
# - There is no circle of modules, neither of includes nor of calls. A module is a .c file and the header of its name.
set -eu
top=${srcdir:-$(dirname "$0")/..}
page=$top/docs/architecture.md
faults=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fault() {
	echo "$1" >&2
	faults=$((faults + 1))
}

# "<module> <header>" for each #include "..." of the floor $1.
includes_of_floor() {
	for file in "$top/src/$1"/*.c "$top/include/$1"/*.h; do
		name=${file##*/}
		sed -n "s|^#include \"\([^\"]*\)\".*|$1/${name%.*} \1|p" "$file"
	done
}

check_floor() {
	allowed=" $1 tbl $(tr '\n' ' ' <"$top/src/$1/.may_include")"
	while read -r module included; do
		case $allowed in
		*" ${included%%/*} "*) ;;
		*) fault "$module includes $included: $1 may include only$allowed" ;;
		esac
	done <"$scratch/$1"
}

# The library, in the words of the page, that a system header belongs to.
library_of_header() {
	case $1 in
	event2/*) echo libevent ;;
	jansson.h) echo jansson ;;
	openssl/*) echo libcrypto ;;
	xxhash.h) echo xxHash ;;
	zlib.h) echo zlib ;;
	zstd.h) echo libzstd ;;
	yaml.h) echo libyaml ;;
	curl/*) echo libcurl ;;
	sqlite3.h) echo SQLite ;;
	systemd/*) echo libsystemd ;;
	uthash.h | utlist.h) echo uthash ;;
	esac
}

check_libraries() {
	named=$(sed -n "s/^| \`$1\` |.*|\([^|]*\)|\$/\1/p" "$page" | tr -d ' ' | tr ',' '\n' | sort)
	used=$(sed -n 's/^#include <\([^>]*\)>.*/\1/p' "$top/src/$1"/*.c "$top/include/$1"/*.h |
		while read -r header; do library_of_header "$header"; done | sort -u)
	[ "$named" = "$used" ] ||
		fault "src/$1 uses the libraries [$(echo $used)], but $page names [$(echo $named)] in its row"
}

# "<module> <symbol> <nm's letter>" for each global symbol of the objects in this folder, where the build is.
symbols() {
	for object in src/*/*.o; do
		module=${object#src/}
		module=${module%.o}
		if [ -f "$top/src/$module.c" ] || [ -f "src/$module.c" ]; then
			nm -P "$object" | awk -v module="$module" '$2 ~ /^[A-Z]$/ { print module, $1, $2 }'
		fi
	done
}

# "<module> <module that it calls>"
calls() {
	symbols | awk '{ if ($3 == "U") used[$1 " " $2] = 1; else owner[$2] = $1 }
		END { for (use in used) { split(use, part, " "); if (part[2] in owner) print part[1], owner[part[2]] } }'
}

# Reads "<module> <module that it needs>".
check_circles() {
	sort -u | tsort >"$scratch/order" 2>"$scratch/circles" || fault "Circles of modules:
$(sed -e 's/^tsort: //' -e 's/^-: input contains a loop:/one is/' "$scratch/circles")"
}

for folder in "$top"/src/*/; do
	floor=$(basename "$folder")
	if [ ! -f "$folder/.may_include" ]; then
		fault "src/$floor has no .may_include"
		continue
	fi
	includes_of_floor "$floor" >"$scratch/$floor"
	check_floor "$floor"
	check_libraries "$floor"
	cat "$scratch/$floor" >>"$scratch/includes"
done

if ! ls src/*/*.o >/dev/null 2>&1; then
	echo "There are no objects in this folder, so circles of calls are not looked for: run this where the build is."
	calls() { :; }
fi
{ sed 's/\.h$//' "$scratch/includes" | grep -v ' tbl/'; calls; } >"$scratch/needs"
check_circles <"$scratch/needs" # no pipeline: its shell would keep the count of faults to itself

[ "$faults" -eq 0 ]
