/*
 * One shard's worker process, as the supervisor has it: it carries out what the slot decides (fork,
 * frames, signals, the timer), tells the slot what happens to the worker, and asks the worker what
 * the operator wants to know. Workers come and go; the shard process stays.
 */
#ifndef LC_SUPERVISOR_SHARD_PROCESS_H
#define LC_SUPERVISOR_SHARD_PROCESS_H

#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/view.h"
#include "config/settings.h"
#include "formats/machine_beat.h"
#include "formats/status_document.h"
#include "supervisor/slot.h"

#include <signal.h>
#include <stdbool.h>

/* Seconds that a worker has for its answer. */

struct lc_shard_process;
struct lc_shard_process_request;

/* What all shard processes share; outlives them. */
struct lc_shard_process_context {
	struct lc_loop *loop;
	const struct lc_settings *settings;
	unsigned shard_count;
	int state_lock;          /* inherited by the workers */
	sigset_t worker_signals; /* the mask workers run with */
	/* After a slot changed its state; from the loop. */
	void (*on_change)(void *context);
	void *on_change_context;
};

/* One whose slot is stopped; NULL with `error` set when there is no memory for the page. */
struct lc_shard_process *lc_shard_process_new(const struct lc_shard_process_context *context,
					      unsigned shard, struct lc_error *error);

/* Releases it. Its worker must be gone. */
void lc_shard_process_free(struct lc_shard_process *process);

/* Gives the slot an order: LC_SLOT_START, DRAIN, HURRY, REPLACE, PAUSE, RESUME or RELEASE, as
 * supervisor/slot.h describes them. Another worker gets the settings as they are when it starts.
 * on_change may be called before this returns. */
void lc_shard_process_order(struct lc_shard_process *process, enum lc_slot_event_type order);

/* LC_SLOT_START of a shard that machines share: its workers take it from no other machine in a later
 * epoch than this one. */
void lc_shard_process_take(struct lc_shard_process *process, uint64_t epoch);

/* The context's settings have changed: the slot's rules follow them, and its workers log what this
 * process does. */
void lc_shard_process_take_settings(struct lc_shard_process *process);

/* What the shard's workers log from now on, until lc_shard_process_take_settings. */
void lc_shard_process_set_log_level(struct lc_shard_process *process, enum lc_log_level level);

/* What a worker has answered: an HTTP status and a document, valid until the callback returns; or
 * `error` with another kind than NONE, when it did not answer in time, said more than
 * LC_INSPECTION_SHARD_BYTES_MAX, or ended. Runs from the loop; the request is released after it. */
typedef void lc_shard_process_answer(void *context, unsigned status, struct lc_view document,
				     const struct lc_error *error);

/* Sends the worker the text of a control request, which it has to answer within so many seconds;
 * several may wait for their answers at once. NULL with `error` set (LC_ERROR_UNREACHABLE) when
 * there is no worker, or it takes nothing more. */
struct lc_shard_process_request *lc_shard_process_ask(struct lc_shard_process *process,
						      struct lc_view text, unsigned seconds,
						      lc_shard_process_answer *callback,
						      void *context, struct lc_error *error);

/* Gives it up: its callback does not run any more. */
void lc_shard_process_cancel(struct lc_shard_process_request *request);

/* Asks the kernel whether the worker has ended, to be called after SIGCHLD; writes its obituary. */
void lc_shard_process_reap(struct lc_shard_process *process);

enum lc_shard_state lc_shard_process_state(const struct lc_shard_process *process);
/* What other machines are told of the shard. One that is paused, or whose worker is being replaced,
 * is not theirs to take. */
enum lc_machine_hold lc_shard_process_hold(const struct lc_shard_process *process);
/* True while its workers die one after the other, health.max-deaths-in-a-row times and more. */
bool lc_shard_process_keeps_dying(const struct lc_shard_process *process);
/* True when it is paused, or is going to be once its worker has finished. */
bool lc_shard_process_is_to_pause(const struct lc_shard_process *process);
unsigned lc_shard_process_shard(const struct lc_shard_process *process);

/* True once the shard was seen ready, died or failed: the first start has come to some end. */
bool lc_shard_process_settled(const struct lc_shard_process *process);

/* The exit code of the worker that died last; -1 if none did, or a signal ended it. */
int lc_shard_process_obituary_exit_code(const struct lc_shard_process *process);

/* The numbers of the shard's page. Valid as long as the process. */
const struct lc_counters *lc_shard_process_counters(const struct lc_shard_process *process);

/* Fills in what the supervisor knows of the shard; what its counters tell is left empty. */
void lc_shard_process_describe(const struct lc_shard_process *process,
			       struct lc_status_document_shard *shard);

#endif
