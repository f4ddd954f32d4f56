#include "supervisor/process_usage.h"

#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FILE_MAX = 4096,
	/* The first number of /proc/PID/stat after the name is its fourth field. */
	FIELD_FIRST = 4,
	FIELD_USER_TICKS = 14,
	FIELD_SYSTEM_TICKS = 15,
	FIELD_CHILDREN_USER_TICKS = 16,
	FIELD_CHILDREN_SYSTEM_TICKS = 17,
	FIELD_START_TICKS = 22,
	FIELD_VIRTUAL_BYTES = 23,
	FIELD_RESIDENT_PAGES = 24,
	FIELD_LAST = FIELD_RESIDENT_PAGES,
};

/* The file's content as a text, cut where `text` ends. */
static bool read_file(pid_t pid, const char *name, char text[FILE_MAX])
{
	char path[64];
	size_t size = 0;
	ssize_t piece = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (size < FILE_MAX - 1 && (piece = read(fd, text + size, FILE_MAX - 1 - size)) > 0)
		size += (size_t)piece;
	close(fd);
	text[size] = '\0';
	return size > 0 && piece >= 0;
}

/* The name, in parentheses, may hold any byte: numbers follow the last parenthesis and the state's
 * letter. */
bool lc_process_usage_read(pid_t pid, struct lc_process_usage *usage)
{
	double tick = 1 / (double)sysconf(_SC_CLK_TCK);
	uint64_t fields[FIELD_LAST + 1] = {0};
	char text[FILE_MAX];
	char *next;

	if (!read_file(pid, "stat", text))
		return false;
	next = strrchr(text, ')');
	if (next == NULL || strlen(next) < sizeof(") S ") - 1)
		return false;
	next += sizeof(") S ") - 1;
	for (size_t i = FIELD_FIRST; i <= FIELD_LAST; i++) {
		char *end;

		fields[i] = strtoull(next, &end, 10);
		if (end == next)
			return false;
		next = end;
	}
	usage->cpu_seconds = tick * (double)(fields[FIELD_USER_TICKS] + fields[FIELD_SYSTEM_TICKS] +
					     fields[FIELD_CHILDREN_USER_TICKS] +
					     fields[FIELD_CHILDREN_SYSTEM_TICKS]);
	usage->after_boot = tick * (double)fields[FIELD_START_TICKS];
	usage->virtual_bytes = fields[FIELD_VIRTUAL_BYTES];
	usage->resident_bytes = fields[FIELD_RESIDENT_PAGES] * (uint64_t)sysconf(_SC_PAGESIZE);
	return true;
}

/* The number after "Max open files", UINT64_MAX for "unlimited". */
static bool read_limit(pid_t pid, uint64_t *most)
{
	static const char label[] = "Max open files";
	char text[FILE_MAX];
	const char *line;
	char *end;

	if (!read_file(pid, "limits", text))
		return false;
	line = strstr(text, label);
	if (line == NULL)
		return false;
	line += sizeof(label) - 1;
	*most = strtoull(line, &end, 10);
	if (end == line)
		*most = UINT64_MAX;
	return true;
}

bool lc_process_descriptors_read(pid_t pid, struct lc_process_descriptors *descriptors)
{
	char path[64];
	DIR *directory;
	const struct dirent *entry;

	if (!read_limit(pid, &descriptors->most))
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	if (directory == NULL)
		return false;
	descriptors->open = 0;
	while ((entry = readdir(directory)) != NULL)
		descriptors->open += entry->d_name[0] != '.';
	closedir(directory);
	/* The directory itself, if it was our own. */
	if (pid == getpid())
		descriptors->open--;
	return true;
}

double lc_process_usage_start_seconds(void)
{
	struct lc_process_usage usage;
	struct timespec since_boot;

	if (!lc_process_usage_read(getpid(), &usage) ||
	    clock_gettime(CLOCK_BOOTTIME, &since_boot) < 0)
		return 0;
	return (double)lc_clock_wall_ms() / 1000 - (double)since_boot.tv_sec -
	       (double)since_boot.tv_nsec / 1e9 + usage.after_boot;
}

void lc_process_totals_add(struct lc_process_totals *totals, pid_t pid)
{
	struct lc_process_descriptors *worst = &totals->descriptors;
	struct lc_process_descriptors own;
	struct lc_process_usage usage;

	if (!lc_process_usage_read(pid, &usage))
		return;
	totals->cpu_seconds += usage.cpu_seconds;
	totals->virtual_bytes += usage.virtual_bytes;
	totals->resident_bytes += usage.resident_bytes;
	if (lc_process_descriptors_read(pid, &own) && own.most > 0 &&
	    (worst->most == 0 ||
	     (double)own.open / (double)own.most > (double)worst->open / (double)worst->most))
		*worst = own;
}
