/*
 * The ledger without its thread: commands queue up, a timer executes some of them in one
 * transaction of the real store and commits it, another one calls back. A crash may come anywhere
 * between; what is not committed is lost with it.
 *
 * One that machines share does as the thread does (src/ledger/ledger_thread.c): a batch is executed,
 * and the transaction stays open while its segment is appended to the chain; then it is committed.
 * Each of that is a timer's, so that other machines and faults come between.
 */
#include "ledger/ledger.h"
#include "sim/sim.h"

#include "base/memory.h"
#include "ledger/ledger_command.h"
#include "ledger/segment.h"
#include "ledger/share.h"
#include "ledger/store.h"
#include "ledger/store_sources.h"
#include "support/ledger_queue.h"

#include <stdlib.h>

struct lc_ledger {
	struct lc_store *store;
	struct lc_ledger_command_list queued;
	struct lc_ledger_command_list finished;
	struct lc_loop_timer *commit_timer;
	struct lc_loop_timer *callback_timer;
	uint64_t retry_ms;

	/* Of a ledger that machines share. */
	struct lc_share *share; /* NULL: it is none */
	unsigned shard;
	struct lc_ledger_command_list batch; /* whose segment is appended */
	struct lc_buffer segment;
	struct lc_chain_position position; /* of the segment */
	bool appended;                     /* it is part of the chain */
	struct lc_loop_timer *append_timer;
};

static void note_committed(const struct lc_ledger_command *command)
{
	if (command->kind != LC_LEDGER_COMMAND_SET_COMMITTED)
		return;
	for (size_t i = 0; i < command->as.find.found_count; i++) {
		const struct lc_ledger_count *offset = &command->as.find.found[i];
		struct sim_source *source =
		    sim_source_find(offset->source.raft_session_id, offset->source.bucket);

		if (source != NULL && offset->second > source->recorded_second)
			source->recorded_second = offset->second;
	}
}

static void execute(struct lc_ledger *ledger, const struct lc_ledger_command_list *batch)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	const struct lc_ledger_command *command;

	if (!lc_ledger_command_begin_all(batch, ledger->store, &error) ||
	    !lc_store_commit(ledger->store, &error))
		sim_fail("the ledger: %s", error.message);
	STAILQ_FOREACH(command, batch, next)
	{
		note_committed(command);
	}
}

/* A disk that is full lets some commands pass and then takes all back. */
static void execute_in_vain(struct lc_ledger *ledger, const struct lc_ledger_command_list *batch)
{
	struct lc_ledger_command *command;
	struct lc_error error = {.kind = LC_ERROR_NONE};

	if (!lc_store_begin(ledger->store, &error))
		sim_fail("the ledger: %s", error.message);
	STAILQ_FOREACH(command, batch, next)
	{
		if (sim_chance(0.1))
			break;
		if (!lc_ledger_command_execute(command, ledger->store, &error))
			sim_fail("the ledger: %s", error.message);
	}
	lc_store_roll_back(ledger->store);
}

/* Some of a window's ranges may have been written, its end has not. */
static bool is_inside_window(const struct lc_ledger_command_list *queued)
{
	const struct lc_ledger_command *command;

	STAILQ_FOREACH(command, queued, next)
	{
		if (command->kind == LC_LEDGER_COMMAND_SET_UNTIL)
			return true;
	}
	return false;
}

/* What is committed goes on, or is called back. */
static void hand_back(struct lc_ledger *ledger, struct lc_ledger_command_list *batch)
{
	struct lc_ledger_command *command;

	lc_ledger_command_settle_all(batch, ledger->store);
	sim_crash_point("a transaction is committed");
	if (is_inside_window(&ledger->queued) && sim_clock_window_dies()) {
		sim_trace("crash in the middle of a window");
		sim->crash_wanted = true;
	}
	while ((command = ledger_queue_take(batch)) != NULL) {
		if (lc_ledger_command_goes_on(command))
			STAILQ_INSERT_TAIL(&ledger->queued, command, next);
		else if (lc_ledger_command_has_callback(command))
			STAILQ_INSERT_TAIL(&ledger->finished, command, next);
		else
			lc_ledger_command_free(command);
	}
	if (!STAILQ_EMPTY(&ledger->finished) && !lc_loop_timer_running(ledger->callback_timer))
		lc_loop_timer_start(ledger->callback_timer, sim_delay(3, 200));
	if (!STAILQ_EMPTY(&ledger->queued))
		lc_loop_timer_start(ledger->commit_timer, sim_delay(10, 3000));
}

/* ---- the chain ---- */

/* Executes the batch in a transaction that stays open. It may become part of the chain whatever
 * becomes of us. */
static void begin_batch(struct lc_ledger *ledger)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	const struct lc_ledger_command *command;

	if (!lc_ledger_command_begin_all(&ledger->batch, ledger->store, &error))
		sim_fail("the ledger: %s", error.message);
	STAILQ_FOREACH(command, &ledger->batch, next)
	{
		note_committed(command);
	}
}

static void commit_batch(struct lc_ledger *ledger)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	sim_check_named(ledger->shard, &ledger->position);
	if (!lc_store_set_position(ledger->store, &ledger->position, &error) ||
	    !lc_store_commit(ledger->store, &error))
		sim_fail("the ledger: %s", error.message);
}

/* A batch that was rolled back after it became part of the chain is executed again, and is not
 * appended again. */
static void on_appended(void *context)
{
	struct lc_ledger *ledger = context;

	ledger->appended = true;
	lc_loop_timer_start(ledger->append_timer, sim_shares_below(10));
}

