/*
 * The child process that moves ledgers: the supervisor itself opens no database. It dies with the
 * supervisor.
 */
#ifndef LC_SUPERVISOR_MOVE_PROCESS_H
#define LC_SUPERVISOR_MOVE_PROCESS_H

#include "base/error.h"
#include "ledger/move.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct lc_move_process {
	pid_t child; /* 0: none */
	int pipe;    /* the child's error comes through it */
	bool cancelled;
};

/* Starts lc_move_run in a child, which gets a copy of `move`. `state_lock`: a descriptor that it
 * inherits, so that the directory stays ours while it lives; `child_signals`: its signal mask.
 * LC_ERROR_SYSTEM when it can not be forked. */
bool lc_move_process_start(struct lc_move_process *process, const struct lc_move *move,
			   int state_lock, const sigset_t *child_signals, struct lc_error *error);

/* Kills the child; its end follows. */
void lc_move_process_cancel(struct lc_move_process *process);

enum lc_move_process_end {
	LC_MOVE_PROCESS_RUNS,
	LC_MOVE_PROCESS_MOVED,
	LC_MOVE_PROCESS_FAILED, /* with the child's error; LC_ERROR_CANCELLED when it was killed */
};

/* Asks the kernel whether the child has ended, to be called after SIGCHLD. */
enum lc_move_process_end lc_move_process_reap(struct lc_move_process *process,
					      struct lc_error *error);

/* Waits for its end. SIGCHLD, SIGTERM and SIGINT must be blocked; those that come meanwhile are
 * taken, and SIGTERM and SIGINT cancel it. The service manager is asked for patience meanwhile. */
bool lc_move_process_await(struct lc_move_process *process, struct lc_error *error);

#endif
