/*
 * Exit codes of log-courier-ctl, for scripts.
 *
 * LC_CTL_EXIT(name, number, help)
 */
#ifndef LC_CTL_EXIT
#define LC_CTL_EXIT(name, number, help)
#endif

/* clang-format off */
LC_CTL_EXIT(DONE, 0, "done; for health: rows are being delivered")
LC_CTL_EXIT(UNHEALTHY, 1, "health: rows are not being delivered as they should; others: not done, or not whole")
LC_CTL_EXIT(USAGE, 2, "wrong command line")
LC_CTL_EXIT(UNREACHABLE, 3, "the service can not be reached")
/* clang-format on */

#undef LC_CTL_EXIT
