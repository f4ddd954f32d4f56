/*
 * What the parts of a reload share: the whole (reload.c), the replacing of one worker after the
 * other (reload_replace.c), and a change of the shards, for which all stop (reload_shards.c). For
 * these alone; others use supervisor/reload.h.
 */
#ifndef LC_SUPERVISOR_RELOAD_PARTS_H
#define LC_SUPERVISOR_RELOAD_PARTS_H

#include "supervisor/layout.h"
#include "supervisor/move_process.h"
#include "supervisor/reload.h"

#include <stdint.h>

enum lc_reload_step {
	LC_RELOAD_IDLE,
	LC_RELOAD_REPLACING,
	LC_RELOAD_RETURNING,
	LC_RELOAD_EMPTYING,
	LC_RELOAD_MOVING,
	LC_RELOAD_STARTING
};

enum { LC_RELOAD_NAMES_MAX = 800, LC_RELOAD_REST_MAX = 128 };

struct lc_reload {
	struct lc_reload_host host;
	enum lc_reload_step step;
	bool failed; /* the last one */
	bool queued;
	uint64_t count;
	char text[LC_STATUS_DOCUMENT_TEXT_SIZE];
	char changes[LC_RELOAD_NAMES_MAX]; /* names of the settings that differ */
	struct lc_settings candidate;      /* EMPTYING, MOVING: to be put in force */
	struct lc_settings former;         /* REPLACING, RETURNING: those that were, or
					      will be again */
	bool has_candidate;
	bool has_former;
	size_t at;  /* REPLACING, RETURNING: the process whose worker is being replaced */
	size_t end; /* REPLACING, RETURNING: as far as workers are to be replaced */
	bool waiting;
	bool had_failed;   /* the shard at hand did not work with the former settings either */
	unsigned hopeless; /* shards that worked neither before nor now */
	bool *paused;      /* EMPTYING to STARTING: by shard */
	struct lc_layout layout;
	struct lc_move_process mover;
	struct lc_loop_timer *poke; /* goes on from the loop: never from within a process's call */
	struct lc_loop_timer *patience; /* for one successor */
};

/* ---- the whole ---- */

void lc_reload_enter(struct lc_reload *reload, enum lc_reload_step step);

/* What it is doing, or what has come of it, for the status document. */
void lc_reload_say(struct lc_reload *reload, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* It is over, as `failed` and the text say; one that is queued begins. */
void lc_reload_end(struct lc_reload *reload);
void lc_reload_end_well(struct lc_reload *reload);

void lc_reload_swap(struct lc_settings *a, struct lc_settings *b);

/* Frees settings if there are any. */
void lc_reload_release(struct lc_settings *settings, bool *has);

/* ---- one worker after the other ---- */

/* Puts the candidate in force and begins. False with `error` when the supervisor's own parts can
 * not follow: the former settings hold then. */
bool lc_reload_replace_all(struct lc_reload *reload, struct lc_error *error);

/* REPLACING, RETURNING: goes on, as the worker at hand allows. */
void lc_reload_walk(struct lc_reload *reload);

/* The worker at hand has had its time; `context` is the reload. */
void lc_reload_lose_patience(void *context);

/* ---- all at once ---- */

/* Lets all workers finish, because the shards change. */
void lc_reload_empty(struct lc_reload *reload);

/* EMPTYING, once no worker runs: moves the ledgers, and starts all. */
void lc_reload_change_layout(struct lc_reload *reload);

#endif
