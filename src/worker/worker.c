#include "worker/worker.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "delivery/delivery.h"
#include "delivery/shard.h"
#include "worker/channel.h"
#include "worker/control_worker.h"
#include "worker/descriptors.h"
#include "worker/last_words.h"
#include "worker/shared_ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	HEARTBEAT_MAX_MS = 1000,
	HEARTBEATS_PER_TIMEOUT = 4,
	/* What cannot be recorded is not waited for longer: another machine may be able to. */
	TROUBLED_DRAIN_MS = 5000,
	/* For the release of a shard that was abandoned; the supervisor kills soon after. */
	RELEASE_MS = 1000,
};

/* The running worker: what lc_worker_run sets up around its shard. */
struct life {
	const struct lc_worker *worker;
	struct lc_loop *loop;
	struct lc_channel *channel; /* NULL once the supervisor is gone */
	struct lc_loop_timer *heartbeat;
	struct lc_loop_timer *orphan_deadline;
	struct lc_loop_timer *troubled_deadline; /* while it drains and cannot record anything */
	struct lc_loop_timer *release_deadline;
	struct lc_shared_ledger *shared; /* NULL: the ledger is this machine's alone */
	struct lc_shard *shard;          /* NULL while its ledger is claimed and restored */
	struct lc_control_worker *control;
	uint64_t heartbeat_ms;  /* between two heartbeats */
	uint64_t lines_dropped; /* of the log, as counted */
	enum lc_page_phase phase;
	int exit_code;
	bool drained; /* the shard has; its ledger may be on its way to be released */
	bool abandoned;
	bool outdated; /* the shard has ended so that a new one begins at ClickHouse's offsets */
	bool troubled; /* the shared ledger cannot be read or written at present */
};

static void enter(struct life *life, enum lc_page_phase phase)
{
	lc_log(LC_LOG_DEBUG, "worker phase", LC_LOG_TEXT("from", lc_page_phase_name(life->phase)),
	       LC_LOG_TEXT("to", lc_page_phase_name(phase)));
	life->phase = phase;
	atomic_store(&life->worker->page->phase, phase);
}

static void show_log_losses(struct life *life)
{
	struct lc_counters *counters = &life->worker->page->counters;
	struct lc_log_losses losses = lc_log_catch_up();

	lc_counters_add(counters, LC_COUNTERS_LOG_LINES_DROPPED,
			losses.dropped - life->lines_dropped);
	lc_counters_set(counters, LC_COUNTERS_LOG_FAILING_SINCE, losses.failing_since);
	life->lines_dropped = losses.dropped;
}

static void on_heartbeat(void *context)
{
	struct life *life = context;

	show_log_losses(life);
	lc_log_set_level((enum lc_log_level)atomic_load(&life->worker->page->log_level));
	atomic_store(&life->worker->page->heartbeat_ms, lc_clock_monotonic_ms());
	lc_loop_timer_start(life->heartbeat, life->heartbeat_ms);
}

static void on_shard_ready(void *context)
{
	struct life *life = context;
	struct lc_frame ready = {.type = LC_FRAME_READY};

	if (life->phase != LC_PAGE_STARTING)
		return;
	enter(life, LC_PAGE_READY);
	/* Failure means a supervisor that is gone; the broken channel tells so by itself. */
	if (life->channel == NULL || !lc_channel_send(life->channel, &ready))
		lc_log_say(LC_LOG_WARNING, "the supervisor did not take READY");
}

static void stop(void *context)
{
	struct life *life = context;

	lc_loop_stop(life->loop);
}

/* Another machine need not wait for us to be silent. */
static void release_and_stop(struct life *life)
{
	struct lc_share *share = life->shared == NULL ? NULL : lc_shared_ledger_share(life->shared);

	if (share == NULL || !lc_share_is_claimed(share)) {
		lc_loop_stop(life->loop);
		return;
	}
	lc_share_release(share, stop, life);
	if (life->abandoned)
		lc_loop_timer_start(life->release_deadline, RELEASE_MS);
}

static void on_shard_drained(void *context)
{
	struct life *life = context;

	life->drained = true;
	release_and_stop(life);
}

