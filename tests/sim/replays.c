/*
 * Replays: somebody orders rows to be delivered again, and now and then takes that back. Each row
 * that a replay is about, and that ClickHouse had shown everywhere when it was ordered, must stand
 * once in its objects when it has ended, and no row more often than in the table, at any time. What
 * else holds of a history holds with and without replays.
 */
#include "delivery/replays.h"
#include "delivery/delivery.h"
#include "delivery/discovery.h"
#include "delivery/shard.h"
#include "sim/sim.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAUSE_MS = 200 * 1000, /* about so long between two orders */
	SKEW_SECONDS = 3600,   /* rows may be inserted so long before they begin */
	CANCEL_PERCENT = 15,
};

static uint64_t draw(uint64_t bound)
{
	return lc_random_next(&sim->orders) % bound;
}

static struct sim_replay *find(struct lc_view id)
{
	for (size_t i = 0; i < sim->replay_count; i++) {
		if (lc_view_equal(lc_view_of(sim->replays[i].record.id), id))
			return &sim->replays[i];
	}
	return NULL;
}

static struct sim_replay *add(void)
{
	struct sim_replay *replay = &sim->replays[sim->replay_count++];

	replay->found = lc_memory_zero(sim->line_count + 1, sizeof(replay->found[0]));
	return replay;
}

/* ---- orders ---- */

static void on_ordered(void *context, const struct lc_replays_answer *answer)
{
	struct sim_replay *replay = context;

	if (answer->error.kind != LC_ERROR_NONE)
		sim_trace("a replay is refused: %s", answer->error.message);
	if (answer->record.id[0] == '\0')
		return;
	sim_trace("replay %s is about %llu rows", answer->record.id,
		  (unsigned long long)answer->record.rows);
	replay->record = answer->record;
	replay->known = true;
}

/* Of one of the shard's own sources, or a target; the time lies before `until`. */
static bool choose(struct lc_replay_record *record, const struct lc_delivery *delivery,
		   uint32_t until)
{
	const struct sim_source *source = &sim->sources[draw(sim->source_count)];
	const struct sim_target *target = &sim->targets[draw(sim->target_count)];

	*record = (struct lc_replay_record){.of_target = draw(2) == 0,
					    .whole_bucket = draw(2) == 0,
					    .to = until - (uint32_t)draw(60)};
	record->from = draw(2) == 0 ? sim->plan.epoch - 1000 : record->to - 1 - (uint32_t)draw(600);
	if (record->of_target) {
		record->bucket_size = strlen(target->bucket);
		memcpy(record->bucket, target->bucket, record->bucket_size);
		record->prefix_size = record->whole_bucket ? 0 : strlen(target->prefix);
		memcpy(record->prefix, target->prefix, record->prefix_size);
		return record->from < record->to;
	}
	record->whole_bucket = false;
	record->raft_session_id = source->session;
	record->bucket_size = strlen(source->bucket);
	memcpy(record->bucket, source->bucket, record->bucket_size);
	return record->from < record->to &&
	       source->session % delivery->shard_count == delivery->shard;
}

static void order(const struct lc_delivery *delivery)
{
	uint32_t until = lc_discovery_until(delivery->discovery);
	struct lc_replay_record record;
	struct sim_replay *replay;

	if (until == 0 || sim->replay_count == SIM_REPLAYS_MAX || !choose(&record, delivery, until))
		return;
	replay = add();
	replay->ordered_ms = sim_now_ms();
	replay->until = until;
	replay->shard = delivery->shard;
	replay->shard_count = delivery->shard_count;
	sim_trace("a replay is ordered, %u to %u", record.from, record.to);
	lc_replays_order(delivery->replays, &record, false, on_ordered, replay);
}

static void cancel(const struct lc_delivery *delivery)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	for (size_t i = 0; i < sim->replay_count; i++) {
		struct sim_replay *replay = &sim->replays[i];

		if (!replay->known ||
		    !lc_replays_cancel(delivery->replays, lc_view_of(replay->record.id), &error))
			continue;
		sim_trace("replay %s is cancelled", replay->record.id);
		replay->cancelled = true;
		return;
	}
}

void sim_replays_act(struct lc_shard *const *shards, unsigned count)
{
	struct lc_shard *shard;

	if (!sim->plan.replays || sim_now_ms() < sim->next_replay_ms)
		return;
	sim->next_replay_ms = sim_now_ms() + draw(2 * PAUSE_MS);
	shard = shards[draw(count)];
	if (shard == NULL || !lc_shard_delivering(shard))
		return;
	if (draw(100) < CANCEL_PERCENT)
		cancel(lc_shard_delivery(shard));
	else
		order(lc_shard_delivery(shard));
}

