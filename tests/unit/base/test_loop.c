#include "base/loop.h"

#include "base/clock.h"
#include "base/memory.h"
#include "support/story.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LATEST_MS = 10000, CALLS_MAX = 16 };

/* What the callbacks of a story have to work with. */
struct story {
	struct lc_loop *loop;
	struct lc_loop_timer *guard; /* ends a loop that would run for ever */
	bool guarded;                /* it had to */
	struct lc_loop_timer *timer;
	struct lc_loop_watch *watch;
	int pipe[2];
	char calls[CALLS_MAX]; /* who was called, in order */
	size_t count;
	uint64_t due_ms; /* when the call may come at the earliest */
	bool early;      /* it came before */
};

/* One who is called and writes down its letter. */
struct caller {
	struct story *story;
	char letter;
	bool last; /* stops the loop */
};

static void on_guard(void *context)
{
	struct story *story = context;

	story->guarded = true;
	lc_loop_stop(story->loop);
}

static void note(struct story *story, char letter)
{
	if (story->count < CALLS_MAX - 1)
		story->calls[story->count++] = letter;
}

static void on_call(void *context)
{
	struct caller *caller = context;

	note(caller->story, caller->letter);
	if (caller->last)
		lc_loop_stop(caller->story->loop);
}

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	story->loop = lc_loop_new(NULL);
	story->pipe[0] = -1;
	story->pipe[1] = -1;
	if (story->loop == NULL)
		return -1;
	story->guard = lc_loop_timer_new(story->loop, on_guard, story);
	lc_loop_timer_start(story->guard, LATEST_MS);
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_loop_timer_free(story->guard);
	lc_loop_timer_free(story->timer);
	lc_loop_watch_free(story->watch);
	lc_loop_free(story->loop);
	for (int i = 0; i < 2; i++) {
		if (story->pipe[i] >= 0)
			close(story->pipe[i]);
	}
	free(story);
	return 0;
}

static void run(struct story *story, const char *expected)
{
	lc_loop_run(story->loop);
	assert_false(story->guarded);
	assert_string_equal(story->calls, expected);
	memset(story->calls, 0, sizeof story->calls);
	story->count = 0;
}

static void timers_fire_in_the_order_of_their_times(void **state)
{
	static const uint64_t delays[] = {40, 0, 20, 60, 10};
	struct story *story = *state;
	struct caller callers[5];
	struct lc_loop_timer *timers[5];
	uint64_t begun = lc_loop_now_ms(story->loop);

	for (size_t i = 0; i < 5; i++) {
		callers[i] = (struct caller){story, (char)('a' + i), delays[i] == 60};
		timers[i] = lc_loop_timer_new(story->loop, on_call, &callers[i]);
		lc_loop_timer_start(timers[i], delays[i]);
	}
	run(story, "becad");
	assert_true(lc_loop_now_ms(story->loop) - begun >= 60);
	for (size_t i = 0; i < 5; i++) {
		assert_false(lc_loop_timer_running(timers[i]));
		lc_loop_timer_free(timers[i]);
	}
}

static void on_due(void *context)
{
	struct story *story = context;

	story->early = lc_loop_now_ms(story->loop) < story->due_ms;
	lc_loop_stop(story->loop);
}

static void no_timer_fires_early(void **state)
{
	struct story *story = *state;
	struct caller between = {story, 'b', false};
	struct lc_loop_timer *other = lc_loop_timer_new(story->loop, on_call, &between);

	story->timer = lc_loop_timer_new(story->loop, on_due, story);
	for (uint64_t round = 0; round < 40; round++) {
		/* Started at any moment between two ticks of the system's coarse clock; the loop
		   reads that clock again when the other timer wakes it. */
		uint64_t start_ms = lc_loop_now_ms(story->loop) + 1 + round % 5;

		while (lc_loop_now_ms(story->loop) < start_ms)
			continue;
		story->due_ms = lc_loop_now_ms(story->loop) + 8;
		lc_loop_timer_start(other, 4);
		lc_loop_timer_start(story->timer, 8);
		lc_loop_run(story->loop);
		lc_loop_timer_stop(other);
		assert_false(story->guarded);
		assert_false(story->early);
		story->count = 0;
	}
	lc_loop_timer_free(other);
}