static void watch_drain(struct life *life)
{
	if (life->phase == LC_PAGE_DRAINING && life->troubled && !life->drained)
		lc_loop_timer_start(life->troubled_deadline, TROUBLED_DRAIN_MS);
	else
		lc_loop_timer_stop(life->troubled_deadline);
}

static void drain(struct life *life)
{
	if (life->phase == LC_PAGE_DRAINING)
		return;
	enter(life, LC_PAGE_DRAINING);
	watch_drain(life);
	if (life->shard != NULL) {
		lc_shard_drain(life->shard);
	} else {
		life->drained = true;
		release_and_stop(life);
	}
}

/* One that is being released already has had its time. */
static void abandon(struct life *life)
{
	if (life->abandoned)
		return;
	life->abandoned = true;
	drain(life);
	if (life->shard == NULL || life->drained)
		lc_loop_timer_start(life->release_deadline, RELEASE_MS);
	else
		lc_shard_abandon(life->shard);
}

static void on_troubled_deadline(void *context)
{
	lc_log_say(LC_LOG_WARNING,
		   "the shared ledger cannot be written: the shard is given up as its "
		   "ledger stands");
	abandon(context);
}

static void on_orphan_deadline(void *context)
{
	abandon(context);
}

/* The supervisor is gone. */
static void on_broken(void *context)
{
	struct life *life = context;

	lc_log_say(LC_LOG_WARNING, "the supervisor is gone; draining, then exiting");
	lc_channel_free(life->channel);
	life->channel = NULL;
	alarm(LC_WORKER_ORPHAN_SECONDS);
	lc_loop_timer_start(life->orphan_deadline, LC_WORKER_ORPHAN_DRAIN_MS);
	drain(life);
}

static void on_answer(void *context, uint32_t id, unsigned status, struct lc_view document)
{
	struct life *life = context;

	if (life->channel != NULL && !lc_channel_reply(life->channel, id, status, document))
		lc_log_say(LC_LOG_WARNING, "the supervisor did not take an answer");
}

static void on_frame(void *context, const struct lc_frame *frame)
{
	struct life *life = context;

	lc_log(LC_LOG_DEBUG, "told by the supervisor",
	       LC_LOG_TEXT("frame", lc_frame_name(frame->type)));
	if (frame->type == LC_FRAME_REQUEST)
		lc_control_worker_take(life->control, frame->id, frame->body);
	else if (frame->type == LC_FRAME_DRAIN)
		drain(life);
	else
		abandon(life);
}

static void on_refused(void *context, const struct lc_error *error)
{
	(void)context;
	lc_log(LC_LOG_ERROR, "frame from the supervisor refused", LC_LOG_FAULT(error));
}

static const struct lc_channel_callbacks CHANNEL_CALLBACKS = {
    .on_frame = on_frame, .on_refused = on_refused, .on_broken = on_broken};

/* SIGUSR1 from the kernel: the supervisor is gone. The broken channel tells the event loop; this is
 * for a worker whose loop does not come round any more. SIGALRM is left at its default, which ends
 * the process. */
static void on_parent_death(int signal_number)
{
	(void)signal_number;
	alarm(LC_WORKER_ORPHAN_SECONDS);
}

static void set_signal(int signal_number, void (*handler)(int))
{
	struct sigaction action = {.sa_flags = SA_RESTART};

	action.sa_handler = handler;
	sigemptyset(&action.sa_mask);
	LC_ASSERT(sigaction(signal_number, &action, NULL) == 0);
}

static void set_up_process(const struct lc_worker *worker)
{
	char name[16]; /* as the kernel cuts it */

	lc_memory_keep();
	lc_log_set_identity("worker", (int)worker->shard);
	lc_last_words_keep_in(worker->page);
	lc_descriptors_close_others(worker->channel, worker->inherited, worker->inherited_count);
	set_signal(SIGTERM, SIG_IGN);
	set_signal(SIGINT, SIG_IGN);
	set_signal(SIGHUP, SIG_IGN);
	set_signal(SIGPIPE, SIG_IGN);
	set_signal(SIGCHLD, SIG_DFL);
	set_signal(SIGALRM, SIG_DFL);
	set_signal(SIGUSR1, on_parent_death);
	LC_ASSERT(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0);
	LC_ASSERT(sigprocmask(SIG_SETMASK, worker->signal_mask, NULL) == 0);
	snprintf(name, sizeof(name), "courier/%u", worker->shard);
	LC_ASSERT(prctl(PR_SET_NAME, name) == 0);
	if (getppid() != worker->supervisor)
		exit(LC_EXIT_FAILURE); /* it died before the kernel was asked to tell */
}

