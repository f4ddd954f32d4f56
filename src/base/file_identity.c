#include "base/file_identity.h"

#include <sys/stat.h>

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
