/* How much memory a process takes. */
#ifndef LC_SUPERVISOR_RESIDENT_H
#define LC_SUPERVISOR_RESIDENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads the resident set of a process in bytes, pages shared with others included (proc(5),
 * /proc/PID/statm). False when it can not be read, as when the process has ended. */
bool lc_resident_read(pid_t pid, uint64_t *bytes);

#endif
