/*
 * The process that beats for this machine, where several stand in for each other: a child of the
 * supervisor that does nothing else, so that a machine whose workers are restoring, or hang, is alive
 * all the same. Five times in failover.machine-timeout-seconds it reads what all machines say and
 * who owns which shard, applies lc_machine_rule, tells the supervisor which workers to start and
 * which to release, and writes its beat.
 *
 * It speaks to the supervisor by the frames OF_MACHINES and TO_MACHINES (tbl/frames.h), and ends
 * when their channel breaks. Nothing that it does, or fails to do, concerns safety: who may write
 * is decided by the shards' heads.
 */
#ifndef LC_MACHINES_MACHINES_H
#define LC_MACHINES_MACHINES_H

#include "base/error.h"
#include "config/settings.h"
#include "formats/machine_beat.h"
#include "machines/machine_rule.h"
#include "machines/peers.h"

#include <stdbool.h>
#include <stdint.h>

/* The whole life of the process; returns its exit code. `channel`: its end of the socket pair, not
 * blocking. */
int lc_machines_run(const struct lc_settings *settings, int channel);

/* ---- what frame LOOKED tells: a report, and as many machines as it says ---- */

enum { LC_MACHINES_TOLD_MAX = 64 }; /* more machines are not told of */

struct lc_machines_report {
	uint32_t machine_count; /* that follow */
	uint32_t unowned;       /* shards that no living machine has */
	uint32_t headless;      /* shards without a head, that nobody can take */
	bool is_clone;  /* another machine of this name began earlier: this one takes no part */
	bool has_rival; /* another machine beats under this name */
	bool settled;   /* it knows who is alive */
	char trouble[LC_ERROR_MESSAGE_SIZE]; /* why this look failed; empty: it did not */
};

struct lc_machines_machine {
	char name[LC_MACHINE_NAME_MAX + 1];
	char software[LC_MACHINE_SOFTWARE_MAX + 1];
	char reason[LC_MACHINE_REASON_MAX + 1];
	enum lc_peer_verdict verdict;
	enum lc_machine_state state;
	bool is_own;
	bool differs; /* in settings, or in what its beat looks like: it takes no part */
	uint32_t capacity;
	uint32_t missed; /* own beats since its beat moved */
	uint32_t shards; /* whose heads name it */
};

/* Reads the body of a LOOKED: the report, and the machines in `machines` of LC_MACHINES_TOLD_MAX. False
 * when it is none. */
bool lc_machines_read_report(struct lc_view body, struct lc_machines_report *report,
			     struct lc_machines_machine *machines);

#endif