static void no_callback_runs_before_the_loop_does(void **state)
{
	struct story *story = *state;
	struct caller caller = {story, 'a', true};

	story->timer = lc_loop_timer_new(story->loop, on_call, &caller);
	assert_false(lc_loop_timer_running(story->timer));
	lc_loop_timer_start(story->timer, 0);
	assert_true(lc_loop_timer_running(story->timer));
	assert_int_equal(story->count, 0);
	run(story, "a");
	assert_false(lc_loop_timer_running(story->timer));
}

static void a_timer_started_again_fires_once_at_its_new_time(void **state)
{
	struct story *story = *state;
	struct caller early = {story, 'a', false};
	struct caller late = {story, 'z', true};
	struct lc_loop_timer *last = lc_loop_timer_new(story->loop, on_call, &late);

	story->timer = lc_loop_timer_new(story->loop, on_call, &early);
	lc_loop_timer_start(story->timer, 9000);
	lc_loop_timer_start(story->timer, 5);
	lc_loop_timer_start(last, 40);
	run(story, "az");

	lc_loop_timer_start(story->timer, 1);
	lc_loop_timer_start(story->timer, 9000);
	lc_loop_timer_start(last, 20);
	run(story, "z");
	assert_true(lc_loop_timer_running(story->timer));
	lc_loop_timer_free(last);
}

static void a_stopped_timer_does_not_fire(void **state)
{
	struct story *story = *state;
	struct caller never = {story, 'n', false};
	struct caller late = {story, 'z', true};
	struct lc_loop_timer *last = lc_loop_timer_new(story->loop, on_call, &late);

	story->timer = lc_loop_timer_new(story->loop, on_call, &never);
	lc_loop_timer_stop(story->timer);
	lc_loop_timer_start(story->timer, 1);
	lc_loop_timer_stop(story->timer);
	lc_loop_timer_stop(story->timer);
	assert_false(lc_loop_timer_running(story->timer));
	lc_loop_timer_start(last, 20);
	run(story, "z");
	lc_loop_timer_free(last);
}

static void on_third_call(void *context)
{
	struct story *story = context;

	note(story, 't');
	assert_false(lc_loop_timer_running(story->timer));
	if (story->count < 3)
		lc_loop_timer_start(story->timer, 1);
	else
		lc_loop_stop(story->loop);
}

static void a_timer_may_start_itself_again(void **state)
{
	struct story *story = *state;

	story->timer = lc_loop_timer_new(story->loop, on_third_call, story);
	lc_loop_timer_start(story->timer, 0);
	run(story, "ttt");
}

static void on_last_call(void *context)
{
	struct story *story = context;

	note(story, 'f');
	lc_loop_timer_free(story->timer);
	story->timer = NULL;
	lc_loop_stop(story->loop);
}

static void a_timer_may_free_itself(void **state)
{
	struct story *story = *state;

	story->timer = lc_loop_timer_new(story->loop, on_last_call, story);
	lc_loop_timer_start(story->timer, 0);
	run(story, "f");
	assert_null(story->timer);
}

static void a_freed_timer_does_not_fire_though_it_was_due(void **state)
{
	struct story *story = *state;
	struct caller victim = {story, 'v', false};
	struct caller late = {story, 'z', true};
	struct lc_loop_timer *killer = lc_loop_timer_new(story->loop, on_last_call, story);
	struct lc_loop_timer *last = lc_loop_timer_new(story->loop, on_call, &late);

	/* The killer frees story->timer, which comes after it in the same round of the loop. */
	story->timer = lc_loop_timer_new(story->loop, on_call, &victim);
	lc_loop_timer_start(killer, 0);
	lc_loop_timer_start(story->timer, 0);
	run(story, "f");
	lc_loop_timer_start(last, 10);
	run(story, "z");
	lc_loop_timer_free(killer);
	lc_loop_timer_free(last);
	lc_loop_timer_free(NULL);
}

static void a_loop_may_be_stopped_and_run_again(void **state)
{
	struct story *story = *state;
	struct caller caller = {story, 'a', true};

	story->timer = lc_loop_timer_new(story->loop, on_call, &caller);
	for (int i = 0; i < 3; i++) {
		lc_loop_timer_start(story->timer, 0);
		run(story, "a");
	}
}

