/* Each call becomes a command for what runs the ledger. */
#include "ledger/ledger.h"

#include "base/assert.h"
#include "ledger/ledger_command.h"

#include <string.h>

static struct lc_ledger_source keep_source(struct lc_ledger_command *command,
					   const struct lc_ledger_source *source)
{
	return (struct lc_ledger_source){
	    .raft_session_id = source->raft_session_id,
	    .bucket = lc_arena_copy(&command->bytes, source->bucket),
	};
}

static void push_second(struct lc_ledger *ledger, enum lc_ledger_command_kind kind, uint32_t second)
{
	struct lc_ledger_command *command = lc_ledger_command_new(kind, 0);

	command->as.second = second;
	lc_ledger_push(ledger, command);
}

void lc_ledger_set_until(struct lc_ledger *ledger, uint32_t until)
{
	push_second(ledger, LC_LEDGER_COMMAND_SET_UNTIL, until);
}

void lc_ledger_set_horizon(struct lc_ledger *ledger, uint32_t horizon)
{
	push_second(ledger, LC_LEDGER_COMMAND_SET_HORIZON, horizon);
}

void lc_ledger_set_steady_clock(struct lc_ledger *ledger, uint64_t shows_ms, uint64_t at_ms)
{
	struct lc_ledger_command *command =
	    lc_ledger_command_new(LC_LEDGER_COMMAND_SET_STEADY_CLOCK, 0);

	command->as.steady.shows_ms = shows_ms;
	command->as.steady.at_ms = at_ms;
	lc_ledger_push(ledger, command);
}

struct lc_ledger_command *lc_ledger_lower_horizon(struct lc_ledger *ledger, uint32_t bound,
						  lc_ledger_horizon_callback *callback,
						  void *context)
{
	struct lc_ledger_command *command =
	    lc_ledger_command_new(LC_LEDGER_COMMAND_LOWER_HORIZON, 0);

	command->as.lower.bound = bound;
	command->as.lower.callback = callback;
	command->context = context;
	lc_ledger_push(ledger, command);
	return command;
}

void lc_ledger_expire(struct lc_ledger *ledger, uint32_t bound)
{
	struct lc_ledger_command *command = lc_ledger_command_new(LC_LEDGER_COMMAND_EXPIRE, 0);

	command->as.expire.bound = bound;
	lc_ledger_push(ledger, command);
}

void lc_ledger_set_ranges(struct lc_ledger *ledger, const struct lc_ledger_source *source,
			  const struct lc_ledger_range *ranges, size_t count)
{
	size_t size = count * sizeof ranges[0];
	struct lc_ledger_command *command =
	    lc_ledger_command_new(LC_LEDGER_COMMAND_SET_RANGES, source->bucket.size + size + 32);

	for (size_t i = 0; i < count; i++)
		LC_ASSERT(ranges[i].from < ranges[i].to &&
			  (i == 0 || ranges[i - 1].to <= ranges[i].from));
	command->as.ranges.ranges = lc_arena_alloc(&command->bytes, size);
	if (count > 0)
		memcpy(command->as.ranges.ranges, ranges, size);
	command->as.ranges.count = count;
	command->as.ranges.source = keep_source(command, source);
	lc_ledger_push(ledger, command);
}

void lc_ledger_set_floor(struct lc_ledger *ledger, const struct lc_ledger_source *source,
			 const struct lc_offset *floor)
{
	struct lc_ledger_command *command = lc_ledger_command_new(
	    LC_LEDGER_COMMAND_SET_FLOOR, source->bucket.size + floor->req_id.size + 32);

	command->as.floor.source = keep_source(command, source);
	command->as.floor.offset = *floor;
	command->as.floor.offset.req_id = lc_arena_copy(&command->bytes, floor->req_id);
	lc_ledger_push(ledger, command);
}

