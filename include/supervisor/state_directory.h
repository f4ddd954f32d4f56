/* The state directory: who has it, whether it is still there, and what room there is. */
#ifndef LC_SUPERVISOR_STATE_DIRECTORY_H
#define LC_SUPERVISOR_STATE_DIRECTORY_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Makes the state directory if only its last part is missing, and locks it (flock on <path>/lock).
 * The lock belongs to the returned descriptor and to every process that inherits it; it ends when
 * the last of them has closed it. -1 with `error` set when it cannot be had, above all when
 * another service has it. */
int lc_state_directory_lock(const char *path, struct lc_error *error);

/* Whether <path>/lock is still the file whose descriptor this is; false with `error` set when the
 * directory or the lock was removed, replaced or mounted over. */
bool lc_state_directory_in_place(const char *path, int lock, struct lc_error *error);

/* What the service may still write there, in bytes; -1 when the disk does not tell. */
int64_t lc_state_directory_free_bytes(const char *path);

#endif
