#include "supervisor/signals.h"

#include "base/assert.h"
#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct lc_signals {
	int fd;
	struct lc_loop_watch *watch;
	lc_signals_callback *callback;
	void *context;
	sigset_t before;
};

static void on_readable(void *context)
{
	struct lc_signals *signals = context;
	struct signalfd_siginfo info;

	if (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		signals->callback((int)info.ssi_signo, signals->context);
}

struct lc_signals *lc_signals_new(struct lc_loop *loop, lc_signals_callback *callback,
				  void *context, sigset_t *before, struct lc_error *error)
{
	struct sigaction ignore = {.sa_flags = 0};
	struct lc_signals *signals;
	sigset_t ours;
	int fd;

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGCHLD);
	fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0) {
		lc_error_set_errno(error, errno, "signals can not be read from a descriptor");
		return NULL;
	}
	ignore.sa_handler = SIG_IGN;
	sigemptyset(&ignore.sa_mask);
	LC_ASSERT(sigaction(SIGPIPE, &ignore, NULL) == 0);
	LC_ASSERT(sigprocmask(SIG_BLOCK, &ours, before) == 0);
	signals = lc_memory_zero(1, sizeof(*signals));
	signals->fd = fd;
	signals->callback = callback;
	signals->context = context;
	signals->before = *before;
	signals->watch = lc_loop_watch_readable(loop, fd, on_readable, signals);
	return signals;
}

void lc_signals_free(struct lc_signals *signals)
{
	if (signals == NULL)
		return;
	lc_loop_watch_free(signals->watch);
	close(signals->fd);
	LC_ASSERT(sigprocmask(SIG_SETMASK, &signals->before, NULL) == 0);
	free(signals);
}
