/* The child process that moves ledgers: the supervisor itself opens no database. */
#ifndef LC_SUPERVISOR_MOVE_PROCESS_H
#define LC_SUPERVISOR_MOVE_PROCESS_H

#include "base/error.h"
#include "ledger/move.h"

#include <signal.h>
#include <stdbool.h>

/* lc_move_run in a child, awaited; parameters and signals as lc_layout_enforce. The child dies with
 * the supervisor. False with the child's error; LC_ERROR_CANCELLED when SIGTERM or SIGINT came
 * first, which the child does not survive; LC_ERROR_SYSTEM when it could not be forked or ended by
 * itself without a word. The service manager is asked for patience meanwhile. */
bool lc_move_process_run(const struct lc_move *move, int state_lock, const sigset_t *child_signals,
			 struct lc_error *error);

#endif
