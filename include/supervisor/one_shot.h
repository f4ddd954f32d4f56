/*
 * One-shot children: processes that do one thing which the supervisor must not do itself, because
 * it blocks, or opens a database or a connection, and that say through a pipe what came of it. They
 * die with the supervisor, and leave what it has in memory alone at their end.
 */
#ifndef LC_SUPERVISOR_ONE_SHOT_H
#define LC_SUPERVISOR_ONE_SHOT_H

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct lc_one_shot {
	const char *identity; /* its role in the log */
	int kept;             /* a descriptor that it keeps beside its end of the pipe; -1: none */
	const sigset_t *signals; /* its signal mask; SIGTERM, SIGINT and SIGHUP are ignored */
	/* What it does, in the child; the exit code. `pipe` is the end that is written to. */
	int (*run)(const void *context, int pipe);
	const void *context;
};

/* Forks it. `pid` is the child's, `pipe` the end that is read from, the caller's to close. False
 * with `error` set (LC_ERROR_SYSTEM) when the system has no process or pipe left. */
bool lc_one_shot_start(const struct lc_one_shot *one_shot, pid_t *pid, int *pipe,
		       struct lc_error *error);

#endif
