#include "supervisor/move_process.h"

#include "base/assert.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "worker/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 5 };

/* ---- the child ---- */

static void ignore(int signal_number)
{
	struct sigaction action = {.sa_flags = 0};

	action.sa_handler = SIG_IGN;
	sigemptyset(&action.sa_mask);
	LC_ASSERT(sigaction(signal_number, &action, NULL) == 0);
}

/* Its error goes through the pipe: far less than what a pipe takes at once. What the supervisor has
 * in memory is left alone at the end. */
_Noreturn static void be_mover(const struct lc_move *move, int pipe_end, int state_lock,
			       const sigset_t *signals, pid_t supervisor)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	bool moved;

	lc_log_set_identity("mover", -1);
	lc_descriptors_close_others(pipe_end, &state_lock, 1);
	LC_ASSERT(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	if (getppid() != supervisor)
		_exit(LC_EXIT_FAILURE); /* it died before the kernel was asked to tell */
	/* A terminal's Ctrl-C reaches us too; it is the supervisor that decides. */
	ignore(SIGTERM);
	ignore(SIGINT);
	ignore(SIGHUP);
	LC_ASSERT(sigprocmask(SIG_SETMASK, signals, NULL) == 0);
	moved = lc_move_run(move, &error);
	if (!moved && write(pipe_end, &error, sizeof error) != (ssize_t)sizeof error)
		lc_log(LC_LOG_ERROR, "the ledgers can not be moved", LC_LOG_FAULT(&error));
	_exit(moved ? LC_EXIT_OK : LC_EXIT_FAILURE);
}

/* ---- the supervisor ---- */

/* Waits for a signal that has to do with the child or the service; 0 when there was none for a
 * while. */
static int await_signal(void)
{
	const struct timespec patience = {.tv_sec = PATIENCE_SECONDS};
	sigset_t awaited;
	int signal_number;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGINT);
	signal_number = sigtimedwait(&awaited, NULL, &patience);
	LC_ASSERT(signal_number > 0 || errno == EAGAIN || errno == EINTR);
	return signal_number > 0 ? signal_number : 0;
}

static bool judge(const struct lc_move_process *process, int status, struct lc_error *error)
{
	if (process->cancelled)
		return lc_error_set(error, LC_ERROR_CANCELLED,
				    "moving the ledgers was stopped; the next start begins anew");
	if (WIFEXITED(status) && WEXITSTATUS(status) == LC_EXIT_OK)
		return true;
	if (WIFSIGNALED(status))
		return lc_error_set(error, LC_ERROR_SYSTEM,
				    "moving the ledgers was ended by signal %d", WTERMSIG(status));
	if (read(process->pipe, error, sizeof *error) == (ssize_t)sizeof *error)
		return false;
	return lc_error_set(error, LC_ERROR_SYSTEM, "moving the ledgers failed without a word");
}

bool lc_move_process_start(struct lc_move_process *process, const struct lc_move *move,
			   int state_lock, const sigset_t *child_signals, struct lc_error *error)
{
	pid_t supervisor = getpid();
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return lc_error_set_errno(error, errno, "no pipe for moving the ledgers");
	child = fork();
	if (child == 0)
		be_mover(move, ends[1], state_lock, child_signals, supervisor);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return lc_error_set_errno(error, errno, "no process for moving the ledgers");
	}
	*process = (struct lc_move_process){.child = child, .pipe = ends[0]};
	return true;
}

void lc_move_process_cancel(struct lc_move_process *process)
{
	process->cancelled = true;
	kill(process->child, SIGKILL);
}

enum lc_move_process_end lc_move_process_reap(struct lc_move_process *process,
					      struct lc_error *error)
{
	int status;
	bool moved;

	if (process->child == 0 || waitpid(process->child, &status, WNOHANG) != process->child)
		return LC_MOVE_PROCESS_RUNS;
	moved = judge(process, status, error);
	close(process->pipe);
	process->child = 0;
	return moved ? LC_MOVE_PROCESS_MOVED : LC_MOVE_PROCESS_FAILED;
}

bool lc_move_process_await(struct lc_move_process *process, struct lc_error *error)
{
	enum lc_move_process_end end;

	while ((end = lc_move_process_reap(process, error)) == LC_MOVE_PROCESS_RUNS) {
		int signal_number = await_signal();

		if (signal_number == SIGTERM || signal_number == SIGINT)
			lc_move_process_cancel(process);
		else if (signal_number == 0)
			(void)sd_notifyf(0,
					 "STATUS=moving the ledgers to another number of shards\n"
					 "EXTEND_TIMEOUT_USEC=%d000000",
					 4 * PATIENCE_SECONDS);
	}
	return end == LC_MOVE_PROCESS_MOVED;
}
