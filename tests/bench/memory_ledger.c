/*
 * The ledger's state in memory alone, in place of its thread (ledger/ledger_thread.h): what the
 * ledger costs is measured against it (tests/bench/ledger_cost.sh). It keeps all that it is told,
 * as the file does, in plain structures of this process; it has no SQLite and no disk, and dies
 * with its process. Nothing expires: a measurement is shorter than any horizon, and nobody looks at
 * log objects in it.
 */
#include "ledger/ledger_thread.h"

#include "base/assert.h"
#include "base/memory.h"
#include "formats/taken_rows.h"
#include "support/ledger_queue.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum { NAME_MAX_SIZE = 80 };

/* A log object. */
struct kept {
	UT_hash_handle hh; /* by id */
	uint64_t id;
	struct lc_ledger_command *command; /* that has brought it, and holds its bytes */
	bool closed;
	SLIST_ENTRY(kept) of_source;
};

struct slot {
	UT_hash_handle hh; /* by second */
	uint32_t second;
	uint64_t rows;
};

struct source {
	UT_hash_handle hh; /* by name */
	struct lc_ledger_range *ranges;
	size_t range_count;
	uint32_t committed;
	struct slot *slots;
	SLIST_HEAD(, kept) objects;
	size_t name_size;
	char name[NAME_MAX_SIZE];
};

struct lc_ledger {
	struct lc_loop_timer *timer;
	struct lc_ledger_command_list finished;
	struct kept *objects;
	struct source *sources;
	uint32_t until;
	uint32_t horizon;
};

/* ---- sources ---- */

/* The source; it is made when it is new. */
static struct source *source_of(struct lc_ledger *ledger, const struct lc_ledger_source *of)
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

/* The slot that holds this second; it is made when it is new. */
static struct slot *slot_of(struct source *source, uint32_t second)
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

/* ---- writes ---- */

static void set_ranges(struct lc_ledger *ledger, const struct lc_ledger_command *command)
{
	struct source *source = source_of(ledger, &command->as.ranges.source);
	size_t count = command->as.ranges.count;

	source->ranges = lc_memory_resize(source->ranges, count + 1, sizeof(source->ranges[0]));
	if (count > 0)
		memcpy(source->ranges, command->as.ranges.ranges,
		       count * sizeof(source->ranges[0]));
	source->range_count = count;
}

/* The command stays. */
static void add_intent(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	const struct lc_ledger_intent *intent = &command->as.intent;
	struct kept *object = lc_memory_zero(1, sizeof(*object));
	struct source *source = source_of(ledger, &intent->source);
	struct lc_taken_second second = {0};
	struct lc_error error;
	size_t position = 0;

	object->id = intent->id;
	object->command = command;
	HASH_ADD(hh, ledger->objects, id, sizeof(object->id), object);
	SLIST_INSERT_HEAD(&source->objects, object, of_source);
	while (lc_taken_rows_next(intent->taken_rows, &position, &second, &error))
		slot_of(source, second.second)->rows += second.count;
}

static void close_intent(struct lc_ledger *ledger, uint64_t id)
{
	struct kept *object;

	HASH_FIND(hh, ledger->objects, &id, sizeof(id), object);
	LC_ASSERT(object != NULL);
	object->closed = true;
}

/* ---- reads ---- */

