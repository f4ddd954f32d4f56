/*
 * How long a test waits: in time that its processes had, not in time that has passed. What they
 * spent in wait for a processor does not count, so that a busy machine makes a test longer and not
 * wrong; what hangs waits for no processor, and is found as soon as ever.
 *
 * Source: proc(5), /proc/<pid>/task/<tid>/schedstat; without it all time counts.
 */
#ifndef LC_TESTS_SUPPORT_PATIENCE_H
#define LC_TESTS_SUPPORT_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience {
	uint64_t limit_ms;
	uint64_t began_ms;
	uint64_t
	    held_up_ms;   /* this process and all below it, in wait for a processor, since then */
	uint64_t last_ms; /* the same in all their lives, when last looked at */
};

struct patience patience_for(uint64_t ms);

/* True while there is time left. To be asked again and again, with pauses of 10 ms or more. */
bool patience_lasts(struct patience *patience);

#endif
