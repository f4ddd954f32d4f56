#include "supervisor/layout.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/file.h"
#include "base/log.h"
#include "ledger/file_name.h"
#include "ledger/move.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONTENT_MAX = 128 };

static const char HEADER[] = "log-courier 1\nshards ";

bool lc_layout_parse(struct lc_view text, unsigned *shards, struct lc_error *error)
{
	const char *digit = text.data + sizeof HEADER - 1;
	const char *end = text.data + text.size;

	*shards = 0;
	if (text.size < sizeof HEADER + 1 || memcmp(text.data, HEADER, sizeof HEADER - 1) != 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "it is no layout of this version");
	for (; digit < end && *digit >= '0' && *digit <= '9'; digit++) {
		*shards = *shards * 10 + (unsigned)(*digit - '0');
		if (*shards > LC_FILE_NAME_SHARDS_MAX)
			return lc_error_set(error, LC_ERROR_CORRUPT, "it names too many shards");
	}
	if (digit == text.data + sizeof HEADER - 1 || digit + 1 != end || *digit != '\n')
		return lc_error_set(error, LC_ERROR_CORRUPT, "it names no number of shards");
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
		lc_error_set_errno(error, errno, "%s can not be read", path);
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
		return lc_error_set_errno(error, errno, "%s can not be replaced", path);
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
		return lc_error_set_errno(error, errno, "state-directory %s can not be read",
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
		       "a ledger of another number of shards stays: another machine needs a part "
		       "of it; remove it when that one has its copy",
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

bool lc_layout_start_change(const struct lc_layout *layout, int state_lock,
			    const sigset_t *child_signals, struct lc_move_process *process,
			    struct lc_error *error)
{
	struct lc_move move = change(layout, layout->in_force, layout->wanted);

	if (layout->in_force > 0)
		lc_log(LC_LOG_INFO, "the number of shards has changed; the ledgers are moved",
		       LC_LOG_UINT("from", move.from), LC_LOG_UINT("to", move.to));
	return lc_move_process_start(process, &move, state_lock, child_signals, error);
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
		       "the former ledgers can not be removed; the next start tries it again",
		       LC_LOG_FAULT(&kept));
	return true;
}

bool lc_layout_enforce(const struct lc_settings *settings, int state_lock,
		       const sigset_t *child_signals, struct lc_error *error)
{
	struct lc_move_process process;
	struct lc_layout layout;

	if (!lc_layout_open(&layout, settings, error))
		return false;
	return lc_layout_is_right(&layout) ||
	       (lc_layout_start_change(&layout, state_lock, child_signals, &process, error) &&
		lc_move_process_await(&process, error) && lc_layout_finish_change(&layout, error));
}
