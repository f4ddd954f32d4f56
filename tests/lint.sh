#!/bin/sh
# lint.sh SOURCE BUILD [quick]: words that are not used (words.sh), then layout (clang-format), clang-tidy and cppcheck over the
# project's C files. Silent when clean. clang-format 14 decides the layout: other versions differ in details. The analyzer of
# clang-tidy takes longer than all else together; with quick it follows fewer ways through a function, and looks at no tests.
set -eu
top=$1
build=$2
depth=${3:-}
cd "$top"
jobs=$(nproc)
"${SHELL:-sh}" tests/words.sh "$top"
find src include tests contrib -name '*.[ch]' | xargs clang-format --dry-run --Werror

# One file a call: several confuse clang-tidy 14 about va_list.
flags="-std=c17 -D_GNU_SOURCE -DPACKAGE_VERSION=\"lint\" -Iinclude -Itests -I$build"
of_tests=''
if [ "$depth" = quick ]; then
	flags="$flags -Xclang -analyzer-config -Xclang max-nodes=20000"
	of_tests='-clang-analyzer-*'
fi

# tidy CHECKS FOLDER...
tidy() {
	checks=$1
	shift
	# test_later_column.c is compiled with a table of its own, which is made at build time.
	find "$@" -name '*.c' ! -name test_later_column.c -print0 2>/dev/null |
		xargs -0 -n 1 -P "$jobs" sh -c '
			flags=$1
			checks=$2
			clang-tidy --quiet --checks="$checks" "$3" -- $flags 2>"${TMPDIR:-/tmp}/lint.$$" ||
				{ cat "${TMPDIR:-/tmp}/lint.$$"; rm -f "${TMPDIR:-/tmp}/lint.$$"; exit 255; }
			rm -f "${TMPDIR:-/tmp}/lint.$$"
		' lint "$flags" "$checks"
}
tidy '' src contrib
tidy "$of_tests" tests/unit tests/support tests/integration

# cppcheck looks into no system header; without this one it does not understand the lists.
queue=/usr/include/$(cc -print-multiarch)/sys/queue.h
cppcheck --quiet --include="$queue" --std=c11 --language=c -j "$jobs" --error-exitcode=1 --inline-suppr \
	--enable=warning,performance,portability \
	--suppress=missingIncludeSystem --suppress=unmatchedSuppression \
	-D_GNU_SOURCE -DPACKAGE_VERSION='"lint"' -Iinclude -Itests src contrib/dev/front tests/support
