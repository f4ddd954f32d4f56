/*
 * Which machine has which shard, as the reports of the process of machines tell it, kept from one to
 * the next: who had a shard that nobody has now, and since when. What a report does not tell stays
 * as it was. No I/O.
 */
#ifndef LC_SUPERVISOR_OWNERS_H
#define LC_SUPERVISOR_OWNERS_H

#include "formats/status_document.h"
#include "machines/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_owner {
	char name[LC_MACHINE_NAME_MAX + 1]; /* who has it, or had it last; empty: not known */
	uint64_t epoch;                     /* of its head; 0: not known */
	uint64_t unowned_since_ms;          /* lc_clock_monotonic_ms; 0: a living machine has it */
};

/* All zero at first. */
struct lc_owners {
	bool
	    current; /* the last look has succeeded; else nobody knows whether a shard is unowned */
	struct lc_owner all[LC_MACHINE_SHARDS_MAX]; /* by shard */
	size_t count;
	uint64_t taken[LC_MACHINE_CAUSE_COUNT]; /* by this machine, since the service started */
};

/* Takes a report that was read, with its machines and shards. `now_ms`: lc_clock_monotonic_ms. */
void lc_owners_take(struct lc_owners *owners, const struct lc_report *report,
		    const struct lc_report_machine *machines, const struct lc_report_shard *shards,
		    uint64_t now_ms);

/* There is no process of machines for now. */
void lc_owners_lose_sight(struct lc_owners *owners);

/* Tells of the document's shards who has them, and of the service how many it has taken over. */
void lc_owners_describe(const struct lc_owners *owners, uint64_t now_ms,
			struct lc_status_document *document);

#endif
