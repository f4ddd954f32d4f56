#include "supervisor/shard_process.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "base/memory.h"
#include "formats/inspection.h"
#include "supervisor/obituary.h"
#include "supervisor/process_usage.h"
#include "supervisor/state_directory.h"
#include "worker/channel.h"
#include "worker/page.h"
#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CORE_GRACE_MS = 5000,
	MEASURE_MS = 1000,
	ABANDON_GRACE_MAX_MS = 3000,
};

/* Restarts of shards that died together, for instance with the server, spread by so much. */
static const double RESTART_JITTER = 0.3;

/* A request that waits for its answer. */
struct lc_shard_process_request {
	TAILQ_ENTRY(lc_shard_process_request) link;
	struct lc_shard_process *process;
	uint32_t id;
	unsigned seconds;          /* within which it is to be answered */
	struct lc_buffer document; /* what has come of it */
	struct lc_loop_timer *deadline;
	lc_shard_process_answer *callback;
	void *context;
};

TAILQ_HEAD(request_list, lc_shard_process_request);

struct lc_shard_process {
	const struct lc_shard_process_context *context;
	unsigned shard;
	struct lc_slot slot;
	struct lc_page *page;
	uint64_t epoch;               /* that was seen when the shard was to be taken */
	pid_t pid;                    /* 0: no worker */
	struct lc_channel *channel;   /* NULL: no worker, or it has closed its end */
	struct request_list requests; /* what the worker is being asked */
	uint32_t last_request_id;
	struct lc_loop_timer *timer;
	struct lc_loop_timer *measure_timer; /* runs while there is a worker */
	uint64_t resident_bytes; /* of the worker, when it was last measured; 0 for none */
	bool settled;
	char reason[LC_OBITUARY_REASON_SIZE]; /* why we have ended the worker; or empty */
	char obituary[LC_STATUS_DOCUMENT_TEXT_SIZE];
	char obituary_time[LC_CLOCK_TEXT_SIZE];
	int obituary_exit_code; /* -1: no obituary, or a signal's */
};

static void on_timer(void *context);
static void on_measure(void *context);
static void on_frame(void *context, const struct lc_frame *frame);
static void on_refused(void *context, const struct lc_error *error);
static void on_broken(void *context);
static void step(struct lc_shard_process *process, struct lc_slot_event event);

static const struct lc_channel_callbacks CHANNEL_CALLBACKS = {
    .on_frame = on_frame, .on_refused = on_refused, .on_broken = on_broken};

static struct lc_slot_rules rules_of(const struct lc_settings *settings)
{
	uint64_t drain_ms = (uint64_t)settings->shutdown_timeout_seconds * 1000;
	uint64_t grace_ms = drain_ms / 4;

	return (struct lc_slot_rules){
	    .backoff =
		{
		    .initial_ms =
			(uint64_t)settings->supervisor_restart_initial_backoff_milliseconds,
		    .maximum_ms = (uint64_t)settings->supervisor_restart_max_backoff_seconds * 1000,
		    .jitter = RESTART_JITTER,
		},
	    .healthy_after_ms = (uint64_t)settings->supervisor_healthy_after_seconds * 1000,
	    .heartbeat_timeout_ms = (uint64_t)settings->supervisor_heartbeat_timeout_seconds * 1000,
	    .core_grace_ms = CORE_GRACE_MS,
	    .drain_timeout_ms = drain_ms,
	    .abandon_grace_ms = grace_ms < ABANDON_GRACE_MAX_MS ? grace_ms : ABANDON_GRACE_MAX_MS,
	};
}

/* ---- what the worker is asked ---- */

void lc_shard_process_cancel(struct lc_shard_process_request *request)
{
	TAILQ_REMOVE(&request->process->requests, request, link);
	lc_loop_timer_free(request->deadline);
	lc_buffer_free(&request->document);
	free(request);
}

/* Ends the request; it is in no list when its callback runs, so that this may end others. */
static void finish(struct lc_shard_process_request *request, unsigned status,
		   const struct lc_error *error)
{
	lc_shard_process_answer *callback = request->callback;
	struct lc_buffer document = request->document;
	void *context = request->context;

	lc_buffer_init(&request->document, 0);
	lc_shard_process_cancel(request);
	callback(context, status, lc_buffer_view(&document), error);
	lc_buffer_free(&document);
}

static void on_deadline(void *context)
{
	struct lc_shard_process_request *request = context;
	struct lc_error error;

	lc_error_set(&error, LC_ERROR_UNREACHABLE, "shard %u has not answered within %u s",
		     request->process->shard, request->seconds);
	finish(request, 0, &error);
}

