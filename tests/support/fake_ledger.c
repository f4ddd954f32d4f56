#include "support/fake_ledger.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/queue.h>

enum { TEXT_MAX = 1024 * 1024 };

/* Somebody to be called back; one of the callbacks is set at most. */
struct lc_ledger_command {
	lc_ledger_callback *durable;
	lc_ledger_surplus_callback *committed;
	struct lc_ledger_count *offsets; /* with it; owned, but for their names */
	size_t offset_count;
	lc_ledger_surplus_callback *counts;
	lc_ledger_intents_callback *intents;
	lc_ledger_hashes_callback *hashes;
	lc_ledger_horizon_callback *horizon;
	void *context;
	bool cancelled;
	STAILQ_ENTRY(lc_ledger_command) next;
};

struct lc_ledger {
	struct lc_buffer told;    /* since the last time */
	struct lc_buffer reading; /* what the last fake_ledger_told has returned */
	STAILQ_HEAD(, lc_ledger_command) waiting;
	uint32_t seen_until;
	uint64_t steady_ms;
	uint32_t committed;   /* of every source */
	size_t intents_limit; /* of the last question for intents */
	uint64_t intents_bytes;
};

struct lc_ledger *fake_ledger_new(void)
{
	struct lc_ledger *ledger = lc_memory_zero(1, sizeof(*ledger));

	lc_buffer_init(&ledger->told, TEXT_MAX);
	lc_buffer_init(&ledger->reading, TEXT_MAX);
	STAILQ_INIT(&ledger->waiting);
	return ledger;
}

static struct lc_ledger_command take_first(struct lc_ledger *ledger)
{
	struct lc_ledger_command *first = STAILQ_FIRST(&ledger->waiting);
	struct lc_ledger_command copy = *first;

	STAILQ_REMOVE_HEAD(&ledger->waiting, next);
	free(first);
	return copy;
}

void fake_ledger_free(struct lc_ledger *ledger)
{
	while (!STAILQ_EMPTY(&ledger->waiting))
		free(take_first(ledger).offsets);
	lc_buffer_free(&ledger->told);
	lc_buffer_free(&ledger->reading);
	free(ledger);
}

const char *fake_ledger_told(struct lc_ledger *ledger)
{
	lc_buffer_clear(&ledger->reading);
	lc_buffer_append_view(&ledger->reading, lc_buffer_view(&ledger->told));
	lc_buffer_clear(&ledger->told);
	LC_ASSERT(!lc_buffer_failed(&ledger->reading));
	return lc_buffer_text(&ledger->reading);
}

size_t fake_ledger_waiting(const struct lc_ledger *ledger)
{
	const struct lc_ledger_command *waiting;
	size_t count = 0;

	STAILQ_FOREACH(waiting, &ledger->waiting, next)
	{
		count++;
	}
	return count;
}

void fake_ledger_set_committed(struct lc_ledger *ledger, uint32_t second)
{
	ledger->committed = second;
}

uint64_t fake_ledger_steady_ms(const struct lc_ledger *ledger)
{
	return ledger->steady_ms;
}

void fake_ledger_set_seen_until(struct lc_ledger *ledger, uint32_t until)
{
	ledger->seen_until = until;
}

uint32_t lc_ledger_seen_until(const struct lc_ledger *ledger, uint32_t raft_session_id)
{
	(void)raft_session_id;
	return ledger->seen_until;
}

static struct lc_ledger_command *wait_for(struct lc_ledger *ledger,
					  struct lc_ledger_command waiting)
{
	struct lc_ledger_command *kept = lc_memory_zero(1, sizeof(*kept));

	*kept = waiting;
	STAILQ_INSERT_TAIL(&ledger->waiting, kept, next);
	return kept;
}

/* It is still to be answered, in vain: as by the ledger, which does not know. */
void lc_ledger_cancel(struct lc_ledger_command *command)
{
	if (command != NULL)
		command->cancelled = true;
}

static bool is_write(const struct lc_ledger_command *waiting)
{
	return waiting->durable != NULL || waiting->committed != NULL;
}

