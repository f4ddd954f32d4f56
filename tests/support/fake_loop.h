/*
 * An event loop whose time passes only when a test or a simulation says so, in place of
 * base/loop.h: timers fire in the order in which they are due, those due together in the order in
 * which they were started, and nobody waits. Descriptors and signals are not known.
 */
#ifndef LC_TESTS_SUPPORT_FAKE_LOOP_H
#define LC_TESTS_SUPPORT_FAKE_LOOP_H

#include "base/loop.h"

#include <stdbool.h>
#include <stdint.h>

/* A loop whose time begins at `now_ms`. The one of lc_loop_new has been running for a while. */
struct lc_loop *fake_loop_new(uint64_t now_ms);

/* Time goes on to the next timer, which fires, if it is due by `until_ms`; else to that, and false
 * is told. */
bool fake_loop_step(struct lc_loop *loop, uint64_t until_ms);

/* Several loops with one time: when the next timer of this one is due, UINT64_MAX if none is; and
 * sets its time, which never goes back. Timers that were due before then fire late. */
uint64_t fake_loop_due_ms(const struct lc_loop *loop);
void fake_loop_set_now(struct lc_loop *loop, uint64_t now_ms);

/* Lets this much time pass and fires what becomes due; 0 fires what is due now. */
void fake_loop_advance(struct lc_loop *loop, uint64_t ms);

#endif
