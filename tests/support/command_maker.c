#include "support/command_maker.h"

#include "base/assert.h"
#include "formats/taken_rows.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	START = 1700000000 / 86400 * 86400 + 43200, /* noon of a day */
	HOUR = 3600,
	BYTES = 512,
	BUCKETS = 5,
	SESSIONS = 4,
	TARGETS = 3,
	COUNTS = 5,
	RANGES = 4,
	SECONDS = 5,
	ROWS = 4,
};

void lc_command_maker_init(struct lc_command_maker *maker, uint64_t seed)
{
	*maker = (struct lc_command_maker){.now = START, .next_intent_id = 1};
	lc_random_seed(&maker->random, seed);
}

uint64_t lc_command_maker_below(struct lc_command_maker *maker, uint64_t limit)
{
	return lc_random_next(&maker->random) % limit;
}

static uint32_t below(struct lc_command_maker *maker, uint32_t limit)
{
	return (uint32_t)lc_command_maker_below(maker, limit);
}

static uint32_t some_second(struct lc_command_maker *maker)
{
	return maker->now - below(maker, 5 * HOUR);
}

/* A text of the command's own; some are empty. */
static struct lc_view some_text(struct lc_command_maker *maker, struct lc_ledger_command *command,
				const char *beginning, uint32_t count)
{
	uint32_t number = below(maker, count);
	char text[64];

	if (number == 0)
		return lc_view_of("");
	snprintf(text, sizeof text, "%s-%u", beginning, (unsigned)number);
	return lc_arena_copy(&command->bytes, lc_view_of(text));
}

static struct lc_ledger_source some_source(struct lc_command_maker *maker,
					   struct lc_ledger_command *command)
{
	return (struct lc_ledger_source){.raft_session_id = below(maker, SESSIONS) * 4 + 1,
					 .bucket = some_text(maker, command, "bucket", BUCKETS)};
}

/* ---- one of each kind ---- */

static void make_until(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	command->as.second = maker->now;
}

static void make_horizon(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	command->as.second = some_second(maker);
}

static void make_steady_clock(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	command->as.steady.shows_ms = (uint64_t)maker->now * 1000 + below(maker, 1000);
	command->as.steady.at_ms = (uint64_t)maker->now * 1000;
}

static void make_ranges(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	size_t count = below(maker, RANGES + 1);
	uint32_t second = some_second(maker);

	command->as.ranges.source = some_source(maker, command);
	command->as.ranges.count = count;
	command->as.ranges.ranges =
	    lc_arena_alloc(&command->bytes, count * sizeof(struct lc_ledger_range));
	for (size_t i = 0; i < count; i++) {
		struct lc_ledger_range *range = &command->as.ranges.ranges[i];

		range->from = second + below(maker, 3);
		range->to = range->from + 1 + below(maker, HOUR);
		range->since = maker->now;
		second = range->to;
	}
}

static void make_floor(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	command->as.floor.source = some_source(maker, command);
	command->as.floor.offset = (struct lc_offset){
	    .inserted_at = some_second(maker),
	    .start_time_ms = (int64_t)lc_random_next(&maker->random) >> below(maker, 64),
	    .req_id = some_text(maker, command, "request", 100),
	};
}

static void make_taken_rows(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	struct lc_ledger_intent *intent = &command->as.intent;
	uint32_t seconds = 1 + below(maker, SECONDS);
	uint32_t second = some_second(maker);
	struct lc_taken_rows rows;

	lc_taken_rows_init(&rows);
	intent->first_second = second;
	for (uint32_t i = 0; i < seconds; i++) {
		uint32_t count = 1 + below(maker, ROWS);

		for (uint32_t row = 0; row < count; row++)
			lc_taken_rows_add(&rows, second, lc_random_next(&maker->random));
		intent->last_second = second;
		second += 1 + below(maker, HOUR / 2);
	}
	intent->rows = rows.total;
	intent->taken_rows = lc_arena_copy(&command->bytes, lc_taken_rows_blob(&rows));
	lc_taken_rows_free(&rows);
}

