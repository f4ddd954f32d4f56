#include "supervisor/open_files.h"

#include "supervisor/http_server.h"

#include <errno.h>
#include <sys/resource.h>

enum {
	/* Standard descriptors, the loop's, the ledger's files, name resolution, and some to spare.
	 */
	OF_EVERY_PROCESS = 64,
	/* A worker's queries to ClickHouse: one for each thing that asks, and those kept open. */
	OF_QUERIES = 16,
	/* Channel, page and process, twice while one worker takes over from another. */
	OF_SHARD = 6,
	SERVERS = 2,
};

uint64_t lc_open_files_needed(const struct lc_settings *settings, unsigned shards)
{
	uint64_t worker =
	    OF_EVERY_PROCESS + OF_QUERIES + (uint64_t)settings->limits_max_concurrent_uploads;
	uint64_t supervisor = OF_EVERY_PROCESS + SERVERS * LC_HTTP_SERVER_CONNECTIONS_MAX +
			      (uint64_t)OF_SHARD * shards;

	return worker > supervisor ? worker : supervisor;
}

bool lc_open_files_raise(const struct lc_settings *settings, unsigned shards,
			 struct lc_error *error)
{
	uint64_t needed = lc_open_files_needed(settings, shards);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return lc_error_set_errno(error, errno, "the limit of open files can not be read");
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			return lc_error_set_errno(error, errno,
						  "the limit of open files can not be raised");
	}
	if (limit.rlim_cur >= needed)
		return true;
	return lc_error_set(
	    error, LC_ERROR_USAGE,
	    "a process may have %llu files open, and needs %llu with these settings: "
	    "raise the limit (LimitNOFILE= of the unit, ulimit -Hn), or lower "
	    "supervisor.shards or limits.max-concurrent-uploads",
	    (unsigned long long)limit.rlim_cur, (unsigned long long)needed);
}
