# Libraries that must be there: all missing ones are named at once, each with the packages of Debian
# and Fedora that bring it.

# LC_REQUIRE(VARIABLE, PKG-CONFIG MODULES, DEBIAN PACKAGE, FEDORA PACKAGE)
AC_DEFUN([LC_REQUIRE], [
  PKG_CHECK_MODULES([$1], [$2], [], [LC_NOTE_MISSING([$2], [$3], [$4])])
])

# LC_REQUIRE_HEADER(HEADER, DEBIAN PACKAGE, FEDORA PACKAGE)
AC_DEFUN([LC_REQUIRE_HEADER], [
  AC_CHECK_HEADER([$1], [], [LC_NOTE_MISSING([$1], [$2], [$3])])
])

# LC_WISH(VARIABLE, PKG-CONFIG MODULES, DEBIAN PACKAGE, FEDORA PACKAGE, WHAT NEEDS IT)
AC_DEFUN([LC_WISH], [
  PKG_CHECK_MODULES([$1], [$2], [lc_have_$1=yes], [
    lc_have_$1=no
    AC_MSG_NOTICE([$5 cannot be built: $2 is missing (Debian: $3, Fedora: $4)])
  ])
  AM_CONDITIONAL([HAVE_$1], [test "$lc_have_$1" = yes])
])

AC_DEFUN([LC_NOTE_MISSING], [
  lc_missing="$lc_missing
  $1 (Debian: $2, Fedora: $3)"
])

AC_DEFUN([LC_REPORT_MISSING], [
  AS_IF([test -n "$lc_missing"], [
    AC_MSG_ERROR([these libraries are missing; install the packages named:$lc_missing])
  ])
])
