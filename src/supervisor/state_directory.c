#include "supervisor/state_directory.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DIRECTORY_MODE = 0750, LOCK_MODE = 0640 };

static bool make(const char *path, struct lc_error *error)
{
	if (mkdir(path, DIRECTORY_MODE) == 0 || errno == EEXIST)
		return true;
	return lc_error_set_errno(error, errno, "directory %s cannot be created", path);
}

int lc_state_directory_lock(const char *path, struct lc_error *error)
{
	char lock[PATH_MAX];
	int fd;

	if (!make(path, error)) {
		lc_error_prefix(error, "state-directory");
		return -1;
	}
	if ((size_t)snprintf(lock, sizeof(lock), "%s/lock", path) >= sizeof(lock)) {
		lc_error_set(error, LC_ERROR_USAGE, "state-directory: the path is too long");
		return -1;
	}
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
	if (fd < 0) {
		lc_error_set_errno(error, errno, "state-directory: %s cannot be opened", lock);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		lc_error_set(
		    error, LC_ERROR_USAGE,
		    "state-directory %s belongs to another log-courier that is running, or "
		    "whose workers are still ending; stop it, or set state-directory to "
		    "another path",
		    path);
	else
		lc_error_set_errno(error, errno, "state-directory: %s cannot be locked", lock);
	close(fd);
	return -1;
}

bool lc_state_directory_in_place(const char *path, int lock, struct lc_error *error)
{
	struct lc_file_identity ours = lc_file_identity_of_descriptor(lock);
	struct lc_file_identity there;
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/lock", path);
	there = lc_file_identity_of_path(name);
	if (lc_file_identity_equal(&ours, &there))
		return true;
	return lc_error_set(error, LC_ERROR_SYSTEM,
			    "state-directory %s, or the file lock in it, was removed, replaced or "
			    "mounted over",
			    path);
}

int64_t lc_state_directory_free_bytes(const char *path)
{
	struct statvfs disk;

	if (statvfs(path, &disk) < 0)
		return -1;
	return (int64_t)(disk.f_bavail * disk.f_frsize);
}
