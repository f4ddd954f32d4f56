#include "supervisor/keeper.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "base/memory.h"
#include "formats/fault.h"
#include "supervisor/directory.h"
#include "supervisor/obituary.h"
#include "supervisor/resident.h"
#include "supervisor/spawn.h"
#include "worker/channel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum {
	CORE_GRACE_MS = 5000,
	WEIGH_MS = 1000,
	ABANDON_GRACE_MAX_MS = 3000,
};

/* Restarts of shards that died together, for instance with the server, spread by so much. */
static const double RESTART_JITTER = 0.3;

struct lc_keeper {
	const struct lc_keeper_house *house;
	unsigned shard;
	struct lc_slot slot;
	struct lc_page *page;
	pid_t pid;                  /* 0: no worker */
	struct lc_channel *channel; /* NULL: no worker, or it has closed its end */
	struct lc_asks *asks;       /* what the worker is being asked */
	struct lc_loop_timer *timer;
	struct lc_loop_timer *scales; /* runs while there is a worker */
	uint64_t resident_bytes;      /* of the worker, when it was last weighed; 0 for none */
	bool settled;
	char reason[LC_OBITUARY_REASON_SIZE]; /* why we have ended the worker; or empty */
	char obituary[LC_STATUS_DOCUMENT_TEXT_SIZE];
	char obituary_time[LC_CLOCK_TEXT_SIZE];
	int obituary_exit_code; /* -1: no obituary, or a signal's */
};

static void on_timer(void *context);
static void on_weigh(void *context);
static void on_frame(void *context, const struct lc_frame *frame);
static void on_refused(void *context, const struct lc_error *error);
static void on_broken(void *context);
static void step(struct lc_keeper *keeper, struct lc_slot_event event);

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

struct lc_keeper *lc_keeper_new(const struct lc_keeper_house *house, unsigned shard,
				struct lc_error *error)
{
	struct lc_slot_rules rules = rules_of(house->settings);
	struct lc_page *page = lc_page_new(error);
	struct lc_keeper *keeper;
	struct lc_random random;

	if (page == NULL)
		return NULL;
	lc_random_seed_from_system(&random);
	keeper = lc_memory_zero(1, sizeof(*keeper));
	keeper->house = house;
	keeper->shard = shard;
	keeper->page = page;
	keeper->obituary_exit_code = -1;
	lc_keeper_set_log_level(keeper, lc_log_level());
	keeper->asks = lc_asks_new(house->loop, shard);
	keeper->timer = lc_loop_timer_new(house->loop, on_timer, keeper);
	keeper->scales = lc_loop_timer_new(house->loop, on_weigh, keeper);
	lc_slot_init(&keeper->slot, &rules, lc_random_next(&random));
	return keeper;
}

static void close_channel(struct lc_keeper *keeper)
{
	lc_channel_free(keeper->channel);
	keeper->channel = NULL;
	lc_asks_fail(keeper->asks);
}

void lc_keeper_free(struct lc_keeper *keeper)
{
	if (keeper == NULL)
		return;
	LC_ASSERT(keeper->pid == 0);
	close_channel(keeper);
	lc_asks_free(keeper->asks);
	lc_loop_timer_free(keeper->timer);
	lc_loop_timer_free(keeper->scales);
	lc_page_free(keeper->page);
	free(keeper);
}

