/* Files: steps that are to survive a loss of power, and which file a name leads to. Errors
 * (LC_ERROR_SYSTEM) name the file. */
#ifndef LC_BASE_FILE_H
#define LC_BASE_FILE_H

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <sys/types.h>

/* Brings a file, or a directory with what was made, renamed and removed in it, to the disk. */
bool lc_file_sync(const char *path, struct lc_error *error);

/* The same for the directory that this file is in. */
bool lc_file_sync_directory_of(const char *path, struct lc_error *error);

/* Makes the file, or empties it, and writes `content`, down to the disk. */
bool lc_file_write(const char *path, struct lc_view content, struct lc_error *error);

/* Removes the file; none being there is fine. Durable after the directory's lc_file_sync. */
bool lc_file_remove(const char *path, struct lc_error *error);

/* Whether there is no such file; one that cannot be looked at, for instance for want of rights, is
 * not missing. */
bool lc_file_is_missing(const char *path);

/* Which file it is, whatever its name: to notice that a path no longer leads to a file that is
 * open. */
struct lc_file_identity {
	bool known; /* false: there is no such file, or it cannot be looked at */
	dev_t device;
	ino_t inode;
};

struct lc_file_identity lc_file_identity_of_path(const char *path);
struct lc_file_identity lc_file_identity_of_descriptor(int fd);

/* False unless both are known. */
bool lc_file_identity_equal(const struct lc_file_identity *a, const struct lc_file_identity *b);

#endif
