#include "support/machine_world.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SOFTWARE[] = "1.0.0";

unsigned world_number(struct world *world, unsigned below)
{
	return (unsigned)(lc_random_next(&world->random) % below);
}

struct world *world_new(uint64_t seed, unsigned machines, unsigned shards)
{
	struct world *world = lc_memory_zero(1, sizeof *world);

	lc_random_seed(&world->random, seed);
	world->machine_count = machines;
	world->shard_count = shards;
	world->now = 1;
	for (unsigned i = 0; i < shards; i++)
		world->state.heads[i].state = LC_MACHINE_HEAD_FREE;
	for (unsigned i = 0; i <= WORLD_LAG_MAX; i++)
		world->former[i] = world->state;
	for (unsigned i = 0; i < machines; i++) {
		snprintf(world->machines[i].name, sizeof world->machines[i].name, "machine-%u", i);
		world->machines[i].capacity = 4;
	}
	return world;
}

void world_free(struct world *world)
{
	for (unsigned i = 0; i < world->machine_count; i++)
		lc_machine_rule_free(world->machines[i].rule);
	free(world);
}

void world_start(struct world *world, unsigned machine)
{
	struct world_machine *it = &world->machines[machine];
	struct lc_machine_rule_options options = {
	    .name = it->name,
	    .boot = lc_random_next(&world->random),
	    .shards = world->shard_count,
	    .silent_after = WORLD_SILENT_AFTER,
	    .capacity = it->capacity,
	    .settings = 1,
	    .software = SOFTWARE,
	};

	it->rule = lc_machine_rule_new(&options);
	it->up = true;
	it->paused = false;
	it->sent = 0;
	it->has_read = false;
	it->beats_at = world->now + 1 + world_number(world, 5);
}

void world_kill(struct world *world, unsigned machine)
{
	struct world_machine *it = &world->machines[machine];

	lc_machine_rule_free(it->rule);
	it->rule = NULL;
	it->up = false;
	it->paused = false;
	memset(it->workers, 0, sizeof it->workers);
}

static bool reaches(const struct world *world, const struct world_machine *machine)
{
	return machine->up && !machine->paused && !machine->cut && !world->away;
}

static const struct world_machine *find_machine(const struct world *world, const char *name)
{
	for (unsigned i = 0; i < world->machine_count; i++) {
		if (strcmp(world->machines[i].name, name) == 0)
			return &world->machines[i];
	}
	return NULL;
}

/* ---- workers ---- */

/* A machine that wants the shard, and has beaten for so long that no other can have seen it silent in
 * an old state, and act on that now. */
static bool is_well(const struct world *world, const struct world_machine *machine, unsigned shard)
{
	return reaches(world, machine) && machine->ability == LC_MACHINE_ABLE &&
	       machine->workers[shard].shard.hold == LC_MACHINE_HAS &&
	       world->now - machine->reached <= 2 * (uint64_t)WORLD_BEAT &&
	       world->now - machine->well_since > 7 * (uint64_t)WORLD_BEAT;
}

static void bid(struct world *world, struct world_machine *machine, unsigned shard)
{
	struct lc_machine_head *head = &world->state.heads[shard];
	struct world_worker *worker = &machine->workers[shard];
	char *last = world->last_owner[shard];

	if (head->state == LC_MACHINE_HEAD_OWNED && head->epoch > worker->order.epoch &&
	    strcmp(head->owner, machine->name) != 0) {
		world->lost++;
		*worker = (struct world_worker){.due = 0};
		return;
	}
	if (head->state == LC_MACHINE_HEAD_OWNED && strcmp(head->owner, machine->name) != 0) {
		const struct world_machine *owner = find_machine(world, head->owner);

		world->steals += is_well(world, owner, shard);
	}
	world->takes++;
	world->moves += last[0] != '\0' && strcmp(last, machine->name) != 0;
	memcpy(last, machine->name, sizeof machine->name);
	head->state = LC_MACHINE_HEAD_OWNED;
	head->epoch++;
	memcpy(head->owner, machine->name, sizeof machine->name);
	worker->shard.hold = LC_MACHINE_HAS;
	worker->shard.epoch = head->epoch;
}

