/*
 * Seeds of histories that failed once, and what they showed. Each run begins with them.
 *
 * A seed means the history that the generator makes of it: whoever changes what plan.c, rows.c or
 * the models draw gets other histories for the same seeds. All of these seeds are older than the
 * last such change, so a row says what failed once, not that this seed would show it again. For
 * that, put each fault back, one at a time, and look for a seed that shows it.
 *
 * SIM_REGRESSION(kind, seed, what): a PLAIN one; a CALM one, without what clocks.c draws; or one with
 * FAILOVER.
 */
#ifndef SIM_REGRESSION
#define SIM_REGRESSION(kind, seed, what)
#endif

/* clang-format off */
SIM_REGRESSION(CALM, 13, "the memory that sealing takes was not counted for rebuilt objects")
SIM_REGRESSION(CALM, 37, "sorting the intents of a rebuild left them with their neighbours' hashes")
SIM_REGRESSION(CALM, 14, "equal rows in objects of their own got the same key: one of them was missing")
SIM_REGRESSION(CALM, 515, "the horizon passed over a slot that no pass had compared, since it was half open")
SIM_REGRESSION(PLAIN, 354, "a restored range was read past the recorded window: the next window opened its seconds as new")
SIM_REGRESSION(PLAIN, 1, "an older offset replaced a newer one that the ledger knew")
SIM_REGRESSION(PLAIN, 206, "the horizon followed a clock that was ahead: rows that came later lay past it")
SIM_REGRESSION(PLAIN, 5, "a process died before it had written an offset: a quiet source's was never written")
SIM_REGRESSION(CALM, 863, "hundreds of small objects rebuilt at once went over the cap of the bytes in flight")
SIM_REGRESSION(PLAIN, 581, "a quiet source's committed second was forgotten, an older offset written: no other courier delivered it")
SIM_REGRESSION(PLAIN, 501681, "rows that a scan brought along unasked moved an offset past what was not delivered")
SIM_REGRESSION(PLAIN, 706874, "ClickHouse's word of a source's offset replaced a newer one that was on its way there")
SIM_REGRESSION(FAILOVER, 18, "a machine that was replaced before it listed the segments said that the head went back")
SIM_REGRESSION(FAILOVER, 50, "a machine that was replaced while it restored took the owner for another courier")
/* clang-format on */

#undef SIM_REGRESSION
