/*
 * The number of shards changes. The mover is a process of its own: it may die at each step towards
 * the disk, and the next one begins again, as the service does.
 */
#include "ledger/move.h"
#include "sim/sim.h"

#include "base/assert.h"
#include "base/file.h"
#include "ledger/file_name.h"

#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIED = 9 };

/* The linker leads the mover's calls here (--wrap). */
bool __real_lc_file_sync(const char *path, struct lc_error *error);
bool __wrap_lc_file_sync(const char *path, struct lc_error *error);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

static void may_die(void)
{
	if (sim->moving && sim_dies(sim->plan.move_crashes))
		_exit(DIED);
}

bool __wrap_lc_file_sync(const char *path, struct lc_error *error)
{
	may_die();
	return __real_lc_file_sync(path, error);
}

int __wrap_rename(const char *from, const char *to)
{
	may_die();
	return __real_rename(from, to);
}

static bool owns(const void *context, unsigned shard)
{
	(void)context;
	(void)shard;
	return true;
}

static void run_mover(const struct lc_move *move)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	if (!lc_move_run(move, &error))
		sim_fail("the ledgers cannot be moved: %s", error.message);
}

/* False if the mover has died. */
static bool try_mover(const struct lc_move *move)
{
	pid_t mover = fork();
	int status = 0;

	if (mover == 0) {
		sim->moving = true;
		run_mover(move);
		_exit(0);
	}
	LC_ASSERT(mover > 0 && waitpid(mover, &status, 0) == mover);
	if (WIFEXITED(status) && WEXITSTATUS(status) == DIED)
		return false;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		sim_fail("the mover fails with status %d", status);
	return true;
}

static void remove_old(const struct lc_move *move)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	char path[PATH_MAX];

	for (unsigned i = 0; i < move->from; i++) {
		if (!lc_file_name_path(path, move->directory, i, move->from, "", &error) ||
		    !lc_file_name_remove_all(path, &error))
			sim_fail("an old ledger cannot be removed: %s", error.message);
	}
}

void sim_move(unsigned shard_count)
{
	struct lc_move move = {.directory = sim->directory,
			       .from = sim->plan.shard_count,
			       .to = shard_count,
			       .owns = owns};

	if (move.to == move.from)
		return;
	sim_trace("%u shards become %u", move.from, move.to);
	/* What the mover has drawn is lost with it: the next one gets other chances. */
	while (!try_mover(&move)) {
		sim_trace("the mover dies");
		(void)lc_random_next(&sim->deaths);
	}
	remove_old(&move);
	sim->plan.shard_count = move.to;
}
