#include "base/crash_point.h"

#include "base/assert.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const TEXTS[LC_CRASH_POINT_COUNT] = {
#define LC_CRASH_POINT_ENTRY(name, text, help) [LC_CRASH_POINT_##name] = (text),
#include "tbl/crash_points.h"
};

const char *lc_crash_point_text(enum lc_crash_point_name name)
{
	return TEXTS[name];
}

/* Is it this point that the environment names? `times`: at which time. */
static bool is_named(enum lc_crash_point_name name, long *times)
{
	const char *named = getenv("LOG_COURIER_TEST_CRASH_AT");
	size_t size = strlen(TEXTS[name]);
	char *end;

	if (named == NULL || strncmp(named, TEXTS[name], size) != 0)
		return false;
	*times = 1;
	if (named[size] == '\0')
		return true;
	if (named[size] != ':')
		return false;
	*times = strtol(named + size + 1, &end, 10);
	LC_ASSERT(*times > 0 && *end == '\0');
	return true;
}

/* Adds one to the file's size and returns it. The lock keeps other processes out meanwhile. */
static long count_in_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct stat status;

	LC_ASSERT(fd >= 0 && flock(fd, LOCK_EX) == 0);
	LC_ASSERT(write(fd, ".", 1) == 1 && fstat(fd, &status) == 0);
	close(fd);
	return (long)status.st_size;
}

void lc_crash_point_reach(enum lc_crash_point_name name)
{
	static atomic_long reached; /* of the one that is named */
	const char *path = getenv("LOG_COURIER_TEST_CRASH_COUNT");
	long times;

	if (!is_named(name, &times))
		return;
	if ((path == NULL ? atomic_fetch_add(&reached, 1) + 1 : count_in_file(path)) == times)
		raise(SIGKILL);
}
