/*
 * A ledger that writes nothing, in place of ledger/ledger_thread.h: it keeps what it was told, as
 * text, and calls back when the test says so, in the order of the calls.
 */
#ifndef LC_TESTS_SUPPORT_FAKE_LEDGER_H
#define LC_TESTS_SUPPORT_FAKE_LEDGER_H

#include "ledger/ledger.h"

#include <stddef.h>
#include <stdint.h>

struct lc_ledger *fake_ledger_new(void);
/* Nobody is called back any more. */
void fake_ledger_free(struct lc_ledger *ledger);

/* What lc_ledger_open gives is such a ledger, with open seconds of this source in it; closing it
 * frees it. The one that is open, NULL if none is. */
void fake_ledger_will_hold(struct lc_ledger_source source, struct lc_ledger_range range);
struct lc_ledger *fake_ledger_opened(void);

/*
 * What the ledger was told and asked since the last time, a line each; valid until the next call:
 *
 *	until 1000		horizon 900		expire 900		lower? 600
 *	ranges 7/bucket 10-20@5 30-40@6
 *	floor 7/bucket 999 5000 REQ
 *	committed 7/bucket 1000
 *	intent 3 7/bucket logs KEY
 *	delivered 3 1000	expired 3 1000		discarded 3 1000	withdrawn 3 1000
 *	target logs 5 refused	target logs/prefix/ 0 ignored
 *	durable?
 *	intents? logs/prefix/ 0			hashes? 7/bucket 10-20
 *	slots? 7/bucket 300=5	seconds? 7/bucket 301=5		ahead? 7/bucket 300=0
 *	objects? 7/bucket	deliveries? bucket
 */
const char *fake_ledger_told(struct lc_ledger *ledger);

/* What lc_ledger_seen_until tells of every session; 0 unless set. */
void fake_ledger_set_seen_until(struct lc_ledger *ledger, uint32_t until);

/* The second that is on record as committed of every source; 0 unless set. */
void fake_ledger_set_committed(struct lc_ledger *ledger, uint32_t second);

/* How many intents, and bytes of their blobs, were asked for last. */
size_t fake_ledger_intents_limit(const struct lc_ledger *ledger);
uint64_t fake_ledger_intents_bytes(const struct lc_ledger *ledger);

/* What the steady clock showed last; 0 if it was not told. */
uint64_t fake_ledger_steady_ms(const struct lc_ledger *ledger);

/* How many callbacks are waited for. */
size_t fake_ledger_waiting(const struct lc_ledger *ledger);

/* What was written so far is on disk: calls back who waits for it, up to the first question. */
void fake_ledger_confirm(struct lc_ledger *ledger);

/* Answers the question that was asked first; what was written before it must be confirmed. */
void fake_ledger_answer_counts(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			       size_t count);
void fake_ledger_answer_intents(struct lc_ledger *ledger, const struct lc_ledger_intent *intents,
				size_t count);
/* The same, of a target that has others with greater numbers; the oldest row of all is of this
 * second. */
void fake_ledger_answer_some_intents(struct lc_ledger *ledger,
				     const struct lc_ledger_intent *intents, size_t count,
				     uint32_t oldest_second);
void fake_ledger_answer_horizon(struct lc_ledger *ledger, uint32_t horizon);
void fake_ledger_answer_objects(struct lc_ledger *ledger, const struct lc_ledger_object *objects,
				size_t count);
/* There are none, and no floor. */
void fake_ledger_answer_hashes(struct lc_ledger *ledger);

#endif