struct lc_shard_process_request *lc_shard_process_ask(struct lc_shard_process *process,
						      struct lc_view text, unsigned seconds,
						      lc_shard_process_answer *callback,
						      void *context, struct lc_error *error)
{
	struct lc_frame frame = {
	    .type = LC_FRAME_REQUEST, .id = ++process->last_request_id, .body = text};
	struct lc_shard_process_request *request;

	if (process->channel == NULL) {
		lc_error_set(error, LC_ERROR_UNREACHABLE, "shard %u is not running",
			     process->shard);
		return NULL;
	}
	if (!lc_channel_send(process->channel, &frame)) {
		lc_error_set(error, LC_ERROR_UNREACHABLE, "shard %u is taking no requests",
			     process->shard);
		return NULL;
	}
	request = lc_memory_zero(1, sizeof(*request));
	request->process = process;
	request->id = frame.id;
	request->seconds = seconds;
	request->callback = callback;
	request->context = context;
	lc_buffer_init(&request->document, LC_INSPECTION_SHARD_BYTES_MAX);
	request->deadline = lc_loop_timer_new(process->context->loop, on_deadline, request);
	lc_loop_timer_start(request->deadline, (uint64_t)seconds * 1000);
	TAILQ_INSERT_TAIL(&process->requests, request, link);
	return request;
}

static struct lc_shard_process_request *find_request(const struct lc_shard_process *process,
						     uint32_t id)
{
	struct lc_shard_process_request *request;

	TAILQ_FOREACH(request, &process->requests, link)
	{
		if (request->id == id)
			return request;
	}
	return NULL;
}

/* A piece of an answer. What belongs to no request (any more) is dropped. */
static void take_reply(struct lc_shard_process *process, const struct lc_frame *reply)
{
	struct lc_shard_process_request *request = find_request(process, reply->id);
	struct lc_error error = {.kind = LC_ERROR_NONE};

	if (request == NULL)
		return; /* given up meanwhile */
	lc_buffer_append_view(&request->document, reply->body);
	if (lc_buffer_failed(&request->document))
		lc_error_set(&error, LC_ERROR_LIMIT, "shard %u answered with more than %d bytes",
			     process->shard, LC_INSPECTION_SHARD_BYTES_MAX);
	else if (!reply->last)
		return;
	finish(request, reply->status, &error);
}

