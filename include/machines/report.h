/*
 * What the process of machines/machines.h tells the supervisor after each look: the body of a frame
 * LOOKED. It is a struct, then one for each machine, then one for each shard: both sides are the same
 * program. What is no
 * report comes from a process that has gone wrong.
 */
#ifndef LC_MACHINES_REPORT_H
#define LC_MACHINES_REPORT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "formats/machine_beat.h"
#include "machines/machine_rule.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	LC_REPORT_MACHINES_MAX = 64, /* more machines are not told of */
	LC_REPORT_REFUSES_SIZE = 64,
};

struct lc_report {
	uint32_t machine_count;                 /* that follow */
	uint32_t shard_count;                   /* that follow these */
	uint32_t taken[LC_MACHINE_CAUSE_COUNT]; /* shards that became this machine's in this look */
	uint32_t headless;                      /* shards without a head, that nobody can take */
	bool is_clone;  /* another machine of this name began earlier: this one takes no part */
	bool has_rival; /* another machine beats under this name */
	char trouble[LC_ERROR_MESSAGE_SIZE]; /* why this look failed; empty: it did not */
};

struct lc_report_machine {
	char name[LC_MACHINE_NAME_MAX + 1];
	char software[LC_MACHINE_SOFTWARE_MAX + 1];
	char reason[LC_MACHINE_REASON_MAX + 1];
	char refuses[LC_REPORT_REFUSES_SIZE]; /* shards that it refuses or avoids: "3,7" */
	enum lc_peer_verdict verdict;
	enum lc_machine_state state;
	bool is_own;
	bool differs; /* in settings, or in what its beat looks like: it takes no part */
	uint32_t capacity;
	uint32_t missed; /* own beats since its beat moved */
	uint32_t shards; /* whose heads name it */
};

enum { LC_REPORT_NOBODY = -1 };

/* What the heads have shown, this time or last. */
struct lc_report_shard {
	uint64_t epoch; /* 0: nothing yet */
	int32_t owner;  /* which of the machines the head names; NOBODY also for one not told of */
	bool unowned;   /* no living machine has it */
};

/* Begins a report: `body` becomes all but machines and shards, of which there are none. */
void lc_report_begin(struct lc_buffer *body, const struct lc_report *report);

/* Adds a machine, unless there are LC_REPORT_MACHINES_MAX. All of them are added before the first
 * shard. */
void lc_report_add_machine(struct lc_buffer *body, const struct lc_report_machine *machine);

/* Adds the next shard, the first one being 0; LC_MACHINE_SHARDS_MAX at most. */
void lc_report_add_shard(struct lc_buffer *body, const struct lc_report_shard *shard);

/* Reads a body: the report, its machines into `machines` of LC_REPORT_MACHINES_MAX, and its shards
 * into `shards` of LC_MACHINE_SHARDS_MAX. False when it is none. */
bool lc_report_read(struct lc_view body, struct lc_report *report,
		    struct lc_report_machine *machines, struct lc_report_shard *shards);

#endif
