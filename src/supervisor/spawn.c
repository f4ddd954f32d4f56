#include "supervisor/spawn.h"

#include "base/assert.h"
#include "base/clock.h"
#include "worker/worker.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

_Noreturn static void be_worker(const struct lc_spawn *spawn, int channel, pid_t supervisor)
{
	struct lc_worker worker = {
	    .settings = spawn->settings,
	    .shard = spawn->shard,
	    .shard_count = spawn->shard_count,
	    .channel = channel,
	    .page = spawn->page,
	    .supervisor = supervisor,
	    .inherited = {spawn->state_lock},
	    .inherited_count = 1,
	    .signal_mask = spawn->signal_mask,
	};

	lc_worker_run(&worker);
}

bool lc_spawn_worker(const struct lc_spawn *spawn, pid_t *pid, int *channel, struct lc_error *error)
{
	pid_t supervisor = getpid();
	int ends[2];
	sigset_t all;
	sigset_t before;
	int fault;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return lc_error_set_errno(error, errno, "no channel for the worker");
	lc_page_prepare(spawn->page, lc_clock_monotonic_ms());
	/* No signal may meet the child while it still has the parent's handling. */
	sigfillset(&all);
	LC_ASSERT(sigprocmask(SIG_SETMASK, &all, &before) == 0);
	lc_page_share(spawn->page);
	*pid = fork();
	fault = errno;
	if (*pid == 0) {
		close(ends[0]);
		be_worker(spawn, ends[1], supervisor);
	}
	lc_page_keep(spawn->page);
	LC_ASSERT(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
	close(ends[1]);
	if (*pid > 0) {
		*channel = ends[0];
		return true;
	}
	close(ends[0]);
	return lc_error_set_errno(error, fault, "the worker could not be forked");
}
