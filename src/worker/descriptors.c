#include "worker/descriptors.h"

#include "base/assert.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

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
