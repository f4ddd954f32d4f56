#include "exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { KILL_INTERVAL_MS = 200 };

STAILQ_HEAD(exchange_queue, exchange);

static struct {
	pthread_mutex_t lock; /* taken before an exchange's lock, never after it */
	pthread_cond_t jobs_changed;
	struct exchange_queue jobs;
	struct exchange_queue ready;
	struct exchange **busy; /* what each thread is answering */
	unsigned threads;
	int wake; /* eventfd: `ready` has something */
	uint64_t last_number;
	struct exchange_callbacks callbacks;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .jobs_changed = PTHREAD_COND_INITIALIZER};

void exchange_release(struct exchange *exchange)
{
	bool last;

	pthread_mutex_lock(&exchange->lock);
	last = --exchange->references == 0;
	pthread_mutex_unlock(&exchange->lock);
	if (!last)
		return;
	request_free(exchange->request);
	evbuffer_free(exchange->pending);
	pthread_mutex_destroy(&exchange->lock);
	pthread_cond_destroy(&exchange->changed);
	free(exchange);
}

/* Asks the loop to look at the exchange. */
static void notify_loop(struct exchange *exchange)
{
	uint64_t one = 1;
	bool first;

	pthread_mutex_lock(&pool.lock);
	pthread_mutex_lock(&exchange->lock);
	first = !exchange->queued;
	if (first) {
		exchange->queued = true;
		exchange->references++;
		STAILQ_INSERT_TAIL(&pool.ready, exchange, next_ready);
	}
	pthread_mutex_unlock(&exchange->lock);
	pthread_mutex_unlock(&pool.lock);
	if (first && write(pool.wake, &one, sizeof(one)) != sizeof(one))
		abort();
}

static void on_wake(evutil_socket_t fd, short what, void *unused)
{
	uint64_t count;

	(void)what;
	(void)unused;
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		abort();
	for (;;) {
		struct exchange *exchange;

		pthread_mutex_lock(&pool.lock);
		exchange = STAILQ_FIRST(&pool.ready);
		if (exchange != NULL) {
			STAILQ_REMOVE_HEAD(&pool.ready, next_ready);
			pthread_mutex_lock(&exchange->lock);
			exchange->queued = false;
			pthread_mutex_unlock(&exchange->lock);
		}
		pthread_mutex_unlock(&pool.lock);
		if (exchange == NULL)
			return;
		pool.callbacks.ready(exchange);
		exchange_release(exchange);
	}
}

static void *run_thread(void *slot)
{
	struct exchange **busy = slot;

	for (;;) {
		pthread_mutex_lock(&pool.lock);
		while (STAILQ_EMPTY(&pool.jobs))
			pthread_cond_wait(&pool.jobs_changed, &pool.lock);
		*busy = STAILQ_FIRST(&pool.jobs);
		STAILQ_REMOVE_HEAD(&pool.jobs, next_job);
		pthread_mutex_unlock(&pool.lock);
		pool.callbacks.worker(*busy);
		pthread_mutex_lock(&pool.lock);
		struct exchange *done = *busy;
		*busy = NULL;
		pthread_mutex_unlock(&pool.lock);
		pthread_mutex_lock(&done->lock);
		done->done = true;
		pthread_cond_broadcast(&done->changed);
		pthread_mutex_unlock(&done->lock);
		exchange_release(done);
	}
	return NULL;
}

void exchange_start(struct event_base *base, unsigned threads, struct exchange_callbacks callbacks)
{
	STAILQ_INIT(&pool.jobs);
	STAILQ_INIT(&pool.ready);
	pool.callbacks = callbacks;
	pool.threads = threads;
	pool.busy = calloc(threads, sizeof(struct exchange *));
	pool.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pool.busy == NULL || pool.wake < 0)
		abort();
	event_add(event_new(base, pool.wake, EV_READ | EV_PERSIST, on_wake, NULL), NULL);
	for (unsigned i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, run_thread, &pool.busy[i]) != 0)
			abort();
		pthread_detach(thread);
	}
}

struct exchange *exchange_submit(struct request *request, const struct fault *fault,
				 void *connection)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	pthread_condattr_t monotonic;

	if (exchange == NULL || (exchange->pending = evbuffer_new()) == NULL)
		abort();
	pthread_mutex_init(&exchange->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&exchange->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	exchange->request = request;
	exchange->fault = *fault;
	exchange->connection = connection;
	exchange->references = 2; /* the loop's and the thread's */
	pthread_mutex_lock(&pool.lock);
	exchange->number = ++pool.last_number;
	STAILQ_INSERT_TAIL(&pool.jobs, exchange, next_job);
	pthread_cond_signal(&pool.jobs_changed);
	pthread_mutex_unlock(&pool.lock);
	return exchange;
}

