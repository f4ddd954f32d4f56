/*
 * The keeper of one shard's worker: it carries out what the slot decides (fork, frames, signals,
 * the timer), and tells the slot what happens to the worker.
 */
#ifndef LC_SUPERVISOR_KEEPER_H
#define LC_SUPERVISOR_KEEPER_H

#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "config/settings.h"
#include "formats/status_document.h"
#include "supervisor/asks.h"
#include "supervisor/slot.h"
#include "worker/page.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct lc_keeper;

/* What all keepers share; outlives them. */
struct lc_keeper_house {
	struct lc_loop *loop;
	const struct lc_settings *settings;
	unsigned shard_count;
	int state_lock;                   /* inherited by the workers */
	sigset_t worker_signals;          /* the mask workers run with */
	void (*on_change)(void *context); /* after a slot changed its state; from the loop */
	void *context;
};

/* A keeper whose slot is stopped; NULL with `error` set when there is no memory for the page. */
struct lc_keeper *lc_keeper_new(const struct lc_keeper_house *house, unsigned shard,
				struct lc_error *error);

/* Releases it. Its worker must be gone. */
void lc_keeper_free(struct lc_keeper *keeper);

/* Starts the worker. on_change may be called before these return. */
void lc_keeper_start(struct lc_keeper *keeper);
/* Lets the worker finish within shutdown-timeout-seconds; no other follows. */
void lc_keeper_drain(struct lc_keeper *keeper);
/* As lc_keeper_drain, but what is under way is abandoned. */
void lc_keeper_hurry(struct lc_keeper *keeper);

/* Another worker takes over, once this one has finished: with the settings as they are by then. */
void lc_keeper_replace(struct lc_keeper *keeper);
/* Lets the worker finish; no other follows before lc_keeper_resume. */
void lc_keeper_pause(struct lc_keeper *keeper);
void lc_keeper_resume(struct lc_keeper *keeper);

/* The house's settings have changed: the keeper's own rules follow them, and its workers log what
 * this process does. */
void lc_keeper_take_settings(struct lc_keeper *keeper);

/* What the shard's workers log from now on, until lc_keeper_take_settings. */
void lc_keeper_set_log_level(struct lc_keeper *keeper, enum lc_log_level level);

/* Sends the worker the text of a control request; see lc_asks_start. */
struct lc_ask *lc_keeper_ask(struct lc_keeper *keeper, struct lc_view text,
			     lc_asks_callback *callback, void *context, struct lc_error *error);

/* Asks the kernel whether the worker has ended, to be called after SIGCHLD; writes its obituary. */
void lc_keeper_reap(struct lc_keeper *keeper);

enum lc_shard_state lc_keeper_state(const struct lc_keeper *keeper);
/* True when it is paused, or is going to be once its worker has finished. */
bool lc_keeper_is_to_pause(const struct lc_keeper *keeper);
unsigned lc_keeper_shard(const struct lc_keeper *keeper);

/* True once the shard was seen ready, died or failed: the first start has come to some end. */
bool lc_keeper_settled(const struct lc_keeper *keeper);

/* The exit code of the worker that died last; -1 if none did, or a signal ended it. */
int lc_keeper_obituary_exit_code(const struct lc_keeper *keeper);

/* The numbers of the shard's page. Valid as long as the keeper. */
const struct lc_counters *lc_keeper_counters(const struct lc_keeper *keeper);

/* Fills in the shard's part of the status document. wall_seconds: now, since 1970. */
void lc_keeper_describe(const struct lc_keeper *keeper, int64_t wall_seconds,
			struct lc_status_document_shard *shard);

#endif