/* ---- what comes of them ---- */

void sim_replays_count(struct lc_view id, const struct sim_row *row)
{
	struct sim_replay *replay = find(id);

	/* Its shard has died before it could say so, or is about to. */
	if (replay == NULL) {
		if (sim->replay_count == SIM_REPLAYS_MAX)
			return;
		replay = add();
		snprintf(replay->record.id, sizeof(replay->record.id), "%.*s", (int)id.size,
			 id.data);
	}
	if (++replay->found[row->line] > sim->lines[row->line].expected)
		sim_fail("line %u is delivered %u times by replay %s, it stands in the table %u "
			 "times",
			 row->line, replay->found[row->line], replay->record.id,
			 sim->lines[row->line].expected);
}

struct survey {
	bool unfinished;
};

static void survey(void *context, const struct lc_replay_record *record, bool running,
		   const char *trouble)
{
	struct survey *of_all = context;
	const struct sim_replay *replay = find(lc_view_of(record->id));

	(void)running;
	if (record->state == LC_REPLAY_FAILED)
		sim_fail("replay %s has failed: %s", record->id, trouble);
	if (record->state == LC_REPLAY_UNFINISHED)
		of_all->unfinished = true;
	if (record->state == LC_REPLAY_CANCELLED && replay != NULL && !replay->cancelled)
		sim_fail("replay %s is cancelled, and nobody wanted that", record->id);
}

bool sim_replays_ended(struct lc_shard *const *shards, unsigned count)
{
	struct survey of_all = {.unfinished = false};

	for (unsigned i = 0; i < count; i++) {
		if (shards[i] != NULL)
			lc_replays_each(lc_shard_delivery(shards[i])->replays, survey, &of_all);
	}
	return !of_all.unfinished;
}

static bool is_about(const struct sim_replay *replay, const struct sim_row *row)
{
	const struct lc_replay_record *record = &replay->record;
	const struct sim_source *source = &sim->sources[row->source];
	const struct sim_target *target = &sim->targets[row->target];

	if (row->start_ms < (int64_t)record->from * 1000 ||
	    row->start_ms >= (int64_t)record->to * 1000 ||
	    (int64_t)row->inserted_at < (int64_t)record->from - SKEW_SECONDS ||
	    row->inserted_at >= replay->until || !source->ours)
		return false;
	if (record->of_target)
		return source->session % replay->shard_count == replay->shard &&
		       lc_view_equal(lc_view_of(target->bucket), lc_replay_bucket(record)) &&
		       (record->whole_bucket ||
			lc_view_equal(lc_view_of(target->prefix), lc_replay_prefix(record)));
	return source->session == record->raft_session_id &&
	       lc_view_equal(lc_view_of(source->bucket), lc_replay_bucket(record));
}

/* Every replica had shown it when the replay was ordered, and still shows it. */
static bool was_there(const struct sim_replay *replay, const struct sim_row *row)
{
	for (unsigned i = 0; i < sim->plan.seat_count; i++) {
		if (row->visible_ms[i] + sim->plan.stale_ms > replay->ordered_ms)
			return false;
	}
	return row->expires_ms > sim_now_ms();
}

static void check(const struct sim_replay *replay)
{
	uint16_t *wanted = lc_memory_zero(sim->line_count + 1, sizeof(wanted[0]));

	for (size_t i = 0; i < sim->row_count; i++) {
		const struct sim_row *row = &sim->rows[i];

		if (is_about(replay, row) && was_there(replay, row) &&
		    ++wanted[row->line] > replay->found[row->line])
			sim_fail("line %u is delivered %u times by replay %s, which has ended",
				 row->line, replay->found[row->line], replay->record.id);
		if (replay->found[row->line] > 0 && !is_about(replay, row))
			sim_fail("line %u is delivered by replay %s, which is not about it",
				 row->line, replay->record.id);
	}
	free(wanted);
}

void sim_replays_check(void)
{
	for (size_t i = 0; i < sim->replay_count; i++) {
		if (sim->replays[i].known && !sim->replays[i].cancelled)
			check(&sim->replays[i]);
	}
}

/* A clock that is set back may give their identities again. */
void sim_replays_forget(void)
{
	sim_replays_free();
}

void sim_replays_free(void)
{
	for (size_t i = 0; i < sim->replay_count; i++)
		free(sim->replays[i].found);
	memset(sim->replays, 0, sizeof(sim->replays));
	sim->replay_count = 0;
}