void lc_ledger_add_intent(struct lc_ledger *ledger, const struct lc_ledger_intent *intent)
{
	size_t size = intent->source.bucket.size + intent->target_bucket.size +
		      intent->target_prefix.size + intent->key.size + intent->taken_rows.size + 80;
	struct lc_ledger_command *command =
	    lc_ledger_command_new(LC_LEDGER_COMMAND_ADD_INTENT, size);
	struct lc_ledger_intent *kept = &command->as.intent;

	LC_ASSERT(intent->id > 0 && intent->id < INT64_MAX && intent->rows > 0);
	LC_ASSERT(intent->first_second <= intent->last_second);
	*kept = *intent;
	kept->source = keep_source(command, &intent->source);
	kept->target_bucket = lc_arena_copy(&command->bytes, intent->target_bucket);
	kept->target_prefix = lc_arena_copy(&command->bytes, intent->target_prefix);
	kept->key = lc_arena_copy(&command->bytes, intent->key);
	kept->taken_rows = lc_arena_copy(&command->bytes, intent->taken_rows);
	lc_ledger_push(ledger, command);
}

static void push_closed(struct lc_ledger *ledger, enum lc_ledger_command_kind kind,
			uint64_t intent_id, uint32_t last_second, enum lc_ledger_loss loss)
{
	struct lc_ledger_command *command = lc_ledger_command_new(kind, 0);

	command->as.closed.intent_id = intent_id;
	command->as.closed.last_second = last_second;
	command->as.closed.loss = loss;
	lc_ledger_push(ledger, command);
}

void lc_ledger_set_delivered(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second)
{
	push_closed(ledger, LC_LEDGER_COMMAND_SET_DELIVERED, intent_id, last_second,
		    LC_LEDGER_NOT_LOST);
}

void lc_ledger_set_lost(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second,
			enum lc_ledger_loss loss)
{
	push_closed(ledger, LC_LEDGER_COMMAND_SET_LOST, intent_id, last_second, loss);
}

void lc_ledger_withdraw_intent(struct lc_ledger *ledger, uint64_t intent_id, uint32_t last_second)
{
	push_closed(ledger, LC_LEDGER_COMMAND_WITHDRAW_INTENT, intent_id, last_second,
		    LC_LEDGER_NOT_LOST);
}

void lc_ledger_set_target(struct lc_ledger *ledger, const struct lc_ledger_target *target)
{
	struct lc_ledger_command *command = lc_ledger_command_new(
	    LC_LEDGER_COMMAND_SET_TARGET, target->bucket.size + target->prefix.size);

	command->as.target = *target;
	command->as.target.bucket = lc_arena_copy(&command->bytes, target->bucket);
	command->as.target.prefix = lc_arena_copy(&command->bytes, target->prefix);
	lc_ledger_push(ledger, command);
}

void lc_ledger_when_durable(struct lc_ledger *ledger, lc_ledger_callback *callback, void *context)
{
	struct lc_ledger_command *command =
	    lc_ledger_command_new(LC_LEDGER_COMMAND_WHEN_DURABLE, 0);

	command->as.when_durable.callback = callback;
	command->context = context;
	lc_ledger_push(ledger, command);
}

struct lc_ledger_command *lc_ledger_read_hashes(struct lc_ledger *ledger,
						const struct lc_ledger_source *source,
						uint32_t from, uint32_t to,
						lc_ledger_hashes_callback *callback, void *context)
{
	struct lc_ledger_command *command =
	    lc_ledger_command_new(LC_LEDGER_COMMAND_READ_HASHES, source->bucket.size);

	command->as.read_hashes.source = keep_source(command, source);
	command->as.read_hashes.from = from;
	command->as.read_hashes.to = to;
	command->as.read_hashes.callback = callback;
	command->context = context;
	lc_ledger_push(ledger, command);
	return command;
}

struct lc_ledger_command *lc_ledger_read_intents(struct lc_ledger *ledger,
						 const struct lc_ledger_intents_question *question,
						 lc_ledger_intents_callback *callback,
						 void *context)
{
	struct lc_ledger_command *command = lc_ledger_command_new(
	    LC_LEDGER_COMMAND_READ_INTENTS, question->bucket.size + question->prefix.size);
	struct lc_ledger_intents_question *kept = &command->as.read_intents.question;

	*kept = *question;
	kept->bucket = lc_arena_copy(&command->bytes, question->bucket);
	kept->prefix = lc_arena_copy(&command->bytes, question->prefix);
	command->as.read_intents.callback = callback;
	command->context = context;
	lc_ledger_push(ledger, command);
	return command;
}

