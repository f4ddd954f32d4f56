/*
 * An event loop whose time passes only when a test says so, in place of base/loop.h: timers fire in
 * the order in which they are due, and no test waits. Descriptors and signals are not known.
 */
#ifndef LC_TESTS_SUPPORT_FAKE_LOOP_H
#define LC_TESTS_SUPPORT_FAKE_LOOP_H

#include "base/loop.h"

#include <stdint.h>

/* Lets this much time pass and fires what becomes due; 0 fires what is due now. */
void fake_loop_advance(struct lc_loop *loop, uint64_t ms);

#endif
