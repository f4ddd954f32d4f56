/*
 * Which shards this machine should have, as a pure rule: once for each own beat, (what the tables
 * show, what this machine does) -> orders. It reads, writes and starts nothing itself.
 *
 * Nothing is agreed upon between machines. Each makes the same plan of what it sees (machines/shares),
 * and does its own part of it. Where two see different things, both may order a worker to take the
 * same shard: the swap of the shard's head lets one of them have it, so that a wrong view costs a
 * start and never a row. So an order to take a shard says which epoch was seen in its head; a worker
 * that finds another machine in a later one leaves the shard alone.
 *
 *   A shard is free when its head says so, or when the machine that it names is silent
 *   (machines/peers). Machines that are fit share all shards by capacity. The free ones go to those
 *   that have less than their share; a machine that has more gives up one at a time.
 *   A machine that begins to run takes back the shards whose heads still name it, and nothing else
 *   until it knows who is alive.
 *   A machine that is unfit gives its shards to those that are fit, if there have been any for a
 *   while; one that leaves gives up all. A machine may refuse single shards, which it gives up and
 *   never takes, or avoid them, which it gives to a machine that does not, if there is one. What a
 *   machine refuses or avoids and has no worker for is free, whatever the head says.
 *
 * One that said it would take or give up a shard, and has not done so in a long time, does not keep
 * others from taking it.
 */
#ifndef LC_MACHINES_MACHINE_RULE_H
#define LC_MACHINES_MACHINE_RULE_H

#include "formats/machine_beat.h"
#include "machines/peers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_machine_head_state {
	LC_MACHINE_HEAD_UNKNOWN, /* there is no such row, or it cannot be read */
	LC_MACHINE_HEAD_FREE,    /* released, or never owned */
	LC_MACHINE_HEAD_OWNED,
};

/* What the rule needs of a shard's head. */
struct lc_machine_head {
	enum lc_machine_head_state state;
	uint64_t epoch;
	char owner[LC_MACHINE_NAME_MAX + 1]; /* OWNED */
};

struct lc_machine_rule_options {
	const char *name;
	uint64_t boot; /* of the process that beats, random */
	unsigned shards;
	unsigned silent_after; /* own beats, at least 1 */
	uint32_t capacity;
	uint64_t settings; /* a hash of what all machines have to agree on */
	const char *software;
};

/* What this machine can do. */
enum lc_machine_ability {
	LC_MACHINE_ABLE,
	LC_MACHINE_UNABLE,  /* its disk is full, its servers cannot be reached */
	LC_MACHINE_LEAVING, /* the operator wants it to have no shards */
};

struct lc_machine_view {
	const struct lc_register_row *rows; /* of the machines table, all, one's own too */
	size_t row_count;
	const struct lc_machine_head *heads;   /* one for each shard */
	const struct lc_machine_shard *shards; /* what this machine does, one for each shard */
	uint64_t sent;                         /* the counter of its last beat; 0: none was sent */
	enum lc_machine_ability ability;
};

enum lc_machine_order_type {
	LC_MACHINE_TAKE, /* start a worker, which takes the shard unless another has done so since */
	LC_MACHINE_RELEASE, /* end the worker and say in the head that nobody has the shard */
};

struct lc_machine_order {
	enum lc_machine_order_type type;
	unsigned shard;
	uint64_t epoch; /* TAKE: of the head, as it was seen */
};

/* Why this machine could take a shard that it did not have. */
enum lc_machine_cause {
	LC_MACHINE_CAUSE_SILENT,   /* the machine that had it shows no sign of life */
	LC_MACHINE_CAUSE_RELEASED, /* no machine had it any more */
	LC_MACHINE_CAUSE_OVERDUE,  /* the machine that had it did not give it up as it had said */
	LC_MACHINE_CAUSE_COUNT
};

struct lc_machine_orders {
	size_t count;
	struct lc_machine_order all[LC_MACHINE_SHARDS_MAX];
	/* what the look has shown besides */
	unsigned headless; /* shards without a head: nobody takes them */
	/* Shards whose heads name this machine and did not at the look before. */
	unsigned taken[LC_MACHINE_CAUSE_COUNT];
};

struct lc_machine_rule;

struct lc_machine_rule *lc_machine_rule_new(const struct lc_machine_rule_options *options);
void lc_machine_rule_free(struct lc_machine_rule *rule);

/* Takes what was read before the next beat is sent, and sets the orders, at most one for a shard. An
 * order is given again with each look until the shard's hold says that it is carried out. */
void lc_machine_rule_look(struct lc_machine_rule *rule, const struct lc_machine_view *view,
			  struct lc_machine_orders *orders);

/* The tables could not be read or not be written: nothing is known, nothing is to be done. */
void lc_machine_rule_miss(struct lc_machine_rule *rule);

/* The beat to be sent after the look, with all but the reason. */
void lc_machine_rule_beat(const struct lc_machine_rule *rule, const struct lc_machine_view *view,
			  struct lc_machine_beat *beat);

/* The newest head of a shard that was seen; UNKNOWN before the first. */
const struct lc_machine_head *lc_machine_rule_head(const struct lc_machine_rule *rule,
						   unsigned shard);

/* Whether the last look showed that no living machine has the shard: it is free, or the machine that
 * its head names is silent. */
bool lc_machine_rule_is_unowned(const struct lc_machine_rule *rule, unsigned shard);

/* The other machines, until the next look. */
const struct lc_peers *lc_machine_rule_peers(const struct lc_machine_rule *rule);

/* Whether a machine that is alive takes no part, because it has other settings or another format. */
bool lc_machine_rule_differs(const struct lc_machine_rule *rule, const struct lc_peer *peer);

#endif
