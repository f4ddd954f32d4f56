/*
 * The layout of the state directory: how many shards its ledgers are for. It stands in the file
 * <state>/layout,
 *
 *	log-courier 1
 *	shards 4
 *
 * which is only ever replaced whole; 0 shards means that the first start has not made its ledgers
 * yet. The ledgers shard-<i>-of-<N>.db of that number are in force. Files of other numbers and
 * drafts are remains of a change that was interrupted, or done, and are removed.
 *
 * When the settings want another number, a child process makes the new ledgers from those in force
 * (ledger/move.h) before any worker starts. Replacing the layout file decides: killed before that,
 * the service finds the old ledgers unchanged and begins again; killed after it, it finds the new
 * ones. The first start is such a change from nothing, so that a ledger in force that is missing is
 * always a loss, never one that was not made yet.
 *
 * When several machines share the shards (supervisor.owned-shards), each makes the new ledgers that
 * it owns. For that it needs every old ledger with some of their sessions, those of the other
 * machines too: they are to be copied here, while the services are stopped; without them the change
 * is refused. An old ledger of which another machine needs a part is not removed.
 */
#ifndef LC_SUPERVISOR_LAYOUT_H
#define LC_SUPERVISOR_LAYOUT_H

#include "base/error.h"
#include "base/view.h"
#include "config/settings.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Reads the content of the layout file. LC_ERROR_CORRUPT when it is none. */
bool lc_layout_parse(struct lc_view text, unsigned *shards, struct lc_error *error);

struct lc_layout {
	const struct lc_settings *settings;
	const char *directory;
	unsigned in_force;
	unsigned wanted;
	bool has_wanted; /* there are ledgers of the wanted number */
	pid_t mover;     /* the child that makes the wanted ledgers; 0: none */
	int mover_pipe;  /* its error comes through it */
	bool mover_cancelled;
};

/* Reads the layout in force, begins one at a first start, and removes remains of earlier changes.
 * No worker is running. Settings must outlive the layout. LC_ERROR_CORRUPT when the layout is
 * damaged or missing, LC_ERROR_SYSTEM when the disk is full or refuses; trying again is always
 * safe. */
bool lc_layout_open(struct lc_layout *layout, const struct lc_settings *settings,
		    struct lc_error *error);

/* True when nothing has to be changed. */
bool lc_layout_is_right(const struct lc_layout *layout);

/* Starts the child that makes the wanted ledgers; it dies with the supervisor. Once it has ended
 * well, lc_layout_finish_change puts them in force. Until then the old ones are, unchanged.
 * `state_lock`: a descriptor that it inherits, so that the directory stays ours while it lives;
 * `child_signals`: its signal mask. LC_ERROR_SYSTEM when it cannot be forked. */
bool lc_layout_start_change(struct lc_layout *layout, int state_lock, const sigset_t *child_signals,
			    struct lc_error *error);

enum lc_layout_change {
	LC_LAYOUT_CHANGE_RUNS,   /* or was never started */
	LC_LAYOUT_CHANGE_MADE,   /* the wanted ledgers are there, to be put in force */
	LC_LAYOUT_CHANGE_FAILED, /* with the child's error; LC_ERROR_CANCELLED when it was killed */
};

/* Asks the kernel whether the child has ended, to be called after SIGCHLD. */
enum lc_layout_change lc_layout_reap_change(struct lc_layout *layout, struct lc_error *error);

/* Kills the child, if there is one; its end follows. */
void lc_layout_cancel_change(struct lc_layout *layout);

/* Kills the child, if there is one, and waits for its end. */
void lc_layout_abandon_change(struct lc_layout *layout);

/* False with `error` set when the old ones are still in force; or, with lc_layout_is_right, when it
 * is not certain which of them are in force after a crash of the machine: then nothing may be
 * delivered before another start has read the layout. Remains that cannot be removed are logged.
 */
bool lc_layout_finish_change(struct lc_layout *layout, struct lc_error *error);

/* All of it at once, at the service's start: brings the layout in force that the settings want.
 * Blocks until the child has ended. SIGCHLD, SIGTERM and SIGINT must be blocked; those that come
 * meanwhile are taken, and SIGTERM and SIGINT end it. LC_ERROR_CORRUPT when a ledger is damaged or
 * missing, and nothing was changed; LC_ERROR_USAGE when machines share the ledgers, which are for
 * another number; LC_ERROR_CANCELLED when a signal has ended it. */
bool lc_layout_enforce(const struct lc_settings *settings, int state_lock,
		       const sigset_t *child_signals, struct lc_error *error);

#endif
