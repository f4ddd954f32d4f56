#include "ledger/ledger_command.h"

#include "base/assert.h"
#include "base/memory.h"
#include "ledger/store_counts.h"
#include "ledger/store_hours.h"
#include "ledger/store_objects.h"
#include "ledger/store_sources.h"

#include <stdlib.h>
#include <string.h>

enum { RESULT_CHUNK = 1024 };

static const struct {
	bool writes;
	bool asks;
} KINDS[LC_LEDGER_COMMAND_COUNT] = {
#define LC_LEDGER_COMMAND(name, number, asks_) \
	[LC_LEDGER_COMMAND_##name] = {.writes = (number) != 0, .asks = (asks_)},
#include "tbl/ledger_commands.h"
};

struct lc_ledger_command *lc_ledger_command_new(enum lc_ledger_command_kind kind, size_t bytes)
{
	struct lc_ledger_command *command = lc_memory_zero(1, sizeof *command);

	command->kind = kind;
	lc_arena_init(&command->bytes, bytes);
	lc_arena_init(&command->result, RESULT_CHUNK);
	return command;
}

static void forget_result(struct lc_ledger_command *command)
{
	if (command->kind == LC_LEDGER_COMMAND_READ_HASHES) {
		free(command->as.read_hashes.hashes.hashes);
		command->as.read_hashes.hashes.hashes = NULL;
	}
	lc_arena_free(&command->result);
}

void lc_ledger_command_free(struct lc_ledger_command *command)
{
	if (command == NULL)
		return;
	forget_result(command);
	lc_arena_free(&command->bytes);
	free(command);
}

void lc_ledger_command_free_all(struct lc_ledger_command_list *commands)
{
	struct lc_ledger_command *command;

	while ((command = STAILQ_FIRST(commands)) != NULL) {
		STAILQ_REMOVE_HEAD(commands, next);
		lc_ledger_command_free(command);
	}
}

bool lc_ledger_command_writes(const struct lc_ledger_command *command)
{
	return KINDS[command->kind].writes;
}

static bool find(struct lc_ledger_command *command, struct lc_store *store, struct lc_error *error)
{
	size_t count = command->as.find.asked_count;
	struct lc_ledger_count *counts = lc_arena_alloc(&command->result, count * sizeof counts[0]);

	/* The asked ones stay as they are: the transaction may have to be done again. */
	if (count > 0)
		memcpy(counts, command->as.find.asked, count * sizeof counts[0]);
	command->as.find.found = counts;
	command->as.find.found_count = count;
	if (command->kind == LC_LEDGER_COMMAND_FIND_SURPLUS_SLOTS)
		return lc_store_find_surplus_slots(store, counts, &command->as.find.found_count,
						   error);
	if (command->kind == LC_LEDGER_COMMAND_FIND_SURPLUS_SECONDS)
		return lc_store_find_surplus_seconds(store, counts, &command->as.find.found_count,
						     error);
	if (command->kind == LC_LEDGER_COMMAND_SET_COMMITTED)
		return lc_store_set_committed(store, counts, &command->as.find.found_count, error);
	return lc_store_find_ahead(store, counts, &command->as.find.found_count, error);
}

bool lc_ledger_command_execute(struct lc_ledger_command *command, struct lc_store *store,
			       struct lc_error *error)
{
	forget_result(command);
	switch (command->kind) {
	case LC_LEDGER_COMMAND_SET_UNTIL:
		return lc_store_set_until(store, command->as.second, error);
	case LC_LEDGER_COMMAND_SET_HORIZON:
		return lc_store_set_horizon(store, command->as.second, error);
	case LC_LEDGER_COMMAND_SET_STEADY_CLOCK:
		return lc_store_set_steady_clock(store, command->as.steady.shows_ms,
						 command->as.steady.at_ms, error);
	case LC_LEDGER_COMMAND_LOWER_HORIZON:
		return lc_store_lower_horizon(store, command->as.lower.bound,
					      &command->as.lower.horizon, error);
	case LC_LEDGER_COMMAND_SET_RANGES:
		return lc_store_set_ranges(store, &command->as.ranges.source,
					   command->as.ranges.ranges, command->as.ranges.count,
					   error);
	case LC_LEDGER_COMMAND_SET_FLOOR:
		return lc_store_set_floor(store, &command->as.floor.source,
					  &command->as.floor.offset, error);
	case LC_LEDGER_COMMAND_ADD_INTENT:
		return lc_store_add_intent(store, &command->as.intent, error);
	case LC_LEDGER_COMMAND_SET_DELIVERED:
		return lc_store_set_delivered(store, command->as.closed.intent_id, error);
	case LC_LEDGER_COMMAND_SET_LOST:
		return lc_store_set_lost(store, command->as.closed.intent_id,
					 command->as.closed.last_second, command->as.closed.loss,
					 error);
	case LC_LEDGER_COMMAND_WITHDRAW_INTENT:
		return lc_store_withdraw_intent(store, command->as.closed.intent_id,
						command->as.closed.last_second, error);
	case LC_LEDGER_COMMAND_SET_TARGET:
		return lc_store_set_target(store, &command->as.target, error);
	case LC_LEDGER_COMMAND_EXPIRE:
		command->as.expire.next_hour = command->as.expire.hour;
		return lc_store_expire(store, command->as.expire.bound,
				       &command->as.expire.next_hour, error);
	case LC_LEDGER_COMMAND_WHEN_DURABLE:
	case LC_LEDGER_COMMAND_FREEZE:
	case LC_LEDGER_COMMAND_THAW:
		return true;
	case LC_LEDGER_COMMAND_READ_HASHES:
		return lc_store_read_hashes(store, &command->as.read_hashes.source,
					    command->as.read_hashes.from,
					    command->as.read_hashes.to, &command->result,
					    &command->as.read_hashes.hashes, error);
	case LC_LEDGER_COMMAND_READ_INTENTS:
		return lc_store_read_intents(store, &command->as.read_intents.question,
					     &command->result, &command->as.read_intents.answer,
					     error);
	case LC_LEDGER_COMMAND_SET_COMMITTED:
	case LC_LEDGER_COMMAND_FIND_SURPLUS_SLOTS:
	case LC_LEDGER_COMMAND_FIND_SURPLUS_SECONDS:
	case LC_LEDGER_COMMAND_FIND_AHEAD:
		return find(command, store, error);
	case LC_LEDGER_COMMAND_READ_OBJECTS:
		return lc_store_read_objects(store, &command->as.read_objects.source,
					     command->as.read_objects.limit, &command->result,
					     &command->as.read_objects.objects,
					     &command->as.read_objects.count, error);
	case LC_LEDGER_COMMAND_READ_DELIVERIES:
		return lc_store_read_deliveries(store, command->as.read_objects.source.bucket,
						command->as.read_objects.limit, &command->result,
						&command->as.read_objects.objects,
						&command->as.read_objects.count, error);
	}
	lc_assert_failed("a kind of command", __FILE__, __LINE__, __func__);
}

bool lc_ledger_command_begin_all(const struct lc_ledger_command_list *commands,
				 struct lc_store *store, struct lc_error *error)
{
	struct lc_ledger_command *command;
	bool done = lc_store_begin(store, error);

	STAILQ_FOREACH(command, commands, next)
	{
		if (!done)
			break;
		done = lc_ledger_command_execute(command, store, error);
	}
	if (!done)
		lc_store_roll_back(store);
	return done;
}

void lc_ledger_command_settle_all(const struct lc_ledger_command_list *commands,
				  struct lc_store *store)
{
	struct lc_ledger_command *command;

	STAILQ_FOREACH(command, commands, next)
	{
		if (command->kind == LC_LEDGER_COMMAND_FREEZE) {
			command->as.freeze.error.kind = LC_ERROR_NONE;
			lc_store_freeze(store, &command->as.freeze.frozen,
					&command->as.freeze.error);
		} else if (command->kind == LC_LEDGER_COMMAND_THAW) {
			lc_store_thaw(store);
		}
	}
}

bool lc_ledger_command_goes_on(struct lc_ledger_command *command)
{
	if (command->kind != LC_LEDGER_COMMAND_EXPIRE || command->as.expire.one_step)
		return false;
	command->as.expire.hour = command->as.expire.next_hour;
	return command->as.expire.hour != 0;
}

bool lc_ledger_command_has_callback(const struct lc_ledger_command *command)
{
	if (command->kind == LC_LEDGER_COMMAND_SET_COMMITTED)
		return command->as.find.callback != NULL;
	if (command->kind == LC_LEDGER_COMMAND_LOWER_HORIZON)
		return command->as.lower.callback != NULL;
	return !KINDS[command->kind].writes && command->kind != LC_LEDGER_COMMAND_THAW;
}

bool lc_ledger_command_asks(const struct lc_ledger_command *command)
{
	return KINDS[command->kind].asks;
}

static void finish_find(const struct lc_ledger_command *command)
{
	command->as.find.callback(command->context, command->as.find.found,
				  command->as.find.found_count);
}

void lc_ledger_command_finish(struct lc_ledger_command *command)
{
	void *context = command->context;

	LC_ASSERT(lc_ledger_command_has_callback(command));
	if (command->cancelled)
		return;
	if (command->kind == LC_LEDGER_COMMAND_WHEN_DURABLE)
		command->as.when_durable.callback(context);
	else if (command->kind == LC_LEDGER_COMMAND_FREEZE)
		command->as.freeze.callback(context, &command->as.freeze.error,
					    &command->as.freeze.frozen);
	else if (command->kind == LC_LEDGER_COMMAND_LOWER_HORIZON)
		command->as.lower.callback(context, command->as.lower.horizon);
	else if (command->kind == LC_LEDGER_COMMAND_READ_HASHES)
		command->as.read_hashes.callback(context, &command->as.read_hashes.hashes);
	else if (command->kind == LC_LEDGER_COMMAND_READ_INTENTS)
		command->as.read_intents.callback(context, &command->as.read_intents.answer);
	else if (command->kind == LC_LEDGER_COMMAND_READ_OBJECTS ||
		 command->kind == LC_LEDGER_COMMAND_READ_DELIVERIES)
		command->as.read_objects.callback(context, command->as.read_objects.objects,
						  command->as.read_objects.count);
	else
		finish_find(command);
}