void exchange_set_head(struct exchange *exchange, const struct exchange_head *head)
{
	pthread_mutex_lock(&exchange->lock);
	exchange->head = *head;
	exchange->head_ready = true;
	pthread_mutex_unlock(&exchange->lock);
}

bool exchange_write(struct exchange *exchange, const void *data, size_t length)
{
	bool gone;

	if (length > 0) {
		pthread_mutex_lock(&exchange->lock);
		evbuffer_add(exchange->pending, data, length);
		pthread_mutex_unlock(&exchange->lock);
		exchange->written += length;
		notify_loop(exchange);
	}
	pthread_mutex_lock(&exchange->lock);
	while (!exchange->gone &&
	       evbuffer_get_length(exchange->pending) + exchange->unsent > EXCHANGE_WINDOW)
		pthread_cond_wait(&exchange->changed, &exchange->lock);
	gone = exchange->gone;
	pthread_mutex_unlock(&exchange->lock);
	return !gone;
}

void exchange_finish(struct exchange *exchange, enum exchange_end end)
{
	pthread_mutex_lock(&exchange->lock);
	exchange->end = end;
	pthread_mutex_unlock(&exchange->lock);
	notify_loop(exchange);
}

/* `milliseconds` from now, on the clock of exchange->changed. */
static struct timespec after(uint64_t milliseconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(milliseconds / 1000);
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return until;
}

void exchange_linger(struct exchange *exchange, uint64_t milliseconds)
{
	struct timespec until = after(milliseconds);
	int timed_out = 0;

	notify_loop(exchange);
	pthread_mutex_lock(&exchange->lock);
	while (!exchange->gone && timed_out == 0 && faults_holds(exchange->fault.id)) {
		if (milliseconds == 0)
			pthread_cond_wait(&exchange->changed, &exchange->lock);
		else
			timed_out =
			    pthread_cond_timedwait(&exchange->changed, &exchange->lock, &until);
	}
	pthread_mutex_unlock(&exchange->lock);
}

const struct exchange_head *exchange_head(struct exchange *exchange)
{
	bool ready;

	pthread_mutex_lock(&exchange->lock);
	ready = exchange->head_ready;
	pthread_mutex_unlock(&exchange->lock);
	return ready ? &exchange->head : NULL;
}

enum exchange_end exchange_take(struct exchange *exchange, struct evbuffer *body)
{
	enum exchange_end end;

	pthread_mutex_lock(&exchange->lock);
	exchange->unsent += evbuffer_get_length(exchange->pending);
	evbuffer_add_buffer(body, exchange->pending);
	end = exchange->end;
	pthread_mutex_unlock(&exchange->lock);
	return end;
}

void exchange_sent(struct exchange *exchange, size_t unsent)
{
	pthread_mutex_lock(&exchange->lock);
	exchange->unsent = unsent;
	pthread_cond_broadcast(&exchange->changed);
	pthread_mutex_unlock(&exchange->lock);
}

/* The statement may not have reached the engine yet: kills it until the thread is done with the
 * exchange. */
static void *run_kill(void *argument)
{
	struct exchange *exchange = argument;
	bool done = false;

	while (!done) {
		struct timespec until = after(KILL_INTERVAL_MS);

		pool.callbacks.kill(exchange->number);
		pthread_mutex_lock(&exchange->lock);
		while (!exchange->done &&
		       pthread_cond_timedwait(&exchange->changed, &exchange->lock, &until) == 0)
			continue;
		done = exchange->done;
		pthread_mutex_unlock(&exchange->lock);
	}
	exchange_release(exchange);
	return NULL;
}

void exchange_abandon(struct exchange *exchange)
{
	pthread_t thread;
	bool ends;

	pthread_mutex_lock(&exchange->lock);
	exchange->gone = true;
	ends = exchange->end == EXCHANGE_OPEN && request_ends_with_client(exchange->request);
	if (ends)
		exchange->references++;
	pthread_cond_broadcast(&exchange->changed);
	pthread_mutex_unlock(&exchange->lock);
	if (ends && pthread_create(&thread, NULL, run_kill, exchange) == 0)
		pthread_detach(thread);
	else if (ends)
		exchange_release(exchange);
}

void exchange_wake_all(void)
{
	pthread_mutex_lock(&pool.lock);
	for (unsigned i = 0; i < pool.threads; i++) {
		if (pool.busy[i] == NULL)
			continue;
		pthread_mutex_lock(&pool.busy[i]->lock);
		pthread_cond_broadcast(&pool.busy[i]->changed);
		pthread_mutex_unlock(&pool.busy[i]->lock);
	}
	pthread_mutex_unlock(&pool.lock);
}

unsigned exchange_running(void)
{
	unsigned running = 0;

	pthread_mutex_lock(&pool.lock);
	for (unsigned i = 0; i < pool.threads; i++)
		running += pool.busy[i] != NULL;
	pthread_mutex_unlock(&pool.lock);
	return running;
}
