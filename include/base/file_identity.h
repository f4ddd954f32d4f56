/* Which file it is, whatever its name: to notice that a path no longer leads to a file that is
 * open.
 */
#ifndef LC_BASE_FILE_IDENTITY_H
#define LC_BASE_FILE_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

struct lc_file_identity {
	bool known; /* false: there is no such file, or it can not be looked at */
	dev_t device;
	ino_t inode;
};

struct lc_file_identity lc_file_identity_of_path(const char *path);
struct lc_file_identity lc_file_identity_of_descriptor(int fd);

/* False unless both are known. */
bool lc_file_identity_equal(const struct lc_file_identity *a, const struct lc_file_identity *b);

#endif
