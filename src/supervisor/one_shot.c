#include "supervisor/one_shot.h"

#include "base/assert.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "worker/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

static void ignore(int signal_number)
{
	struct sigaction action = {.sa_flags = 0};

	action.sa_handler = SIG_IGN;
	sigemptyset(&action.sa_mask);
	LC_ASSERT(sigaction(signal_number, &action, NULL) == 0);
}

_Noreturn static void be_child(const struct lc_one_shot *one_shot, int pipe_end, pid_t supervisor)
{
	lc_log_set_identity(one_shot->identity, -1);
	lc_descriptors_close_others(pipe_end, &one_shot->kept, one_shot->kept >= 0 ? 1 : 0);
	LC_ASSERT(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	if (getppid() != supervisor)
		_exit(LC_EXIT_FAILURE); /* it died before the kernel was asked to tell */
	/* A terminal's Ctrl-C reaches us too; it is the supervisor that decides. */
	ignore(SIGTERM);
	ignore(SIGINT);
	ignore(SIGHUP);
	LC_ASSERT(sigprocmask(SIG_SETMASK, one_shot->signals, NULL) == 0);
	_exit(one_shot->run(one_shot->context, pipe_end));
}

bool lc_one_shot_start(const struct lc_one_shot *one_shot, pid_t *pid, int *pipe,
		       struct lc_error *error)
{
	pid_t supervisor = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return lc_error_set_errno(error, errno, "no pipe for the process %s",
					  one_shot->identity);
	*pid = fork();
	if (*pid == 0)
		be_child(one_shot, ends[1], supervisor);
	close(ends[1]);
	if (*pid > 0) {
		*pipe = ends[0];
		return true;
	}
	lc_error_set_errno(error, errno, "no process %s", one_shot->identity);
	close(ends[0]);
	return false;
}
