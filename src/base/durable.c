#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { FILE_MODE = 0640 };

bool lc_durable_sync(const char *path, struct lc_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (!synced)
		lc_error_set_errno(error, errno, "%s can not be brought to the disk", path);
	if (fd >= 0)
		close(fd);
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

bool lc_durable_write(const char *path, struct lc_view content, struct lc_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	bool written = fd >= 0 && write_all(fd, content) && fsync(fd) == 0;

	if (!written)
		lc_error_set_errno(error, errno, "%s can not be written", path);
	if (fd >= 0)
		close(fd);
	return written;
}

bool lc_durable_remove(const char *path, struct lc_error *error)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return true;
	return lc_error_set_errno(error, errno, "%s can not be removed", path);
}
