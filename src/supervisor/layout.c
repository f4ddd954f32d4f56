#include "supervisor/layout.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/exit_codes.h"
#include "base/file.h"
#include "base/log.h"
#include "ledger/file_name.h"
#include "ledger/move.h"
#include "supervisor/one_shot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

enum {
	CONTENT_MAX = 128,
	WAIT_SECONDS = 5, /* between two words to the service manager */
};

static const char HEADER[] = "log-courier 1\nshards ";

bool lc_layout_parse(struct lc_view text, unsigned *shards, struct lc_error *error)
{
	const char *digit = text.data + sizeof HEADER - 1;
	const char *end = text.data + text.size;

	*shards = 0;
	if (text.size < sizeof HEADER + 1 || memcmp(text.data, HEADER, sizeof HEADER - 1) != 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "it is not a layout of this version");
	for (; digit < end && *digit >= '0' && *digit <= '9'; digit++) {
		*shards = *shards * 10 + (unsigned)(*digit - '0');
		if (*shards > LC_FILE_NAME_SHARDS_MAX)
			return lc_error_set(error, LC_ERROR_CORRUPT, "it names too many shards");
	}
	if (digit == text.data + sizeof HEADER - 1 || digit + 1 != end || *digit != '\n')
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "it does not name the number of shards");
	return true;
}

static bool make_path(char path[PATH_MAX], const char *directory, const char *name,
		      struct lc_error *error)
{
	int size = snprintf(path, PATH_MAX, "%s/%s", directory, name);

	return (size > 0 && size < PATH_MAX) ||
	       lc_error_set(error, LC_ERROR_USAGE, "state-directory: the path is too long");
}

/* ---- the file ---- */

enum reading { READ, ABSENT, FAILED };

static enum reading read_layout(const char *directory, unsigned *shards, struct lc_error *error)
{
	char path[PATH_MAX];
	char content[CONTENT_MAX];
	ssize_t size;
	int fd;

	if (!make_path(path, directory, "layout", error))
		return FAILED;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return ABSENT;
	size = fd < 0 ? -1 : read(fd, content, sizeof content);
	if (size < 0)
		lc_error_set_errno(error, errno, "%s cannot be read", path);
	if (fd >= 0)
		close(fd);
	if (size < 0)
		return FAILED;
	if (lc_layout_parse((struct lc_view){content, (size_t)size}, shards, error))
		return READ;
	lc_error_prefix(error, "%s", path);
	return FAILED;
}

static bool write_layout(const char *directory, unsigned shards, struct lc_error *error)
{
	char draft[PATH_MAX];
	char path[PATH_MAX];
	char content[CONTENT_MAX];

	snprintf(content, sizeof content, "%s%u\n", HEADER, shards);
	if (!make_path(draft, directory, "layout.new", error) ||
	    !make_path(path, directory, "layout", error) ||
	    !lc_file_write(draft, lc_view_of(content), error))
		return false;
	LC_CRASH_POINT(LAYOUT_WRITTEN);
	if (rename(draft, path) != 0)
		return lc_error_set_errno(error, errno, "%s cannot be replaced", path);
	return true;
}

static bool make_durable(const char *directory, struct lc_error *error)
{
	if (!lc_file_sync(directory, error))
		return false;
	LC_CRASH_POINT(LAYOUT_REPLACED);
	return true;
}

/* ---- the ledgers that lie in the directory ---- */

static bool owns(const void *context, unsigned shard)
{
	return lc_settings_owns_shard(context, shard);
}

/* A change of this machine's ledgers. */
static struct lc_move change(const struct lc_layout *layout, unsigned from, unsigned to)
{
	return (struct lc_move){.directory = layout->directory,
				.from = from,
				.to = to,
				.owns = owns,
				.context = layout->settings};
}

/* Calls `visit` for each ledger, draft or companion of one, until that returns false. */
static bool each_file(struct lc_layout *layout,
		      bool (*visit)(struct lc_layout *layout, const char *path,
				    const struct lc_file_name *name, struct lc_error *error),
		      struct lc_error *error)
{
	DIR *directory = opendir(layout->directory);
	const struct dirent *entry;
	bool going_on = true;

	if (directory == NULL)
		return lc_error_set_errno(error, errno, "state-directory %s cannot be read",
					  layout->directory);
	while (going_on && (entry = readdir(directory)) != NULL) {
		struct lc_file_name name;
		char path[PATH_MAX];

		if (lc_file_name_parse(entry->d_name, &name))
			going_on = make_path(path, layout->directory, entry->d_name, error) &&
				   visit(layout, path, &name, error);
	}
	closedir(directory);
	return going_on;
}

