/*
 * The thread that writes the ledger. Commands go to it in one list, and come back in another once
 * they are committed, announced by an eventfd that the loop watches.
 *
 * The thread owns the store, from lc_ledger_open to the end of the thread. What both sides touch
 * is guarded by the mutex. Callbacks run on the loop's side alone.
 *
 * A ledger that machines share (ledger/share.h) commits what its chain holds: the thread executes a
 * batch, has the loop append its segment, and waits, the transaction open, until that is done.
 */
#include "ledger/ledger_thread.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "ledger/ledger_command.h"
#include "ledger/segment.h"
#include "ledger/share.h"
#include "ledger/store.h"
#include "ledger/store_sources.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 1000 }; /* how often an idle ledger is looked after */

/* Where the segment of the batch is. */
enum append {
	APPEND_NONE,      /* it has none, or the thread is making it */
	APPEND_WANTED,    /* it is for the loop to begin */
	APPEND_UNDER_WAY, /* and begun */
	APPEND_DONE,      /* part of the chain: the batch has to be committed */
};

struct lc_ledger {
	struct lc_counters *counters; /* may be NULL */
	struct lc_share *share;       /* may be NULL */
	uint64_t retry_ms;
	uint64_t gather_ms;

	/* The thread's. */
	pthread_t thread;
	struct lc_store *store;
	bool failing;         /* the last attempt to write has failed */
	struct timespec next; /* when the next transaction may begin, monotonic */

	/* Both sides', guarded by the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t wake; /* the thread, when it waits */
	struct lc_ledger_command_list queued;
	struct lc_ledger_command_list finished;
	bool asked;   /* one of the queued ones asks something */
	bool closing; /* no more attempts; the thread ends when nothing is queued */
	enum append append;
	struct lc_buffer segment; /* the loop's while it is under way, or else the thread's */
	struct lc_chain_position position; /* of the segment */
	struct lc_error fault;

	/* The loop's. */
	int event; /* readable when something is finished, or corrupt */
	struct lc_loop_watch *watch;
	void (*on_corrupt)(void *context, const struct lc_error *error);
	void *context;
	bool calling_back;
	bool closed; /* from a callback: freed when it returns */
};

static void show_failing(struct lc_ledger *ledger)
{
	if (ledger->counters != NULL)
		lc_counters_set_failing(ledger->counters, LC_COUNTERS_LEDGER_FAILING_SINCE,
					ledger->failing);
}

static void show_bytes(struct lc_ledger *ledger)
{
	if (ledger->counters != NULL)
		lc_counters_set(ledger->counters, LC_COUNTERS_LEDGER_BYTES,
				lc_store_bytes(ledger->store));
}

/* ---- the thread's side ---- */

static void announce(struct lc_ledger *ledger)
{
	const uint64_t one = 1;

	while (write(ledger->event, &one, sizeof one) < 0)
		LC_ASSERT(errno == EINTR);
}

static struct timespec moment_in(uint64_t milliseconds)
{
	struct timespec moment;

	clock_gettime(CLOCK_MONOTONIC, &moment);
	moment.tv_sec += (time_t)(milliseconds / 1000);
	moment.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (moment.tv_nsec >= 1000000000) {
		moment.tv_sec++;
		moment.tv_nsec -= 1000000000;
	}
	return moment;
}

/* Waits for commands and takes all of them, none when it is time to look at the file; false when
 * there are none and none will come. */
static bool take_queued(struct lc_ledger *ledger, struct lc_ledger_command_list *batch)
{
	struct timespec until = moment_in(LOOK_MS);
	bool more;

	STAILQ_INIT(batch);
	pthread_mutex_lock(&ledger->mutex);
	while (STAILQ_EMPTY(&ledger->queued) && !ledger->closing &&
	       pthread_cond_timedwait(&ledger->wake, &ledger->mutex, &until) != ETIMEDOUT)
		continue;
	while (!STAILQ_EMPTY(&ledger->queued) && !ledger->asked && !ledger->closing &&
	       pthread_cond_timedwait(&ledger->wake, &ledger->mutex, &ledger->next) != ETIMEDOUT)
		continue;
	STAILQ_CONCAT(batch, &ledger->queued);
	ledger->asked = false;
	more = !ledger->closing || !STAILQ_EMPTY(batch);
	pthread_mutex_unlock(&ledger->mutex);
	ledger->next = moment_in(ledger->gather_ms);
	return more;
}

