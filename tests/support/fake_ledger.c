#include "support/fake_ledger.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "support/ledger_queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024 * 1024 };

struct lc_ledger {
	struct lc_buffer told;    /* since the last time */
	struct lc_buffer reading; /* what the last fake_ledger_told has returned */
	struct lc_ledger_command_list waiting;
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

void fake_ledger_free(struct lc_ledger *ledger)
{
	lc_ledger_command_free_all(&ledger->waiting);
	lc_buffer_free(&ledger->told);
	lc_buffer_free(&ledger->reading);
	free(ledger);
}

/* ---- opening ---- */

static struct lc_ledger *OPENED;
static struct lc_ledger_source SOURCE;
static struct lc_ledger_range RANGE;

void fake_ledger_will_hold(struct lc_ledger_source source, struct lc_ledger_range range)
{
	SOURCE = source;
	RANGE = range;
}

struct lc_ledger *fake_ledger_opened(void)
{
	return OPENED;
}

struct lc_ledger *lc_ledger_open(struct lc_loop *loop, const struct lc_ledger_options *options,
				 struct lc_counters *counters, struct lc_ledger_state *state,
				 void (*on_corrupt)(void *context, const struct lc_error *error),
				 void *context, struct lc_error *error)
{
	(void)loop;
	(void)options;
	(void)counters;
	(void)on_corrupt;
	(void)context;
	(void)error;
	LC_ASSERT(OPENED == NULL);
	state->next_intent_id = 1;
	state->on_source(state->context, &SOURCE, &RANGE, 1);
	OPENED = fake_ledger_new();
	return OPENED;
}

void lc_ledger_close(struct lc_ledger *ledger)
{
	if (ledger == NULL)
		return;
	LC_ASSERT(ledger == OPENED);
	fake_ledger_free(ledger);
	OPENED = NULL;
}

/* ---- what it is told and asked ---- */

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

static void tell_ranges(struct lc_ledger *ledger, const struct lc_ledger_command *command)
{
	const struct lc_ledger_range *ranges = command->as.ranges.ranges;

	tell_of(ledger, "ranges", &command->as.ranges.source);
	for (size_t i = 0; i < command->as.ranges.count; i++)
		lc_buffer_append_format(&ledger->told, " %" PRIu32 "-%" PRIu32 "@%" PRIu32,
					ranges[i].from, ranges[i].to, ranges[i].since);
	lc_buffer_append_char(&ledger->told, '\n');
}

static void tell_floor(struct lc_ledger *ledger, const struct lc_ledger_source *source,
		       const struct lc_offset *floor)
{
	tell_of(ledger, "floor", source);
	lc_buffer_append_format(&ledger->told, " %" PRIu32 " %" PRIi64 " ", floor->inserted_at,
				floor->start_time_ms);
	lc_buffer_append_view(&ledger->told, floor->req_id);
	lc_buffer_append_char(&ledger->told, '\n');
}

static void tell_intent(struct lc_ledger *ledger, const struct lc_ledger_intent *intent)
{
	lc_buffer_append_format(&ledger->told, "intent %" PRIu64, intent->id);
	tell_of(ledger, "", &intent->source);
	lc_buffer_append_char(&ledger->told, ' ');
	lc_buffer_append_view(&ledger->told, intent->target_bucket);
	lc_buffer_append_char(&ledger->told, ' ');
	lc_buffer_append_view(&ledger->told, intent->key);
	lc_buffer_append_char(&ledger->told, '\n');
}

static void tell_closed(struct lc_ledger *ledger, const struct lc_ledger_command *command)
{
	const char *how =
	    command->as.closed.loss == LC_LEDGER_LOST_EXPIRED ? "expired" : "discarded";

	if (command->kind == LC_LEDGER_COMMAND_SET_DELIVERED)
		how = "delivered";
	if (command->kind == LC_LEDGER_COMMAND_WITHDRAW_INTENT)
		how = "withdrawn";
	lc_buffer_append_format(&ledger->told, "%s %" PRIu64 " %" PRIu32 "\n", how,
				command->as.closed.intent_id, command->as.closed.last_second);
}

static void tell_name(struct lc_ledger *ledger, struct lc_view bucket, struct lc_view prefix,
		      bool whole)
{
	lc_buffer_append_view(&ledger->told, bucket);
	if (!whole)
		lc_buffer_append_char(&ledger->told, '/');
	lc_buffer_append_view(&ledger->told, prefix);
}

static void tell_target(struct lc_ledger *ledger, const struct lc_ledger_target *target)
{
	static const char *const given_up[] = {"", " ignored", " discarded"};

	lc_buffer_append_text(&ledger->told, "target ");
	tell_name(ledger, target->bucket, target->prefix, target->whole);
	lc_buffer_append_format(&ledger->told, " %u%s%s\n", target->failures,
				target->refused ? " refused" : "", given_up[target->given_up]);
}

static void tell_committed(struct lc_ledger *ledger, const struct lc_ledger_command *command)
{
	for (size_t i = 0; i < command->as.find.asked_count; i++) {
		tell_of(ledger, "committed", &command->as.find.asked[i].source);
		lc_buffer_append_format(&ledger->told, " %" PRIu32 "\n",
					command->as.find.asked[i].second);
	}
	if (command->as.find.callback != NULL)
		lc_buffer_append_text(&ledger->told, "durable?\n");
}

static void tell_intents_question(struct lc_ledger *ledger,
				  const struct lc_ledger_intents_question *question)
{
	LC_ASSERT(question->limit > 0);
	ledger->intents_limit = question->limit;
	ledger->intents_bytes = question->max_bytes;
	lc_buffer_append_text(&ledger->told, "intents? ");
	tell_name(ledger, question->bucket, question->prefix, false);
	lc_buffer_append_format(&ledger->told, " %" PRIu64 "\n", question->after_id);
}

static void tell_hashes_question(struct lc_ledger *ledger, const struct lc_ledger_command *command)
{
	tell_of(ledger, "hashes?", &command->as.read_hashes.source);
	lc_buffer_append_format(&ledger->told, " %" PRIu32 "-%" PRIu32 "\n",
				command->as.read_hashes.from, command->as.read_hashes.to);
}

static void tell_counts_question(struct lc_ledger *ledger, const struct lc_ledger_command *command)
{
	const struct lc_ledger_count *counts = command->as.find.asked;
	const char *what = "ahead?";

	if (command->kind == LC_LEDGER_COMMAND_FIND_SURPLUS_SLOTS)
		what = "slots?";
	if (command->kind == LC_LEDGER_COMMAND_FIND_SURPLUS_SECONDS)
		what = "seconds?";
	lc_buffer_append_text(&ledger->told, what);
	for (size_t i = 0; i < command->as.find.asked_count; i++) {
		tell_of(ledger, "", &counts[i].source);
		lc_buffer_append_format(&ledger->told, " %" PRIu32 "=%" PRIu64, counts[i].second,
					counts[i].rows);
	}
	lc_buffer_append_char(&ledger->told, '\n');
}

static void tell_objects_question(struct lc_ledger *ledger, const struct lc_ledger_command *command)
{
	LC_ASSERT(command->as.read_objects.limit > 0);
	if (command->kind == LC_LEDGER_COMMAND_READ_OBJECTS) {
		tell_of(ledger, "objects?", &command->as.read_objects.source);
	} else {
		lc_buffer_append_text(&ledger->told, "deliveries? ");
		lc_buffer_append_view(&ledger->told, command->as.read_objects.source.bucket);
	}
	lc_buffer_append_char(&ledger->told, '\n');
}

static void tell_command(struct lc_ledger *ledger, const struct lc_ledger_command *command)
{
	switch (command->kind) {
	case LC_LEDGER_COMMAND_SET_UNTIL:
		tell(ledger, "until", command->as.second);
		break;
	case LC_LEDGER_COMMAND_SET_HORIZON:
		tell(ledger, "horizon", command->as.second);
		break;
	case LC_LEDGER_COMMAND_LOWER_HORIZON:
		tell(ledger, "lower?", command->as.lower.bound);
		break;
	case LC_LEDGER_COMMAND_EXPIRE:
		tell(ledger, "expire", command->as.expire.bound);
		break;
	case LC_LEDGER_COMMAND_SET_STEADY_CLOCK:
		ledger->steady_ms = command->as.steady.shows_ms;
		break;
	case LC_LEDGER_COMMAND_SET_RANGES:
		tell_ranges(ledger, command);
		break;
	case LC_LEDGER_COMMAND_SET_FLOOR:
		tell_floor(ledger, &command->as.floor.source, &command->as.floor.offset);
		break;
	case LC_LEDGER_COMMAND_ADD_INTENT:
		tell_intent(ledger, &command->as.intent);
		break;
	case LC_LEDGER_COMMAND_SET_DELIVERED:
	case LC_LEDGER_COMMAND_SET_LOST:
	case LC_LEDGER_COMMAND_WITHDRAW_INTENT:
		tell_closed(ledger, command);
		break;
	case LC_LEDGER_COMMAND_SET_TARGET:
		tell_target(ledger, &command->as.target);
		break;
	case LC_LEDGER_COMMAND_WHEN_DURABLE:
		lc_buffer_append_text(&ledger->told, "durable?\n");
		break;
	case LC_LEDGER_COMMAND_FREEZE:
		lc_buffer_append_text(&ledger->told, "freeze?\n");
		break;
	case LC_LEDGER_COMMAND_THAW:
		lc_buffer_append_text(&ledger->told, "thaw\n");
		break;
	case LC_LEDGER_COMMAND_SET_COMMITTED:
		tell_committed(ledger, command);
		break;
	case LC_LEDGER_COMMAND_READ_HASHES:
		tell_hashes_question(ledger, command);
		break;
	case LC_LEDGER_COMMAND_READ_INTENTS:
		tell_intents_question(ledger, &command->as.read_intents.question);
		break;
	case LC_LEDGER_COMMAND_FIND_SURPLUS_SLOTS:
	case LC_LEDGER_COMMAND_FIND_SURPLUS_SECONDS:
	case LC_LEDGER_COMMAND_FIND_AHEAD:
		tell_counts_question(ledger, command);
		break;
	case LC_LEDGER_COMMAND_READ_OBJECTS:
	case LC_LEDGER_COMMAND_READ_DELIVERIES:
		tell_objects_question(ledger, command);
		break;
	}
}

void lc_ledger_push(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	tell_command(ledger, command);
	if (lc_ledger_command_has_callback(command))
		STAILQ_INSERT_TAIL(&ledger->waiting, command, next);
	else
		lc_ledger_command_free(command);
}

const char *fake_ledger_told(struct lc_ledger *ledger)
{
	lc_buffer_clear(&ledger->reading);
	lc_buffer_append_view(&ledger->reading, lc_buffer_view(&ledger->told));
	lc_buffer_clear(&ledger->told);
	LC_ASSERT(!lc_buffer_failed(&ledger->reading));
	return lc_buffer_text(&ledger->reading);
}

size_t fake_ledger_intents_limit(const struct lc_ledger *ledger)
{
	return ledger->intents_limit;
}

uint64_t fake_ledger_intents_bytes(const struct lc_ledger *ledger)
{
	return ledger->intents_bytes;
}

uint64_t fake_ledger_steady_ms(const struct lc_ledger *ledger)
{
	return ledger->steady_ms;
}

/* ---- what it knows ---- */

void fake_ledger_set_committed(struct lc_ledger *ledger, uint32_t second)
{
	ledger->committed = second;
}

void fake_ledger_set_seen_until(struct lc_ledger *ledger, uint32_t until)
{
	ledger->seen_until = until;
}

bool lc_ledger_is_current(struct lc_ledger *ledger)
{
	(void)ledger;
	return true;
}

uint32_t lc_ledger_seen_until(const struct lc_ledger *ledger, uint32_t raft_session_id)
{
	(void)raft_session_id;
	return ledger->seen_until;
}

/* ---- what it answers ---- */

size_t fake_ledger_waiting(const struct lc_ledger *ledger)
{
	return ledger_queue_length(&ledger->waiting);
}

static void finish(struct lc_ledger_command *command)
{
	lc_ledger_command_finish(command);
	lc_ledger_command_free(command);
}

/* The question that was asked first. */
static struct lc_ledger_command *take_question(struct lc_ledger *ledger)
{
	struct lc_ledger_command *question = ledger_queue_take(&ledger->waiting);

