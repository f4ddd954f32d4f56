/*
 * Exit codes of log-courier-ctl, for scripts.
 *
 * LC_CTL_EXIT(name, number, help)
 */
#ifndef LC_CTL_EXIT
#define LC_CTL_EXIT(name, number, help)
#endif

/* clang-format off */
LC_CTL_EXIT(DONE, 0, "success; for health: rows are being delivered")
LC_CTL_EXIT(UNHEALTHY, 1, "failure: the command was not, or not completely, carried out; for health: rows are not being delivered as they should be")
LC_CTL_EXIT(USAGE, 2, "wrong command line")
LC_CTL_EXIT(UNREACHABLE, 3, "the service cannot be reached")
/* clang-format on */

#undef LC_CTL_EXIT
