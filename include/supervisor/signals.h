/*
 * The supervisor's signals, read from a descriptor (signalfd) on the event loop. No handler is
 * installed, so that a forked worker inherits none and can not be mistaken for its parent.
 */
#ifndef LC_SUPERVISOR_SIGNALS_H
#define LC_SUPERVISOR_SIGNALS_H

#include "base/error.h"
#include "base/loop.h"

#include <signal.h>

struct lc_signals;

/* Called from the loop. Several signals of one kind may come as one. */
typedef void lc_signals_callback(int signal_number, void *context);

/* Blocks SIGTERM, SIGINT, SIGHUP and SIGCHLD and ignores SIGPIPE; tells the callback of the four
 * from now on. `before` gets the signal mask that was in force, for workers. NULL with `error` set
 * when the system refuses. */
struct lc_signals *lc_signals_new(struct lc_loop *loop, lc_signals_callback *callback,
				  void *context, sigset_t *before, struct lc_error *error);

/* Puts the mask back. NULL is allowed. */
void lc_signals_free(struct lc_signals *signals);

#endif
