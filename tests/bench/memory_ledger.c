/*
 * The ledger's state in memory alone, in place of src/ledger: what the ledger costs is measured
 * against it (tests/bench/ledger_cost.sh). It keeps all that it is told, as the file does, in plain
 * structures of this process; it has no thread, no SQLite and no disk, and dies with its process.
 * Nothing expires: a measurement is shorter than any horizon, and nobody looks at log objects in
 * it.
 */
#include "bench/memory_ledger.h"

#include "base/assert.h"
#include "base/memory.h"
#include "formats/taken_rows.h"

#include <stdlib.h>
#include <string.h>

/* ---- sources ---- */

struct source *memory_source(struct lc_ledger *ledger, const struct lc_ledger_source *of)
{
	char name[NAME_MAX_SIZE];
	struct source *source;
	size_t size;

	memcpy(name, &of->raft_session_id, sizeof(of->raft_session_id));
	size = sizeof(of->raft_session_id) + of->bucket.size;
	LC_ASSERT(size <= sizeof(name));
	memcpy(name + sizeof(of->raft_session_id), of->bucket.data, of->bucket.size);
	HASH_FIND(hh, ledger->sources, name, size, source);
	if (source == NULL) {
		source = lc_memory_zero(1, sizeof(*source));
		memcpy(source->name, name, size);
		source->name_size = size;
		HASH_ADD_KEYPTR(hh, ledger->sources, source->name, size, source);
	}
	return source;
}

struct slot *memory_slot(struct source *source, uint32_t second)
{
	uint32_t begin = second / LC_LEDGER_SLOT_SECONDS * LC_LEDGER_SLOT_SECONDS;
	struct slot *slot;

	HASH_FIND(hh, source->slots, &begin, sizeof(begin), slot);
	if (slot == NULL) {
		slot = lc_memory_zero(1, sizeof(*slot));
		slot->second = begin;
		HASH_ADD(hh, source->slots, second, sizeof(slot->second), slot);
	}
	return slot;
}

/* ---- answers, from the loop ---- */

struct lc_ledger_command *memory_answer(struct lc_ledger *ledger, void *context)
{
	struct lc_ledger_command *answer = lc_memory_zero(1, sizeof(*answer));

	answer->context = context;
	STAILQ_INSERT_TAIL(&ledger->answers, answer, next);
	if (!lc_loop_timer_running(ledger->timer))
		lc_loop_timer_start(ledger->timer, 0);
	return answer;
}

void lc_ledger_cancel(struct lc_ledger_command *command)
{
	if (command != NULL)
		command->cancelled = true;
}

static void release_answer(struct lc_ledger_command *answer)
{
	free(answer->hashes.hashes);
	free(answer->intents.intents);
	free(answer->counts);
	free(answer);
}

static void give(struct lc_ledger_command *answer)
{
	if (answer->cancelled)
		return;
	if (answer->durable != NULL)
		answer->durable(answer->context);
	else if (answer->on_hashes != NULL)
		answer->on_hashes(answer->context, &answer->hashes);
	else if (answer->on_intents != NULL)
		answer->on_intents(answer->context, &answer->intents);
	else if (answer->on_counts != NULL)
		answer->on_counts(answer->context, answer->counts, answer->count);
	else if (answer->on_horizon != NULL)
		answer->on_horizon(answer->context, answer->horizon);
	else if (answer->on_objects != NULL)
		answer->on_objects(answer->context, NULL, 0);
}

/* As many as there are now: those called back may ask again. */
static void on_timer(void *context)
{
	struct lc_ledger *ledger = context;
	STAILQ_HEAD(, lc_ledger_command) answers = STAILQ_HEAD_INITIALIZER(answers);
	struct lc_ledger_command *answer;

	STAILQ_CONCAT(&answers, &ledger->answers);
	while ((answer = STAILQ_FIRST(&answers)) != NULL) {
		STAILQ_REMOVE_HEAD(&answers, next);
		give(answer);
		release_answer(answer);
	}
}

/* ---- opening ---- */

struct lc_ledger *lc_ledger_open(struct lc_loop *loop, const struct lc_ledger_options *options,
				 struct lc_counters *counters, struct lc_ledger_state *state,
				 void (*on_corrupt)(void *context, const struct lc_error *error),
				 void *context, struct lc_error *error)
{
	struct lc_ledger *ledger = lc_memory_zero(1, sizeof(*ledger));

	(void)options;
	(void)counters;
	(void)on_corrupt;
	(void)context;
	(void)error;
	state->fresh = true;
	state->next_intent_id = 1;
	STAILQ_INIT(&ledger->answers);
	ledger->timer = lc_loop_timer_new(loop, on_timer, ledger);
	return ledger;
}

static void release_source(struct source *source)
{
	struct slot *slot;
	struct slot *next;

	HASH_ITER(hh, source->slots, slot, next)
	{
		HASH_DEL(source->slots, slot);
		free(slot);
	}
	free(source->ranges);
	free(source);
}

