/*
 * What the process of machines/machines.h tells the supervisor after each look: the body of a frame
 * LOOKED. It is a struct, and then one for each machine: both sides are the same program. What is no
 * report comes from a process that has gone wrong.
 */
#ifndef LC_MACHINES_REPORT_H
#define LC_MACHINES_REPORT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "formats/machine_beat.h"
#include "machines/peers.h"

#include <stdbool.h>
#include <stdint.h>

enum { LC_REPORT_MACHINES_MAX = 64 }; /* more machines are not told of */

struct lc_report {
	uint32_t machine_count; /* that follow */
	uint32_t headless;      /* shards without a head, that nobody can take */
	bool is_clone;  /* another machine of this name began earlier: this one takes no part */
	bool has_rival; /* another machine beats under this name */
	char trouble[LC_ERROR_MESSAGE_SIZE]; /* why this look failed; empty: it did not */
};

struct lc_report_machine {
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

/* Begins a report: `body` becomes all but the machines, of which there are none. */
void lc_report_begin(struct lc_buffer *body, const struct lc_report *report);

/* Adds a machine, unless there are LC_REPORT_MACHINES_MAX. */
void lc_report_add(struct lc_buffer *body, const struct lc_report_machine *machine);

/* Reads a body: the report, and its machines into `machines` of LC_REPORT_MACHINES_MAX. False when
 * it is none. */
bool lc_report_read(struct lc_view body, struct lc_report *report,
		    struct lc_report_machine *machines);

#endif
