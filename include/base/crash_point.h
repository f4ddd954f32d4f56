/*
 * Crash points: named places between two durable steps, listed in include/tbl/crash_points.h. In a
 * build with --enable-crash-points a test can have the process killed there (SIGKILL) and see what
 * the next start makes of what is left. In every other build they are nothing.
 *
 *	LOG_COURIER_TEST_CRASH_AT      "move.renamed" or "move.renamed:3": die when that point is
 *	                               reached for the first, the third time
 *	LOG_COURIER_TEST_CRASH_COUNT   a file in which the times are counted, over all processes and
 *	                               restarts, so that it happens once; its size is the count.
 *	                               Without it each process counts for itself.
 */
#ifndef LC_BASE_CRASH_POINT_H
#define LC_BASE_CRASH_POINT_H

enum lc_crash_point_name {
#define LC_CRASH_POINT_ENTRY(name, text, help) LC_CRASH_POINT_##name,
#include "tbl/crash_points.h"
	LC_CRASH_POINT_COUNT
};

/* The point as the environment names it. */
const char *lc_crash_point_text(enum lc_crash_point_name name);

/* Dies here if the environment says so. May be called from any thread. */
void lc_crash_point_reach(enum lc_crash_point_name name);

#ifdef LC_CRASH_POINTS
#define LC_CRASH_POINT(name) lc_crash_point_reach(LC_CRASH_POINT_##name)
#else
#define LC_CRASH_POINT(name) ((void)LC_CRASH_POINT_##name)
#endif

#endif