static void answer_committed(const struct lc_ledger *ledger,
			     const struct lc_ledger_command *waiting)
{
	size_t count = 0;

	for (size_t i = 0; i < waiting->offset_count; i++) {
		if (waiting->offsets[i].second >= ledger->committed)
			waiting->offsets[count++] = waiting->offsets[i];
	}
	waiting->committed(waiting->context, waiting->offsets, count);
}

void fake_ledger_confirm(struct lc_ledger *ledger)
{
	size_t count = fake_ledger_waiting(ledger);

	/* What is written by those called back is not on disk yet. */
	while (count-- > 0 && is_write(STAILQ_FIRST(&ledger->waiting))) {
		struct lc_ledger_command first = take_first(ledger);

		if (first.durable != NULL)
			first.durable(first.context);
		else
			answer_committed(ledger, &first);
		free(first.offsets);
	}
}

void fake_ledger_answer_counts(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			       size_t count)
{
	struct lc_ledger_command first;

	LC_ASSERT(!STAILQ_EMPTY(&ledger->waiting));
	first = take_first(ledger);
	LC_ASSERT(first.counts != NULL);
	if (!first.cancelled)
		first.counts(first.context, counts, count);
}

static void answer_intents(struct lc_ledger *ledger, const struct lc_ledger_intent *intents,
			   size_t count, uint32_t oldest_second, bool more)
{
	struct lc_ledger_intents answer = {
	    .count = count, .more = more, .oldest_second = oldest_second};
	struct lc_ledger_command first;

	LC_ASSERT(!STAILQ_EMPTY(&ledger->waiting));
	first = take_first(ledger);
	LC_ASSERT(first.intents != NULL);
	answer.intents = lc_memory_zero(count + 1, sizeof(intents[0]));
	for (size_t i = 0; i < count; i++) {
		answer.intents[i] = intents[i];
		if (answer.oldest_second == 0 || intents[i].first_second < answer.oldest_second)
			answer.oldest_second = intents[i].first_second;
	}
	if (!first.cancelled)
		first.intents(first.context, &answer);
	free(answer.intents);
}

void fake_ledger_answer_intents(struct lc_ledger *ledger, const struct lc_ledger_intent *intents,
				size_t count)
{
	answer_intents(ledger, intents, count, 0, false);
}

void fake_ledger_answer_some_intents(struct lc_ledger *ledger,
				     const struct lc_ledger_intent *intents, size_t count,
				     uint32_t oldest_second)
{
	answer_intents(ledger, intents, count, oldest_second, true);
}

size_t fake_ledger_intents_limit(const struct lc_ledger *ledger)
{
	return ledger->intents_limit;
}

uint64_t fake_ledger_intents_bytes(const struct lc_ledger *ledger)
{
	return ledger->intents_bytes;
}

void fake_ledger_answer_hashes(struct lc_ledger *ledger)
{
	struct lc_ledger_hashes none = {.hashes = NULL};
	struct lc_ledger_command first;

	LC_ASSERT(!STAILQ_EMPTY(&ledger->waiting));
	first = take_first(ledger);
	LC_ASSERT(first.hashes != NULL);
	if (!first.cancelled)
		first.hashes(first.context, &none);
}

void fake_ledger_answer_horizon(struct lc_ledger *ledger, uint32_t horizon)
{
	struct lc_ledger_command first;

	LC_ASSERT(!STAILQ_EMPTY(&ledger->waiting));
	first = take_first(ledger);
	LC_ASSERT(first.horizon != NULL);
	if (!first.cancelled)
		first.horizon(first.context, horizon);
}

/* ---- what the ledger is told ---- */

static void tell(struct lc_ledger *ledger, const char *what, uint32_t second)
{
	lc_buffer_append_format(&ledger->told, "%s %" PRIu32 "\n", what, second);
}

static void tell_of(struct lc_ledger *ledger, const char *what,
		    const struct lc_ledger_source *source)
{
	lc_buffer_append_format(&ledger->told, "%s %" PRIu32 "/", what, source->raft_session_id);
	lc_buffer_append_view(&ledger->told, source->bucket);
}