/* Is it of no use to anybody? */
static bool is_remains(const struct lc_layout *layout, const struct lc_file_name *name)
{
	struct lc_move moved = change(layout, name->shard_count, layout->in_force);

	if (name->draft)
		return true;
	if (name->shard_count == layout->in_force)
		return false;
	return layout->in_force == 0 || lc_move_takes_all(&moved, name->shard);
}

static bool remove_if_remains(struct lc_layout *layout, const char *path,
			      const struct lc_file_name *name, struct lc_error *error)
{
	if (is_remains(layout, name)) {
		if (!lc_file_remove(path, error))
			return false;
		LC_CRASH_POINT(LAYOUT_REMOVED);
	} else if (name->shard_count != layout->in_force && !name->companion) {
		lc_log(LC_LOG_INFO,
		       "a ledger for a different number of shards stays, because another machine "
		       "needs a part of it; remove it when that machine has its copy",
		       LC_LOG_TEXT("path", path));
	}
	return true;
}

static bool remove_remains(struct lc_layout *layout, struct lc_error *error)
{
	return each_file(layout, remove_if_remains, error) &&
	       lc_file_sync(layout->directory, error);
}

/* ---- the first start ---- */

static bool refuse_others(struct lc_layout *layout, const char *path,
			  const struct lc_file_name *name, struct lc_error *error)
{
	if (name->draft)
		return true;
	layout->has_wanted |= name->shard_count == layout->wanted;
	if (name->shard_count == layout->wanted)
		return true;
	return lc_error_set(error, LC_ERROR_CORRUPT,
			    "%s/layout is missing, and there is a ledger of %u shards, %s, while "
			    "supervisor.shards is %u. Write the file with the lines \"log-courier "
			    "1\" and \"shards %u\" if these ledgers are right, or remove them",
			    layout->directory, name->shard_count, path, layout->wanted,
			    name->shard_count);
}

/* Without a layout: a first start, unless ledgers of the right number tell that it was lost. */
static bool begin(struct lc_layout *layout, struct lc_error *error)
{
	if (!each_file(layout, refuse_others, error))
		return false;
	layout->in_force = layout->has_wanted ? layout->wanted : 0;
	return write_layout(layout->directory, layout->in_force, error) &&
	       make_durable(layout->directory, error);
}

/* ---- the child that moves ledgers: the supervisor itself opens no database ---- */

/* Its error goes through the pipe: far less than what a pipe takes at once. */
static int move(const void *context, int pipe)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	if (lc_move_run(context, &error))
		return LC_EXIT_OK;
	if (write(pipe, &error, sizeof error) != (ssize_t)sizeof error)
		lc_log(LC_LOG_ERROR, "the ledgers cannot be moved", LC_LOG_FAULT(&error));
	return LC_EXIT_FAILURE;
}

/* Waits for a signal that has to do with the child or the service; 0 when there was none for a
 * while. */
static int await_signal(void)
{
	const struct timespec longest = {.tv_sec = WAIT_SECONDS};
	sigset_t awaited;
	int signal_number;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGINT);
	signal_number = sigtimedwait(&awaited, NULL, &longest);
	LC_ASSERT(signal_number > 0 || errno == EAGAIN || errno == EINTR);
	return signal_number > 0 ? signal_number : 0;
}

/* What a child has come to that ended with `status`. */
static bool take_end(const struct lc_layout *layout, int status, struct lc_error *error)
{
	if (layout->mover_cancelled)
		return lc_error_set(error, LC_ERROR_CANCELLED,
				    "moving the ledgers was stopped; the next start begins again");
	if (WIFEXITED(status) && WEXITSTATUS(status) == LC_EXIT_OK)
		return true;
	if (WIFSIGNALED(status))
		return lc_error_set(error, LC_ERROR_SYSTEM,
				    "moving the ledgers was ended by signal %d", WTERMSIG(status));
	if (read(layout->mover_pipe, error, sizeof *error) == (ssize_t)sizeof *error)
		return false;
	return lc_error_set(error, LC_ERROR_SYSTEM, "moving the ledgers failed without a reason");
}

static bool start_mover(struct lc_layout *layout, const struct lc_move *moved, int state_lock,
			const sigset_t *child_signals, struct lc_error *error)
{
	const struct lc_one_shot mover = {
	    .identity = "mover",
	    .kept = state_lock,
	    .signals = child_signals,
	    .run = move,
	    .context = moved,
	};

	layout->mover_cancelled = false;
	if (lc_one_shot_start(&mover, &layout->mover, &layout->mover_pipe, error))
		return true;
	layout->mover = 0;
	return false;
}

/* ---- the change ---- */

bool lc_layout_open(struct lc_layout *layout, const struct lc_settings *settings,
		    struct lc_error *error)
{
	enum reading reading;

