/*
 * What earlier attempts at open intents have shown, for those that need it: until when an intent is
 * left alone, because it alone was refused or its rows are not to be seen; and which may have been
 * stored, or have left parts. Kept in memory; of an intent that an earlier process recorded nothing is certain.
 */
#ifndef LC_DELIVERY_ATTEMPTS_H
#define LC_DELIVERY_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

struct lc_attempts;

/* Intents from this one on belong to this process. */
struct lc_attempts *lc_attempts_new(uint64_t first_intent_id);
/* NULL is allowed. */
void lc_attempts_free(struct lc_attempts *attempts);

/* An attempt at the intent may have been stored. */
void lc_attempts_note_doubt(struct lc_attempts *attempts, uint64_t intent_id);

/* True if no attempt at the intent can have been stored. */
bool lc_attempts_none_stored(const struct lc_attempts *attempts, uint64_t intent_id);

/* An attempt at the intent may have left parts of it in the bucket. */
void lc_attempts_note_leftover(struct lc_attempts *attempts, uint64_t intent_id);

/* True if no attempt at the intent can have been stored or left anything. */
bool lc_attempts_no_trace(const struct lc_attempts *attempts, uint64_t intent_id);

/* The intent is left alone, each time twice as long: `initial_ms` from now on, at most
 * `maximum_ms`. */
void lc_attempts_hold(struct lc_attempts *attempts, uint64_t intent_id, uint64_t now_ms,
		      uint64_t initial_ms, uint64_t maximum_ms);

/* Until when it is left alone; 0: it is not. */
uint64_t lc_attempts_held_until_ms(const struct lc_attempts *attempts, uint64_t intent_id);

/* All that are left alone may be tried now. */
void lc_attempts_release_all(struct lc_attempts *attempts);

/* The intent is closed. */
void lc_attempts_forget(struct lc_attempts *attempts, uint64_t intent_id);

#endif
