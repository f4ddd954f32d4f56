#include "base/loop.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"

#include <event2/event.h>
#include <stdlib.h>

struct lc_loop {
	struct event_base *base;
};

struct lc_loop_timer {
	struct event *event;
	lc_loop_callback *callback;
	void *context;
	uint64_t due_ms;
};

struct lc_loop_watch {
	struct event *event;
	lc_loop_callback *callback;
	void *context;
};

struct lc_loop *lc_loop_new(struct lc_error *error)
{
	struct lc_loop *loop;
	struct event_base *base = event_base_new();

	if (base == NULL) {
		lc_error_set(error, LC_ERROR_SYSTEM, "the event loop could not be created");
		return NULL;
	}
	loop = lc_memory_zero(1, sizeof(*loop));
	loop->base = base;
	return loop;
}

void lc_loop_free(struct lc_loop *loop)
{
	if (loop == NULL)
		return;
	event_base_free(loop->base);
	free(loop);
}

void lc_loop_run(struct lc_loop *loop)
{
	LC_ASSERT(event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) >= 0);
}

void lc_loop_stop(struct lc_loop *loop)
{
	LC_ASSERT(event_base_loopbreak(loop->base) == 0);
}

uint64_t lc_loop_now_ms(const struct lc_loop *loop)
{
	(void)loop;
	return lc_clock_monotonic_ms();
}

struct event_base *lc_loop_base(struct lc_loop *loop)
{
	return loop->base;
}

static void add_timer(struct lc_loop_timer *timer, uint64_t delay_ms)
{
	struct timeval delay = {
	    .tv_sec = (time_t)(delay_ms / 1000),
	    .tv_usec = (suseconds_t)(delay_ms % 1000 * 1000),
	};

	LC_ASSERT(event_add(timer->event, &delay) == 0);
}

/* libevent reads a coarse clock: it may be some milliseconds early. */
static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct lc_loop_timer *timer = context;
	uint64_t now_ms = lc_clock_monotonic_ms();

	(void)fd;
	(void)what;
	if (now_ms < timer->due_ms)
		add_timer(timer, timer->due_ms - now_ms);
	else
		timer->callback(timer->context);
}

struct lc_loop_timer *lc_loop_timer_new(struct lc_loop *loop, lc_loop_callback *callback,
					void *context)
{
	struct lc_loop_timer *timer = lc_memory_zero(1, sizeof(*timer));

	timer->callback = callback;
	timer->context = context;
	timer->event = event_new(loop->base, -1, 0, on_timer, timer);
	LC_ASSERT(timer->event != NULL);
	return timer;
}

void lc_loop_timer_start(struct lc_loop_timer *timer, uint64_t delay_ms)
{
	timer->due_ms = lc_clock_monotonic_ms() + delay_ms;
	add_timer(timer, delay_ms);
}

void lc_loop_timer_stop(struct lc_loop_timer *timer)
{
	LC_ASSERT(event_del(timer->event) == 0);
}

bool lc_loop_timer_running(const struct lc_loop_timer *timer)
{
	return event_pending(timer->event, EV_TIMEOUT, NULL) != 0;
}

void lc_loop_timer_free(struct lc_loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	free(timer);
}

static void on_watch(evutil_socket_t fd, short what, void *context)
{
	struct lc_loop_watch *watch = context;

	(void)fd;
	(void)what;
	watch->callback(watch->context);
}

static struct lc_loop_watch *watch_new(struct lc_loop *loop, int fd, short what,
				       lc_loop_callback *callback, void *context)
{
	struct lc_loop_watch *watch = lc_memory_zero(1, sizeof(*watch));

	watch->callback = callback;
	watch->context = context;
	watch->event = event_new(loop->base, fd, (short)(what | EV_PERSIST), on_watch, watch);
	LC_ASSERT(watch->event != NULL);
	LC_ASSERT(event_add(watch->event, NULL) == 0);
	return watch;
}

struct lc_loop_watch *lc_loop_watch_readable(struct lc_loop *loop, int fd,
					     lc_loop_callback *callback, void *context)
{
	return watch_new(loop, fd, EV_READ, callback, context);
}

struct lc_loop_watch *lc_loop_watch_writable(struct lc_loop *loop, int fd,
					     lc_loop_callback *callback, void *context)
{
	return watch_new(loop, fd, EV_WRITE, callback, context);
}

void lc_loop_watch_free(struct lc_loop_watch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->event);
	free(watch);
}