/* The shard's complaint becomes the last words, so that the obituary tells what is wrong. */
static int complain(const struct life *life, const struct lc_error *error)
{
	lc_log(LC_LOG_ERROR, "the shard cannot deliver", LC_LOG_FAULT(error));
	lc_page_say_last_words(life->worker->page, error->message);
	if (error->kind == LC_ERROR_USAGE)
		return LC_EXIT_CONFIG;
	if (error->kind == LC_ERROR_CORRUPT)
		return LC_EXIT_LEDGER;
	if (error->kind == LC_ERROR_CONFLICT || error->kind == LC_ERROR_OUTDATED)
		return LC_EXIT_CONFLICT;
	if (error->kind == LC_ERROR_TAKEN_OVER)
		return LC_EXIT_TAKEN_OVER;
	return LC_EXIT_FAILURE;
}

static void on_shard_failed(void *context, const struct lc_error *error)
{
	struct life *life = context;

	life->outdated = error->kind == LC_ERROR_OUTDATED && life->shared == NULL &&
			 life->worker->settings->ledger_when_behind == LC_LEDGER_WHEN_BEHIND_ADOPT;
	if (!life->outdated)
		life->exit_code = complain(life, error);
	lc_loop_stop(life->loop);
}

static bool make_shard(struct life *life, struct lc_error *error)
{
	static const struct lc_shard_callbacks callbacks = {
	    .on_ready = on_shard_ready,
	    .on_drained = on_shard_drained,
	    .on_failed = on_shard_failed,
	};
	const struct lc_worker *worker = life->worker;

	life->shard =
	    lc_shard_new(life->loop, worker->settings, worker->shard, worker->shard_count,
			 life->shared == NULL ? NULL : lc_shared_ledger_share(life->shared),
			 &worker->page->counters, &callbacks, life, error);
	if (life->shard == NULL)
		return false;
	lc_control_worker_free(life->control);
	life->control = lc_control_worker_new(life->shard, worker->shard, on_answer, life);
	return true;
}

static void free_shard(struct life *life)
{
	if (life->shared != NULL)
		lc_shared_ledger_end_checkpoints(life->shared);
	if (life->shard != NULL)
		lc_shard_free(life->shard);
	lc_control_worker_free(life->control);
	life->shard = NULL;
	life->control = NULL;
}

/* What was asked of the former shard is not answered, as when a worker dies. False when there is
 * no other shard, which it has complained of. */
static bool adopt_offsets(struct life *life)
{
	const struct lc_worker *worker = life->worker;
	struct lc_error error;
	uint64_t rows;

	life->outdated = false;
	free_shard(life);
	if (!lc_shard_adopt_offsets(worker->settings, worker->shard, worker->shard_count, &rows,
				    &error) ||
	    !make_shard(life, &error)) {
		life->exit_code = complain(life, &error);
		return false;
	}
	lc_log(LC_LOG_WARNING,
	       "another courier has delivered this shard in the meantime; delivery goes on from "
	       "ClickHouse's offsets, and so many rows that this one had taken may be delivered "
	       "again",
	       LC_LOG_UINT("rows_at_most", rows));
	return true;
}

/* ---- the ledger that machines share ---- */

static void on_ledger_ready(void *context)
{
	struct life *life = context;
	struct lc_error error;

	if (make_shard(life, &error)) {
		lc_shared_ledger_begin_checkpoints(life->shared,
						   lc_shard_delivery(life->shard)->ledger);
		lc_shard_start(life->shard);
		return;
	}
	life->exit_code = complain(life, &error);
	lc_loop_stop(life->loop);
}

static void on_ledger_failed(void *context, const struct lc_error *error)
{
	struct life *life = context;

	life->exit_code = complain(life, error);
	lc_loop_stop(life->loop);
}