static void run_worker(struct world *world, struct world_machine *machine, unsigned shard)
{
	struct lc_machine_head *head = &world->state.heads[shard];
	struct world_worker *worker = &machine->workers[shard];
	bool fenced = head->epoch != worker->shard.epoch;

	switch (worker->shard.hold) {
	case LC_MACHINE_AWAY:
		break;
	case LC_MACHINE_TAKING:
		if (world->now >= worker->due)
			bid(world, machine, shard);
		break;
	case LC_MACHINE_HAS:
		if (fenced)
			*worker = (struct world_worker){.due = 0};
		break;
	case LC_MACHINE_RELEASING:
		if (world->now < worker->due)
			break;
		if (!fenced)
			head->state = LC_MACHINE_HEAD_FREE;
		*worker = (struct world_worker){.due = 0};
		break;
	}
}

static void carry_out(struct world *world, struct world_machine *machine,
		      const struct lc_machine_order *order)
{
	struct world_worker *worker = &machine->workers[order->shard];

	if (order->type == LC_MACHINE_TAKE) {
		worker->shard.hold = LC_MACHINE_TAKING;
		worker->order = *order;
		worker->due = world->now + 1 + world_number(world, 40);
	} else if (worker->shard.hold == LC_MACHINE_TAKING) {
		*worker = (struct world_worker){.due = 0};
	} else {
		worker->shard.hold = LC_MACHINE_RELEASING;
		worker->due = world->now + 1 + world_number(world, 100);
	}
}

/* ---- beats ---- */

static void write_beat(struct world *world, struct world_machine *machine,
		       const struct lc_machine_view *view)
{
	struct lc_machine_beat beat;
	struct lc_buffer text;

	machine->sent = view->sent + 1;
	if (!reaches(world, machine)) {
		lc_machine_rule_miss(machine->rule);
		return;
	}
	lc_machine_rule_beat(machine->rule, view, &beat);
	lc_buffer_init(&text, WORLD_ROW_SIZE);
	lc_machine_beat_append(&text, &beat);
	memcpy(world->state.rows[machine - world->machines], lc_buffer_text(&text), text.size + 1);
	lc_buffer_free(&text);
	if (machine->sent == 1 || world->now - machine->reached > 2 * WORLD_BEAT)
		machine->well_since = world->now;
	machine->reached = world->now;
}

static void judge(struct world *world, struct world_machine *machine)
{
	struct lc_machine_shard shards[WORLD_SHARDS];
	struct lc_register_row rows[WORLD_MACHINES];
	struct lc_machine_orders orders;
	struct lc_machine_view view = {.rows = rows,
				       .heads = machine->read.heads,
				       .shards = shards,
				       .sent = machine->sent,
				       .ability = machine->ability};

	for (unsigned i = 0; i < world->machine_count; i++) {
		if (machine->read.rows[i][0] != '\0')
			rows[view.row_count++] =
			    (struct lc_register_row){.name = lc_view_of(world->machines[i].name),
						     .value = lc_view_of(machine->read.rows[i])};
	}
	for (unsigned i = 0; i < world->shard_count; i++) {
		machine->workers[i].shard.refusal = machine->refusals[i];
		shards[i] = machine->workers[i].shard;
	}
	lc_machine_rule_look(machine->rule, &view, &orders);
	for (unsigned cause = 0; cause < LC_MACHINE_CAUSE_COUNT; cause++)
		world->taken[cause] += orders.taken[cause];
	for (size_t i = 0; i < orders.count; i++) {
		carry_out(world, machine, &orders.all[i]);
		shards[orders.all[i].shard].hold = machine->workers[orders.all[i].shard].shard.hold;
	}
	write_beat(world, machine, &view);
}

