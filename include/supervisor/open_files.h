/* How many descriptors the service may have open (RLIMIT_NOFILE), and how many it needs. */
#ifndef LC_SUPERVISOR_OPEN_FILES_H
#define LC_SUPERVISOR_OPEN_FILES_H

#include "base/error.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* What a process of the service may need with these settings: a worker, or the supervisor of
 * `shards` of them, whichever is more. */
uint64_t lc_open_files_needed(const struct lc_settings *settings, unsigned shards);

/* Raises the limit of this process, which its workers inherit, as far as it is allowed to. False
 * with `error` (LC_ERROR_USAGE) when that is less than what is needed. */
bool lc_open_files_raise(const struct lc_settings *settings, unsigned shards,
			 struct lc_error *error);

#endif
