# The compiler: its standard, its warnings, what it hardens, and the builds for tests.

AC_DEFUN([LC_COMPILER_STANDARD], [
  AC_MSG_CHECKING([whether $CC knows C17])
  lc_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -std=c17"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([$CC does not know -std=c17; GCC 8 or Clang 6 and later do])])
  CFLAGS=$lc_saved_CFLAGS
])

AC_DEFUN([LC_OPTIONS], [
  AC_ARG_ENABLE([sanitizers], [AS_HELP_STRING([--enable-sanitizers],
    [build with AddressSanitizer and UndefinedBehaviorSanitizer])], [], [enable_sanitizers=no])
  AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage],
    [build so that the tests measure line coverage])], [], [enable_coverage=no])
  AC_ARG_ENABLE([fuzzing], [AS_HELP_STRING([--enable-fuzzing],
    [build the fuzzers of tests/fuzz, with the sanitizers (needs CC=clang)])], [], [enable_fuzzing=no])
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror],
    [make every compiler warning an error])], [], [enable_werror=no])
  AC_ARG_ENABLE([crash-points], [AS_HELP_STRING([--enable-crash-points],
    [build so that tests can kill the service between any two durable steps])], [],
    [enable_crash_points=no])
  AM_CONDITIONAL([FUZZING], [test "$enable_fuzzing" = yes])

  lc_build_flags=
  lc_sanitizers=
  AS_IF([test "$enable_sanitizers" = yes], [lc_sanitizers=address,undefined])
  AS_IF([test "$enable_fuzzing" = yes], [lc_sanitizers=fuzzer-no-link,address,undefined])
  AS_IF([test -n "$lc_sanitizers"], [
    lc_build_flags="-fsanitize=$lc_sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer -DLC_SANITIZERS"
  ])
  AS_IF([test "$enable_coverage" = yes], [lc_build_flags="$lc_build_flags --coverage"])
  AS_IF([test "$enable_crash_points" = yes], [lc_build_flags="$lc_build_flags -DLC_CRASH_POINTS"])
  AC_SUBST([BUILD_FLAGS], [$lc_build_flags])
])

# LC_ADD_FLAG(VARIABLE, FLAG): adds the flag if the compiler takes it.
AC_DEFUN([LC_ADD_FLAG], [
  lc_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $2"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [$1="$$1 $2"], [])
  CFLAGS=$lc_saved_CFLAGS
])

AC_DEFUN([LC_WARNINGS], [
  lc_warnings=
  m4_foreach_w([lc_flag], [-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
      -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef -Wvla -Wcast-qual
      -Wwrite-strings -Wpointer-arith -Wswitch-enum],
    [LC_ADD_FLAG([lc_warnings], lc_flag)])
  AS_IF([test "$enable_werror" = yes], [lc_warnings="$lc_warnings -Werror"])
  AC_SUBST([WARNING_FLAGS], [$lc_warnings])
])

# Sanitizers bring checks of their own, which the fortified functions would hide.
AC_DEFUN([LC_HARDENING], [
  lc_hardening="-fPIE"
  LC_ADD_FLAG([lc_hardening], [-fstack-protector-strong])
  LC_ADD_FLAG([lc_hardening], [-fstack-clash-protection])
  LC_ADD_FLAG([lc_hardening], [-fcf-protection])
  AS_IF([test -z "$lc_sanitizers"],
    [lc_hardening="$lc_hardening -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"])
  AC_SUBST([HARDENING_FLAGS], [$lc_hardening])
  AC_SUBST([HARDENING_LDFLAGS], ["-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"])
])
