/*
 * Whether this machine is fit to have shards, where several stand in for each other, as a pure rule
 * over time. Trouble that lasts makes it unfit. If it has shards still, and its workers work again,
 * as after an outage that all machines have seen, it is fit at once. If it has none, nobody can tell
 * whether the trouble is over, so it is taken for fit again after a while; if it then is not, the
 * next while is longer, so that shards do not go to and fro.
 */
#ifndef LC_SUPERVISOR_FITNESS_H
#define LC_SUPERVISOR_FITNESS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LC_FITNESS_PATIENCE_MS = 30 * 1000,   /* trouble for so long makes a machine unfit */
	LC_FITNESS_REST_MS = 60 * 1000,       /* so long without trouble makes it fit, */
	LC_FITNESS_REST_MAX_MS = 1800 * 1000, /* twice as long each time, up to this */
	LC_FITNESS_WELL_MS = 3600 * 1000,     /* fit for so long: as if there had been no trouble */
	LC_FITNESS_REASON_SIZE = 128,
};

/* All zero: fit. Read freely. */
struct lc_fitness {
	bool unfit;
	char reason[LC_FITNESS_REASON_SIZE]; /* while it is unfit */
	uint64_t since_ms; /* since when there is trouble, or, if unfit, since when there is none */
	bool counting;     /* `since_ms` says something */
	uint64_t changed_ms; /* when it became fit or unfit */
	unsigned relapses;
};

/* Takes what is seen now: `trouble` is its name, or NULL; `works`: workers record what they do. */
void lc_fitness_look(struct lc_fitness *fitness, const char *trouble, bool works, uint64_t now_ms);

#endif
