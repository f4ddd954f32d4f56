#include "support/fake_loop.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdlib.h>

enum { BEGIN_MS = 1000000 };

struct lc_loop {
	uint64_t now_ms;
	uint64_t next_number;
	struct lc_loop_timer **heap; /* the one due first comes first */
	size_t count;
	size_t capacity;
	size_t timers; /* made and not freed */
};

struct lc_loop_timer {
	struct lc_loop *loop;
	lc_loop_callback *callback;
	void *context;
	uint64_t due_ms;
	uint64_t number; /* of its start: those due together run in this order */
	size_t place;    /* in the heap */
	bool running;
};

struct lc_loop *fake_loop_new(uint64_t now_ms)
{
	struct lc_loop *loop = lc_memory_zero(1, sizeof(*loop));

	loop->now_ms = now_ms;
	return loop;
}

struct lc_loop *lc_loop_new(struct lc_error *error)
{
	(void)error;
	return fake_loop_new(BEGIN_MS);
}

void lc_loop_free(struct lc_loop *loop)
{
	LC_ASSERT(loop->timers == 0);
	free(loop->heap);
	free(loop);
}

uint64_t lc_loop_now_ms(const struct lc_loop *loop)
{
	return loop->now_ms;
}

static bool before(const struct lc_loop_timer *a, const struct lc_loop_timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->number < b->number;
}

static void put(struct lc_loop *loop, struct lc_loop_timer *timer, size_t place)
{
	loop->heap[place] = timer;
	timer->place = place;
}

static void sift(struct lc_loop *loop, struct lc_loop_timer *timer, size_t place)
{
	while (place > 0 && before(timer, loop->heap[(place - 1) / 2])) {
		put(loop, loop->heap[(place - 1) / 2], place);
		place = (place - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * place + 1;

		if (child + 1 < loop->count && before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (child >= loop->count || !before(loop->heap[child], timer))
			break;
		put(loop, loop->heap[child], place);
		place = child;
	}
	put(loop, timer, place);
}

struct lc_loop_timer *lc_loop_timer_new(struct lc_loop *loop, lc_loop_callback *callback,
					void *context)
{
	struct lc_loop_timer *timer = lc_memory_zero(1, sizeof(*timer));

	timer->loop = loop;
	timer->callback = callback;
	timer->context = context;
	loop->timers++;
	return timer;
}

void lc_loop_timer_stop(struct lc_loop_timer *timer)
{
	struct lc_loop *loop = timer->loop;
	struct lc_loop_timer *last;

	if (!timer->running)
		return;
	timer->running = false;
	last = loop->heap[--loop->count];
	if (last != timer)
		sift(loop, last, timer->place);
}

void lc_loop_timer_start(struct lc_loop_timer *timer, uint64_t delay_ms)
{
	struct lc_loop *loop = timer->loop;

	lc_loop_timer_stop(timer);
	loop->heap = lc_memory_grow(loop->heap, &loop->capacity, loop->count + 1,
				    sizeof(struct lc_loop_timer *));
	timer->due_ms = loop->now_ms + delay_ms;
	timer->number = loop->next_number++;
	timer->running = true;
	sift(loop, timer, loop->count++);
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
	timer->loop->timers--;
	free(timer);
}

uint64_t fake_loop_due_ms(const struct lc_loop *loop)
{
	return loop->count == 0 ? UINT64_MAX : loop->heap[0]->due_ms;
}

void fake_loop_set_now(struct lc_loop *loop, uint64_t now_ms)
{
	if (now_ms > loop->now_ms)
		loop->now_ms = now_ms;
}

bool fake_loop_step(struct lc_loop *loop, uint64_t until_ms)
{
	struct lc_loop_timer *timer = loop->count == 0 ? NULL : loop->heap[0];

	if (timer == NULL || timer->due_ms > until_ms) {
		loop->now_ms = until_ms;
		return false;
	}
	fake_loop_set_now(loop, timer->due_ms);
	lc_loop_timer_stop(timer);
	timer->callback(timer->context);
	return true;
}

void fake_loop_advance(struct lc_loop *loop, uint64_t ms)
{
	uint64_t until_ms = loop->now_ms + ms;

	while (fake_loop_step(loop, until_ms))
		continue;
}

/* ---- what needs a real loop ---- */

void lc_loop_run(struct lc_loop *loop)
{
	(void)loop;
	lc_assert_failed("a loop that waits", __FILE__, __LINE__, __func__);
}

void lc_loop_stop(struct lc_loop *loop)
{
	lc_loop_run(loop);
}

struct lc_loop_watch *lc_loop_watch_readable(struct lc_loop *loop, int fd,
					     lc_loop_callback *callback, void *context)
{
	(void)fd;
	(void)callback;
	(void)context;
	lc_loop_run(loop);
	return NULL;
}

struct lc_loop_watch *lc_loop_watch_writable(struct lc_loop *loop, int fd,
					     lc_loop_callback *callback, void *context)
{
	return lc_loop_watch_readable(loop, fd, callback, context);
}

void lc_loop_watch_free(struct lc_loop_watch *watch)
{
	(void)watch;
	lc_loop_run(NULL);
}
