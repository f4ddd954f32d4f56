# Where files for other programs go.

AC_DEFUN([LC_INSTALL_DIRECTORIES], [
  AC_ARG_WITH([systemdsystemunitdir], [AS_HELP_STRING([--with-systemdsystemunitdir=DIR],
    [systemd's folder of units [PREFIX/lib/systemd/system]])], [],
    [with_systemdsystemunitdir='${prefix}/lib/systemd/system'])
  AC_ARG_WITH([sysusersdir], [AS_HELP_STRING([--with-sysusersdir=DIR],
    [systemd's folder of users [PREFIX/lib/sysusers.d]])], [],
    [with_sysusersdir='${prefix}/lib/sysusers.d'])
  AC_SUBST([systemdsystemunitdir], [$with_systemdsystemunitdir])
  AC_SUBST([sysusersdir], [$with_sysusersdir])
])