static void make_intent(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	struct lc_ledger_intent *intent = &command->as.intent;

	*intent = (struct lc_ledger_intent){
	    .id = maker->next_intent_id,
	    .source = some_source(maker, command),
	    .target_bucket = some_text(maker, command, "target", TARGETS),
	    .target_prefix = some_text(maker, command, "logs", TARGETS),
	    .key = some_text(maker, command, "logs/key", 1000000),
	    .bytes = below(maker, 1000000),
	};
	maker->next_intent_id += 1 + below(maker, 3);
	make_taken_rows(maker, command);
	maker->open[maker->open_count].id = intent->id;
	maker->open[maker->open_count++].last_second = intent->last_second;
}

/* Ends one of the open intents. */
static void make_closed(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	size_t index = below(maker, (uint32_t)maker->open_count);

	command->as.closed.intent_id = maker->open[index].id;
	command->as.closed.last_second = maker->open[index].last_second;
	if (command->kind == LC_LEDGER_COMMAND_SET_LOST)
		command->as.closed.loss = LC_LEDGER_LOST_EXPIRED + below(maker, 2);
	maker->open[index] = maker->open[--maker->open_count];
}

static void make_target(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	struct lc_ledger_target *target = &command->as.target;

	*target = (struct lc_ledger_target){
	    .bucket = some_text(maker, command, "target", TARGETS),
	    .whole = below(maker, 2) == 0,
	    .refused = below(maker, 2) == 0,
	    .failures = below(maker, 3),
	    .probe_at_ms = (int64_t)maker->now * 1000 + below(maker, 1000000),
	    .given_up = (enum lc_ledger_given_up)below(maker, LC_LEDGER_DISCARDED + 1),
	};
	target->prefix =
	    target->whole ? lc_view_of("") : some_text(maker, command, "logs", TARGETS);
}

static void make_expiry(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	command->as.expire.bound = some_second(maker);
}

static void make_counts(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	size_t count = below(maker, COUNTS + 1);

	command->as.find.asked_count = count;
	command->as.find.asked =
	    lc_arena_alloc(&command->bytes, count * sizeof(struct lc_ledger_count));
	for (size_t i = 0; i < count; i++)
		command->as.find.asked[i] = (struct lc_ledger_count){
		    .source = some_source(maker, command), .second = some_second(maker), .rows = 5};
}

static void make_lower_horizon(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	command->as.lower.bound =
	    some_second(maker) / LC_LEDGER_SLOT_SECONDS * LC_LEDGER_SLOT_SECONDS;
}

static void make_read_hashes(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	command->as.read_hashes.source = some_source(maker, command);
	command->as.read_hashes.from = some_second(maker);
	command->as.read_hashes.to = command->as.read_hashes.from + HOUR;
}

static void make_read_intents(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	command->as.read_intents.question = (struct lc_ledger_intents_question){
	    .bucket = some_text(maker, command, "target", TARGETS),
	    .prefix = some_text(maker, command, "logs", TARGETS),
	    .limit = 10,
	    .max_bytes = UINT64_MAX,
	};
}

static void make_read_objects(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	command->as.read_objects.source = some_source(maker, command);
	command->as.read_objects.limit = 5;
}

static void make_nothing(struct lc_command_maker *maker, struct lc_ledger_command *command)
{
	(void)maker;
	(void)command;
}

