/* The state directory, and directories in general. */
#ifndef LC_SUPERVISOR_DIRECTORY_H
#define LC_SUPERVISOR_DIRECTORY_H

#include "base/error.h"

#include <stdbool.h>

/* Makes the directory that `path` stands in, mode 0750, when only that one is missing. */
bool lc_directory_make_parent(const char *path, struct lc_error *error);

/* Makes the state directory if only its last part is missing, and locks it (flock on <path>/lock).
 * The lock belongs to the returned descriptor and to every process that inherits it; it ends when
 * the last of them has closed it. -1 with `error` set when it can not be had, above all when
 * another service has it. */
int lc_directory_lock(const char *path, struct lc_error *error);

/* Whether <path>/lock is still the file whose descriptor this is; false with `error` set when the
 * directory or the lock was removed, replaced or mounted over. */
bool lc_directory_in_place(const char *path, int lock, struct lc_error *error);

#endif
