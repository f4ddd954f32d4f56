/*
 * Seeds of histories that failed once, and what they showed. Each run begins with them.
 *
 * A seed means the history that the generator makes of it: whoever changes plan.c or rows.c gets
 * other histories for the same seeds, and leaves these here for what they then are.
 *
 * SIM_REGRESSION(seed, what)
 */
#ifndef SIM_REGRESSION
#define SIM_REGRESSION(seed, what)
#endif

/* clang-format off */
SIM_REGRESSION(2, "the memory that sealing takes was not counted for rebuilt objects")
SIM_REGRESSION(11, "sorting the intents of a rebuild left them with their neighbours' hashes")
SIM_REGRESSION(101, "hundreds of small objects rebuilt at once went over the cap of the bytes in flight")
SIM_REGRESSION(149, "equal rows in objects of their own got the same key: one of them was missing")
SIM_REGRESSION(4210, "the horizon passed over a slot that no pass had compared, since it was half open")
/* clang-format on */

#undef SIM_REGRESSION