static void on_append(void *context)
{
	struct lc_ledger *ledger = context;

	if (!ledger->appended) {
		lc_share_append(ledger->share, lc_buffer_view(&ledger->segment),
				&ledger->position.hash, on_appended, ledger);
		return;
	}
	if (sim_in_period(SIM_PERIOD_DISK_FULL, 0) || sim_shares_fault(0.02)) {
		lc_store_roll_back(ledger->store);
		begin_batch(ledger);
		lc_loop_timer_start(ledger->append_timer, ledger->retry_ms);
		return;
	}
	commit_batch(ledger);
	ledger->appended = false;
	hand_back(ledger, &ledger->batch);
}

static void begin_append(struct lc_ledger *ledger)
{
	const struct lc_segment_header *header = lc_share_next(ledger->share);

	begin_batch(ledger);
	lc_segment_encode(header, &ledger->batch, &ledger->segment, &ledger->position.hash);
	ledger->position.epoch = header->epoch;
	ledger->position.seq = header->seq;
	lc_loop_timer_start(ledger->append_timer, sim_shares_below(10));
}

/* A process that dies may have written what is part of the chain. */
static void end_batch(struct lc_ledger *ledger)
{
	if (ledger->appended && sim_shares_below(2) == 0)
		commit_batch(ledger);
	else
		lc_store_roll_back(ledger->store);
	lc_ledger_command_free_all(&ledger->batch);
}

/* ---- life ---- */

/* The thread may have come in the middle of what the loop was calling. */
static void on_commit(void *context)
{
	struct lc_ledger *ledger = context;
	struct lc_ledger_command_list batch = STAILQ_HEAD_INITIALIZER(batch);
	size_t length = ledger_queue_length(&ledger->queued);

	if (sim_in_period(SIM_PERIOD_DISK_FULL, 0)) {
		execute_in_vain(ledger, &ledger->queued);
		lc_loop_timer_start(ledger->commit_timer, ledger->retry_ms);
		return;
	}
	ledger_queue_move(&ledger->queued, &batch,
			  sim_chance(0.5) ? length : sim_between(1, length));
	if (ledger->share != NULL && lc_segment_needed(&batch)) {
		STAILQ_CONCAT(&ledger->batch, &batch);
		begin_append(ledger);
		return;
	}
	execute(ledger, &batch);
	hand_back(ledger, &batch);
}

static void on_callback(void *context)
{
	struct lc_ledger *ledger = context;

	ledger_queue_finish(&ledger->finished);
}

void lc_ledger_push(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	STAILQ_INSERT_TAIL(&ledger->queued, command, next);
	if (!lc_loop_timer_running(ledger->commit_timer) && STAILQ_EMPTY(&ledger->batch))
		lc_loop_timer_start(ledger->commit_timer, sim_delay(10, 3000));
}

bool lc_ledger_is_current(struct lc_ledger *ledger)
{
	return ledger->share == NULL || lc_share_is_current(ledger->share);
}

uint32_t lc_ledger_seen_until(const struct lc_ledger *ledger, uint32_t raft_session_id)
{
	return lc_store_seen_until(ledger->store, raft_session_id);
}

struct lc_ledger *lc_ledger_open(struct lc_loop *loop, const struct lc_ledger_options *options,
				 struct lc_counters *counters, struct lc_ledger_state *state,
				 void (*on_corrupt)(void *context, const struct lc_error *error),
				 void *context, struct lc_error *error)
{
	struct lc_store *store = lc_store_open(options, state, error);
	struct lc_ledger *ledger;

	(void)counters;
	(void)on_corrupt;
	(void)context;
	if (store == NULL)
		return NULL;
	sim_trace("ledger: until %u, horizon %u, next intent %llu", state->until, state->horizon,
		  (unsigned long long)state->next_intent_id);
	ledger = lc_memory_zero(1, sizeof(*ledger));
	ledger->store = store;
	ledger->retry_ms = options->retry_ms;
	ledger->share = options->share;
	ledger->shard = options->shard;
	lc_buffer_init(&ledger->segment, SIZE_MAX);
	STAILQ_INIT(&ledger->batch);
	STAILQ_INIT(&ledger->queued);
	STAILQ_INIT(&ledger->finished);
	ledger->commit_timer = lc_loop_timer_new(loop, on_commit, ledger);
	ledger->callback_timer = lc_loop_timer_new(loop, on_callback, ledger);
	ledger->append_timer = lc_loop_timer_new(loop, on_append, ledger);
	return ledger;
}

/* A process that dies may have had the time to write a part of what was queued. */
void lc_ledger_close(struct lc_ledger *ledger)
{
	struct lc_ledger_command_list batch = STAILQ_HEAD_INITIALIZER(batch);
	size_t length;

	if (ledger == NULL)
		return;
	end_batch(ledger);
	length = ledger->share != NULL ? 0 : ledger_queue_length(&ledger->queued);
	if (sim->crashing && ledger->share == NULL)
		length = sim_chance(0.3) ? sim_below(length + 1) : 0;
	if (length > 0 && !sim_in_period(SIM_PERIOD_DISK_FULL, 0)) {
		ledger_queue_move(&ledger->queued, &batch, length);
		execute(ledger, &batch);
		lc_ledger_command_free_all(&batch);
	}
	lc_ledger_command_free_all(&ledger->queued);
	lc_ledger_command_free_all(&ledger->finished);
	lc_loop_timer_free(ledger->commit_timer);
	lc_loop_timer_free(ledger->callback_timer);
	lc_loop_timer_free(ledger->append_timer);
	if (ledger->share != NULL)
		lc_share_cancel(ledger->share);
	lc_buffer_free(&ledger->segment);
	lc_store_close(ledger->store);
	free(ledger);
}
