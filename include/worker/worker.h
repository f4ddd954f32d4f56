/*
 * The worker process, from the fork to its exit. It delivers one shard and is led by its
 * supervisor:
 *
 *  - It inherits stdin, stdout, stderr, its channel, its page and the descriptors named in
 *    `inherited`; all else is closed.
 *  - It says READY on the channel once its shard is ready, and touches the page's heartbeat from
 *    its event loop.
 *  - DRAIN and ABANDON come through the channel. SIGTERM, SIGINT and SIGHUP are ignored: a
 *    terminal's Ctrl-C and a service manager's SIGTERM reach the whole process group, and only the
 *    supervisor knows the order in which to end. SIGKILL ends a worker that has to go at once.
 *  - When the channel breaks, the supervisor is gone. The worker then drains, abandons after
 *    LC_WORKER_ORPHAN_DRAIN_MS, and is ended by the kernel after LC_WORKER_ORPHAN_SECONDS even if
 *    its loop hangs (PR_SET_PDEATHSIG), so that the state directory is soon free for the next
 *    service.
 */
#ifndef LC_WORKER_WORKER_H
#define LC_WORKER_WORKER_H

#include "config/settings.h"
#include "worker/page.h"

#include <signal.h>
#include <sys/types.h>

enum {
	LC_WORKER_ORPHAN_DRAIN_MS = 3000,
	LC_WORKER_ORPHAN_SECONDS = 5,
	LC_WORKER_INHERITED_MAX = 4,
};

struct lc_worker {
	const struct lc_settings *settings;
	unsigned shard;
	unsigned shard_count;
	uint64_t epoch; /* of a shared ledger: from a machine in a later one it is not taken */
	int channel;    /* our end of the socket pair, not blocking */
	struct lc_page *page;
	pid_t supervisor;                       /* who forked us */
	int inherited[LC_WORKER_INHERITED_MAX]; /* further descriptors to keep open */
	unsigned inherited_count;
	const sigset_t *signal_mask; /* the mask to run with; all signals are blocked at the call */
};

/* The child's whole life; called right after fork, with all signals blocked. Exits with
 * LC_EXIT_OK after a drain, LC_EXIT_CONFIG when the shard cannot work with its settings,
 * LC_EXIT_LEDGER when its ledger is damaged, missing or of a newer release, LC_EXIT_CONFLICT when
 * another courier delivers its sources, LC_EXIT_TAKEN_OVER when another machine has taken the shard
 * over, LC_EXIT_FAILURE otherwise. */
_Noreturn void lc_worker_run(const struct lc_worker *worker);

#endif