static void a_stop_leaves_what_is_due_for_the_next_run(void **state)
{
	struct story *story = *state;
	struct caller one = {story, '1', true};
	struct caller two = {story, '2', true};
	struct lc_loop_timer *second = lc_loop_timer_new(story->loop, on_call, &two);

	story->timer = lc_loop_timer_new(story->loop, on_call, &one);
	lc_loop_timer_start(story->timer, 0);
	lc_loop_timer_start(second, 0);
	run(story, "1");
	run(story, "2");
	lc_loop_timer_free(second);
}

static void a_wait_of_ages_is_a_wait(void **state)
{
	struct story *story = *state;
	struct caller never = {story, 'n', false};
	struct caller late = {story, 'z', true};
	struct lc_loop_timer *last = lc_loop_timer_new(story->loop, on_call, &late);

	story->timer = lc_loop_timer_new(story->loop, on_call, &never);
	lc_loop_timer_start(story->timer, UINT64_C(1000) * 60 * 60 * 24 * 365 * 100);
	lc_loop_timer_start(last, 10);
	run(story, "z");
	assert_true(lc_loop_timer_running(story->timer));
	lc_loop_timer_free(last);
}

static void on_readable(void *context)
{
	struct story *story = context;
	char letter;

	if (read(story->pipe[0], &letter, 1) != 1)
		letter = 'E';
	note(story, letter);
	if (letter == '.' || letter == 'E')
		lc_loop_stop(story->loop);
}

static void a_descriptor_calls_as_long_as_there_is_something_to_read(void **state)
{
	struct story *story = *state;

	assert_int_equal(pipe(story->pipe), 0);
	story->watch = lc_loop_watch_readable(story->loop, story->pipe[0], on_readable, story);
	assert_int_equal(write(story->pipe[1], "abc.", 4), 4);
	run(story, "abc.");
	assert_int_equal(write(story->pipe[1], "d.", 2), 2);
	run(story, "d.");

	/* The end of the file is readable too. */
	assert_int_equal(close(story->pipe[1]), 0);
	story->pipe[1] = -1;
	run(story, "E");
}

static void an_ended_watch_leaves_the_descriptor_alone(void **state)
{
	struct story *story = *state;
	struct caller late = {story, 'z', true};
	char letter = 0;

	assert_int_equal(pipe(story->pipe), 0);
	story->watch = lc_loop_watch_readable(story->loop, story->pipe[0], on_readable, story);
	assert_int_equal(write(story->pipe[1], "x", 1), 1);
	lc_loop_watch_free(story->watch);
	story->watch = NULL;
	lc_loop_watch_free(NULL);
	story->timer = lc_loop_timer_new(story->loop, on_call, &late);
	lc_loop_timer_start(story->timer, 10);
	run(story, "z");
	assert_int_equal(read(story->pipe[0], &letter, 1), 1);
	assert_int_equal(letter, 'x');
}

static void the_time_is_read_again_at_each_call(void **state)
{
	struct story *story = *state;
	uint64_t before = lc_clock_monotonic_ms();
	uint64_t now = lc_loop_now_ms(story->loop);

	assert_true(now >= before && lc_clock_monotonic_ms() >= now);
	assert_non_null(lc_loop_base(story->loop));
	lc_loop_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(timers_fire_in_the_order_of_their_times),
	    STORY(no_timer_fires_early),
	    STORY(no_callback_runs_before_the_loop_does),
	    STORY(a_timer_started_again_fires_once_at_its_new_time),
	    STORY(a_stopped_timer_does_not_fire),
	    STORY(a_timer_may_start_itself_again),
	    STORY(a_timer_may_free_itself),
	    STORY(a_freed_timer_does_not_fire_though_it_was_due),
	    STORY(a_loop_may_be_stopped_and_run_again),
	    STORY(a_stop_leaves_what_is_due_for_the_next_run),
	    STORY(a_wait_of_ages_is_a_wait),
	    STORY(a_descriptor_calls_as_long_as_there_is_something_to_read),
	    STORY(an_ended_watch_leaves_the_descriptor_alone),
	    STORY(the_time_is_read_again_at_each_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
