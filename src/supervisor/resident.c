#include "supervisor/resident.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool lc_resident_read(pid_t pid, uint64_t *bytes)
{
	char path[64];
	char text[128];
	unsigned long long pages;
	char *second;
	char *end;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size <= 0)
		return false;
	text[size] = '\0';
	/* The second number. */
	second = strchr(text, ' ');
	if (second == NULL)
		return false;
	pages = strtoull(second, &end, 10);
	*bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return end > second;
}