struct lc_ledger_command *lc_ledger_read_objects(struct lc_ledger *ledger,
						 const struct lc_ledger_source *source,
						 size_t limit, lc_ledger_objects_callback *callback,
						 void *context)
{
	struct lc_ledger_command *command =
	    lc_ledger_command_new(LC_LEDGER_COMMAND_READ_OBJECTS, source->bucket.size);

	command->as.read_objects.source = keep_source(command, source);
	command->as.read_objects.limit = limit;
	command->as.read_objects.callback = callback;
	command->context = context;
	lc_ledger_push(ledger, command);
	return command;
}

struct lc_ledger_command *lc_ledger_read_deliveries(struct lc_ledger *ledger, struct lc_view bucket,
						    size_t limit,
						    lc_ledger_objects_callback *callback,
						    void *context)
{
	struct lc_ledger_command *command =
	    lc_ledger_command_new(LC_LEDGER_COMMAND_READ_DELIVERIES, bucket.size);

	command->as.read_objects.source.bucket = lc_arena_copy(&command->bytes, bucket);
	command->as.read_objects.limit = limit;
	command->as.read_objects.callback = callback;
	command->context = context;
	lc_ledger_push(ledger, command);
	return command;
}

/* Counts of one source follow each other: its name is kept once. */
static void keep_counts(struct lc_ledger_command *command, const struct lc_ledger_count *counts,
			size_t count)
{
	struct lc_ledger_count *kept = lc_arena_alloc(&command->bytes, count * sizeof kept[0]);

	for (size_t i = 0; i < count; i++) {
		kept[i] = counts[i];
		if (i > 0 && lc_view_equal(kept[i - 1].source.bucket, counts[i].source.bucket))
			kept[i].source.bucket = kept[i - 1].source.bucket;
		else
			kept[i].source = keep_source(command, &counts[i].source);
	}
	command->as.find.asked = kept;
	command->as.find.asked_count = count;
}

static struct lc_ledger_command *push_find(struct lc_ledger *ledger,
					   enum lc_ledger_command_kind kind,
					   const struct lc_ledger_count *counts, size_t count,
					   lc_ledger_surplus_callback *callback, void *context)
{
	struct lc_ledger_command *command = lc_ledger_command_new(kind, 1024);

	keep_counts(command, counts, count);
	command->as.find.callback = callback;
	command->context = context;
	lc_ledger_push(ledger, command);
	return command;
}

struct lc_ledger_command *
lc_ledger_find_surplus_slots(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			     size_t count, lc_ledger_surplus_callback *callback, void *context)
{
	return push_find(ledger, LC_LEDGER_COMMAND_FIND_SURPLUS_SLOTS, counts, count, callback,
			 context);
}

struct lc_ledger_command *
lc_ledger_find_surplus_seconds(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			       size_t count, lc_ledger_surplus_callback *callback, void *context)
{
	return push_find(ledger, LC_LEDGER_COMMAND_FIND_SURPLUS_SECONDS, counts, count, callback,
			 context);
}

void lc_ledger_set_committed(struct lc_ledger *ledger, const struct lc_ledger_count *offsets,
			     size_t count, lc_ledger_surplus_callback *callback, void *context)
{
	push_find(ledger, LC_LEDGER_COMMAND_SET_COMMITTED, offsets, count, callback, context);
}

struct lc_ledger_command *lc_ledger_find_ahead(struct lc_ledger *ledger,
					       const struct lc_ledger_count *offsets, size_t count,
					       lc_ledger_surplus_callback *callback, void *context)
{
	return push_find(ledger, LC_LEDGER_COMMAND_FIND_AHEAD, offsets, count, callback, context);
}

struct lc_ledger_command *lc_ledger_freeze(struct lc_ledger *ledger,
					   lc_ledger_frozen_callback *callback, void *context)
{
	struct lc_ledger_command *command = lc_ledger_command_new(LC_LEDGER_COMMAND_FREEZE, 0);

	command->as.freeze.callback = callback;
	command->context = context;
	lc_ledger_push(ledger, command);
	return command;
}

void lc_ledger_thaw(struct lc_ledger *ledger)
{
	lc_ledger_push(ledger, lc_ledger_command_new(LC_LEDGER_COMMAND_THAW, 0));
}

void lc_ledger_cancel(struct lc_ledger_command *command)
{
	if (command != NULL)
		command->cancelled = true;
}