void lc_ledger_close(struct lc_ledger *ledger)
{
	struct lc_ledger_command *answer;
	struct kept *object;
	struct kept *next_object;
	struct source *source;
	struct source *next_source;

	if (ledger == NULL)
		return;
	while ((answer = STAILQ_FIRST(&ledger->answers)) != NULL) {
		STAILQ_REMOVE_HEAD(&ledger->answers, next);
		release_answer(answer);
	}
	HASH_ITER(hh, ledger->objects, object, next_object)
	{
		HASH_DEL(ledger->objects, object);
		lc_arena_free(&object->bytes);
		free(object);
	}
	HASH_ITER(hh, ledger->sources, source, next_source)
	{
		HASH_DEL(ledger->sources, source);
		release_source(source);
	}
	lc_loop_timer_free(ledger->timer);
	free(ledger);
}

uint32_t lc_ledger_seen_until(const struct lc_ledger *ledger, uint32_t raft_session_id)
{
	(void)ledger;
	(void)raft_session_id;
	return 0;
}

/* ---- writes ---- */

void lc_ledger_set_until(struct lc_ledger *ledger, uint32_t until)
{
	ledger->until = until;
}

void lc_ledger_set_horizon(struct lc_ledger *ledger, uint32_t horizon)
{
	ledger->horizon = horizon;
}

void lc_ledger_set_steady_clock(struct lc_ledger *ledger, uint64_t shows_ms, uint64_t at_ms)
{
	(void)ledger;
	(void)shows_ms;
	(void)at_ms;
}

/* Nothing is ever dropped here. */
struct lc_ledger_command *lc_ledger_lower_horizon(struct lc_ledger *ledger, uint32_t bound,
						  lc_ledger_horizon_callback *callback,
						  void *context)
{
	struct lc_ledger_command *answer = memory_answer(ledger, context);

	if (bound < ledger->horizon)
		ledger->horizon = bound;
	answer->on_horizon = callback;
	answer->horizon = ledger->horizon;
	return answer;
}

void lc_ledger_expire(struct lc_ledger *ledger, uint32_t bound)
{
	(void)ledger;
	(void)bound;
}

void lc_ledger_set_target(struct lc_ledger *ledger, const struct lc_ledger_target *target)
{
	(void)ledger;
	(void)target;
}

void lc_ledger_set_ranges(struct lc_ledger *ledger, const struct lc_ledger_source *of,
			  const struct lc_ledger_range *ranges, size_t count)
{
	struct source *source = memory_source(ledger, of);

	source->ranges = lc_memory_resize(source->ranges, count + 1, sizeof(ranges[0]));
	if (count > 0)
		memcpy(source->ranges, ranges, count * sizeof(ranges[0]));
	source->range_count = count;
}

void lc_ledger_set_floor(struct lc_ledger *ledger, const struct lc_ledger_source *of,
			 const struct lc_offset *floor)
{
	memory_source(ledger, of)->committed = floor->inserted_at;
}

void lc_ledger_add_intent(struct lc_ledger *ledger, const struct lc_ledger_intent *intent)
{
	struct kept *object = lc_memory_zero(1, sizeof(*object));
	struct source *source = memory_source(ledger, &intent->source);
	struct lc_ledger_intent *kept = &object->intent;
	struct lc_taken_second second = {0};
	struct lc_error error;
	size_t position = 0;

	lc_arena_init(&object->bytes, intent->taken_rows.size + 512);
	*kept = *intent;
	kept->source.bucket = lc_arena_copy(&object->bytes, intent->source.bucket);
	kept->target_bucket = lc_arena_copy(&object->bytes, intent->target_bucket);
	kept->target_prefix = lc_arena_copy(&object->bytes, intent->target_prefix);
	kept->key = lc_arena_copy(&object->bytes, intent->key);
	kept->taken_rows = lc_arena_copy(&object->bytes, intent->taken_rows);
	HASH_ADD(hh, ledger->objects, intent.id, sizeof(kept->id), object);
	SLIST_INSERT_HEAD(&source->objects, object, of_source);
	while (lc_taken_rows_next(kept->taken_rows, &position, &second, &error))
		memory_slot(source, second.second)->rows += second.count;
}

static void close_intent(struct lc_ledger *ledger, uint64_t id)
{
	struct kept *object;

	HASH_FIND(hh, ledger->objects, &id, sizeof(id), object);
	LC_ASSERT(object != NULL);
	object->closed = true;
}

void lc_ledger_set_delivered(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second)
{
	(void)last_second;
	close_intent(ledger, intent_id);
}

void lc_ledger_set_lost(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second,
			enum lc_ledger_loss loss)
{
	(void)last_second;
	(void)loss;
	close_intent(ledger, intent_id);
}

/* What is measured refuses nothing. */
void lc_ledger_withdraw_intent(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second)
{
	(void)ledger;
	(void)intent_id;
	(void)last_second;
	LC_ASSERT(false);
}

void lc_ledger_when_durable(struct lc_ledger *ledger, lc_ledger_callback *callback, void *context)
{
	memory_answer(ledger, context)->durable = callback;
}
