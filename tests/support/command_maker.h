/*
 * Commands for a ledger, by chance: those that change the store, in an order in which a shard could
 * give them. What is made by one seed is the same each time. A maker is a value: a copy goes on from
 * where it was copied, so that commands that were not committed can be forgotten.
 */
#ifndef LC_SUPPORT_COMMAND_MAKER_H
#define LC_SUPPORT_COMMAND_MAKER_H

#include "base/random.h"
#include "ledger/ledger_command.h"

#include <stddef.h>
#include <stdint.h>

enum { LC_COMMAND_MAKER_OPEN_MAX = 64 };

struct lc_command_maker {
	struct lc_random random;
	uint32_t now; /* ClickHouse's clock */
	uint64_t next_intent_id;
	struct {
		uint64_t id;
		uint32_t last_second;
	} open[LC_COMMAND_MAKER_OPEN_MAX]; /* intents */
	size_t open_count;
};

void lc_command_maker_init(struct lc_command_maker *maker, uint64_t seed);

/* The next one; the caller's. */
struct lc_ledger_command *lc_command_maker_next(struct lc_command_maker *maker);

/* One of this kind. */
struct lc_ledger_command *lc_command_maker_one(struct lc_command_maker *maker,
					       enum lc_ledger_command_kind kind);

/* Adds one of each kind that changes the store to the list, and the intents that some of them need.
 */
void lc_command_maker_each(struct lc_command_maker *maker, struct lc_ledger_command_list *commands);

/* One that reads: a few kinds, which go through most of the store. Its callback does nothing. */
struct lc_ledger_command *lc_command_maker_read(struct lc_command_maker *maker);

/* A number less than `limit`. */
uint64_t lc_command_maker_below(struct lc_command_maker *maker, uint64_t limit);

#endif