static void fork_worker(struct lc_keeper *keeper)
{
	struct lc_spawn spawn = {
	    .settings = keeper->house->settings,
	    .shard = keeper->shard,
	    .shard_count = keeper->house->shard_count,
	    .page = keeper->page,
	    .state_lock = keeper->house->state_lock,
	    .signal_mask = &keeper->house->worker_signals,
	};
	struct lc_error error;
	int fd;

	close_channel(keeper);
	keeper->reason[0] = '\0';
	/* In another directory it would begin with an empty ledger. */
	if (!lc_directory_in_place(keeper->house->settings->state_directory,
				   keeper->house->state_lock, &error) ||
	    !lc_spawn_worker(&spawn, &keeper->pid, &fd, &error)) {
		keeper->pid = 0;
		lc_log(LC_LOG_ERROR, "worker not started", LC_LOG_UINT("of_shard", keeper->shard),
		       LC_LOG_FAULT(&error));
		step(keeper, (struct lc_slot_event){.type = LC_SLOT_FORK_FAILED});
		return;
	}
	keeper->channel = lc_channel_new(keeper->house->loop, fd, LC_FRAME_TO_SUPERVISOR,
					 &CHANNEL_CALLBACKS, keeper);
	lc_loop_timer_start(keeper->scales, WEIGH_MS);
	lc_log(LC_LOG_INFO, "worker forked", LC_LOG_UINT("of_shard", keeper->shard),
	       LC_LOG_INT("worker_pid", keeper->pid),
	       LC_LOG_UINT("restarts", keeper->slot.restarts));
}

/* A worker that does not take a frame is hung or dead: its heartbeat, its end or the deadline of
 * the drain takes care of it. */
static void send_frame(struct lc_keeper *keeper, enum lc_frame_type type)
{
	struct lc_frame frame = {.type = type};

	if (keeper->channel == NULL || !lc_channel_send(keeper->channel, &frame))
		lc_log(LC_LOG_WARNING, "worker did not take a frame",
		       LC_LOG_UINT("of_shard", keeper->shard),
		       LC_LOG_TEXT("frame", lc_frame_name(type)));
}

static void send_signal(struct lc_keeper *keeper, int signal_number)
{
	if (signal_number == SIGABRT && keeper->reason[0] == '\0')
		snprintf(keeper->reason, sizeof(keeper->reason),
			 "it gave no sign of life for %" PRIu64 " s",
			 keeper->slot.rules.heartbeat_timeout_ms / 1000);
	else if (keeper->reason[0] == '\0')
		snprintf(keeper->reason, sizeof(keeper->reason),
			 "it did not end within shutdown-timeout-seconds");
	lc_log(LC_LOG_ERROR, signal_number == SIGABRT ? "aborting a worker" : "killing a worker",
	       LC_LOG_UINT("of_shard", keeper->shard), LC_LOG_INT("worker_pid", keeper->pid),
	       LC_LOG_TEXT("reason", keeper->reason));
	/* Not reaped yet, so the pid is still this worker's. */
	LC_ASSERT(keeper->pid > 0 && kill(keeper->pid, signal_number) == 0);
}

static void arm_timer(struct lc_keeper *keeper)
{
	uint64_t now_ms = lc_clock_monotonic_ms();
	uint64_t wake_ms = keeper->slot.wake_ms;

	if (wake_ms == 0)
		lc_loop_timer_stop(keeper->timer);
	else
		lc_loop_timer_start(keeper->timer, wake_ms > now_ms ? wake_ms - now_ms : 0);
}

static void note_change(struct lc_keeper *keeper, enum lc_shard_state before)
{
	enum lc_shard_state now = keeper->slot.state;

	lc_log(LC_LOG_DEBUG, "shard state", LC_LOG_UINT("of_shard", keeper->shard),
	       LC_LOG_TEXT("from", lc_shard_state_text(before)),
	       LC_LOG_TEXT("to", lc_shard_state_text(now)));
	if (now != LC_SHARD_STATE_STARTING)
		keeper->settled = true;
	keeper->house->on_change(keeper->house->context);
}

static void step(struct lc_keeper *keeper, struct lc_slot_event event)
{
	enum lc_shard_state before = keeper->slot.state;
	struct lc_slot_actions actions;

	event.now_ms = lc_clock_monotonic_ms();
	event.heartbeat_ms = atomic_load(&keeper->page->heartbeat_ms);
	actions = lc_slot_step(&keeper->slot, &event);
	arm_timer(keeper);
	if (actions.send_drain)
		send_frame(keeper, LC_FRAME_DRAIN);
	if (actions.send_abandon)
		send_frame(keeper, LC_FRAME_ABANDON);
	if (actions.signal != 0)
		send_signal(keeper, actions.signal);
	if (actions.fork)
		fork_worker(keeper);
	if (keeper->slot.state != before)
		note_change(keeper, before);
}