static void on_ledger_trouble(void *context, const struct lc_error *error)
{
	struct life *life = context;

	if (error != NULL && !life->troubled)
		lc_log(LC_LOG_ERROR,
		       "the shared ledger cannot be read or written: deliveries wait until it can",
		       LC_LOG_FAULT(error));
	else if (error == NULL)
		lc_log_say(LC_LOG_INFO, "the shared ledger can be read and written again");
	if (life->troubled != (error != NULL)) {
		life->troubled = error != NULL;
		watch_drain(life);
	}
	lc_counters_set_failing(&life->worker->page->counters, LC_COUNTERS_LEDGER_FAILING_SINCE,
				life->troubled);
}

static const struct lc_share_callbacks LEDGER_CALLBACKS = {
    .on_ready = on_ledger_ready,
    .on_failed = on_ledger_failed,
    .on_trouble = on_ledger_trouble,
};

/* The shard itself, or first its ledger. */
static bool make_delivery(struct life *life, struct lc_error *error)
{
	const struct lc_worker *worker = life->worker;

	if (!worker->settings->failover_enabled)
		return make_shard(life, error);
	life->control = lc_control_worker_new(NULL, worker->shard, on_answer, life);
	life->shared =
	    lc_shared_ledger_new(life->loop, worker->settings, worker->shard, worker->shard_count,
				 &worker->page->counters, &LEDGER_CALLBACKS, life, error);
	return life->shared != NULL;
}

static void begin(struct life *life)
{
	if (life->shard != NULL)
		lc_shard_start(life->shard);
	else
		lc_share_claim(lc_shared_ledger_share(life->shared), life->worker->epoch);
}

static bool set_up(struct life *life, struct lc_error *error)
{
	const struct lc_worker *worker = life->worker;
	uint64_t timeout_ms =
	    (uint64_t)worker->settings->supervisor_heartbeat_timeout_seconds * 1000;

	life->heartbeat_ms = timeout_ms / HEARTBEATS_PER_TIMEOUT;
	if (life->heartbeat_ms > HEARTBEAT_MAX_MS)
		life->heartbeat_ms = HEARTBEAT_MAX_MS;
	life->loop = lc_loop_new(error);
	if (life->loop == NULL)
		return false;
	if (!make_delivery(life, error))
		return false;
	life->heartbeat = lc_loop_timer_new(life->loop, on_heartbeat, life);
	life->orphan_deadline = lc_loop_timer_new(life->loop, on_orphan_deadline, life);
	life->troubled_deadline = lc_loop_timer_new(life->loop, on_troubled_deadline, life);
	life->release_deadline = lc_loop_timer_new(life->loop, stop, life);
	life->channel = lc_channel_new(life->loop, worker->channel, LC_FRAME_TO_WORKER,
				       &CHANNEL_CALLBACKS, life);
	return true;
}

static int deliver(struct life *life)
{
	on_heartbeat(life);
	do {
		begin(life);
		lc_loop_run(life->loop);
	} while (life->outdated && adopt_offsets(life));
	lc_log(LC_LOG_INFO, "worker ends", LC_LOG_BOOL("abandoned", life->abandoned));
	return life->exit_code;
}

static void tear_down(struct life *life)
{
	free_shard(life);
	lc_shared_ledger_free(life->shared);
	lc_channel_free(life->channel);
	lc_loop_timer_free(life->release_deadline);
	lc_loop_timer_free(life->troubled_deadline);
	lc_loop_timer_free(life->orphan_deadline);
	lc_loop_timer_free(life->heartbeat);
	lc_loop_free(life->loop);
	lc_last_words_forget();
}

void lc_worker_run(const struct lc_worker *worker)
{
	struct life life = {.worker = worker, .phase = LC_PAGE_STARTING, .exit_code = LC_EXIT_OK};
	struct lc_error error;
	int exit_code;

	set_up_process(worker);
	lc_log(LC_LOG_INFO, "worker starts", LC_LOG_UINT("shards", worker->shard_count));
	exit_code = set_up(&life, &error) ? deliver(&life) : complain(&life, &error);
	tear_down(&life);
	exit(exit_code);
}