/* Waits for the next attempt; false when the ledger is closed instead. */
static bool wait_for_retry(struct lc_ledger *ledger)
{
	struct timespec until = moment_in(ledger->retry_ms);
	bool retry;

	pthread_mutex_lock(&ledger->mutex);
	while (!ledger->closing &&
	       pthread_cond_timedwait(&ledger->wake, &ledger->mutex, &until) != ETIMEDOUT)
		continue;
	retry = !ledger->closing;
	pthread_mutex_unlock(&ledger->mutex);
	return retry;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void note_success(struct lc_ledger *ledger, double seconds)
{
	if (ledger->failing) {
		lc_log_say(LC_LOG_INFO, "the ledger can be written again");
		ledger->failing = false;
		show_failing(ledger);
	}
	if (ledger->counters == NULL)
		return;
	lc_counters_add(ledger->counters, LC_COUNTERS_LEDGER_COMMITS, 1);
	lc_counters_observe(ledger->counters, LC_COUNTERS_HISTOGRAM_LEDGER_SECONDS, seconds);
	show_bytes(ledger);
}

static void note_failure(struct lc_ledger *ledger, const struct lc_error *error)
{
	if (ledger->failing)
		return;
	lc_log(LC_LOG_ERROR, "the ledger cannot be written: deliveries wait until it can",
	       LC_LOG_FAULT(error));
	ledger->failing = true;
	show_failing(ledger);
}

/* False when the ledger is closed instead. */
static bool wait_for_append(struct lc_ledger *ledger)
{
	bool done;

	pthread_mutex_lock(&ledger->mutex);
	ledger->append = APPEND_WANTED;
	announce(ledger);
	while (ledger->append != APPEND_DONE && !ledger->closing)
		pthread_cond_wait(&ledger->wake, &ledger->mutex);
	done = ledger->append == APPEND_DONE;
	pthread_mutex_unlock(&ledger->mutex);
	return done;
}

/* Makes what the batch writes part of the chain, in the transaction that is open. A batch that was
 * rolled back after that, because the disk was full, is part of it already. False without a fault
 * when the ledger is closed. */
static bool append(struct lc_ledger *ledger, const struct lc_ledger_command_list *batch,
		   struct lc_error *error)
{
	if (ledger->share == NULL || !lc_segment_needed(batch))
		return true;
	if (ledger->append != APPEND_DONE) {
		const struct lc_segment_header *header = lc_share_next(ledger->share);

		lc_segment_encode(header, batch, &ledger->segment, &ledger->position.hash);
		ledger->position.epoch = header->epoch;
		ledger->position.seq = header->seq;
		if (!wait_for_append(ledger))
			return lc_error_set(error, LC_ERROR_CANCELLED, "the ledger is closed");
	}
	return lc_store_set_position(ledger->store, &ledger->position, error);
}

static bool write_once(struct lc_ledger *ledger, const struct lc_ledger_command_list *batch,
		       struct lc_error *error)
{
	if (!lc_ledger_command_begin_all(batch, ledger->store, error))
		return false;
	if (append(ledger, batch, error) && lc_store_commit(ledger->store, error)) {
		ledger->append = APPEND_NONE;
		return true;
	}
	lc_store_roll_back(ledger->store);
	return false;
}

/* Tries until the commands are on disk; false when that is given up: closed, or corrupt. */
static bool write_batch(struct lc_ledger *ledger, const struct lc_ledger_command_list *batch,
			struct lc_error *error)
{
	do {
		struct timespec start;

		clock_gettime(CLOCK_MONOTONIC, &start);
		if (write_once(ledger, batch, error)) {
			note_success(ledger, seconds_since(&start));
			return true;
		}
		if (error->kind == LC_ERROR_CORRUPT || error->kind == LC_ERROR_CANCELLED)
			return false;
		note_failure(ledger, error);
	} while (wait_for_retry(ledger));
	return false;
}

static void go_on(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	bool closing;

	pthread_mutex_lock(&ledger->mutex);
	closing = ledger->closing;
	if (!closing)
		STAILQ_INSERT_TAIL(&ledger->queued, command, next);
	pthread_mutex_unlock(&ledger->mutex);
	if (closing)
		lc_ledger_command_free(command);
}

/* Moves those that go on to the end of the queue, unless the ledger is to close, those that
 * somebody waits for to the finished ones, and frees the others. */
static void hand_back(struct lc_ledger *ledger, struct lc_ledger_command_list *batch)
{
	struct lc_ledger_command_list called = STAILQ_HEAD_INITIALIZER(called);
	struct lc_ledger_command *command;

	while ((command = STAILQ_FIRST(batch)) != NULL) {
		STAILQ_REMOVE_HEAD(batch, next);
		if (lc_ledger_command_goes_on(command))
			go_on(ledger, command);
		else if (lc_ledger_command_has_callback(command))
			STAILQ_INSERT_TAIL(&called, command, next);
		else
			lc_ledger_command_free(command);
	}
	if (STAILQ_EMPTY(&called))
		return;
	pthread_mutex_lock(&ledger->mutex);
	STAILQ_CONCAT(&ledger->finished, &called);
	pthread_mutex_unlock(&ledger->mutex);
	announce(ledger);
}

/* Nothing is done any more. But who has made a call may still cancel it: commands stay until the
 * ledger is closed. */
static void report_corrupt(struct lc_ledger *ledger, struct lc_ledger_command_list *batch,
			   const struct lc_error *error)
{
	pthread_mutex_lock(&ledger->mutex);
	ledger->fault = *error;
	STAILQ_CONCAT(&ledger->queued, batch);
	pthread_mutex_unlock(&ledger->mutex);
	announce(ledger);
}

/* Nobody waits for a checkpoint. One that fails is tried again with the next commit, whose own
 * failure is told. */
static bool move_log(struct lc_ledger *ledger, struct lc_error *error)
{
	if (lc_store_checkpoint(ledger->store, error))
		return true;
	if (error->kind == LC_ERROR_CORRUPT)
		return false;
	lc_log(LC_LOG_WARNING, "the ledger's write-ahead log cannot be moved into its file",
	       LC_LOG_FAULT(error));
	return true;
}

/* Nobody is told that something is durable which the next start would not find. */
static bool write_and_hand_back(struct lc_ledger *ledger, struct lc_ledger_command_list *batch,
				struct lc_error *error)
{
	if (STAILQ_EMPTY(batch))
		return lc_store_in_place(ledger->store, error);
	if (!write_batch(ledger, batch, error) || !lc_store_in_place(ledger->store, error))
		return false;
	lc_ledger_command_settle_all(batch, ledger->store);
	hand_back(ledger, batch);
	return move_log(ledger, error);
}

static void *work(void *context)
{
	struct lc_ledger *ledger = context;
	struct lc_ledger_command_list batch;
	struct lc_error error = {.kind = LC_ERROR_NONE};

	while (take_queued(ledger, &batch)) {
		if (write_and_hand_back(ledger, &batch, &error))
			continue;
		if (error.kind == LC_ERROR_CORRUPT)
			report_corrupt(ledger, &batch, &error);
		lc_ledger_command_free_all(&batch);
		break;
	}
	return NULL;
}

/* ---- the loop's side ---- */

uint32_t lc_ledger_seen_until(const struct lc_ledger *ledger, uint32_t raft_session_id)
{
	return lc_store_seen_until(ledger->store, raft_session_id);
}

bool lc_ledger_is_current(struct lc_ledger *ledger)
{
	return ledger->share == NULL || lc_share_is_current(ledger->share);
}

void lc_ledger_push(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	bool asks = lc_ledger_command_asks(command);
	bool wake;

	pthread_mutex_lock(&ledger->mutex);
	LC_ASSERT(!ledger->closing);
	wake = STAILQ_EMPTY(&ledger->queued) || (asks && !ledger->asked);
	STAILQ_INSERT_TAIL(&ledger->queued, command, next);
	ledger->asked = ledger->asked || asks;
	pthread_mutex_unlock(&ledger->mutex);
	if (wake)
		pthread_cond_signal(&ledger->wake);
}

static void release(struct lc_ledger *ledger)
{
	lc_ledger_command_free_all(&ledger->queued);
	lc_ledger_command_free_all(&ledger->finished);
	pthread_cond_destroy(&ledger->wake);
	pthread_mutex_destroy(&ledger->mutex);
	lc_buffer_free(&ledger->segment);
	free(ledger);
}

/* Until a callback closes the ledger, which then is released here. */
static void call_back(struct lc_ledger *ledger, struct lc_ledger_command_list *finished,
		      const struct lc_error *fault)
{
	struct lc_ledger_command *command;

	ledger->calling_back = true;
	while (!ledger->closed && (command = STAILQ_FIRST(finished)) != NULL) {
		STAILQ_REMOVE_HEAD(finished, next);
		lc_ledger_command_finish(command);
		lc_ledger_command_free(command);
	}
	if (!ledger->closed && fault->kind != LC_ERROR_NONE)
		ledger->on_corrupt(ledger->context, fault);
	ledger->calling_back = false;
	lc_ledger_command_free_all(finished);
	if (ledger->closed)
		release(ledger);
}

static void on_appended(void *context)
{
	struct lc_ledger *ledger = context;

	pthread_mutex_lock(&ledger->mutex);
	ledger->append = APPEND_DONE;
	pthread_mutex_unlock(&ledger->mutex);
	pthread_cond_signal(&ledger->wake);
}

static void begin_append(struct lc_ledger *ledger)
{
	bool wanted;

	pthread_mutex_lock(&ledger->mutex);
	wanted = ledger->append == APPEND_WANTED;
	if (wanted)
		ledger->append = APPEND_UNDER_WAY;
	pthread_mutex_unlock(&ledger->mutex);
	if (wanted)
		lc_share_append(ledger->share, lc_buffer_view(&ledger->segment),
				&ledger->position.hash, on_appended, ledger);
}

static void on_event(void *context)
{
	struct lc_ledger *ledger = context;
	struct lc_ledger_command_list finished = STAILQ_HEAD_INITIALIZER(finished);
	struct lc_error fault;
	uint64_t count;

	if (read(ledger->event, &count, sizeof count) < 0) {
		LC_ASSERT(errno == EAGAIN || errno == EINTR);
		return;
	}
	pthread_mutex_lock(&ledger->mutex);
	STAILQ_CONCAT(&finished, &ledger->finished);
	fault = ledger->fault;
	ledger->fault.kind = LC_ERROR_NONE;
	pthread_mutex_unlock(&ledger->mutex);
	begin_append(ledger);
	call_back(ledger, &finished, &fault);
}

static void init_shared(struct lc_ledger *ledger)
{
	pthread_condattr_t attributes;

	LC_ASSERT(pthread_mutex_init(&ledger->mutex, NULL) == 0);
	LC_ASSERT(pthread_condattr_init(&attributes) == 0);
	LC_ASSERT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
	LC_ASSERT(pthread_cond_init(&ledger->wake, &attributes) == 0);
	pthread_condattr_destroy(&attributes);
	STAILQ_INIT(&ledger->queued);
	STAILQ_INIT(&ledger->finished);
}

/* Signals are the loop's: the thread takes none. */
static int start_thread(struct lc_ledger *ledger)
{
	sigset_t all;
	sigset_t before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&ledger->thread, NULL, work, ledger);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed == 0)
		pthread_setname_np(ledger->thread, "ledger");
	return failed;
}