static void on_timer(void *context)
{
	step(context, (struct lc_slot_event){.type = LC_SLOT_TIMER});
}

/* A worker that can not be weighed is about to end. */
static void on_weigh(void *context)
{
	struct lc_keeper *keeper = context;
	uint64_t limit = (uint64_t)keeper->house->settings->limits_worker_memory_bytes;

	lc_loop_timer_start(keeper->scales, WEIGH_MS);
	if (!lc_resident_read(keeper->pid, &keeper->resident_bytes))
		return;
	if (limit == 0 || keeper->resident_bytes <= limit || keeper->reason[0] != '\0')
		return;
	snprintf(keeper->reason, sizeof(keeper->reason),
		 "it took %" PRIu64 " bytes of memory, more than limits.worker-memory-bytes",
		 keeper->resident_bytes);
	step(keeper, (struct lc_slot_event){.type = LC_SLOT_OUTGREW});
}

static void on_frame(void *context, const struct lc_frame *frame)
{
	struct lc_keeper *keeper = context;

	if (frame->type == LC_FRAME_REPLY)
		lc_asks_take(keeper->asks, frame);
	else
		step(keeper, (struct lc_slot_event){.type = LC_SLOT_CAME_READY});
}

static void on_refused(void *context, const struct lc_error *error)
{
	const struct lc_keeper *keeper = context;

	lc_log(LC_LOG_ERROR, "frame from a worker refused", LC_LOG_UINT("of_shard", keeper->shard),
	       LC_LOG_FAULT(error));
}

/* The worker's end is told by SIGCHLD. */
static void on_broken(void *context)
{
	close_channel(context);
}

struct lc_ask *lc_keeper_ask(struct lc_keeper *keeper, struct lc_view text,
			     lc_asks_callback *callback, void *context, struct lc_error *error)
{
	return lc_asks_start(keeper->asks, keeper->channel, text, callback, context, error);
}

void lc_keeper_start(struct lc_keeper *keeper)
{
	step(keeper, (struct lc_slot_event){.type = LC_SLOT_START});
}

void lc_keeper_drain(struct lc_keeper *keeper)
{
	step(keeper, (struct lc_slot_event){.type = LC_SLOT_DRAIN});
}

void lc_keeper_hurry(struct lc_keeper *keeper)
{
	step(keeper, (struct lc_slot_event){.type = LC_SLOT_HURRY});
}

void lc_keeper_replace(struct lc_keeper *keeper)
{
	step(keeper, (struct lc_slot_event){.type = LC_SLOT_REPLACE});
}

void lc_keeper_pause(struct lc_keeper *keeper)
{
	step(keeper, (struct lc_slot_event){.type = LC_SLOT_PAUSE});
}

void lc_keeper_resume(struct lc_keeper *keeper)
{
	step(keeper, (struct lc_slot_event){.type = LC_SLOT_RESUME});
}

void lc_keeper_take_settings(struct lc_keeper *keeper)
{
	struct lc_slot_rules rules = rules_of(keeper->house->settings);

	lc_slot_set_rules(&keeper->slot, &rules);
	lc_keeper_set_log_level(keeper, lc_log_level());
}

void lc_keeper_set_log_level(struct lc_keeper *keeper, enum lc_log_level level)
{
	atomic_store(&keeper->page->log_level, level);
}

static int64_t until_next_start_ms(const struct lc_keeper *keeper)
{
	uint64_t now_ms = lc_clock_monotonic_ms();

	if (keeper->slot.state != LC_SHARD_STATE_BACKING_OFF)
		return -1;
	return keeper->slot.wake_ms > now_ms ? (int64_t)(keeper->slot.wake_ms - now_ms) : 0;
}

