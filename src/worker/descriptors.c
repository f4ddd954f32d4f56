#include "worker/descriptors.h"

#include "base/assert.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- how many ---- */

enum {
	/* Standard descriptors, the loop's, the ledger's files, name resolution, and some to spare.
	 */
	OF_EVERY_PROCESS = 64,
	/* A worker's queries to ClickHouse: one for each thing that asks, and those kept open. */
	OF_QUERIES = 16,
	/* Channel, page and process, twice while one worker takes over from another. */
	OF_SHARD = 6,
};

uint64_t lc_descriptors_needed(const struct lc_settings *settings, unsigned shards,
			       unsigned connections)
{
	uint64_t worker =
	    OF_EVERY_PROCESS + OF_QUERIES + (uint64_t)settings->limits_max_concurrent_uploads;
	uint64_t supervisor = OF_EVERY_PROCESS + connections + (uint64_t)OF_SHARD * shards;

	return worker > supervisor ? worker : supervisor;
}

bool lc_descriptors_raise_limit(const struct lc_settings *settings, unsigned shards,
				unsigned connections, struct lc_error *error)
{
	uint64_t needed = lc_descriptors_needed(settings, shards, connections);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return lc_error_set_errno(error, errno, "the limit of open files cannot be read");
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			return lc_error_set_errno(error, errno,
						  "the limit of open files cannot be raised");
	}
	if (limit.rlim_cur >= needed)
		return true;
	return lc_error_set(
	    error, LC_ERROR_USAGE,
	    "a process may have %llu files open but needs %llu with these settings: raise the "
	    "limit (LimitNOFILE= of the unit, ulimit -Hn), or lower "
	    "supervisor.shards or limits.max-concurrent-uploads",
	    (unsigned long long)limit.rlim_cur, (unsigned long long)needed);
}

/* ---- which of them a child keeps ---- */

static const char OWN_DESCRIPTORS[] = "/proc/self/fd";

/* The smallest kept descriptor from `from` on, INT_MAX if there is none. */
static int next_kept(int from, int channel, const int *kept, unsigned count)
{
	int next = channel >= from ? channel : INT_MAX;

	for (unsigned i = 0; i < count; i++) {
		if (kept[i] >= from && kept[i] < next)
			next = kept[i];
	}
	return next;
}

/* Closes those of the process's descriptors that are listed, from `first` on. */
static bool close_listed(int first, int channel, const int *kept, unsigned count)
{
	DIR *list = opendir(OWN_DESCRIPTORS);
	const struct dirent *entry;

	if (list == NULL)
		return false;
	while ((entry = readdir(list)) != NULL) {
		/* "." and ".." are read as 0, which is always kept. */
		int descriptor = (int)strtol(entry->d_name, NULL, 10);

		if (descriptor >= first && descriptor != dirfd(list) &&
		    next_kept(descriptor, channel, kept, count) != descriptor)
			close(descriptor);
	}
	closedir(list);
	return true;
}

/* Without close_range(2): Linux has it since 5.9, and a seccomp profile may forbid it. */
static void close_one_by_one(int first, int channel, const int *kept, unsigned count)
{
	long most;

	if (close_listed(first, channel, kept, count))
		return;
	most = sysconf(_SC_OPEN_MAX);
	for (int descriptor = first; descriptor < most && descriptor < INT_MAX; descriptor++) {
		if (next_kept(descriptor, channel, kept, count) != descriptor)
			close(descriptor);
	}
}

void lc_descriptors_close_others(int channel, const int *kept, unsigned count)
{
	int from = STDERR_FILENO + 1;

	while (from < INT_MAX) {
		int next = next_kept(from, channel, kept, count);

		if (next > from && close_range((unsigned)from, (unsigned)next - 1, 0) != 0) {
			close_one_by_one(from, channel, kept, count);
			return;
		}
		if (next == INT_MAX)
			return;
		from = next + 1;
	}
}
