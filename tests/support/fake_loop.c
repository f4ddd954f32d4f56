#include "support/fake_loop.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdlib.h>
#include <sys/queue.h>

struct lc_loop_timer {
	struct lc_loop *loop;
	lc_loop_callback *callback;
	void *context;
	uint64_t due_ms;
	bool running;
	TAILQ_ENTRY(lc_loop_timer) link;
};

struct lc_loop {
	uint64_t now_ms;
	TAILQ_HEAD(, lc_loop_timer) timers; /* running, the one due first comes first */
};

struct lc_loop *lc_loop_new(struct lc_error *error)
{
	struct lc_loop *loop = lc_memory_zero(1, sizeof(*loop));

	(void)error;
	loop->now_ms = 1000000;
	TAILQ_INIT(&loop->timers);
	return loop;
}

void lc_loop_free(struct lc_loop *loop)
{
	LC_ASSERT(TAILQ_EMPTY(&loop->timers));
	free(loop);
}

uint64_t lc_loop_now_ms(const struct lc_loop *loop)
{
	return loop->now_ms;
}

struct lc_loop_timer *lc_loop_timer_new(struct lc_loop *loop, lc_loop_callback *callback,
					void *context)
{
	struct lc_loop_timer *timer = lc_memory_zero(1, sizeof(*timer));

	timer->loop = loop;
	timer->callback = callback;
	timer->context = context;
	return timer;
}

void lc_loop_timer_start(struct lc_loop_timer *timer, uint64_t delay_ms)
{
	struct lc_loop *loop = timer->loop;
	struct lc_loop_timer *later;

	lc_loop_timer_stop(timer);
	timer->due_ms = loop->now_ms + delay_ms;
	timer->running = true;
	TAILQ_FOREACH(later, &loop->timers, link)
	{
		if (later->due_ms > timer->due_ms)
			break;
	}
	if (later == NULL)
		TAILQ_INSERT_TAIL(&loop->timers, timer, link);
	else
		TAILQ_INSERT_BEFORE(later, timer, link);
}

void lc_loop_timer_stop(struct lc_loop_timer *timer)
{
	if (timer->running)
		TAILQ_REMOVE(&timer->loop->timers, timer, link);
	timer->running = false;
}

bool lc_loop_timer_running(const struct lc_loop_timer *timer)
{
	return timer->running;
}

void lc_loop_timer_free(struct lc_loop_timer *timer)
{
	if (timer == NULL)
		return;
	lc_loop_timer_stop(timer);
	free(timer);
}

void fake_loop_advance(struct lc_loop *loop, uint64_t ms)
{
	uint64_t until_ms = loop->now_ms + ms;
	struct lc_loop_timer *timer;

	while ((timer = TAILQ_FIRST(&loop->timers)) != NULL && timer->due_ms <= until_ms) {
		if (timer->due_ms > loop->now_ms)
			loop->now_ms = timer->due_ms;
		lc_loop_timer_stop(timer);
		timer->callback(timer->context);
	}
	loop->now_ms = until_ms;
}
