/*
 * Where the cycle is in which a shard reads rows.
 *
 * LC_CYCLE_STEP(name, text, help)    text: as shown to people and in the inspection document
 */
#ifndef LC_CYCLE_STEP
#define LC_CYCLE_STEP(name, text, help)
#endif

/* clang-format off */
LC_CYCLE_STEP(WAITING, "waiting", "for its time")
LC_CYCLE_STEP(BACKING_OFF, "backing off", "the same, after a failure")
LC_CYCLE_STEP(DISCOVERING, "discovering", "asking what is new")
LC_CYCLE_STEP(SCANNING, "scanning", "reading ready sources, group after group")
LC_CYCLE_STEP(STOPPED, "stopped", "reads nothing more")
/* clang-format on */

#undef LC_CYCLE_STEP
