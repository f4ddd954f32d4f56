/*
 * Machines that share shards by lc_machine_rule, in a simulated world: a store with the beats and the
 * heads, which may be away, be cut off from one machine, or show it an old state; workers that take
 * their time to bid, to be fenced and to end; machines that die, stand still, come back.
 *
 * Time goes in steps of a tenth of a second; a beat is every 3 s.
 */
#ifndef LC_TESTS_SUPPORT_MACHINE_WORLD_H
#define LC_TESTS_SUPPORT_MACHINE_WORLD_H

#include "base/random.h"
#include "machines/machine_rule.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WORLD_MACHINES = 7,
	WORLD_SHARDS = 40,
	WORLD_BEAT = 30,        /* steps */
	WORLD_SILENT_AFTER = 5, /* beats */
	WORLD_LAG_MAX = 8,      /* seconds */
	WORLD_ROW_SIZE = 2048,
};

/* What a read shows. */
struct world_state {
	char rows[WORLD_MACHINES][WORLD_ROW_SIZE]; /* empty: none */
	struct lc_machine_head heads[WORLD_SHARDS];
};

struct world_worker {
	struct lc_machine_shard shard;
	uint64_t due;                  /* TAKING: when it bids; RELEASING: when it has ended */
	struct lc_machine_order order; /* TAKING */
};

struct world_machine {
	char name[24];
	uint32_t capacity;
	bool up;
	bool paused;
	bool cut;     /* from the store */
	unsigned lag; /* seconds: how old what it reads is */
	enum lc_machine_ability ability;
	struct lc_machine_rule *rule; /* while it is up */
	uint64_t boot;
	uint64_t sent;
	uint64_t beats_at;
	uint64_t reached;    /* when it last wrote a beat */
	uint64_t well_since; /* since when it has written one after the other */
	bool has_read;
	struct world_state read; /* and will be judged at the next step */
	struct world_worker workers[WORLD_SHARDS];
	enum lc_machine_refusal refusals[WORLD_SHARDS];
};

struct world {
	struct lc_random random;
	unsigned machine_count;
	unsigned shard_count;
	uint64_t now; /* steps */
	bool away;    /* the store is */
	struct world_state state;
	struct world_state former[WORLD_LAG_MAX + 1]; /* a second apart, the newest first */
	struct world_machine machines[WORLD_MACHINES];
	char last_owner[WORLD_SHARDS][LC_MACHINE_NAME_MAX + 1];
	/* counts */
	unsigned takes;  /* bids that won */
	unsigned moves;  /* those of another machine than the one that had the shard last */
	unsigned steals; /* from a machine that was alive and well */
	unsigned lost;   /* bids that did not win */
	unsigned taken[LC_MACHINE_CAUSE_COUNT]; /* as the rules of all machines count */
};

/* No machine is up, all shards are free. */
struct world *world_new(uint64_t seed, unsigned machines, unsigned shards);
void world_free(struct world *world);

void world_start(struct world *world, unsigned machine);
void world_kill(struct world *world, unsigned machine);

void world_run(struct world *world, unsigned beats);

/* All shards have one worker where their heads say, on machines that are able, each with its share;
 * if no machine is able, on those that do not leave; if there are none, all are free. */
bool world_is_balanced(const struct world *world);

/* Runs until it is balanced; the beats that took, or `most` when it still is not. */
unsigned world_run_until_balanced(struct world *world, unsigned most);

unsigned world_shards_of(const struct world *world, unsigned machine);
unsigned world_number(struct world *world, unsigned below);

#endif