	LC_ASSERT(question != NULL);
	return question;
}

static bool is_write(const struct lc_ledger_command *command)
{
	return command->kind == LC_LEDGER_COMMAND_WHEN_DURABLE ||
	       command->kind == LC_LEDGER_COMMAND_SET_COMMITTED;
}

/* Room for the answer to a question, which lives as long as that. */
static void *answer_of(struct lc_ledger_command *question, const void *found, size_t bytes)
{
	void *answer = lc_arena_alloc(&question->result, bytes);

	if (bytes > 0)
		memcpy(answer, found, bytes);
	return answer;
}

static void find(struct lc_ledger_command *question, const struct lc_ledger_count *counts,
		 size_t count)
{
	question->as.find.found = answer_of(question, counts, count * sizeof(counts[0]));
	question->as.find.found_count = count;
}

static void find_committed(const struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	size_t count = 0;

	find(command, command->as.find.asked, command->as.find.asked_count);
	for (size_t i = 0; i < command->as.find.found_count; i++) {
		if (command->as.find.found[i].second >= ledger->committed)
			command->as.find.found[count++] = command->as.find.found[i];
	}
	command->as.find.found_count = count;
}

void fake_ledger_confirm(struct lc_ledger *ledger)
{
	size_t count = fake_ledger_waiting(ledger);

	/* What is written by those called back is not on disk yet. */
	while (count-- > 0 && is_write(STAILQ_FIRST(&ledger->waiting))) {
		struct lc_ledger_command *first = ledger_queue_take(&ledger->waiting);

		if (first->kind == LC_LEDGER_COMMAND_SET_COMMITTED)
			find_committed(ledger, first);
		finish(first);
	}
}

void fake_ledger_answer_counts(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			       size_t count)
{
	struct lc_ledger_command *question = take_question(ledger);

	LC_ASSERT(question->kind == LC_LEDGER_COMMAND_FIND_SURPLUS_SLOTS ||
		  question->kind == LC_LEDGER_COMMAND_FIND_SURPLUS_SECONDS ||
		  question->kind == LC_LEDGER_COMMAND_FIND_AHEAD);
	find(question, counts, count);
	finish(question);
}

static void answer_intents(struct lc_ledger *ledger, const struct lc_ledger_intent *intents,
			   size_t count, uint32_t oldest_second, bool more)
{
	struct lc_ledger_command *question = take_question(ledger);
	struct lc_ledger_intents *answer = &question->as.read_intents.answer;

	LC_ASSERT(question->kind == LC_LEDGER_COMMAND_READ_INTENTS);
	*answer = (struct lc_ledger_intents){
	    .intents = answer_of(question, intents, count * sizeof(intents[0])),
	    .count = count,
	    .more = more,
	    .oldest_second = oldest_second,
	};
	for (size_t i = 0; i < count; i++) {
		if (answer->oldest_second == 0 || intents[i].first_second < answer->oldest_second)
			answer->oldest_second = intents[i].first_second;
	}
	finish(question);
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

void fake_ledger_answer_hashes(struct lc_ledger *ledger)
{
	struct lc_ledger_command *question = take_question(ledger);

	LC_ASSERT(question->kind == LC_LEDGER_COMMAND_READ_HASHES);
	finish(question);
}

void fake_ledger_answer_horizon(struct lc_ledger *ledger, uint32_t horizon)
{
	struct lc_ledger_command *question = take_question(ledger);

	LC_ASSERT(question->kind == LC_LEDGER_COMMAND_LOWER_HORIZON);
	question->as.lower.horizon = horizon;
	finish(question);
}

void fake_ledger_answer_objects(struct lc_ledger *ledger, const struct lc_ledger_object *objects,
				size_t count)
{
	struct lc_ledger_command *question = take_question(ledger);

	LC_ASSERT(question->kind == LC_LEDGER_COMMAND_READ_OBJECTS ||
		  question->kind == LC_LEDGER_COMMAND_READ_DELIVERIES);
	question->as.read_objects.objects =
	    answer_of(question, objects, count * sizeof(objects[0]));
	question->as.read_objects.count = count;
	finish(question);
}
