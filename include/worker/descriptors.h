/* The descriptors of the service's processes: how many a process may have open (RLIMIT_NOFILE) and
 * needs, and which of them a child keeps. */
#ifndef LC_WORKER_DESCRIPTORS_H
#define LC_WORKER_DESCRIPTORS_H

#include "base/error.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* What a process of the service may need with these settings: a worker, or the supervisor of
 * `shards` of them that serves `connections` at a time, whichever is more. */
uint64_t lc_descriptors_needed(const struct lc_settings *settings, unsigned shards,
			       unsigned connections);

/* Raises the limit of this process, which its workers inherit, as far as it is allowed to. False
 * with `error` (LC_ERROR_USAGE) when that is less than what is needed. */
bool lc_descriptors_raise_limit(const struct lc_settings *settings, unsigned shards,
				unsigned connections, struct lc_error *error);

/* Closes every descriptor of the process but stdin, stdout, stderr, `channel` and the `count` ones
 * in `kept`, which may be in any order. */
void lc_descriptors_close_others(int channel, const int *kept, unsigned count);

#endif
