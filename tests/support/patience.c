#include "support/patience.h"

#include "base/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NS_IN_MS = 1000000, PATH_SIZE = 64, LINE_SIZE = 4096 };

static uint64_t tree_held_up_ns(long pid);

/* The first line of a file about a thread; empty when the thread is no more. */
static void read_line(long pid, long thread, const char *name, char line[LINE_SIZE])
{
	char path[PATH_SIZE];
	FILE *file;

	line[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/%s", pid, thread, name);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(line, LINE_SIZE, file) == NULL)
		line[0] = '\0';
	fclose(file);
}

/* The second number of schedstat: proc(5). */
static uint64_t thread_held_up_ns(long pid, long thread)
{
	char line[LINE_SIZE];
	const char *second;

	read_line(pid, thread, "schedstat", line);
	second = strchr(line, ' ');
	return second == NULL ? 0 : strtoull(second, NULL, 10);
}

static uint64_t children_held_up_ns(long pid, long thread)
{
	char line[LINE_SIZE];
	char *at = line;
	uint64_t sum = 0;
	long child;

	read_line(pid, thread, "children", line);
	while ((child = strtol(at, &at, 10)) > 0)
		sum += tree_held_up_ns(child);
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
		long thread = strtol(entry->d_name, NULL, 10);

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
