/*
 * Exit codes of our processes, a protocol between workers, supervisor and whoever runs them.
 *
 * LC_EXIT(name, number, help)
 */
#ifndef LC_EXIT
#define LC_EXIT(name, number, help)
#endif

/* clang-format off */
LC_EXIT(OK, 0, "ended normally")
LC_EXIT(FAILURE, 1, "could not do its work; the log says why")
LC_EXIT(USAGE, 2, "wrong command line or configuration; nothing was started")
LC_EXIT(LEDGER, 65, "a ledger is damaged, missing or of a newer release; the worker that needs it is not restarted")
LC_EXIT(CONFLICT, 66, "another courier delivers the worker's sources; the worker is not restarted")
LC_EXIT(TAKEN_OVER, 67, "another machine has taken the worker's shard over; the worker is not restarted")
LC_EXIT(CONFIG, 78, "a worker cannot work with its settings; it is not restarted")
/* clang-format on */

#undef LC_EXIT