/* What was read is judged a step later: the machine may stand still in between. */
static void run_machine(struct world *world, struct world_machine *machine)
{
	if (!machine->up || machine->paused)
		return;
	if (machine->has_read) {
		machine->has_read = false;
		judge(world, machine);
	} else if (world->now >= machine->beats_at) {
		machine->beats_at = world->now + WORLD_BEAT - 1 + world_number(world, 3);
		if (reaches(world, machine)) {
			machine->has_read = true;
			machine->read =
			    machine->lag == 0 ? world->state : world->former[machine->lag];
		} else {
			lc_machine_rule_miss(machine->rule);
		}
	}
	if (!reaches(world, machine))
		return;
	for (unsigned i = 0; i < world->shard_count; i++)
		run_worker(world, machine, i);
}

static void run_step(struct world *world)
{
	world->now++;
	for (unsigned i = 0; i < world->machine_count; i++)
		run_machine(world, &world->machines[i]);
	if (world->now % 10 != 0)
		return;
	memmove(&world->former[1], &world->former[0], WORLD_LAG_MAX * sizeof world->former[0]);
	world->former[0] = world->state;
}

void world_run(struct world *world, unsigned beats)
{
	for (unsigned i = 0; i < beats * WORLD_BEAT; i++)
		run_step(world);
}

/* ---- what should be ---- */

/* The worst ability of those that are to have the shards; LEAVING when there are none. */
static enum lc_machine_ability ability_that_counts(const struct world *world)
{
	enum lc_machine_ability best = LC_MACHINE_LEAVING;

	for (unsigned i = 0; i < world->machine_count; i++) {
		if (world->machines[i].up && world->machines[i].ability < best)
			best = world->machines[i].ability;
	}
	return best;
}

unsigned world_shards_of(const struct world *world, unsigned machine)
{
	const struct world_machine *it = &world->machines[machine];
	unsigned shards = 0;

	for (unsigned i = 0; i < world->shard_count; i++) {
		const struct lc_machine_head *head = &world->state.heads[i];

		shards += head->state == LC_MACHINE_HEAD_OWNED &&
			  strcmp(head->owner, it->name) == 0 &&
			  it->workers[i].shard.hold == LC_MACHINE_HAS &&
			  it->workers[i].shard.epoch == head->epoch;
	}
	return shards;
}

static bool is_share(const struct world *world, const struct world_machine *machine, unsigned has,
		     enum lc_machine_ability counts)
{
	unsigned all = 0;

	if (!machine->up || machine->ability != counts || counts == LC_MACHINE_LEAVING)
		return has == 0;
	for (unsigned i = 0; i < world->machine_count; i++) {
		if (world->machines[i].up && world->machines[i].ability == counts)
			all += world->machines[i].capacity;
	}
	return has >= world->shard_count * machine->capacity / all &&
	       has <= (world->shard_count * machine->capacity + all - 1) / all;
}

bool world_is_balanced(const struct world *world)
{
	enum lc_machine_ability counts = ability_that_counts(world);
	unsigned sum = 0;

	for (unsigned i = 0; i < world->machine_count; i++) {
		unsigned has = world_shards_of(world, i);

		if (!is_share(world, &world->machines[i], has, counts))
			return false;
		for (unsigned k = 0; k < world->shard_count; k++) {
			enum lc_machine_hold hold = world->machines[i].workers[k].shard.hold;

			if (hold == LC_MACHINE_TAKING || hold == LC_MACHINE_RELEASING)
				return false;
		}
		sum += has;
	}
	return sum == (counts == LC_MACHINE_LEAVING ? 0 : world->shard_count);
}

unsigned world_run_until_balanced(struct world *world, unsigned most)
{
	unsigned beats = 0;

	while (!world_is_balanced(world) && beats < most) {
		world_run(world, 1);
		beats++;
	}
	return beats;
}
