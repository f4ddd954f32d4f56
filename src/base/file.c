#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640 };

bool lc_file_sync(const char *path, struct lc_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (!synced)
		lc_error_set_errno(error, errno, "%s cannot be written to disk", path);
	if (fd >= 0)
		close(fd);
	return synced;
}

bool lc_file_sync_directory_of(const char *path, struct lc_error *error)
{
	char *copy = lc_memory_copy_text(path);
	bool synced = lc_file_sync(dirname(copy), error);

	free(copy);
	return synced;
}

static bool write_all(int fd, struct lc_view content)
{
	while (content.size > 0) {
		ssize_t size = write(fd, content.data, content.size);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return false;
		content.data += size;
		content.size -= (size_t)size;
	}
	return true;
}

bool lc_file_write(const char *path, struct lc_view content, struct lc_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	bool written = fd >= 0 && write_all(fd, content) && fsync(fd) == 0;

	if (!written)
		lc_error_set_errno(error, errno, "%s cannot be written", path);
	if (fd >= 0)
		close(fd);
	return written;
}

bool lc_file_remove(const char *path, struct lc_error *error)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return true;
	return lc_error_set_errno(error, errno, "%s cannot be removed", path);
}

bool lc_file_is_missing(const char *path)
{
	return access(path, F_OK) != 0 && errno == ENOENT;
}

static struct lc_file_identity identity_of(int failed, const struct stat *file)
{
	struct lc_file_identity identity = {.known = failed == 0};

	if (identity.known) {
		identity.device = file->st_dev;
		identity.inode = file->st_ino;
	}
	return identity;
}

struct lc_file_identity lc_file_identity_of_path(const char *path)
{
	struct stat file;

	return identity_of(stat(path, &file), &file);
}

struct lc_file_identity lc_file_identity_of_descriptor(int fd)
{
	struct stat file;

	return identity_of(fstat(fd, &file), &file);
}

bool lc_file_identity_equal(const struct lc_file_identity *a, const struct lc_file_identity *b)
{
	return a->known && b->known && a->device == b->device && a->inode == b->inode;
}