void lc_ledger_set_until(struct lc_ledger *ledger, uint32_t until)
{
	tell(ledger, "until", until);
}

void lc_ledger_set_horizon(struct lc_ledger *ledger, uint32_t horizon)
{
	tell(ledger, "horizon", horizon);
}

void lc_ledger_set_steady_clock(struct lc_ledger *ledger, uint64_t shows_ms, uint64_t at_ms)
{
	(void)at_ms;
	ledger->steady_ms = shows_ms;
}

struct lc_ledger_command *lc_ledger_lower_horizon(struct lc_ledger *ledger, uint32_t bound,
						  lc_ledger_horizon_callback *callback,
						  void *context)
{
	tell(ledger, "lower?", bound);
	return wait_for(ledger,
			(struct lc_ledger_command){.horizon = callback, .context = context});
}

void lc_ledger_expire(struct lc_ledger *ledger, uint32_t bound)
{
	tell(ledger, "expire", bound);
}

void lc_ledger_set_ranges(struct lc_ledger *ledger, const struct lc_ledger_source *source,
			  const struct lc_ledger_range *ranges, size_t count)
{
	tell_of(ledger, "ranges", source);
	for (size_t i = 0; i < count; i++)
		lc_buffer_append_format(&ledger->told, " %" PRIu32 "-%" PRIu32 "@%" PRIu32,
					ranges[i].from, ranges[i].to, ranges[i].since);
	lc_buffer_append_char(&ledger->told, '\n');
}

void lc_ledger_set_floor(struct lc_ledger *ledger, const struct lc_ledger_source *source,
			 const struct lc_offset *floor)
{
	tell_of(ledger, "floor", source);
	lc_buffer_append_format(&ledger->told, " %" PRIu32 " %" PRIi64 " ", floor->inserted_at,
				floor->start_time_ms);
	lc_buffer_append_view(&ledger->told, floor->req_id);
	lc_buffer_append_char(&ledger->told, '\n');
}

void lc_ledger_add_intent(struct lc_ledger *ledger, const struct lc_ledger_intent *intent)
{
	lc_buffer_append_format(&ledger->told, "intent %" PRIu64 " ", intent->id);
	lc_buffer_append_format(&ledger->told, "%" PRIu32 "/", intent->source.raft_session_id);
	lc_buffer_append_view(&ledger->told, intent->source.bucket);
	lc_buffer_append_char(&ledger->told, ' ');
	lc_buffer_append_view(&ledger->told, intent->target_bucket);
	lc_buffer_append_char(&ledger->told, ' ');
	lc_buffer_append_view(&ledger->told, intent->key);
	lc_buffer_append_char(&ledger->told, '\n');
}

static void tell_closed(struct lc_ledger *ledger, const char *what, uint64_t intent_id,
			uint32_t last_second)
{
	lc_buffer_append_format(&ledger->told, "%s %" PRIu64 " %" PRIu32 "\n", what, intent_id,
				last_second);
}

void lc_ledger_set_delivered(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second)
{
	tell_closed(ledger, "delivered", intent_id, last_second);
}

void lc_ledger_set_lost(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second,
			enum lc_ledger_loss loss)
{
	tell_closed(ledger, loss == LC_LEDGER_LOST_EXPIRED ? "expired" : "discarded", intent_id,
		    last_second);
}

void lc_ledger_withdraw_intent(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second)
{
	tell_closed(ledger, "withdrawn", intent_id, last_second);
}

static void tell_target(struct lc_ledger *ledger, struct lc_view bucket, struct lc_view prefix,
			bool whole)
{
	lc_buffer_append_view(&ledger->told, bucket);
	if (!whole)
		lc_buffer_append_char(&ledger->told, '/');
	lc_buffer_append_view(&ledger->told, prefix);
}

