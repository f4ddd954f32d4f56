/* Steps with files that are to survive a loss of power. Errors (LC_ERROR_SYSTEM) name the file. */
#ifndef LC_BASE_DURABLE_H
#define LC_BASE_DURABLE_H

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>

/* Brings a file, or a directory with what was made, renamed and removed in it, to the disk. */
bool lc_durable_sync(const char *path, struct lc_error *error);

/* Makes the file, or empties it, and writes `content`, down to the disk. */
bool lc_durable_write(const char *path, struct lc_view content, struct lc_error *error);

/* Removes the file; none being there is fine. Durable after the directory's lc_durable_sync. */
bool lc_durable_remove(const char *path, struct lc_error *error);

#endif
