/* The parts of the ledger in memory: what it keeps, and how it answers. */
#ifndef LC_TESTS_BENCH_MEMORY_LEDGER_H
#define LC_TESTS_BENCH_MEMORY_LEDGER_H

#include "ledger/ledger.h"

#include "base/arena.h"

#include <sys/queue.h>
#include <uthash.h>

enum { NAME_MAX_SIZE = 80 };

/* A log object. */
struct kept {
	UT_hash_handle hh; /* by id */
	struct lc_ledger_intent intent;
	struct lc_arena bytes;
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

/* Somebody to be called back with what was found. */
struct lc_ledger_command {
	STAILQ_ENTRY(lc_ledger_command) next;
	void *context;
	bool cancelled;
	lc_ledger_callback *durable;
	lc_ledger_hashes_callback *on_hashes;
	lc_ledger_intents_callback *on_intents;
	lc_ledger_surplus_callback *on_counts;
	lc_ledger_objects_callback *on_objects;
	lc_ledger_horizon_callback *on_horizon;
	uint32_t horizon;
	struct lc_ledger_hashes hashes;
	struct lc_ledger_intents intents;
	struct lc_ledger_count *counts;
	size_t count;
};

struct lc_ledger {
	struct lc_loop_timer *timer;
	STAILQ_HEAD(, lc_ledger_command) answers;
	struct kept *objects;
	struct source *sources;
	uint32_t until;
	uint32_t horizon;
};

/* The source; it is made when it is new. */
struct source *memory_source(struct lc_ledger *ledger, const struct lc_ledger_source *of);
/* The source's slot that holds this second; it is made when it is new. */
struct slot *memory_slot(struct source *source, uint32_t second);

/* An answer that the loop gives, in the order of the calls; the caller sets what it is. */
struct lc_ledger_command *memory_answer(struct lc_ledger *ledger, void *context);

#endif