static int compare_hashes(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void add_hashes(struct lc_ledger_hashes *hashes, struct lc_view blob, uint32_t from,
		       uint32_t to)
{
	struct lc_taken_second second = {0};
	struct lc_error error;
	size_t position = 0;

	while (lc_taken_rows_next(blob, &position, &second, &error)) {
		if (second.second < from || second.second >= to)
			continue;
		hashes->hashes = lc_memory_resize(hashes->hashes, hashes->count + second.count,
						  sizeof(hashes->hashes[0]));
		for (uint32_t i = 0; i < second.count; i++)
			hashes->hashes[hashes->count++] = lc_taken_rows_hash(&second, i);
	}
}

static void read_hashes(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	struct lc_ledger_hashes *hashes = &command->as.read_hashes.hashes;
	const struct kept *object;

	SLIST_FOREACH(object, &source_of(ledger, &command->as.read_hashes.source)->objects,
		      of_source)
	{
		add_hashes(hashes, object->command->as.intent.taken_rows,
			   command->as.read_hashes.from, command->as.read_hashes.to);
	}
	if (hashes->count > 0)
		qsort(hashes->hashes, hashes->count, sizeof(hashes->hashes[0]), compare_hashes);
}

/* Objects were added in the order of their ids, which uthash keeps. */
static void read_intents(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	const struct lc_ledger_intents_question *question = &command->as.read_intents.question;
	struct lc_ledger_intents *intents = &command->as.read_intents.answer;
	struct kept *object;
	struct kept *next;
	uint64_t bytes = 0;

	intents->intents =
	    lc_arena_alloc(&command->result, question->limit * sizeof(intents->intents[0]));
	HASH_ITER(hh, ledger->objects, object, next)
	{
		const struct lc_ledger_intent *intent = &object->command->as.intent;

		if (object->closed || !lc_view_equal(intent->target_bucket, question->bucket) ||
		    !lc_view_equal(intent->target_prefix, question->prefix))
			continue;
		if (intents->oldest_second == 0 || intent->first_second < intents->oldest_second)
			intents->oldest_second = intent->first_second;
		if (intent->id <= question->after_id)
			continue;
		if (intents->count == question->limit ||
		    (intents->count > 0 && bytes >= question->max_bytes)) {
			intents->more = true;
			continue;
		}
		intents->intents[intents->count++] = *intent;
		bytes += intent->taken_rows.size;
	}
}

static uint64_t rows_of_second(const struct source *source, uint32_t wanted)
{
	struct lc_ledger_hashes hashes = {.hashes = NULL};
	const struct kept *object;

	SLIST_FOREACH(object, &source->objects, of_source)
	{
		add_hashes(&hashes, object->command->as.intent.taken_rows, wanted, wanted + 1);
	}
	free(hashes.hashes);
	return hashes.count;
}

/* What is told of a count that was asked about; false if it is not among the answers. */
static bool find_count(const struct lc_ledger_command *command, struct source *source,
		       struct lc_ledger_count *count)
{
	uint64_t taken;

	if (command->kind == LC_LEDGER_COMMAND_FIND_AHEAD)
		return count->second > source->committed;
	if (command->kind == LC_LEDGER_COMMAND_SET_COMMITTED) {
		source->committed = count->second;
		return true;
	}
	taken = command->kind == LC_LEDGER_COMMAND_FIND_SURPLUS_SLOTS
		    ? slot_of(source, count->second)->rows
		    : rows_of_second(source, count->second);
	count->rows = count->rows > taken ? count->rows - taken : 0;
	return count->rows > 0;
}

static void find(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	size_t count = command->as.find.asked_count;
	struct lc_ledger_count *found = lc_arena_alloc(&command->result, count * sizeof(found[0]));

	command->as.find.found = found;
	for (size_t i = 0; i < count; i++) {
		struct lc_ledger_count *next = &found[command->as.find.found_count];

		*next = command->as.find.asked[i];
		command->as.find.found_count +=
		    find_count(command, source_of(ledger, &next->source), next);
	}
}

static void execute(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	switch (command->kind) {
	case LC_LEDGER_COMMAND_SET_UNTIL:
		ledger->until = command->as.second;
		break;
	case LC_LEDGER_COMMAND_SET_HORIZON:
		ledger->horizon = command->as.second;
		break;
	case LC_LEDGER_COMMAND_SET_RANGES:
		set_ranges(ledger, command);
		break;
	case LC_LEDGER_COMMAND_SET_FLOOR:
		source_of(ledger, &command->as.floor.source)->committed =
		    command->as.floor.offset.inserted_at;
		break;
	case LC_LEDGER_COMMAND_ADD_INTENT:
		add_intent(ledger, command);
		break;
	case LC_LEDGER_COMMAND_SET_DELIVERED:
	case LC_LEDGER_COMMAND_SET_LOST:
		close_intent(ledger, command->as.closed.intent_id);
		break;
	case LC_LEDGER_COMMAND_WITHDRAW_INTENT:
		LC_ASSERT(false); /* what is measured refuses nothing */
		break;
	case LC_LEDGER_COMMAND_LOWER_HORIZON: /* nothing is ever dropped here */
		if (command->as.lower.bound < ledger->horizon)
			ledger->horizon = command->as.lower.bound;
		command->as.lower.horizon = ledger->horizon;
		break;
	case LC_LEDGER_COMMAND_READ_HASHES:
		read_hashes(ledger, command);
		break;
	case LC_LEDGER_COMMAND_READ_INTENTS:
		read_intents(ledger, command);
		break;
	case LC_LEDGER_COMMAND_SET_COMMITTED:
	case LC_LEDGER_COMMAND_FIND_SURPLUS_SLOTS:
	case LC_LEDGER_COMMAND_FIND_SURPLUS_SECONDS:
	case LC_LEDGER_COMMAND_FIND_AHEAD:
		find(ledger, command);
		break;
	case LC_LEDGER_COMMAND_SET_STEADY_CLOCK:
	case LC_LEDGER_COMMAND_SET_TARGET:
	case LC_LEDGER_COMMAND_EXPIRE:
	case LC_LEDGER_COMMAND_FREEZE:
		lc_error_set(&command->as.freeze.error, LC_ERROR_SYSTEM, "there is no file");
		break;
	case LC_LEDGER_COMMAND_THAW:
	case LC_LEDGER_COMMAND_WHEN_DURABLE:
	case LC_LEDGER_COMMAND_READ_OBJECTS:
	case LC_LEDGER_COMMAND_READ_DELIVERIES:
		break;
	}
}

/* It is done at once, and called back from the loop. */
void lc_ledger_push(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	execute(ledger, command);
	if (lc_ledger_command_has_callback(command)) {
		STAILQ_INSERT_TAIL(&ledger->finished, command, next);
		if (!lc_loop_timer_running(ledger->timer))
			lc_loop_timer_start(ledger->timer, 0);
	} else if (command->kind != LC_LEDGER_COMMAND_ADD_INTENT) {
		lc_ledger_command_free(command);
	}
}

bool lc_ledger_is_current(struct lc_ledger *ledger)
{
	(void)ledger;
	return true;
}

uint32_t lc_ledger_seen_until(const struct lc_ledger *ledger, uint32_t raft_session_id)
{
	(void)ledger;
	(void)raft_session_id;
	return 0;
}

/* ---- opening and closing ---- */

static void on_timer(void *context)
{
	struct lc_ledger *ledger = context;

	ledger_queue_finish(&ledger->finished);
}

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
	STAILQ_INIT(&ledger->finished);
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
	struct kept *object;
	struct kept *next_object;
	struct source *source;
	struct source *next_source;

	if (ledger == NULL)
		return;
	lc_ledger_command_free_all(&ledger->finished);
	HASH_ITER(hh, ledger->objects, object, next_object)
	{
		HASH_DEL(ledger->objects, object);
		lc_ledger_command_free(object->command);
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