void lc_ledger_set_target(struct lc_ledger *ledger, const struct lc_ledger_target *target)
{
	static const char *const given_up[] = {"", " ignored", " discarded"};

	lc_buffer_append_text(&ledger->told, "target ");
	tell_target(ledger, target->bucket, target->prefix, target->whole);
	lc_buffer_append_format(&ledger->told, " %u%s%s\n", target->failures,
				target->refused ? " refused" : "", given_up[target->given_up]);
}

/* ---- what it is asked ---- */

void lc_ledger_when_durable(struct lc_ledger *ledger, lc_ledger_callback *callback, void *context)
{
	lc_buffer_append_text(&ledger->told, "durable?\n");
	wait_for(ledger, (struct lc_ledger_command){.durable = callback, .context = context});
}

void lc_ledger_set_committed(struct lc_ledger *ledger, const struct lc_ledger_count *offsets,
			     size_t count, lc_ledger_surplus_callback *callback, void *context)
{
	struct lc_ledger_count *kept = lc_memory_zero(count + 1, sizeof(kept[0]));

	for (size_t i = 0; i < count; i++) {
		kept[i] = offsets[i];
		tell_of(ledger, "committed", &offsets[i].source);
		lc_buffer_append_format(&ledger->told, " %" PRIu32 "\n", offsets[i].second);
	}
	if (callback == NULL) {
		free(kept);
		return;
	}
	lc_buffer_append_text(&ledger->told, "durable?\n");
	wait_for(ledger, (struct lc_ledger_command){.committed = callback,
						    .offsets = kept,
						    .offset_count = count,
						    .context = context});
}

struct lc_ledger_command *lc_ledger_read_intents(struct lc_ledger *ledger,
						 const struct lc_ledger_intents_question *question,
						 lc_ledger_intents_callback *callback,
						 void *context)
{
	LC_ASSERT(question->limit > 0);
	ledger->intents_limit = question->limit;
	ledger->intents_bytes = question->max_bytes;
	lc_buffer_append_text(&ledger->told, "intents? ");
	tell_target(ledger, question->bucket, question->prefix, false);
	lc_buffer_append_format(&ledger->told, " %" PRIu64 "\n", question->after_id);
	return wait_for(ledger,
			(struct lc_ledger_command){.intents = callback, .context = context});
}

struct lc_ledger_command *lc_ledger_read_hashes(struct lc_ledger *ledger,
						const struct lc_ledger_source *source,
						uint32_t from, uint32_t to,
						lc_ledger_hashes_callback *callback, void *context)
{
	tell_of(ledger, "hashes?", source);
	lc_buffer_append_format(&ledger->told, " %" PRIu32 "-%" PRIu32 "\n", from, to);
	return wait_for(ledger, (struct lc_ledger_command){.hashes = callback, .context = context});
}

static struct lc_ledger_command *ask_counts(struct lc_ledger *ledger, const char *what,
					    const struct lc_ledger_count *counts, size_t count,
					    lc_ledger_surplus_callback *callback, void *context)
{
	lc_buffer_append_text(&ledger->told, what);
	for (size_t i = 0; i < count; i++) {
		tell_of(ledger, "", &counts[i].source);
		lc_buffer_append_format(&ledger->told, " %" PRIu32 "=%" PRIu64, counts[i].second,
					counts[i].rows);
	}
	lc_buffer_append_char(&ledger->told, '\n');
	return wait_for(ledger, (struct lc_ledger_command){.counts = callback, .context = context});
}

struct lc_ledger_command *
lc_ledger_find_surplus_slots(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			     size_t count, lc_ledger_surplus_callback *callback, void *context)
{
	return ask_counts(ledger, "slots?", counts, count, callback, context);
}

struct lc_ledger_command *
lc_ledger_find_surplus_seconds(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			       size_t count, lc_ledger_surplus_callback *callback, void *context)
{
	return ask_counts(ledger, "seconds?", counts, count, callback, context);
}

struct lc_ledger_command *lc_ledger_find_ahead(struct lc_ledger *ledger,
					       const struct lc_ledger_count *offsets, size_t count,
					       lc_ledger_surplus_callback *callback, void *context)
{
	return ask_counts(ledger, "ahead?", offsets, count, callback, context);
}
