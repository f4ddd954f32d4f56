/* What a process uses of the machine, as proc(5) tells it. */
#ifndef LC_SUPERVISOR_PROCESS_USAGE_H
#define LC_SUPERVISOR_PROCESS_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Memory is in bytes. resident_bytes includes pages that are shared with others. */
struct lc_process_usage {
	double cpu_seconds; /* of the process and its children that were waited for */
	double after_boot;  /* when it started, in seconds since the machine did */
	uint64_t virtual_bytes;
	uint64_t resident_bytes;
};

/* Reads /proc/PID/stat. False if it cannot be read, as when the process has ended. */
bool lc_process_usage_read(pid_t pid, struct lc_process_usage *usage);

/* How many descriptors the process has open, and how many it may have; UINT64_MAX for no limit. */
struct lc_process_descriptors {
	uint64_t open;
	uint64_t most;
};

/* Reads /proc/PID/fd and /proc/PID/limits. False if they cannot be read. */
bool lc_process_descriptors_read(pid_t pid, struct lc_process_descriptors *descriptors);

/* All processes of the service. */
struct lc_process_totals {
	double cpu_seconds;
	double start_seconds; /* since 1970, of the supervisor */
	uint64_t virtual_bytes;
	uint64_t resident_bytes;
	/* of the process that has used most of its limit */
	struct lc_process_descriptors descriptors;
};

/* When this process started, in seconds since 1970; 0 if it cannot be read. To be asked once: each
 * answer is as exact as the wall clock is at that time. */
double lc_process_usage_start_seconds(void);

/* Adds a process; one that cannot be read is left out. */
void lc_process_totals_add(struct lc_process_totals *totals, pid_t pid);

#endif
