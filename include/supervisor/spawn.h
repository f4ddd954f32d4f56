/* The fork of a worker. */
#ifndef LC_SUPERVISOR_SPAWN_H
#define LC_SUPERVISOR_SPAWN_H

#include "base/error.h"
#include "config/settings.h"
#include "worker/page.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct lc_spawn {
	const struct lc_settings *settings;
	unsigned shard;
	unsigned shard_count;
	struct lc_page *page;
	int state_lock; /* inherited, so that the directory stays ours while a worker lives */
	const sigset_t *signal_mask; /* the worker's */
};

/* Forks a worker; the child never returns from here. In the parent, on success, `pid` is the child
 * and `channel` our end of a SOCK_SEQPACKET socket pair, not blocking, to be closed by the caller.
 * False with `error` set (LC_ERROR_SYSTEM) when the system has no socket pair or process left. */
bool lc_spawn_worker(const struct lc_spawn *spawn, pid_t *pid, int *channel,
		     struct lc_error *error);

#endif
