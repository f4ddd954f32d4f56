#include "support/patience.h"

#include "base/clock.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NS_IN_MS = 1000000, PATH_SIZE = 64 };

static uint64_t tree_held_up_ns(long pid);

static uint64_t thread_held_up_ns(long pid, long thread)
{
	char path[PATH_SIZE];
	uint64_t ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/schedstat", pid, thread);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%*u %" SCNu64, &ns) != 1)
		ns = 0;
	fclose(file);
	return ns;
}

static uint64_t children_held_up_ns(long pid, long thread)
{
	char path[PATH_SIZE];
	uint64_t sum = 0;
	long child;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", pid, thread);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fscanf(file, "%ld", &child) == 1)
		sum += tree_held_up_ns(child);
	fclose(file);
	return sum;
}

static uint64_t tree_held_up_ns(long pid)
{
	char path[PATH_SIZE];
	const struct dirent *entry;
	uint64_t sum = 0;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	threads = opendir(path);
	if (threads == NULL)
		return 0;
	while ((entry = readdir(threads)) != NULL) {
		long thread = atol(entry->d_name);

		if (thread > 0)
			sum += thread_held_up_ns(pid, thread) + children_held_up_ns(pid, thread);
	}
	closedir(threads);
	return sum;
}

static uint64_t held_up_ms(void)
{
	return tree_held_up_ns(getpid()) / NS_IN_MS;
}

struct patience patience_for(uint64_t ms)
{
	return (struct patience){
	    .limit_ms = ms, .began_ms = lc_clock_monotonic_ms(), .last_ms = held_up_ms()};
}

bool patience_lasts(struct patience *patience)
{
	uint64_t now_ms = held_up_ms();

	/* Less than before: one of them is no more. */
	if (now_ms > patience->last_ms)
		patience->held_up_ms += now_ms - patience->last_ms;
	patience->last_ms = now_ms;
	return lc_clock_monotonic_ms() - patience->began_ms <
	       patience->limit_ms + patience->held_up_ms;
}