/* The worker is gone: each request ends in an error. */
static void fail_requests(struct lc_shard_process *process)
{
	struct lc_shard_process_request *request;
	struct lc_error error;

	lc_error_set(&error, LC_ERROR_UNREACHABLE, "shard %u is not running", process->shard);
	while ((request = TAILQ_FIRST(&process->requests)) != NULL) {
		/* The analyser does not see that finish takes the request out of the list.
		 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		finish(request, 0, &error);
	}
}

/* ---- the life of a shard process ---- */

struct lc_shard_process *lc_shard_process_new(const struct lc_shard_process_context *context,
					      unsigned shard, struct lc_error *error)
{
	struct lc_slot_rules rules = rules_of(context->settings);
	struct lc_page *page = lc_page_new(error);
	struct lc_shard_process *process;
	struct lc_random random;

	if (page == NULL)
		return NULL;
	lc_random_seed_from_system(&random);
	process = lc_memory_zero(1, sizeof(*process));
	process->context = context;
	process->shard = shard;
	process->page = page;
	process->obituary_exit_code = -1;
	lc_shard_process_set_log_level(process, lc_log_level());
	TAILQ_INIT(&process->requests);
	process->timer = lc_loop_timer_new(context->loop, on_timer, process);
	process->measure_timer = lc_loop_timer_new(context->loop, on_measure, process);
	lc_slot_init(&process->slot, &rules, lc_random_next(&random));
	return process;
}

static void close_channel(struct lc_shard_process *process)
{
	lc_channel_free(process->channel);
	process->channel = NULL;
	fail_requests(process);
}

void lc_shard_process_free(struct lc_shard_process *process)
{
	if (process == NULL)
		return;
	LC_ASSERT(process->pid == 0);
	close_channel(process);
	LC_ASSERT(TAILQ_EMPTY(&process->requests));
	lc_loop_timer_free(process->timer);
	lc_loop_timer_free(process->measure_timer);
	lc_page_free(process->page);
	free(process);
}

/* ---- the worker's life ---- */

/* The child: never returns. */
_Noreturn static void be_worker(const struct lc_shard_process *process, int channel,
				pid_t supervisor)
{
	const struct lc_shard_process_context *context = process->context;
	struct lc_worker worker = {
	    .settings = context->settings,
	    .shard = process->shard,
	    .shard_count = context->shard_count,
	    .epoch = process->epoch,
	    .channel = channel,
	    .page = process->page,
	    .supervisor = supervisor,
	    .inherited = {context->state_lock},
	    .inherited_count = 1,
	    .signal_mask = &context->worker_signals,
	};

	lc_worker_run(&worker);
}

/* Forks a worker. On success `pid` is the child's, and `channel` our end of a socket pair. False
 * with `error` set when the system has no socket pair or process left. */
static bool spawn(struct lc_shard_process *process, int *channel, struct lc_error *error)
{
	pid_t supervisor = getpid();
	int ends[2];
	sigset_t all;
	sigset_t before;
	int fault;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return lc_error_set_errno(error, errno, "no channel for the worker");
	lc_page_prepare(process->page, lc_clock_monotonic_ms());
	/* No signal may meet the child while it still has the parent's handling. */
	sigfillset(&all);
	LC_ASSERT(sigprocmask(SIG_SETMASK, &all, &before) == 0);
	lc_page_share(process->page);
	process->pid = fork();
	fault = errno;
	if (process->pid == 0) {
		close(ends[0]);
		be_worker(process, ends[1], supervisor);
	}
	lc_page_keep(process->page);
	LC_ASSERT(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
	close(ends[1]);
	if (process->pid > 0) {
		*channel = ends[0];
		return true;
	}
	close(ends[0]);
	return lc_error_set_errno(error, fault, "the worker could not be forked");
}

static void fork_worker(struct lc_shard_process *process)
{
	struct lc_error error;
	int fd = -1;

	close_channel(process);
	process->reason[0] = '\0';
	/* In another directory it would begin with an empty ledger. */
	if (!lc_state_directory_in_place(process->context->settings->state_directory,
					 process->context->state_lock, &error) ||
	    !spawn(process, &fd, &error)) {
		process->pid = 0;
		lc_log(LC_LOG_ERROR, "the worker was not started",
		       LC_LOG_UINT("of_shard", process->shard), LC_LOG_FAULT(&error));
		step(process, (struct lc_slot_event){.type = LC_SLOT_FORK_FAILED});
		return;
	}
	process->channel = lc_channel_new(process->context->loop, fd, LC_FRAME_TO_SUPERVISOR,
					  &CHANNEL_CALLBACKS, process);
	lc_loop_timer_start(process->measure_timer, MEASURE_MS);
	lc_log(LC_LOG_INFO, "worker forked", LC_LOG_UINT("of_shard", process->shard),
	       LC_LOG_INT("worker_pid", process->pid),
	       LC_LOG_UINT("restarts", process->slot.restarts));
}

/* A worker that does not take a frame is hung or dead: its heartbeat, its end or the deadline of
 * the drain takes care of it. */
static void send_frame(struct lc_shard_process *process, enum lc_frame_type type)
{
	struct lc_frame frame = {.type = type};

	if (process->channel == NULL || !lc_channel_send(process->channel, &frame))
		lc_log(LC_LOG_WARNING, "a worker did not take a frame",
		       LC_LOG_UINT("of_shard", process->shard),
		       LC_LOG_TEXT("frame", lc_frame_name(type)));
}

static void send_signal(struct lc_shard_process *process, int signal_number)
{
	if (signal_number == SIGABRT && process->reason[0] == '\0')
		snprintf(process->reason, sizeof(process->reason),
			 "it showed no sign of life for %" PRIu64 " s",
			 process->slot.rules.heartbeat_timeout_ms / 1000);
	else if (process->reason[0] == '\0')
		snprintf(process->reason, sizeof(process->reason),
			 "it did not end within shutdown-timeout-seconds");
	lc_log(LC_LOG_ERROR, signal_number == SIGABRT ? "aborting a worker" : "killing a worker",
	       LC_LOG_UINT("of_shard", process->shard), LC_LOG_INT("worker_pid", process->pid),
	       LC_LOG_TEXT("reason", process->reason));
	/* Not reaped yet, so the pid is still this worker's. */
	LC_ASSERT(process->pid > 0 && kill(process->pid, signal_number) == 0);
}

static void arm_timer(struct lc_shard_process *process)
{
	uint64_t now_ms = lc_clock_monotonic_ms();
	uint64_t wake_ms = process->slot.wake_ms;

	if (wake_ms == 0)
		lc_loop_timer_stop(process->timer);
	else
		lc_loop_timer_start(process->timer, wake_ms > now_ms ? wake_ms - now_ms : 0);
}

static void note_change(struct lc_shard_process *process, enum lc_shard_state before)
{
	enum lc_shard_state now = process->slot.state;

	lc_log(LC_LOG_DEBUG, "shard state", LC_LOG_UINT("of_shard", process->shard),
	       LC_LOG_TEXT("from", lc_shard_state_name(before)),
	       LC_LOG_TEXT("to", lc_shard_state_name(now)));
	if (now != LC_SHARD_STATE_STARTING)
		process->settled = true;
	/* What its last worker was waiting for is another machine's now. */
	if (now == LC_SHARD_STATE_AWAY)
		lc_page_prepare(process->page, lc_clock_monotonic_ms());
	process->context->on_change(process->context->on_change_context);
}

static void step(struct lc_shard_process *process, struct lc_slot_event event)
{
	enum lc_shard_state before = process->slot.state;
	struct lc_slot_actions actions;

	event.now_ms = lc_clock_monotonic_ms();
	event.heartbeat_ms = atomic_load(&process->page->heartbeat_ms);
	actions = lc_slot_step(&process->slot, &event);
	arm_timer(process);
	if (actions.send_drain)
		send_frame(process, LC_FRAME_DRAIN);
	if (actions.send_abandon)
		send_frame(process, LC_FRAME_ABANDON);
	if (actions.signal != 0)
		send_signal(process, actions.signal);
	if (actions.fork)
		fork_worker(process);
	if (process->slot.state != before)
		note_change(process, before);
}

static void on_timer(void *context)
{
	step(context, (struct lc_slot_event){.type = LC_SLOT_TIMER});
}

/* A worker whose memory cannot be read is about to end. */
static void on_measure(void *context)
{
	struct lc_shard_process *process = context;
	uint64_t limit = (uint64_t)process->context->settings->limits_worker_memory_bytes;
	struct lc_process_usage usage;

	lc_loop_timer_start(process->measure_timer, MEASURE_MS);
	if (!lc_process_usage_read(process->pid, &usage))
		return;
	process->resident_bytes = usage.resident_bytes;
	if (limit == 0 || process->resident_bytes <= limit || process->reason[0] != '\0')
		return;
	snprintf(process->reason, sizeof(process->reason),
		 "it used %" PRIu64 " bytes of memory, more than limits.worker-memory-bytes",
		 process->resident_bytes);
	step(process, (struct lc_slot_event){.type = LC_SLOT_OUTGREW});
}

static void on_frame(void *context, const struct lc_frame *frame)
{
	struct lc_shard_process *process = context;

	if (frame->type == LC_FRAME_REPLY)
		take_reply(process, frame);
	else
		step(process, (struct lc_slot_event){.type = LC_SLOT_CAME_READY});
}

static void on_refused(void *context, const struct lc_error *error)
{
	const struct lc_shard_process *process = context;

	lc_log(LC_LOG_ERROR, "frame from a worker refused", LC_LOG_UINT("of_shard", process->shard),
	       LC_LOG_FAULT(error));
}

/* The worker's end is told by SIGCHLD. */
static void on_broken(void *context)
{
	close_channel(context);
}

/* ---- orders ---- */

void lc_shard_process_order(struct lc_shard_process *process, enum lc_slot_event_type order)
{
	LC_ASSERT(order == LC_SLOT_START || (order >= LC_SLOT_DRAIN && order <= LC_SLOT_RELEASE));
	step(process, (struct lc_slot_event){.type = order});
}

void lc_shard_process_take(struct lc_shard_process *process, uint64_t epoch)
{
	process->epoch = epoch;
	step(process, (struct lc_slot_event){.type = LC_SLOT_START});
}

void lc_shard_process_take_settings(struct lc_shard_process *process)
{
	struct lc_slot_rules rules = rules_of(process->context->settings);

	lc_slot_set_rules(&process->slot, &rules);
	lc_shard_process_set_log_level(process, lc_log_level());
}

void lc_shard_process_set_log_level(struct lc_shard_process *process, enum lc_log_level level)
{
	atomic_store(&process->page->log_level, level);
}

static int64_t until_next_start_ms(const struct lc_shard_process *process)
{
	uint64_t now_ms = lc_clock_monotonic_ms();

	if (process->slot.state != LC_SHARD_STATE_BACKING_OFF)
		return -1;
	return process->slot.wake_ms > now_ms ? (int64_t)(process->slot.wake_ms - now_ms) : 0;
}

void lc_shard_process_reap(struct lc_shard_process *process)
{
	struct lc_slot_event event = {.type = LC_SLOT_EXITED};
	struct lc_obituary obituary;
	bool expected;
	int code;
	int status;

	if (process->pid == 0 || waitpid(process->pid, &status, WNOHANG) != process->pid)
		return;
	lc_obituary_compose(&obituary, process->shard, process->pid, status,
			    lc_clock_monotonic_ms() - process->slot.forked_ms, process->reason,
			    process->page);
	code = lc_obituary_exit_code(&obituary);
	expected = code == LC_EXIT_TAKEN_OVER ||
		   (lc_slot_expects_end(&process->slot) && code == LC_EXIT_OK);
	if (!expected) {
		process->obituary_exit_code = code;
		lc_obituary_sentence(&obituary, process->obituary);
		lc_clock_format(lc_clock_wall_ms(), process->obituary_time);
	}
	process->pid = 0;
	process->resident_bytes = 0;
	lc_loop_timer_stop(process->measure_timer);
	close_channel(process);
	event.taken_over = code == LC_EXIT_TAKEN_OVER;
	event.config_error = lc_exit_is_final(code);
	step(process, event);
	lc_obituary_log(&obituary, expected, until_next_start_ms(process));
}

enum lc_shard_state lc_shard_process_state(const struct lc_shard_process *process)
{
	return process->slot.state;
}

bool lc_shard_process_keeps_dying(const struct lc_shard_process *process)
{
	return lc_slot_deaths_in_a_row(&process->slot, lc_clock_monotonic_ms()) >=
	       (unsigned)process->context->settings->health_max_deaths_in_a_row;
}

enum lc_machine_hold lc_shard_process_hold(const struct lc_shard_process *process)
{
	enum lc_slot_intention intention = process->slot.intention;

	switch (process->slot.state) {
	case LC_SHARD_STATE_STOPPED:
	case LC_SHARD_STATE_AWAY:
	case LC_SHARD_STATE_FAILED:
	case LC_SHARD_STATE_COUNT:
		break;
	case LC_SHARD_STATE_READY:
	case LC_SHARD_STATE_PAUSED:
		return LC_MACHINE_HAS;
	case LC_SHARD_STATE_STARTING:
	case LC_SHARD_STATE_BACKING_OFF:
		return process->slot.replacing ? LC_MACHINE_HAS : LC_MACHINE_TAKING;
	case LC_SHARD_STATE_DRAINING:
	case LC_SHARD_STATE_KILLING:
		return intention == LC_SLOT_TO_WORK || intention == LC_SLOT_TO_PAUSE
			   ? LC_MACHINE_HAS
			   : LC_MACHINE_RELEASING;
	}
	return LC_MACHINE_AWAY;
}

bool lc_shard_process_is_to_pause(const struct lc_shard_process *process)
{
	return process->slot.intention == LC_SLOT_TO_PAUSE;
}

unsigned lc_shard_process_shard(const struct lc_shard_process *process)
{
	return process->shard;
}

int lc_shard_process_obituary_exit_code(const struct lc_shard_process *process)
{
	return process->obituary_exit_code;
}

bool lc_shard_process_settled(const struct lc_shard_process *process)
{
	return process->settled;
}

const struct lc_counters *lc_shard_process_counters(const struct lc_shard_process *process)
{
	return &process->page->counters;
}

void lc_shard_process_describe(const struct lc_shard_process *process,
			       struct lc_status_document_shard *shard)
{
	uint64_t now_ms = lc_clock_monotonic_ms();
	uint64_t uptime_ms = now_ms - process->slot.forked_ms;
	int64_t next_ms = until_next_start_ms(process);

	*shard = (struct lc_status_document_shard){
	    .shard = process->shard,
	    .state = process->slot.state,
	    .replacing = process->slot.replacing,
	    .pid = process->pid,
	    .restarts = process->slot.restarts,
	    .uptime_seconds =
		process->pid == 0 ? LC_STATUS_DOCUMENT_NO_AGE : (int64_t)(uptime_ms / 1000),
	    .deaths_in_a_row = lc_slot_deaths_in_a_row(&process->slot, now_ms),
	    .resident_bytes = process->resident_bytes,
	    .next_start_seconds = next_ms < 0 ? LC_STATUS_DOCUMENT_NO_AGE : (next_ms + 999) / 1000,
	    .unowned_seconds = LC_STATUS_DOCUMENT_NO_AGE,
	    .obituary_exit_code = process->obituary_exit_code,
	};
	snprintf(shard->obituary, sizeof(shard->obituary), "%s", process->obituary);
	snprintf(shard->obituary_time, sizeof(shard->obituary_time), "%s", process->obituary_time);
}
