/*
 * Which of the other machines are alive, as a pure rule over the beats that were read.
 *
 * Time is counted in own beats, never by a clock. A look counts when it shows an own beat that is
 * newer than the one of the look before: then the table was written and read meanwhile. A machine
 * whose beat has not moved in as many such looks, one after the other, is silent. A look that does
 * not count, because the table is away, or shows an old state, or this machine stood still, begins
 * the count again: so a table that is away makes nobody silent.
 *
 * Beats under the own name that are not one's own are those of a former life; when they move, they
 * are those of another machine with this name. Of the two, the one that began later stops.
 */
#ifndef LC_MACHINES_PEERS_H
#define LC_MACHINES_PEERS_H

#include "formats/machine_beat.h"
#include "formats/register_answer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LC_PEERS_MAX = 256 }; /* more machines are not looked at */

enum lc_peer_verdict {
	LC_PEER_NEW, /* not seen moving yet */
	LC_PEER_ALIVE,
	LC_PEER_SILENT,
};

struct lc_peer {
	char name[LC_MACHINE_NAME_MAX + 1];
	enum lc_peer_verdict verdict;
	unsigned missed; /* looks that counted since its beat has moved */
	uint64_t boot;   /* of its beat, whose hash this is if it cannot be read */
	uint64_t counter;
	bool readable;
	struct lc_machine_beat beat; /* if readable */
};

/* Read freely, changed only by the functions below. */
struct lc_peers {
	char name[LC_MACHINE_NAME_MAX + 1]; /* one's own */
	uint64_t boot;
	unsigned silent_after;
	struct lc_peer *all; /* the others, by name */
	size_t count;
	size_t capacity;
	uint64_t seen;       /* the newest own beat that was read back; 0: none */
	uint64_t seen_looks; /* looks that counted */
	bool counts;         /* the last look did */
	uint64_t rival_boot; /* whose beat stood under the own name last */
	uint64_t rival_counter;
	unsigned rival_moves; /* since the last look that counted */
	bool is_clone;        /* another machine has this name, and began earlier: for good */
};

/* Nobody is known yet. `silent_after`: looks, at least 1. */
void lc_peers_init(struct lc_peers *peers, const char *name, uint64_t boot, unsigned silent_after);
void lc_peers_free(struct lc_peers *peers);

/* Takes all rows of one look. `sent`: the counter of the own beat that was sent last, 0 for none. Rows
 * whose name could not be a machine's are left out. */
void lc_peers_look(struct lc_peers *peers, const struct lc_register_row *rows, size_t row_count,
		   uint64_t sent);

/* The table could not be read or not be written. */
void lc_peers_miss(struct lc_peers *peers);

/* The other machine of that name, or NULL. Valid until the next look. */
const struct lc_peer *lc_peers_find(const struct lc_peers *peers, const char *name);

/* A machine that owns a shard and has no row: it is watched from now on. */
void lc_peers_watch(struct lc_peers *peers, const char *name);

/* True while another machine is seen to beat under the own name. */
bool lc_peers_has_rival(const struct lc_peers *peers);

#endif