	*layout = (struct lc_layout){
	    .settings = settings,
	    .directory = settings->state_directory,
	    .wanted = lc_settings_shard_count(settings),
	};
	reading = read_layout(layout->directory, &layout->in_force, error);
	if (reading == FAILED || (reading == ABSENT && !begin(layout, error)))
		return false;
	return remove_remains(layout, error);
}

bool lc_layout_is_right(const struct lc_layout *layout)
{
	return layout->in_force == layout->wanted;
}

bool lc_layout_start_change(struct lc_layout *layout, int state_lock, const sigset_t *child_signals,
			    struct lc_error *error)
{
	struct lc_move moved = change(layout, layout->in_force, layout->wanted);

	if (layout->in_force > 0)
		lc_log(LC_LOG_INFO, "the number of shards has changed; moving the ledgers",
		       LC_LOG_UINT("from", moved.from), LC_LOG_UINT("to", moved.to));
	return start_mover(layout, &moved, state_lock, child_signals, error);
}

void lc_layout_cancel_change(struct lc_layout *layout)
{
	if (layout->mover == 0)
		return;
	layout->mover_cancelled = true;
	kill(layout->mover, SIGKILL);
}

enum lc_layout_change lc_layout_reap_change(struct lc_layout *layout, struct lc_error *error)
{
	int status;
	bool moved;

	if (layout->mover == 0 || waitpid(layout->mover, &status, WNOHANG) != layout->mover)
		return LC_LAYOUT_CHANGE_RUNS;
	moved = take_end(layout, status, error);
	close(layout->mover_pipe);
	layout->mover = 0;
	return moved ? LC_LAYOUT_CHANGE_MADE : LC_LAYOUT_CHANGE_FAILED;
}

void lc_layout_abandon_change(struct lc_layout *layout)
{
	if (layout->mover == 0)
		return;
	lc_layout_cancel_change(layout);
	/* It was sent SIGKILL: this does not take long. */
	(void)waitpid(layout->mover, NULL, 0);
	close(layout->mover_pipe);
	layout->mover = 0;
}

bool lc_layout_finish_change(struct lc_layout *layout, struct lc_error *error)
{
	struct lc_error kept;

	if (!write_layout(layout->directory, layout->wanted, error))
		return false;
	if (layout->in_force > 0)
		lc_log_say(LC_LOG_INFO, "the ledgers have been moved");
	layout->in_force = layout->wanted;
	if (!make_durable(layout->directory, error))
		return false;
	if (!remove_remains(layout, &kept))
		lc_log(LC_LOG_WARNING,
		       "the former ledgers cannot be removed; the next start tries again",
		       LC_LOG_FAULT(&kept));
	return true;
}

/* Waits for the child's end. SIGCHLD, SIGTERM and SIGINT are blocked; those that come meanwhile are
 * taken, and SIGTERM and SIGINT cancel it. The service manager is told that it takes time. */
static bool await_change(struct lc_layout *layout, struct lc_error *error)
{
	enum lc_layout_change change;

	while ((change = lc_layout_reap_change(layout, error)) == LC_LAYOUT_CHANGE_RUNS) {
		int signal_number = await_signal();

		if (signal_number == SIGTERM || signal_number == SIGINT)
			lc_layout_cancel_change(layout);
		else if (signal_number == 0)
			(void)sd_notifyf(0,
					 "STATUS=moving the ledgers to another number of shards\n"
					 "EXTEND_TIMEOUT_USEC=%d000000",
					 4 * WAIT_SECONDS);
	}
	return change == LC_LAYOUT_CHANGE_MADE;
}

/* Ledgers that machines share come from S3: none is made or moved here. */
static bool enforce_shared(struct lc_layout *layout, struct lc_error *error)
{
	if (layout->in_force == 0)
		return write_layout(layout->directory, layout->wanted, error) &&
		       make_durable(layout->directory, error);
	return lc_layout_is_right(layout) ||
	       lc_error_set(
		   error, LC_ERROR_USAGE,
		   "supervisor.shards: found %u, expected %u, for which the ledgers in %s "
		   "were made: the number of shards cannot change while machines share the "
		   "ledgers (failover.enabled). If they were fetched, changed and published by "
		   "another machine, remove what lies there: it is a copy",
		   layout->wanted, layout->in_force, layout->directory);
}

bool lc_layout_enforce(const struct lc_settings *settings, int state_lock,
		       const sigset_t *child_signals, struct lc_error *error)
{
	struct lc_layout layout;

	if (!lc_layout_open(&layout, settings, error))
		return false;
	if (settings->failover_enabled)
		return enforce_shared(&layout, error);
	return lc_layout_is_right(&layout) ||
	       (lc_layout_start_change(&layout, state_lock, child_signals, error) &&
		await_change(&layout, error) && lc_layout_finish_change(&layout, error));
}
