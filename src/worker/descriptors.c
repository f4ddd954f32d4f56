#include "worker/descriptors.h"

#include "base/assert.h"

#include <limits.h>
#include <unistd.h>

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

void lc_descriptors_close_others(int channel, const int *kept, unsigned count)
{
	int from = STDERR_FILENO + 1;

	while (from < INT_MAX) {
		int next = next_kept(from, channel, kept, count);

		if (next > from)
			LC_ASSERT(close_range((unsigned)from, (unsigned)next - 1, 0) == 0);
		if (next == INT_MAX)
			return;
		from = next + 1;
	}
}