static void (*const MAKE[LC_LEDGER_COMMAND_COUNT])(struct lc_command_maker *maker,
						   struct lc_ledger_command *command) = {
    [LC_LEDGER_COMMAND_SET_UNTIL] = make_until,
    [LC_LEDGER_COMMAND_SET_HORIZON] = make_horizon,
    [LC_LEDGER_COMMAND_SET_STEADY_CLOCK] = make_steady_clock,
    [LC_LEDGER_COMMAND_SET_RANGES] = make_ranges,
    [LC_LEDGER_COMMAND_SET_FLOOR] = make_floor,
    [LC_LEDGER_COMMAND_ADD_INTENT] = make_intent,
    [LC_LEDGER_COMMAND_SET_DELIVERED] = make_closed,
    [LC_LEDGER_COMMAND_SET_LOST] = make_closed,
    [LC_LEDGER_COMMAND_WITHDRAW_INTENT] = make_closed,
    [LC_LEDGER_COMMAND_SET_TARGET] = make_target,
    [LC_LEDGER_COMMAND_EXPIRE] = make_expiry,
    [LC_LEDGER_COMMAND_SET_COMMITTED] = make_counts,
    [LC_LEDGER_COMMAND_LOWER_HORIZON] = make_lower_horizon,
    [LC_LEDGER_COMMAND_WHEN_DURABLE] = make_nothing,
    [LC_LEDGER_COMMAND_FREEZE] = make_nothing,
    [LC_LEDGER_COMMAND_THAW] = make_nothing,
    [LC_LEDGER_COMMAND_READ_HASHES] = make_read_hashes,
    [LC_LEDGER_COMMAND_READ_INTENTS] = make_read_intents,
    [LC_LEDGER_COMMAND_FIND_SURPLUS_SLOTS] = make_counts,
    [LC_LEDGER_COMMAND_FIND_SURPLUS_SECONDS] = make_counts,
    [LC_LEDGER_COMMAND_FIND_AHEAD] = make_counts,
    [LC_LEDGER_COMMAND_READ_OBJECTS] = make_read_objects,
    [LC_LEDGER_COMMAND_READ_DELIVERIES] = make_read_objects,
};

struct lc_ledger_command *lc_command_maker_one(struct lc_command_maker *maker,
					       enum lc_ledger_command_kind kind)
{
	struct lc_ledger_command *command = lc_ledger_command_new(kind, BYTES);

	MAKE[kind](maker, command);
	return command;
}

/* ---- by chance ---- */

static bool closes(enum lc_ledger_command_kind kind)
{
	return MAKE[kind] == make_closed;
}

/* Intents are opened, and closed, more often than all else. */
static enum lc_ledger_command_kind some_write(struct lc_command_maker *maker)
{
	static const enum lc_ledger_command_kind OFTEN[] = {
	    LC_LEDGER_COMMAND_ADD_INTENT,    LC_LEDGER_COMMAND_ADD_INTENT,
	    LC_LEDGER_COMMAND_ADD_INTENT,    LC_LEDGER_COMMAND_SET_DELIVERED,
	    LC_LEDGER_COMMAND_SET_DELIVERED, LC_LEDGER_COMMAND_SET_RANGES,
	};

	if (below(maker, 2) == 0)
		return OFTEN[below(maker, sizeof OFTEN / sizeof OFTEN[0])];
	return (enum lc_ledger_command_kind)below(maker, LC_LEDGER_COMMAND_WHEN_DURABLE);
}

struct lc_ledger_command *lc_command_maker_next(struct lc_command_maker *maker)
{
	enum lc_ledger_command_kind kind = some_write(maker);

	maker->now += below(maker, 120);
	if (closes(kind) && maker->open_count == 0)
		kind = LC_LEDGER_COMMAND_ADD_INTENT;
	else if (kind == LC_LEDGER_COMMAND_ADD_INTENT &&
		 maker->open_count == LC_COMMAND_MAKER_OPEN_MAX)
		kind = LC_LEDGER_COMMAND_SET_DELIVERED;
	LC_ASSERT(kind < LC_LEDGER_COMMAND_WHEN_DURABLE);
	return lc_command_maker_one(maker, kind);
}

static void add(struct lc_command_maker *maker, enum lc_ledger_command_kind kind,
		struct lc_ledger_command_list *commands)
{
	struct lc_ledger_command *command = lc_command_maker_one(maker, kind);

	STAILQ_INSERT_TAIL(commands, command, next);
}

void lc_command_maker_each(struct lc_command_maker *maker, struct lc_ledger_command_list *commands)
{
	for (unsigned kind = 0; kind < LC_LEDGER_COMMAND_WHEN_DURABLE; kind++) {
		if (closes(kind) && maker->open_count == 0)
			add(maker, LC_LEDGER_COMMAND_ADD_INTENT, commands);
		add(maker, kind, commands);
	}
}

struct lc_ledger_command *lc_command_maker_read(struct lc_command_maker *maker)
{
	return lc_command_maker_one(
	    maker, LC_LEDGER_COMMAND_WHEN_DURABLE +
		       below(maker, LC_LEDGER_COMMAND_COUNT - LC_LEDGER_COMMAND_WHEN_DURABLE));
}