void lc_keeper_reap(struct lc_keeper *keeper)
{
	struct lc_slot_event event = {.type = LC_SLOT_EXITED};
	struct lc_obituary obituary;
	bool expected;
	int status;

	if (keeper->pid == 0 || waitpid(keeper->pid, &status, WNOHANG) != keeper->pid)
		return;
	lc_obituary_compose(&obituary, keeper->shard, keeper->pid, status,
			    lc_clock_monotonic_ms() - keeper->slot.forked_ms, keeper->reason,
			    keeper->page);
	expected =
	    lc_slot_expects_end(&keeper->slot) && lc_obituary_exit_code(&obituary) == LC_EXIT_OK;
	if (!expected) {
		keeper->obituary_exit_code = lc_obituary_exit_code(&obituary);
		lc_obituary_sentence(&obituary, keeper->obituary);
		lc_clock_format(lc_clock_wall_ms(), keeper->obituary_time);
	}
	keeper->pid = 0;
	keeper->resident_bytes = 0;
	lc_loop_timer_stop(keeper->scales);
	close_channel(keeper);
	event.config_error = lc_exit_is_final(lc_obituary_exit_code(&obituary));
	step(keeper, event);
	lc_obituary_log(&obituary, expected, until_next_start_ms(keeper));
}

enum lc_shard_state lc_keeper_state(const struct lc_keeper *keeper)
{
	return keeper->slot.state;
}

bool lc_keeper_is_to_pause(const struct lc_keeper *keeper)
{
	return keeper->slot.intention == LC_SLOT_TO_PAUSE;
}

unsigned lc_keeper_shard(const struct lc_keeper *keeper)
{
	return keeper->shard;
}

int lc_keeper_obituary_exit_code(const struct lc_keeper *keeper)
{
	return keeper->obituary_exit_code;
}

bool lc_keeper_settled(const struct lc_keeper *keeper)
{
	return keeper->settled;
}

const struct lc_counters *lc_keeper_counters(const struct lc_keeper *keeper)
{
	return &keeper->page->counters;
}

/* Seconds since the moment that a gauge names; a clock that runs ahead of ours makes it 0. */
static int64_t age_of(const struct lc_counters *counters, enum lc_counters_name name,
		      int64_t wall_seconds)
{
	uint64_t since = lc_counters_get(counters, name);

	if (since == 0 || since > INT64_MAX)
		return LC_STATUS_DOCUMENT_NO_AGE;
	return wall_seconds > (int64_t)since ? wall_seconds - (int64_t)since : 0;
}

static void describe_complaint(const struct lc_counters *counters, enum lc_counters_complaint which,
			       char *word, char *words)
{
	char text[LC_COUNTERS_WORDS_SIZE];
	unsigned fault = lc_counters_complaint(counters, which, text);

	if (word != NULL && fault < LC_FAULT_COUNT)
		snprintf(word, LC_STATUS_DOCUMENT_LABEL_SIZE, "%s",
			 LC_FAULT_DESCRIPTIONS[fault].word);
	snprintf(words, LC_STATUS_DOCUMENT_TEXT_SIZE, "%s", text);
}

void lc_keeper_describe(const struct lc_keeper *keeper, int64_t wall_seconds,
			struct lc_status_document_shard *shard)
{
	const struct lc_counters *counters = &keeper->page->counters;
	uint64_t uptime_ms = lc_clock_monotonic_ms() - keeper->slot.forked_ms;
	int64_t next_ms = until_next_start_ms(keeper);

