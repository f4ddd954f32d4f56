#include "delivery/attempts.h"

#include "base/backoff.h"
#include "base/memory.h"

#include <stdlib.h>
#include <uthash.h>

struct attempt {
	uint64_t intent_id;
	uint64_t held_until_ms;
	unsigned holds; /* so far */
	bool doubt;     /* one may have been stored */
	bool leftover;  /* one may have left parts */
	UT_hash_handle hh;
};

struct lc_attempts {
	uint64_t first_intent_id;
	struct attempt *intents;
};

struct lc_attempts *lc_attempts_new(uint64_t first_intent_id)
{
	struct lc_attempts *attempts = lc_memory_zero(1, sizeof(*attempts));

	attempts->first_intent_id = first_intent_id;
	return attempts;
}

void lc_attempts_free(struct lc_attempts *attempts)
{
	struct attempt *attempt;

	if (attempts == NULL)
		return;
	attempt = attempts->intents;
	HASH_CLEAR(hh, attempts->intents);
	while (attempt != NULL) {
		struct attempt *next = attempt->hh.next;

		free(attempt);
		attempt = next;
	}
	free(attempts);
}

static struct attempt *find(const struct lc_attempts *attempts, uint64_t intent_id)
{
	struct attempt *attempt;

	HASH_FIND(hh, attempts->intents, &intent_id, sizeof(intent_id), attempt);
	return attempt;
}

static struct attempt *get(struct lc_attempts *attempts, uint64_t intent_id)
{
	struct attempt *attempt = find(attempts, intent_id);

	if (attempt != NULL)
		return attempt;
	attempt = lc_memory_zero(1, sizeof(*attempt));
	attempt->intent_id = intent_id;
	HASH_ADD(hh, attempts->intents, intent_id, sizeof(attempt->intent_id), attempt);
	return attempt;
}

void lc_attempts_note_doubt(struct lc_attempts *attempts, uint64_t intent_id)
{
	if (intent_id >= attempts->first_intent_id)
		get(attempts, intent_id)->doubt = true;
}

bool lc_attempts_none_stored(const struct lc_attempts *attempts, uint64_t intent_id)
{
	const struct attempt *attempt = find(attempts, intent_id);

	return intent_id >= attempts->first_intent_id && (attempt == NULL || !attempt->doubt);
}

void lc_attempts_note_leftover(struct lc_attempts *attempts, uint64_t intent_id)
{
	if (intent_id >= attempts->first_intent_id)
		get(attempts, intent_id)->leftover = true;
}

bool lc_attempts_no_trace(const struct lc_attempts *attempts, uint64_t intent_id)
{
	const struct attempt *attempt = find(attempts, intent_id);

	return lc_attempts_none_stored(attempts, intent_id) &&
	       (attempt == NULL || !attempt->leftover);
}

void lc_attempts_hold(struct lc_attempts *attempts, uint64_t intent_id, uint64_t now_ms,
		      uint64_t initial_ms, uint64_t maximum_ms)
{
	const struct lc_backoff backoff = {.initial_ms = initial_ms, .maximum_ms = maximum_ms};
	struct attempt *attempt = get(attempts, intent_id);

	attempt->held_until_ms = now_ms + lc_backoff_plain_ms(&backoff, attempt->holds++);
}

uint64_t lc_attempts_held_until_ms(const struct lc_attempts *attempts, uint64_t intent_id)
{
	const struct attempt *attempt = find(attempts, intent_id);

	return attempt == NULL ? 0 : attempt->held_until_ms;
}

void lc_attempts_release_all(struct lc_attempts *attempts)
{
	struct attempt *attempt;

	for (attempt = attempts->intents; attempt != NULL; attempt = attempt->hh.next)
		attempt->held_until_ms = 0;
}

void lc_attempts_forget(struct lc_attempts *attempts, uint64_t intent_id)
{
	struct attempt *attempt = find(attempts, intent_id);

	if (attempt == NULL)
		return;
	HASH_DEL(attempts->intents, attempt);
	free(attempt);
}