static bool start(struct lc_ledger *ledger, struct lc_loop *loop, struct lc_error *error)
{
	int failed;

	ledger->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ledger->event < 0)
		return lc_error_set_errno(error, errno, "the ledger's event descriptor");
	failed = start_thread(ledger);
	if (failed != 0) {
		close(ledger->event);
		return lc_error_set_errno(error, failed, "the ledger's thread");
	}
	ledger->watch = lc_loop_watch_readable(loop, ledger->event, on_event, ledger);
	return true;
}

/* Other machines may have gone on with the ledger since. */
static bool check_shared(struct lc_store *store, const struct lc_ledger_options *options,
			 struct lc_error *error)
{
	bool shared;

	if (!lc_store_is_shared(store, &shared, error))
		return false;
	return !shared || options->share != NULL ||
	       lc_error_set(error, LC_ERROR_USAGE,
			    "the ledger %s is shared with other machines: set failover.enabled, as "
			    "they do",
			    options->path);
}

struct lc_ledger *lc_ledger_open(struct lc_loop *loop, const struct lc_ledger_options *options,
				 struct lc_counters *counters, struct lc_ledger_state *state,
				 void (*on_corrupt)(void *context, const struct lc_error *error),
				 void *context, struct lc_error *error)
{
	struct lc_store *store = lc_store_open(options, state, error);
	struct lc_ledger *ledger;

	if (store == NULL)
		return NULL;
	if (!check_shared(store, options, error)) {
		lc_store_close(store);
		return NULL;
	}
	ledger = lc_memory_zero(1, sizeof *ledger);
	ledger->store = store;
	ledger->counters = counters;
	ledger->share = options->share;
	ledger->retry_ms = options->retry_ms;
	ledger->gather_ms = options->gather_ms;
	lc_buffer_init(&ledger->segment, SIZE_MAX);
	ledger->on_corrupt = on_corrupt;
	ledger->context = context;
	show_failing(ledger);
	show_bytes(ledger);
	init_shared(ledger);
	if (!start(ledger, loop, error)) {
		lc_store_close(store);
		release(ledger);
		return NULL;
	}
	return ledger;
}

void lc_ledger_close(struct lc_ledger *ledger)
{
	if (ledger == NULL)
		return;
	pthread_mutex_lock(&ledger->mutex);
	ledger->closing = true;
	pthread_cond_signal(&ledger->wake);
	pthread_mutex_unlock(&ledger->mutex);
	LC_ASSERT(pthread_join(ledger->thread, NULL) == 0);
	if (ledger->share != NULL)
		lc_share_cancel(ledger->share);
	lc_store_close(ledger->store);
	lc_loop_watch_free(ledger->watch);
	close(ledger->event);
	ledger->closed = true;
	if (!ledger->calling_back)
		release(ledger);
}