	*shard = (struct lc_status_document_shard){
	    .shard = keeper->shard,
	    .state = keeper->slot.state,
	    .replacing = keeper->slot.replacing,
	    .pid = keeper->pid,
	    .restarts = keeper->slot.restarts,
	    .uptime_seconds =
		keeper->pid == 0 ? LC_STATUS_DOCUMENT_NO_AGE : (int64_t)(uptime_ms / 1000),
	    .deaths_in_a_row = lc_slot_deaths_in_a_row(&keeper->slot, lc_clock_monotonic_ms()),
	    .resident_bytes = keeper->resident_bytes,
	    .next_start_seconds = next_ms < 0 ? LC_STATUS_DOCUMENT_NO_AGE : (next_ms + 999) / 1000,
	    .records_delivered = lc_counters_get(counters, LC_COUNTERS_RECORDS_DELIVERED),
	    .objects_delivered = lc_counters_get(counters, LC_COUNTERS_BATCHES_SUCCEEDED),
	    .bytes_delivered = lc_counters_get(counters, LC_COUNTERS_UPLOAD_BYTES),
	    .pending_records = lc_counters_get(counters, LC_COUNTERS_PENDING_RECORDS),
	    .inflight_bytes = lc_counters_get(counters, LC_COUNTERS_INFLIGHT_BYTES),
	    .targets_blocked = lc_counters_get(counters, LC_COUNTERS_TARGETS_BLOCKED),
	    .sources_blocked = lc_counters_get(counters, LC_COUNTERS_SOURCES_BLOCKED),
	    .sources_unreadable = lc_counters_get(counters, LC_COUNTERS_SOURCES_UNREADABLE),
	    .records_without_target = lc_counters_get(counters, LC_COUNTERS_RECORDS_WITHOUT_TARGET),
	    .records_given_up = lc_counters_get(counters, LC_COUNTERS_RECORDS_GIVEN_UP),
	    .oldest_blocked_seconds =
		age_of(counters, LC_COUNTERS_OLDEST_BLOCKED_INSERTED_AT, wall_seconds),
	    .oldest_undelivered_seconds =
		age_of(counters, LC_COUNTERS_OLDEST_UNDELIVERED_INSERTED_AT, wall_seconds),
	    .clickhouse_failing_seconds =
		age_of(counters, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE, wall_seconds),
	    .clickhouse_refusing_seconds =
		age_of(counters, LC_COUNTERS_CLICKHOUSE_REFUSING_SINCE, wall_seconds),
	    .offsets_failing_seconds =
		age_of(counters, LC_COUNTERS_OFFSETS_FAILING_SINCE, wall_seconds),
	    .reconcile_failing_seconds =
		age_of(counters, LC_COUNTERS_RECONCILE_FAILING_SINCE, wall_seconds),
	    .s3_confirmed_seconds = age_of(counters, LC_COUNTERS_S3_CONFIRMED_AT, wall_seconds),
	    .s3_failing_seconds = age_of(counters, LC_COUNTERS_S3_FAILING_SINCE, wall_seconds),
	    .s3_refusing_seconds = age_of(counters, LC_COUNTERS_S3_REFUSING_SINCE, wall_seconds),
	    .clock_difference_seconds = lc_counters_get(counters, LC_COUNTERS_CLOCK_APART),
	    .clock_behind_windows_seconds =
		lc_counters_get(counters, LC_COUNTERS_CLOCK_BEHIND_WINDOWS),
	    .clock_behind_horizon_seconds =
		lc_counters_get(counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON),
	    .ledger_failing_seconds =
		age_of(counters, LC_COUNTERS_LEDGER_FAILING_SINCE, wall_seconds),
	    .log_lines_dropped = lc_counters_get(counters, LC_COUNTERS_LOG_LINES_DROPPED),
	    .log_failing_seconds = age_of(counters, LC_COUNTERS_LOG_FAILING_SINCE, wall_seconds),
	    .obituary_exit_code = keeper->obituary_exit_code,
	};
	describe_complaint(counters, LC_COUNTERS_COMPLAINT_CLICKHOUSE, shard->clickhouse_fault,
			   shard->clickhouse_answer);
	describe_complaint(counters, LC_COUNTERS_COMPLAINT_OFFSETS, NULL, shard->offsets_answer);
	describe_complaint(counters, LC_COUNTERS_COMPLAINT_S3, shard->s3_fault, shard->s3_answer);
	describe_complaint(counters, LC_COUNTERS_COMPLAINT_TARGET, NULL, shard->target_answer);
	snprintf(shard->obituary, sizeof(shard->obituary), "%s", keeper->obituary);
	snprintf(shard->obituary_time, sizeof(shard->obituary_time), "%s", keeper->obituary_time);
}
