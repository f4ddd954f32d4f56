/*
 * Random histories of machines that join, die, stand still, are cut off, read an old state, become
 * unfit or leave: when all is quiet again, each shard soon has one worker, each machine its share,
 * and nothing moves any more.
 */
#include "support/machine_world.h"

#include "support/story.h"

#include <stdlib.h>
#include <string.h>

enum {
	HISTORIES = 50,
	DISTURBANCES = 12,
	QUIET_AFTER = 80, /* beats */
	QUIET_FOR = 60,
};

static void disturb_machine(struct world *world, struct world_machine *machine, unsigned number)
{
	static const uint32_t capacities[] = {1, 2, 4, 4, 8};

	switch (world_number(world, 10)) {
	case 0:
	case 1:
		machine->paused = !machine->paused;
		break;
	case 2:
		machine->cut = !machine->cut;
		break;
	case 3:
		machine->lag = world_number(world, WORLD_LAG_MAX + 1);
		break;
	case 4:
		machine->ability = machine->ability == LC_MACHINE_ABLE
				       ? (enum lc_machine_ability)world_number(world, 3)
				       : LC_MACHINE_ABLE;
		break;
	case 5:
		machine->refusals[world_number(world, world->shard_count)] =
		    (enum lc_machine_refusal)world_number(world, 3);
		break;
	case 6: /* restarted, maybe as another size */
		machine->capacity = capacities[world_number(world, 5)];
		world_kill(world, number);
		world_start(world, number);
		break;
	default:
		world_kill(world, number);
		break;
	}
}

static void disturb(struct world *world)
{
	unsigned number = world_number(world, world->machine_count);

	if (world_number(world, 8) == 0)
		world->away = !world->away;
	else if (!world->machines[number].up)
		world_start(world, number);
	else
		disturb_machine(world, &world->machines[number], number);
}

/* The network and the clocks are well again; who is dead or unfit stays so. */
static void calm(struct world *world)
{
	world->away = false;
	for (unsigned i = 0; i < world->machine_count; i++) {
		world->machines[i].paused = false;
		world->machines[i].cut = false;
		world->machines[i].lag = 0;
		memset(world->machines[i].refusals, 0, sizeof world->machines[i].refusals);
	}
}

struct totals {
	unsigned slowest;
	unsigned long beats;
	unsigned long takes;
	unsigned long moves;
	unsigned long lost;
};

/* Runs QUIET_AFTER beats; after so many of them nothing has moved any more. */
static unsigned run_until_quiet(struct world *world)
{
	unsigned last = 0;

	for (unsigned beat = 1; beat <= QUIET_AFTER; beat++) {
		unsigned takes = world->takes;

		world_run(world, 1);
		if (world->takes != takes || !world_is_balanced(world))
			last = beat;
	}
	return last;
}

static void run_history(uint64_t seed, struct totals *totals)
{
	struct lc_random random;
	struct world *world;
	unsigned beats;
	unsigned takes;

	lc_random_seed(&random, seed);
	world = world_new(seed, 1 + (unsigned)(lc_random_next(&random) % WORLD_MACHINES),
			  1 + (unsigned)(lc_random_next(&random) % WORLD_SHARDS));
	for (unsigned i = 0; i < world->machine_count; i++) {
		if (world_number(world, 3) > 0)
			world_start(world, i);
	}
	for (unsigned i = 0; i < DISTURBANCES; i++) {
		world_run(world, world_number(world, 12));
		disturb(world);
	}
	calm(world);
	beats = run_until_quiet(world);
	takes = world->takes;
	world_run(world, QUIET_FOR);
	if (world->takes != takes || !world_is_balanced(world))
		fail_msg("history %llu: after %d quiet beats %u machines have not shared out %u "
			 "shards, or shards still move",
			 (unsigned long long)seed, QUIET_AFTER, world->machine_count,
			 world->shard_count);
	if (world->steals > 0)
		fail_msg("history %llu: a shard was taken from a machine that was well",
			 (unsigned long long)seed);
	totals->slowest = beats > totals->slowest ? beats : totals->slowest;
	totals->beats += beats;
	totals->takes += world->takes;
	totals->moves += world->moves;
	totals->lost += world->lost;
	world_free(world);
}

static void after_any_history_each_shard_has_one_machine_and_stays(void **state)
{
	const char *first = getenv("LOG_COURIER_MACHINES_SEED");
	const char *count = getenv("LOG_COURIER_MACHINES_COUNT");
	uint64_t begin = first == NULL ? 1 : strtoull(first, NULL, 10);
	uint64_t end = begin + (count == NULL ? HISTORIES : strtoull(count, NULL, 10));
	struct totals totals = {.slowest = 0};

	(void)state;
	for (uint64_t seed = begin; seed < end; seed++)
		run_history(seed, &totals);
	print_message("slowest %u beats, on average %.1f; takes %lu, moves %lu, bids lost %lu\n",
		      totals.slowest, (double)totals.beats / (double)(end - begin), totals.takes,
		      totals.moves, totals.lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(after_any_history_each_shard_has_one_machine_and_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
