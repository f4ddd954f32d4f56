#include "ctl/ledger_files.h"

#include "base/durable.h"
#include "ledger/file_name.h"
#include "ledger/ledger_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static bool make_path(char path[PATH_MAX], const struct lc_ledger_files *files, const char *name,
		      struct lc_error *error)
{
	int size = snprintf(path, PATH_MAX, "%s/%s", files->directory, name);

	return (size > 0 && size < PATH_MAX) ||
	       lc_error_set(error, LC_ERROR_USAGE, "state-directory: the path is too long");
}

/* Calls `visit` for each file that is a ledger or belongs to one, in the order of their numbers,
 * until it returns false. */
static bool each_file(const struct lc_ledger_files *files,
		      bool (*visit)(void *context, const char *path,
				    const struct lc_file_name *name, struct lc_error *error),
		      void *context, struct lc_error *error)
{
	struct dirent **entries;
	int count = scandir(files->directory, &entries, NULL, versionsort);
	bool going_on = true;

	if (count < 0)
		return lc_error_set_errno(error, errno, "state-directory %s can not be read",
					  files->directory);
	for (int i = 0; i < count; i++) {
		struct lc_file_name name;
		char path[PATH_MAX];

		if (going_on && lc_file_name_parse(entries[i]->d_name, &name) &&
		    (!files->one || name.shard == files->shard))
			going_on = make_path(path, files, entries[i]->d_name, error) &&
				   visit(context, path, &name, error);
		free(entries[i]);
	}
	free(entries);
	return going_on;
}

/* ---- check ---- */

struct check {
	lc_ledger_files_callback *callback;
	void *context;
	const char *path;
	size_t faults; /* of this file */
	size_t files;
};

static void on_fault(void *context, const char *fault)
{
	struct check *check = context;

	check->faults++;
	check->callback(check->context, check->path, fault);
}

static bool check_file(void *context, const char *path, const struct lc_file_name *name,
		       struct lc_error *error)
{
	struct check *check = context;
	struct lc_error fault;

	(void)error;
	if (name->draft || name->companion)
		return true;
	check->path = path;
	check->faults = 0;
	check->files++;
	if (!lc_ledger_check(path, on_fault, check, &fault)) {
		lc_error_prefix(&fault, "not checked");
		on_fault(check, fault.message);
	}
	if (check->faults == 0)
		check->callback(check->context, path, NULL);
	return true;
}

bool lc_ledger_files_check(const struct lc_ledger_files *files, lc_ledger_files_callback *callback,
			   void *context, struct lc_error *error)
{
	struct check check = {.callback = callback, .context = context};

	if (!each_file(files, check_file, &check, error))
		return false;
	return check.files > 0 ||
	       lc_error_set(error, LC_ERROR_SYSTEM,
			    "there is no such ledger in %s; name the directory with "
			    "--state-directory",
			    files->directory);
}

/* ---- reset ---- */

int lc_ledger_files_lock(const struct lc_ledger_files *files, struct lc_error *error)
{
	char lock[PATH_MAX];
	int fd;

	if (!make_path(lock, files, "lock", error))
		return -1;
	fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		lc_error_set_errno(error, errno,
				   "%s can not be opened; name the service's directory with "
				   "--state-directory",
				   lock);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		lc_error_set(error, LC_ERROR_CONFLICT,
			     "a log-courier is running on %s, or its workers are still ending; "
			     "stop it first",
			     files->directory);
	else
		lc_error_set_errno(error, errno, "%s can not be locked", lock);
	close(fd);
	return -1;
}

struct listing {
	lc_ledger_files_callback *callback;
	void *context;
};

static bool list_file(void *context, const char *path, const struct lc_file_name *name,
		      struct lc_error *error)
{
	struct listing *listing = context;

	(void)error;
	if (!name->draft && !name->companion)
		listing->callback(listing->context, path, NULL);
	return true;
}

bool lc_ledger_files_list(const struct lc_ledger_files *files, lc_ledger_files_callback *callback,
			  void *context, struct lc_error *error)
{
	struct listing listing = {.callback = callback, .context = context};

	return each_file(files, list_file, &listing, error);
}

static bool remove_file(void *context, const char *path, const struct lc_file_name *name,
			struct lc_error *error)
{
	(void)context;
	(void)name;
	return lc_durable_remove(path, error);
}

bool lc_ledger_files_remove(const struct lc_ledger_files *files, struct lc_error *error)
{
	char layout[PATH_MAX];

	if (!each_file(files, remove_file, NULL, error))
		return false;
	if (!files->one &&
	    (!make_path(layout, files, "layout", error) || !lc_durable_remove(layout, error)))
		return false;
	return lc_durable_sync(files->directory, error);
}
